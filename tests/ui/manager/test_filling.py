# SPDX-License-Identifier: GPL-3.0-or-later
"""The table is painted while it is filled, at intervals, and is whole in the end."""

import pytest
from samples import vm
from windows import Clicker

from qubesmanager.ui.manager import inspector_summary


async def test_a_list_that_stops_in_the_middle_is_painted(clicker: Clicker) -> None:
    window, session = clicker.window, clicker.session
    await clicker.until(window.view.isVisible)
    session.is_synced = False

    session.put.emit((vm("aaa"),))
    session.put.emit((vm("aab"),))

    assert not window.view.updatesEnabled()
    await clicker.until(window.view.updatesEnabled)
    assert window.filter.index_of("aab").isValid()


async def test_the_end_of_the_list_is_painted_at_once(clicker: Clicker) -> None:
    window, session = clicker.window, clicker.session
    await clicker.until(window.view.isVisible)
    session.is_synced = False
    session.put.emit((vm("aaa"),))

    session.synced.emit()

    assert window.view.updatesEnabled()
    assert window.filter.index_of("aaa").isValid()


async def test_a_second_list_leaves_the_table_painted_and_whole(clicker: Clicker) -> None:
    window, session = clicker.window, clicker.session
    lists: list[bool] = []
    session.synced.connect(lambda: lists.append(True))

    session.follower.resync()

    await clicker.until(lambda: bool(lists))
    await clicker.until(window.view.updatesEnabled)
    assert sorted(row[0] for row in window.table_text()[1:]) == sorted(session.records)


@pytest.fixture
def without_later_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspector_summary, "PAUSE", 1 << 30)


@pytest.mark.usefixtures("without_later_looks")
async def test_the_end_of_the_list_is_shown_in_the_inspector_at_once(clicker: Clicker) -> None:
    summary = clicker.window.inspector.summary

    await clicker.until(lambda: summary.line.text().startswith(f"{len(clicker.session.records)} qube(s), "))
