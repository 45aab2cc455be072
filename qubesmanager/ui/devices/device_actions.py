# SPDX-License-Identifier: GPL-3.0-or-later
"""The menu of one device, and the questions that are asked before something is done with it."""

from functools import partial

from PyQt5.QtCore import QObject
from PyQt5.QtWidgets import QDialog, QFormLayout, QLineEdit, QMenu, QWidget

from qubesmanager.models.device_catalog import Device, DeviceMark, Kind, Step, harmless
from qubesmanager.models.device_targets import Effort, Target, target_text, targets
from qubesmanager.models.reason_texts import reason_text
from qubesmanager.rules.devices import DeviceKey
from qubesmanager.ui.devices.attach_dialog import ATTACHED_HERE, AttachDialog
from qubesmanager.ui.devices.device_feed import DeviceFeed, feed_of
from qubesmanager.ui.devices.device_operations import DeviceOperations
from qubesmanager.ui.icons import label_icon
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.menus import add_action, plain
from qubesmanager.ui.widgets.prompts import lay_out_form, opened

QUICK = 12
"""Qubes that a menu names; the others are found by search."""


class DeviceActions(QObject):
    """The actions on devices. Dialogs are modal to `window`; None: to no window."""

    def __init__(self, session: Session, operations: DeviceOperations, window: QWidget | None, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._window = window
        self.operations = operations

    @property
    def feed(self) -> DeviceFeed:
        return feed_of(self._session)

    # -- asking -------------------------------------------------------------------------------------------------------

    def ask_qube(self, device: Device) -> None:
        """Ask which qube gets the device, and how."""
        self._session.tasks.start_hidden(self.tr("Attach a device"), self._ask(device, ""), owner=self)

    def ask_device(self, qube: str) -> None:
        """Ask which device the qube gets, and how."""
        self._session.tasks.start_hidden(self.tr("Attach a device"), self._ask(None, qube), owner=self)

    def ask_nickname(self, device: Device) -> None:
        self._session.tasks.start_hidden(self.tr("Nickname"), self._ask_nickname(device), owner=self)

    async def _ask(self, device: Device | None, qube: str) -> None:
        dialog = AttachDialog(self._window, self._session, self.feed.catalog, device=device, qube=qube)
        if await opened(dialog) and (choice := dialog.wanted()) is not None:
            self.give(*choice, dialog.options(), start=dialog.starts())

    async def _ask_nickname(self, device: Device) -> None:
        dialog = NicknameDialog(self._window, device)
        if await opened(dialog):
            self.feed.set_mark(device, DeviceMark(harmless(dialog.nickname()), device.mark.favourite))

    # -- doing --------------------------------------------------------------------------------------------------------

    def give(self, device: Device, target: Target, options: dict[str, str], *, start: bool = True) -> None:
        """Give the device to the target, whatever has to be done for it."""
        device = self.feed.catalog.devices().get(device.key, device)
        if target.effort is Effort.CREATE:
            self.operations.attach_to_new(device, target.name, options)
        elif device.holder and device.holder != target.name:
            self.operations.move(device, target.name, options)
        else:
            self.operations.attach(device, target.name, options, start=start)

    # -- the menu -----------------------------------------------------------------------------------------------------

    def fill(self, menu: QMenu, key: DeviceKey) -> None:
        """All that can be done with the device now."""
        device = self.feed.catalog.devices().get(key)
        if device is None:
            _add_text(menu, self.tr("It is no longer there."))
            return
        failed = device.doing if device.doing is not None and device.doing.step is Step.FAILED else None
        if failed is not None:
            _add_text(menu, harmless(failed.why))
            add_action(
                menu, self.tr("&Retry with {0}").format(failed.qube), lambda: self.operations.retry(device), "refresh"
            )
            menu.addSeparator()
        if key.device_class not in ATTACHED_HERE:
            _add_text(menu, self.tr("Attached in the settings of a halted qube"))
        elif device.doing is not None and failed is None:
            _add_text(menu, self.tr("It is busy with another change."))
        else:
            self._fill_attach(menu, device)
            self._fill_detach(menu, device)
        menu.addSeparator()
        favourite = menu.addAction(self.tr("&Favourite"))
        if favourite is not None:
            favourite.setCheckable(True)
            favourite.setChecked(device.mark.favourite)
            favourite.triggered.connect(lambda on: self.feed.set_mark(device, DeviceMark(device.mark.nickname, on)))
        add_action(menu, self.tr("&Nickname…"), lambda: self.ask_nickname(device), "rename")

    def _fill_attach(self, menu: QMenu, device: Device) -> None:
        if device.taken is not None:
            _add_text(menu, reason_text(device.taken))
        if not device.can_be_given:
            return
        title = self.tr("&Move to") if device.holder else self.tr("&Attach to")
        if device.kind in {Kind.MICROPHONE, Kind.CAMERA}:
            # These are given and taken many times a day: their qubes are not another menu away.
            to: QMenu | None = menu
            _add_text(menu, title.replace("&", ""))
        else:
            to = menu.addMenu(title)
        if to is None:
            return
        possible = targets(self._session.records.values(), device)
        for effort in (Effort.NONE, Effort.CREATE):
            for target in [each for each in possible if each.effort is effort][:QUICK]:
                action = to.addAction(label_icon(self._session.color_of(target.label)), plain(target_text(target)))
                if action is not None:
                    action.triggered.connect(lambda _on=False, target=target: self.give(device, target, {}))
            to.addSeparator()
        add_action(to, self.tr("Another &qube, or options…"), lambda: self.ask_qube(device), "search")

    def _fill_detach(self, menu: QMenu, device: Device) -> None:
        for qube in dict.fromkeys(filter(None, (device.holder, *device.assigned))):
            text = (
                self.tr("&Detach from {0}") if qube == device.holder else self.tr("&Do not attach at the start of {0}")
            )
            add_action(menu, text.format(plain(qube)), partial(self.operations.detach, device, qube), "")
        if device.holder:
            text = self.tr("Detach and &shut down {0}").format(plain(device.holder))
            add_action(menu, text, lambda: self.operations.detach_and_shut_down(device, device.holder), "shutdown")


class NicknameDialog(QDialog):
    """The nickname that the user gives a device; empty for none."""

    def __init__(self, parent: QWidget | None, device: Device) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Nickname of a device"))
        self._name = QLineEdit(device.mark.nickname, self)
        self._name.setMaxLength(40)
        self._name.setPlaceholderText(device.description)
        form = QFormLayout()
        form.addRow(self.tr("&Nickname"), self._name)
        lay_out_form(self, form)
        self._name.setFocus()

    def nickname(self) -> str:
        return self._name.text().strip()


def _add_text(menu: QMenu, text: str) -> None:
    """A line of a menu that only says something."""
    action = menu.addAction(plain(text))
    if action is not None:
        action.setEnabled(False)
