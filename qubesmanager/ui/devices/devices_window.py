# SPDX-License-Identifier: GPL-3.0-or-later
"""The window of all devices or of those of one qube, and the dialog that attaches a device to a qube."""

from PyQt5.QtWidgets import QVBoxLayout, QWidget

from qubesmanager.ui.devices.attach_dialog import AttachDialog
from qubesmanager.ui.devices.device_actions import DeviceActions
from qubesmanager.ui.devices.device_feed import feed_of
from qubesmanager.ui.devices.device_operations import DeviceOperations
from qubesmanager.ui.devices.panel import DevicesPanel
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.screens import resize_in_units


class DevicesWindow(QWidget):
    """The devices of one qube, or all."""

    def __init__(self, session: Session, qube: str = "") -> None:
        super().__init__()
        self.setWindowTitle(self.tr("Devices of {0}").format(qube) if qube else self.tr("Devices"))
        actions = DeviceActions(session, DeviceOperations(session, self), self, self)
        self.panel = DevicesPanel(session, actions, self, qube=qube)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.panel)
        resize_in_units(self, 192, 123)


def open_devices(session: Session, names: tuple[str, ...]) -> QWidget:
    """The window of the first name; without one, of all devices."""
    return DevicesWindow(session, names[0] if names else "")


def open_all_devices(session: Session, _names: tuple[str, ...]) -> QWidget:
    """The window of all devices."""
    return DevicesWindow(session)


def open_attach(session: Session, names: tuple[str, ...]) -> QWidget:
    """The question which device the first name gets; nothing is sent until it is answered."""
    feed = feed_of(session)
    # It outlives the dialog: an operation begun there continues as a task.
    existing: DeviceOperations | None = session.findChild(DeviceOperations)
    operations = DeviceOperations(session, session) if existing is None else existing
    dialog = AttachDialog(None, session, feed.catalog, device=None, qube=names[0] if names else "")

    def give() -> None:
        if (choice := dialog.wanted()) is not None:
            actions = DeviceActions(session, operations, None, operations)
            actions.give(*choice, dialog.options(), start=dialog.starts())

    dialog.accepted.connect(give)
    return dialog
