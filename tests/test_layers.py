# SPDX-License-Identifier: GPL-3.0-or-later
"""The contracts of who may import whom are seen to break."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# One wrong module for each contract, by a word of the contract's name.
WRONG = {
    "Layers: each part": ("wire/wrong_layer.py", "import qubesmanager.rules"),
    "Layers of the daemon": ("daemon/registry.py", "import qubesmanager.daemon.local"),
    "Layers of the local backend": ("daemon/local/core/wrong.py", "import qubesmanager.daemon.local.store"),
    "never load the daemon": ("models/wrong_daemon.py", "import qubesmanager.daemon"),
    "Windows do not import each other": ("ui/manager/main_window.py", "import qubesmanager.ui.settings"),
    "Qt is loaded by": ("cli/wrong_qt.py", "from PyQt5.QtCore import QObject"),
    "touch the machine": ("daemon/wrong_process.py", "import subprocess"),
}


def lint(folder: Path) -> str:
    """What lint-imports says of the package in `folder`, as one line a contract."""
    lint_imports = Path(sys.executable).with_name("lint-imports")
    if not lint_imports.exists():
        pytest.skip("lint-imports is not installed beside this Python")
    done = subprocess.run(
        [str(lint_imports), "--no-cache", "--config", str(ROOT / "pyproject.toml")],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.fixture
def package(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "qubesmanager", tmp_path / "qubesmanager", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "qubesmanager"


def test_each_contract_breaks_on_a_wrong_import(package: Path) -> None:
    for place, line in WRONG.values():
        with (package / place).open("a", encoding="utf-8") as file:
            file.write(f"\n{line}\n")

    said = lint(package.parent)

    for name in WRONG:
        assert re.search(rf"{re.escape(name)}.* BROKEN", said), f"{name}: not seen\n{said}"


def test_a_new_part_that_stands_in_no_layer_is_refused(package: Path) -> None:
    (package / "surplus.py").touch()

    assert "surplus" in lint(package.parent)
