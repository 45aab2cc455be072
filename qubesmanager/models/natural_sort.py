# SPDX-License-Identifier: GPL-3.0-or-later
"""Natural order of names: `work2` comes before `work10`, without regard to case."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

_NUMBERS = re.compile("([0-9]+)")

Natural = tuple[tuple[Any, ...], str]
"""Text and numbers in turn, the first always text, and the name itself to decide among equals."""


@lru_cache(maxsize=1 << 15)
def natural(text: str) -> Natural:
    """The sort key of a name."""
    parts = _NUMBERS.split(text.casefold())
    return (tuple(int(part) if at % 2 else part for at, part in enumerate(parts)), text)


def in_order(names: Iterable[str]) -> list[str]:
    """The names in natural order."""
    return sorted(names, key=natural)
