# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of tests on several processes: long ones first, so that none is left alone at the end."""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import TypeVar

T = TypeVar("T")


def long_first(
    tests: Sequence[T], processes: int, file_of: Callable[[T], object], is_long: Callable[[T], bool]
) -> list[T]:
    """The tests, for processes of which each gets an equal part of this list and goes through it from its beginning.

    Each part begins with files that have a long test. A file stays together, for what its tests share.
    """
    files = [list(group) for _, group in groupby(tests, file_of)]
    long = [file for file in files if any(map(is_long, file))]
    short = [test for file in files if not any(map(is_long, file)) for test in file]
    parts: list[list[T]] = [[] for _ in range(processes)]
    for file in sorted(long, key=len, reverse=True):
        min(parts, key=len).extend(file)
    ordered: list[T] = []
    for number, part in enumerate(parts):
        size = (len(tests) - len(ordered)) // (processes - number)
        room = max(0, size - len(part))
        ordered += part + short[:room]
        del short[:room]
    return ordered + short
