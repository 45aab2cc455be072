# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures the pools and the qubes' disks a few times a day while a program runs, for a forecast."""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from urllib.parse import quote

from PyQt5.QtCore import QObject, QSettings, pyqtSignal

from qubesmanager.client.client import Client
from qubesmanager.models.storage_rows import PoolRow, pool_row
from qubesmanager.models.usage_series import METADATA, POOL, QUBE, UsageSeries
from qubesmanager.rules.forecast import WINDOW
from qubesmanager.transport.base import TransportError
from qubesmanager.ui.session.tasks import TaskSet
from qubesmanager.wire import calls
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.records import VmRecord

SOON, EACH = 300, 3600
"""Seconds after a connection until the first look, and between two of them."""


GROUP = "usage/"
"""Where the settings have the series, one of each connection."""


class UsageWatch(QObject):
    """Belongs to a session. Signals: `changed()`: `pools` are measured again, or there is another `problem`."""

    changed = pyqtSignal()

    def __init__(
        self,
        client: Client,
        tasks: TaskSet,
        records: Callable[[], Mapping[str, VmRecord]],
        is_synced: Callable[[], bool],
        settings: Callable[[], QSettings],
        connection: str,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._client, self._tasks, self._settings = client, tasks, settings
        self._records, self._is_synced = records, is_synced
        self._key = f"{GROUP}{quote(connection, safe='')}"
        self.pools: list[PoolRow] = []
        self.problem = ""
        """Why dom0 does not say how full the pools are; empty if it does."""
        self.is_known = False
        """Whether the pools have answered once."""
        self._asking = self._again = False
        self._doubted: float | None = None
        """When a clock that would end all series was seen first, in seconds of the loop."""
        self._looking: asyncio.Task[None] | None = None

    @property
    def series(self) -> UsageSeries:
        """What is kept, also by other programs of this user."""
        return self._series_at(self._key)

    def _series_at(self, key: str) -> UsageSeries:
        kept = self._settings().value(key)
        return UsageSeries(kept if isinstance(kept, str) else "")

    def synced(self) -> None:
        """There is a connection (again)."""
        if self._looking is None or self._looking.done():
            self._looking = self._tasks.start_hidden(self.tr("Measure the storage pools"), self._look())

    def ask(self) -> None:
        """Measure now; once more, if a measurement is under way."""
        if self._asking:
            self._again = True
        else:
            self._asking = True
            self._tasks.start_hidden(self.tr("Measure the storage pools"), self._ask())

    def keep(self, series: UsageSeries) -> None:
        """Put the series into the settings, and remove those of other connections that are too old to count."""
        settings, oldest = self._settings(), int(time.time()) - WINDOW
        settings.setValue(self._key, series.text())
        for key in settings.allKeys():
            if key.startswith(GROUP) and key != self._key and self._series_at(key).newest < oldest:
                settings.remove(key)

    async def _look(self) -> None:
        await asyncio.sleep(SOON)
        while True:
            if self.series.is_due(int(time.time())):
                self.ask()
            await asyncio.sleep(EACH)

    async def _ask(self) -> None:
        try:
            self._again = True
            while self._again:
                self._again = False
                try:
                    await self._measure()
                except (Mgmt1Error, TransportError) as error:
                    self.problem = str(error)
                self.changed.emit()
        finally:
            self._asking = False

    async def _measure(self) -> None:
        """Raises `Mgmt1Error`, `TransportError`. A pool that is gone meanwhile is passed over."""
        rows: list[PoolRow] = []
        for name in await self._client.send(calls.POOL_LIST(DOM0)):
            with suppress(Mgmt1Error):
                rows.append(pool_row(await self._client.send(calls.POOL_INFO(DOM0, name)), self._records().values()))
        self.pools, self.problem, self.is_known = rows, "", True
        now, series = int(time.time()), self.series
        if self._is_synced() and series.is_due(now) and self._trusts(now, series):
            pools = {f"{POOL}{row.name}": row.usage for row in rows}
            pools |= {f"{METADATA}{row.name}": row.metadata_usage for row in rows if row.metadata_size}
            qubes = {f"{QUBE}{record.name}": record.disk_usage for record in self._records().values()}
            series.put({**pools, **{key: size for key, size in qubes.items() if size}}, now)
            self.keep(series)

    def _trusts(self, now: int, series: UsageSeries) -> bool:
        """Whether the clock is believed: not at first, if every measurement is too old by it, but `SOON` later."""
        if not series.newest or series.newest >= now - WINDOW:
            self._doubted = None
            return True
        moment = asyncio.get_running_loop().time()
        if self._doubted is None:
            self._doubted = moment
        return moment - self._doubted >= SOON
