# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys on each page of the window: they are about what is selected in sight, and what happened is above each page."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PyQt5.QtGui import QKeySequence
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QAction, QApplication, QDialog, QPushButton
from windows import Clicker, click

from qubesmanager.client.live_copy import Lost
from qubesmanager.transport.base import TransportError
from qubesmanager.ui.actions.actions import TABLE as ACTIONS
from qubesmanager.ui.manager.pages import PAGES, QUBES, Selecting
from qubesmanager.ui.map.map_page import MapPage
from qubesmanager.ui.resources.resources_page import ResourcesPage
from qubesmanager.wire import calls
from qubesmanager.wire.events import VM_STATS

OTHERS = [name for name in PAGES if name != QUBES]
KEYED = [row for row in ACTIONS if row.shortcut]
TABLE_KEYS = ("Ctrl+A", "Return", "Del", "F2", "Space")
"""Keys of the table itself."""


def press(clicker: Clicker, keys: str) -> None:
    """Press a shortcut where the keys go now."""
    hand: Any = QTest
    hand.keySequence(QApplication.focusWidget() or clicker.window, QKeySequence(keys))


def dialogs() -> list[QDialog]:
    return [each for each in QApplication.topLevelWidgets() if isinstance(each, QDialog) and each.isVisible()]


@pytest.fixture
def opened(clicker: Clicker) -> Iterator[list[tuple[str, tuple[str, ...]]]]:
    """The windows that were asked for, with their qubes."""
    openings: list[tuple[str, tuple[str, ...]]] = []
    clicker.session.window_wanted.connect(lambda kind, names: openings.append((kind, names)))
    yield openings
    for dialog in dialogs():
        dialog.reject()


async def show(clicker: Clicker, page: str) -> None:
    """Select a qube in the table, and bring another page to the front."""
    clicker.select("vault")
    clicker.window.sidebar.choose(f"page:{page}")
    await clicker.until(lambda: clicker.window.pages.currentWidget() is not clicker.window.qubes_page)


@pytest.mark.parametrize("name", [name for name in OTHERS if name != "map"])
async def test_no_key_on_a_page_acts_on_the_hidden_table(
    clicker: Clicker, opened: list[tuple[str, tuple[str, ...]]], name: str
) -> None:
    await show(clicker, name)
    page: object = clicker.window.pages.currentWidget()
    if isinstance(page, ResourcesPage):
        page.uses_table.clearSelection()
    clicker.window._follow_changes()
    assert clicker.window.selected() == []
    window, before = clicker.window, clicker.window.view.selected_names()

    for row in KEYED:
        press(clicker, row.shortcut)
        assert not window.actions_of.by_id[row.id].isEnabled(), row.id
    for keys in TABLE_KEYS:
        press(clicker, keys)

    assert opened == []
    assert dialogs() == []
    assert not clicker.session.tasks.entries
    assert window.view.selected_names() == before == ["vault"]
    assert {clicker.tip(row.id).count("Select a qube first.") for row in KEYED} == {1}


@pytest.mark.parametrize("name", ["map", "resources"])
async def test_keys_on_a_page_are_about_the_qube_that_is_selected_there(
    clicker: Clicker, opened: list[tuple[str, tuple[str, ...]]], name: str
) -> None:
    await show(clicker, name)
    page: object = clicker.window.pages.currentWidget()
    assert isinstance(page, Selecting)
    if isinstance(page, MapPage):
        page.choose("work")
    else:
        assert isinstance(page, ResourcesPage)
        clicker.session.stats.emit((VM_STATS("work", memory_kb=400 << 10, cpu_time=1, cpu_usage=3),))
        page.uses_table.selectRow(page.shown_uses.shown_row("work"))
    await clicker.until(lambda: clicker.window.selected() == ["work"])
    clicker.window._follow_changes()

    press(clicker, "Ctrl+Return")
    press(clicker, "Ctrl+Shift+D")
    tasks = await clicker.finished()

    assert opened == [("settings", ("work",))]
    assert [task.title for task in tasks] == ["Shut down work"]
    await clicker.until(lambda: clicker.state("work") == "Halted")
    assert clicker.state("vault") == "Halted"


async def test_the_table_has_its_selection_again_when_it_is_back(clicker: Clicker) -> None:
    await show(clicker, "timeline")

    clicker.window.sidebar.choose("all")

    assert clicker.window.selected() == ["vault"]
    assert clicker.can("start")


@pytest.mark.parametrize("name", OTHERS)
async def test_actions_on_the_table_are_grey_on_other_pages(clicker: Clicker, name: str) -> None:
    await show(clicker, name)

    own: dict[str, QAction] = clicker.window.own
    assert not any(own[key].isEnabled() for key in ("save_view", "properties", "inspector"))
    clicker.window.sidebar.choose("all")
    assert all(own[key].isEnabled() for key in ("save_view", "properties", "inspector"))


@pytest.mark.parametrize("name", OTHERS)
async def test_a_jump_to_a_qube_shows_the_table(clicker: Clicker, name: str) -> None:
    await show(clicker, name)

    clicker.window._jump("work")

    assert clicker.window.pages.currentWidget() is clicker.window.qubes_page
    assert clicker.window.selected() == ["work"]


async def test_a_hidden_table_does_not_get_the_keys_when_the_window_is_ready(clicker: Clicker) -> None:
    await show(clicker, "timeline")
    clicker.window._has_begun = False

    clicker.window._follow_changes()

    assert clicker.window.focusWidget() is not clicker.window.view


@pytest.mark.parametrize("name", [QUBES, *OTHERS])
async def test_each_page_shows_that_the_connection_is_lost_and_tries_again(
    clicker: Clicker, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    if name != QUBES:
        await show(clicker, name)
    session, banner = clicker.session, clicker.window.banner
    tried: list[bool] = []
    clicked: Callable[[], None] = lambda: tried.append(True)  # noqa: E731 - a slot
    banner.button.clicked.connect(clicked)

    session.lost.emit(Lost(TransportError("The socket was closed."), 5.0))

    assert banner.isVisible()
    assert "The connection is lost" in banner.text.text()
    click(banner.button)
    assert tried == [True]
    session.synced.emit()
    assert not banner.isVisible()


@pytest.mark.parametrize("name", OTHERS)
async def test_a_refusal_is_shown_above_each_page(clicker: Clicker, name: str) -> None:
    await show(clicker, name)

    async def refused() -> None:
        await clicker.session.client.send(calls.VM_PROPERTY_SET("work", "netvm", "vault"))

    clicker.session.tasks.start("Give work another net qube", refused())
    await clicker.until(lambda: bool(clicker.window.errors.notices))

    notice = clicker.window.errors.notices[0]
    assert notice.isVisible()
    assert notice.findChildren(QPushButton) is not None
