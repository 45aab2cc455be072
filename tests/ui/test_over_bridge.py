# SPDX-License-Identifier: GPL-3.0-or-later
"""The lists of tests that run over the bridge, and of those that do not; what windows show where qubesd has no call."""

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from windows import Clicker
from windows_over_bridge import BOTH_WAYS, DIFFERENCES, is_both_ways, why_not

from qubesmanager.ui.logs.logs_window import LogsWindow
from qubesmanager.ui.manager.backups_feed import BackupsFeed

FOLDER = Path(__file__).parent


@pytest.mark.parametrize("name", [*BOTH_WAYS, *DIFFERENCES])
def test_each_name_is_that_of_a_test(name: str) -> None:
    path, _, test = name.partition("::")

    assert f"def {test.partition('[')[0]}(" in (FOLDER / path).read_text(encoding="utf-8")


def test_what_differs_never_runs_both_ways() -> None:
    assert not any(map(why_not, BOTH_WAYS))
    assert not any(map(is_both_ways, DIFFERENCES))


@pytest.mark.parametrize("client", ["bridge"], indirect=True)
async def test_the_window_of_logs_says_where_the_logs_of_qubes_os_are(clicker: Clicker, qtbot: QtBot) -> None:
    window = LogsWindow(clicker.session, "work")
    qtbot.addWidget(window)
    window.show()

    await clicker.until(lambda: "/var/log/xen/console" in window.status.text())


@pytest.mark.parametrize("client", ["bridge"], indirect=True)
async def test_the_page_of_backups_says_what_to_use_instead(clicker: Clicker) -> None:
    feed = BackupsFeed(clicker.session, clicker.window)
    feed.ask()

    await clicker.until(lambda: "qvm-backup" in feed.problem)
