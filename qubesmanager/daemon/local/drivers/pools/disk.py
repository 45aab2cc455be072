# SPDX-License-Identifier: GPL-3.0-or-later
"""Small steps on files that survive a crash, and the way blocking work leaves the event loop."""

import asyncio
import contextlib
import ctypes
import errno
import json
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from mmap import mmap
from pathlib import Path
from typing import Any, TypeVar

from qubesmanager.daemon.local.drivers.pools.base import GRAIN
from qubesmanager.host.workers import to_its_end
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.reasons import refusal

BLOCK = 64 << 10
ZEROS = bytes(GRAIN)
_STAGING = re.compile(r"\.tmp-[0-9a-f]{32}", re.ASCII)
_VID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}/[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
# Few, since they wait for one disk; and separate, so that a slow disk never holds up the loop's default executor.
_THREADS = ThreadPoolExecutor(max_workers=4, thread_name_prefix="pool")

Data = bytes | bytearray | mmap
"""Content for a volume."""
_memcmp = ctypes.CDLL(None).memcmp
_memcmp.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)

T = TypeVar("T")


async def in_thread(function: Callable[..., T], *arguments: Any) -> T:
    """The function's result, from a bounded set of threads; a cancelled caller still waits until it has ended."""
    return await to_its_end(asyncio.get_running_loop().run_in_executor(_THREADS, function, *arguments))


def is_vid(vid: str) -> bool:
    """Whether it is the name of a volume, `<qube>/<volume>`, which is safe to be a path below the pool's folder."""
    return _VID.fullmatch(vid) is not None


def checked_vid(vid: str) -> str:
    """The vid, which is safe to be a path below the pool's folder; else `QubesValueError`."""
    if not is_vid(vid):
        raise refusal("not-a-volume-name", f"{vid!r}")
    return vid


def already_there(pool: str, vid: str) -> Mgmt1Error:
    """The refusal to make a volume where there is one."""
    return refusal("volume-exists", pool, vid)


def in_the_way(path: Path) -> Mgmt1Error:
    """The refusal to make a volume where something else lies."""
    return refusal("volume-in-the-way", path)


def checked_size(size: int) -> int:
    """The size, which a disk can have; else `QubesValueError`."""
    if size <= 0 or size % 512 or size > 1 << 50:
        raise refusal("volume-odd-size", size)
    return size


def rounded(size: int) -> int:
    """The size rounded up to `GRAIN`, at least one."""
    return max(1, -(-size // GRAIN)) * GRAIN


def is_zero(data: Data) -> bool:
    """Whether the data, up to `GRAIN` bytes, are only zeros."""
    if isinstance(data, mmap):
        # An mmap is not compared by its content, and a copy of it would cost more than this.
        first = ctypes.c_char.from_buffer(data)
        start = ctypes.addressof(first)
        return first.value == b"\0" and not _memcmp(start, start + 1, len(data) - 1)
    return data == (ZEROS if len(data) == GRAIN else ZEROS[: len(data)])


@contextlib.contextmanager
def disk_errors(pool: str) -> Iterator[None]:
    """Turn an error of the disk into the answer that names it."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise refusal("pool-full", pool) from error
        raise refusal("pool-disk-refused", pool, error.strerror or str(error)) from error


def fsync(path: Path) -> None:
    """The file's content, or the folder's entries, are on the disk."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def replace_json(path: Path, value: object) -> None:
    """Replace the file by the value as JSON; a crash leaves the old content or the new one."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)  # left by a crash, or prepared by an attacker as a link to a file elsewhere
    with part.open("xb") as file:
        file.write(json.dumps(value, indent=1, sort_keys=True).encode())
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
    fsync(path.parent)


@contextlib.contextmanager
def staging(root: Path) -> Iterator[Path]:
    """A folder below `root` that is gone at the end, unless it was renamed; a crash leaves it to `recover`."""
    folder = root / f".tmp-{uuid.uuid4().hex}"
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def is_staging(name: str) -> bool:
    """Whether a folder has the name of one that `staging` makes."""
    return _STAGING.fullmatch(name) is not None


def pwrite_all(fd: int, data: bytes | bytearray, offset: int) -> None:
    """Write all of the data, also where the system writes less at a time."""
    view = memoryview(data)
    while view:
        written = os.pwrite(fd, view, offset)
        view, offset = view[written:], offset + written


def data_runs(fd: int, size: int, step: int = 1 << 20) -> Iterator[tuple[int, bytes]]:
    """Offset and bytes of each run of data of a sparse file, up to `step` bytes at a time."""
    end = 0
    while end < size:
        try:
            start = os.lseek(fd, end, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:  # no data behind `end`
                return
            raise
        end = min(os.lseek(fd, start, os.SEEK_HOLE), size)
        for offset in range(start, end, step):
            data = os.pread(fd, min(step, end - offset), offset)
            if not is_zero(data):
                yield offset, data
