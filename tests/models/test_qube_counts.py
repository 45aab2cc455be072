# SPDX-License-Identifier: GPL-3.0-or-later
"""The counts of qubes follow every change, and are those of a count of everything."""

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from samples import vm

from qubesmanager.models.qube_counts import ALL, RUNNING, TAG, TEMPLATES, VIEW, QubeCounts
from qubesmanager.models.query import parse
from qubesmanager.rules.backups import OLD, overdue
from qubesmanager.rules.features import INTERNAL
from qubesmanager.rules.updates import is_updated_itself
from qubesmanager.wire.records import VmRecord, VolumeRecord
from qubesmanager.wire.values import PowerState, VmClass

NOW = 10 * OLD
ROOT = VolumeRecord("root", "default", "x", 1, 1, is_outdated=True)


@st.composite
def changes(draw: st.DrawFn) -> VmRecord:
    record = vm(
        draw(st.sampled_from(["sys-net", "sys-usb", "work", "vault-1", "vault-2"])),
        draw(st.sampled_from([VmClass.APP, VmClass.TEMPLATE, VmClass.STANDALONE, VmClass.DISP])),
        draw(st.sampled_from([PowerState.RUNNING, PowerState.HALTED])),
        tags=draw(st.sampled_from([(), ("home",), ("home", "created-by-dom0")])),
        netvm=draw(st.sampled_from(["", "sys-net"])),
        label=draw(st.sampled_from(["red", "blue"])),
        include_in_backups=draw(st.sampled_from(["yes", "no"])),
        backup_timestamp=draw(st.sampled_from(["", "0", str(NOW), str(NOW - OLD - 1), str(NOW + OLD)])),
    )
    features = {INTERNAL: "1"} if draw(st.booleans()) else {}
    return replace(record, features=features, volumes=draw(st.sampled_from([(), (ROOT,)])))


def sums(counts: QubeCounts) -> dict[str, Counter[str]]:
    return {group: values for group, values in counts.of.items() if values}


@given(st.lists(st.one_of(changes(), st.sampled_from(["sys-net", "vault-1", "gone"]))), st.booleans())
def test_after_any_changes_the_sums_are_those_of_a_new_count(steps: list[VmRecord | str], with_internal: bool) -> None:
    views = {"halted ones": parse("state:halted").matches}
    followed = QubeCounts(views, with_internal=with_internal)
    records: dict[str, VmRecord] = {}

    for step in steps:
        if isinstance(step, str):
            records.pop(step, None)
            followed.remove([step])
        else:
            records[step.name] = step
            followed.put([step])

    again = QubeCounts(views, with_internal=with_internal)
    again.put(records.values())
    counted = [each for each in records.values() if with_internal or INTERNAL not in each.features]
    assert sums(followed) == sums(again)
    assert followed.updated == {name: each for name, each in records.items() if is_updated_itself(each)}
    assert followed.overdue(NOW) == len(overdue(counted, NOW))
    assert followed.number(ALL) == len(counted)
    assert followed.number(RUNNING) == sum(each.running for each in counted)
    assert followed.number(VIEW, "halted ones") == sum(not each.running for each in counted)


def test_a_tag_that_the_last_qube_loses_has_no_line_any_longer() -> None:
    counts = QubeCounts()
    counts.put([vm("work", tags=("home",)), vm("debian", VmClass.TEMPLATE)])
    assert (counts.number(TAG, "home"), counts.number(TEMPLATES)) == (1, 1)

    counts.put([vm("work")])
    counts.remove(["debian"])

    assert not counts.of[TAG]
    assert not counts.of[TEMPLATES]
