# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewalls of all netvms: kept, compiled and loaded; host names resolved, and loaded again when they change.

A netvm whose network namespace is not known keeps its rules until it is.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from qubesmanager.daemon.local.core.locks import Locks
from qubesmanager.daemon.local.drivers.firewall.compile import (
    Compiled,
    Json,
    QubeRules,
    compile_netvm,
    delete_table,
    hosts_of,
    table_name,
)
from qubesmanager.host import command
from qubesmanager.rules.firewall import Address
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import text

log = logging.getLogger(__name__)


class Firewall(Protocol):
    """Loads nft commands. A batch is carried out whole or not at all; Mgmt1Error says why not."""

    async def load(self, place: str, commands: Sequence[Json]) -> None: ...


class NftFirewall:
    """The kernel's, by `nft`. `place` is the file of a network namespace, such as /run/netns/NAME."""

    async def load(self, place: str, commands: Sequence[Json]) -> None:
        batch = await asyncio.to_thread(json.dumps, {"nftables": list(commands)})
        await command.run(*command.in_namespace(place, ["nft", "-j", "-f", "-"]), given=batch.encode())


@dataclass(frozen=True, slots=True)
class Netvm:
    """All that a netvm's table is made of. `uplink`: the interface on the far side, None without one."""

    name: str
    place: str | None
    qubes: tuple[QubeRules, ...]
    dns: tuple[Address, ...] = ()
    uplink: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """The result of applying a netvm's rules. `enforced` is False when they are only kept; `why` is the reason.

    `problems` by qube: why everything from it is dropped. `unresolved`: host names without a known address.
    """

    enforced: bool
    why: str = ""
    problems: Mapping[str, Reason] = field(default_factory=dict)
    unresolved: frozenset[str] = frozenset()


Resolve = Callable[[Collection[str]], Awaitable[Mapping[str, Collection[Address]]]]


class Firewalls:
    """One a daemon. `update` on every change of a rule, a netvm or an address; `refresh` now and then."""

    def __init__(self, firewall: Firewall, resolve: Resolve) -> None:
        self._firewall = firewall
        self._resolve = resolve
        self._netvms: dict[str, Netvm] = {}
        self._loaded: dict[str, tuple[str, tuple[Json, ...]]] = {}
        self._locks = Locks()

    async def update(self, netvm: Netvm) -> Report:
        """Have the netvm's rules hold from now on. Raises Mgmt1Error when they could not be loaded.

        The kernel then still has the rules of before, and `refresh` tries again.
        """
        self._netvms[netvm.name] = netvm
        async with self._locks.hold(netvm.name):
            return await self._apply(netvm.name)

    async def problems(self, netvm: Netvm) -> Mapping[str, Reason]:
        """By qube: why everything from it would be dropped under these rules. Nothing changes."""
        compiled = await self._compiled(netvm)
        return compiled.problems

    async def remove(self, name: str) -> None:
        """Forget a netvm. Its table is removed where it was loaded, unless that namespace has gone already."""
        async with self._locks.hold(name):
            self._netvms.pop(name, None)
            place, _ = self._loaded.pop(name, (None, ()))
            if place is not None:
                try:
                    await self._firewall.load(place, delete_table(table_name(name)))
                except Mgmt1Error as error:
                    log.info("The table of %s could not be removed: %s", name, error)

    async def refresh(self) -> dict[str, Report]:
        """Resolve again, and load what has changed. A netvm that fails is logged and stands as it was."""
        reports = {}
        for name in list(self._netvms):
            async with self._locks.hold(name):
                try:
                    if name in self._netvms:
                        reports[name] = await self._apply(name)
                except Mgmt1Error as error:
                    log.warning("The firewall of %s could not be refreshed: %s", name, error)
        return reports

    async def _apply(self, name: str) -> Report:
        netvm = self._netvms[name]
        compiled = await self._compiled(netvm)
        report = Report(netvm.place is not None, "", compiled.problems, compiled.unresolved)
        if netvm.place is None:
            self._loaded.pop(name, None)
            return Report(False, text(Reason("firewall-no-namespace", name)), compiled.problems, compiled.unresolved)
        if self._loaded.get(name) != (netvm.place, compiled.commands):
            await self._firewall.load(netvm.place, compiled.commands)
            self._loaded[name] = (netvm.place, compiled.commands)
        return report

    async def _compiled(self, netvm: Netvm) -> Compiled:
        # In a thread: some hundred qubes with long lists take longer than the loop may stand still.
        hosts = await asyncio.to_thread(hosts_of, netvm.qubes)
        resolved = await self._resolve(hosts) if hosts else {}
        return await asyncio.to_thread(compile_netvm, netvm.name, netvm.qubes, netvm.dns, resolved, netvm.uplink)
