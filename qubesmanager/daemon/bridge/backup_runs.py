# SPDX-License-Identifier: GPL-3.0-or-later
"""The backups that qubesd makes, as far as its events and answers tell.

A run that this bridge began ends with its answer. One of another client is known by its progress, and ends when qubesd
sets the time of the last backup of a qube; no event says that it failed, so it is unknown after a while without one.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import replace
from math import isfinite

from qubesmanager.wire import events
from qubesmanager.wire.backups import OK, RUNNING, WRITING, BackupRun, Progress, event_fields
from qubesmanager.wire.errors import Mgmt1Error, NoAnswerError
from qubesmanager.wire.event import Event
from qubesmanager.wire.names import PROFILE_ID
from qubesmanager.wire.reason import Field

KEPT = 100
"""Ended runs that are remembered."""
QUIET = 300.0
"""Seconds without progress after which the run of another client is no longer known."""
_FIRST_PAUSE = 1.0
"""Seconds before the size of a run is asked for again; twice as long each time."""
_FULL = 100.0


class BackupRuns:
    """`emit` sends an event of mgmt1, `size_of` gives the bytes that a run of a profile writes at most."""

    def __init__(self, emit: Callable[[Event], None], size_of: Callable[[str], Awaitable[int]]) -> None:
        self._emit = emit
        self._size_of = size_of
        self._ended: deque[BackupRun] = deque(maxlen=KEPT)
        self._running: dict[str, BackupRun] = {}
        self._heard: dict[str, float] = {}
        """By a profile that another client runs: when its progress was last heard of."""
        self._asking: dict[str, asyncio.Task[None]] = {}

    @property
    def latest(self) -> list[BackupRun]:
        """The latest run of each profile that is known."""
        self._forget_quiet()
        return [*({run.profile: run for run in self._ended} | self._running).values()]

    def history(self, profile: str | None = None) -> list[BackupRun]:
        """The runs that ended, the oldest first."""
        return [run for run in self._ended if profile in {None, run.profile}]

    def begin(self, profile: str, by: str = "") -> None:
        """A run began; without `by` it is another client's."""
        now = time.time()
        run = BackupRun(profile, int(now), RUNNING, by=by, run=int(now * 1000), progress=Progress())
        self._running[profile] = run
        self._emit(events.BACKUP_STARTED(*event_fields(run)))
        self._asking[profile] = asyncio.get_running_loop().create_task(self._ask_size(profile))

    def end(self, profile: str, result: str, *why: Field) -> None:
        """A run ended; nothing for one that is not known."""
        run = self._removed(profile)
        if run is None:
            return
        ended = replace(run, result=result, progress=None, end=int(time.time())).because(*why)
        self._ended.append(ended)
        self._emit(events.BACKUP_FINISHED(*event_fields(ended)))

    def drop(self, profile: str) -> None:
        """The run did not begin: another one is under way."""
        self._removed(profile)

    def happened(self, event: Event) -> None:
        """Take an event of qubesd."""
        if event.name == "backup-progress":
            self._progress(event.fields.get("backup_profile", ""), event.fields.get("progress", ""))
        elif event.name == "property-set:backup_timestamp":
            for profile in [*self._heard]:
                self.end(profile, OK)

    def close(self) -> None:
        for task in self._asking.values():
            task.cancel()

    def _progress(self, profile: str, untrusted_percent: str) -> None:
        try:
            percent = float(untrusted_percent)
        except ValueError:
            return
        if not isfinite(percent) or not PROFILE_ID.matches(profile):
            return
        share = min(max(percent, 0.0), _FULL) / _FULL
        if profile not in self._running:
            self.begin(profile)
        run = self._running[profile]
        if not run.by:
            self._heard[profile] = time.monotonic()
        total = run.progress.total if run.progress is not None else 0
        if total:
            done = int(share * total)
            self._running[profile] = replace(run, progress=Progress(WRITING, "", done, total))
            self._emit(events.BACKUP_PROGRESS(profile=profile, run=run.run, phase=WRITING, done=done, total=total))

    async def _ask_size(self, profile: str) -> None:
        """Qubesd sends a share, and mgmt1 bytes: without the size no progress is sent.

        Without an answer it is asked for again, until the run has ended.
        """
        pause = _FIRST_PAUSE
        size: int | None = None
        while size is None:
            try:
                size = await self._size_of(profile)
            except NoAnswerError:
                await asyncio.sleep(pause)
                pause = min(pause * 2, QUIET)
            except Mgmt1Error:
                return
        run = self._running.get(profile)
        if run is not None:
            self._running[profile] = replace(run, progress=Progress(WRITING, "", 0, size))

    def _forget_quiet(self) -> None:
        now = time.monotonic()
        for profile in [profile for profile, heard in self._heard.items() if now - heard > QUIET]:
            self._removed(profile)

    def _removed(self, profile: str) -> BackupRun | None:
        """Remove a run under way; the run, if there was one."""
        self._heard.pop(profile, None)
        if (asking := self._asking.pop(profile, None)) is not None:
            asking.cancel()
        return self._running.pop(profile, None)
