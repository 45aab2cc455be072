# SPDX-License-Identifier: GPL-3.0-or-later
"""Which texts a qube may carry: the values of its features, and its notes."""

import unicodedata

from qubesmanager.wire.limits import FEATURE_BYTES, NOTES_BYTES
from qubesmanager.wire.names import shown

_LAYOUT = frozenset("\t\n\r")
"""The control characters that notes may contain."""
_NOT_A_CHARACTER = frozenset("\ufffe\uffff")


def why_not_feature(value: str, most: int = FEATURE_BYTES) -> str | None:
    """Why a feature cannot have this value of at most `most` bytes, as a sentence; None if it can."""
    if character := _control_character(value, frozenset()):
        return f"The value of a feature is one line without control characters; it contains {shown(character)}."
    if len(value.encode()) > most:
        return f"The value of a feature has at most {most} bytes."
    return None


def why_not_notes(notes: str) -> str | None:
    """Why a qube cannot have these notes, as a sentence; None if it can."""
    if character := _control_character(notes, _LAYOUT):
        return f"Notes are text without control characters; they contain {shown(character)}."
    if len(notes.encode()) > NOTES_BYTES:
        return f"Notes have at most {NOTES_BYTES >> 10} KiB."
    return None


def _control_character(text: str, allowed: frozenset[str]) -> str:
    """The first character that is a control character, a surrogate or no character at all; empty if there is none.

    XML has no place for most of them, so no backup could contain the text.
    """
    return next(
        (
            character
            for character in text
            if (unicodedata.category(character) in {"Cc", "Cs"} or character in _NOT_A_CHARACTER)
            and character not in allowed
        ),
        "",
    )
