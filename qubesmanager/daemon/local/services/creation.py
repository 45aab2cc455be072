# SPDX-License-Identifier: GPL-3.0-or-later
"""Creating, cloning and removing qubes. All or nothing: what a failed step had made is undone in reverse order.

A name that is being made is reserved, so that two callers cannot make it at once, and stays reserved after a removal
until the volumes are gone. The source of a new qube is checked again in the moment the new one takes effect.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from functools import partial
from types import MappingProxyType
from uuid import uuid4

from qubesmanager.daemon.local.core import properties
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.core.volumes import KINDS
from qubesmanager.daemon.local.core.weight import check_weight
from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.daemon.local.services.backups import Backups
from qubesmanager.daemon.local.services.devices import Devices
from qubesmanager.daemon.local.services.naming import Naming
from qubesmanager.daemon.local.services.pools import Pools
from qubesmanager.daemon.local.services.volume_lifecycle import PendingVolume, Volumes
from qubesmanager.daemon.local.store import rows
from qubesmanager.rules.actions import why_not_clone, why_not_remove
from qubesmanager.rules.creation import source_of, why_not_based_on, why_not_create
from qubesmanager.rules.features import copied_features
from qubesmanager.rules.images import raw_image
from qubesmanager.rules.properties import Changeable, Type
from qubesmanager.wire.codecs import ByteStream, CreateInPoolSpec
from qubesmanager.wire.errors import (
    QubesNoTemplateError,
)
from qubesmanager.wire.names import CREATED_BY, shown, why_not_new_vm_name
from qubesmanager.wire.reasons import error_for, refusal, refuse_if
from qubesmanager.wire.records import NO
from qubesmanager.wire.values import VmClass

FIRST_RULE = ("accept-all", "action=accept")
"""The firewall rule of a new qube, which lets everything pass."""


class Creation:
    """Makes and removes qubes."""

    def __init__(
        self, runtime: Runtime, pools: Pools, volumes: Volumes, devices: Devices, naming: Naming, backups: Backups
    ) -> None:
        self._runtime = runtime
        self._pools = pools
        self._volumes = volumes
        self._devices = devices
        self._naming = naming
        self._backups = backups

    async def create(
        self,
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
        source = self._source(klass, source_name)
        await self._create(creator, klass, source, CreateInPoolSpec(name, label, pools=pools or {}))

    async def create_empty_template(self, creator: str, spec: CreateInPoolSpec) -> None:
        """A new TemplateVM whose root volume is empty."""
        await self._create(creator, VmClass.TEMPLATE, None, spec)

    async def create_kept_disposable(self, creator: str, source_name: str, name: str, label: str) -> None:
        """A new DispVM that stays when it halts."""
        source = self._source(VmClass.DISP, source_name)
        own = {"auto_cleanup": NO}
        await self._create(creator, VmClass.DISP, source, CreateInPoolSpec(name, label), own)

    async def _create(
        self,
        creator: str,
        klass: VmClass,
        source: Qube | None,
        spec: CreateInPoolSpec,
        own: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """A new qube with these own properties beside label and template."""
        name, label = spec.name, spec.label
        pools = spec.pools if spec.pool is None else {"": spec.pool}
        async with self._source_kept(source), self.reserved_name(name):
            if label not in self._runtime.state.labels:
                raise refusal("no-such-label", label)
            first = [] if klass is VmClass.REMOTE else [FIRST_RULE]
            qube = Qube(0, uuid4(), name, klass, own={"label": label, **own}, rules=first)
            qube.tags.add(f"{CREATED_BY}{creator}")
            if source is not None and klass is not VmClass.STANDALONE:
                qube.own["template"] = source.name
            if source is not None and klass is VmClass.STANDALONE:
                qube.own.update(_copied(source, klass))
                qube.own["label"] = label
                qube.features.update(copied_features(source.features))
            async with AsyncExitStack() as undo:
                await self._volumes.make(undo, qube, source, pools)
                async with self._runtime.changing:
                    if source is not None and (reason := why_not_based_on(klass, source)):
                        raise error_for(reason, QubesNoTemplateError)
                    await self.take_effect(qube)
                undo.pop_all()

    async def create_template(self, creator: str, name: str, image: ByteStream) -> None:
        """A new TemplateVM whose root holds the image; nothing of it is left if the stream breaks or the disk is full.

        Raises `QubesValueError` that says what the image looks like if it is not a raw disk.
        """
        async with self.reserved_name(name), AsyncExitStack() as undo:
            qube = Qube(0, uuid4(), name, VmClass.TEMPLATE, own={"label": "black"}, rules=[FIRST_RULE])
            qube.tags.add(f"{CREATED_BY}{creator}")
            for kind in KINDS[VmClass.TEMPLATE]:
                pool = self._runtime.state.default_pool(kind.name)
                volume = kind.record(name, pool, revisions=self._runtime.state.revisions(pool))
                driver = self._pools.driver(volume.pool)
                if kind.save_on_stop:
                    made = await self._volumes.pending(undo, volume)
                    if kind.name == "root":
                        data = raw_image(image, optical=False)
                        size = await driver.import_data(volume.vid, data, identity=made.identity)
                        volume = volume._replace(size=size)
                    else:
                        await driver.create(volume.vid, volume.size, made.identity)
                qube.volumes[kind.name] = volume
            async with self._runtime.changing:
                await self.take_effect(qube)
            undo.pop_all()
        await self._volumes.measure(qube)

    async def clone(self, creator: str, source_name: str, name: str, pool: str | None) -> None:
        """A copy of a qube with its volumes, properties, features, tags, firewall and notes."""
        source = self._runtime.state.qube(source_name)
        refuse_if(why_not_clone(self._runtime.state, source))
        async with (
            self._source_kept(source),
            self.reserved_name(name),
            self._runtime.holding(source),
            AsyncExitStack() as undo,
        ):
            refuse_if(why_not_clone(self._runtime.state, source))
            self._devices.may_start(source)
            qube = Qube(0, uuid4(), name, source.klass, rules=list(source.rules), notes=source.notes)
            qube.own.update(_copied(source, source.klass))
            qube.features.update(copied_features(source.features))
            qube.tags.update(tag for tag in source.tags if not tag.startswith(CREATED_BY))
            qube.tags.add(f"{CREATED_BY}{creator}")
            await self._volumes.copy(undo, qube, source, pool)
            async with self._runtime.altering(source):
                await self.take_effect(qube)
            undo.pop_all()

    async def remove(self, qube: Qube) -> None:
        """Remove a halted qube that nothing refers to, with its volumes.

        The qube is gone once that is stored; a crash after it leaves volumes that the next start removes. Its name is
        reserved while they are removed. If that fails it is tried again, and a new qube of the name waits for it or is
        refused: its volumes would have the same paths.

        Raises `QubesVMNotFoundError` if the qube was removed while the caller waited.
        """
        async with self._runtime.holding(qube):
            volumes = await self._volumes.leaving(qube)
            async with self._runtime.altering(qube):
                self._may_go(qube)
                await self._runtime.commit(
                    [
                        rows.delete_qube(qube.qid),
                        rows.add_pending_name(qube.name, ""),
                        *(rows.add_pending_volume(*volume) for volume in volumes),
                    ]
                )
                self._runtime.emit([self._runtime.state.remove(qube)])
                leaving = ExitStack()
                leaving.enter_context(self._runtime.leaving_name(qube.name))
            self._runtime.forget(qube)
            await self._runtime.to_the_end(
                f"remove the volumes of {qube.name}", self._clear_away(qube, volumes, leaving)
            )
            await self._backups.follow_soon()

    async def _clear_away(self, qube: Qube, volumes: list[PendingVolume], leaving: ExitStack) -> None:
        """Remove what a qube leaves; its name is free afterwards. What fails is tried again in the background."""
        with leaving:
            await self._runtime.ensure(
                f"remove the domain of {qube.name}", partial(self._runtime.hypervisor.forget, qube.uuid)
            )
            await self._volumes.drop(volumes)

    def _may_go(self, qube: Qube) -> None:
        refuse_if(why_not_remove(self._runtime.state, qube))
        if self._runtime.sources[qube.name]:
            raise refusal("qube-used-unseen", qube.name)
        self._devices.may_start(qube)

    @asynccontextmanager
    async def reserved_name(self, name: str) -> AsyncIterator[None]:
        """The name belongs to the caller while the qube is made, and nothing of an earlier qube of the name is left.

        Waits for the removal of an earlier qube of this name. Raises `QubesValueError` for what is no name,
        `QubesVMAlreadyExistsError`, and `StoragePoolException` if a volume of the earlier qube cannot be removed.
        """
        reason = why_not_new_vm_name(name)
        if reason:
            raise error_for(reason)
        while leaving := self._runtime.leaving.get(name):
            await leaving.wait()
        self._naming.check_free(name)
        self._runtime.reserved.add(name)
        try:
            await self._volumes.clear_left(name)
            yield
        finally:
            self._runtime.reserved.discard(name)

    @asynccontextmanager
    async def _source_kept(self, source: Qube | None) -> AsyncIterator[None]:
        """The source of a new qube is neither removed nor renamed in the block.

        Raises `StoragePoolException` if the store cannot read all of it: the new qube could be less restricted.
        """
        if source is not None and source.unreadable:
            raise refusal("qube-unusable", source.name, source.unreadable)
        name = source.name if source else ""
        self._runtime.sources[name] += 1
        try:
            yield
        finally:
            self._runtime.sources[name] -= 1

    def _source(self, klass: VmClass, name: str) -> Qube | None:
        """The source of the new qube; None only for a StandaloneVM with an empty root."""
        state = self._runtime.state
        source = source_of(state, klass, name)
        if source:
            state.qube(source)
        if reason := why_not_create(state, klass, name):
            is_made_so = klass not in {VmClass.TEMPLATE, VmClass.ADMIN, VmClass.REMOTE}
            raise error_for(reason, QubesNoTemplateError if is_made_so else None)
        return state.qube(source) if source else None

    async def take_effect(self, qube: Qube) -> None:
        """Store the qube with the next number and emit that it came. Under `changing`.

        Raises `Mgmt1Error` if a qube, the label or a pool that it needs went while it was made.
        """
        for name, value in qube.own.items():
            if value and properties.TABLE[name].type is Type.VM:
                self._runtime.state.qube(value)
        if qube.own["label"] not in self._runtime.state.labels:
            raise refusal("no-such-label", qube.own["label"])
        for volume in qube.volumes.values():
            self._pools.driver(volume.pool)
        check_weight(None, qube.record())
        qube.qid = await self._runtime.next_qid()
        await self._runtime.commit(
            [
                *rows.insert_qube(qube),
                *(rows.delete_pending_volume(volume.pool, volume.vid) for volume in qube.volumes.values()),
            ]
        )
        self._runtime.emit([self._runtime.state.add(qube)])


def _class(untrusted_class: str) -> VmClass:
    try:
        klass = VmClass(untrusted_class)
    except ValueError as error:
        raise refusal("no-such-class", shown(untrusted_class)) from error
    return klass


_NOT_COPIED = {"ip", "mac", "backup_timestamp", "autostart"}


def _copied(source: Qube, klass: VmClass) -> dict[str, str]:
    """The own properties that a copy of this class takes over: none that identifies the source."""
    return {
        name: value
        for name, value in source.own.items()
        if name not in _NOT_COPIED
        and klass in properties.TABLE[name].classes
        and properties.TABLE[name].change is not Changeable.NEVER
    }
