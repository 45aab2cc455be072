# SPDX-License-Identifier: GPL-3.0-or-later
"""The status bar counts the qubes, and shows that some are missing in the list."""

import asyncio

from windows import Clicker

from qubesmanager.client.client import Client
from qubesmanager.models.qube_counts import ALL
from qubesmanager.wire import calls
from qubesmanager.wire.backups import FAILED, BackupRun
from qubesmanager.wire.reason import Reason


async def test_a_qube_that_could_not_be_read_is_shown_with_the_reason_as_text(clicker: Clicker) -> None:
    status, session = clicker.window.status, clicker.window.session
    assert not status.unreadable.isVisible()

    session.follower.unreadable = (Reason("answer-row", "<b>"),)
    session.unreadable_changed.emit()

    assert status.unreadable.isVisible()
    assert status.unreadable.text().endswith("cannot be shown")
    assert "&lt;b&gt;" in status.unreadable.toolTip()

    session.follower.unreadable = ()
    session.unreadable_changed.emit()
    assert not status.unreadable.isVisible()


async def test_internal_qubes_are_counted_everywhere_or_nowhere(clicker: Clicker, client: Client) -> None:
    window = clicker.window
    sidebar, summary = window.sidebar, window.inspector.summary
    window.view.clearSelection()
    every = len(clicker.session.records)

    def numbers() -> set[str]:
        """What is counted in the sidebar, in the status bar and in the inspector."""
        line = sidebar._entries[ALL]
        return {str(line.count), window.status.counts.text().split()[0], summary.line.text().split()[0]}

    await clicker.until(lambda: numbers() == {str(every)})
    await client.send(calls.VM_FEATURE_SET("vault", "internal", "1"))
    await clicker.until(lambda: numbers() == {str(every - 1)})
    window.own["internal"].trigger()

    await clicker.until(lambda: numbers() == {str(every)})


async def test_long_texts_never_make_the_window_wider(clicker: Clicker) -> None:
    window, session = clicker.window, clicker.window.session
    narrowest = window.minimumSizeHint().width()

    session.connection = "unix:/" + "long/" * 60
    window.status.look()
    session.tasks.start("Carry out " + "something " * 30, asyncio.sleep(600))
    session.backups.runs = {
        f"profile-{number}": BackupRun(f"profile-{number}", number, FAILED, by="dom0", owner="dom0", names=(), end=1)
        for number in range(30)
    }
    window.status.look_at_backups()

    assert window.status.task.isVisible()
    assert "profile-1" in window.status.backup.text()
    assert "unix:/long/" in window.status.connection.toolTip()
    assert window.minimumSizeHint().width() <= max(narrowest, 800)
