# SPDX-License-Identifier: GPL-3.0-or-later
"""Raw sparse files on a file system that can share blocks between files (xfs, btrfs): a copy takes no time and no room.

Source: ioctl_ficlonerange(2). FICLONE is atomic towards writers, so the copy of a disk in use is crash-consistent.
"""

import errno
import fcntl
import os
from collections.abc import Generator
from pathlib import Path
from typing import ClassVar

from qubesmanager.daemon.local.drivers.pools.base import GRAIN, DriverOption
from qubesmanager.daemon.local.drivers.pools.beneath import open_file
from qubesmanager.daemon.local.drivers.pools.disk import BLOCK, Data, data_runs, fsync, is_zero, staging
from qubesmanager.daemon.local.drivers.pools.folder import FolderPool
from qubesmanager.daemon.local.drivers.pools.manifest import Manifest
from qubesmanager.daemon.local.drivers.pools.new_file import NewFile
from qubesmanager.daemon.local.drivers.pools.sources import RawSource
from qubesmanager.wire.reasons import refusal

_FICLONE = 0x40049409  # _IOW(0x94, 9, int), linux/fs.h
_NO_REFLINKS = {errno.EOPNOTSUPP, errno.ENOTTY, errno.EINVAL, errno.EXDEV, errno.ENOSYS}


class RawWriter(NewFile):
    """A sparse file, written from its first byte to its last; blocks of zeros stay holes."""

    def put(self, offset: int, data: Data) -> None:
        for start in range(0, len(data), BLOCK):
            block = data[start : start + BLOCK]
            if not is_zero(block):
                self._file.write(offset + start, block)

    def finish(self, size: int) -> None:
        self._file.finish()
        os.ftruncate(self._fd, size)
        os.fsync(self._fd)


def reflink(source: Path, target: Path) -> None:
    """A new file with the content of `source`, sharing its blocks. On the disk when this returns."""
    from_fd = open_file(source)
    try:
        to_fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.ioctl(to_fd, _FICLONE, from_fd)
            # The time of change shows an untouched copy: every write sets it.
            os.utime(to_fd, ns=(0, 0))
            os.fsync(to_fd)
        finally:
            os.close(to_fd)
    finally:
        os.close(from_fd)


class FileReflink(FolderPool):
    """Layers are separate raw files; a snapshot is one more file that shares its blocks."""

    driver: ClassVar[str] = "file-reflink"
    format: ClassVar[str] = "raw"
    live_snapshot_by_hypervisor: ClassVar[bool] = False
    options: ClassVar[tuple[DriverOption, ...]] = (
        DriverOption("dir_path", "path", "The folder the volumes lie in, on xfs or btrfs."),
    )

    def check_place(self) -> None:
        with staging(self.root) as probe:
            (probe / "a").write_bytes(bytes(4096))
            try:
                reflink(probe / "a", probe / "b")
            except OSError as error:
                if error.errno not in _NO_REFLINKS:
                    raise
                raise refusal("no-reflinks", self.root) from error

    def new_layer(self, path: Path, size: int) -> None:
        with RawWriter(path) as writer:
            writer.finish(size)
        fsync(path.parent)

    def derive(self, folder: Path, layer: str, into: Path) -> str:
        name = self._layer_name()
        reflink(folder / layer, into / name)
        fsync(into)
        return name

    def compact(self, folder: Path, manifest: Manifest) -> None:
        """Each layer is complete: nothing to do."""

    def parent_of(self, folder: Path, layer: str) -> str:
        """A raw file needs no other."""
        os.close(open_file(folder / layer))
        return ""

    def is_unwritten(self, folder: Path, layer: str) -> bool:
        return (folder / layer).lstat().st_mtime_ns == 0

    def layer_size(self, path: Path) -> int:
        fd = open_file(path)
        try:
            return os.fstat(fd).st_size
        finally:
            os.close(fd)

    def check_layer(self, path: Path) -> None:
        if not path.stat().st_size:
            raise refusal("file-empty", path)

    def grow_layer(self, path: Path, size: int) -> None:
        fd = open_file(path, os.O_WRONLY)
        try:
            os.ftruncate(fd, size)
            os.fsync(fd)
        finally:
            os.close(fd)

    def open_writer(self, path: Path) -> RawWriter:
        return RawWriter(path)

    def open_runs(self, folder: Path, layer: str) -> Generator[tuple[int, bytes], None, None]:
        fd = open_file(folder / layer)
        try:
            yield from data_runs(fd, os.fstat(fd).st_size, GRAIN // 4)
        finally:
            os.close(fd)

    def source_of(self, folder: Path, layer: str) -> RawSource:
        return RawSource(folder / layer, open_file)
