# SPDX-License-Identifier: GPL-3.0-or-later
"""A reason as data: why something is refused, grey or left out. Its sentences are in `reasons.py`."""

from dataclasses import dataclass
from typing import Protocol


class PathLike(Protocol):
    """A path, whose text is a field."""

    def __fspath__(self) -> str: ...


@dataclass(frozen=True, slots=True, init=False)
class Reason:
    """A row of the table in `reasons.py` by its `code`, and the values for the placeholders of its sentence, in order.

    A field is text, or another reason: `Reason("qube-unusable", "work", Reason("folder-missing", "/srv"))`.
    """

    code: str
    fields: tuple["str | Reason", ...]

    def __init__(self, code: str, *fields: "str | Reason | int | PathLike") -> None:
        object.__setattr__(self, "code", code)
        # Thousands are made at a time, to grey an action for all qubes.
        object.__setattr__(self, "fields", tuple([each if isinstance(each, _FIELD) else str(each) for each in fields]))


_FIELD = (str, Reason)
Field = str | Reason
Value = Field | int | PathLike
"""A value for a field; numbers and paths become text."""
