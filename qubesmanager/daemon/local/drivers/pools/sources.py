# SPDX-License-Identifier: GPL-3.0-or-later
"""A volume's state for a thread that reads it in its own time: sources as the backup engine wants them.

A source keeps no file open but between its first read and the end of its data, so that hundreds may wait their turn.
"""

import os
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from qubesmanager.daemon.local.drivers.pools import qcow2
from qubesmanager.host.sparse_file import Extent, FileSource


def open_device(path: Path) -> int:
    """A block device for reading; its path, in /dev, is often a link."""
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC)


class RawSource:
    """A raw image or a block device by its path, which must stay what it is until `close`.

    `opened` answers a descriptor for reading; a pool of files gives the function that follows no links.
    """

    def __init__(self, path: Path, opened: Callable[[Path], int] = open_device) -> None:
        self._path = path
        self._open = opened
        self._fd = -1
        self._end = 0
        self.size = self._file().size
        self.close()

    def extents(self) -> Iterator[Extent]:
        try:
            for extent in self._file().extents():
                self._end = extent.offset + extent.length
                yield extent
        finally:
            self.close()

    def read(self, offset: int, length: int) -> bytes:
        data = self._file().read(offset, length)
        if offset + length >= self._end:
            self.close()
        return data

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _file(self) -> FileSource:
        if self._fd < 0:
            self._fd = self._open(self._path)
        return FileSource(self._fd)


class ImageSource:
    """A chain of qcow2 images, the top one first. Where its data lie is looked up once, by the first `extents`."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = tuple(paths)
        self._chain: qcow2.Chain | None = None
        self._runs: list[qcow2.Run] | None = None
        self._starts: list[int] = []
        self.size = self._opened().size
        self.close()

    def extents(self) -> Iterator[Extent]:
        start = end = 0
        for run in self._table():
            if run.offset != end:
                if end > start:
                    yield Extent(start, end - start)
                start = run.offset
            end = min(run.offset + run.length, self.size)
        if end > start:
            yield Extent(start, end - start)

    def read(self, offset: int, length: int) -> bytes:
        table, chain = self._table(), self._opened()
        buffer = bytearray(length)
        at = max(0, bisect_right(self._starts, offset) - 1)
        for run in table[at:]:
            if run.offset >= offset + length:
                break
            first, last = max(run.offset, offset), min(run.offset + run.length, offset + length)
            if first < last:
                place = run.place + first - run.offset
                buffer[first - offset : last - offset] = chain.pread(run.image, last - first, place)
        if not table or offset + length >= min(table[-1].offset + table[-1].length, self.size):
            self.close()
        return bytes(buffer)

    def close(self) -> None:
        if self._chain is not None:
            self._chain.close()
            self._chain = None

    def _table(self) -> list[qcow2.Run]:
        if self._runs is None:
            self._runs = list(self._opened().table())
            self._starts = [run.offset for run in self._runs]
            self.close()
        return self._runs

    def _opened(self) -> qcow2.Chain:
        if self._chain is None:
            self._chain = qcow2.Chain(self._paths)
        return self._chain
