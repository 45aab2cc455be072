# SPDX-License-Identifier: GPL-3.0-or-later
"""mypy knows the methods of widgets and the fields of events.

PyQt5's own stubs alone give each widget a base of type Any, see stubs/PyQt5.
"""

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

pytestmark = [pytest.mark.whole, pytest.mark.unmeasured]

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

WRONG_FIELDS = """\
from qubesmanager.wire import events
from qubesmanager.wire.event import Event
from qubesmanager.wire.values import PowerState


def emit() -> list[Event]:
    return [
        events.DOMAIN_STATE("work", PowerState.RUNNING),
        events.DOMAIN_STATE("work", "Running"),  # wrong
        events.TAG_ADD("work"),  # wrong
        events.POOL_ADD("work", "pool", "file"),  # wrong
        events.PROPERTY_SET("work", "memory", "400", is_default=False),
    ]


def listen(event: Event) -> str:
    change = events.PROPERTY_SET.of(event)
    return change.newvalue if change else ""  # wrong
"""


RAW_NUMBERS = """\
from PyQt5.QtCore import QObject


def texts(parent: QObject, shown: int, load: float, port: int | None, name: str) -> list[str]:
    return [
        parent.tr("{0} of {1} shown").format(name, shown),  # raw
        f"{name}: {shown}",  # raw
        f"{load:.1f} %",  # raw
        f"port {port}",  # raw
        f"port {port!s}",
        f"{name}: {str(shown)}",
    ]
"""


def test_mypy_rejects_a_raw_number_in_a_text_of_the_windows(tmp_path: Path) -> None:
    """Elsewhere a number in a string is no text for people."""
    if find_spec("mypy") is None:
        pytest.skip("mypy is not installed for this Python")
    windows = tmp_path / "qubesmanager" / "ui"
    windows.mkdir(parents=True)

    expected = [number for number, line in enumerate(RAW_NUMBERS.splitlines(), start=1) if "# raw" in line]
    assert rejected_lines(RAW_NUMBERS, "misc", windows) == expected
    assert rejected_lines(RAW_NUMBERS, "misc", tmp_path) == []


def test_mypy_rejects_a_misspelt_method_of_a_window(tmp_path: Path) -> None:
    pyqt5 = find_spec("PyQt5")
    assert pyqt5 is not None
    assert pyqt5.origin is not None
    if not Path(pyqt5.origin).with_name("QtWidgets.pyi").exists():
        pytest.skip("this PyQt5 has no stubs; scripts/test checks types with the locked packages only")
    if find_spec("mypy") is None:
        pytest.skip("mypy is not installed for this Python")

    expected = [number for number, line in enumerate(MISSPELT.splitlines(), start=1) if "# misspelt" in line]
    assert rejected_lines(MISSPELT, "attr-defined", tmp_path) == expected


def test_mypy_rejects_wrong_fields_of_an_event(tmp_path: Path) -> None:
    if find_spec("mypy") is None:
        pytest.skip("mypy is not installed for this Python")

    expected = [number for number, line in enumerate(WRONG_FIELDS.splitlines(), start=1) if "# wrong" in line]
    assert rejected_lines(WRONG_FIELDS, "(?:arg-type|call-arg|attr-defined)", tmp_path) == expected


def rejected_lines(code: str, kind: str, folder: Path) -> list[int]:
    """The numbers of the lines that mypy rejects with this kind of error."""
    module = folder / "rejected.py"
    module.write_text(code, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", "--cache-dir", os.devnull, str(module)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return [int(number) for number in re.findall(rf"rejected\.py:(\d+): error: .*\[{kind}\]", result.stdout)]
