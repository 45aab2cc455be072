# SPDX-License-Identifier: GPL-3.0-or-later
"""Every input that once broke a parser, and every seed, is taken by it now."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fuzz.targets import TARGETS

FOUND = Path(__file__).parent / "found"


def inputs() -> Iterator[tuple[str, bytes]]:
    for name, target in TARGETS.items():
        yield from ((name, seed) for seed in target.seeds)
        yield from ((name, path.read_bytes()) for path in sorted((FOUND / name).glob("*")))


@pytest.mark.parametrize(
    ("name", "data"), [pytest.param(*each, id=f"{each[0]}-{at}") for at, each in enumerate(inputs())]
)
def test_an_input_is_taken_or_refused(name: str, data: bytes) -> None:
    TARGETS[name].check(data)


def test_each_kept_input_belongs_to_a_target() -> None:
    assert {path.name for path in FOUND.glob("*")} <= set(TARGETS)
