# SPDX-License-Identifier: GPL-3.0-or-later
import ipaddress
from collections.abc import Collection

import pytest
from nft_machine import Datagram, PaperFirewall

from qubesmanager.daemon.local.drivers.firewall.apply import Firewalls, Netvm
from qubesmanager.daemon.local.drivers.firewall.compile import QubeRules
from qubesmanager.daemon.local.drivers.firewall.resolve import KEEP_SECONDS, Resolver
from qubesmanager.rules.firewall import Address
from qubesmanager.wire.errors import Mgmt1Error

WORK = ipaddress.IPv4Address("10.9.0.2")


class Names:
    """A name server of paper; a name that it does not hold cannot be resolved."""

    def __init__(self) -> None:
        self.addresses: dict[str, list[str]] = {}
        self.now = 0.0

    async def ask(self, host: str) -> Collection[Address]:
        if host not in self.addresses:
            raise OSError(host)
        return [ipaddress.ip_address(address) for address in self.addresses[host]]

    def resolver(self) -> Resolver:
        return Resolver(self.ask, lambda: self.now)


def netvm(*rules: str, place: str | None = "/run/netns/sys-net") -> Netvm:
    return Netvm("sys-net", place, (QubeRules("work", WORK, None, rules),))


def passes(firewall: PaperFirewall, destination: str, place: str = "/run/netns/sys-net") -> bool:
    return firewall.machines[place].passes(Datagram(str(WORK), destination, "tcp", 443))


async def test_rules_wait_for_the_netvms_place() -> None:
    firewall = PaperFirewall()
    firewalls = Firewalls(firewall, Names().resolver())

    kept = await firewalls.update(netvm("action=accept", place=None))
    nowhere = dict(firewall.machines)
    placed = await firewalls.update(netvm("action=accept"))

    assert (kept.enforced, nowhere) == (False, {})
    assert "kept, not enforced" in kept.why
    assert placed.enforced
    assert passes(firewall, "192.0.2.1")


async def test_a_change_replaces_the_rules() -> None:
    firewall = PaperFirewall()
    firewalls = Firewalls(firewall, Names().resolver())
    await firewalls.update(netvm("action=accept"))

    await firewalls.update(netvm("action=drop"))

    assert not passes(firewall, "192.0.2.1")


async def test_a_host_name_follows_its_addresses() -> None:
    names, firewall = Names(), PaperFirewall()
    firewalls = Firewalls(firewall, names.resolver())
    first = await firewalls.update(netvm("action=accept dsthost=www.example.com"))
    names.addresses["www.example.com"] = ["192.0.2.1"]

    await firewalls.refresh()
    after_first = passes(firewall, "192.0.2.1")
    names.addresses["www.example.com"] = ["192.0.2.2"]
    names.now = KEEP_SECONDS - 1
    await firewalls.refresh()
    both = (passes(firewall, "192.0.2.1"), passes(firewall, "192.0.2.2"))
    names.now = KEEP_SECONDS
    await firewalls.refresh()
    later = (passes(firewall, "192.0.2.1"), passes(firewall, "192.0.2.2"))

    assert first.unresolved == {"www.example.com"}
    assert (after_first, both, later) == (True, (True, True), (False, True))


async def test_a_name_that_no_longer_resolves_keeps_its_addresses() -> None:
    names, firewall = Names(), PaperFirewall()
    names.addresses["www.example.com"] = ["192.0.2.1"]
    firewalls = Firewalls(firewall, names.resolver())
    await firewalls.update(netvm("action=drop dsthost=www.example.com", "action=accept"))

    names.addresses.clear()
    names.now = 10 * KEEP_SECONDS
    reports = await firewalls.refresh()

    assert not reports["sys-net"].problems
    assert not passes(firewall, "192.0.2.1")
    assert passes(firewall, "192.0.2.2")


async def test_rules_that_could_not_be_loaded_are_tried_again() -> None:
    firewall = PaperFirewall()
    firewalls = Firewalls(firewall, Names().resolver())
    await firewalls.update(netvm("action=accept"))
    firewall.refuse = Mgmt1Error("The kernel is busy.")

    with pytest.raises(Mgmt1Error, match="busy"):
        await firewalls.update(netvm("action=drop"))
    still = passes(firewall, "192.0.2.1")
    during = await firewalls.refresh()
    firewall.refuse = None
    await firewalls.refresh()

    assert still
    assert during == {}
    assert not passes(firewall, "192.0.2.1")


async def test_a_netvm_that_is_removed_takes_its_table_along() -> None:
    firewall = PaperFirewall()
    firewalls = Firewalls(firewall, Names().resolver())
    await firewalls.update(netvm("action=accept"))

    await firewalls.remove("sys-net")
    await firewalls.remove("sys-net")

    assert firewall.machines["/run/netns/sys-net"].tables == {}
    assert await firewalls.refresh() == {}


async def test_the_machines_own_names_resolve() -> None:
    too_long = "x" * 64

    found = await Resolver()(["localhost", too_long])

    assert ipaddress.ip_address("127.0.0.1") in found["localhost"]
    assert not found[too_long]
