# SPDX-License-Identifier: GPL-3.0-or-later
"""A new file of a pool, written past the page cache."""

import os
from pathlib import Path
from types import TracebackType
from typing import Self

from qubesmanager.host.direct_io import StraightWriter


class NewFile:
    """A file that must not exist yet, written past the page cache; closed at the end of the `with` block.

    Raises `OSError`.
    """

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._file = StraightWriter(self._fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()
        os.close(self._fd)
