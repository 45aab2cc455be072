# SPDX-License-Identifier: GPL-3.0-or-later
"""The content of a backup: the settings and volumes of qubes, and the settings of the system."""

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from qubesmanager.backup.archive.contents import ADMIN_CLASS, Contents, Device, Label
from qubesmanager.backup.archive.contents import Qube as KeptQube
from qubesmanager.backup.archive.storable import storable, storable_properties
from qubesmanager.backup.archive.writer import QubeData
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.daemon.local.services.pools import Pools
from qubesmanager.daemon.local.services.volume_lifecycle import Volumes
from qubesmanager.host.sparse_file import Source
from qubesmanager.rules.devices import attaching
from qubesmanager.rules.features import copied_features
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.firewall import parse_rule
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.reason import Field, Reason
from qubesmanager.wire.reasons import cause
from qubesmanager.wire.records import ANY_PORT
from qubesmanager.wire.values import DeviceMode, VmClass

log = logging.getLogger(__name__)


class BackupSources:
    """The data of a backup: settings and volumes of qubes, each volume as it is in one moment.

    That is the committed state of a halted qube; of a running qube a snapshot, dropped once the engine has it open.
    """

    def __init__(self, runtime: Runtime, pools: Pools, volumes: Volumes) -> None:
        self._runtime = runtime
        self._pools = pools
        self._volumes = volumes

    async def qube_data(self, states: AsyncExitStack, qube: Qube, left_out: list[Field]) -> QubeData:
        """The qube as it is now, or with the problem why it cannot be read. `left_out` gets what is left out of it.

        `states` keeps the states of its volumes until the backup is written.
        """
        settings, lacking = storable(_settings(qube))
        left_out += lacking
        try:
            return await self._kept(states, qube, settings)
        except (Mgmt1Error, OSError) as error:
            log.warning("%s cannot be backed up: %s", qube.name, error)
            return QubeData(settings, problem=Reason("backup-without", qube.name, cause(error)))

    @staticmethod
    def settings_data(qube: Qube) -> QubeData:
        """The qube as it is now, without its volumes."""
        settings, _lacking = storable(_settings(qube))
        return QubeData(settings, {}, tuple(parse_rule(text) for _id, text in qube.rules), qube.notes)

    async def _kept(self, states: AsyncExitStack, qube: Qube, settings: KeptQube) -> QubeData:
        """As `qube_data`. Raises `Mgmt1Error` or `OSError` if it cannot be read."""
        volumes: dict[str, Source] = {}
        async with self._runtime.holding(qube):
            for name, volume in qube.volumes.items():
                if volume.save_on_stop and not volume.extra:
                    volumes[name] = await states.enter_async_context(self._source(qube, name))
            return QubeData(settings, volumes, tuple(parse_rule(text) for _id, text in qube.rules), qube.notes)

    @asynccontextmanager
    async def _source(self, qube: Qube, name: str) -> AsyncIterator[Source]:
        volume = qube.volumes[name]
        driver = self._pools.driver(volume.pool)
        live = await self._volumes.live(qube, name)
        async with AsyncExitStack() as stack:
            if live is None:
                yield await stack.enter_async_context(driver.open_source(volume.vid))
                return
            moment = await driver.snapshot(volume.vid, live)
            try:
                source = await stack.enter_async_context(driver.open_source(volume.vid, moment))
            finally:
                await driver.drop_snapshot(volume.vid, moment)
            yield source

    def system_contents(self, left_out: list[Field], owner: str) -> Contents:
        """The system's own settings and those of dom0; `left_out` gets what a backup cannot keep.

        The features of dom0 are only in a backup of a profile that dom0 set.
        """
        state = self._runtime.state
        settings = _settings(state.qube(DOM0))
        dom0, lacking = storable(settings if owner == DOM0 else replace(settings, features={}))
        properties, lacking_properties = storable_properties(state.system_own)
        left_out += [*lacking, *lacking_properties]
        labels = tuple(Label(number, name, color) for number, (name, color) in enumerate(state.labels.items(), 1))
        return Contents(labels, properties, (dom0,))


def _settings(qube: Qube) -> KeptQube:
    """The qube's own settings as a backup has them."""
    own = {name: value for name, value in qube.own.items() if name not in {"label", "name"}}
    devices = tuple(
        Device(
            device.device_class,
            device.backend,
            ANY_PORT if device.any_port else device.ident,
            required=device.mode is DeviceMode.REQUIRED,
            options=attaching(device.options),
            identity=device.identity,
            mode=DeviceMode.ASK.value if device.mode is DeviceMode.ASK else "",
        )
        for device in qube.devices
        if device.persistent
    )
    klass = ADMIN_CLASS if qube.klass is VmClass.ADMIN else qube.klass.value
    features = copied_features(qube.features)
    return KeptQube(qube.name, klass, qube.value("label"), own, features, frozenset(qube.tags), devices)
