# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan that makes a source the manager of qubes: lines of the policy, a tag on each qube, all of it or nothing."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from qubesmanager.plans.plan import TAG, Group, Kind, Plan, Row, Step, in_groups
from qubesmanager.plans.policy_files import file_step
from qubesmanager.rules.actions import why_not_manage
from qubesmanager.rules.stepwise import Steps, Stepwise, of_each
from qubesmanager.wire import calls
from qubesmanager.wire.names import DOM0, manager_tag
from qubesmanager.wire.policy_files import FileChange
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.records import PropertyValue, VmRecord
from qubesmanager.wire.values import PowerState

LISTED = 2
"""Lines of a file that a row shows; the files that are made where there is no policy have hundreds."""


@Stepwise
def management_plan(
    records: Mapping[str, VmRecord],
    manager: str,
    names: Sequence[str],
    files: Sequence[FileChange],
    denied: Mapping[str, str],
    left_out: Collection[str] = (),
) -> Steps[Plan]:
    """Make `manager` the manager of the qubes.

    `files`: the changes of the policy, in the order in which they are sent. `denied`: the qubes about which a line of
    the policy, as its value, would still deny calls to the manager.
    """
    asked = tuple(name for name in dict.fromkeys(names) if name in records)
    tag = manager_tag(manager)
    rows = yield from of_each(
        asked, lambda name: _row(records[name], manager, denied.get(name, ""), is_left_out=name in left_out)
    )
    if any(row.is_change or row.group is Group.ALREADY for row in rows):
        managed = yield from _managed(records, tag, asked)
        rows += [_file_row(change, sorted(managed)) for change in files]
    grouped = yield from in_groups(rows)
    return Plan(Kind.MANAGE, grouped, asked, value=manager, is_whole=True)


@Stepwise
def end_plan(
    records: Mapping[str, VmRecord], manager: str, names: Sequence[str], files: Sequence[FileChange]
) -> Steps[Plan]:
    """End that `manager` manages the qubes. `files` are changed only if it manages no other qube."""
    asked = tuple(name for name in dict.fromkeys(names) if name in records)
    tag = manager_tag(manager)
    rows = yield from of_each(asked, lambda name: _end_row(records[name], tag))
    managed = yield from _managed(records, tag, asked)
    if not managed:
        rows += [_file_row(change, ()) for change in files]
    grouped = yield from in_groups(rows)
    return Plan(Kind.MANAGE, grouped, asked, value=manager, is_whole=True)


def _managed(records: Mapping[str, VmRecord], tag: str, asked: Iterable[str]) -> Steps[list[str]]:
    """The other qubes that have the manager's tag."""
    names: list[str] = []
    passed = frozenset(asked)
    for name, record in records.items():
        if tag in record.tags and name not in passed:
            names.append(name)
        yield
    return names


def _row(record: VmRecord, manager: str, denied: str, *, is_left_out: bool) -> Row:
    tag = manager_tag(manager)
    none, given = PropertyValue("", False), PropertyValue(tag, False)
    reason = why_not_manage(record, manager)
    if reason is not None:
        return Row(record.name, TAG, Group.REFUSED, record.state, none, none, refused=reason)
    warnings = (Reason("manager-denied", denied),) if denied else ()
    if tag in record.tags:
        return Row(record.name, TAG, Group.ALREADY, record.state, given, given, warnings=warnings)
    step = Step((TAG, tag), calls.VM_TAG_SET(record.name, tag), calls.VM_TAG_REMOVE(record.name, tag))
    return Row(
        record.name, TAG, Group.CHANGE, record.state, none, given, (step,), warnings=warnings, is_left_out=is_left_out
    )


def _end_row(record: VmRecord, tag: str) -> Row:
    none, given = PropertyValue("", False), PropertyValue(tag, False)
    if tag not in record.tags:
        return Row(record.name, TAG, Group.ALREADY, record.state, none, none)
    step = Step((TAG, tag), calls.VM_TAG_REMOVE(record.name, tag), calls.VM_TAG_SET(record.name, tag))
    return Row(record.name, TAG, Group.CHANGE, record.state, given, none, (step,))


def _file_row(change: FileChange, others: Sequence[str]) -> Row:
    """A row about a file, whose `part` is the path. `others` have the manager's tag already."""
    gone, new = _only_in(change.before, change.after), _only_in(change.after, change.before)
    warnings = (Reason("manages-others", ", ".join(others)),) if others else ()
    return Row(
        DOM0,
        change.path,
        Group.POLICY,
        PowerState.RUNNING,
        PropertyValue("; ".join(gone), False),
        PropertyValue("; ".join(new), False),
        (file_step(change),),
        warnings=warnings,
    )


def _only_in(text: str | None, other: str | None) -> list[str]:
    """The lines that say something and are in the first text only, the first of them where they are many."""
    present = set((other or "").splitlines())
    lines = [line for line in (text or "").splitlines() if line and not line.startswith("#") and line not in present]
    return lines if len(lines) <= LISTED else [*lines[:LISTED], "…"]
