# SPDX-License-Identifier: GPL-3.0-or-later
"""The versions of policy files that this program has replaced: kept in a file of the user, for the way back."""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

KEPT = 40
"""Versions that are kept, the newest."""
LONGEST = 1 << 18
"""Characters of a version that is kept; a longer one is not."""


@dataclass(frozen=True, slots=True)
class Version:
    """What a file held until it was replaced at this time, in Unix seconds. `text`: None if it was not there."""

    path: str
    text: str | None
    replaced: int


class Versions:
    """Reads and writes the file; call these in a thread. A file that cannot be read is an empty list."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.newest_first: tuple[Version, ...] = ()

    def load(self) -> None:
        try:
            rows = json.loads(self._file.read_text(encoding="utf-8"))
            versions = [Version(str(row["path"]), _text(row["text"]), int(row["replaced"])) for row in rows]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            versions = []
        self.newest_first = tuple(versions[:KEPT])

    def keep(self, path: str, text: str | None) -> None:
        """Keep a version that has just been replaced. Raises `OSError` if it cannot be written."""
        if text is not None and len(text) > LONGEST:
            return
        version = Version(path, text, int(time.time()))
        self.newest_first = (version, *self.newest_first)[:KEPT]
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        written = self._file.with_suffix(".new")
        written.touch(mode=0o600)
        written.write_text(json.dumps([asdict(each) for each in self.newest_first]), encoding="utf-8")
        written.replace(self._file)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
