# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/security.md says what the code holds."""

import ast
import re
from pathlib import Path

from qubesmanager.wire import limits
from qubesmanager.wire.limits import Limit

ROOT = Path(__file__).parent.parent


def shown(limit: Limit) -> str:
    """A limit's row in the page."""
    if limit.unit == "bytes" and limit.value % (1 << 20) == 0:
        number = f"{limit.value >> 20} MiB"
    elif limit.unit == "bytes" and limit.value % (1 << 10) == 0:
        number = f"{limit.value >> 10} KiB"
    else:
        number = f"{limit.value} {limit.unit}"
    return f"| {number} | {limit.what} |"


def test_the_page_has_the_table_of_limits() -> None:
    text = (ROOT / "docs/security.md").read_text(encoding="utf-8")
    table = text.partition("| limit | what it bounds |\n|---|---|\n")[2].partition("\n\n")[0]

    assert table.splitlines() == [shown(limit) for limit in limits.TABLE]


def test_each_limit_is_in_the_table_and_is_used() -> None:
    source = (ROOT / "qubesmanager/wire/limits.py").read_text(encoding="utf-8")
    names = [
        target.id
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        for target in node.targets
        if isinstance(target, ast.Name) and target.id.isupper() and target.id != "TABLE"
    ]
    used = {
        word
        for path in (ROOT / "qubesmanager").rglob("*.py")
        if path != ROOT / "qubesmanager/wire/limits.py"
        for word in re.findall(r"\w+", path.read_text(encoding="utf-8"))
    }

    assert len(names) == len(limits.TABLE)
    assert [name for name in names if name not in used] == []
