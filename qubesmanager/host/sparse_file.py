# SPDX-License-Identifier: GPL-3.0-or-later
"""The protocols by which the engine reads and writes volumes, and plain files that satisfy them."""

import errno
import os
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from qubesmanager.host.direct_io import StraightWriter


class Extent(NamedTuple):
    """A run of data in a volume, in bytes."""

    offset: int
    length: int


class Source(Protocol):
    """A volume that does not change while it is read. Used by one thread at a time."""

    @property
    def size(self) -> int:
        """The volume's size in bytes, holes included."""
        ...

    def extents(self) -> Iterator[Extent]:
        """The runs that may hold data, ascending, not empty and not touching; between them are zeros."""
        ...

    def read(self, offset: int, length: int) -> bytes:
        """The bytes there, all of them; asked for are also up to 511 bytes of zeros beside a run of data.

        An `OSError` or a `Mgmt1Error` fails this qube and no other.
        """
        ...


class Sink(Protocol):
    """A new volume of zeros that is filled. Used by one thread at a time.

    An `OSError` or a `Mgmt1Error` of any method fails this qube and no other.
    """

    def write(self, offset: int, data: memoryview, /) -> object:
        """Put the bytes there; ascending, never over each other; what is never written stays a hole."""
        ...

    def finish(self) -> object:
        """All data were written. The file may be given to a qube only once the restore's report is good."""
        ...

    def abort(self) -> object:
        """The volume is not whole and never will be: throw it away. Once, in place of `finish` or after it."""
        ...


class FileSource:
    """A raw image, or a block device, by its descriptor; the descriptor stays open."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.size = os.lseek(fd, 0, os.SEEK_END)

    def extents(self) -> Iterator[Extent]:
        end = 0
        while end < self.size:
            try:
                start = os.lseek(self._fd, end, os.SEEK_DATA)
                end = min(os.lseek(self._fd, start, os.SEEK_HOLE), self.size)
            except OSError as error:
                if error.errno == errno.ENXIO:  # there is nothing but a hole behind `end`
                    return
                if error.errno != errno.EINVAL:
                    raise
                start, end = end, self.size  # a file system or a device without holes
            if end > start:
                yield Extent(start, end - start)

    def read(self, offset: int, length: int) -> bytes:
        data = os.pread(self._fd, length, offset)
        if len(data) == length:
            return data
        parts = [data]
        while data and sum(map(len, parts)) < length:
            data = os.pread(self._fd, length - sum(map(len, parts)), offset + sum(map(len, parts)))
            parts.append(data)
        whole = b"".join(parts)
        if len(whole) < length:
            raise OSError(errno.EIO, "The volume became shorter while it was read.")
        return whole


class FileSink:
    """A raw image by its descriptor, which stays open: an empty file, made as long as the volume."""

    def __init__(self, fd: int, size: int) -> None:
        self._fd = fd
        self._file = StraightWriter(fd)
        os.ftruncate(fd, size)

    def write(self, offset: int, data: memoryview) -> None:
        self._file.write(offset, data)

    def finish(self) -> None:
        self._file.finish()
        self._file.close()
        os.fsync(self._fd)

    def abort(self) -> None:
        self._file.close()
        os.ftruncate(self._fd, 0)
