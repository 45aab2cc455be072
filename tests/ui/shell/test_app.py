# SPDX-License-Identifier: GPL-3.0-or-later
"""The program as a whole: printing, pictures, reports, no connection, a second start, an orderly end."""

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from killing import killed_on_failure
from PyQt5.QtCore import QCoreApplication, QLocale, QObject, Qt
from PyQt5.QtGui import QImage
from PyQt5.QtWidgets import QApplication, QListWidget, QListWidgetItem
from pytestqt.qtbot import QtBot
from until import LIMIT

from qubesmanager.models.texts import ago_text, title_text
from qubesmanager.systems import real
from qubesmanager.ui.session.diagnostics import since_start, versions
from qubesmanager.ui.shell import single_instance
from qubesmanager.ui.shell.app import EnglishTexts, as_columns, prepare

pytestmark = pytest.mark.whole

ROOT = Path(__file__).resolve().parents[2]
DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")
MANAGER = (sys.executable, "-c", "from qubesmanager.entry import manager; raise SystemExit(manager())")


@pytest.fixture
def place(tmp_path: Path) -> dict[str, str]:
    """A separate environment for a started program."""
    folders = {name: tmp_path / name for name in ("run", "config", "state")}
    for folder in folders.values():
        folder.mkdir(mode=0o700)
    return {
        **os.environ,
        "XDG_RUNTIME_DIR": str(folders["run"]),
        "XDG_CONFIG_HOME": str(folders["config"]),
        "XDG_STATE_HOME": str(folders["state"]),
        "QT_QPA_PLATFORM": "offscreen",
        "LC_ALL": "C",
    }


@pytest.mark.slow
def test_the_demonstration_is_printed_pictured_and_reported(tmp_path: Path, place: dict[str, str]) -> None:
    picture, report = tmp_path / "window.png", tmp_path / "report.json"

    done = subprocess.run(
        [*MANAGER, "--demo", "1", "--print-table", "--screenshot", picture, "--report", report],
        env=place, capture_output=True, text=True, timeout=LIMIT, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Name ")
    assert "\nwork " in done.stdout
    assert str(picture) in done.stdout
    assert picture.read_bytes().startswith(b"\x89PNG")
    facts = json.loads(report.read_text())
    assert facts["rows"] == 12
    assert facts["calls_made"] >= 4
    assert 0 < facts["start_to_first_paint"] < facts["start_to_filled_table"]
    assert {"longest_gap", "memory_bytes", "versions", "connection"} <= set(facts)


def test_without_a_daemon_it_prints_the_reason_and_exits_with_three(tmp_path: Path, place: dict[str, str]) -> None:
    start = "import qubesmanager.ui.shell.app as a, qubesmanager.entry as e; a.FIRST_ANSWER = {}; exit(e.manager())"

    def print_table(seconds: int) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", start.format(seconds), "--connect", f"unix:{tmp_path / 'nobody'}", "--print-table"],
            env=place, capture_output=True, text=True, timeout=LIMIT, check=False,
        )  # fmt: skip

    done = print_table(1)
    if "Nothing answered" in done.stderr:  # on a busy machine the second ended before the first attempt to connect
        done = print_table(100)

    assert done.returncode == 3
    assert "nobody" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_second_start_hands_over_and_a_signal_ends_the_first(tmp_path: Path, place: dict[str, str]) -> None:
    command = [*MANAGER, "--connect", f"unix:{tmp_path / 'nobody'}"]
    with killed_on_failure(subprocess.Popen(command, env=place, stderr=subprocess.PIPE)) as first:
        run = Path(place["XDG_RUNTIME_DIR"])
        while not any(run.iterdir()) and first.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                first.wait(0.05)

        second = subprocess.run([*command, "settings", "work"], env=place, timeout=LIMIT, check=False)
        first.send_signal(signal.SIGTERM)
        first.wait(LIMIT)

    assert second.returncode == 0
    assert first.returncode == 0


def test_plurals_of_the_sources_own_language() -> None:
    plurals = EnglishTexts()

    assert plurals.translate("Status", "%n qube(s)", None, 1) == "%Ln qube"
    assert plurals.translate("Status", "%n qube(s)", None, 2) == "%Ln qubes"
    assert plurals.translate("Status", "Tasks", None, -1) is None


def test_english_texts_keep_their_direction_on_an_arabic_desktop(qtbot: QtBot) -> None:
    """Painted from right to left, "1 day ago" looks as it does alone: its number stays in front."""
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    before, direction = QLocale(), application.layoutDirection()
    QLocale.setDefault(QLocale("ar_EG"))
    translators = prepare(application)
    try:
        text, dots = ago_text(86_400), QCoreApplication.translate("Windows", "&Storage…")
        key = QCoreApplication.translate("QShortcut", "Del")
    finally:
        for translator in translators:
            application.removeTranslator(translator)
        QLocale.setDefault(before)
        application.setLayoutDirection(direction)

    assert drawn(text, Qt.LayoutDirection.RightToLeft) == drawn("1 day ago", Qt.LayoutDirection.LeftToRight)
    assert drawn("1 day ago", Qt.LayoutDirection.RightToLeft) != drawn(text, Qt.LayoutDirection.RightToLeft)
    assert drawn(title_text(dots), Qt.LayoutDirection.RightToLeft) == drawn("Storage", Qt.LayoutDirection.LeftToRight)
    assert key == "Del"


def drawn(text: str, direction: Qt.LayoutDirection) -> QImage:
    """The text in the middle of a cell, in a window of this direction of reading."""
    cells = QListWidget()
    cells.setLayoutDirection(direction)
    cells.setFrameShape(QListWidget.Shape.NoFrame)
    item = QListWidgetItem(text, cells)
    item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
    cells.resize(200, 30)
    return cells.grab().toImage()


def test_every_column_is_printed_whatever_it_holds() -> None:
    assert as_columns([["Name", "CPU", "State"], ["work", "", "Running"]]) == [
        "Name  CPU  State",
        "work       Running",
    ]


@pytest.mark.parametrize("language", ["fr_FR", "de_DE", "en_US", "C"])
def test_plurals_are_right_in_every_language(qtbot: QtBot, language: str) -> None:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    before = QLocale()
    QLocale.setDefault(QLocale(language))
    translators = prepare(application)
    try:
        texts = [QCoreApplication.translate("NoSuchContext", "%n day(s) ago", None, number) for number in (1, 21)]
    finally:
        for translator in translators:
            application.removeTranslator(translator)
        QLocale.setDefault(before)

    assert texts == ["1 day ago", "21 days ago"]


@pytest.mark.slow
def test_a_daemon_that_dies_at_its_start_is_reported_with_its_last_line(tmp_path: Path, place: dict[str, str]) -> None:
    (tmp_path / "libvirt.py").write_text("raise ModuleNotFoundError('none', name='libvirt')\n", encoding="utf-8")
    start = "import qubesmanager.ui.shell.app as a, qubesmanager.entry as e; a.FIRST_ANSWER = 3600; exit(e.manager())"

    done = subprocess.run(
        [sys.executable, "-c", start, "--demo", "1", "--print-table"],
        env={**place, "PYTHONPATH": f"{tmp_path}:{ROOT}"}, capture_output=True, text=True, timeout=LIMIT, check=False,
    )  # fmt: skip

    assert done.returncode == 3
    assert "The daemon ended before it answered: qubes-mgmt1d: The Python module libvirt is missing" in done.stderr
    assert "python3-libvirt" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_start_loads_neither_yaml_nor_ciphers_nor_compression(place: dict[str, str]) -> None:
    names = ("yaml", "cryptography", "isal", "zstandard", "qubesmanager.backup.profile")
    script = f"import sys, qubesmanager.ui.shell.app; print([name for name in {names} if name in sys.modules])"

    done = subprocess.run(
        [sys.executable, "-c", script], env=place, capture_output=True, text=True, timeout=LIMIT, check=True
    )

    assert done.stdout == "[]\n"


@pytest.mark.slow
def test_the_settings_are_loaded_in_a_thread_once_the_table_is_filled(place: dict[str, str]) -> None:
    script = """
import os, signal, sys, threading
import qubesmanager.entry as entry, qubesmanager.ui.shell.app as app
NAMES = ("qubesmanager.ui.settings.settings_window", "cryptography")
load = app.preload
def preload():
    before = [name for name in NAMES if name in sys.modules]
    load()
    after = [name for name in NAMES if name in sys.modules]
    print(before, after, threading.current_thread() is threading.main_thread())
    os.kill(os.getpid(), signal.SIGTERM)
app.preload = preload
raise SystemExit(entry.manager())
"""

    done = subprocess.run(
        [sys.executable, "-c", script, "--demo", "1"],
        env=place,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=True,
    )

    assert done.stdout == "[] ['qubesmanager.ui.settings.settings_window'] False\n"


def test_real_machines_without_libvirt_name_the_packages(place: dict[str, str]) -> None:
    start = (
        "import sys; sys.modules['libvirt'] = None; from qubesmanager.entry import manager; raise SystemExit(manager())"
    )

    done = subprocess.run(
        [sys.executable, "-c", start, "--real"], env=place, capture_output=True, text=True, timeout=LIMIT, check=False
    )

    assert done.returncode == 3
    assert all(word in done.stderr for word in ("python3-libvirt", "(apt, dnf)", "(pacman)"))
    assert len(done.stderr.splitlines()) == 1


def test_real_machines_without_programs_name_the_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name, path="": None if "qemu" in name else f"/usr/bin/{name}")

    why = real.why_not()

    assert why is not None
    assert why.startswith("Missing for virtual machines of QEMU: QEMU. ")
    assert all(f"({manager})" in why for manager in ("apt", "dnf", "pacman"))


@pytest.fixture
def short_folder() -> Iterator[str]:
    """A temporary folder in which the path of a socket has room: it has 108 bytes at most."""
    with tempfile.TemporaryDirectory(prefix="qm-", dir="/tmp") as folder:
        yield folder


@pytest.mark.slow
def test_printing_needs_no_display_and_no_session_and_writes_nothing_to_standard_error(
    short_folder: str, place: dict[str, str]
) -> None:
    missing = {*DISPLAYS, "QT_QPA_PLATFORM", "XDG_RUNTIME_DIR"}
    environment = {name: value for name, value in place.items() if name not in missing} | {"TMPDIR": short_folder}

    done = subprocess.run(
        [*MANAGER, "--demo", "1", "--print-table"],
        env=environment, capture_output=True, text=True, timeout=LIMIT, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, "")
    header, *rows = done.stdout.splitlines()
    assert re.split(r"  +", header)[:3] == ["Name", "State", "Class"]
    at = header.index("Backup")
    assert {row.split()[0]: row[at:].split()[0] for row in rows if row.split()[0] in {"work", "untrusted"}} == {
        "work": "yes",
        "untrusted": "no",
    }


@pytest.mark.slow
@pytest.mark.parametrize("program", ["manager", "devices"])
def test_a_window_without_a_display_is_refused_with_a_sentence(place: dict[str, str], program: str) -> None:
    environment = {name: value for name, value in place.items() if name not in {*DISPLAYS, "QT_QPA_PLATFORM"}}
    start = f"from qubesmanager.entry import {program}; raise SystemExit({program}())"

    done = subprocess.run(
        [sys.executable, "-c", start, "--demo"],
        env=environment, capture_output=True, text=True, timeout=LIMIT, check=False,
    )  # fmt: skip

    assert done.returncode == 3
    assert done.stderr == "There is no display: neither DISPLAY nor WAYLAND_DISPLAY is set.\n"


def test_the_application_is_drawn_in_high_resolution(place: dict[str, str]) -> None:
    start = (
        "from PyQt5.QtCore import QCoreApplication, Qt; from qubesmanager.ui.shell.app import make_application;"
        "made = make_application();"
        "print(made.testAttribute(Qt.ApplicationAttribute.AA_EnableHighDpiScaling), made.devicePixelRatio())"
    )

    done = subprocess.run(
        [sys.executable, "-c", start],
        env={**place, "QT_SCALE_FACTOR": "2"}, capture_output=True, text=True, timeout=LIMIT, check=True,
    )  # fmt: skip

    assert done.stdout == "True 2.0\n"


def test_the_socket_of_a_connection_is_its_own(qtbot: QtBot) -> None:
    assert single_instance.socket_path("unix:a") != single_instance.socket_path("unix:b")
    assert not single_instance.hand_over("nobody runs with this", ("settings", "work"))


@pytest.fixture
async def first(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[single_instance.FirstInstance]:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    parent = QObject()
    instance = single_instance.FirstInstance("unix:a", parent)
    single_instance.socket_path("unix:a").write_text("left by one that was killed", encoding="utf-8")
    await instance.listen()
    yield instance
    instance.close()
    assert not os.listdir(tmp_path)  # noqa: PTH208 - a Path's own would be taken for slow work in a coroutine


def test_a_manager_that_is_busy_still_gets_the_arguments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    busy = threading.Event()

    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            busy.wait(1.5 * single_instance.PATIENCE)
            connection.sendall(b"\n")

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(single_instance.socket_path("unix:a")))
        listener.listen()
        thread = threading.Thread(target=answer)
        thread.start()

        assert single_instance.hand_over("unix:a", ("settings", "work"))

        thread.join()


async def test_the_first_instance_gets_the_arguments_of_a_later_one(first: single_instance.FirstInstance) -> None:
    heard: list[tuple[str, ...]] = []
    first.started_again.connect(heard.append)

    assert await asyncio.to_thread(single_instance.hand_over, "unix:a", ("settings", "wörk"))
    assert await single_instance.raise_running("unix:a")
    assert not await single_instance.raise_running("unix:b")

    assert heard == [("settings", "wörk"), ()]


@pytest.mark.parametrize(
    "said", [b"\n", b"{}\n", b"[1]\n", b"[" * 9000 + b"\n", b"\xff\xfe\n", b'["' + b"x" * 40_000, b""]
)
async def test_a_message_that_is_not_a_list_of_texts_opens_no_window(
    first: single_instance.FirstInstance, said: bytes
) -> None:
    heard: list[tuple[str, ...]] = []
    first.started_again.connect(heard.append)

    reader, writer = await asyncio.open_unix_connection(str(single_instance.socket_path("unix:a")))
    writer.write(said)
    with contextlib.suppress(OSError):
        writer.write_eof()
        assert await reader.read() == b""
    writer.close()

    assert not heard
    assert await single_instance.raise_running("unix:a")


async def test_the_socket_of_the_first_instance_is_for_its_user_alone(first: single_instance.FirstInstance) -> None:
    assert single_instance.socket_path("unix:a").stat().st_mode & 0o777 == 0o600


def test_versions_and_age_of_the_process() -> None:
    assert set(versions()) == {"qubes-manager", "python", "qt", "pyqt", "system"}
    assert since_start() > 0


@pytest.mark.slow
def test_a_signal_keeps_how_the_window_is(place: dict[str, str]) -> None:
    """The state is on disk although the window was never closed."""
    start = (
        "import qubesmanager.ui.shell.app as a, qubesmanager.entry as e;"
        "show = a.Manager.raise_with;"
        "a.Manager.raise_with = lambda m, w: (show(m, w), m.window.resize(777, 555), print('shown', flush=True));"
        "exit(e.manager())"
    )
    command = [sys.executable, "-c", start, "--demo"]
    with killed_on_failure(subprocess.Popen(command, env=place, stdout=subprocess.PIPE, text=True)) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "shown\n"
        program.send_signal(signal.SIGTERM)
        program.wait(LIMIT)

    assert program.returncode == 0
    kept = (Path(place["XDG_CONFIG_HOME"]) / "qubes-manager/demo.ini").read_text()
    assert "geometry=" in kept
    assert "header=" in kept
