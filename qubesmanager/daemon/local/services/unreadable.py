# SPDX-License-Identifier: GPL-3.0-or-later
"""`qubes-mgmt1d --recover`: what the store cannot read of a qube is taken from the qube's volumes, else from defaults.

Afterwards the qube can be used. The rows stay in the table `unreadable`, marked as settled. What a volume says of its
qube passes the rules of a call, as in `recovery`.
"""

import logging
from uuid import UUID

from qubesmanager.backup.archive.contents import Qube as KeptQube
from qubesmanager.daemon.local.core import properties
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.core.state import State
from qubesmanager.daemon.local.core.volumes import KERNEL_POOL, KINDS, VolumeKind
from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.daemon.local.services.pools import Pools
from qubesmanager.daemon.local.services.recovery import Recovery, disposables_of, held_templates, measured, parse
from qubesmanager.daemon.local.store import rows
from qubesmanager.daemon.local.store.screening import Unreadable
from qubesmanager.daemon.local.store.store import Statement
from qubesmanager.rules.facts import HALTED
from qubesmanager.rules.texts import why_not_feature
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.names import FEATURE_NAME, TAG_NAME
from qubesmanager.wire.records import VolumeRecord
from qubesmanager.wire.values import VmClass

log = logging.getLogger(__name__)


async def identify(runtime: Runtime) -> None:
    """A qube whose UUID cannot be read, and that runs, is the domain of its name. Before its volumes are looked at."""
    running = {info.name: info.uuid for info in await runtime.hypervisor.domains() if info.state not in HALTED}
    for qube in runtime.state.in_order():
        uuid = running.get(qube.name)
        if uuid is None or uuid in runtime.state.by_uuid or _is_identified(runtime, qube):
            continue
        async with runtime.changing:
            await runtime.commit([rows.set_identity(qube.qid, uuid, qube.klass)])
            _set_uuid(runtime.state, qube, uuid)
        log.warning("%s, whose UUID cannot be read, runs as the domain %s", qube.name, uuid)


def _is_identified(runtime: Runtime, qube: Qube) -> bool:
    """Whether the store could read the UUID of the qube."""
    return not any(
        row.origin == "qube" and row.qube == qube.qid and "uuid is" in row.reason for row in runtime.unreadable
    )


def _set_uuid(state: State, qube: Qube, uuid: UUID) -> None:
    del state.by_uuid[qube.uuid]
    qube.uuid = uuid
    state.by_uuid[uuid] = qube
    state.property_changed(qube, "uuid")


async def settle(runtime: Runtime, pools: Pools, recovery: Recovery) -> None:
    """Let every qube with unreadable rows be used again, and say what of it is lost. Raises `StoreError`."""
    for qube in runtime.state.in_order():
        own = [row for row in runtime.unreadable if row.qube == qube.qid]
        if own and qube.klass is not VmClass.ADMIN:
            await _settle_qube(runtime, pools, qube, own, recovery)
        elif own:
            await _done(runtime, own, [], recovery)
    others = [row for row in runtime.unreadable if row.origin != "pool"]
    await _done(runtime, others, [], recovery)
    for row in runtime.unreadable:
        recovery.leave(f"{row} Add the pool again, with its name and path, while the daemon runs.")


async def _done(runtime: Runtime, settled: list[Unreadable], changes: list[Statement], recovery: Recovery) -> None:
    await runtime.commit([*changes, *(rows.settle_unreadable(row.number) for row in settled)])
    recovery.lines += [str(row) for row in settled]
    runtime.unreadable = [row for row in runtime.unreadable if row not in settled]


async def _settle_qube(runtime: Runtime, pools: Pools, qube: Qube, own: list[Unreadable], recovery: Recovery) -> None:
    is_known = _is_identified(runtime, qube)
    described = await _described(runtime.state, pools, qube, is_known=is_known)
    changes: list[Statement] = []
    said: list[str] = []
    if described is not None:
        uuid, kept = described
        if not is_known:
            _set_uuid(runtime.state, qube, uuid)
        if KINDS[VmClass(kept.klass)] == KINDS[qube.klass]:
            qube.klass = VmClass(kept.klass)
        changes.append(rows.set_identity(qube.qid, uuid, qube.klass))
        said += _take_properties(runtime.state, qube, kept, changes)
        said += _take_tags(qube, kept, {row.origin for row in own}, changes)
    elif not is_known:
        said.append("It has a new UUID.")
    said += await _take_volumes(runtime.state, pools, qube, changes)
    await _done(runtime, own, changes, recovery)
    qube.unreadable = ""
    lost = "" if described is not None else "None of its volumes says what it was; what is lost has its default now."
    recovery.lines.append(" ".join(filter(None, [f"{qube.name} can be used again.", *said, lost])))
    if lost:
        recovery.left += 1


async def _described(state: State, pools: Pools, qube: Qube, *, is_known: bool) -> tuple[UUID, KeptQube] | None:
    """The description with the qube's volumes, or with those of its template; one of another qube is not used."""
    if qube.klass is VmClass.DISP:
        return next(
            (
                (disposable.uuid, disposable.kept)
                for template in await held_templates(state, pools)
                for disposable in disposables_of(template)
                if disposable.uuid == qube.uuid or (not is_known and disposable.name == qube.name)
            ),
            None,
        )
    for pool, driver in sorted(pools.drivers.items()):
        if pool == KERNEL_POOL:
            continue
        for kind in KINDS[qube.klass]:
            vid = f"{qube.name}/{kind.name}"
            if not kind.save_on_stop or vid not in await driver.list_volumes():
                continue
            described = parse(await driver.description(vid))
            if described is not None and (
                described[0] == qube.uuid or (not is_known and described[0] not in state.by_uuid)
            ):
                return described
    return None


def _take_properties(state: State, qube: Qube, kept: KeptQube, changes: list[Statement]) -> list[str]:
    """Take the properties for which the store has no value of the qube's own."""
    taken, refused = [], []
    for name, untrusted in sorted({"label": kept.label, **kept.properties}.items()):
        row = properties.TABLE.get(name)
        if name in qube.own or row is None or qube.klass not in row.classes:
            continue
        try:
            value = row.accept(state, qube, untrusted)
        except Mgmt1Error as error:
            refused.append(f"Its {name} is not taken over: {error}")
            continue
        qube.own[name] = value
        state.property_changed(qube, name)
        changes.append(rows.set_property(qube.qid, name, value))
        taken.append(name)
    return [*([f"Taken from its volumes: {', '.join(taken)}."] if taken else []), *refused]


def _take_tags(qube: Qube, kept: KeptQube, origins: set[str], changes: list[Statement]) -> list[str]:
    """Tags and features, of which rows were lost."""
    said: list[str] = []
    if "tag" in origins and (tags := sorted(tag for tag in kept.tags - qube.tags if TAG_NAME.matches(tag))):
        qube.tags.update(tags)
        changes += [rows.add_tag(qube.qid, tag) for tag in tags]
        said.append(f"Tags taken from its volumes: {', '.join(tags)}.")
    if "feature" in origins:
        features = {
            name: value
            for name, value in sorted(kept.features.items())
            if name not in qube.features and FEATURE_NAME.matches(name) and not why_not_feature(value)
        }
        qube.features |= features
        changes += [rows.set_feature(qube.qid, name, value) for name, value in features.items()]
        if features:
            said.append(f"Features taken from its volumes: {', '.join(features)}.")
    return said


async def _take_volumes(state: State, pools: Pools, qube: Qube, changes: list[Statement]) -> list[str]:
    """The records of volumes that the store does not know, if they are where they have to be."""
    said: list[str] = []
    for kind in KINDS[qube.klass]:
        if kind.name in qube.volumes:
            continue
        pool = await _pool_of(state, pools, qube, kind)
        if not pool:
            said.append(f"Its volume {kind.name} is not there.")
            continue
        volume: VolumeRecord = kind.record(qube.name, pool, revisions=state.revisions(pool))
        if kind.save_on_stop:
            volume = await measured(pools, volume)
        elif kind.layer and (source := state.source_of(qube, volume)) is not None:
            volume = volume._replace(pool=source.pool, size=source.size)
        qube.volumes[kind.name] = volume
        changes.append(rows.set_volume(qube.qid, volume))
    return said


async def _pool_of(state: State, pools: Pools, qube: Qube, kind: VolumeKind) -> str:
    """The pool that has the volume, or gets it if it is fresh at each start; empty if there is none."""
    if not kind.save_on_stop:
        return next((volume.pool for volume in qube.volumes.values()), state.system("default_pool"))
    for pool, driver in sorted(pools.drivers.items()):
        if pool != KERNEL_POOL and (vid := f"{qube.name}/{kind.name}") in await driver.list_volumes():
            described = parse(await driver.description(vid))
            if described is not None and described[0] == qube.uuid:
                return pool
    return ""
