# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools, volumes and snapshots of the whole system, in a window of its own."""

from typing import Any

from PyQt5.QtCore import Qt
from PyQt5.QtGui import QKeyEvent
from PyQt5.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from qubesmanager.transport.base import TransportError
from qubesmanager.ui.prompts import plain_label
from qubesmanager.ui.session import Session
from qubesmanager.ui.storage.facts import StorageFacts
from qubesmanager.ui.storage.pools_page import PoolsPage
from qubesmanager.ui.storage.snapshots_page import SnapshotsPage
from qubesmanager.ui.storage.volumes_page import AllVolumesPage
from qubesmanager.ui.tasks import ToldError
from qubesmanager.wire.call import Request
from qubesmanager.wire.errors import Mgmt1Error


class StorageWindow(QWidget):
    """Three pages over the same facts; what was refused stands above them."""

    def __init__(self, session: Session, page: str = "") -> None:
        super().__init__(None, Qt.WindowType.Window)
        self._session = session
        self.setWindowTitle(self.tr("Storage"))
        self.facts = StorageFacts(session, self)
        self.notice = plain_label("", self)
        self.notice.hide()
        self.pools = PoolsPage(session, self.facts, self.do, self)
        self.volumes = AllVolumesPage(session, self.facts, self.do, self)
        self.snapshots = SnapshotsPage(session, self.facts, self.do, self)
        self.tabs = QTabWidget(self)
        self.tabs.setDocumentMode(True)
        self.pages: dict[str, QWidget] = {"pools": self.pools, "volumes": self.volumes, "snapshots": self.snapshots}
        for widget, title in (
            (self.pools, self.tr("&Pools")),
            (self.volumes, self.tr("&Volumes")),
            (self.snapshots, self.tr("S&napshots")),
        ):
            self.tabs.addTab(widget, title)
        if page in self.pages:
            self.tabs.setCurrentWidget(self.pages[page])
        layout = QVBoxLayout(self)
        layout.addWidget(self.notice)
        layout.addWidget(self.tabs, 1)
        self.resize(900, 600)

    def do(self, title: str, request: Request[Any]) -> None:
        """Send it as a task; a refusal is shown here, where it was asked for."""
        self._session.tasks.start(title, self._send(title, request))

    async def _send(self, title: str, request: Request[Any]) -> None:
        self.notice.hide()
        try:
            await self._session.client.send(request)
        except (Mgmt1Error, TransportError) as error:
            self.notice.setText(self.tr("{0}: {1}").format(title, error))
            self.notice.show()
            raise ToldError(str(error)) from error

    # Qt overrides

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)
