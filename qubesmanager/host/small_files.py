# SPDX-License-Identifier: GPL-3.0-or-later
"""Small files that a window reads or writes: in a thread, since the disk may be slow, or gone.

Both raise `OSError`.
"""

import asyncio
from pathlib import Path


async def write_text(path: Path | str, text: str) -> None:
    """The file holds this text when it returns; its folder is made if it is missing."""
    await asyncio.to_thread(_write, Path(path), text)


async def read_bytes(path: Path | str, most: int) -> bytes:
    """The first `most` bytes of the file."""
    return await asyncio.to_thread(_read, Path(path), most)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_text(text, encoding="utf-8")


def _read(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        return file.read(most)
