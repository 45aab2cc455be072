# SPDX-License-Identifier: GPL-3.0-or-later
"""The preview of a backup profile."""

import threading
from pathlib import Path

from qubesmanager.backup.engine import at_destination, off_loop
from qubesmanager.backup.errors import BackupNotConnectedError
from qubesmanager.backup.profile import owner_of, parse_profile
from qubesmanager.backup.retention import Made
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.drivers.backups.folders import Room, room_of
from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.daemon.local.services.backup_destinations import BackupDestinations
from qubesmanager.daemon.local.services.backup_history import BackupHistory, local_time
from qubesmanager.daemon.local.services.backup_run import BackupRuns
from qubesmanager.daemon.local.services.backups import Backups, Planned
from qubesmanager.rules.backups import is_ahead
from qubesmanager.rules.sight import Sees, seen_name, sees_all
from qubesmanager.wire.backups import PlannedQube, Preview
from qubesmanager.wire.names import DOM0


class BackupPreviews:
    """Answers what a profile would do; nothing is stored."""

    def __init__(
        self,
        runtime: Runtime,
        backups: Backups,
        destinations: BackupDestinations,
        runs: BackupRuns,
        history: BackupHistory,
    ) -> None:
        self._runtime = runtime
        self._backups = backups
        self._destinations = destinations
        self._runs = runs
        self._history = history

    async def preview(self, name: str, text: str = "", source: str = DOM0, sees: Sees = sees_all) -> Preview:
        """The preview of a profile, or of the profile that `text` is; nothing is stored.

        Only the qubes that `source` sees are in the answer, and those that its own profile names.
        """
        if text:
            profile, changed, owner = await off_loop(parse_profile, text), self._history.clock(), DOM0
        else:
            profile, file = await self._backups.profile(name)
            changed, owner = file.changed, owner_of(file.text)
        await self._backups.refresh_sight()
        planned = self._backups.planned(name, profile, owner, sees)
        reads_text = source in {DOM0, owner}
        last = await self._history.last_run(name)
        due = profile.schedule.next_due(local_time(self._history.clock())) if profile.schedule else None
        room = Room()
        connected = True
        if profile.destination_vm == DOM0:
            try:
                room = self._runs.figures.room(await at_destination(room_of, profile))
                connected = not await self._destinations.why_not_connected(name, profile, kept=not text)
            except BackupNotConnectedError:
                connected = False
        sizes = {qube.name: sum(v.usage for v in qube.volumes.values() if v.save_on_stop) for qube in planned.qubes}
        # Also for a source that does not see all of it, the run is of all qubes that the owner sees.
        whole = self._backups.planned(name, profile, owner)
        home = await self._runs.home(profile, whole, threading.Event()) if owner == DOM0 else None
        coming = await self._coming(whole, has_home=home is not None)
        qubes = planned.qubes
        if home is not None and source == DOM0:
            sizes[DOM0] = home.size
            qubes = (self._runtime.state.qube(DOM0), *qubes)
        is_readable = connected and bool(profile.destination_path) and profile.destination_vm == DOM0
        present = await self._history.present(name, profile) if is_readable else []
        decision = self._history.retention(profile, coming, owner, present)
        why_kept = {old.file: why for old, why in decision.counted}
        files = {Path(run.file).name: why_kept.get(run.file, ()) for _number, run in present}
        return Preview(
            profile=name,
            destination=profile.destination_path or " ".join(profile.destination_command),
            destination_vm=profile.destination_vm if reads_text else seen_name(sees, profile.destination_vm),
            compression=profile.compression.value,
            kdf=profile.kdf,
            verify=profile.verify,
            size=sum(sizes.values()),
            free=room.free,
            writable=None if room.free is None else room.writable,
            connected=connected,
            largest_file=room.largest,
            given_by=profile.passphrase_kind.removeprefix("none"),
            schedule=profile.schedule.text if profile.schedule else "",
            last_run=last.start if last else None,
            last_result=last.result if last else "",
            # Local time, with the daylight saving time of that day.
            next_run=int(due.replace(tzinfo=None).timestamp()) if due else None,
            missing=planned.missing if reads_text else (),
            left_out=planned.hidden if reads_text else (),
            without_home=planned.dom0 and home is None,
            would_remove=tuple(Path(old.file).name for old in decision.remove),
            would_keep={
                Path(kept.file).name: names
                for kept, all_names in decision.kept_for
                if (names := tuple(name for name in all_names if source == DOM0 or sees(name)))
            },
            files=files if is_readable else None,
            changed=int(changed),
            qubes=tuple(self._planned_qube(qube, sizes[qube.name]) for qube in qubes),
        )

    async def _coming(self, planned: Planned, *, has_home: bool) -> Made:
        """The backup that a run now would make; `has_home`: with the home of dom0."""
        dom0 = (self._runtime.state.qube(DOM0),) if has_home else ()
        qubes = {str(qube.uuid): qube.name for qube in (*dom0, *planned.qubes)}
        return Made(await self._history.next_number(), local_time(self._history.clock()), qubes)

    def _planned_qube(self, qube: Qube, size: int) -> PlannedQube:
        stamp = qube.value("backup_timestamp")
        last, changed = int(stamp) if stamp else None, None
        if last is not None and not is_ahead(last, self._history.clock()):
            changed = qube.running or (qube.last_stop or 0) > last
        return PlannedQube(qube.name, size, qube.running, last, changed, qube.klass.value, qube.value("label"))
