# SPDX-License-Identifier: GPL-3.0-or-later
"""A new folder that dom0's home is unpacked into: nothing that exists is overwritten, and no link is followed.

It is made as `NAME.partial`, which only this process's user may open, and gets its name, owner and modes at the end.
"""

import ctypes
import errno
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

from qubesmanager.backup.archive.home_unpacking import Attributes
from qubesmanager.host.atomic_file import SUFFIX
from qubesmanager.host.below import Below
from qubesmanager.wire.reasons import refusal

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_PRIVATE = 0o700


class NewFolder:
    """A `Tree`. Everything in it belongs to the owner of the folder that it is made in.

    `keep` gives the folder its name; without it, `abort` removes what was made. Each may be called after the other.
    """

    def __init__(self, path: Path, needed: int) -> None:
        """Make the folder. Blocks.

        Raises `BackupError` if the path is not absolute, something is there, or it cannot be made, `BackupSpaceError`
        if there is room for less than `needed` bytes.
        """
        if not path.is_absolute() or ".." in path.parts or not path.name:
            raise refusal("home-folder-path", path)
        self.path = path
        self.files = self.bytes = 0
        self._folders: list[tuple[bytes, Attributes]] = []
        self._is_over = False
        try:
            self._parent = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise refusal("home-no-folder", path.parent) from error
        try:
            owner = os.fstat(self._parent)
            self._owner = None if os.geteuid() else (owner.st_uid, owner.st_gid)
            self._check_room(needed)
            self._below = Below(self._made())
        except BaseException:
            os.close(self._parent)
            raise

    def _check_room(self, needed: int) -> None:
        disk = os.fstatvfs(self._parent)
        free = disk.f_bavail * disk.f_frsize
        if free < needed:
            raise refusal("home-no-space", needed >> 20, self.path.parent, free >> 20)

    def _made(self) -> int:
        try:
            os.stat(self.path.name, dir_fd=self._parent, follow_symlinks=False)
        except FileNotFoundError:
            pass
        else:
            raise refusal("home-folder-exists", self.path)
        try:
            os.mkdir(self._partial, _PRIVATE, dir_fd=self._parent)
            return os.open(self._partial, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=self._parent)
        except OSError as error:
            why = error.strerror or str(error)
            raise refusal("home-folder-not-made", f"{self.path}{SUFFIX}", why) from error

    @property
    def _partial(self) -> str:
        return self.path.name + SUFFIX

    # -- a tree

    def folder(self, path: bytes, attributes: Attributes) -> None:
        self._folders.append((path, attributes))
        if path:
            fd, name = self._place(path)
            os.mkdir(name, _PRIVATE, dir_fd=fd)

    def file(self, path: bytes, attributes: Attributes, size: int) -> "_NewFile":
        folder, name = self._place(path)
        fd = os.open(name, _NEW, 0o600, dir_fd=folder)
        self.files += 1
        self.bytes += size

        def remove() -> None:
            self.files -= 1
            self.bytes -= size
            above, own = self._place(path)
            os.unlink(own, dir_fd=above)

        return _NewFile(fd, size, attributes, self._owner, remove)

    def link(self, path: bytes, attributes: Attributes, target: bytes) -> None:
        fd, name = self._place(path)
        os.symlink(target, name, dir_fd=fd)
        if self._owner is not None:
            os.chown(name, *self._owner, dir_fd=fd, follow_symlinks=False)
        os.utime(name, (attributes.mtime, attributes.mtime), dir_fd=fd, follow_symlinks=False)

    def hard_link(self, path: bytes, file: bytes) -> None:
        source, source_name = self._place(file)
        kept = os.dup(source)  # the next call closes it
        try:
            fd, name = self._place(path)
            os.link(source_name, name, src_dir_fd=kept, dst_dir_fd=fd, follow_symlinks=False)
        finally:
            os.close(kept)

    def _place(self, path: bytes) -> tuple[int, bytes]:
        folder, _, name = path.rpartition(b"/")
        return self._below.folder(folder), name

    def finish(self) -> None: ...

    # -- the end

    def keep(self) -> None:
        """Give the folder its name, once its content is known to be whole. Blocks. Raises `BackupError`."""
        try:
            # Only the folder that this call makes is replaced.
            os.mkdir(self.path.name, _PRIVATE, dir_fd=self._parent)
            try:
                self._settle()
                os.rename(self._partial, self.path.name, src_dir_fd=self._parent, dst_dir_fd=self._parent)
            except BaseException:
                os.rmdir(self.path.name, dir_fd=self._parent)
                raise
            os.fsync(self._parent)
        except OSError as error:
            raise refusal("home-folder-not-made", self.path, error.strerror or str(error)) from error
        self._close()

    def _settle(self) -> None:
        """Set modes, owners and times of the folders; then write all of it to the disk."""
        # A folder's own mode could shut out what is below it, so the deepest are first.
        for path, attributes in reversed(self._folders):
            fd = self._below.folder(path)
            if self._owner is not None:
                os.fchown(fd, *self._owner)
            os.fchmod(fd, attributes.mode)
            os.utime(fd, (attributes.mtime, attributes.mtime))
        _sync(self._below.root)

    def abort(self) -> None:
        """Remove what was made, unless it was kept. Blocks. Raises `OSError`."""
        if self._is_over:
            return
        root = self._below.root
        try:
            os.fchmod(root, _PRIVATE)
            for name in os.listdir(root):  # noqa: PTH208 - by descriptor
                if stat.S_ISDIR(os.stat(name, dir_fd=root, follow_symlinks=False).st_mode):
                    shutil.rmtree(name, dir_fd=root)
                else:
                    os.unlink(name, dir_fd=root)
            os.rmdir(self._partial, dir_fd=self._parent)
        finally:
            self._close()

    def _close(self) -> None:
        self._is_over = True
        self._below.close()
        os.close(self._parent)


class _NewFile:
    """A `Sink`: a new file by its descriptor, which is closed at its end. `remove` deletes an incomplete one."""

    def __init__(
        self,
        fd: int,
        size: int,
        attributes: Attributes,
        owner: tuple[int, int] | None,
        remove: Callable[[], None],
    ) -> None:
        self._fd = fd
        self._remove = remove
        self._attributes = attributes
        self._owner = owner
        try:
            os.ftruncate(fd, size)
        except OSError:
            os.close(fd)
            raise

    def write(self, offset: int, data: memoryview) -> None:
        while data:
            done = os.pwrite(self._fd, data, offset)
            data, offset = data[done:], offset + done

    def finish(self) -> None:
        try:
            if self._owner is not None:
                os.fchown(self._fd, *self._owner)
            os.fchmod(self._fd, self._attributes.mode)
            os.utime(self._fd, (self._attributes.mtime, self._attributes.mtime))
        finally:
            os.close(self._fd)

    def abort(self) -> None:
        os.close(self._fd)
        self._remove()


def _sync(fd: int) -> None:
    """Write all of the descriptor's file system to the disk. Raises `OSError`."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syncfs(fd):
        number = ctypes.get_errno()
        raise OSError(number or errno.EIO, os.strerror(number or errno.EIO))
