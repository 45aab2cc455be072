# SPDX-License-Identifier: GPL-3.0-or-later
"""A field of a form: which property it edits, its text, how it is edited."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from qubesmanager.models.texts import Unit, property_unit
from qubesmanager.rules.facts import QubeFacts, Qubes
from qubesmanager.rules.properties import Limits, row_of

CONTEXT = "SettingsFields"


class Edit(Enum):
    TEXT = auto()
    NUMBER = auto()
    TICK = auto()
    CHOICE = auto()
    LABEL = auto()
    SUGGEST = auto()
    """A text, with some to choose from."""


Choices = Callable[[QubeFacts, Qubes], list[str]]
"""The values to choose from for a qube; an empty one is none."""


@dataclass(frozen=True, slots=True)
class Field:
    """One property on a page. `choices` for CHOICE and SUGGEST; an empty one: none.

    The limits and the unit of a number are those of THE PROPERTIES; 0 to 64 Mi for a property without a row there.
    """

    name: str
    title: str
    edit: Edit
    choices: Choices | None = None
    hint: str = ""

    @property
    def limits(self) -> Limits:
        """The least and the greatest number that the editor takes."""
        row = row_of(self.name)
        return row.limits if row is not None and row.limits is not None else _ANY_NUMBER

    @property
    def unit(self) -> Unit:
        """What follows the number."""
        return property_unit(self.name)


_ANY_NUMBER = Limits(0, 1 << 26)


def every_qube(_qube: QubeFacts, qubes: Qubes) -> list[str]:
    """No qube, or any."""
    return ["", *sorted(qubes)]


def any_field(name: str, kind: str) -> Field:
    """A field for a property of this type, as `property.GetAll` says it; an empty or unknown type is edited as text."""
    return Field(name, name, _EDITS.get(kind, Edit.TEXT), every_qube if kind == "vm" else None)


_EDITS = {"int": Edit.NUMBER, "bool": Edit.TICK, "vm": Edit.CHOICE, "label": Edit.LABEL}
