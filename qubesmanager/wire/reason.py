# SPDX-License-Identifier: GPL-3.0-or-later
"""A reason as data: why something is refused, grey or left out. Its sentences are in `reasons.py`."""

from dataclasses import dataclass
from typing import Union

Field = Union[str, "Reason"]


@dataclass(frozen=True, slots=True, init=False)
class Reason:
    """A row of the table in `reasons.py` by its `code`, and the values for the places of its sentence, in order.

    A field is text, or another reason: `Reason("qube-unusable", "work", Reason("folder-missing", "/srv"))`. A number
    becomes text.
    """

    code: str
    fields: tuple[Field, ...]

    def __init__(self, code: str, *fields: Field | int) -> None:
        object.__setattr__(self, "code", code)
        object.__setattr__(self, "fields", tuple(str(each) if isinstance(each, int) else each for each in fields))
