# SPDX-License-Identifier: GPL-3.0-or-later
"""The data of the storage window: the pools and their volumes, read again when an event says that they may differ.

The volumes of qubes come with their records, without a call. A volume that is no qube's is measured once.
"""

from PyQt5.QtCore import QObject, QTimer, pyqtSignal

from qubesmanager.client.volumes import all_volumes
from qubesmanager.models.storage_rows import PoolRow, SnapshotRow, VolumeRow, pool_row, volume_rows
from qubesmanager.rules.volumes import orphans
from qubesmanager.ui.session.session import Session
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import VolumeId
from qubesmanager.wire.errors import StoragePoolException
from qubesmanager.wire.event import Event
from qubesmanager.wire.events import DOMAIN_ADD, DOMAIN_DELETE, POOL_EVENTS, VOLUME_EVENTS, row_of
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.records import YES, VolumeRecord

PAUSE = 250
"""Milliseconds that events are gathered for before the pools are asked again."""

REFRESH = 30_000
"""Milliseconds between two looks at the pools while the window is visible: usage and settings change without events."""

RELOAD = POOL_EVENTS | VOLUME_EVENTS | {DOMAIN_ADD, DOMAIN_DELETE}
"""The events after which the pools are asked again."""


class StorageFacts(QObject):
    """Signals: `changed()`: `pools` or `volumes` are different; `snapshots_changed()`: there is another snapshot."""

    changed = pyqtSignal()
    snapshots_changed = pyqtSignal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._listed: list[VolumeId] = []
        self._measured: dict[VolumeId, VolumeRecord] = {}
        self._asking = False
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(PAUSE)
        self._again.timeout.connect(self.ask)
        self.slowly = QTimer(self)
        """Runs while the window is visible."""
        self.slowly.setInterval(REFRESH)
        self.slowly.timeout.connect(self.ask)
        self.pools: list[PoolRow] = []
        self.is_known = False
        """Whether the pools have answered once."""
        session.put.connect(self._records_changed)
        session.gone.connect(self._records_changed)
        session.happened.connect(self._happened)
        session.synced.connect(self.ask)
        self.ask()

    @property
    def volumes(self) -> list[VolumeRow]:
        return volume_rows(self._session.records, self._listed, self._measured)

    def ask(self) -> None:
        """Ask the pools now; once more if they are being asked already."""
        if self._asking:
            self._again.start()
            return
        self._asking = True
        self._session.tasks.start_hidden(self.tr("List the storage pools"), self._ask(), owner=self)

    async def _ask(self) -> None:
        client, records = self._session.client, self._session.records
        try:
            names = await client.send(calls.POOL_LIST(DOM0))
            self.pools = [pool_row(await client.send(calls.POOL_INFO(DOM0, name)), records.values()) for name in names]
            self._listed = await all_volumes(client)
            for place in orphans(records.values(), self._listed):
                if place not in self._measured:
                    await self._measure(place)
            self.is_known = True
        finally:
            self._asking = False
        self.changed.emit()

    async def _measure(self, place: VolumeId) -> None:
        try:
            info = await self._session.client.send(calls.POOL_VOLUME_INFO(DOM0, place))
        except StoragePoolException:
            return  # gone meanwhile, or broken: it is listed without a size
        self._measured[place] = VolumeRecord(
            "", place.pool, place.vid, int(info["size"]), int(info["usage"]), save_on_stop=info["save_on_stop"] == YES
        )

    async def snapshots(self) -> list[SnapshotRow]:
        """Every snapshot of every kept volume, a call a volume."""
        rows: list[SnapshotRow] = []
        for row in self.volumes:
            if row.volume.save_on_stop:
                try:
                    snapshots = await self._session.client.send(calls.POOL_VOLUME_LIST_SNAPSHOTS(DOM0, row.place))
                except StoragePoolException:
                    continue  # gone since the pools were listed
                rows += [SnapshotRow(row.place, row.qube, row.volume.name, snapshot) for snapshot in snapshots]
        return rows

    def _records_changed(self, _what: object) -> None:
        # A method, not a lambda: Qt lets go of it when this object is gone.
        if self.is_known:
            self.changed.emit()

    def _happened(self, events: tuple[Event, ...]) -> None:
        rows = {row_of(event) for event in events}
        if rows & RELOAD:
            self._again.start()
        if rows & VOLUME_EVENTS:
            self.snapshots_changed.emit()
