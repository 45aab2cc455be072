# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that a guest gets need nothing else."""

import ast
import sys
from pathlib import Path

import pytest

from qubesmanager import guest

FILES = sorted(Path(guest.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_file_needs_only_the_standard_library_of_python_3_9_and_its_neighbours(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"), feature_version=(3, 9))
    names = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    names |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}

    outside = {str(name) for name in names if not str(name).startswith("qubesmanager.guest")}
    assert {name.partition(".")[0] for name in outside} <= sys.stdlib_module_names
