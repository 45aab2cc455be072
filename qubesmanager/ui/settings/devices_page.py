# SPDX-License-Identifier: GPL-3.0-or-later
"""The devices of a qube: which it is given at each start, and how; which it, or another, has now.

What is given at each start is an edit like any other, sent with Apply. Attaching and detaching now is done at once.
"""

from PyQt5.QtGui import QShowEvent
from PyQt5.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGroupBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.models.device_catalog import DeviceCatalog
from qubesmanager.models.device_choices import CHOICE_COLUMNS, CONTEXT, DeviceChoice, device_choices
from qubesmanager.models.draft import Draft
from qubesmanager.models.reason_texts import reason_text
from qubesmanager.models.row_table import RowTable, TextFilter
from qubesmanager.plans.devices import options_text, text_options
from qubesmanager.plans.plan import DEVICE, PROPERTY, Key
from qubesmanager.rules.devices import MODE, NO_STRICT_RESET, READ_ONLY
from qubesmanager.rules.edits import DEVICES
from qubesmanager.ui.devices.device_actions import DeviceActions
from qubesmanager.ui.devices.device_feed import feed_of
from qubesmanager.ui.devices.device_operations import DeviceOperations
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.labels import plain_label, problem_label, show_problem, subdue
from qubesmanager.ui.widgets.tables import row_table, selected_row, set_widths
from qubesmanager.wire.records import YES
from qubesmanager.wire.values import DeviceClass, DeviceMode, VmClass, usual_mode

_OPTION_OF = {DeviceClass.BLOCK: READ_ONLY, DeviceClass.PCI: NO_STRICT_RESET}


class DevicesPage(QWidget):
    """A table of devices, and the details of the selected one below it; filled when the page is first shown."""

    def __init__(self, draft: Draft, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draft, self._session = draft, session
        self._refused: dict[Key, str] = {}
        self._catalog: DeviceCatalog | None = None
        self._actions = DeviceActions(session, DeviceOperations(session, self), self, self)
        self.model: RowTable[DeviceChoice] = RowTable(CONTEXT, CHOICE_COLUMNS, lambda row: row.device.key, self)
        self.filter = TextFilter(self.model, self)
        self.search = QLineEdit(self)
        self.search.setPlaceholderText(self.tr("Part of a device's name, kind or place"))
        self.search.setAccessibleName(self.tr("Find devices"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._narrow)
        self.table = row_table(self.filter, self.tr("Devices"), 0, self)
        set_widths(self.table, {1: 17, 2: 26, 3: 20, 4: 23, len(CHOICE_COLUMNS) - 1: 28})
        self.empty = plain_label("", self)
        self.box = QGroupBox(self)
        self.about = plain_label("", self.box)
        self.start = QCheckBox(self.tr("Attach it at each &start of the qube"), self.box)
        self.start.clicked.connect(self._choose)
        self.mode = QComboBox(self.box)
        self.mode.setAccessibleName(self.tr("How it is attached"))
        for mode, text in (
            (DeviceMode.AUTO, self.tr("Attach it at each start, and when it is plugged in")),
            (DeviceMode.ASK, self.tr("Ask at each start, and when it is plugged in")),
            (DeviceMode.REQUIRED, self.tr("Required: do not start the qube without it")),
        ):
            self.mode.addItem(text, mode.value)
        self.mode.activated.connect(self._choose)
        self.option = QCheckBox(self.box)
        self.option.clicked.connect(self._choose)
        self.option_hint = plain_label("", self.box)
        subdue(self.option_hint)
        self.problem = problem_label(self.box)
        self.unbalance = QPushButton(self.tr("Turn memory &balancing off"), self.box)
        self.unbalance.clicked.connect(lambda: draft.edit((PROPERTY, "maxmem"), "0"))
        self.attach = QPushButton(self.tr("A&ttach a device now…"), self)
        self.attach.clicked.connect(lambda: self._actions.ask_device(draft.record.name))
        self.detach = QPushButton(self.tr("&Detach it now"), self)
        self.detach.clicked.connect(self._detach)
        self._lay_out()
        if selection := self.table.selectionModel():
            selection.selectionChanged.connect(lambda *_: self._show())
        self.model.modelReset.connect(self._show)
        draft.changed.connect(self._refresh)
        self._refresh()

    def _lay_out(self) -> None:
        inner = QVBoxLayout(self.box)
        for widget in (self.about, self.start, self.mode, self.option, self.option_hint):
            inner.addWidget(widget)
        line = QHBoxLayout()
        line.addWidget(self.problem, 1)
        line.addWidget(self.unbalance)
        inner.addLayout(line)
        row = QHBoxLayout()
        row.addWidget(self.attach)
        row.addStretch(1)
        row.addWidget(self.detach)
        layout = QVBoxLayout(self)
        layout.addWidget(self.search)
        layout.addWidget(self.empty)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.box)
        layout.addLayout(row)

    def refuse(self, key: Key, why: str) -> bool:
        """Show the device and why it was refused; whether it was about a device."""
        if key[0] != DEVICE:
            return False
        self._refused[key] = why
        self.search.clear()
        self.select(key)
        self._show()
        return True

    def select(self, key: Key) -> None:
        """Select the device of a draft's key, if it is there."""
        at = next((at for at, row in enumerate(self.model.rows) if row.key == key), -1)
        if at >= 0:
            self.table.selectRow(self.filter.mapFromSource(self.model.index(at, 0)).row())

    def current(self) -> DeviceChoice | None:
        """The selected device."""
        at = self.filter.mapToSource(self.filter.index(selected_row(self.table), 0)).row()
        return self.model.rows[at] if 0 <= at < len(self.model.rows) else None

    # -- showing ------------------------------------------------------------------------------------------------------

    def _narrow(self, text: str) -> None:
        self.filter.want(text)
        if selected_row(self.table) < 0:
            self.table.selectRow(0)

    def _refresh(self) -> None:
        row = self.current()
        if self._catalog is not None:
            self.model.put(device_choices(self._catalog.devices(), self._draft))
        if row is not None:
            self.select(row.key)
        if selected_row(self.table) < 0:
            self.table.selectRow(0)
        self._show()

    def _show(self) -> None:
        row = self.current()
        admin = self._draft.record.klass is VmClass.ADMIN
        self.box.setVisible(row is not None and not admin)
        self.attach.setEnabled(not admin)
        self.detach.setEnabled(row is not None and row.now)
        self.detach.setToolTip("" if self.detach.isEnabled() else self.tr("It is not attached to the qube now."))
        self.empty.setText(self._nothing(admin=admin) if self.model.rowCount() == 0 or admin else "")
        self.empty.setVisible(bool(self.empty.text()))
        if row is None:
            return
        self.box.setTitle(row.device.name)
        self.about.setText(self._about(row))
        self.about.setVisible(bool(self.about.text()))
        self.start.setChecked(row.options is not None)
        self.mode.setEnabled(row.options is not None)
        mode = text_options(row.options or "").get(MODE, usual_mode(row.device.key.device_class))
        self.mode.setCurrentIndex(max(0, self.mode.findData(str(mode))))
        option = _OPTION_OF.get(row.device.key.device_class)
        self.option.setVisible(option is not None)
        self.option_hint.setVisible(option == NO_STRICT_RESET)
        if option is not None:
            text, hint = self._option_texts(option)
            self.option.setText(text)
            self.option_hint.setText(hint)
            self.option.setEnabled(row.options is not None and not (row.device.read_only and option == READ_ONLY))
            set_so = text_options(row.options or "").get(option) == YES
            self.option.setChecked(set_so or (row.device.read_only and option == READ_ONLY))
        self._show_problem(row)

    def _nothing(self, *, admin: bool) -> str:
        if admin:
            return self.tr("dom0 has its own devices; none can be attached to it.")
        return self.tr("Neither dom0 nor any running qube offers a device.")

    def _about(self, row: DeviceChoice) -> str:
        parts = []
        if row.device.holder and not row.now:
            parts.append(self.tr("It is attached to {0} now.").format(row.device.holder))
        others = [name for name in row.device.assigned if name != self._draft.record.name]
        if others:
            parts.append(self.tr("It is also attached to {0} when that qube starts.").format(", ".join(others)))
        if not row.device.present:
            parts.append(self.tr("No qube offers it now: it is not plugged in, or its qube is not running."))
        return " ".join(parts)

    def _option_texts(self, option: str) -> tuple[str, str]:
        if option == READ_ONLY:
            return self.tr("&Read-only"), ""
        return (
            self.tr("Without strict &reset"),
            self.tr("For a device that cannot be reset on its own. It may carry something over from its last qube."),
        )

    def _show_problem(self, row: DeviceChoice) -> None:
        balanced = self._draft.problems(self._session.facts).get(DEVICES)
        pci = row.device.key.device_class is DeviceClass.PCI and row.options is not None
        self.unbalance.setVisible(bool(balanced) and pci)
        if why := self._refused.get(row.key):
            show_problem(self.problem, why)
        elif balanced and pci:
            show_problem(self.problem, reason_text(balanced))
        elif row.key in self._draft.conflicts:
            show_problem(self.problem, self.tr("Changed elsewhere meanwhile."))
        elif row.edited and row.options is None and row.now:
            show_problem(self.problem, self.tr("It is also detached from the running qube."))
        else:
            show_problem(self.problem, "")

    # -- the user's input ---------------------------------------------------------------------------------------------

    def _choose(self) -> None:
        row = self.current()
        if row is None:
            return
        self._refused.pop(row.key, None)
        if not self.start.isChecked():
            self._draft.edit(row.key, None)
            return
        options = text_options(row.options) if row.options is not None else {}
        if row.options is not None:
            usual, mode = usual_mode(row.device.key.device_class), self.mode.currentData()
            options.pop(MODE, None)
            options |= {} if mode == usual else {MODE: str(mode)}
        option = _OPTION_OF.get(row.device.key.device_class)
        if option is not None and self.option.isEnabled():
            options.pop(option, None)
            options |= {option: YES} if self.option.isChecked() else {}
        self._draft.edit(row.key, options_text(options))

    def _detach(self) -> None:
        if (row := self.current()) is not None and row.now:
            self._actions.operations.detach(row.device, self._draft.record.name)

    # Qt overrides

    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        if self._catalog is None:
            self._catalog = feed_of(self._session).catalog
            self._catalog.changed.connect(self._refresh)
            self._refresh()
