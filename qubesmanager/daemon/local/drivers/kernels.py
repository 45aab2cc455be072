# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernels that qubes boot with: one folder each, with `vmlinuz` and perhaps `initramfs` in it."""

import asyncio
from pathlib import Path

KERNEL = "vmlinuz"
INITRAMFS = "initramfs"


async def installed(folder: Path) -> frozenset[str]:
    """The names of the kernels in the folder."""
    return await asyncio.to_thread(lambda: frozenset(kernel.parent.name for kernel in folder.glob(f"*/{KERNEL}")))
