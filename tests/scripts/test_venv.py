# SPDX-License-Identifier: GPL-3.0-or-later
"""scripts/venv.py: what it reads from setup.py and the lock, and the commands it makes."""

import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
VENV = runpy.run_path(str(ROOT / "scripts/venv.py"))
LOCK = """\
# This file was made by a tool
pyqt5==5.15.11 \\
    --hash=sha256:aa
    # via something (setup.py)
pyqt5-qt5==5.15.19 \\
    --hash=sha256:bb
    # via pyqt5
pyqt5-sip==12.20.0 ; python_version >= '3' \\
    --hash=sha256:cc \\
    --hash=sha256:dd
    # via
    #   other
    #   PyQt5
qasync==0.28.0 \\
    --hash=sha256:ee
    # via something (setup.py)
"""


def test_the_arguments_of_setup_are_read_without_running_it() -> None:
    data: dict[str, Any] = VENV["setup_arguments"]((ROOT / "setup.py").read_text(encoding="utf-8"))

    assert "PyQt5>=5.15.9" in data["install_requires"]
    assert set(data["extras_require"]["local"]) < set(data["extras_require"]["dev"])
    assert "mgmt1=qubesmanager.entry:mgmt1" in data["entry_points"]["console_scripts"]


def test_the_lock_gives_what_a_package_needs_with_its_hashes() -> None:
    entries = VENV["locked"](LOCK)

    assert VENV["closure"](["pyqt5"], entries) == {"pyqt5", "pyqt5-qt5", "pyqt5-sip"}
    assert VENV["closure"](["qasync"], entries) == {"qasync"}
    assert entries["pyqt5-sip"][0].count("--hash") == 2
    assert "#" not in entries["pyqt5-sip"][0]


@pytest.mark.parametrize(
    ("requirement", "enough"),
    [
        ("pytest>=7", True),
        ("pytest>=7; platform_machine == 'x86_64'", True),
        ("PyTest>=1000.0", False),
        ("no-such-package>=1", False),
    ],
)
def test_a_package_suffices_from_its_lowest_version_on(requirement: str, enough: bool) -> None:
    assert VENV["suffices"](requirement) is enough


@pytest.mark.parametrize(("version", "numbers"), [("38.0.4+dfsg", (38, 0, 4)), ("5.15", (5, 15)), ("unknown", ())])
def test_versions_are_compared_by_their_numbers(version: str, numbers: tuple[int, ...]) -> None:
    assert VENV["version_of"](version) == numbers


def test_a_command_runs_from_a_folder_with_spaces(tmp_path: Path) -> None:
    folder = tmp_path / "a folder's name"
    folder.mkdir()
    python = folder / "python"
    python.symlink_to(sys.executable)
    (folder / "module.py").write_text("import sys\ndef start(): return len(sys.argv) + 40\n", encoding="utf-8")

    ((name, text),) = VENV["launchers"]({"console_scripts": ["begin=module:start"]}, python)
    command = folder / name
    command.write_text(text, encoding="utf-8")
    command.chmod(0o755)

    assert subprocess.run([command, "a word"], check=False).returncode == 42
