# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps that apply the edits of a qube's settings, and the plan that does so for several qubes.

The value of an edit is text. None means: back to the default (property), not there (feature, tag), not given at each
start (device). The value of a volume is its size in bytes, that of a device `plans.devices.options_text`.
"""

from collections.abc import Collection, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from qubesmanager.plans.devices import assignment_steps, key_device, options_text
from qubesmanager.plans.plan import (
    DEVICE,
    FEATURE,
    NOTES,
    PROPERTY,
    RULES,
    TAG,
    VOLUME,
    Group,
    Key,
    Kind,
    Plan,
    Row,
    Step,
    in_groups,
    known,
)
from qubesmanager.plans.properties import NETVM, default_of, property_request, with_network, with_starts
from qubesmanager.rules.facts import Facts, own_value, whole_number
from qubesmanager.rules.stepwise import Steps, Stepwise, of_each
from qubesmanager.wire import calls
from qubesmanager.wire.call import Request
from qubesmanager.wire.codecs import RuleRow
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.records import DeviceRecord, PropertyValue, VmRecord

SETTINGS = "settings"
RULES_KEY: Key = (RULES, "")
NOTES_KEY: Key = (NOTES, "")


@Stepwise
def settings_plan(facts: Facts, steps: Mapping[str, Sequence[Step]], left_out: Collection[str] = ()) -> Steps[Plan]:
    """Send the steps of each qube. Where one of them gives a netvm, the row shows what that does to the network.

    A halted netvm of a running qube is started first.
    """
    rows = yield from of_each(
        known(facts, steps), lambda name: _row(facts, name, tuple(steps[name]), is_left_out=name in left_out)
    )
    routed, lost = yield from with_network(facts, [row for row in rows if row.now is not None])
    routed, starts = yield from with_starts(facts, routed, left_out)
    others = [row for row in rows if row.now is None]
    grouped = yield from in_groups([*starts, *routed, *others])
    return Plan(Kind.SETTINGS, grouped, tuple(steps), lost_through=lost)


def _row(facts: Facts, name: str, steps: tuple[Step, ...], *, is_left_out: bool) -> Row:
    qube = facts.qubes[name]
    netvm = next((step for step in steps if step.key == (PROPERTY, NETVM)), None)
    if netvm is None:
        now = then = None
    elif netvm.request.call is calls.VM_PROPERTY_RESET:
        now, then = qube.properties.get(NETVM), PropertyValue(default_of(facts, qube, NETVM), True)
    else:
        payload = netvm.request.payload
        value = payload.decode() if isinstance(payload, bytes) else ""
        now, then = qube.properties.get(NETVM), PropertyValue(value, False)
    return Row(name, SETTINGS, Group.CHANGE, qube.state, now, then, steps, is_left_out=is_left_out)


# -- the edits of one qube --------------------------------------------------------------------------------------------


def present_value(record: VmRecord, key: Key) -> str | None:
    """The value as the daemon has it; a property at its default counts as None."""
    kind, name = key
    if kind == PROPERTY:
        value = record.properties.get(name)
        return None if value is None or value.is_default else value.value
    if kind == FEATURE:
        return record.features.get(name)
    if kind == TAG:
        return "" if name in record.tags else None
    if kind == VOLUME:
        return next((str(volume.size) for volume in record.volumes if volume.name == name), None)
    if kind == DEVICE:
        device = present_device(record, key)
        return options_text(device.options) if device is not None and device.persistent else None
    return record.notes


def present_device(record: VmRecord, key: Key) -> DeviceRecord | None:
    """What the qube has, or gets at each start, of the device of the key."""
    device = key_device(key)
    return next((each for each in record.devices if each[:3] == device), None)


def edit_steps(record: VmRecord, edits: Mapping[Key, str | None]) -> list[Step]:
    """The calls that apply the edits, but for those of firewall rules, in an order in which each is possible.

    A new name comes last, because the calls before it have the old one. A maximum of memory that grows comes before
    the memory; one that shrinks comes after it.
    """
    steps: list[Step] = []
    for key in sorted(edits, key=lambda key: _place(record, key, edits[key])):
        if key[0] == DEVICE:
            steps += assignment_steps(record.name, key, present_device(record, key), edits[key])
        else:
            steps.append(_step(record, key, edits[key]))
    return steps


def system_edit_steps(edits: Mapping[str, str | None]) -> list[Step]:
    """The calls that set system-wide properties, by their names; None: to the default."""
    return [
        Step(
            (PROPERTY, name),
            calls.PROPERTY_RESET(DOM0, name) if value is None else calls.PROPERTY_SET(DOM0, name, value),
        )
        for name, value in edits.items()
    ]


def _place(record: VmRecord, key: Key, value: str | None) -> int:
    if key == (PROPERTY, "maxmem"):
        new, present = whole_number(value or ""), whole_number(own_value(record, "maxmem"))
        return 0 if not new or (present and new > present) else 2
    return 3 if key == (PROPERTY, "name") else 1


def _step(record: VmRecord, key: Key, value: str | None) -> Step:
    if key[0] == VOLUME:
        return Step(key, calls.VM_VOLUME_EXTEND(record.name, key[1], int(value or 0)))
    opposite = None if key == (PROPERTY, "name") else _request(record.name, key, present_value(record, key))
    return Step(key, _request(record.name, key, value), opposite)


def _request(name: str, key: Key, value: str | None) -> Request[Any]:
    """The call that gives a property, feature, tag or the notes a value; None: the default, or none."""
    kind, what = key
    if kind == PROPERTY:
        return property_request(name, what, value)
    if kind == FEATURE:
        return calls.VM_FEATURE_REMOVE(name, what) if value is None else calls.VM_FEATURE_SET(name, what, value)
    if kind == TAG:
        return calls.VM_TAG_REMOVE(name, what) if value is None else calls.VM_TAG_SET(name, what)
    return calls.VM_NOTES_SET(name, payload=value or "")


def rule_steps(name: str, present: Sequence[RuleRow], rules: Sequence[str]) -> list[Step]:
    """The calls that make these the firewall rules of the qube, and leave the others of its present ones as they are.

    They go from the end of the list to its beginning, so that positions stay right; new rules come before those that
    are removed.
    """
    before, after = [row.rule for row in present], list(rules)
    back = calls.VM_FIREWALL_REPLACE(name, payload=before)
    steps: list[Step] = []
    for tag, start, end, first, last in reversed(SequenceMatcher(None, before, after, False).get_opcodes()):
        if tag == "equal":
            continue
        steps += [
            Step(RULES_KEY, calls.VM_FIREWALL_INSERT_RULE(name, end, rule), back)
            for rule in reversed(after[first:last])
        ]
        steps += [Step(RULES_KEY, calls.VM_FIREWALL_REMOVE_RULE(name, row.rule_id), back) for row in present[start:end]]
    return steps
