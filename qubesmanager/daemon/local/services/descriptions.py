# SPDX-License-Identifier: GPL-3.0-or-later
"""Descriptions of qubes, stored with their volumes: from them a qube can be made again if the store is lost.

They are written in the background, a second after a change, so that several changes of a qube are one writing; and
compared a second after each start, when the first calls have been answered. A disposable has no kept volume:
if it is one that stays when it halts, the volumes of its template describe it too.
"""

import asyncio
import json
import logging
from contextlib import suppress
from hashlib import blake2s
from typing import Any
from uuid import UUID

from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.core.state import State
from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.daemon.local.services.pools import Pools
from qubesmanager.wire import events
from qubesmanager.wire.errors import Mgmt1Error, StoragePoolException
from qubesmanager.wire.event import Event
from qubesmanager.wire.records import VolumeRecord
from qubesmanager.wire.values import VmClass

log = logging.getLogger(__name__)

FORMAT = 1
DISPOSABLES = "disposables"
"""The key of a template's description with the list of its named disposables."""

GATHERED = 1.0
"""Seconds from a change to its writing."""

_DESCRIBED = frozenset(events.TABLE) - {events.DOMAIN_STATE, events.POOL_FOUND}
"""The events after which a description may be another one. The power state is not described."""

_LONG = ("notes", "rules", "features", DISPOSABLES)
"""The parts that are left out, in this order, where a pool has no room for all; of the disposables too."""


class Descriptions:
    """Keeps what each qube's own volumes say of it like the store. Subscribes to the events."""

    def __init__(self, runtime: Runtime, pools: Pools) -> None:
        self._runtime = runtime
        self._pools = pools
        self._waiting: dict[UUID, None] = {}
        self._news = asyncio.Event()
        self._idle = asyncio.Event()
        self._hurry = asyncio.Event()
        self._kept: dict[tuple[str, str], bytes] = {}
        """The digest of the description that a volume has; the descriptions would take a kilobyte each."""
        runtime.subscribe(self._on_event, rows=_DESCRIBED)
        runtime.subscribe(self._on_templates, rows={events.DOMAIN_DELETE}, properties={"template"})
        runtime.subscribe(self._on_pool, rows={events.POOL_FOUND})

    def _on_event(self, event: Event) -> None:
        """Look at the event's qube again."""
        if (qube := self._runtime.state.qubes.get(event.subject)) is not None:
            self._look_at(qube)
            if qube.klass is VmClass.DISP and (template := self._runtime.state.qubes.get(qube.value("template"))):
                self._look_at(template)

    def _on_templates(self, _event: Event) -> None:
        """Look at all templates of disposables: one has another disposable now, or one less."""
        for template in self._runtime.state.qubes.values():
            if template.flag("template_for_dispvms"):
                self._look_at(template)

    def _on_pool(self, _event: Event) -> None:
        """Look at all qubes once a pool is back."""
        self.look_at_all()

    def look_at_all(self) -> None:
        for qube in self._runtime.state.qubes.values():
            self._look_at(qube)

    async def keep(self) -> None:
        """Write what has changed, for as long as the daemon runs."""
        self.look_at_all()
        while True:
            await self._gather()
            for uuid in list(self._waiting):
                # A change that comes from now on is written with those after it.
                del self._waiting[uuid]
                qube = self._runtime.state.by_uuid.get(uuid)
                if qube is not None:
                    await self._write(qube)
            if not self._waiting:
                self._idle.set()
                self._hurry.clear()
                self._news.clear()
                await self._news.wait()

    async def settled(self) -> None:
        """Write all changes so far, and wait until that is done."""
        if not self._idle.is_set():
            self._hurry.set()
            await self._idle.wait()

    async def _gather(self) -> None:
        """Wait for more changes, for as long as no caller waits for those there are."""
        with suppress(TimeoutError):
            async with asyncio.timeout(GATHERED):
                await self._hurry.wait()

    def _look_at(self, qube: Qube) -> None:
        if qube.uuid in self._waiting:
            return
        # What the volumes say of a qube that the store cannot read is better than what is known of it now.
        disposables = named_disposables(self._runtime.state, qube)
        if qube.klass is not VmClass.ADMIN and not any(about.unreadable for about in (qube, *disposables)):
            self._waiting[qube.uuid] = None
            self._idle.clear()
            self._news.set()

    async def _write(self, qube: Qube) -> None:
        for volume in list(qube.volumes.values()):
            if not volume.save_on_stop or volume.extra:
                continue
            about = describe(qube, self._runtime.state)
            key, digest = (volume.pool, volume.vid), blake2s(json.dumps(about).encode(), digest_size=16).digest()
            if self._kept.get(key) == digest:
                continue
            try:
                await self._write_one(volume, about)
                self._kept[key] = digest
            except Mgmt1Error as error:
                self._kept.pop(key, None)
                log.info("What is known of %s could not be kept in %s: %s", qube.name, volume.vid, error)

    async def _write_one(self, volume: VolumeRecord, about: dict[str, Any]) -> None:
        """Write the description, or as much of it as fits. Raises `Mgmt1Error` if even the shortest is refused."""
        driver = self._pools.driver(volume.pool)
        present = await driver.description(volume.vid)
        for number in range(len(_LONG) + 1):
            shorter = _shorter(about, _LONG[:number])
            if shorter == present:
                return
            try:
                await driver.describe(volume.vid, shorter)
            except StoragePoolException:
                if number == len(_LONG):
                    raise
            else:
                return


def _shorter(about: dict[str, Any], left_out: tuple[str, ...]) -> dict[str, Any]:
    shorter = {name: value for name, value in about.items() if name not in left_out}
    if DISPOSABLES in shorter:
        shorter[DISPOSABLES] = [_shorter(disposable, left_out) for disposable in shorter[DISPOSABLES]]
    return shorter


def named_disposables(state: State, template: Qube) -> list[Qube]:
    """The disposables of a template that stay when they halt, by name."""
    if not template.flag("template_for_dispvms"):
        return []
    based = (state.qubes[name] for name in sorted(state.children.get(template.name, ())))
    return [qube for qube in based if qube.klass is VmClass.DISP and (not qube.flag("auto_cleanup") or qube.unreadable)]


def describe(qube: Qube, state: State) -> dict[str, Any]:
    """The description from which a qube can be made again, as JSON; without devices, since others may be there then."""
    label = qube.value("label")
    disposables = [describe(disposable, state) for disposable in named_disposables(state, qube)]
    return {
        "format": FORMAT,
        "uuid": str(qube.uuid),
        "name": qube.name,
        "class": str(qube.klass),
        "label": label,
        "color": state.labels.get(label, ""),
        "properties": {name: value for name, value in sorted(qube.own.items()) if name != "label"},
        "features": dict(sorted(qube.features.items())),
        "tags": sorted(qube.tags),
        "rules": [text for _rule_id, text in qube.rules],
        "notes": qube.notes,
        "revisions": {name: volume.revisions_to_keep for name, volume in qube.volumes.items() if volume.save_on_stop},
        **({DISPOSABLES: disposables} if disposables else {}),
    }
