# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be whose netvm: one rule for the dialog's warning and the daemon's refusal."""

from collections.abc import Callable, Collection, Iterable

from qubesmanager.wire.reason import Reason


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


def why_not_netvm(
    name: str,
    netvm: str,
    *,
    exists: bool,
    provides_network: bool,
    netvm_of: Callable[[str], str],
    spoken: Callable[[Iterable[str]], list[str]] = list,
) -> Reason | None:
    """Why `netvm` cannot be the netvm of `name`, as a sentence; None if it can. The empty name is no netvm at all.

    `spoken` makes of the qubes on a loop the names that the sentence may have.
    """
    if not netvm:
        return None
    if not exists:
        return Reason("no-such-qube", netvm)
    if netvm != name and not provides_network:
        return Reason("netvm-no-network", netvm)
    loop = netvm_loop(name, netvm, netvm_of)
    if loop:
        return Reason("netvm-loop", " → ".join(spoken(loop)))
    return None


def why_not_now(running: Collection[str], netvm: str, *, netvm_runs: bool) -> Reason | None:
    """Why these running qubes cannot get the netvm now, as a sentence with their names in order; None if they can.

    With a netvm that does not run they would be cut off from the network without a word.
    """
    if not netvm or netvm_runs or not running:
        return None
    return Reason("netvm-not-running", netvm, ", ".join(running))
