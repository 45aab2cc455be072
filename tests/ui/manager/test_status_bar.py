# SPDX-License-Identifier: GPL-3.0-or-later
"""The status bar counts the qubes, and shows that some are missing in the list."""

from windows import Clicker

from qubesmanager.client.client import Client
from qubesmanager.models.qube_counts import ALL
from qubesmanager.wire import calls
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
