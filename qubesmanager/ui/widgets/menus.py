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


def in_columns(name: str, details: str) -> str:
    """A line of two columns, so that nothing in the name looks like a detail; the details keep off the arrow."""
    return f"{plain(name)}\t{plain(details)}{_GAP}"


_GAP = "\N{NO-BREAK SPACE}" * 2
"""A style draws the arrow of a menu right behind the widest details."""


def plain(text: str) -> str:
    """A name as a menu shows it: an ampersand in it is no mnemonic."""
    return text.replace("&", "&&")
