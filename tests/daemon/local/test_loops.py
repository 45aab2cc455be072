# SPDX-License-Identifier: GPL-3.0-or-later
"""Loops and long chains of netvms and templates: refused when set, and no hang where a store already has one."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from uuid import UUID

import pytest
from fakes_hypervisor import FakeHypervisor

from qubesmanager.client.client import Client
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.core.state import State
from qubesmanager.daemon.local.startup import open_system
from qubesmanager.daemon.local.store import rows
from qubesmanager.daemon.local.system import System
from qubesmanager.rules.facts import HALTED
from qubesmanager.rules.topology import network_forest, template_forest
from qubesmanager.transport.memory import MemoryTransport
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import CreateSpec
from qubesmanager.wire.errors import QubesFeatureNotFoundError, QubesPropertyValueError, QubesVMNotStartedError
from qubesmanager.wire.values import VmClass

LONG = 1200
"""More netvms in a chain than Python would call functions in each other."""


def qube(number: int, name: str, klass: VmClass = VmClass.STANDALONE, **own: str) -> Qube:
    return Qube(number, UUID(int=number), name, klass, own={"label": "red", **own})


LOOPED = (
    qube(1, "left", provides_network="yes", netvm="right"),
    qube(2, "right", provides_network="yes", netvm="left"),
    qube(3, "behind", netvm="left"),
    qube(4, "own", provides_network="yes", netvm="own"),
    qube(5, "app-a", VmClass.APP, template="app-b"),
    qube(6, "app-b", VmClass.APP, template="app-a"),
)


@pytest.fixture
async def looped(tmp_path: Path) -> AsyncIterator[System]:
    """A system whose store already has loops of netvms and of templates."""
    first = await open_system(tmp_path, FakeHypervisor())
    await first.runtime.commit([statement for one in LOOPED for statement in rows.insert_qube(one)])
    await first.runtime.close()
    system = await open_system(tmp_path, FakeHypervisor())
    yield system
    await system.runtime.close()


@pytest.mark.parametrize(("name", "way"), [("left", "left → right → left"), ("behind", "behind → left → right → left")])
async def test_a_qube_behind_a_loop_is_refused_its_start_in_words(looped: System, name: str, way: str) -> None:
    client = Client(MemoryTransport(Dispatcher(LocalBackend(looped)).answer))

    with pytest.raises(QubesVMNotStartedError, match=f"its net qubes form a loop, {way}"):
        await client.send(calls.VM_START(name))

    assert looped.runtime.state.qube("left").state in HALTED


async def test_nothing_hangs_over_a_loop_in_the_store(looped: System) -> None:
    client = Client(MemoryTransport(Dispatcher(LocalBackend(looped)).answer))

    for name in ("left", "own"):
        with pytest.raises(QubesPropertyValueError, match="loop of net qubes"):
            await client.send(calls.PROPERTY_SET("dom0", "default_netvm", name))
    with pytest.raises(QubesFeatureNotFoundError):
        await client.send(calls.VM_FEATURE_CHECK_WITH_TEMPLATE("app-a", "gui"))
    await client.send(calls.VM_FEATURE_SET("left", "ipv6", "1"))
    await client.send(calls.VM_FEATURE_REMOVE("left", "ipv6"))
    await client.send(calls.VM_PROPERTY_SET("app-a", "memory", "500"))
    records = {one.name: one.record() for one in looped.runtime.state.qubes.values()}
    assert {node.name for node in network_forest(records).roots} >= {"left", "own"}
    assert "app-a" not in {node.name for node in template_forest(records).roots}
    await client.send(calls.VM_PROPERTY_SET("left", "netvm", ""))
    assert looped.runtime.state.qube("behind").value("netvm") == "left"


async def test_a_disposable_that_follows_its_template_makes_no_loop(client: Client) -> None:
    for name in ("net-a", "net-b"):
        await client.send(calls.VM_CREATE("default-dvm", "DispVM", CreateSpec(name, "red")))
        await client.send(calls.VM_PROPERTY_SET(name, "provides_network", "yes"))
    await client.send(calls.VM_PROPERTY_SET("net-b", "netvm", "net-a"))

    with pytest.raises(QubesPropertyValueError, match="net-a → net-b → net-a"):
        await client.send(calls.VM_PROPERTY_SET("default-dvm", "netvm", "net-b"))
    await client.send(calls.VM_PROPERTY_SET("default-dvm", "netvm", "net-a"))

    assert (await client.send(calls.VM_PROPERTY_GET("net-a", "netvm"))).value == ""


def chained(count: int) -> Mapping[str, Qube]:
    """Each qube is the netvm of the one before it."""
    found = [
        qube(number, f"net-{number}", provides_network="yes", netvm=f"net-{number + 1}") for number in range(count)
    ]
    found[-1].own["netvm"] = ""
    return {one.name: one for one in found}


def test_a_long_chain_of_netvms_is_read_whatever_its_length() -> None:
    state = State()

    state.load(chained(LONG).values())

    records = {name: one.record() for name, one in state.qubes.items()}
    (root,) = network_forest(records).roots
    depth = 1
    while root.children:
        (root,) = root.children
        depth += 1
    assert (depth, root.name) == (LONG, "net-0")


async def test_a_long_chain_of_netvms_starts_from_its_end(system: System) -> None:
    count = 300
    qubes = chained(count)
    for number, one in enumerate(qubes.values(), 5000):
        one.qid, one.uuid = number, UUID(int=number)
    async with system.runtime.changing:
        await system.runtime.commit([statement for one in qubes.values() for statement in rows.insert_qube(one)])
        system.runtime.state.load(qubes.values())
    client = Client(MemoryTransport(Dispatcher(LocalBackend(system)).answer))

    await client.send(calls.VM_START("net-0"))

    assert all(one.running for one in qubes.values())
