# SPDX-License-Identifier: GPL-3.0-or-later
"""Which texts a qube may carry: the values of its features, and its notes."""

import re

from qubesmanager.wire.limits import FEATURE_BYTES, NOTES_BYTES
from qubesmanager.wire.names import shown
from qubesmanager.wire.reason import Reason

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""A control character, a surrogate or no character at all: XML has no place for most, so no backup could contain it."""
_CONTROL_IN_NOTES = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""The same but for tab, newline and carriage return, which notes may contain."""


def why_not_feature(value: str, most: int = FEATURE_BYTES) -> Reason | None:
    """Why a feature cannot have this value of at most `most` bytes, as a sentence; None if it can."""
    if match := _CONTROL.search(value):
        return Reason("feature-control", shown(match[0]))
    if len(value.encode()) > most:
        return Reason("feature-too-long", most)
    return None


def why_not_notes(notes: str) -> Reason | None:
    """Why a qube cannot have these notes, as a sentence; None if it can."""
    if match := _CONTROL_IN_NOTES.search(notes):
        return Reason("notes-control", shown(match[0]))
    if len(notes.encode()) > NOTES_BYTES:
        return Reason("notes-too-long", NOTES_BYTES >> 10)
    return None
