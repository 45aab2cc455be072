# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan that gives a property of several qubes one value, or its default: net qube, label, template, any other."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from qubesmanager.plans.lifecycle import START, start_plan
from qubesmanager.plans.plan import PROPERTY, Group, Kind, Plan, Row, RowKey, Step, by_netvm, in_groups, known
from qubesmanager.rules.creation import FOR_DISPOSABLES
from qubesmanager.rules.edits import give_network_behind, goes_around, why_not_edit, why_not_set_by_plan
from qubesmanager.rules.facts import Facts, QubeFacts, Qubes
from qubesmanager.rules.inheritance import origin
from qubesmanager.rules.network import netvm_chain, netvm_of
from qubesmanager.rules.properties import PROPERTIES
from qubesmanager.rules.stepwise import Steps, Stepwise, of_each
from qubesmanager.wire import calls
from qubesmanager.wire.call import Request
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.records import PropertyValue
from qubesmanager.wire.values import VmClass

NETVM = "netvm"


@Stepwise
def property_plan(
    facts: Facts, names: Sequence[str], prop: str, value: str | None, left_out: Collection[str] = ()
) -> Steps[Plan]:
    """Give the property of each of the qubes the value; None: its default. Names of no qube are passed over.

    Rows come in the order of their groups: what loses its network now, what changes while it runs, what is refused,
    what changes at the next start, what is so already.
    """
    rows = yield from of_each(
        known(facts, names), lambda name: _row(facts, facts.qubes[name], prop, value, is_left_out=name in left_out)
    )
    if value is None:
        rows = yield from _with_templates(facts, rows, prop)
    lost: dict[str, str] = {}
    starts: list[Row] = []
    if prop == NETVM:
        rows, lost = yield from with_network(facts, rows)
        rows, starts = yield from with_starts(facts, rows, left_out)
    grouped = yield from in_groups([*starts, *rows])
    return Plan(Kind.PROPERTY, grouped, tuple(names), prop, value, lost)


def property_step(qube: QubeFacts, prop: str, value: str | None) -> Step:
    """The call that sets the property (None: to its default), and the one that brings back what the qube has now."""
    before = qube.properties.get(prop)
    own = None if before is None or before.is_default else before.value
    return Step((PROPERTY, prop), property_request(qube.name, prop, value), property_request(qube.name, prop, own))


def property_request(name: str, prop: str, value: str | None) -> Request[Any]:
    """The call that sets the property of the qube; None: to its default."""
    return calls.VM_PROPERTY_RESET(name, prop) if value is None else calls.VM_PROPERTY_SET(name, prop, value)


def default_of(facts: Facts, qube: QubeFacts, prop: str) -> str:
    """What the property would be at its default; empty where only the daemon can compute that."""
    current = qube.properties.get(prop)
    if current is not None and current.is_default:
        return current.value
    came = origin(qube, prop, facts.qubes)
    if came is None:
        row = PROPERTIES.get(prop)
        return row.default if row else ""
    text = facts.qubes[came.template].value(prop) if came.template else facts.system(came.system)
    return "" if prop == NETVM and text == qube.name else text


def _row(facts: Facts, qube: QubeFacts, prop: str, value: str | None, *, is_left_out: bool) -> Row:
    now = qube.properties.get(prop)
    then = PropertyValue(default_of(facts, qube, prop), True) if value is None else PropertyValue(value, False)
    reason = why_not_edit(facts, qube, prop)
    if reason is None and (value is not None or prop == NETVM):
        reason = why_not_set_by_plan(facts, qube, prop, then.value)
    if now is not None and (now.is_default if value is None else now[:2] == then[:2]):
        return Row(qube.name, prop, Group.ALREADY, qube.state, now, now)
    if reason is not None or now is None:
        reason = reason or Reason("no-such-property", qube.name, qube.klass, prop)
        return Row(qube.name, prop, Group.REFUSED, qube.state, now, now, refused=reason)
    step = property_step(qube, prop, value)
    return Row(qube.name, prop, Group.CHANGE, qube.state, now, then, (step,), is_left_out=is_left_out)


def _with_templates(facts: Facts, rows: Sequence[Row], prop: str) -> Steps[list[Row]]:
    """The rows with the defaults that come from templates which the plan changes, too."""
    changed = {row.qube: row for row in rows if row.is_change}

    def default(row: Row) -> Row:
        came = origin(facts.qubes[row.qube], prop, facts.qubes) if row.is_change else None
        if came is None or came.template not in changed:
            return row
        then = changed[came.template].then
        return replace(row, then=PropertyValue(then.value, True)) if isinstance(then, PropertyValue) else row

    return of_each(rows, default)


def with_network(facts: Facts, rows: Sequence[Row]) -> Steps[tuple[list[Row], dict[str, str]]]:
    """Rows that give netvms, in the groups of what they do to the network, with their warnings.

    Second: the running qubes in none of the rows that lose their network, with the qube where it is cut.
    """
    whole = yield from _Network.of(facts.qubes, [row for row in rows if row.steps])
    changes = [row for row in rows if row.is_change]
    network = whole if len(changes) == len(whole.rows) else (yield from _Network.of(facts.qubes, changes))
    lost = yield from network.lost_outside(facts.qubes)
    behind: dict[str, list[str]] = {}
    for row in rows:
        if (netvm := _netvm(row)) not in behind:
            behind[netvm] = yield from give_network_behind.steps(facts.qubes, netvm)
        yield
    users = by_netvm(lost)
    routed = yield from of_each(
        rows, lambda row: _network_row(facts, row, whole, users.get(row.qube, []), behind[_netvm(row)])
    )
    return routed, lost


def with_starts(facts: Facts, rows: Sequence[Row], left_out: Collection[str]) -> Steps[tuple[list[Row], list[Row]]]:
    """The rows, after the starts of the halted netvms that they give to running qubes; second: the starts.

    A running qube whose netvm is not started, because the user left it out, is refused.
    """
    waiting: dict[RowKey, str] = {}
    for row in rows:
        if _gives_halted(facts, row):
            waiting[row.key] = _netvm(row)
        yield
    plan = yield from start_plan.steps(facts, sorted(set(waiting.values())), left_out)
    starts = {row.qube: row for row in plan.rows if row.steps}

    def after(row: Row) -> Row:
        netvm = waiting.get(row.key)
        if netvm is None:
            return row
        if netvm in starts and starts[netvm].is_change:
            return replace(row, needs=row.needs | {(netvm, START)})
        reason = Reason("netvm-not-running", netvm, row.qube)
        return replace(row, group=Group.REFUSED, then=row.now, steps=(), refused=reason)

    first = [replace(row, group=Group.START_FIRST, stage=0) for row in starts.values()]
    started = yield from of_each(rows, after)
    return started, first


def _gives_halted(facts: Facts, row: Row) -> bool:
    """Whether the row gives a running qube another netvm, which is halted."""
    netvm = facts.qubes.get(_netvm(row))
    qube = facts.qubes[row.qube]
    return (
        bool(row.steps) and qube.running and netvm is not None and not netvm.running and netvm.name != qube.value(NETVM)
    )


# -- network ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Network:
    """The netvm of each qube before and after the changes of some rows.

    `cut`: the qubes of the rows that had a netvm and have none then. `rows`: the qubes of the rows.
    """

    before: Callable[[str], str]
    after: Callable[[str], str]
    cut: frozenset[str]
    rows: frozenset[str]

    @classmethod
    def of(cls, qubes: Qubes, rows: Sequence[Row]) -> Steps[Self]:
        before, changed = netvm_of(qubes), {row.qube: _netvm(row) for row in rows}

        def after(name: str) -> str:
            if name in changed:
                return changed[name]
            qube = qubes.get(name)
            if qube is not None and _follows_template(qube):
                return changed.get(qube.value("template"), before(name))
            return before(name)

        touched = [*changed]
        for qube in qubes.values() if changed else ():
            if _follows_template(qube) and qube.value("template") in changed:
                touched.append(qube.name)
            yield
        cut: set[str] = set()
        for name in touched:
            if before(name) and not after(name):
                cut.add(name)
            yield
        return cls(before, after, frozenset(cut), frozenset(changed))

    def cut_at(self, name: str) -> str:
        """The qube where the way of `name` to the outside ends after the changes; empty if it does not end early."""
        if not self.before(name):
            return ""
        return next((at for at in (name, *netvm_chain(name, self.after)) if at in self.cut), "")

    def lost_outside(self, qubes: Qubes) -> Steps[dict[str, str]]:
        """The running qubes that are in no row and lose their network, with the qube where it is cut."""
        lost: dict[str, str] = {}
        for qube in qubes.values() if self.cut else ():
            if qube.running and qube.name not in self.rows and (cut := self.cut_at(qube.name)):
                lost[qube.name] = cut
            yield
        return dict(sorted(lost.items()))


def _network_row(facts: Facts, row: Row, network: _Network, users: Sequence[str], behind: Sequence[str]) -> Row:
    """The row in its group, with what the user must know of it. `users` lose their network through its qube."""
    if not row.steps:
        return row
    qube = facts.qubes[row.qube]
    loses = bool(network.cut_at(row.qube))
    group = Group.AT_NEXT_START if not qube.running else Group.LOSE_NETWORK if loses else Group.CHANGE_NOW
    if row.is_left_out:
        return replace(row, group=group)
    warnings: list[Reason] = []
    others = [name for name in users if name != row.qube]
    if others:
        warnings.append(Reason("users-lose-network", ", ".join(others)))
    if qube.flag(FOR_DISPOSABLES) and not _netvm(row) and network.before(row.qube):
        warnings.append(Reason("disposables-without-network"))
    if around := goes_around(facts.qubes, row.qube, _netvm(row), () if qube.flag("provides_network") else behind):
        warnings.append(Reason("network-around", ", ".join(around)))
    remarks = (Reason("connections-end"),) if qube.running and network.before(row.qube) else ()
    return replace(row, group=group, warnings=tuple(warnings), remarks=remarks)


def _follows_template(qube: QubeFacts) -> bool:
    """Whether the netvm of the qube is that of its template: a disposable without its own."""
    value = qube.properties.get(NETVM)
    return qube.klass is VmClass.DISP and value is not None and value.is_default


def _netvm(row: Row) -> str:
    """The netvm that the row gives; empty for none."""
    return row.then.value if isinstance(row.then, PropertyValue) else ""
