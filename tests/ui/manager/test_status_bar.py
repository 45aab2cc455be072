# SPDX-License-Identifier: GPL-3.0-or-later
"""The status bar shows that qubes are missing in the list."""

from windows import Clicker

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
