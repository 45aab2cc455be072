# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways to the settings: from the window, and from the command line with a page."""

import pytest
from PyQt5.QtWidgets import QApplication, QMenu, QToolBar
from pytestqt.qtbot import QtBot
from windows import Clicker

from qubesmanager.client.client import Client
from qubesmanager.entry import manager_parser
from qubesmanager.ui.forms.form_page import FormPage
from qubesmanager.ui.session.windows import OpenWindows
from qubesmanager.ui.settings.settings_window import SettingsWindow
from qubesmanager.ui.shell.app import Manager, ManagerOptions


def shown() -> list[SettingsWindow]:
    return [
        widget for widget in QApplication.topLevelWidgets() if isinstance(widget, SettingsWindow) and widget.isVisible()
    ]


async def test_the_toolbar_and_the_menu_of_a_qube_open_its_settings(clicker: Clicker) -> None:
    windows = OpenWindows(clicker.session)
    openings: list[tuple[str, tuple[str, ...]]] = []
    clicker.session.window_wanted.connect(lambda kind, names: openings.append((kind, names)))
    clicker.select("vault")
    action = clicker.window.actions_of.by_id["settings"]

    bars = [bar for bar in clicker.window.findChildren(QToolBar) if action in bar.actions()]
    menus = [menu for menu in clicker.window.findChildren(QMenu) if action in menu.actions()]
    assert bars
    assert menus
    action.trigger()

    assert openings == [("settings", ("vault",))]
    windows.open(*openings[0])
    assert [window.draft.record.name for window in shown()] == ["vault"]
    windows.close_all()


@pytest.mark.parametrize("page", ["firewall", "devices"])
async def test_the_command_line_names_a_qube_and_a_page(clicker: Clicker, client: Client, page: str) -> None:
    options = manager_parser().parse_args(["settings", "vault", "--page", page])
    assert (options.arguments, options.page) == (["settings", "vault"], page)
    windows = OpenWindows(clicker.session)

    window = windows.open(options.arguments[0], (*options.arguments[1:], f"--page={options.page}"))

    assert isinstance(window, SettingsWindow)
    assert window.tabs.currentWidget() is window.pages[page]
    windows.close_all()


async def test_a_start_with_arguments_opens_the_page_once_the_qubes_are_known(
    client: Client, qtbot: QtBot, clicker: Clicker
) -> None:
    manager = Manager(client, ManagerOptions(print_table=True))
    qtbot.addWidget(manager.window)
    manager.raise_with(("settings", "work", "--page=tags"))
    assert not shown()

    manager.session.follow()
    await clicker.until(lambda: bool(shown()))

    (window,) = shown()
    assert window.tabs.currentWidget() is window.pages["tags"]
    manager.windows.close_all()
    await manager.session.tasks.cancel_all()


async def test_a_window_opens_as_large_as_the_last_one_of_its_kind(clicker: Clicker) -> None:
    windows = OpenWindows(clicker.session)
    windows.open("settings", ("vault",)).resize(777, 510)
    windows.close_all()

    window = windows.open("settings", ("work",))

    assert (window.width(), window.height()) == (777, 510)
    windows.close_all()


async def test_the_first_field_has_the_keyboard(clicker: Clicker) -> None:
    windows = OpenWindows(clicker.session)
    window = windows.open("settings", ("vault",))
    assert isinstance(window, SettingsWindow)
    page = window.pages["basic"]
    assert isinstance(page, FormPage)

    await clicker.until(lambda: QApplication.focusWidget() is page.editors["property", "name"].input)

    windows.close_all()
