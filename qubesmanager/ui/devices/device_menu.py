# SPDX-License-Identifier: GPL-3.0-or-later
"""The menu of the selected qube's devices: what it has, and what it could be given."""

from collections.abc import Sequence

from PyQt5.QtWidgets import QMenu, QWidget

from qubesmanager.models.device_catalog import Device, DeviceCatalog
from qubesmanager.models.device_targets import Effort, Target
from qubesmanager.models.device_tree import KIND_ICONS, state_line
from qubesmanager.models.reason_texts import reason_text
from qubesmanager.models.texts import plain_tip, size_text
from qubesmanager.rules import actions
from qubesmanager.ui.actions.actions import BY_ID
from qubesmanager.ui.devices.attach_dialog import ATTACHED_HERE
from qubesmanager.ui.devices.device_actions import QUICK, DeviceActions
from qubesmanager.ui.devices.device_feed import feed_of
from qubesmanager.ui.devices.device_operations import DeviceOperations
from qubesmanager.ui.icons import icon
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.menus import plain


class QubeDevicesMenu(QMenu):
    """Filled when it opens, and again when devices come or go while it is open; `look` says for which qube."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self.setTitle(self.tr("De&vices"))
        self.setIcon(icon("devices"))
        self.setToolTipsVisible(True)
        self._session = session
        self._name = ""
        self._actions = DeviceActions(session, DeviceOperations(session, self), parent, self)
        self._catalog: DeviceCatalog | None = None
        self.aboutToShow.connect(self._open)

    def look(self, names: Sequence[str], *, connected: bool) -> None:
        """One qube that can have devices; the tooltip says why it is grey."""
        record = self._session.records.get(names[0]) if len(names) == 1 else None
        why = actions.why_not_attach(self._session.facts, record) if record is not None else None
        self._name = record.name if record is not None and why is None else ""
        if action := self.menuAction():
            action.setEnabled(bool(self._name) and connected)
            text = reason_text(why) if why else ""
            if len(names) != 1:
                text = self.tr("Only for one qube at a time.") if names else self.tr("Select a qube first.")
            elif not connected:
                text = self.tr("There is no connection.")
            action.setToolTip(plain_tip(text) if text else "")

    def fill(self) -> None:
        self.clear()
        devices = sorted(feed_of(self._session).catalog.devices().values(), key=lambda device: device.name.lower())
        has = [device for device in devices if self._name in {device.holder, *device.assigned}]
        free = [device for device in devices if self._is_free(device)]
        for device in has:
            self._add_taken(device)
        if not has:
            self._add_text(self.tr("It has no devices"))
        self.addSeparator()
        for device in free[:QUICK]:
            self._add_offered(device)
        more = self.addAction(icon(BY_ID["attach"].icon), self.tr("&Another device, or options…"))
        if more is not None:
            more.triggered.connect(lambda: self._session.window_wanted.emit("attach", (self._name,)))

    def _open(self) -> None:
        if self._catalog is None:
            # Only now: what is never looked at is never asked for.
            self._catalog = feed_of(self._session).catalog
            self._catalog.changed.connect(self._changed)
        self.fill()

    def _changed(self) -> None:
        if self.isVisible():
            self.fill()

    def _is_free(self, device: Device) -> bool:
        facts = self._session.facts
        qube = facts.qubes.get(self._name)
        if qube is None or not device.can_be_given or self._name in device.assigned:
            return False
        if device.key.device_class not in ATTACHED_HERE:
            return False
        key = device.key
        return actions.why_not_attach_device(facts, qube, key, persistent=False, starts=True) is None

    def _add_taken(self, device: Device) -> None:
        inner = self.addMenu(icon(KIND_ICONS[device.kind]), f"{plain(device.name)}\t{plain(_details(device))}")
        if inner is not None:
            self._actions.fill(inner, device.key)

    def _add_offered(self, device: Device) -> None:
        text = self.tr("Attach {0}").format(plain(device.name))
        action = self.addAction(icon(KIND_ICONS[device.kind]), f"{text}\t{plain(_details(device))}")
        if action is not None:
            action.triggered.connect(lambda: self._give(device))

    def _give(self, device: Device) -> None:
        record = self._session.records.get(self._name)
        if record is not None:
            effort = Effort.NONE if record.running else Effort.START
            self._actions.give(device, Target(effort, record.name, record.value("label")), {})

    def _add_text(self, text: str) -> None:
        action = self.addAction(text)
        if action is not None:
            action.setEnabled(False)


def _details(device: Device) -> str:
    """What is in the second column of a menu: a device cannot imitate it by its name."""
    return " · ".join(filter(None, (size_text(device.size), device.key.backend, state_line(device))))
