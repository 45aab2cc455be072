# SPDX-License-Identifier: GPL-3.0-or-later
"""At 800x600 the sidebar is a rail of icons, and the table has room for its columns."""

from PyQt5.QtCore import QSettings
from PyQt5.QtWidgets import QAction
from windows import Clicker, click

from qubesmanager.ui.manager.sidebar import MORE


async def narrow(clicker: Clicker) -> None:
    clicker.window.resize(800, 600)
    await clicker.until(lambda: clicker.window.sidebar.is_rail)


async def wide(clicker: Clicker) -> None:
    clicker.window.resize(1500, 800)
    await clicker.until(lambda: not clicker.window.sidebar.is_rail)


def line_of(clicker: Clicker, key: str) -> None:
    """Click the line of a key in the sidebar."""
    sidebar = clicker.window.sidebar
    item = next(item for item in sidebar._items() if item.data(0, 256) == key)
    viewport = sidebar.viewport()
    assert viewport is not None
    click(viewport, sidebar.visualItemRect(item).center())


def shown_columns(clicker: Clicker) -> list[str]:
    view = clicker.window.view
    return [column.id for at, column in enumerate(clicker.window.model.columns) if not view.isColumnHidden(at)]


async def test_a_narrow_window_has_a_rail_and_a_wide_one_the_sidebar_again(clicker: Clicker) -> None:
    sidebar = clicker.window.sidebar
    await wide(clicker)
    before = sidebar.width()

    await narrow(clicker)
    viewport = sidebar.viewport()
    assert viewport is not None
    await clicker.until(lambda: sidebar.width() == sidebar.maximumWidth() < before)
    await clicker.until(lambda: clicker.window.pages.width() > 700)
    assert sidebar.columnWidth(0) <= viewport.width()
    assert not clicker.window.inspector.isVisible()

    await wide(clicker)
    await clicker.until(lambda: sidebar.width() == before)
    assert clicker.window.inspector.isVisible()


async def test_pages_and_parts_are_chosen_by_a_click_on_the_rail(clicker: Clicker) -> None:
    await narrow(clicker)

    line_of(clicker, "running")
    assert clicker.window.sidebar.current_key() == "running"
    await clicker.until(lambda: "vault" not in clicker.window.filter.names())
    line_of(clicker, "page:backups")
    await clicker.until(lambda: clicker.window.pages.currentWidget() is not clicker.window.qubes_page)
    tip = next(item.toolTip(0) for item in clicker.window.sidebar._items() if item.data(0, 256) == "running")
    assert "Running: " in tip


async def test_the_other_groups_are_in_a_menu_of_the_rail(clicker: Clicker) -> None:
    sidebar = clicker.window.sidebar
    await narrow(clicker)
    assert MORE in [item.data(0, 256) for item in sidebar._items()]

    menu = sidebar.more_menu()
    tags = next(action.menu() for action in menu.actions() if action.text() == "Tags")
    assert tags is not None
    action: QAction = next(action for action in tags.actions() if action.text() == "work")
    action.trigger()

    assert sidebar.current_key() == "tag:work"
    await clicker.until(lambda: clicker.window.filter.names() == ["work"])


async def test_columns_hidden_for_lack_of_room_come_back_and_are_not_stored_as_hidden(clicker: Clicker) -> None:
    await wide(clicker)
    before = shown_columns(clicker)
    assert {"class", "template"} <= set(before)

    await narrow(clicker)
    assert shown_columns(clicker) == [name for name in before if name not in {"class", "template"}]
    clicker.window.save()
    settings: QSettings = clicker.session.settings
    assert settings.value("window/inspector") == "yes"
    assert shown_columns(clicker) == [name for name in before if name not in {"class", "template"}]
    await wide(clicker)

    assert shown_columns(clicker) == before
    await narrow(clicker)
    clicker.window.save()
    await wide(clicker)
    clicker.window.view.restore_state(settings)
    assert shown_columns(clicker) == before
