# SPDX-License-Identifier: GPL-3.0-or-later
"""The schedule of backups: what is due, what was missed, and when a failed run is tried again."""

import asyncio
import logging
import re
from contextlib import suppress

from qubesmanager.backup.schedule import RETRY_SECONDS, is_retry_due
from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.daemon.local.services.backup_history import BackupHistory, local_time
from qubesmanager.daemon.local.services.backup_run import BackupRuns
from qubesmanager.daemon.local.services.backups import Backups
from qubesmanager.rules.backups import is_ahead
from qubesmanager.wire import events
from qubesmanager.wire.backups import FAILED, SCHEDULE, BackupRun
from qubesmanager.wire.errors import Mgmt1Error, QubesBackupProfileNotFoundError
from qubesmanager.wire.reason import Reason

log = logging.getLogger(__name__)

LOOK_SECONDS = 60.0
"""Seconds between two looks whether a profile is due."""
_SCHEDULE_LINE = re.compile(r"^\s*schedule\s*:", re.MULTILINE)


class BackupSchedule:
    """Carries out the profiles that have a schedule."""

    def __init__(self, runtime: Runtime, backups: Backups, runs: BackupRuns, history: BackupHistory) -> None:
        self._runtime = runtime
        self._backups = backups
        self._runs = runs
        self._history = history

    async def keep(self) -> None:
        """For the life of the system: carry out what is due, and what was missed while the daemon did not run."""
        while True:
            try:
                await self._backups.follow_names()
            except Mgmt1Error as error:
                log.warning("Backup profiles do not follow renamed and removed qubes yet: %s", error)
            for name in await self._backups.profiles.names():
                try:
                    if not self._runs.is_running(name) and (attempt := await self._attempt(name)):
                        self._runtime.spawn(f"backup {name}", self._scheduled(name, attempt))
                except QubesBackupProfileNotFoundError:
                    log.debug("The backup profile %s was removed", name)
                except Mgmt1Error as error:
                    # The text may quote a line of the profile that holds the passphrase.
                    log.warning("The backup profile %s cannot be used: %s", name, type(error).__name__)
                    await self._note_broken(name)
            await asyncio.sleep(LOOK_SECONDS)

    async def _attempt(self, name: str) -> int:
        """Which attempt of a scheduled run is due now, from 1; 0 for none."""
        profile, file = await self._backups.profile(name)
        if profile.schedule is None:
            return 0
        last, now = await self._history.last_run(name), self._history.clock()
        began = (last.start if last else 0) or file.changed
        if is_ahead(began, now):
            log.warning("The last run of the backup %s is dated %s, in the future; it is due", name, local_time(began))
        if profile.schedule.is_due(local_time(now), local_time(began)):
            return 1
        if last is None or not last.is_retried:
            return 0
        attempt, ended = last.attempt or 1, last.end or last.start
        return attempt + 1 if is_retry_due(attempt, now - ended) else 0

    async def _note_broken(self, name: str) -> None:
        """Add a failed run to the history, once, for a profile with a schedule that is not valid."""
        now = self._history.now()
        failed = BackupRun(name, now, FAILED, by=SCHEDULE, attempt=len(RETRY_SECONDS) + 1, end=now)
        failed = failed.because(Reason("profile-not-accepted", name))
        with suppress(Mgmt1Error):
            file = await self._backups.profiles.get(name)
            last = await self._history.last_run(name)
            if not _SCHEDULE_LINE.search(file.text) or (last and last.reason == failed.reason):
                return
            self._history.emit(events.BACKUP_FINISHED, await self._history.remember(failed))

    async def _scheduled(self, name: str, attempt: int) -> None:
        try:
            await self._runs.execute(name, None, by=SCHEDULE, attempt=attempt)
        except Mgmt1Error as error:
            log.warning("The scheduled backup %s failed: %s", name, error)
