# SPDX-License-Identifier: GPL-3.0-or-later
"""A field of a form: which property it edits, its text, how it is edited."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from qubesmanager.rules.facts import QubeFacts, Qubes

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
    """One property on a page. `choices` for CHOICE and SUGGEST; an empty one: none. `unit` follows a number."""

    name: str
    title: str
    edit: Edit
    choices: Choices | None = None
    unit: str = ""
    most: int = 1 << 26
    hint: str = ""


def every_qube(_qube: QubeFacts, qubes: Qubes) -> list[str]:
    """No qube, or any."""
    return ["", *sorted(qubes)]


def any_field(name: str, kind: str) -> Field:
    """A field for a property of this type, as `property.GetAll` says it; an empty or unknown type is edited as text."""
    return Field(name, name, _EDITS.get(kind, Edit.TEXT), every_qube if kind == "vm" else None)


_EDITS = {"int": Edit.NUMBER, "bool": Edit.TICK, "vm": Edit.CHOICE, "label": Edit.LABEL}
