# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan that applies the edited settings of several qubes: a row a qube, whose calls stop at its first refusal."""

from collections.abc import Collection, Mapping, Sequence

from qubesmanager.plans.plan import Group, Kind, Plan, Row, Step, in_groups, known
from qubesmanager.plans.properties import NETVM, default_of, with_network
from qubesmanager.rules.facts import Facts
from qubesmanager.wire import calls
from qubesmanager.wire.records import PropertyValue

SETTINGS = "settings"


def settings_plan(facts: Facts, steps: Mapping[str, Sequence[Step]], left_out: Collection[str] = ()) -> Plan:
    """Send the steps of each qube. Where one of them gives a netvm, the row shows what that does to the network."""
    rows = [_row(facts, name, tuple(steps[name]), is_left_out=name in left_out) for name in known(facts, steps)]
    routed, lost = with_network(facts, [row for row in rows if row.now is not None])
    others = [row for row in rows if row.now is None]
    return Plan(Kind.SETTINGS, in_groups([*routed, *others]), tuple(steps), lost_through=lost)


def _row(facts: Facts, name: str, steps: tuple[Step, ...], *, is_left_out: bool) -> Row:
    qube = facts.qubes[name]
    netvm = next((step for step in steps if step.key == ("property", NETVM)), None)
    if netvm is None:
        now = then = None
    elif netvm.request.call is calls.VM_PROPERTY_RESET:
        now, then = qube.properties.get(NETVM), PropertyValue(default_of(facts, qube, NETVM), True)
    else:
        payload = netvm.request.payload
        value = payload.decode() if isinstance(payload, bytes) else ""
        now, then = qube.properties.get(NETVM), PropertyValue(value, False)
    return Row(name, SETTINGS, Group.CHANGE, qube.state, now, then, steps, is_left_out=is_left_out)
