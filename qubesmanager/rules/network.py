# SPDX-License-Identifier: GPL-3.0-or-later
"""Netvms: the chain above a qube, the qubes behind one, and the orders to start and to shut down."""

from collections.abc import Callable, Collection, Iterable, Mapping

from qubesmanager.rules.facts import Facts, QubeFacts, Qubes
from qubesmanager.rules.sight import seen_name, seen_way
from qubesmanager.rules.stepwise import Steps, Stepwise
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.values import PowerState


def netvm_chain(name: str, netvm_of: Callable[[str], str]) -> list[str]:
    """The netvms from a qube up to the outside, nearest first; a loop is cut where it closes."""
    chain: dict[str, None] = {}
    at = netvm_of(name)
    while at and at not in chain:
        chain[at] = None
        at = netvm_of(at)
    return list(chain)


def netvm_loop(name: str, netvm: str, netvm_of: Callable[[str], str]) -> list[str] | None:
    """The way around if `name` got this netvm: `[name, netvm, …, name]`; None if there is no loop."""
    if netvm == name:
        return [name, name]
    chain = [netvm, *netvm_chain(netvm, netvm_of)]
    if name not in chain:
        return None
    return [name, *chain[: chain.index(name) + 1]]


# -- orders -----------------------------------------------------------------------------------------------------------


def netvm_of(qubes: Qubes) -> Callable[[str], str]:
    """The netvm of a qube by its name; empty for a qube that there is not."""
    return lambda name: qubes[name].value("netvm") if name in qubes else ""


@Stepwise
def running_clients(qubes: Qubes) -> Steps[dict[str, list[str]]]:
    """By netvm: the running qubes that use it, by name."""
    clients: dict[str, list[str]] = {}
    for qube in qubes.values():
        if qube.running and (netvm := qube.value("netvm")):
            clients.setdefault(netvm, []).append(qube.name)
        yield
    return {netvm: sorted(names) for netvm, names in clients.items()}


@Stepwise
def dependents(qubes: Qubes, name: str, clients: Mapping[str, Collection[str]] | None = None) -> Steps[list[str]]:
    """The running qubes whose network goes through `name`, in the order to shut them down.

    `clients` is what `running_clients` gives, for a caller that asks about many.
    """
    if clients is None:
        clients = yield from running_clients.steps(qubes)
    reached = yield from behind([name], clients)
    return (yield from shutdown_order.steps(qubes, reached - {name}))


def behind(names: Iterable[str], clients: Mapping[str, Collection[str]]) -> Steps[set[str]]:
    """The qubes whose network goes through one of these, by `clients` as `running_clients` gives them."""
    reached: set[str] = set()
    waiting = [*names]
    while waiting:
        for client in clients.get(waiting.pop(), ()):
            if client not in reached:
                reached.add(client)
                waiting.append(client)
            yield
        yield
    return reached


@Stepwise
def shutdown_order(qubes: Qubes, names: Iterable[str]) -> Steps[list[str]]:
    """Clients before their netvms; equals by name."""
    depths = yield from _by_depth(qubes, names)
    return [name for depth in sorted(depths, reverse=True) for name in depths[depth]]


@Stepwise
def start_order(qubes: Qubes, names: Iterable[str]) -> Steps[list[str]]:
    """Netvms before their clients; equals by name."""
    depths = yield from _by_depth(qubes, names)
    return [name for depth in sorted(depths) for name in depths[depth]]


def _by_depth(qubes: Qubes, names: Iterable[str]) -> Steps[dict[int, list[str]]]:
    """The names, sorted, by how many netvms lie between the qube and the outside."""
    depths: dict[int, list[str]] = {}
    for name in sorted(names):
        depths.setdefault(len(netvm_chain(name, netvm_of(qubes))), []).append(name)
        yield
    return depths


def netvms_to_start(facts: Facts, qube: QubeFacts) -> list[QubeFacts] | Reason:
    """The netvms that have to run before the qube starts and do not, nearest first; or why they cannot be started."""
    waiting: list[QubeFacts] = []
    netvm = facts.qubes.get(qube.value("netvm"))
    while netvm is not None and netvm.state is not PowerState.RUNNING:
        if netvm.name == qube.name or netvm in waiting:
            way = seen_way(facts.sees, [each.name for each in (qube, *waiting, netvm)])
            return Reason("start-netvm-loop", qube.name, " → ".join(way))
        if netvm.state is PowerState.PAUSED:
            return Reason("netvm-paused", seen_name(facts.sees, netvm.name))
        if netvm.state is PowerState.SUSPENDED:
            return Reason("netvm-suspended", seen_name(facts.sees, netvm.name))
        waiting.append(netvm)
        netvm = facts.qubes.get(netvm.value("netvm"))
    return waiting
