# SPDX-License-Identifier: GPL-3.0-or-later
"""The service `qubes.Filecopy`: receives files from another qube into `~/QubesIncoming/QUBE`.

The stream is that of qubes-linux-utils (qrexec-lib/libqubes-rpc-filecopy.h, unpack.c): for each entry a header, its
name, and its bytes; a folder comes before its entries, and again after them; a header without a name is the end. The
answer is a result, with the CRC-32 of all bytes that were read and the name of the last entry. Numbers are little
endian.

Nothing is overwritten, and nothing is written through a link or outside of the folder. A link may lead only to a path
within the folder that was copied with it.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import struct
import sys
import zlib
from contextlib import suppress
from typing import BinaryIO, NamedTuple

HEADER = struct.Struct("<IIQIIII")
"""Length of the name with its NUL, mode, length of the content, and access and modification time in s and ns."""
RESULT = struct.Struct("<IIQ")
"""An errno or 0, 0, and the CRC-32."""
NAME_LENGTH = struct.Struct("<I")
NAME_BYTES = 4096
COMPONENT_BYTES = 255
LINK_BYTES = 4095
FOLDERS = 100_000
"""Folders of one transfer."""
INCOMING = "QubesIncoming"

_QUBE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,62}", re.ASCII)
_PIECE = 64 << 10
_NS = 1_000_000_000
_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class CopyError(Exception):
    """The transfer ends with this errno."""

    def __init__(self, code: int) -> None:
        super().__init__(os.strerror(code))
        self.code = code


class Header(NamedTuple):
    """An entry, as its sender describes it; checked but for the modes that cannot be received."""

    name_length: int
    mode: int
    length: int
    times: tuple[int, int]
    """Access and modification, in ns."""


def header_of(untrusted: bytes) -> Header:
    """The header of those bytes. Raises `CopyError`."""
    name_length, mode, length, atime, atime_ns, mtime, mtime_ns = HEADER.unpack(untrusted)
    if name_length > NAME_BYTES:
        raise CopyError(errno.ENAMETOOLONG)
    if length >= 1 << 63:
        raise CopyError(errno.EFBIG)
    if atime_ns >= _NS or mtime_ns >= _NS:
        raise CopyError(errno.EINVAL)
    return Header(name_length, mode, length, (atime * _NS + atime_ns, mtime * _NS + mtime_ns))


def path_of(untrusted: bytes) -> tuple[str, ...]:
    """The components of the name of an entry, which ends with NUL. Raises `CopyError`."""
    try:
        name = untrusted[:-1].decode("utf-8")
    except UnicodeDecodeError:
        raise CopyError(errno.EILSEQ) from None
    if not untrusted.endswith(b"\0") or not name.isprintable():
        raise CopyError(errno.EILSEQ)
    path = tuple(name.split("/"))
    for component in path:
        if component in {"", ".", ".."}:
            raise CopyError(errno.EILSEQ)
        if len(component.encode("utf-8")) > COMPONENT_BYTES:
            raise CopyError(errno.ENAMETOOLONG)
    return path


def check_link(path: tuple[str, ...], untrusted: bytes) -> str:
    """The target of a link at that path. Raises `CopyError` if it leads out of what was copied with it."""
    try:
        target = untrusted.decode("utf-8")
    except UnicodeDecodeError:
        raise CopyError(errno.EILSEQ) from None
    depth = len(path) - 1
    if not depth or not target or not target.isprintable() or target.startswith("/"):
        raise CopyError(errno.EILSEQ)
    for component in target.split("/"):
        depth += -1 if component == ".." else component not in {"", "."}
        if depth < 1:
            raise CopyError(errno.EILSEQ)
    return target


class Receiver:
    """Unpacks the stream of one transfer below the folder, a descriptor that the caller closes."""

    def __init__(self, source: BinaryIO, folder: int) -> None:
        self._source, self._folder = source, folder
        self.crc = 0
        self.last = b""
        """The name of the last entry."""
        self._folders: set[tuple[str, ...]] = set()
        """Those that this transfer made and that did not come for the second time."""

    def receive(self) -> int:
        """Receive everything. 0, or the errno of the first failure; then nothing more is read."""
        try:
            while self._entry():
                pass
        except CopyError as error:
            return error.code
        except OSError as error:
            return error.errno or errno.EIO
        return 0

    def result(self, code: int) -> bytes:
        """The answer for the sender."""
        return RESULT.pack(code, 0, self.crc) + NAME_LENGTH.pack(len(self.last)) + self.last

    def _read(self, length: int) -> bytes:
        """So many bytes. Raises `CopyError` if the stream ends before."""
        data = self._source.read(length)
        self.crc = zlib.crc32(data, self.crc)
        if len(data) < length:
            raise CopyError(errno.EREMOTEIO)
        return data

    def _entry(self) -> bool:
        """Receive one entry; False at the end."""
        header = header_of(self._read(HEADER.size))
        if not header.name_length:
            return False
        name = self._read(header.name_length)
        path = path_of(name)
        self.last = name[:-1]
        receive = {stat.S_IFREG: self._file, stat.S_IFDIR: self._directory, stat.S_IFLNK: self._link}.get(
            stat.S_IFMT(header.mode)
        )
        if receive is None:
            raise CopyError(errno.EINVAL)
        parent = self._opened(path[:-1])
        try:
            receive(header, path, parent)
        finally:
            os.close(parent)
        return True

    def _opened(self, path: tuple[str, ...]) -> int:
        """A descriptor of the folder, reached without links."""
        current = os.dup(self._folder)
        for component in path:
            try:
                following = os.open(component, _OPEN_FOLDER, dir_fd=current)
            finally:
                os.close(current)
            current = following
        return current

    def _file(self, header: Header, path: tuple[str, ...], parent: int) -> None:
        descriptor = os.open(path[-1], _NEW_FILE, 0o600, dir_fd=parent)
        try:
            with open(descriptor, "wb", closefd=False) as file:
                left = header.length
                while left:
                    left -= file.write(self._read(min(left, _PIECE)))
            os.fchmod(descriptor, header.mode & 0o777)
            os.utime(descriptor, ns=header.times)
        except BaseException:
            # A part of a file must not look like the file.
            os.unlink(path[-1], dir_fd=parent)
            raise
        finally:
            os.close(descriptor)

    def _directory(self, header: Header, path: tuple[str, ...], parent: int) -> None:
        if path in self._folders:
            self._folders.remove(path)
            descriptor = os.open(path[-1], _OPEN_FOLDER, dir_fd=parent)
            try:
                os.utime(descriptor, ns=header.times)
                os.fchmod(descriptor, header.mode & 0o777 | 0o700)
            finally:
                os.close(descriptor)
            return
        if len(self._folders) >= FOLDERS:
            raise CopyError(errno.EDQUOT)
        os.mkdir(path[-1], 0o700, dir_fd=parent)
        self._folders.add(path)

    def _link(self, header: Header, path: tuple[str, ...], parent: int) -> None:
        if header.length > LINK_BYTES:
            raise CopyError(errno.ENAMETOOLONG)
        os.symlink(check_link(path, self._read(header.length)), path[-1], dir_fd=parent)


def incoming(home: str, qube: str) -> int:
    """A descriptor of the folder for what comes from that qube, which is made. Raises `CopyError` and `OSError`."""
    if not _QUBE.fullmatch(qube):
        raise CopyError(errno.EINVAL)
    current = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    for name in (INCOMING, qube):
        try:
            with suppress(FileExistsError):
                os.mkdir(name, 0o700, dir_fd=current)
            following = os.open(name, _OPEN_FOLDER, dir_fd=current)
        finally:
            os.close(current)
        current = following
    return current


def main() -> int:
    """Receive files on standard input; the exit status."""
    try:
        folder = incoming(os.environ.get("HOME", ""), os.environ.get("QREXEC_REMOTE_DOMAIN", ""))
    except (CopyError, OSError) as error:
        sys.stderr.write(f"Cannot receive files: {error}\n")
        return 1
    receiver = Receiver(sys.stdin.buffer, folder)
    code = receiver.receive()
    os.close(folder)
    sys.stdout.buffer.write(receiver.result(code))
    sys.stdout.buffer.flush()
    if code:
        sys.stderr.write(f"The transfer ended: {os.strerror(code)}\n")
    return 1 if code else 0
