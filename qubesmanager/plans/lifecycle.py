# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans that start, pause, unpause, suspend, resume, shut down, restart and kill qubes: their order and effects."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from qubesmanager.plans.plan import Fate, Group, Kind, Plan, Row, Step, Value, by_netvm, in_groups, known
from qubesmanager.rules.actions import (
    WhyNot,
    restart_reasons,
    why_not_kill,
    why_not_pause,
    why_not_resume,
    why_not_shutdown_in_order,
    why_not_start,
    why_not_start_again,
    why_not_suspend,
    why_not_unpause,
)
from qubesmanager.rules.facts import Facts, Qubes, whole_number
from qubesmanager.rules.network import behind, netvms_to_start, running_clients, shutdown_order, start_order
from qubesmanager.rules.stepwise import Steps, Stepwise, of_each
from qubesmanager.wire import calls
from qubesmanager.wire.call import Call
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.values import PowerState

START, HALT = "start", "halt"


def start_step(name: str) -> Step:
    """The call that starts a qube."""
    return Step((START, ""), calls.VM_START(name))


# -- start ------------------------------------------------------------------------------------------------------------


@Stepwise
def start_plan(
    facts: Facts, names: Sequence[str], left_out: Collection[str] = (), free: int | None = None
) -> Steps[Plan]:
    """Start the qubes, and before them the netvms that they need.

    `free`: MiB of memory that are free; what does not fit beside those before it is refused. None: not known.
    """
    asked = known(facts, names)
    reasons: dict[str, Reason] = {}
    needs: dict[str, list[str]] = {}
    users: dict[str, list[str]] = {}
    for name in asked:
        if (reason := why_not_start(facts, facts.qubes[name])) is not None:
            reasons[name] = reason
        else:
            needs[name] = _netvms(facts, name)
            for netvm in needs[name] if name not in left_out else ():
                users.setdefault(netvm, []).append(name)
        yield
    above_them = yield from start_order.steps(facts.qubes, {netvm for above in needs.values() for netvm in above})
    routers = dict.fromkeys(above_them)
    ordered = yield from start_order.steps(facts.qubes, needs)
    order = [*routers, *(name for name in ordered if name not in routers)]
    rows: dict[str, Row] = {}
    left = free
    for name in order:
        qube = facts.qubes[name]
        above = needs[name] if name in needs else _netvms(facts, name)
        need = whole_number(qube.value("memory"))
        refused = next((Reason("netvm-left-out", netvm) for netvm in above if not rows[netvm].is_change), None)
        if refused is None and left is not None and need > left:
            refused = Reason("memory-left", need, left)
        is_left_out = name in left_out or (name not in needs and not users.get(name))
        row = Row(
            name,
            START,
            Group.REFUSED if refused and refused.code == "memory-left" else Group.STAGE,
            qube.state,
            qube.state,
            qube.state if refused else PowerState.RUNNING,
            () if refused else (start_step(name),),
            stage=1 if name in routers else 1 + bool(routers),
            needs=frozenset((netvm, START) for netvm in above),
            refused=refused,
            remarks=_start_remarks(above, users.get(name, ())),
            is_left_out=is_left_out and refused is None,
            memory=need,
        )
        rows[name] = row
        if row.is_change and left is not None:
            left -= need
        yield
    refused_rows = yield from of_each(reasons, lambda name: _refused(facts, name, START, reasons[name]))
    grouped = yield from in_groups([*refused_rows, *rows.values()])
    return Plan(Kind.START, grouped, tuple(asked), free=free)


def _netvms(facts: Facts, name: str) -> list[str]:
    """The netvms that must run before the qube and do not."""
    netvms = netvms_to_start(facts, facts.qubes[name])
    return [] if isinstance(netvms, Reason) else [netvm.name for netvm in netvms]


def _start_remarks(above: Sequence[str], users: Sequence[str]) -> tuple[Reason, ...]:
    if above:
        return (Reason("comes-after", above[0]),)
    return (Reason("gives-network-to", ", ".join(sorted(users))),) if users else ()


# -- shutdown ---------------------------------------------------------------------------------------------------------


@Stepwise
def shutdown_plan(facts: Facts, names: Sequence[str], left_out: Collection[str] = ()) -> Steps[Plan]:
    """Shut the qubes down, and before them the running qubes that use their network.

    A qube that is left out, or that cannot be shut down, keeps its netvms running: they are refused.
    """
    asked = known(facts, names)
    rows = yield from _shutdown_rows(facts, asked, left_out)
    grouped = yield from in_groups(rows)
    return Plan(Kind.SHUTDOWN, grouped, tuple(asked))


@Stepwise
def restart_plan(facts: Facts, names: Sequence[str], left_out: Collection[str] = ()) -> Steps[Plan]:
    """Shut the qubes down with those behind them, then start again what has halted, netvms first.

    A qube behind them that halts and cannot be started again has a refused row for its start.
    """
    asked = known(facts, names)
    reasons: dict[str, Reason | None] = {}
    for step in restart_reasons(facts, asked):
        if step is not None:
            reasons[step[0]] = step[1]
        yield
    going = [name for name in asked if reasons[name] is None]
    rows = yield from _shutdown_rows(facts, going, left_out)
    halting = {row.qube for row in rows if row.is_change and row.then is not Fate.REMOVED}
    stays_down: dict[str, Reason] = {}
    for name in (yield from start_order.steps(facts.qubes, halting)):
        yield
        netvm = facts.qubes[name].value("netvm")
        if why := stays_down.get(netvm) or why_not_start_again(facts, facts.qubes[name], halting):
            stays_down[name] = why
        rows.append(
            Row(
                name,
                START,
                Group.REFUSED if why else Group.START_AGAIN,
                facts.qubes[name].state,
                PowerState.HALTED,
                PowerState.HALTED if why else PowerState.RUNNING,
                () if why else (start_step(name),),
                needs=frozenset({(name, HALT)}),
                after=frozenset({(netvm, START)} if netvm in halting else ()),
                refused=why,
            )
        )
    kept = {name: reason for name, reason in reasons.items() if reason is not None and name not in halting}
    rows += yield from of_each(kept, lambda name: _refused(facts, name, HALT, kept[name]))
    grouped = yield from in_groups(rows)
    return Plan(Kind.RESTART, grouped, tuple(asked))


def _shutdown_rows(facts: Facts, asked: Sequence[str], left_out: Collection[str]) -> Steps[list[Row]]:
    clients = yield from running_clients.steps(facts.qubes)
    chosen = frozenset(asked)
    users = yield from behind(asked, clients)
    order = yield from shutdown_order.steps(facts.qubes, chosen | users)
    never = yield from why_not_shutdown_in_order.steps(facts, order)
    reasons = never
    if left_out:
        kept = [name for name in order if name not in left_out]
        reasons = yield from why_not_shutdown_in_order.steps(facts, kept)
    stages: dict[str, int] = {}
    rows: list[Row] = []
    for name in order:
        yield
        qube = facts.qubes[name]
        if (why := never[name]) is not None and why.code in _ALREADY:
            rows.append(_refused(facts, name, HALT, why))
            continue
        mine = [client for client in clients.get(name, ()) if client in stages]
        stages[name] = 1 + max((stages[client] for client in mine), default=0)
        refused = reasons.get(name)
        is_removed = qube.flag("auto_cleanup")
        then: Value = Fate.REMOVED if is_removed else PowerState.HALTED
        netvm = "" if name in chosen else qube.value("netvm")
        rows.append(
            Row(
                name,
                HALT,
                Group.REFUSED if never[name] else Group.STAGE,
                qube.state,
                qube.state,
                qube.state if refused else then,
                () if refused else (Step((HALT, ""), calls.VM_SHUTDOWN(name)),),
                stage=0 if never[name] else stages[name],
                needs=frozenset((client, HALT) for client in mine if reasons.get(client, 0) is None),
                refused=refused,
                warnings=(Reason("disposable-lost"),) if is_removed and not refused else (),
                remarks=(Reason("uses-netvm", netvm),) if netvm else (),
                is_left_out=name in left_out,
            )
        )
    return rows


def _refused(facts: Facts, name: str, part: str, reason: Reason) -> Row:
    """The row of a qube that cannot be done; one that is so already is not refused."""
    state = facts.qubes[name].state
    if reason.code in _ALREADY:
        return Row(name, part, Group.ALREADY, state, state, state)
    return Row(name, part, Group.REFUSED, state, state, state, refused=reason)


_ALREADY = frozenset(
    {
        "qube-already-running",
        "qube-not-running",
        "qube-already-paused",
        "qube-not-paused",
        "qube-already-suspended",
        "qube-not-suspended",
    }
)
"""Reasons that say that a qube is already as the plan would have it."""


# -- pause, unpause, kill ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Way:
    """One request for each qube, and the state that it brings about."""

    kind: Kind
    call: Call[None, None, None]
    why_not: WhyNot
    then: PowerState
    opposite: Call[None, None, None] | None = None


_PAUSE = _Way(Kind.PAUSE, calls.VM_PAUSE, why_not_pause, PowerState.PAUSED, calls.VM_UNPAUSE)
_UNPAUSE = _Way(Kind.UNPAUSE, calls.VM_UNPAUSE, why_not_unpause, PowerState.RUNNING, calls.VM_PAUSE)
_SUSPEND = _Way(Kind.SUSPEND, calls.VM_SUSPEND, why_not_suspend, PowerState.SUSPENDED, calls.VM_RESUME)
_RESUME = _Way(Kind.RESUME, calls.VM_RESUME, why_not_resume, PowerState.RUNNING, calls.VM_SUSPEND)
_KILL = _Way(Kind.KILL, calls.VM_KILL, why_not_kill, PowerState.HALTED)


@Stepwise
def pause_plan(facts: Facts, names: Sequence[str], left_out: Collection[str] = ()) -> Steps[Plan]:
    """Pause the qubes. Running qubes that use the network of one and are not paused lose it until it goes on."""
    return _plan(facts, names, left_out, _PAUSE)


@Stepwise
def unpause_plan(facts: Facts, names: Sequence[str], left_out: Collection[str] = ()) -> Steps[Plan]:
    """Let the paused qubes go on."""
    return _plan(facts, names, left_out, _UNPAUSE)


@Stepwise
def suspend_plan(facts: Facts, names: Sequence[str], left_out: Collection[str] = ()) -> Steps[Plan]:
    """Suspend the qubes. Running qubes that use the network of one lose it until it goes on."""
    return _plan(facts, names, left_out, _SUSPEND)


@Stepwise
def resume_plan(facts: Facts, names: Sequence[str], left_out: Collection[str] = ()) -> Steps[Plan]:
    """Let the suspended qubes go on."""
    return _plan(facts, names, left_out, _RESUME)


@Stepwise
def kill_plan(facts: Facts, names: Sequence[str], left_out: Collection[str] = ()) -> Steps[Plan]:
    """End the qubes at once, clients before their netvms. What is not saved in them is lost."""
    return _plan(facts, names, left_out, _KILL)


def _plan(facts: Facts, names: Sequence[str], left_out: Collection[str], way: _Way) -> Steps[Plan]:
    asked = known(facts, names)
    goes_on = way.kind in {Kind.UNPAUSE, Kind.RESUME}
    order = yield from (start_order if goes_on else shutdown_order).steps(facts.qubes, asked)
    ending: set[str] = set()
    for name in order:
        if name not in left_out and way.why_not(facts, facts.qubes[name]) is None:
            ending.add(name)
        yield
    lost: dict[str, str] = {} if goes_on else (yield from lost_behind(facts.qubes, ending))
    users = by_netvm(lost)
    rows = yield from of_each(
        order, lambda name: _way_row(facts, name, way, users.get(name, ()), is_left_out=name in left_out)
    )
    grouped = yield from in_groups(rows)
    return Plan(way.kind, grouped, tuple(asked), lost_through=lost)


def _way_row(facts: Facts, name: str, way: _Way, users: Sequence[str], *, is_left_out: bool) -> Row:
    """`users` lose their network with the qube."""
    qube = facts.qubes[name]
    if (reason := way.why_not(facts, qube)) is not None:
        return _refused(facts, name, HALT, reason)
    warnings = [Reason("users-lose-network", ", ".join(users))] if users else []
    then: Value = way.then
    if way.kind is Kind.KILL:
        is_removed = qube.flag("auto_cleanup")
        then = Fate.REMOVED if is_removed else then
        warnings.append(Reason("disposable-lost") if is_removed else Reason("unsaved-lost"))
    return Row(
        name,
        HALT,
        Group.CHANGE,
        qube.state,
        qube.state,
        then,
        (Step((HALT, ""), way.call(name), way.opposite(name) if way.opposite else None),),
        warnings=tuple(warnings),
        is_left_out=is_left_out,
    )


def lost_behind(qubes: Qubes, ending: Collection[str]) -> Steps[dict[str, str]]:
    """The running qubes whose network goes through one of those that end, with the nearest of these."""
    clients = yield from running_clients.steps(qubes)
    lost: dict[str, str] = {}
    for name in (yield from shutdown_order.steps(qubes, [name for name in ending if name in clients])):
        users = yield from behind([name], clients)
        for user in users - {name}:
            if user not in ending:
                lost.setdefault(user, name)
            yield
    return dict(sorted(lost.items()))
