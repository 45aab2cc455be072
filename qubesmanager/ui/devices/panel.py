# SPDX-License-Identifier: GPL-3.0-or-later
"""All devices, or those of one qube: a search field, the tree, and what can be done with the selected one."""

from PyQt5.QtCore import QPoint, Qt
from PyQt5.QtGui import QShowEvent
from PyQt5.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from qubesmanager.models.device_catalog import Device, Step
from qubesmanager.models.device_tree import DeviceTree, Shows
from qubesmanager.models.reason_texts import reason_text
from qubesmanager.models.texts import plain_tip
from qubesmanager.ui.devices.attach_dialog import ATTACHED_HERE
from qubesmanager.ui.devices.device_actions import DeviceActions
from qubesmanager.ui.devices.device_view import DeviceView
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.labels import plain_label, problem_label, subdue


class DevicesPanel(QWidget):
    """`qube`: only what this qube has or gets, and a button to give it more."""

    def __init__(
        self, session: Session, actions: DeviceActions, parent: QWidget | None = None, *, qube: str = ""
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._actions = actions
        self._qube = qube
        catalog = actions.feed.catalog
        shows: Shows | None = (lambda device: qube in {device.holder, *device.assigned}) if qube else None
        self.model = DeviceTree(catalog, self, shows=shows)
        self.search = QLineEdit(self)
        self.search.setClearButtonEnabled(True)
        self.search.setPlaceholderText(self.tr("Search for a device, a qube or a kind"))
        self.search.setAccessibleName(self.tr("Search for a device"))
        self.view = DeviceView(self.model, session.color_of_qube, self)
        self.empty = plain_label("", self)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        subdue(self.empty)
        self.stack = QStackedWidget(self)
        self.stack.addWidget(self.view)
        self.stack.addWidget(self.empty)
        self.why = problem_label(self)
        self.why.hide()
        self.attach = QPushButton(self.tr("&Attach…"), self)
        self.detach = QPushButton(self.tr("&Detach"), self)
        self.retry = QPushButton(self.tr("&Retry"), self)
        self.more = QPushButton(self.tr("M&ore"), self)
        self.more_menu = QMenu(self.more)
        self.more.setMenu(self.more_menu)
        self._lay_out()
        self.more_menu.aboutToShow.connect(self._fill_more)
        self.attach.clicked.connect(self._attach)
        self.detach.clicked.connect(self._detach)
        self.retry.clicked.connect(self._retry)
        self.search.textChanged.connect(self._search)
        self.view.picked.connect(self._refresh)
        self.view.chosen.connect(self._chosen)
        self.view.menu_wanted.connect(self._menu)
        catalog.changed.connect(self._refresh)
        session.synced.connect(self._refresh)
        session.lost.connect(self._refresh)
        self._refresh()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        for button in (self.attach, self.detach, self.retry):
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(self.more)
        layout = QVBoxLayout(self)
        layout.addWidget(self.search)
        layout.addWidget(self.stack, 1)
        layout.addWidget(self.why)
        layout.addLayout(row)

    # -- showing ------------------------------------------------------------------------------------------------------

    def _search(self, text: str) -> None:
        self.model.set_filter(text)
        if text.strip():
            self.view.select_match()
        self._refresh()

    def _refresh(self, *_: object) -> None:
        device = self.view.device()
        doing = device.doing if device else None
        failed = doing is not None and doing.step is Step.FAILED
        busy = doing is not None and not failed
        here = device is not None and device.key.device_class in ATTACHED_HERE
        moves = device is not None and bool(device.holder) and not self._qube
        self.attach.setText(self.tr("&Move…") if moves else self.tr("&Attach…"))
        taken = device.taken if device is not None and not self._qube else None
        self.attach.setEnabled(bool(self._qube) or (here and device is not None and device.can_be_given and not busy))
        self.attach.setToolTip(plain_tip(reason_text(taken)) if taken is not None else "")
        self.detach.setEnabled(here and device is not None and bool(self._holders(device)) and not busy)
        self.retry.setVisible(failed)
        self.more.setEnabled(device is not None)
        self.why.setVisible(bool(failed and doing and doing.why))
        self.why.setText(doing.why if failed and doing else "")
        self._say_why_empty()

    def _say_why_empty(self) -> None:
        empty = self.model.rowCount() == 0
        self.stack.setCurrentIndex(int(empty))
        if not empty:
            return
        if self.search.text():
            text = self.tr("No device matches “{0}”.").format(self.search.text())
        elif not self._session.is_synced:
            text = self.tr("Waiting for the connection…")
        elif self._qube:
            text = self.tr("{0} has no devices.").format(self._qube)
        else:
            text = self.tr("There are no devices.\nWhat is plugged in shows up here.")
        self.empty.setText(text)

    def _holders(self, device: Device) -> list[str]:
        holders = [name for name in (device.holder, *device.assigned) if name]
        return [name for name in holders if not self._qube or name == self._qube]

    # -- the user's input ---------------------------------------------------------------------------------------------

    def _attach(self) -> None:
        device = self.view.device()
        if self._qube:
            self._actions.ask_device(self._qube)
        elif device is not None:
            self._actions.ask_qube(device)

    def _detach(self) -> None:
        device = self.view.device()
        if device is not None and (holders := self._holders(device)):
            self._actions.operations.detach(device, holders[0])

    def _retry(self) -> None:
        if (device := self.view.device()) is not None:
            self._actions.operations.retry(device)

    def _chosen(self, device: Device) -> None:
        """The usual action: attach it to a qube. Does nothing if a qube has it already."""
        is_free = device.can_be_given and not device.holder
        if device.key.device_class in ATTACHED_HERE and is_free and not self._qube:
            self._actions.ask_qube(device)

    def _menu(self, device: Device, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._actions.fill(menu, device.key)
        menu.popup(at)

    def _fill_more(self) -> None:
        self.more_menu.clear()
        if (device := self.view.device()) is not None:
            self._actions.fill(self.more_menu, device.key)

    # Qt overrides

    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        self.search.setFocus()
