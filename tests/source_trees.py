# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules of the package as syntax trees. Each is parsed once in a file of tests that asks for `trees`."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "qubesmanager"


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module", autouse=True)
def trees() -> Iterator[None]:
    """Keeps the trees until the end of the file: together they are large."""
    yield
    _tree.cache_clear()


def modules_of(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    """Each module below these folders of the package, or of all of it, by its path in the package."""
    for folder in folders or ("",):
        for path in sorted((PACKAGE / folder).rglob("*.py")):
            yield str(path.relative_to(PACKAGE)), _tree(path)


def called(call: ast.Call) -> str:
    """The last name of what is called: `refusal` of `reasons.refusal(…)`; empty if it has no name."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""
