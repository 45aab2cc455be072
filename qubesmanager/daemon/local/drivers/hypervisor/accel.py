# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast QEMU can run here: KVM if a machine really boots with it, its interpreter (TCG) otherwise.

That `/dev/kvm` opens proves nothing: inside another virtual machine it may open and yet run no guest.
"""

import asyncio
import contextlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from qubesmanager.host.process import started
from qubesmanager.wire.names import shown
from qubesmanager.wire.reasons import refusal

QEMU = "qemu-system-x86_64"
TIME_LIMIT = 10.0
"""Seconds; with KVM that runs, the answer comes in well under one."""

_ANSWER = 0x2A
_EXIT_CODE = _ANSWER * 2 + 1
# mov dx, 0x501; mov al, 0x2a; out dx, al; hlt -- QEMU's exit device ends with twice the value plus one.
_BOOT_SECTOR = bytes([0xBA, 0x01, 0x05, 0xB0, _ANSWER, 0xEE, 0xF4]).ljust(510, b"\0") + b"\x55\xaa"

_KVM_DEVICE = Path("/dev/kvm")
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Found:
    """`accel` is `kvm` or `tcg`; `notes` say why it is the slow one."""

    accel: str
    notes: tuple[str, ...] = ()


async def choose(wish: str = "auto", cache: Path | None = None) -> Found:
    """The accelerator for `auto`, `kvm` or `tcg`. The result of a trial is kept until the host boots again.

    Raises QubesValueError for another wish.
    """
    if wish not in {"auto", "kvm", "tcg"}:
        raise refusal("accel-choice", shown(wish))
    if wish != "auto":
        return Found(wish)
    if not os.access(_KVM_DEVICE, os.R_OK | os.W_OK):
        return Found("tcg", ("KVM is not available to this user, so qubes are emulated and slow.",))
    if await _kvm_boots(cache or _cache_folder()):
        return Found("kvm")
    return Found("tcg", ("KVM is there but runs no guest at its speed, so qubes are emulated and slow.",))


async def boots(accel: str, limit: float = TIME_LIMIT) -> bool:
    """Whether a machine with that accelerator gets as far as its boot sector."""
    qemu = shutil.which(QEMU)
    if qemu is None:
        return False
    with tempfile.NamedTemporaryFile(prefix="probe-", suffix=".img") as image:
        image.write(_BOOT_SECTOR)
        image.flush()
        arguments = [
            *("-accel", accel, "-m", "16", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"),
            *("-drive", f"file={image.name},format=raw,if=ide", "-device", "isa-debug-exit"),
        ]
        async with started(qemu, *arguments) as process:
            try:
                async with asyncio.timeout(limit):
                    return await process.wait() == _EXIT_CODE
            except TimeoutError:
                return False


async def _kvm_boots(folder: Path) -> bool:
    boot_id = await asyncio.to_thread(_BOOT_ID.read_text, encoding="ascii")
    cache = folder / "kvm-probe"
    known = await asyncio.to_thread(_remembered, cache, boot_id.strip())
    if known is not None:
        return known
    works = await _kvm_pays()
    await asyncio.to_thread(_remember, cache, f"{boot_id.strip()} {'yes' if works else 'no'}\n")
    return works


async def _kvm_pays() -> bool:
    """Whether a guest boots with KVM, and not many times slower than interpreted: nested KVM may be emulated itself."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    if not await boots("tcg"):
        return await boots("kvm")
    return await boots("kvm", limit=max(1.0, 5 * (loop.time() - begun)))


def _remembered(cache: Path, boot_id: str) -> bool | None:
    with contextlib.suppress(OSError, ValueError):
        known, answer = cache.read_text(encoding="ascii").split()
        if known == boot_id:
            return answer == "yes"
    return None


def _remember(cache: Path, line: str) -> None:
    with contextlib.suppress(OSError):
        cache.parent.mkdir(parents=True, exist_ok=True)
        cache.write_text(line, encoding="ascii")


def _cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "qubes-manager"
