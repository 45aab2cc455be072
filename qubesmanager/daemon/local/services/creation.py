# SPDX-License-Identifier: GPL-3.0-or-later
"""Qubes come and go: create, clone, remove. All or nothing: what a failed step had made is undone in reverse order.

A name that is being made is reserved, so that two callers cannot make it at once, and stays reserved after a removal
until the volumes are gone. The source of a new qube is checked again in the moment the new one takes effect.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from functools import partial
from uuid import uuid4

from qubesmanager.daemon.local.core import properties
from qubesmanager.daemon.local.core.property import Change, Type
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.core.weight import check_weight
from qubesmanager.daemon.local.services.naming import check_free
from qubesmanager.daemon.local.services.volume_lifecycle import PendingVolume
from qubesmanager.daemon.local.store import rows
from qubesmanager.daemon.local.system import System
from qubesmanager.wire.errors import (
    QubesLabelNotFoundError,
    QubesNoTemplateError,
    QubesValueError,
    QubesVMInUseError,
    QubesVMNotHaltedError,
    StoragePoolException,
)
from qubesmanager.wire.names import shown, why_not_new_vm_name
from qubesmanager.wire.reasons import error_for
from qubesmanager.wire.values import VmClass

FIRST_RULE = ("accept-all", "action=accept")
"""What a new qube's firewall holds: everything passes."""

DEFAULT_SOURCE = {VmClass.APP: "default_template", VmClass.DISP: "default_dispvm"}
"""The system property that names what a qube of the class is made from."""


async def create(
    system: System,
    creator: str,
    untrusted_class: str,
    source_name: str,
    name: str,
    label: str,
    pools: Mapping[str, str] | None = None,
) -> None:
    """A new qube of the class from `source_name` (dom0: the system's default).

    `pools` names the pool of each volume, `""` the pool of all the others; the system's default pool otherwise.
    """
    klass = _class(untrusted_class)
    source = _source(system, klass, source_name)
    async with _source_kept(system, source), reserved_name(system, name):
        if label not in system.state.labels:
            raise QubesLabelNotFoundError(f"There is no label {label}.")
        qube = Qube(0, uuid4(), name, klass, own={"label": label}, rules=[FIRST_RULE])
        qube.tags.add(f"created-by-{creator}")
        if source is not None and klass is not VmClass.STANDALONE:
            qube.own["template"] = source.name
        if source is not None and klass is VmClass.STANDALONE:
            qube.own.update(_copied(source, klass))
            qube.own["label"] = label
            qube.features.update(source.features)
        async with AsyncExitStack() as undo:
            await system.volumes.make(undo, qube, source, pools or {})
            async with system.changing:
                if source is not None and (reason := properties.why_not_based_on(klass, source)):
                    raise error_for(reason, QubesNoTemplateError)
                await take_effect(system, qube)
            undo.pop_all()


async def clone(system: System, creator: str, source_name: str, name: str, pool: str | None) -> None:
    """A copy of a qube with its volumes, properties, features, tags, firewall and notes."""
    source = system.qube(source_name)
    if source.klass is VmClass.ADMIN:
        raise QubesValueError("dom0 cannot be cloned.")
    async with (
        _source_kept(system, source),
        reserved_name(system, name),
        system.holding(source),
        AsyncExitStack() as undo,
    ):
        if source.running and any(volume.save_on_stop for volume in source.volumes.values()):
            raise QubesVMNotHaltedError(f"{source.name} is {source.state}; it is cloned while it is halted.")
        system.devices.may_start(source)
        qube = Qube(0, uuid4(), name, source.klass, rules=list(source.rules), notes=source.notes)
        qube.own.update(_copied(source, source.klass))
        qube.features.update(source.features)
        qube.tags.update(tag for tag in source.tags if not tag.startswith("created-by-"))
        qube.tags.add(f"created-by-{creator}")
        await system.volumes.copy(undo, qube, source, pool)
        async with system.altering(source):
            await take_effect(system, qube)
        undo.pop_all()


async def remove(system: System, name: str) -> None:
    """A halted qube that nothing refers to, with its volumes.

    The qube is gone once that is stored; a crash after it leaves volumes that the next start removes. Its name is
    reserved while they are removed. If that fails it is tried again, and a new qube of the name waits for it or is
    refused: its volumes would have the same places.
    """
    await remove_qube(system, system.qube(name))


async def remove_qube(system: System, qube: Qube) -> None:
    """As `remove`, of this very qube. Raises `QubesVMNotFoundError` if it was removed while the caller waited."""
    async with system.holding(qube):
        volumes = await system.volumes.leaving(qube)
        async with system.altering(qube):
            _may_go(system, qube)
            await system.commit(
                [
                    rows.delete_qube(qube.qid),
                    rows.add_pending_name(qube.name, ""),
                    *(rows.add_pending_volume(*volume) for volume in volumes),
                ]
            )
            system.emit([system.state.remove(qube)])
            leaving = ExitStack()
            leaving.enter_context(system.leaving_name(qube.name))
        system.forget(qube)
        await system.to_the_end(f"remove the volumes of {qube.name}", _clear_away(system, qube, volumes, leaving))
        await system.backups.follow_soon()


async def _clear_away(system: System, qube: Qube, volumes: list[PendingVolume], leaving: ExitStack) -> None:
    """Remove what a qube leaves; its name is free afterwards. What fails is tried again in the background."""
    with leaving:
        await system.ensure(f"remove the domain of {qube.name}", partial(system.hypervisor.forget, qube.uuid))
        await system.volumes.drop(volumes)


def _may_go(system: System, qube: Qube) -> None:
    if qube.klass is VmClass.ADMIN:
        raise QubesValueError("dom0 cannot be removed.")
    if qube.running:
        raise QubesVMNotHaltedError(f"{qube.name} is {qube.state}; only a halted qube can be removed.")
    if qube.flag("installed_by_rpm"):
        raise QubesVMInUseError(f"{qube.name} came from a package; remove it with the package manager.")
    users = system.state.referrers(qube.name)
    if users or system.sources[qube.name]:
        raise QubesVMInUseError(f"{qube.name} is used by {', '.join(users) or 'a qube that is just being made'}.")
    system.devices.may_start(qube)


@asynccontextmanager
async def reserved_name(system: System, name: str) -> AsyncIterator[None]:
    """The name belongs to the caller while the qube is made, and nothing of an earlier qube of the name is left.

    Waits for the removal of an earlier qube of this name. Raises `QubesValueError` for what is no name,
    `QubesVMAlreadyExistsError`, and `StoragePoolException` if a volume of the earlier qube cannot be removed.
    """
    reason = why_not_new_vm_name(name)
    if reason:
        raise error_for(reason)
    while leaving := system.leaving.get(name):
        await leaving.wait()
    check_free(system, name)
    system.reserved.add(name)
    try:
        await system.volumes.clear_left(name)
        yield
    finally:
        system.reserved.discard(name)


@asynccontextmanager
async def _source_kept(system: System, source: Qube | None) -> AsyncIterator[None]:
    """What a new qube is made from is not removed or renamed meanwhile.

    Raises `StoragePoolException` if the store cannot read all of it: the new qube could be less restricted.
    """
    if source is not None and source.unreadable:
        raise StoragePoolException(f"{source.name} cannot be used: {source.unreadable}")
    name = source.name if source else ""
    system.sources[name] += 1
    try:
        yield
    finally:
        system.sources[name] -= 1


def _class(untrusted_class: str) -> VmClass:
    try:
        klass = VmClass(untrusted_class)
    except ValueError as error:
        raise QubesValueError(f"There is no class {shown(untrusted_class)}.") from error
    if klass is VmClass.TEMPLATE:
        raise QubesValueError("A TemplateVM is made by mgmt1.vm.CreateTemplate, which takes its root image.")
    if klass is VmClass.ADMIN:
        raise QubesValueError("There is one AdminVM: dom0.")
    return klass


def _source(system: System, klass: VmClass, name: str) -> Qube | None:
    """What the new qube is made from; None only for a StandaloneVM with an empty root."""
    if name != "dom0":
        source = system.qube(name)
    elif klass is VmClass.STANDALONE:
        return None
    else:
        default = system.state.system(DEFAULT_SOURCE[klass])
        if not default:
            raise QubesNoTemplateError(f"The system has no {DEFAULT_SOURCE[klass]}; name a template.")
        source = system.qube(default)
    reason = properties.why_not_based_on(klass, source)
    if reason:
        raise error_for(reason, QubesNoTemplateError)
    return source


_NOT_COPIED = {"ip", "mac", "backup_timestamp", "autostart"}


def _copied(source: Qube, klass: VmClass) -> dict[str, str]:
    """The own properties that a copy of this class takes over: none that identifies the source."""
    return {
        name: value
        for name, value in source.own.items()
        if name not in _NOT_COPIED
        and klass in properties.TABLE[name].classes
        and properties.TABLE[name].change is not Change.NEVER
    }


async def take_effect(system: System, qube: Qube) -> None:
    """Store the qube with the next number and emit that it came. Under `changing`.

    Raises `Mgmt1Error` if a qube, the label or a pool that it needs went while it was made.
    """
    for name, value in qube.own.items():
        if value and properties.TABLE[name].type is Type.VM:
            system.qube(value)
    if qube.own["label"] not in system.state.labels:
        raise QubesLabelNotFoundError(f"There is no label {qube.own['label']}.")
    for volume in qube.volumes.values():
        system.pools.driver(volume.pool)
    check_weight(None, qube.record())
    qube.qid = await system.next_qid()
    await system.commit(
        [
            *rows.insert_qube(qube),
            *(rows.delete_pending_volume(volume.pool, volume.vid) for volume in qube.volumes.values()),
        ]
    )
    system.emit([system.state.add(qube)])
