# SPDX-License-Identifier: GPL-3.0-or-later
"""Attach a device: to which qube, or which device to this qube, and how."""

from PyQt5.QtCore import QEvent, QObject, Qt
from PyQt5.QtGui import QKeyEvent
from PyQt5.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.models.device_catalog import Device, DeviceCatalog
from qubesmanager.models.device_targets import Effort, Target, TargetList, targets
from qubesmanager.models.device_tree import DeviceTree
from qubesmanager.rules.devices import PERSISTENT, READ_ONLY
from qubesmanager.ui.devices.device_view import DeviceView, TargetView
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.button_box import button_box
from qubesmanager.ui.widgets.labels import embolden, plain_label
from qubesmanager.ui.widgets.screens import resize_in_units
from qubesmanager.wire.records import YES
from qubesmanager.wire.values import DeviceClass, PowerState


class AttachDialog(QDialog):
    """Asks for the other end of an attachment: `device` or `qube` is given, and the user chooses the other."""

    def __init__(
        self, parent: QWidget | None, session: Session, catalog: DeviceCatalog, *, device: Device | None, qube: str = ""
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._catalog = catalog
        self._device = device
        self._qube = qube
        self.search = QLineEdit(self)
        self.search.setClearButtonEnabled(True)
        self.search.installEventFilter(self)
        self.read_only = QCheckBox(self.tr("&Read-only"), self)
        self.each_start = QCheckBox(self.tr("Also at each &start of the qube"), self)
        self.start_now = QCheckBox(self.tr("Start the qube &now"), self)
        self.start_now.setChecked(True)
        self.hint = plain_label("", self)
        self.buttons = button_box(self, QDialogButtonBox.StandardButton.Cancel)
        self.attach = QPushButton(self.tr("&Attach"), self)
        self.buttons.addButton(self.attach, QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.accepted.connect(self._accept)
        self.buttons.rejected.connect(self.reject)
        self.attach.setDefault(True)
        layout = QVBoxLayout(self)
        layout.addWidget(self._headline())
        layout.addWidget(self.search)
        self.list: TargetView | DeviceView = self._qubes() if device is not None else self._devices()
        layout.addWidget(self.list, 1)
        for widget in (self.read_only, self.each_start, self.start_now, self.hint, self.buttons):
            layout.addWidget(widget)
        for box in (self.each_start, self.start_now):
            box.toggled.connect(self._refresh)
        self.search.setFocus()
        resize_in_units(self, 123 if device is not None else 165, 128)
        self._refresh()

    def wanted(self) -> tuple[Device, Target] | None:
        """Which device and which qube; None while one is not chosen."""
        device, target = self._device, None
        if isinstance(self.list, TargetView):
            target = self.list.target()
        else:
            device = self.list.device()
            record = self._session.records.get(self._qube)
            if record is not None:
                effort = Effort.NONE if record.running else Effort.START
                target = Target(effort, record.name, record.value("label"))
        return (device, target) if device is not None and target is not None else None

    def options(self) -> dict[str, str]:
        """As the call takes them."""
        boxes = ((READ_ONLY, self.read_only), (PERSISTENT, self.each_start))
        return {name: YES for name, box in boxes if box.isChecked() and not box.isHidden() and box.isEnabled()}

    def starts(self) -> bool:
        """Whether a halted qube is started for it."""
        return self.start_now.isHidden() or self.start_now.isChecked()

    # -- parts --------------------------------------------------------------------------------------------------------

    def _headline(self) -> QWidget:
        if self._device is not None:
            self.setWindowTitle(self.tr("Move a device") if self._device.holder else self.tr("Attach a device"))
            text = self.tr("Attach {0} to:").format(self._device.name)
        else:
            self.setWindowTitle(self.tr("Attach a device to {0}").format(self._qube))
            text = self.tr("Attach to {0}:").format(self._qube)
        headline = plain_label(text, self)
        embolden(headline)
        return headline

    def _qubes(self) -> TargetView:
        self.search.setPlaceholderText(self.tr("Search for a qube"))
        self.search.setAccessibleName(self.tr("Search for a qube"))
        model = TargetList(self)
        view = TargetView(model, self._session.color_of, self)

        def put(*_: object) -> None:
            target = view.target()
            model.put(targets(self._session.records.values(), self._device))
            # No qube is selected before the user chooses one: Enter would give it the device.
            view.select_row(model.row_of(target) if target else -1)

        def look(text: str) -> None:
            model.set_filter(text)
            view.select_row(0 if text.strip() else -1)

        self._put = put
        self._session.put.connect(self._records_changed)
        self._session.gone.connect(self._records_changed)
        self.search.textChanged.connect(look)
        view.chosen.connect(self._accept)
        put()
        if selection := view.selectionModel():
            selection.currentChanged.connect(lambda *_: self._refresh())
        model.modelReset.connect(self._refresh)
        return view

    def _records_changed(self, *_: object) -> None:
        # A method of this dialog, so that Qt lets go of it with the dialog.
        self._put()

    def _devices(self) -> DeviceView:
        self.search.setPlaceholderText(self.tr("Search for a device"))
        self.search.setAccessibleName(self.tr("Search for a device"))
        model = DeviceTree(self._catalog, self, shows=self._fits)
        view = DeviceView(model, self._session.color_of_qube, self)
        self.search.textChanged.connect(model.set_filter)
        self.search.textChanged.connect(lambda _text: view.select_match())
        view.chosen.connect(lambda _device: self._accept())
        view.picked.connect(self._refresh)
        return view

    def _fits(self, device: Device) -> bool:
        """Whether the qube could be given it."""
        elsewhere = self._qube not in {device.key.backend, device.holder}
        return device.can_be_given and elsewhere and device.key.device_class in ATTACHED_HERE

    # -- the user's input ---------------------------------------------------------------------------------------------

    def _refresh(self, *_: object) -> None:
        if not hasattr(self, "list"):
            return  # a part tells while the parts are made
        choice = self.wanted()
        self.attach.setEnabled(choice is not None)
        device = choice[0] if choice else self._device
        effort = choice[1].effort if choice else Effort.NONE
        self.read_only.setVisible(device is None or device.key.device_class is DeviceClass.BLOCK)
        if device is not None and device.read_only:
            self.read_only.setChecked(True)
        self.read_only.setEnabled(device is None or not device.read_only)
        self.each_start.setVisible(effort is not Effort.CREATE)
        self.start_now.setVisible(effort is Effort.START and self.each_start.isChecked())
        self.hint.setText(self._hint(choice) if choice else "")

    def _hint(self, choice: tuple[Device, Target]) -> str:
        device, target = choice
        parts = []
        if device.holder:
            parts.append(self.tr("It is detached from {0} first.").format(device.holder))
        record = self._session.records.get(target.name)
        if target.effort is Effort.START and not (self.each_start.isChecked() and not self.start_now.isChecked()):
            parts.append(self.tr("{0} is started first.").format(target.name))
        if target.effort is Effort.NONE and record is not None and record.state is PowerState.PAUSED:
            parts.append(self.tr("{0} is paused, and sees the device when it continues.").format(target.name))
        if device.key.device_class is DeviceClass.MIC and target.effort is Effort.NONE:
            parts.append(
                self.tr("Many machines can attach the microphone only when a qube starts: tick that, and restart it.")
            )
        return " ".join(parts)

    def _accept(self) -> None:
        if self.wanted() is not None:
            self.accept()

    # Qt overrides

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Up and down move in the list while the search field keeps the keyboard."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() in _MOVES:
            self.list.keyPressEvent(event)
            return True
        return super().eventFilter(watched, event)


_MOVES = {Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp}

ATTACHED_HERE = frozenset({DeviceClass.BLOCK, DeviceClass.USB, DeviceClass.MIC})
"""The classes that are attached here; a PCI device needs a halted qube, and is given to it in its settings."""
