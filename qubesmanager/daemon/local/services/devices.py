# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices: what each qube offers, what each has, and how that changes.

What is offered comes from a `DeviceSource` (dom0: the machine), and from the extra volumes of a halted qube. What a
qube has is a `DeviceRecord`: attached now, assigned persistently, or both. `attached` is stored before the hypervisor
is called, so a crash in between leaves a record that the next start compares with the hypervisor.
"""

import logging
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.core.sight import spoken_one
from qubesmanager.daemon.local.core.weight import check_change, most_bytes_of_device
from qubesmanager.daemon.local.drivers.devices.base import (
    BlockDevice,
    DeviceEvent,
    DeviceInfo,
    DeviceSource,
    HostDevice,
    Microphone,
)
from qubesmanager.daemon.local.drivers.hypervisor.base import DiskFormat, DiskSpec
from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.daemon.local.services.pools import Pools, bare_spec
from qubesmanager.daemon.local.store import rows
from qubesmanager.rules.actions import HOT, offers_devices, why_not_attach, why_not_attach_device, why_not_offered
from qubesmanager.rules.devices import (
    DEVTYPE,
    FRONTEND_DEV,
    IDENTITY,
    MODE,
    PERSISTENT,
    READ_ONLY,
    DeviceKey,
    assigned_ident,
    attaching,
    checked_assignment,
    checked_options,
    denied_interface,
    fits,
    free_place,
    share_a_disk,
)
from qubesmanager.rules.volumes import extra_volume
from qubesmanager.wire import events
from qubesmanager.wire.codecs import DeviceId
from qubesmanager.wire.errors import (
    DeviceNotFound,
    Mgmt1Error,
    QubesVMNotRunningError,
)
from qubesmanager.wire.events import device_event
from qubesmanager.wire.names import shown
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import error_for, refusal, refuse_if
from qubesmanager.wire.records import ANY_PORT, NO, YES, DeviceRecord, VolumeRecord
from qubesmanager.wire.values import DeviceChange, DeviceClass, DeviceMode, PowerState, VmClass

log = logging.getLogger(__name__)

SERIAL_LIMIT = 36
"""Characters of a disk's serial number, by which the guest finds it."""

_NEXT_START = Reason("sound-next-start")


class Key(NamedTuple):
    """One device of the system. The backend is named by its UUID: its name may change."""

    device_class: DeviceClass
    backend: UUID
    ident: str


@dataclass
class _Claim:
    """A device that is just being attached. `gone`: it was pulled meanwhile.

    `record`: what a starting qube has of it, for a device that is in none of its records yet.
    """

    qube: Qube
    gone: bool = False
    record: DeviceRecord | None = None


class Devices:
    """`sources` by the UUID of the qube that offers them."""

    def __init__(self, runtime: Runtime, pools: Pools) -> None:
        self._runtime = runtime
        self._pools = pools
        self.sources: dict[UUID, DeviceSource] = {}
        self._claims: dict[Key, _Claim] = {}
        self._infos: dict[tuple[UUID, Key], DeviceInfo] = {}
        """By qube and device: as what it was attached, for when it has to be taken away again."""

    def offer(self, backend: Qube, source: DeviceSource) -> None:
        """From now on the qube offers what the source has."""
        self.sources[backend.uuid] = source
        self._runtime.spawn(f"watch the devices of {backend.name}", self._watch(backend, source))

    # -- looking ------------------------------------------------------------------------------------------------------

    async def available(self, backend: Qube, device_class: DeviceClass) -> list[DeviceInfo]:
        """The devices that a qube offers, by ident. A qube that does not run offers only its extra volumes."""
        source = self.sources.get(backend.uuid)
        listed = await source.available(device_class) if source is not None and offers_devices(backend) else []
        if device_class is DeviceClass.BLOCK:
            listed = [*listed, *(_offer(backend, volume) for volume in backend.volumes.values() if volume.extra)]
        return listed

    def holder(self, key: Key) -> Qube | None:
        """The qube that has the device now, or is just getting it."""
        if claim := self._claims.get(key):
            return claim.qube
        backend = self._runtime.state.by_uuid.get(key.backend)
        for qube in self._runtime.state.qubes.values():
            for record in qube.devices:
                same = (record.device_class, record.ident) == (key.device_class, key.ident)
                if record.attached and same and backend is not None and record.backend == backend.name:
                    return qube
        return None

    def lent(self, qube: Qube, volume: str) -> Qube | None:
        """The qube that has an extra volume of this one as its disk."""
        return self.holder(Key(DeviceClass.BLOCK, qube.uuid, volume))

    def may_start(self, qube: Qube) -> None:
        """Raises `QubesVMInUseError` while a volume of the qube is another's disk."""
        for name, volume in qube.volumes.items():
            if volume.extra and (holder := self.lent(qube, name)):
                raise refusal("own-volume-attached", name, qube.name, spoken_one(holder.name))

    # -- attaching and detaching --------------------------------------------------------------------------------------

    async def attach(
        self, qube: Qube, device_class: DeviceClass, device: DeviceId, untrusted: Mapping[str, str]
    ) -> None:
        """Give the device to the qube: now if it runs, at each start if `persistent=yes`.

        Raises `DeviceNotFound`, `DeviceAlreadyAttached` with the holder, `QubesVMNotRunningError`. A device that is
        attached and not yet assigned may be assigned, and the other way round.
        """
        options = checked_options(device_class, untrusted)
        refuse_if(why_not_attach(self._runtime.state, qube))
        backend = self._runtime.state.qube(device.backend)
        info = await self._find(backend, device_class, device.ident)
        if isinstance(info.host, BlockDevice) and info.host.read_only:
            if untrusted.get(READ_ONLY) == NO:
                raise refusal("device-read-only", backend.name, device.ident)
            options[READ_ONLY] = YES
        async with self._runtime.holding(qube):
            await self._attach(qube, self._runtime.still(backend), info, options)

    async def _attach(self, qube: Qube, backend: Qube, info: DeviceInfo, options: dict[str, str]) -> None:
        """Under the qube's lock."""
        refuse_if(_why_denied(qube, info))
        before = find_assignment(qube, info.device_class, DeviceId(backend.name, info.ident))
        persistent = options.get(PERSISTENT) == YES
        device = DeviceKey(info.device_class, backend.name, info.ident)
        refuse_if(why_not_attach_device(self._runtime.state, qube, device, persistent=persistent))
        now = qube.state in HOT and not (before is not None and before.attached)
        if now and isinstance(info.host, Microphone) and (await self._runtime.hypervisor.capabilities()).hot_plug:
            if not persistent:
                raise error_for(_NEXT_START, QubesVMNotRunningError)
            now = False
        if now:
            there = await self._find_there(backend, info.device_class, info.ident)
            refuse_if(_why_denied(qube, there))
            if there.identity != info.identity:
                raise refusal("device-unplugged", backend.name, info.ident)
            info = there
        if before is not None:
            options = {**before.options, **options}
        if info.device_class is DeviceClass.BLOCK:
            self._placed(qube, options, before)
        attached = now or (before is not None and before.attached)
        record = DeviceRecord(info.device_class, backend.name, info.ident, attached, options)
        if not now:
            await self._put(qube, record)
            return
        key, claim = await self._claim(qube, backend, info)
        try:
            async with AsyncExitStack() as undo:
                await self._store(qube, record)
                undo.push_async_callback(self._take_back, qube, record)
                await self._plug(undo, qube, backend, record, info)
                if claim.gone:
                    raise refusal("device-unplugged", backend.name, info.ident)
                self._replace(qube, record)
                undo.pop_all()
        finally:
            self._release(key, claim)

    async def detach(
        self, qube: Qube, device_class: DeviceClass, device: DeviceId, *, keep_assigned: bool = False
    ) -> None:
        """Take the device away and forget its assignment, or keep that. Raises `DeviceNotAssigned`.

        An assignment to forget goes first, so that none comes back after a crash. Once the guest has let go of the
        device, that is done: the store follows now or later.
        """
        async with self._runtime.holding(qube):
            record = find_assignment(qube, device_class, device)
            if record is None or (keep_assigned and not record.attached):
                raise refusal("device-not-assigned", qube.name, device_class, str(device))
            if not record.attached or not qube.running:
                await (self._lost(qube, record) if keep_assigned else self._drop(qube, record))
                return
            keeps = keep_assigned and record.persistent
            if record.persistent and not keeps:
                await self._store(qube, record._replace(options=attaching(record.options)))
            try:
                await self._unplug(qube, record)
            except BaseException:
                await self._stored_again(qube, record)
                raise
            if keeps:
                self._replace(qube, record._replace(attached=False))
            else:
                self._forget(qube, record)
            await self._stored_again(qube, record)
            await self._closed(record)

    async def _drop(self, qube: Qube, record: DeviceRecord) -> None:
        async with self._runtime.altering(qube):
            await self._runtime.commit([rows.delete_device(qube.qid, record)])
            self._forget(qube, record)
        await self._closed(record)

    def _forget(self, qube: Qube, record: DeviceRecord) -> None:
        qube.devices = [other for other in qube.devices if not _same(other, record)]
        qube.changed(growth=0)
        gone = record._replace(attached=False, options=attaching(record.options))
        self._runtime.emit([device_event(qube.name, gone, record)])

    # -- assigning ----------------------------------------------------------------------------------------------------

    async def assign(
        self, qube: Qube, device_class: DeviceClass, device: DeviceId, untrusted: Mapping[str, str]
    ) -> None:
        """Assign a device, which need not be there; a running qube does not get it at once.

        Raises `DeviceAlreadyAssigned`, `PermissionDenied` for a device that the qube denies, and as `attach`.
        """
        options = checked_assignment(device_class, untrusted)
        refuse_if(why_not_attach(self._runtime.state, qube))
        backend = self._runtime.state.qube(device.backend)
        ident = assigned_ident(device.ident, options.get(IDENTITY, ""))
        async with self._runtime.holding(qube):
            before = find_assignment(qube, device_class, DeviceId(backend.name, ident))
            if before is not None and before.persistent:
                raise refusal("device-assigned", device_class, f"{backend.name}+{device.ident}", qube.name)
            new = DeviceKey(device_class, backend.name, ident)
            refuse_if(why_not_attach_device(self._runtime.state, qube, new, persistent=True))
            record = DeviceRecord(device_class, backend.name, ident, before is not None and before.attached, options)
            if record.any_port:
                options.pop(IDENTITY, None)
                if FRONTEND_DEV in options:
                    raise refusal("device-no-place")
            elif device_class is DeviceClass.BLOCK:
                options.update({**(before.options if before else {}), **options})
                self._placed(qube, options, before)
            for info in await self._matching(backend, record):
                refuse_if(_why_denied(qube, info))
            devices = (*(each for each in qube.devices if each is not before), record)
            check_change(qube, most_bytes_of_device(record), lambda now: now.updated(devices=devices))
            await self._put(qube, record)

    async def unassign(self, qube: Qube, device_class: DeviceClass, device: DeviceId, identity: str) -> None:
        """Remove an assignment; a device that is attached stays so. Raises `DeviceNotAssigned`."""
        async with self._runtime.holding(qube):
            record = _assigned(qube, device_class, device, identity)
            if record.attached:
                await self._put(qube, record._replace(options=attaching(record.options)))
            else:
                await self._drop(qube, record)

    async def set_mode(
        self, qube: Qube, device_class: DeviceClass, device: DeviceId, identity: str, untrusted_mode: str
    ) -> None:
        """Change how an assigned device is given. Raises `DeviceNotAssigned`, `QubesValueError` for another mode."""
        async with self._runtime.holding(qube):
            record = _assigned(qube, device_class, device, identity)
            options = checked_assignment(device_class, {**record.options, MODE: untrusted_mode})
            await self._put(qube, record._replace(options=options))

    async def _matching(self, backend: Qube, record: DeviceRecord) -> list[DeviceInfo]:
        """The devices that an assignment is for, as far as they are there now."""
        if record.any_port:
            offered = await self.available(backend, record.device_class) if offers_devices(backend) else []
            return [info for info in offered if fits(record, info.ident, info.identity)]
        try:
            info = await self._find_there(backend, record.device_class, record.ident)
        except DeviceNotFound:
            return []
        return [info] if fits(record, info.ident, info.identity) else []

    async def _given_at_start(self, qube: Qube, backend: Qube, record: DeviceRecord) -> list[DeviceInfo]:
        """The devices that an assignment gives to a starting qube.

        Raises `DeviceNotFound` if it is required and none is there, `PermissionDenied` if the qube denies it. At any
        port, a device that the qube has by another assignment, or that another qube has, is not given.
        """
        infos = await self._matching(backend, record)
        if record.any_port:
            infos = [info for info in infos if self.holder(Key(info.device_class, backend.uuid, info.ident)) is None]
        allowed = [info for info in infos if _why_denied(qube, info) is None]
        if allowed or record.mode is not DeviceMode.REQUIRED:
            if not allowed:
                log.info("%s starts without %s+%s, which is not there", qube.name, record.backend, record.ident)
            return allowed
        for info in infos:
            refuse_if(_why_denied(qube, info))
        if record.any_port:
            raise refusal("no-device-of-identity", backend.name, record.device_class, record.identity or ANY_PORT)
        await self._find_there(backend, record.device_class, record.ident)
        raise refusal("device-other-identity", backend.name, record.ident, qube.name)

    # -- with the qube's life -----------------------------------------------------------------------------------------

    async def boot(self, undo: AsyncExitStack, qube: Qube) -> tuple[list[DiskSpec], list[HostDevice]]:
        """Reserve the qube's devices for its start, under its lock. `undo` gets the steps that release them.

        A missing device is left out unless it is required. One that another qube has refuses the start.
        """
        self.may_start(qube)
        plugged = (await self._runtime.hypervisor.capabilities()).hot_plug
        disks: list[DiskSpec] = []
        hosts: list[HostDevice] = []
        # Those of a port first, so that an assignment at any port does not take what is meant for another.
        for record in sorted(qube.devices, key=lambda record: record.any_port):
            if record.mode in {DeviceMode.MANUAL, DeviceMode.ASK}:
                continue
            backend = self._runtime.state.qube(record.backend)
            for info in await self._given_at_start(qube, backend, record):
                key, claim = await self._claim(qube, backend, info)
                undo.callback(self._release, key, claim)
                there = claim.record = self._starting(qube, record, info)
                await self._store(qube, there)
                undo.push_async_callback(self._take_back, qube, there)
                self._infos[qube.uuid, self._key(there)] = info
                if plugged and isinstance(info.host, BlockDevice):
                    disks.append(await self._disk(undo, backend, there, info.host))
                elif plugged:
                    hosts.append(info.host)
        return disks, hosts

    def _starting(self, qube: Qube, record: DeviceRecord, info: DeviceInfo) -> DeviceRecord:
        """The record of a device that a starting qube gets by an assignment."""
        if not record.any_port:
            return record._replace(attached=True)
        before = find_assignment(qube, record.device_class, DeviceId(record.backend, info.ident))
        options = {**(before.options if before else {}), **attaching(record.options)}
        if info.device_class is DeviceClass.BLOCK:
            given = [claim.record for claim in self._claims.values() if claim.qube is qube and claim.record]
            self._placed(qube, options, before, given)
        return DeviceRecord(record.device_class, record.backend, info.ident, True, options)

    def booted(self, qube: Qube) -> None:
        """The qube runs with what `boot` gave it: those claims end. What it offers itself is there from now on."""
        self.announce(qube)
        if any(record.mode is DeviceMode.ASK for record in qube.devices):
            self._runtime.spawn(f"ask for the devices of {qube.name}", self._ask_for(qube))
        for key, claim in list(self._claims.items()):
            if claim.qube is not qube:
                continue
            del self._claims[key]
            record = find_assignment(
                qube, key.device_class, DeviceId(self._runtime.state.by_uuid[key.backend].name, key.ident)
            )
            if record is None:
                record = claim.record
            if record is None:
                continue
            self._replace(qube, record._replace(attached=True))
            if claim.gone:
                self._runtime.persist(f"take {key.ident} from {qube.name}", partial(self._vanished, qube, key), of=qube)

    async def halted(self, qube: Qube) -> None:
        """The qube has halted: only persistent assignments stay. Under its lock."""
        gone = [record for record in qube.devices if record.attached]
        if not gone:
            return
        async with self._runtime.altering(qube):
            await self._runtime.commit(
                [
                    rows.set_device(qube.qid, record._replace(attached=False))
                    if record.persistent
                    else rows.delete_device(qube.qid, record)
                    for record in gone
                ]
            )
            for record in gone:
                if record.persistent:
                    self._replace(qube, record._replace(attached=False))
                else:
                    self._forget(qube, record)
        for record in gone:
            await self._closed(record)

    async def reconcile(self) -> None:
        """After the start of the daemon: what is stored as attached and is gone is not attached."""
        for qube in list(self._runtime.state.qubes.values()):
            if not any(record.attached for record in qube.devices):
                continue
            if not qube.running:
                await self.halted(qube)
                continue
            if qube.state is PowerState.HALTING:
                continue  # what it had is seen to when it is cleaned up after
            disks = await self._runtime.hypervisor.disk_files(qube.uuid)
            for record in [device for device in qube.devices if device.attached]:
                if not await self._really_there(qube, record, disks):
                    log.info("%s has lost %s+%s", qube.name, record.backend, record.ident)
                    await self._lost(qube, record)

    async def _really_there(self, qube: Qube, record: DeviceRecord, disks: Mapping[str, Path]) -> bool:
        if record.device_class is DeviceClass.BLOCK:
            return record.options.get(FRONTEND_DEV) in disks
        try:
            info = await self._find_there(self._runtime.state.qube(record.backend), record.device_class, record.ident)
        except DeviceNotFound:
            return False
        self._infos[qube.uuid, self._key(record)] = info
        return await self._runtime.hypervisor.has_device(qube.uuid, info.host)

    def announce(self, backend: Qube) -> None:
        """The qube was started or has halted: its devices are there now, or are taken from the qubes that have them."""
        change = DeviceChange.ADDED if offers_devices(backend) else DeviceChange.REMOVED
        if source := self.sources.get(backend.uuid):
            act = partial(self._announce_all, backend, source, change)
            self._runtime.persist(f"see the devices of {backend.name}, which were {change}", act, of=backend)

    async def _announce_all(self, backend: Qube, source: DeviceSource, change: DeviceChange) -> None:
        offered = [device for device_class in DeviceClass for device in await source.available(device_class)]
        # A backend that was started or halted again meanwhile is announced again.
        if offers_devices(backend) is (change is DeviceChange.ADDED):
            for device in offered:
                self._device_changed(backend, DeviceEvent(change, device))

    # -- devices that come and go -------------------------------------------------------------------------------------

    async def _watch(self, backend: Qube, source: DeviceSource) -> None:
        """For the life of the system: emit the changes of a backend's source, and act on them."""
        async with source.watch() as changes:
            async for event in changes:
                self._device_changed(backend, event)

    def _device_changed(self, backend: Qube, event: DeviceEvent) -> None:
        if event.change is DeviceChange.ADDED and not offers_devices(backend):
            return
        device = event.device
        key = Key(device.device_class, backend.uuid, device.ident)
        change = events.DEVICE_LIST_CHANGE(
            backend.name, device.device_class, device.ident, event.change, device.description, device.identity
        )
        self._runtime.emit([change])
        if event.change is DeviceChange.REMOVED:
            if claim := self._claims.get(key):
                claim.gone = True
            elif holder := self.holder(key):
                log.info("%s+%s was removed; %s had it", backend.name, device.ident, holder.name)
                vanished = partial(self._vanished, holder, key)
                self._runtime.persist(f"take {device.ident} from {holder.name}", vanished, of=holder)
        elif event.change is DeviceChange.ADDED and not device.in_use:
            for qube in list(self._runtime.state.qubes.values()):
                record = _assigned_to(qube, backend, device)
                if record is None or qube.state is not PowerState.RUNNING:
                    continue
                if record.mode is DeviceMode.ASK:
                    self._ask(qube, backend, device)
                else:
                    self._runtime.spawn(f"give {device.ident} to {qube.name}", self._came_back(qube, backend, device))

    async def _vanished(self, qube: Qube, key: Key) -> None:
        """A device that a qube has is gone: the qube loses it, and keeps only the assignment."""
        async with self._runtime.holding(qube):
            record = next((record for record in qube.devices if record.attached and self._key(record) == key), None)
            if record is None:
                return
            if qube.running:
                try:
                    await self._unplug(qube, record)
                except Mgmt1Error as error:
                    log.info("%s: %s", qube.name, error)
            await self._lost(qube, record)

    async def let_go(self, qube: Qube, target: str) -> None:
        """The guest gave a disk back, maybe long after it was asked to."""
        async with self._runtime.holding(qube):
            for record in list(qube.devices):
                if record.attached and record.options.get(FRONTEND_DEV) == target:
                    if qube.running and target in await self._runtime.hypervisor.disk_files(qube.uuid):
                        return
                    await self._lost(qube, record)

    async def _lost(self, qube: Qube, record: DeviceRecord) -> None:
        if not record.persistent:
            await self._drop(qube, record)
            return
        await self._put(qube, record._replace(attached=False))
        await self._closed(record)

    async def _came_back(self, qube: Qube, backend: Qube, device: DeviceInfo) -> None:
        """An assigned device was plugged in again while its qube runs."""
        async with self._runtime.holding(qube):
            record = _assigned_to(qube, backend, device)
            present = find_assignment(qube, device.device_class, DeviceId(backend.name, device.ident))
            has_it = present is not None and present.attached
            if record is None or record.mode is DeviceMode.ASK or has_it or qube.state is not PowerState.RUNNING:
                return
            options = attaching(record.options) if record.any_port else dict(record.options)
            try:
                await self._attach(qube, backend, device, options)
            except Mgmt1Error as error:
                log.info("%s does not get %s+%s: %s", qube.name, backend.name, device.ident, error)

    async def _ask_for(self, qube: Qube) -> None:
        """Ask the user about the devices that are there of those which a started qube gets after a question."""
        for record in [record for record in qube.devices if record.mode is DeviceMode.ASK]:
            backend = self._runtime.state.qubes.get(record.backend)
            if backend is None:
                continue
            for info in await self._matching(backend, record):
                self._ask(qube, backend, info)

    def _ask(self, qube: Qube, backend: Qube, info: DeviceInfo) -> None:
        """Ask the user whether the qube gets a device, unless a qube has it or this one denies it."""
        key = Key(info.device_class, backend.uuid, info.ident)
        if qube.state is PowerState.RUNNING and self.holder(key) is None and _why_denied(qube, info) is None:
            asked = events.DEVICE_ASK(qube.name, info.device_class, backend.name, info.ident, info.description)
            self._runtime.emit([asked])

    # -- steps --------------------------------------------------------------------------------------------------------

    async def _find(self, backend: Qube, device_class: DeviceClass, ident: str) -> DeviceInfo:
        if volume := extra_volume(backend, device_class, ident):
            return _offer(backend, volume)
        source = self.sources.get(backend.uuid)
        if source is None:
            raise refusal("no-such-device", backend.name, device_class, shown(ident))
        return await source.find(device_class, ident)

    async def _find_there(self, backend: Qube, device_class: DeviceClass, ident: str) -> DeviceInfo:
        """As `_find`, of a device that can be attached now. Raises `DeviceNotFound` if its backend does not run."""
        refuse_if(why_not_offered(backend, DeviceKey(device_class, backend.name, ident)))
        return await self._find(backend, device_class, ident)

    async def _claim(self, qube: Qube, backend: Qube, info: DeviceInfo) -> tuple[Key, _Claim]:
        """Reserve a free device: no other qube gets it until `_release`. Raises `DeviceAlreadyAttached`."""
        key = Key(info.device_class, backend.uuid, info.ident)
        parts = await self._parts(backend, info)
        for other in (key, *parts):
            if holder := self.holder(other):
                raise refusal("device-attached", backend.name, other.ident, spoken_one(holder.name))
        self._claims[key] = claim = _Claim(qube)
        try:
            await self._may_be_lent(backend, info)
        except BaseException:
            self._release(key, claim)
            raise
        return key, claim

    def _release(self, key: Key, claim: _Claim) -> None:
        if self._claims.get(key) is claim:
            del self._claims[key]

    async def _may_be_lent(self, backend: Qube, info: DeviceInfo) -> None:
        if extra_volume(backend, info.device_class, info.ident):
            if backend.running:
                raise refusal("device-own-disk", backend.name, info.ident)
        elif reason := await self.sources[backend.uuid].why_busy(info):
            raise refusal("device-in-use", backend.name, info.ident, reason)

    async def _parts(self, backend: Qube, info: DeviceInfo) -> list[Key]:
        """The disk that a partition is on, and the partitions of a disk."""
        if info.device_class is not DeviceClass.BLOCK or backend.uuid not in self.sources:
            return []
        parent = info.details.get("parent", "")
        others = await self.sources[backend.uuid].available(DeviceClass.BLOCK)
        names = {
            other.ident
            for other in others
            if share_a_disk((info.ident, parent), (other.ident, other.details.get("parent", "")))
        }
        if parent:  # also one that is not available, because the machine uses it
            names.add(parent)
        return [Key(DeviceClass.BLOCK, backend.uuid, name) for name in sorted(names)]

    async def _plug(
        self, undo: AsyncExitStack, qube: Qube, backend: Qube, record: DeviceRecord, info: DeviceInfo
    ) -> None:
        hypervisor = self._runtime.hypervisor
        self._infos[qube.uuid, self._key(record)] = info
        if not (await hypervisor.capabilities()).hot_plug:
            return
        if isinstance(info.host, BlockDevice):
            disk = await self._disk(undo, backend, record, info.host)
            await hypervisor.attach_disk(qube.uuid, disk)
            undo.push_async_callback(hypervisor.detach_disk, qube.uuid, disk.target)
        else:
            await hypervisor.attach_device(qube.uuid, info.host)
            undo.push_async_callback(hypervisor.detach_device, qube.uuid, info.host)

    async def _unplug(self, qube: Qube, record: DeviceRecord) -> None:
        hypervisor = self._runtime.hypervisor
        if not (await hypervisor.capabilities()).hot_plug:
            return
        if record.device_class is DeviceClass.BLOCK:
            await hypervisor.detach_disk(qube.uuid, record.options[FRONTEND_DEV])
            return
        info = self._infos.get((qube.uuid, self._key(record)))
        host = info.host if info is not None else None
        if isinstance(host, Microphone):
            raise refusal("sound-stays")
        if host is not None:
            await hypervisor.detach_device(qube.uuid, host)

    async def _disk(self, undo: AsyncExitStack, backend: Qube, record: DeviceRecord, host: BlockDevice) -> DiskSpec:
        cdrom = record.options.get(DEVTYPE) == "cdrom"
        spec = DiskSpec(
            record.options[FRONTEND_DEV],
            Path(host.path),
            serial=(record.ident if backend.klass is VmClass.ADMIN else f"{backend.name}.{record.ident}")[
                :SERIAL_LIMIT
            ],
            read_only=cdrom or host.read_only or record.options.get(READ_ONLY) == YES,
            is_device=True,
            cdrom=cdrom,
        )
        volume = extra_volume(backend, record.device_class, record.ident)
        if volume is None:
            return spec
        driver = self._pools.driver(volume.pool)
        disk = await driver.start(bare_spec(volume))
        undo.push_async_callback(driver.stop, bare_spec(volume))
        return DiskSpec(
            spec.target,
            disk.path,
            DiskFormat(disk.format),
            spec.serial,
            read_only=spec.read_only,
            cdrom=cdrom,
            backing=disk.backing,
        )

    async def _closed(self, record: DeviceRecord) -> None:
        """Stop what was a volume of a qube, now or later."""
        backend = self._runtime.state.qubes.get(record.backend)
        volume = backend and extra_volume(backend, record.device_class, record.ident)
        if record.attached and backend is not None and volume:
            stop = partial(self._stop_lent, backend, volume)
            await self._runtime.ensure(f"stop {volume.vid}", stop, of=backend)

    async def _stop_lent(self, backend: Qube, volume: VolumeRecord) -> None:
        """Stop a volume that was lent, unless a qube has it again."""
        if backend.running or self.holder(Key(DeviceClass.BLOCK, backend.uuid, volume.name)):
            return
        await self._pools.driver(volume.pool).stop(bare_spec(volume))

    def _placed(
        self, qube: Qube, options: dict[str, str], before: DeviceRecord | None, given: Iterable[DeviceRecord] = ()
    ) -> None:
        """Say where the guest has the disk. Raises `DeviceAlreadyAttached` if something else is there.

        `given` are devices that the qube is getting, too.
        """
        taken = {
            record.options[FRONTEND_DEV]: record
            for record in (*qube.devices, *given)
            if FRONTEND_DEV in record.options and record is not before
        }
        place = options.get(FRONTEND_DEV) or free_place(taken)
        if place is None:
            raise refusal("no-disk-place", qube.name)
        if place in taken:
            other = taken[place]
            raise refusal("disk-place-taken", qube.name, other.backend, other.ident, place)
        options[FRONTEND_DEV] = place

    def _key(self, record: DeviceRecord) -> Key:
        return Key(record.device_class, self._runtime.state.qube(record.backend).uuid, record.ident)

    async def _store(self, qube: Qube, record: DeviceRecord) -> None:
        async with self._runtime.altering(qube):
            await self._runtime.commit([rows.set_device(qube.qid, record)])

    async def _take_back(self, qube: Qube, record: DeviceRecord) -> None:
        """A change failed before it was made in memory."""
        self._infos.pop((qube.uuid, self._key(record)), None)
        await self._stored_again(qube, record)

    async def _stored_again(self, qube: Qube, record: DeviceRecord) -> None:
        """Bring the store to what memory has of the device, now or later."""
        store = partial(self._store_present, qube, record)
        await self._runtime.ensure(f"store the devices of {qube.name}", store, of=qube)

    async def _store_present(self, qube: Qube, record: DeviceRecord) -> None:
        async with self._runtime.altering(qube):
            present = find_assignment(qube, record.device_class, DeviceId(record.backend, record.ident))
            change = rows.delete_device(qube.qid, record) if present is None else rows.set_device(qube.qid, present)
            await self._runtime.commit([change])

    async def _put(self, qube: Qube, record: DeviceRecord) -> None:
        async with self._runtime.altering(qube):
            self._runtime.state.qube(record.backend)
            await self._runtime.commit([rows.set_device(qube.qid, record)])
            self._replace(qube, record)

    def _replace(self, qube: Qube, record: DeviceRecord) -> None:
        before = next((other for other in qube.devices if _same(other, record)), None)
        qube.devices = [*(other for other in qube.devices if other is not before), record]
        qube.changed(most_bytes_of_device(record))
        info = self._infos.get((qube.uuid, self._key(record))) if record.attached else None
        device_id = info.identity if info is not None else ""
        self._runtime.emit([device_event(qube.name, record, before, device_id)])


def find_assignment(qube: Qube, device_class: DeviceClass, device: DeviceId) -> DeviceRecord | None:
    """The device of that name that the qube has or is assigned; None if there is none."""
    key = (device_class, device.backend, device.ident)
    return next((record for record in qube.devices if (record.device_class, record.backend, record.ident) == key), None)


def _assigned(qube: Qube, device_class: DeviceClass, device: DeviceId, identity: str) -> DeviceRecord:
    """The assignment that a call names. Raises `DeviceNotAssigned`."""
    record = find_assignment(qube, device_class, DeviceId(device.backend, assigned_ident(device.ident, identity)))
    if record is None or not record.persistent or identity not in {"", record.identity}:
        raise refusal("device-not-assigned", qube.name, device_class, str(device))
    return record


def _assigned_to(qube: Qube, backend: Qube, info: DeviceInfo) -> DeviceRecord | None:
    """The assignment by which a qube gets this device; one of its port comes first."""
    matching = (
        record
        for record in sorted(qube.devices, key=lambda record: record.any_port)
        if record.persistent
        and (record.device_class, record.backend) == (info.device_class, backend.name)
        and fits(record, info.ident, info.identity)
    )
    return next(matching, None)


def _why_denied(qube: Qube, info: DeviceInfo) -> Reason | None:
    """Why a qube never gets a device: its list denies one of its interfaces."""
    interface = denied_interface(qube.value("devices_denied"), info.exposed)
    return None if interface is None else Reason("device-denied", qube.name, interface, info.ident)


def _same(first: DeviceRecord, other: DeviceRecord) -> bool:
    return first[:3] == other[:3]


def _offer(backend: Qube, volume: VolumeRecord) -> DeviceInfo:
    """An extra volume of a qube as a device that others may have while it is halted."""
    details = {"size": str(volume.size), "volume": volume.vid}
    if not volume.rw:
        details["read-only"] = YES
    return DeviceInfo(
        DeviceClass.BLOCK,
        volume.name,
        f"Volume {volume.vid} of {backend.name}",
        BlockDevice("", volume.size, read_only=not volume.rw),
        details,
    )
