# SPDX-License-Identifier: GPL-3.0-or-later
"""The frame of the tests itself."""

import asyncio
import gc
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from memory_folder import memory_folder
from PyQt5 import sip
from PyQt5.QtCore import QTimer
from PyQt5.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from qubesmanager.ui.shell.loop import ApplicationLoop


async def test_a_windows_test_runs_on_the_applications_loop(qtbot: QtBot) -> None:
    edit = QLineEdit()
    qtbot.addWidget(edit)
    fired = asyncio.Event()

    QTimer.singleShot(0, fired.set)
    await fired.wait()

    assert isinstance(asyncio.get_running_loop(), ApplicationLoop)


def test_a_window_is_not_deleted_before_the_end_of_its_test(qtbot: QtBot) -> None:
    edit = QLineEdit()
    edit.textChanged.connect(lambda text, edit=edit: edit.setToolTip(text))  # as most windows it is in a cycle
    is_there = weakref.ref(edit)
    qtbot.addWidget(edit)

    del edit
    gc.collect()

    assert is_there()


@pytest.fixture
def closed() -> Iterator[list[QLineEdit]]:
    """Widgets that must be deleted after what ends before this."""
    edits: list[QLineEdit] = []
    yield edits
    assert edits
    assert all(sip.isdeleted(edit) for edit in edits)


def test_a_window_is_deleted_with_its_test(closed: list[QLineEdit], qtbot: QtBot) -> None:
    edit = QLineEdit()
    qtbot.addWidget(edit)
    closed.append(edit)

    assert not sip.isdeleted(edit)


async def test_other_tests_run_on_a_plain_loop() -> None:
    assert not isinstance(asyncio.get_running_loop(), ApplicationLoop)


def test_nothing_is_written_to_the_users_home() -> None:
    for variable in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "TMPDIR"):
        assert "qm-test-" in os.environ[variable]
    assert stat.S_IMODE(Path(os.environ["XDG_RUNTIME_DIR"]).stat().st_mode) == 0o700


def test_temporary_files_are_in_memory_and_those_that_need_a_disk_are_not(tmp_path: Path, disk_path: Path) -> None:
    if (memory := memory_folder()) is None:
        pytest.skip("no room for temporary files in memory")

    assert Path(tempfile.gettempdir()).is_relative_to(memory)
    assert tmp_path.stat().st_dev == memory.stat().st_dev
    assert not disk_path.is_relative_to(tempfile.gettempdir())


TESTS = """\
import pytest

@pytest.fixture
def left():
    yield
    raise OSError

@pytest.mark.parametrize("way", ["a b", "c::d - e"])
def test_fails(left, way):
    assert not way

def test_passes():
    pass

def test_is_not_left_clean(left):
    pass
"""


def test_the_tests_that_failed_are_written_to_a_file(tmp_path: Path) -> None:
    shutil.copy(Path(__file__).with_name("conftest.py"), tmp_path)
    (tmp_path / "test_some.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text(f"[pytest]\npythonpath = {Path(__file__).parent}\nasyncio_mode = auto\n")

    command = [sys.executable, "-m", "pytest", "-p", "no:randomly", "--failed-to", "failed"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 1, done.stdout + done.stderr
    assert sorted((tmp_path / "failed").read_text().splitlines()) == [
        "test_some.py::test_fails[a b]",
        "test_some.py::test_fails[c::d - e]",
        "test_some.py::test_is_not_left_clean",
    ]


def test_a_test_without_a_system_has_no_mark(request: pytest.FixtureRequest) -> None:
    assert request.node.get_closest_marker("whole") is None


class TestOnASystem:
    """A fixture of this name is a whole system."""

    @pytest.fixture
    def system(self) -> str:
        return "a system"

    @pytest.fixture
    def client(self, system: str) -> str:
        return f"a client of {system}"

    def test_a_test_on_a_whole_system_has_its_mark(self, request: pytest.FixtureRequest, client: str) -> None:
        assert client == "a client of a system"
        assert request.node.get_closest_marker("whole") is not None
