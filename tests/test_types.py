# SPDX-License-Identifier: GPL-3.0-or-later
"""mypy knows the methods of widgets: PyQt5's own stubs alone give each widget a base of type Any, see stubs/PyQt5."""

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

MISSPELT = """\
from PyQt5.QtCore import QObject, QRect
from PyQt5.QtWidgets import QLabel, QMainWindow, QWidget


class Window(QMainWindow):
    def fill(self) -> None:
        self.setWindowTitle("a title")
        self.setWindowTitel("a title")  # misspelt


def change(widget: QWidget, label: QLabel, rect: QRect, item: QObject) -> None:
    widget.setEnabled(True)
    widget.setEnabeld(True)  # misspelt
    label.setTxet("a text")  # misspelt
    rect.widht()  # misspelt
    item.setObjectNmae("a name")  # misspelt
"""


def test_mypy_rejects_a_misspelt_method_of_a_window(tmp_path: Path) -> None:
    pyqt5 = find_spec("PyQt5")
    assert pyqt5 is not None
    assert pyqt5.origin is not None
    if not Path(pyqt5.origin).with_name("QtWidgets.pyi").exists():
        pytest.skip("this PyQt5 has no stubs; scripts/test checks types with the locked packages only")
    if find_spec("mypy") is None:
        pytest.skip("mypy is not installed for this Python")
    module = tmp_path / "misspelt.py"
    module.write_text(MISSPELT, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", "--cache-dir", os.devnull, str(module)]

    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    expected = [number for number, line in enumerate(MISSPELT.splitlines(), start=1) if "# misspelt" in line]
    rejected = re.findall(r"misspelt\.py:(\d+): error: .*\[attr-defined\]", result.stdout)
    assert [int(number) for number in rejected] == expected, result.stdout + result.stderr
