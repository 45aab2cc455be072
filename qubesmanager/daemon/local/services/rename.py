# SPDX-License-Identifier: GPL-3.0-or-later
"""Give a qube a new name, in everything that refers to it."""

from contextlib import AsyncExitStack

from qubesmanager.daemon.local.core.property_rows import property_of
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.core.sight import sees as sees_now
from qubesmanager.daemon.local.core.state import added
from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.daemon.local.services.backups import Backups
from qubesmanager.daemon.local.services.devices import Devices
from qubesmanager.daemon.local.services.naming import Naming
from qubesmanager.daemon.local.services.volume_lifecycle import Volumes
from qubesmanager.daemon.local.store import rows
from qubesmanager.daemon.local.store.store import Statement
from qubesmanager.rules.actions import why_not_rename
from qubesmanager.rules.references import REFERENCES, SYSTEM_REFERENCES
from qubesmanager.wire import events
from qubesmanager.wire.names import TAGS_OF_QUBES
from qubesmanager.wire.reasons import refusal, refuse_if


class Renaming:
    """Gives qubes new names."""

    def __init__(self, runtime: Runtime, volumes: Volumes, devices: Devices, naming: Naming, backups: Backups) -> None:
        self._runtime = runtime
        self._volumes = volumes
        self._devices = devices
        self._naming = naming
        self._backups = backups

    async def rename(self, name: str, untrusted: str) -> None:
        """Give the qube a new name, in everything that refers to it and for its volumes: all or nothing.

        The volumes get it first, written down as pending; the one transaction that renames the rest makes it final.
        """
        qube = self._runtime.state.qube(name)
        async with self._runtime.holding(qube), AsyncExitStack() as undo:
            async with self._runtime.altering(qube):
                old = qube.name
                new = self._new_name(qube, untrusted)
                if new == old:
                    return
                self._devices.may_start(qube)
                pools = self._volumes.named_after(qube)
                self._runtime.reserved.add(new)
                self._runtime.sources[old] += 1
                undo.callback(self._runtime.reserved.discard, new)
                undo.callback(self._runtime.sources.subtract, [old])
            await self._volumes.clear_left(new)
            async with AsyncExitStack() as back:
                await self._volumes.rename(back, old, new, pools)
                async with self._runtime.altering(qube):
                    moved = {
                        title: volume._replace(vid=new + volume.vid.removeprefix(old))
                        for title, volume in qube.volumes.items()
                        if volume.vid.startswith(f"{old}/")
                    }
                    await self._runtime.commit(
                        [
                            *_rename_statements(qube, new),
                            rows.add_pending_name(old, new),
                            *(rows.set_volume(qube.qid, volume) for volume in moved.values()),
                            *(rows.delete_pending_volume(volume.pool, volume.vid) for volume in moved.values()),
                            *(rows.delete_pending_rename(pool, old) for pool in pools),
                        ]
                    )
                    qube.volumes.update(moved)
                    self._rename_in_memory(qube, new)
                back.pop_all()
            await self._backups.follow_soon()

    def _new_name(self, qube: Qube, untrusted: str) -> str:
        """The name if the qube may have it now. Under `changing`."""
        refuse_if(why_not_rename(self._runtime.state, qube))
        if untrusted != qube.name and not sees_now(untrusted):
            self._naming.check_free(untrusted)
        new = property_of(qube, "name").accept(self._runtime.state, qube, untrusted)
        if new in self._runtime.reserved:
            raise refusal("name-busy", new)
        if self._runtime.sources[qube.name]:
            raise refusal("rename-while-cloned", qube.name)
        return new

    def _rename_in_memory(self, qube: Qube, new: str) -> None:
        """The same in memory; listeners see the old qube go and the new one come, and what changed in the others."""
        old, state = qube.name, self._runtime.state
        others = [other for other in state.qubes.values() if other is not qube]
        gone = state.remove(qube)
        qube.name = new
        qube.own.update({prop: new for prop in REFERENCES if qube.own.get(prop) == old})
        own_tags = {kind for kind in TAGS_OF_QUBES if kind + old in qube.tags}
        qube.tags.difference_update([kind + old for kind in own_tags])
        qube.tags.update([kind + new for kind in own_tags])
        qube.view = {}
        came = state.add(qube)
        happened = [gone, came]
        for prop in SYSTEM_REFERENCES:
            if state.system_own.get(prop) == old:
                state.system_own[prop] = new
                happened.append(events.PROPERTY_SET("", prop, new, is_default=False, old_value=old))
                happened += state.system_changed(prop)
        for other in others:
            for prop in REFERENCES:
                if other.own.get(prop) == old:
                    other.own[prop] = new
                    happened += state.property_changed(other, prop)
            for kind in TAGS_OF_QUBES:
                if kind + old in other.tags:
                    other.tags.remove(kind + old)
                    other.tags.add(kind + new)
                    other.changed()
                    happened += [
                        events.TAG_DELETE(other.name, kind + old),
                        events.TAG_ADD(other.name, kind + new),
                    ]
            if any(device.backend == old for device in other.devices):
                other.devices = [
                    device._replace(backend=new) if device.backend == old else device for device in other.devices
                ]
                other.changed()
                happened.append(added(other))
        self._runtime.emit(happened)


def _rename_statements(qube: Qube, new: str) -> list[Statement]:
    old = qube.name
    return [
        rows.set_name(qube.qid, new),
        *(("UPDATE property SET value = ? WHERE name = ? AND value = ?", (new, prop, old)) for prop in REFERENCES),
        *(
            ("UPDATE system_property SET value = ? WHERE name = ? AND value = ?", (new, prop, old))
            for prop in SYSTEM_REFERENCES
        ),
        *(("UPDATE OR REPLACE tag SET name = ? WHERE name = ?", (kind + new, kind + old)) for kind in TAGS_OF_QUBES),
        ("UPDATE device SET backend = ? WHERE backend = ?", (new, old)),
    ]
