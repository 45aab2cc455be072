# SPDX-License-Identifier: GPL-3.0-or-later
"""The edits of a qube: as calls that make them true, and beside what others change meanwhile."""

import samples
from hypothesis import given, settings
from hypothesis import strategies as st

from qubesmanager.models.draft import Draft
from qubesmanager.plans.devices import device_key, key_device, options_text, text_options
from qubesmanager.plans.plan import PROPERTY
from qubesmanager.plans.settings import NOTES_KEY, RULES_KEY
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import RuleRow
from qubesmanager.wire.records import DeviceRecord, VmRecord
from qubesmanager.wire.values import DeviceClass

RULES = st.lists(st.sampled_from([f"action=drop dst4=10.0.{number}.0/24" for number in range(5)]), max_size=7)
VALUES = st.sampled_from(["400", "500", "600"])


def carried_out(before: list[RuleRow], draft: Draft) -> list[str]:
    """What the daemon has after the draft's calls about rules."""
    rules = [(row.rule_id, row.rule) for row in before]
    for step in draft.steps():
        request = step.request
        argument = str(request.argument)
        if request.service.startswith(calls.VM_FIREWALL_INSERT_RULE.name):
            assert isinstance(request.payload, bytes)
            rules.insert(int(argument), ("new", request.payload.decode()))
        else:
            assert request.service.startswith(calls.VM_FIREWALL_REMOVE_RULE.name)
            del rules[next(at for at, (rule_id, _text) in enumerate(rules) if rule_id == argument)]
    return [text for _id, text in rules]


@settings(max_examples=100, deadline=None)
@given(before=RULES, after=RULES)
def test_the_calls_about_rules_make_one_list_of_the_other(before: list[str], after: list[str]) -> None:
    rows = [RuleRow(f"r{at}", text) for at, text in enumerate(before)]
    draft = Draft(samples.vm("work"))
    draft.merge_rules(rows)
    draft.edit_rules(after)

    assert carried_out(rows, draft) == after
    assert len(draft.steps()) <= len(before) + len(after)


def memory(value: str) -> VmRecord:
    return samples.vm("work", memory=value)


@settings(max_examples=50, deadline=None)
@given(start=VALUES, mine=VALUES, theirs=VALUES)
def test_an_edit_is_a_conflict_only_where_both_differ(start: str, mine: str, theirs: str) -> None:
    key = (PROPERTY, "memory")
    draft = Draft(memory(start))
    draft.edit(key, mine)
    draft.merge(memory(theirs))

    assert (key in draft.conflicts) == (mine != start and theirs not in {start, mine})
    assert draft.dirty == (mine not in {start, theirs})
    assert (key in draft.merged) == (mine == start != theirs)
    assert draft.shown("memory") == (mine if draft.dirty else theirs)


def test_notes_and_rules_are_merged_too() -> None:
    draft = Draft(samples.vm("work"))
    draft.merge_rules([RuleRow("a", "action=accept")])
    draft.edit(NOTES_KEY, "mine")
    draft.edit_rules(["action=drop"])

    draft.merge(VmRecord("work", draft.record.klass, draft.record.state, draft.record.properties, notes="theirs"))
    draft.merge_rules([RuleRow("b", "action=drop dst4=10.0.0.0/8")])
    assert draft.conflicts == {NOTES_KEY, RULES_KEY}
    draft.take_theirs()

    assert not draft.dirty
    assert draft.value(NOTES_KEY) == "theirs"
    assert draft.rule_texts() == ("action=drop dst4=10.0.0.0/8",)


@given(options=st.dictionaries(st.sampled_from(["read-only", "no-strict-reset", "devtype"]), st.just("yes")))
def test_the_options_of_a_device_come_back_from_their_text(options: dict[str, str]) -> None:
    assert text_options(options_text({"persistent": "yes", "frontend-dev": "xvdy", **options})) == options


def test_a_device_is_attached_again_when_an_option_is_removed() -> None:
    disk = DeviceRecord(DeviceClass.BLOCK, "dom0", "sdb", False, {"persistent": "yes", "frontend-dev": "xvdy"})
    key = device_key(*disk[:3])
    assert key_device(key) == disk[:3]
    record = samples.vm("work")
    with_disk = VmRecord("work", record.klass, record.state, record.properties, devices=(disk,))
    draft = Draft(with_disk)

    draft.edit(key, "read-only=yes")
    assert [step.text() for step in draft.steps()] == [
        "vm.device.block.Attach work dom0+sdb ← persistent=yes read-only=yes frontend-dev=xvdy"
    ]
    draft.edit(key, None)
    assert [step.text() for step in draft.steps()] == ["vm.device.block.Detach work dom0+sdb"]
    changed = disk._replace(options={**disk.options, "read-only": "yes"})
    draft = Draft(VmRecord("work", record.klass, record.state, record.properties, devices=(changed,)))
    draft.edit(key, "")

    assert [step.text().split()[0] for step in draft.steps()] == ["vm.device.block.Detach", "vm.device.block.Attach"]
