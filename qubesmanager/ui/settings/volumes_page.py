# SPDX-License-Identifier: GPL-3.0-or-later
"""The volumes of a qube: how full, how large, their snapshots; extra disks come and go.

A new size is an edit like any other, sent with Apply. Snapshots and extra disks are done at once: each is one call, and
what it did comes back as an event.
"""

from typing import Any

from PyQt5.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from qubesmanager.client.volumes import all_volumes
from qubesmanager.models.draft import Draft
from qubesmanager.models.reason_texts import field_text, reason_text
from qubesmanager.models.volume_table import SIZE, USED, VolumeTable
from qubesmanager.plans.plan import VOLUME, Key
from qubesmanager.rules.qubes_os import why_not_there
from qubesmanager.rules.volumes import orphans, why_not_detach, why_not_kept, why_not_replace, why_not_size
from qubesmanager.ui.forms.volume_size_row import SizeBox
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.settings.attach_volume_dialog import AttachVolumeDialog
from qubesmanager.ui.widgets.labels import plain_label, problem_label, show_problem
from qubesmanager.ui.widgets.prompts import confirm, opened
from qubesmanager.ui.widgets.snapshots_box import Snapshots, SnapshotsBox
from qubesmanager.ui.widgets.tables import row_table, selected_row, set_widths
from qubesmanager.ui.widgets.usage_bar import UsageDelegate
from qubesmanager.wire import calls
from qubesmanager.wire.call import Request
from qubesmanager.wire.event import Event
from qubesmanager.wire.events import VOLUME_SNAPSHOT
from qubesmanager.wire.records import YES, VolumeRecord


class VolumesPage(QWidget):
    """A table of volumes, the size of the selected one, its snapshots."""

    def __init__(self, draft: Draft, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draft, self._session = draft, session
        self._refused: dict[str, str] = {}
        self.model = VolumeTable(draft, self)
        self.table = row_table(self.model, self.tr("Volumes"), 4, self)
        self.table.setItemDelegateForColumn(USED, UsageDelegate(self.table))
        set_widths(self.table, {0: 17, SIZE: 19, USED: 49, 3: 17})
        self.size_box = SizeBox(self)
        self.size_box.setAccessibleName(self.tr("Size"))
        self.size_box.valueChanged.connect(self._sized)
        self.size_label = QLabel(self.tr("&Size"), self)
        self.size_label.setBuddy(self.size_box)
        self.attach = QPushButton(self.tr("A&ttach a volume…"), self)
        self.attach.clicked.connect(self._attach)
        self.detach = QPushButton(self.tr("&Detach…"), self)
        self.detach.clicked.connect(self._detach)
        self.problem = problem_label(self)
        self.snapshots = SnapshotsBox(session.client.send, session.tasks, self)
        self.empty = plain_label(self.tr("This qube has no volumes."), self)
        row = QHBoxLayout()
        row.addWidget(self.size_label)
        row.addWidget(self.size_box)
        row.addStretch(1)
        row.addWidget(self.attach)
        row.addWidget(self.detach)
        layout = QVBoxLayout(self)
        layout.addWidget(self.empty)
        layout.addWidget(self.table, 1)
        layout.addLayout(row)
        layout.addWidget(self.problem)
        layout.addWidget(self.snapshots, 1)
        if selection := self.table.selectionModel():
            selection.selectionChanged.connect(lambda *_: self._refresh())
        self.model.modelReset.connect(lambda: self.table.selectRow(0))
        draft.changed.connect(self._refresh)
        session.put.connect(self._put)
        session.happened.connect(self._happened)
        self.table.selectRow(max(0, self.model.row_of("private")))
        self._refresh()

    def refuse(self, key: Key, why: str) -> bool:
        """Show the volume and why its size was refused; whether it was about a volume."""
        if key[0] != VOLUME:
            return False
        self._refused[key[1]] = why
        self.table.selectRow(self.model.row_of(key[1]))
        self._refresh()
        return True

    def current(self) -> VolumeRecord | None:
        """The selected volume."""
        return self.model.volume_at(selected_row(self.table))

    # -- showing ------------------------------------------------------------------------------------------------------

    def _put(self, _records: object) -> None:
        # A method, not a lambda: Qt lets go of it when this page is gone.
        self._refresh()

    def _refresh(self) -> None:
        volume = self.current()
        self.empty.setVisible(self.model.rowCount() == 0)
        self.snapshots.put(self._snapshots_of(volume) if volume else None)
        why_fixed = why_not_kept(volume) if volume else ""
        self.size_box.setEnabled(why_fixed is None)
        self.size_box.setToolTip(field_text(why_fixed) if why_fixed else self.tr("A volume can only grow."))
        why_not_another = why_not_there(self._session.facts, calls.VM_VOLUME_ATTACH.name)
        self.attach.setEnabled(why_not_another is None)
        self.attach.setToolTip(reason_text(why_not_another) if why_not_another else "")
        why_stays = why_not_detach(volume) if volume else ""
        self.detach.setEnabled(why_stays is None)
        self.detach.setToolTip(field_text(why_stays) if why_stays else "")
        if volume is None:
            show_problem(self.problem, "")
            return
        size = int(self._draft.value((VOLUME, volume.name)) or volume.size)
        self.size_box.show_bytes(size, volume.size)
        self._show_problem(volume)

    def _snapshots_of(self, volume: VolumeRecord) -> Snapshots:
        record = self._draft.record
        return Snapshots(
            self.tr("{0} of {1}").format(volume.name, record.name),
            calls.VM_VOLUME_LIST_SNAPSHOTS(record.name, volume.name),
            calls.VM_VOLUME_SNAPSHOT(record.name, volume.name),
            lambda snapshot: calls.VM_VOLUME_REVERT(record.name, volume.name, snapshot),
            why_not_take=why_not_kept(volume),
            why_not_revert=why_not_replace(volume, running=record.running),
            why_not_now=why_not_there(self._session.facts, calls.VM_VOLUME_SNAPSHOT.name),
        )

    def _show_problem(self, volume: VolumeRecord) -> None:
        key = (VOLUME, volume.name)
        why = self._refused.get(volume.name) or ""
        if sentence := why_not_size(volume.size, self.size_box.wanted(volume.size)):
            why = reason_text(sentence)
        elif not why and key in self._draft.conflicts:
            why = self.tr("Changed elsewhere meanwhile.")
        show_problem(self.problem, why)

    # -- the user's input ---------------------------------------------------------------------------------------------

    def _sized(self) -> None:
        volume = self.current()
        if volume is None:
            return
        self._refused.pop(volume.name, None)
        size = self.size_box.wanted(volume.size)
        if why_not_size(volume.size, size):
            size = volume.size
        self._draft.edit((VOLUME, volume.name), str(size))
        self._show_problem(volume)

    def _attach(self) -> None:
        self._session.tasks.start_hidden(self.tr("List the volumes"), self._ask_to_attach(), owner=self)

    async def _ask_to_attach(self) -> None:
        name = self._draft.record.name
        there = await all_volumes(self._session.client)
        dialog = AttachVolumeDialog(name, orphans(self._session.records.values(), there), self)
        if not await opened(dialog):
            return
        options = {"read-only": YES} if dialog.read_only() else {}
        request = calls.VM_VOLUME_ATTACH(name, dialog.chosen(), options)
        title = self.tr("Attach {0} to {1}").format(dialog.chosen(), name)
        self._session.tasks.start(title, self._send(request))

    def _detach(self) -> None:
        if volume := self.current():
            self._session.tasks.start_hidden(self.tr("Detach a volume"), self._ask_to_detach(volume), owner=self)

    async def _ask_to_detach(self, volume: VolumeRecord) -> None:
        record = self._draft.record
        details = self.tr("The volume {0}:{1} stays in its pool.").format(volume.pool, volume.vid)
        if record.running:
            details += " " + self.tr("The running qube loses any files it has open on it.")
        if await confirm(
            self,
            self.tr("Detach a volume"),
            self.tr("Take {0} away from {1}?").format(volume.name, record.name),
            self.tr("Detach"),
            details=details,
        ):
            title = self.tr("Detach {0} from {1}").format(volume.name, record.name)
            self._session.tasks.start(title, self._send(calls.VM_VOLUME_DETACH(record.name, volume.name)))

    async def _send(self, request: Request[Any]) -> None:
        await self._session.client.send(request)

    def _happened(self, events: tuple[Event, ...]) -> None:
        volume = self.current()
        if volume is not None and any(
            event.subject == self._draft.record.name
            and (snapshot := VOLUME_SNAPSHOT.of(event)) is not None
            and snapshot.name == volume.name
            for event in events
        ):
            self.snapshots.ask_again()
