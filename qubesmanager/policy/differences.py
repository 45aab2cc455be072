# SPDX-License-Identifier: GPL-3.0-or-later
"""The differences between two texts, line by line."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum

CONTEXT = 2
"""Unchanged lines around a change."""


class Side(Enum):
    """What became of a line. The values are the marks of a usual diff."""

    KEPT = " "
    REMOVED = "-"
    ADDED = "+"
    LEFT_OUT = "…"
    """Unchanged lines that are not listed."""


@dataclass(frozen=True, slots=True)
class DiffLine:
    """A line; `number` is where it is afterwards, or was if it is removed, counted from 1."""

    side: Side
    text: str
    number: int


def differences(before: str, after: str) -> list[DiffLine]:
    """Each change with the lines around it; empty for equal texts."""
    return list(_differences(before.split("\n"), after.split("\n")))


def changed_lines(before: str, after: str) -> dict[int, bool]:
    """By their number, the lines of `after` that are not in `before`: True for one that is there instead of another."""
    matcher = SequenceMatcher(None, before.split("\n"), after.split("\n"), autojunk=False)
    return {
        number + 1: number - first < to - from_
        for tag, from_, to, first, last in matcher.get_opcodes()
        if tag in {"replace", "insert"}
        for number in range(first, last)
    }


def count_changes(before: str, after: str) -> int:
    """How many edits of whole lines lead from one text to the other."""
    matcher = SequenceMatcher(None, before.split("\n"), after.split("\n"), autojunk=False)
    return sum(max(to - from_, last - first) for tag, from_, to, first, last in matcher.get_opcodes() if tag != "equal")


def _differences(before: list[str], after: list[str]) -> Iterator[DiffLine]:
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for number, group in enumerate(matcher.get_grouped_opcodes(CONTEXT)):
        if number:
            yield DiffLine(Side.LEFT_OUT, "", group[0][3])
        for tag, from_, to, first, last in group:
            if tag == "equal":
                yield from (DiffLine(Side.KEPT, after[at], at + 1) for at in range(first, last))
                continue
            yield from (DiffLine(Side.REMOVED, before[at], at + 1) for at in range(from_, to))
            yield from (DiffLine(Side.ADDED, after[at], at + 1) for at in range(first, last))
