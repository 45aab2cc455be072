# SPDX-License-Identifier: GPL-3.0-or-later
"""Random changes, some over the bridge and some by another client of the daemon: the mirror ends as the daemon is."""

import asyncio
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bridge_differences import ONE_SIDED
from bridge_fixtures import bridged, client_of, over
from demo_fixtures import populate
from fakes_hypervisor import FakeHypervisor
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from until import error_of, until_equal

from qubesmanager.client.client import Client
from qubesmanager.daemon.bridge.backend import BridgeBackend
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.startup import open_system
from qubesmanager.daemon.local.system import System
from qubesmanager.transport.memory import MemoryTransport
from qubesmanager.wire import calls
from qubesmanager.wire.call import Request
from qubesmanager.wire.codecs import CreateSpec
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.records import PropertyValue, VmRecord

pytestmark = pytest.mark.whole

NAMES = ("vault", "untrusted", "default-dvm", "debian-13", "sys-firewall", "new")
VALUES = {
    "memory": ("400", "700"),
    "netvm": ("", "sys-firewall", "sys-net"),
    "label": ("red", "blue"),
    "autostart": ("yes", "no"),
    "vcpus": ("1", "3"),
    "virt_mode": ("pvh", "hvm"),
    "default_user": ("user", "other"),
    "include_in_backups": ("yes", "no"),
    "provides_network": ("yes", "no"),
}
SYSTEM_VALUES = {
    "default_netvm": ("", "sys-firewall", "sys-net"),
    "default_dispvm": ("", "default-dvm"),
    "default_qrexec_timeout": ("60", "90"),
}

names = st.sampled_from(NAMES)


def set_one(values: dict[str, tuple[str, ...]]) -> st.SearchStrategy[tuple[str, str]]:
    return st.sampled_from([(name, value) for name, options in values.items() for value in options])


requests: st.SearchStrategy[Request[Any]] = st.one_of(
    st.builds(lambda name, pair: calls.VM_PROPERTY_SET(name, *pair), names, set_one(VALUES)),
    st.builds(calls.VM_PROPERTY_RESET, names, st.sampled_from(sorted(VALUES))),
    st.builds(lambda pair: calls.PROPERTY_SET(DOM0, *pair), set_one(SYSTEM_VALUES)),
    st.builds(lambda key: calls.PROPERTY_RESET(DOM0, key), st.sampled_from(sorted(SYSTEM_VALUES))),
    st.builds(lambda name, value: calls.VM_FEATURE_SET(name, "f", value), names, st.sampled_from(("", "1"))),
    st.builds(lambda name: calls.VM_FEATURE_REMOVE(name, "f"), names),
    st.builds(lambda name: calls.VM_TAG_SET(name, "t"), names),
    st.builds(lambda name: calls.VM_TAG_REMOVE(name, "t"), names),
    st.builds(lambda name, call: call(name), names, st.sampled_from((calls.VM_START, calls.VM_PAUSE, calls.VM_KILL))),
    st.just(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("new", "red"))),
    st.just(calls.VM_REMOVE("new")),
)
changes = st.lists(st.tuples(st.booleans(), requests), min_size=1, max_size=12)


def compared(record: VmRecord) -> tuple[VmRecord, dict[str, PropertyValue]]:
    """A record without what is measured each time, and the properties that both sides have."""
    volumes = tuple(volume._replace(usage=0) for volume in record.volumes)
    return replace(record, properties={}, volumes=volumes), {
        name: PropertyValue(*value[:2]) for name, value in record.properties.items() if name not in ONE_SIDED
    }


def of_daemon(system: System) -> dict[str, Any]:
    return {name: compared(qube.record()) for name, qube in system.runtime.state.qubes.items() if name != DOM0}


def of_mirror(backend: BridgeBackend) -> dict[str, Any]:
    return {name: compared(record) for name, record in backend.bridge.mirror.records.items() if name != DOM0}


async def carried_out(folder: Path, chosen: list[tuple[bool, Request[Any]]]) -> None:
    system = await open_system(folder, FakeHypervisor())
    try:
        await populate(system)
        own = Client(MemoryTransport(Dispatcher(LocalBackend(system)).answer))
        async with over(bridged(system)) as backend:
            await backend.bridge.mirror.settled()
            for is_bridged, request in chosen:
                await error_of((client_of(backend) if is_bridged else own).send(request))
            await backend.bridge.mirror.settled()
            await until_equal(lambda: of_mirror(backend), of_daemon(system), 5)
    finally:
        await system.runtime.close()


@settings(max_examples=8, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(changes)
def test_the_mirror_follows_random_changes(chosen: list[tuple[bool, Request[Any]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(carried_out(Path(folder), chosen))
