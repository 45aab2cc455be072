# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices that a qube gets only if the user agrees: the daemon asks by an event, each window in its own way."""

from PyQt5.QtCore import QObject, pyqtSignal

from qubesmanager.models.device_catalog import Device, harmless
from qubesmanager.rules.devices import DeviceKey
from qubesmanager.ui.devices.device_feed import feed_of
from qubesmanager.ui.session.session import Session
from qubesmanager.wire.event import Event
from qubesmanager.wire.events import DEVICE_ASK


class DeviceQuestions(QObject):
    """Signals: `asked(Device, str)`: whether the qube of that name gets the device."""

    asked = pyqtSignal(object, str)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        session.happened.connect(self._happened)

    def text(self, device: Device, qube: str) -> str:
        """The question."""
        return self.tr("Attach {0} to {1}?").format(device.name, qube)

    def _happened(self, events: tuple[Event, ...]) -> None:
        for event in events:
            question = DEVICE_ASK.of(event)
            if question is None or event.subject not in self._session.records:
                continue
            key = DeviceKey(question.device_class, question.backend, question.ident)
            device = feed_of(self._session).catalog.devices().get(key)
            self.asked.emit(device or Device(key, harmless(question.description)), event.subject)
