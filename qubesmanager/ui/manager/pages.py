# SPDX-License-Identifier: GPL-3.0-or-later
"""THE PAGES of the manager's window, in the order of the sidebar: to look at, and to return from."""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, pyqtBoundSignal
from PyQt5.QtWidgets import QToolBar, QWidget

from qubesmanager.ui.session.session import Session

QUBES = "qubes"
"""The page with the table of qubes, which the window itself is."""


class Page(Protocol):
    """What the window uses of a page beside that it is a widget."""

    toolbar: QToolBar

    def start_search(self) -> None:
        """Give the search field of the page the keys."""

    def enter(self, names: Sequence[str]) -> None:
        """The page is shown now; these qubes are selected in the table."""


@runtime_checkable
class Selecting(Protocol):
    """A page on which qubes are selected: the keys and menus of the window are about those while it is in front.

    Its signal `selection_changed` has no values.
    """

    selection_changed: pyqtBoundSignal

    def selected_names(self) -> Sequence[str]:
        """The qubes that are selected on the page."""


Opener = Callable[[Session, QWidget], QWidget]


@dataclass(frozen=True, slots=True)
class PageRow:
    """A page: `opener`, "module:function" below `qubesmanager.ui`, is loaded when the page is first shown."""

    name: str
    text: str
    icon: str
    opener: str = ""

    def title(self) -> str:
        """The text in the user's language."""
        return QCoreApplication.translate("Pages", self.text)

    def load(self) -> Opener:
        """What makes the page for a session and a parent."""
        module, function = self.opener.split(":")
        opener: Opener = getattr(importlib.import_module(f"qubesmanager.ui.{module}"), function)
        return opener


PAGES = {
    row.name: row
    for row in (
        PageRow(QUBES, QT_TRANSLATE_NOOP("Pages", "All qubes"), "qubes"),
        PageRow("map", QT_TRANSLATE_NOOP("Pages", "Network map"), "network", "map.map_page:open_map"),
        PageRow("backups", QT_TRANSLATE_NOOP("Pages", "Backups"), "backup", "manager.backups_page:open_backups"),
        PageRow("timeline", QT_TRANSLATE_NOOP("Pages", "Timeline"), "timeline", "timeline.timeline_page:open_timeline"),
        PageRow(
            "resources", QT_TRANSLATE_NOOP("Pages", "Resources"), "resources", "resources.resources_page:open_resources"
        ),
        PageRow("updates", QT_TRANSLATE_NOOP("Pages", "Updates"), "update", "manager.updates_page:open_updates"),
    )
}
