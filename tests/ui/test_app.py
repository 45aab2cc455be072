# SPDX-License-Identifier: GPL-3.0-or-later
"""The program as a whole: printing, pictures, reports, no connection, a second start, an orderly end."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PyQt5.QtCore import QObject
from pytestqt.qtbot import QtBot

from qubesmanager.ui import single
from qubesmanager.ui.app import EnglishPlurals, as_columns
from qubesmanager.ui.report import since_start, versions

MANAGER = (sys.executable, "-c", "from qubesmanager.entry import manager; raise SystemExit(manager())")


@pytest.fixture
def place(tmp_path: Path) -> dict[str, str]:
    """An environment of its own for a started program."""
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


def test_the_demonstration_is_printed_pictured_and_reported(tmp_path: Path, place: dict[str, str]) -> None:
    picture, report = tmp_path / "window.png", tmp_path / "report.json"

    done = subprocess.run(
        [*MANAGER, "--demo", "1", "--print-table", "--screenshot", picture, "--report", report],
        env=place, capture_output=True, text=True, timeout=100, check=False,
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


def test_without_a_daemon_it_says_so_and_exits_with_three(tmp_path: Path, place: dict[str, str]) -> None:
    done = subprocess.run(
        [*MANAGER, "--connect", f"unix:{tmp_path / 'nobody'}", "--print-table"],
        env=place, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip

    assert done.returncode == 3
    assert "nobody" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_second_start_hands_over_and_a_signal_ends_the_first(tmp_path: Path, place: dict[str, str]) -> None:
    command = [*MANAGER, "--connect", f"unix:{tmp_path / 'nobody'}"]
    with subprocess.Popen(command, env=place, stderr=subprocess.PIPE) as first:
        run = Path(place["XDG_RUNTIME_DIR"])
        while not any(run.iterdir()) and first.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                first.wait(0.05)

        second = subprocess.run([*command, "settings", "work"], env=place, timeout=60, check=False)
        first.send_signal(signal.SIGTERM)
        first.wait(60)

    assert second.returncode == 0
    assert first.returncode == 0


def test_plurals_of_the_sources_own_language() -> None:
    plurals = EnglishPlurals()

    assert plurals.translate("Status", "%n qube(s)", None, 1) == "%n qube"
    assert plurals.translate("Status", "%n qube(s)", None, 2) == "%n qubes"
    assert plurals.translate("Status", "Tasks", None, -1) is None


def test_columns_that_hold_nothing_are_not_printed() -> None:
    assert as_columns([["Name", "Empty", "State"], ["work", "", "Running"]]) == ["Name  State", "work  Running"]


def test_the_socket_of_a_connection_is_its_own(qtbot: QtBot) -> None:
    assert single.socket_path("unix:a") != single.socket_path("unix:b")
    assert not single.hand_over("nobody runs with this", ("settings", "work"))


@pytest.fixture
async def first(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[single.FirstInstance]:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    parent = QObject()
    instance = single.FirstInstance("unix:a", parent)
    single.socket_path("unix:a").write_text("left by one that was killed", encoding="utf-8")
    await instance.listen()
    yield instance
    instance.close()
    assert not os.listdir(tmp_path)  # noqa: PTH208 - a Path's own would be taken for slow work in a coroutine


async def test_the_first_instance_hears_what_a_later_one_was_started_with(first: single.FirstInstance) -> None:
    heard: list[tuple[str, ...]] = []
    first.started_again.connect(heard.append)

    assert await asyncio.to_thread(single.hand_over, "unix:a", ("settings", "wörk"))
    assert await single.raise_running("unix:a")
    assert not await single.raise_running("unix:b")

    assert heard == [("settings", "wörk"), ()]


@pytest.mark.parametrize(
    "said", [b"\n", b"{}\n", b"[1]\n", b"[" * 9000 + b"\n", b"\xff\xfe\n", b'["' + b"x" * 40_000, b""]
)
async def test_what_is_no_list_of_texts_opens_nothing(first: single.FirstInstance, said: bytes) -> None:
    heard: list[tuple[str, ...]] = []
    first.started_again.connect(heard.append)

    reader, writer = await asyncio.open_unix_connection(str(single.socket_path("unix:a")))
    writer.write(said)
    with contextlib.suppress(OSError):
        writer.write_eof()
        assert await reader.read() == b""
    writer.close()

    assert not heard
    assert await single.raise_running("unix:a")


async def test_the_socket_of_the_first_instance_is_for_its_user_alone(first: single.FirstInstance) -> None:
    assert single.socket_path("unix:a").stat().st_mode & 0o777 == 0o600


def test_versions_and_age_of_the_process() -> None:
    assert set(versions()) == {"qubes-manager", "python", "qt", "pyqt", "system"}
    assert since_start() > 0
