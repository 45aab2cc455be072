# SPDX-License-Identifier: GPL-3.0-or-later
"""Menus that are built each time they open."""

from collections.abc import Callable

from PyQt5.QtWidgets import QMenu

from qubesmanager.ui.icons import icon


def add_action(menu: QMenu, text: str, run: Callable[[], None], picture: str = "") -> None:
    """Add a line with this text that calls `run`; `picture` names its icon, empty for none."""
    action = menu.addAction(text)
    if action is not None:
        if picture:
            action.setIcon(icon(picture))
        action.triggered.connect(lambda _on=False: run())


def plain(text: str) -> str:
    """A name as a menu shows it: an ampersand in it is no mnemonic."""
    return text.replace("&", "&&")
