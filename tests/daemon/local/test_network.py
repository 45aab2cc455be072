# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon's network, with fake namespaces and taps, and rules judged as a kernel would."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from demo_fixtures import populate
from fakes_hypervisor import FakeHost, FakeHypervisor
from nft_machine import Datagram, PaperFirewall
from until import LIMIT, until

from qubesmanager.client.client import Client
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local import runtime as ground
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.drivers.firewall.apply import Firewalls
from qubesmanager.daemon.local.drivers.firewall.namespaces import Node
from qubesmanager.daemon.local.drivers.firewall.resolve import Resolver
from qubesmanager.daemon.local.drivers.hypervisor.base import NicKind
from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.daemon.local.services import network as networks
from qubesmanager.daemon.local.services.network import Network
from qubesmanager.daemon.local.startup import open_system
from qubesmanager.daemon.local.system import System
from qubesmanager.rules.firewall import Address
from qubesmanager.transport.memory import MemoryTransport
from qubesmanager.wire import calls
from qubesmanager.wire.errors import Mgmt1Error, QubesValueError
from qubesmanager.wire.values import PowerState

OUTSIDE = "192.0.2.1"


@dataclass
class PaperNamespaces:
    """Which qube is connected to which."""

    netvms: dict[str, str] = field(default_factory=dict)
    """Upstream by netvm."""
    taps: dict[str, str] = field(default_factory=dict)
    """Netvm by qube."""
    out: set[str] = field(default_factory=set)
    refuse: Mgmt1Error | None = None

    async def netvm_up(self, netvm: Node, upstream: Node | None = None) -> str:
        if upstream is not None:
            assert upstream.name in self.netvms
        self.netvms[netvm.name] = upstream.name if upstream else ""
        return f"/place/{netvm.name}"

    async def lead_out(self, netvm: Node, resolvers: Sequence[Address]) -> None:
        self.out.add(netvm.name)

    async def netvm_down(self, name: str) -> None:
        self.netvms.pop(name, None)
        self.out.discard(name)

    async def qube_up(self, qube: Node, netvm: Node, owner: int = 0) -> str:
        if self.refuse is not None:
            raise self.refuse
        assert netvm.name in self.netvms
        self.taps[qube.name] = netvm.name
        return f"tap-{qube.name}"

    async def qube_down(self, qube: Node, netvm: str | None = None) -> None:
        if self.refuse is not None:
            raise self.refuse
        self.taps.pop(qube.name, None)


@dataclass
class World:
    namespaces: PaperNamespaces = field(default_factory=PaperNamespaces)
    firewall: PaperFirewall = field(default_factory=PaperFirewall)
    names: dict[str, str] = field(default_factory=dict)
    host: FakeHost = field(default_factory=FakeHost)

    async def ask(self, host: str) -> Collection[Address]:
        if host not in self.names:
            raise OSError(host)
        return [ipaddress.ip_address(self.names[host])]

    def network(self, runtime: Runtime) -> Network:
        return Network(runtime, Firewalls(self.firewall, Resolver(self.ask)), self.namespaces, out=True)

    async def open(self, state: Path) -> System:
        system = await open_system(state, FakeHypervisor(self.host), network=self.network)
        await populate(system)
        return system

    def passes(self, system: System, name: str, destination: str = OUTSIDE, port: int = 443) -> bool:
        qube = system.runtime.state.qube(name)
        machine = self.firewall.machines.get(f"/place/{self.namespaces.taps[name]}")
        return machine is not None and machine.passes(Datagram(qube.value("ip"), destination, "tcp", port))


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def system(tmp_path: Path, world: World) -> AsyncIterator[System]:
    system = await world.open(tmp_path / "state")
    yield system
    await system.runtime.close()


async def state_of(client: Client, name: str) -> str:
    return (await client.send(calls.VM_PROPERTY_GET(name, "firewall_state"))).value


async def test_a_started_qube_has_a_tap_behind_its_netvm_and_its_rules_hold(
    client: Client, system: System, world: World
) -> None:
    assert world.namespaces.netvms == {"sys-net": "", "sys-firewall": "sys-net"}
    assert world.namespaces.out == {"sys-net"}
    assert world.namespaces.taps == {"work": "sys-firewall", "personal": "sys-firewall"}
    (card,) = world.host.domains[system.runtime.state.qube("work").uuid].spec.nics
    assert (card.kind, card.source) == (NicKind.TAP, "tap-work")
    assert (
        f"qubes.ip={system.runtime.state.qube('work').value('ip')}"
        in world.host.domains[system.runtime.state.qube("work").uuid].spec.kernelopts
    )
    assert world.passes(system, "personal")
    assert not world.passes(system, "work")
    assert await state_of(client, "work") == "enforced"
    assert await state_of(client, "vault") == ""


async def test_a_rule_holds_when_its_call_is_answered(client: Client, system: System, world: World) -> None:
    rule = await client.send(calls.VM_FIREWALL_INSERT_RULE("work", 0, f"action=accept dst4={OUTSIDE}/32"))
    assert world.passes(system, "work")
    await client.send(calls.VM_FIREWALL_REMOVE_RULE("work", rule))
    assert not world.passes(system, "work")

    await client.send(calls.VM_FIREWALL_FLUSH("personal"))
    assert not world.passes(system, "personal")


async def test_rules_that_would_cut_the_qube_off_are_refused_whole(
    client: Client, system: System, world: World
) -> None:
    before = await client.send(calls.VM_FIREWALL_GET("personal"))

    with pytest.raises(QubesValueError, match=r"dropped.*nowhere\.example"):
        await client.send(calls.VM_FIREWALL_INSERT_RULE("personal", 0, "action=drop dsthost=nowhere.example"))

    assert await client.send(calls.VM_FIREWALL_GET("personal")) == before
    assert world.passes(system, "personal")
    world.names["nowhere.example"] = "192.0.2.9"
    await client.send(calls.VM_FIREWALL_INSERT_RULE("personal", 0, "action=drop dsthost=nowhere.example"))
    assert not world.passes(system, "personal", "192.0.2.9")


async def test_a_refusal_of_the_kernel_is_reported_and_retried(
    client: Client, system: System, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.firewall.refuse = Mgmt1Error("nft: no memory")
    await client.send(calls.VM_FIREWALL_INSERT_RULE("work", 0, "action=accept"))
    assert "no memory" in await state_of(client, "work")

    world.firewall.refuse = None
    monkeypatch.setattr(networks, "REFRESH_SECONDS", 0.01)
    await client.send(calls.VM_FIREWALL_INSERT_RULE("personal", 0, "action=accept comment=again"))
    async with asyncio.timeout(LIMIT):
        while await state_of(client, "work") != "enforced":  # noqa: ASYNC110 - nothing listens, so no event is sent
            await asyncio.sleep(0)
    assert world.passes(system, "work")


async def test_another_netvm_while_it_runs_moves_the_qube_there(client: Client, system: System, world: World) -> None:
    await client.send(calls.VM_PROPERTY_SET("personal", "netvm", "sys-net"))

    assert world.namespaces.taps["personal"] == "sys-net"
    assert world.passes(system, "personal")
    (card,) = world.host.domains[system.runtime.state.qube("personal").uuid].spec.nics
    assert card.kind is NicKind.TAP

    await client.send(calls.VM_PROPERTY_SET("personal", "netvm", ""))
    assert "personal" not in world.namespaces.taps
    assert world.host.domains[system.runtime.state.qube("personal").uuid].spec.nics == ()
    assert await state_of(client, "personal") == ""

    await client.send(calls.VM_PROPERTY_RESET("personal", "netvm"))
    assert world.namespaces.taps["personal"] == "sys-firewall"
    assert len(world.host.domains[system.runtime.state.qube("personal").uuid].spec.nics) == 1


async def test_a_halted_qube_leaves_no_path(client: Client, world: World) -> None:
    for name in ("work", "personal"):
        await client.send(calls.VM_SHUTDOWN(name))
    assert world.namespaces.taps == {}
    await client.send(calls.VM_SHUTDOWN("sys-firewall"))
    assert world.namespaces.netvms == {"sys-net": ""}
    assert world.firewall.machines["/place/sys-firewall"].tables == {}


async def test_a_start_whose_path_cannot_be_made_is_undone(client: Client, system: System, world: World) -> None:
    world.namespaces.refuse = Mgmt1Error("no taps left")

    with pytest.raises(Mgmt1Error, match="no taps left"):
        await client.send(calls.VM_START("untrusted"))

    assert system.runtime.state.qube("untrusted").state is PowerState.HALTED
    assert "untrusted" not in world.namespaces.taps
    world.namespaces.refuse = None
    await client.send(calls.VM_START("untrusted"))
    assert world.namespaces.taps["untrusted"] == "sys-firewall"


async def test_a_daemon_that_starts_again_has_the_paths_and_rules_of_what_runs(tmp_path: Path, world: World) -> None:
    first = await world.open(tmp_path / "again")
    await first.runtime.close()
    world.firewall.machines.clear()
    world.namespaces = PaperNamespaces()

    second = await open_system(tmp_path / "again", FakeHypervisor(world.host), network=world.network)
    try:
        assert world.namespaces.netvms == {"sys-net": "", "sys-firewall": "sys-net"}
        assert world.passes(second, "personal")
        assert not world.passes(second, "work")
    finally:
        await second.runtime.close()


async def test_user_networking_says_that_rules_are_kept_only(tmp_path: Path) -> None:
    host = FakeHost()
    system = await open_system(tmp_path / "user", FakeHypervisor(host))
    try:
        await populate(system)
        client = Client(MemoryTransport(Dispatcher(LocalBackend(system)).answer))
        assert (await state_of(client, "work")).startswith("Not enforced")
        uuid = system.runtime.state.qube("work").uuid
        assert [card.kind for card in host.domains[uuid].spec.nics] == [NicKind.USER]
        await client.send(calls.VM_PROPERTY_SET("work", "netvm", ""))
        assert host.domains[uuid].spec.nics == ()
        await client.send(calls.VM_PROPERTY_RESET("work", "netvm"))
        assert [card.kind for card in host.domains[uuid].spec.nics] == [NicKind.USER]
    finally:
        await system.runtime.close()


async def test_a_network_path_that_could_not_be_removed_is_removed_later(
    client: Client, system: System, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ground, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(ground, "LONGEST_PAUSE", 0.01)
    world.namespaces.refuse = Mgmt1Error("The kernel is busy.")

    await client.send(calls.VM_KILL("work"))

    assert system.runtime.state.qube("work").state is PowerState.HALTED
    assert "work" in world.namespaces.taps
    world.namespaces.refuse = None
    await until(lambda: "work" not in world.namespaces.taps)
