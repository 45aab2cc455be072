# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a restore as a text to keep; the caller gives the words, in the user's language."""

from collections.abc import Mapping, Sequence

from qubesmanager.wire.names import printable
from qubesmanager.wire.restores import THE_FILE, Restored


def report_text(head: Sequence[tuple[str, str]], rows: Sequence[Restored], words: Mapping[str, str]) -> str:
    """A line for each fact of `head`, an empty one, and a line for each qube. Neither holds a passphrase."""
    width = max((len(key) for key, _value in head), default=0)
    lines = [f"{printable(key + ':').ljust(width + 1)} {printable(value)}" for key, value in head]
    names = max((len(_name(row)) for row in rows), default=0)
    results = max(map(len, words.values()), default=0)
    for row in rows:
        said = f"  {printable(row.said)}" if row.said else ""
        lines.append(f"{_name(row).ljust(names)}  {words[row.result].ljust(results)}{said}".rstrip())
    lines.insert(len(head), "")
    return "\n".join([*lines, ""])


def _name(row: Restored) -> str:
    if row.qube == THE_FILE:
        return "(file)"
    return f"{row.qube} → {row.name}" if row.name and row.name != row.qube else row.qube
