# SPDX-License-Identifier: GPL-3.0-or-later
"""The network map in a separate window, beside the table."""

from PyQt5.QtCore import Qt
from PyQt5.QtGui import QCloseEvent, QKeySequence
from PyQt5.QtWidgets import QShortcut, QVBoxLayout, QWidget

from qubesmanager.ui.icons import icon
from qubesmanager.ui.map.map_page import MapPage
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.screens import resize_in_units


class MapWindow(QWidget):
    """The page with its tools above it; the actions have their keys here."""

    def __init__(self, session: Session) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self._session = session
        self.setWindowTitle(self.tr("Network map"))
        self.setWindowIcon(icon("network"))
        self.page = MapPage(session, self, has_keys=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.page.toolbar)
        layout.addWidget(self.page, 1)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self).activated.connect(self.page.start_search)
        resize_in_units(self, 300, 170)
        if geometry := session.settings.value("map/geometry"):
            self.restoreGeometry(geometry)
        self.page.picture.setFocus()

    def show_page(self, page: str) -> None:
        """`picture`, `network` or `templates`."""
        self.page.show_page(page)

    # Qt overrides

    def closeEvent(self, event: QCloseEvent | None) -> None:
        self._session.settings.setValue("map/geometry", self.saveGeometry())
        super().closeEvent(event)


def open_map(session: Session, _names: tuple[str, ...]) -> QWidget:
    """Open the window; it is about no qube."""
    return MapWindow(session)
