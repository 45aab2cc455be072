# SPDX-License-Identifier: GPL-3.0-or-later
"""The window of the pools, volumes and snapshots of the whole system."""

from PyQt5.QtCore import Qt
from PyQt5.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PyQt5.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from qubesmanager.ui.session.request_task import sender
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.storage.pools_page import PoolsPage
from qubesmanager.ui.storage.snapshots_page import SnapshotsPage
from qubesmanager.ui.storage.storage_feed import StorageFacts
from qubesmanager.ui.storage.volumes_page import AllVolumesPage
from qubesmanager.ui.widgets.labels import plain_label
from qubesmanager.ui.widgets.page_keys import page_keys
from qubesmanager.ui.widgets.screens import resize_in_units


class StorageWindow(QWidget):
    """Three pages over the same facts; what was refused stands above them."""

    def __init__(self, session: Session) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self.setWindowTitle(self.tr("Storage"))
        self.facts = StorageFacts(session, self)
        self.notice = plain_label("", self)
        self.notice.hide()
        do = sender(session, self.notice)
        self.pools = PoolsPage(session, self.facts, do, self)
        self.volumes = AllVolumesPage(session, self.facts, do, self)
        self.snapshots = SnapshotsPage(session, self.facts, do, self)
        self.tabs = QTabWidget(self)
        self.tabs.setDocumentMode(True)
        page_keys(self.tabs, self)
        self.pages: dict[str, QWidget] = {"pools": self.pools, "volumes": self.volumes, "snapshots": self.snapshots}
        for widget, title in (
            (self.pools, self.tr("&Pools")),
            (self.volumes, self.tr("&Volumes")),
            (self.snapshots, self.tr("S&napshots")),
        ):
            self.tabs.addTab(widget, title)
        self.away = plain_label(self.tr("The connection is lost, so this may be out of date. Trying again."), self)
        self._session = session
        session.lost.connect(self._connection_changed)
        session.synced.connect(self._connection_changed)
        self._connection_changed()
        layout = QVBoxLayout(self)
        layout.addWidget(self.away)
        layout.addWidget(self.notice)
        layout.addWidget(self.tabs, 1)
        resize_in_units(self, 240, 160)

    def _connection_changed(self, _lost: object = None) -> None:
        """Grey while there is no connection: the rows may be out of date, and no action is possible."""
        away = self._session.trouble is not None
        self.away.setVisible(away)
        self.tabs.setEnabled(not away)

    def show_page(self, page: str) -> None:
        """Bring the page of this name to the front."""
        if page in self.pages:
            self.tabs.setCurrentWidget(self.pages[page])

    # Qt overrides

    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        self.facts.slowly.start()

    def hideEvent(self, event: QHideEvent | None) -> None:
        super().hideEvent(event)
        self.facts.slowly.stop()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)


def open_storage(session: Session, _names: tuple[str, ...]) -> StorageWindow:
    """Open the window; it is about no qube."""
    return StorageWindow(session)
