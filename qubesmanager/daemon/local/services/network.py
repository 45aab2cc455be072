# SPDX-License-Identifier: GPL-3.0-or-later
"""The network of the qubes and its firewall, kept in step with the settings of the qubes.

With `namespaces` each netvm is a network namespace, and the rules of its qubes are loaded there before the first qube
is connected. Without, qubes have the hypervisor's own network and their rules are only stored. `Network` subscribes to
the events; a caller that needs a change to be in force waits for `settled`.
"""

import asyncio
import ipaddress
import logging
import os
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import Protocol
from uuid import UUID

from qubesmanager.daemon.local.core.firewall import Rules, rules_of
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.drivers.firewall.apply import Firewalls, Netvm, Report
from qubesmanager.daemon.local.drivers.firewall.compile import QubeRules
from qubesmanager.daemon.local.drivers.firewall.namespaces import UPLINK, Node
from qubesmanager.daemon.local.drivers.hypervisor.base import NicKind, NicSpec
from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.rules.firewall import Address
from qubesmanager.rules.network import netvm_chain, netvm_of
from qubesmanager.wire import events
from qubesmanager.wire.errors import Mgmt1Error, QubesVMNotFoundError
from qubesmanager.wire.event import Event
from qubesmanager.wire.event_row import AnyEventRow
from qubesmanager.wire.reason import Field, Reason
from qubesmanager.wire.reasons import cause, error_for, field_text, refusal

log = logging.getLogger(__name__)

REFRESH_SECONDS = 60.0
"""How often host names are resolved again, and what could not be loaded is tried again."""

USER_NETWORKING = Reason("firewall-user-network")
"""The reason that is shown where no other is known."""

_PLACING = frozenset({"netvm", "ip", "ip6"})
"""Properties that say where a qube is in the network."""

_NETWORK_EVENTS = frozenset[AnyEventRow]({events.FIREWALL_CHANGED, events.DOMAIN_ADD, events.DOMAIN_DELETE})


class Namespaces(Protocol):
    """The network namespaces of netvms, as `drivers.firewall.namespaces` builds them."""

    async def netvm_up(self, netvm: Node, upstream: Node | None = None) -> str: ...
    async def lead_out(self, netvm: Node, resolvers: Sequence[Address]) -> None: ...
    async def netvm_down(self, name: str) -> None: ...
    async def qube_up(self, qube: Node, netvm: Node, owner: int = 0) -> str: ...
    async def qube_down(self, qube: Node, netvm: str | None = None) -> None: ...


class Network:
    """`namespaces` None: user networking, because of `why`. `out`: a netvm without netvm leads out through the host."""

    def __init__(
        self,
        runtime: Runtime,
        firewalls: Firewalls,
        namespaces: Namespaces | None,
        *,
        why: Field = "",
        out: bool = False,
        resolvers: Sequence[Address] = (),
    ) -> None:
        self._runtime = runtime
        self._firewalls = firewalls
        self._namespaces = namespaces
        self._out = out
        self._resolvers = tuple(resolvers)
        self._places: dict[UUID, str] = {}
        """By running netvm: the file of its namespace."""
        self._at: dict[UUID, tuple[str, Node]] = {}
        """By qube that runs: the netvm it is connected to, empty for none, and as what."""
        self._changed: set[str] = set()
        """Qubes whose rules or addresses changed."""
        self._asked = 0
        self._done = 0
        self._turn = asyncio.Condition()
        self._work = asyncio.Event()
        runtime.state.firewall_note = why if namespaces is None else ""
        runtime.subscribe(self._on_event, rows=_NETWORK_EVENTS, properties=_PLACING)

    # -- the life of a qube -------------------------------------------------------------------------------------------

    async def boot(self, undo: AsyncExitStack, qube: Qube) -> tuple[NicSpec, ...]:
        """The network cards of a qube that starts; `undo` gets what takes its path away.

        A netvm's place is made, and the qubes' rules loaded there, before anything can send through it. The place
        acts as the netvm in the network, so a netvm's guest has no card itself.
        """
        name = qube.value("netvm")
        if self._namespaces is None:
            self._at[qube.uuid] = (name, _node(qube))
            return (NicSpec(qube.value("mac"), NicKind.USER),) if name else ()
        if qube.flag("provides_network"):
            undo.push_async_callback(self.halted, qube)
            await self._netvm_up(qube)
            return ()
        undo.push_async_callback(self.halted, qube)
        return await self._connect(qube, name)

    async def halted(self, qube: Qube) -> None:
        """Take the qube's path away. What cannot be taken away now is tried again; the qube need not wait for it."""
        name, node = self._at.pop(qube.uuid, ("", _node(qube)))
        if self._namespaces is None:
            return
        provided = self._places.pop(qube.uuid, None) is not None
        take_away = partial(self._take_away, self._namespaces, qube, node, name, provided=provided)
        await self._runtime.ensure(f"take away the network of {node.name}", take_away)
        self._said(qube, "")

    async def _take_away(self, namespaces: Namespaces, qube: Qube, node: Node, netvm: str, *, provided: bool) -> None:
        """The path of a qube that has halted, and what it provided; nothing if it was started again meanwhile."""
        if qube.uuid in self._at:
            return
        if netvm:
            await namespaces.qube_down(node, netvm)
        if provided:
            await self._firewalls.remove(node.name)
            await namespaces.netvm_down(node.name)

    async def reconcile(self) -> None:
        """After the start of the daemon: the places of the qubes that run, netvms before what is behind them."""
        if self._namespaces is None:
            for qube in self._runtime.state.qubes.values():
                if qube.running:
                    self._at[qube.uuid] = (qube.value("netvm"), _node(qube))
            return
        for qube in sorted(self._runtime.state.qubes.values(), key=self._depth):
            provides = qube.flag("provides_network")
            try:
                if qube.running and provides:
                    await self._netvm_up(qube)
                elif qube.running and qube.value("netvm"):
                    await self._connect(qube, qube.value("netvm"))
                elif provides:
                    await self._namespaces.netvm_down(qube.name)
            except Mgmt1Error as error:
                log.warning("The network of %s: %s", qube.name, error)

    def _depth(self, qube: Qube) -> int:
        return len(netvm_chain(qube.name, netvm_of(self._runtime.state.qubes)))

    # -- changes ------------------------------------------------------------------------------------------------------

    def _on_event(self, event: Event) -> None:
        self._changed.add(event.subject)
        self._asked += 1
        self._work.set()

    async def settled(self) -> None:
        """Wait until all changes so far are in force in the network."""
        asked = self._asked
        if self._done >= asked:
            return
        async with self._turn:
            await self._turn.wait_for(lambda: self._done >= asked)

    async def keep(self) -> None:
        """For the life of the system: carry out what changes, and look at host names again now and then."""
        while True:
            try:
                async with asyncio.timeout(REFRESH_SECONDS):
                    await self._work.wait()
            except TimeoutError:
                for name, report in (await self._firewalls.refresh()).items():
                    self._reported(name, report)
                continue
            self._work.clear()
            asked, changed, self._changed = self._asked, self._changed, set()
            try:
                await self._carry_out(changed)
            except Exception:
                log.exception("The network could not be changed")
            async with self._turn:
                self._done = asked
                self._turn.notify_all()

    async def _carry_out(self, changed: set[str]) -> None:
        netvms = set()
        for name in sorted(changed):
            qube = self._runtime.state.qubes.get(name)
            if qube is not None:
                with suppress(QubesVMNotFoundError):
                    netvms |= await self._moved(qube)
        for name in sorted(netvms):
            netvm = self._runtime.state.qubes.get(name)
            if netvm is not None and netvm.uuid in self._places:
                await self._load_or_say(netvm)

    async def _moved(self, qube: Qube) -> set[str]:
        """Connect the qube where it belongs now; the netvms that have to load their rules again."""
        netvm = qube.value("netvm")
        async with self._runtime.holding(qube):
            before, node = self._at.get(qube.uuid, ("", _node(qube)))
            if qube.uuid in self._at and (before, node) != (netvm, _node(qube)):
                try:
                    await self._reconnect(qube, before, node, netvm)
                except Mgmt1Error as error:
                    log.warning("%s is not connected to %s: %s", qube.name, netvm, error)
                    self._said(qube, Reason("not-connected-to", netvm, cause(error)))
        return {before, netvm} - {""}

    async def _reconnect(self, qube: Qube, before: str, node: Node, netvm: str) -> None:
        hypervisor = self._runtime.hypervisor
        plugged = (await hypervisor.capabilities()).hot_plug
        user = self._namespaces is None
        if before and plugged and (not netvm or not user):
            await hypervisor.detach_nic(qube.uuid, qube.value("mac"))
        if before and self._namespaces is not None:
            await self._namespaces.qube_down(node, before)
        self._at[qube.uuid] = ("", _node(qube))
        cards = await self._connect(qube, netvm)
        if cards and plugged and (not before or not user):
            await hypervisor.attach_nic(qube.uuid, cards[0])

    # -- steps --------------------------------------------------------------------------------------------------------

    async def _netvm_up(self, netvm: Qube) -> None:
        assert self._namespaces is not None  # noqa: S101 - for the type checker; both callers have looked
        upstream = self._runtime.state.qubes.get(netvm.value("netvm"))
        place = await self._namespaces.netvm_up(_node(netvm), None if upstream is None else _node(upstream))
        self._places[netvm.uuid] = place
        self._at[netvm.uuid] = ("", _node(netvm))
        if upstream is None and self._out:
            await self._namespaces.lead_out(_node(netvm), self._resolvers)
        await self._load(netvm)

    async def _connect(self, qube: Qube, name: str) -> tuple[NicSpec, ...]:
        mac = qube.value("mac")
        netvm = self._runtime.state.qubes.get(name)
        if self._namespaces is None or netvm is None:
            self._at[qube.uuid] = (name, _node(qube))
            return (NicSpec(mac, NicKind.USER),) if netvm is not None else ()
        if netvm.uuid not in self._places:
            raise refusal("netvm-stopped", name)
        await self._load(netvm)
        self._at[qube.uuid] = (name, _node(qube))
        tap = await self._namespaces.qube_up(_node(qube), _node(netvm), os.geteuid())
        return (NicSpec(mac, NicKind.TAP, tap),)

    async def check(self, qube: Qube, rules: Rules) -> None:
        """Raises `QubesValueError` if the rules cannot be carried out where the qube's netvm is enforced."""
        netvm = self._runtime.state.qubes.get(qube.value("netvm"))
        if self._namespaces is None or netvm is None or netvm.uuid not in self._places:
            return
        changed = QubeRules(qube.name, _ip(qube), _ip6(qube), tuple(text for _id, text in rules))
        problems = await self._firewalls.problems(self._netvm(netvm, changed))
        if reason := problems.get(qube.name):
            raise error_for(reason)

    async def _load(self, netvm: Qube) -> None:
        """Raises `Mgmt1Error` when the kernel does not take the rules."""
        self._reported(netvm.name, await self._firewalls.update(self._netvm(netvm)))

    async def _load_or_say(self, netvm: Qube) -> None:
        try:
            await self._load(netvm)
        except Mgmt1Error as error:
            log.warning("The firewall of %s could not be loaded: %s", netvm.name, error)
            for name in self._runtime.state.clients.get(netvm.name, ()):
                self._said(self._runtime.state.qubes[name], Reason("old-rules-hold", cause(error)))

    def _netvm(self, netvm: Qube, changed: QubeRules | None = None) -> Netvm:
        clients = sorted(self._runtime.state.clients.get(netvm.name, ()))
        rules = tuple(
            changed if changed is not None and changed.name == name else _rules(self._runtime.state.qubes[name])
            for name in clients
        )
        leads = bool(netvm.value("netvm")) or self._out
        served = [ipaddress.ip_address(address) for address in netvm.value("dns").split()]
        dns = (*served, *(self._resolvers if self._out else ()))
        return Netvm(netvm.name, self._places.get(netvm.uuid), rules, dns, UPLINK if leads else None)

    def _reported(self, netvm: str, report: Report) -> None:
        for name in self._runtime.state.clients.get(netvm, ()):
            self._said(self._runtime.state.qubes[name], report.problems.get(name, ""))

    def _said(self, qube: Qube, problem: Field) -> None:
        """Keep why the rules of the qube are not enforced as they are; emit an event when that is new."""
        if problem:
            log.warning("%s", field_text(problem))
        if qube.firewall_problem != problem and self._runtime.state.by_uuid.get(qube.uuid) is qube:
            qube.firewall_problem = problem
            self._runtime.emit(self._runtime.state.property_changed(qube, "firewall_state"))


def _ip(qube: Qube) -> ipaddress.IPv4Address | None:
    return ipaddress.IPv4Address(qube.value("ip")) if qube.value("ip") else None


def _ip6(qube: Qube) -> ipaddress.IPv6Address | None:
    return ipaddress.IPv6Address(qube.value("ip6")) if qube.value("ip6") else None


def _node(qube: Qube) -> Node:
    return Node(qube.name, _ip(qube), _ip6(qube))


def _rules(qube: Qube) -> QubeRules:
    return QubeRules(qube.name, _ip(qube), _ip6(qube), tuple(text for _id, text in rules_of(qube)))
