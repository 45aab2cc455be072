# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders below one that is open, reached by descriptor and without following any link."""

import os

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Below:
    """The folders below `root`, a descriptor that is closed with this. The one used last stays open."""

    def __init__(self, root: int) -> None:
        self.root = root
        self._path = b""
        self._fd = -1

    def folder(self, path: bytes) -> int:
        """A descriptor of the folder at that path, empty for the root; it is valid until the next call.

        Raises `OSError`, also for a link on the way.
        """
        if not path:
            return self.root
        if path != self._path:
            self._close_last()
            fd = os.dup(self.root)
            for name in path.split(b"/"):
                try:
                    below = os.open(name, _FOLDER, dir_fd=fd)
                finally:
                    os.close(fd)
                fd = below
            self._path, self._fd = path, fd
        return self._fd

    def _close_last(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
        self._path, self._fd = b"", -1

    def close(self) -> None:
        self._close_last()
        os.close(self.root)
