# SPDX-License-Identifier: GPL-3.0-or-later
"""Which qubes have updates, are out of date, or must be restarted; whatever their features say."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import live_copy, vm

from qubesmanager.models.restart_watch import TEMPLATE, RestartWatch
from qubesmanager.rules.updates import (
    AVAILABLE,
    CHECKED,
    DAY,
    END_OF_LIFE,
    NEEDS_UPDATE,
    STALE_AFTER,
    UPDATED,
    UpdateState,
    attention,
    is_updated_itself,
    outdated,
    outdated_by_template,
    stale_after,
    updates_of,
)
from qubesmanager.wire.records import VmRecord, VolumeRecord
from qubesmanager.wire.values import PowerState, VmClass

AT = datetime(2026, 11, 27, 12)  # noqa: DTZ001 - the updater writes local time
NOW = int(AT.timestamp())
WEEK = 7 * DAY


def ago(days: float) -> str:
    return (AT - timedelta(days=days)).strftime("%Y-%m-%d %H:%M:%S")


def template(**features: str) -> VmRecord:
    names = {key.replace("_", "-"): value for key, value in features.items()}
    return replace(vm("debian", VmClass.TEMPLATE), features=names)


def running(name: str, template: str, *, is_outdated: bool = True) -> VmRecord:
    volume = VolumeRecord("root", "pool", f"{name}/root", 1, 1, snap_on_start=True, is_outdated=is_outdated)
    return replace(vm(name, state=PowerState.RUNNING, template=template), volumes=(volume,))


@pytest.mark.parametrize(
    ("features", "state"),
    [
        ({}, UpdateState.UNKNOWN),
        ({CHECKED: ago(1)}, UpdateState.CURRENT),
        ({CHECKED: ago(8)}, UpdateState.STALE),
        ({CHECKED: ago(8), UPDATED: ago(2)}, UpdateState.CURRENT),
        ({CHECKED: ago(1), AVAILABLE: "1"}, UpdateState.AVAILABLE),
        ({CHECKED: ago(1), AVAILABLE: ""}, UpdateState.CURRENT),
        ({CHECKED: ago(1), AVAILABLE: "0"}, UpdateState.CURRENT),
        ({AVAILABLE: "1", END_OF_LIFE: "2026-11-26"}, UpdateState.ENDED),
        ({CHECKED: ago(1), END_OF_LIFE: "2026-11-27"}, UpdateState.CURRENT),
        ({AVAILABLE: "1", END_OF_LIFE: "2026-11-26", "skip-update": "1"}, UpdateState.SKIPPED),
        ({CHECKED: ago(-3)}, UpdateState.UNKNOWN),
        ({CHECKED: "yesterday", END_OF_LIFE: "never"}, UpdateState.UNKNOWN),
        ({CHECKED: "0001-01-01 00:00:00"}, UpdateState.UNKNOWN),
    ],
)
def test_the_features_of_the_updater_say_how_up_to_date_a_qube_is(features: dict[str, str], state: UpdateState) -> None:
    assert updates_of(template(**features), NOW, WEEK).state is state


@given(st.dictionaries(st.sampled_from([AVAILABLE, CHECKED, UPDATED, END_OF_LIFE, "skip-update"]), st.text()))
def test_any_text_in_the_features_is_taken(features: dict[str, str]) -> None:
    known = updates_of(template(**features), NOW, WEEK)

    assert known.checked is None or known.checked <= NOW + DAY
    assert known.state is not UpdateState.SKIPPED or features.get("skip-update")


@given(days=st.text())
def test_the_days_of_dom0_are_a_number_or_the_usual_ones(days: str) -> None:
    dom0 = replace(vm("dom0", VmClass.ADMIN), features={STALE_AFTER: days})

    assert DAY <= stale_after(live_copy(dom0)) <= 3650 * DAY
    assert stale_after(live_copy()) == WEEK


def test_dom0_is_listed_once_the_updater_looked_at_it() -> None:
    dom0 = vm("dom0", VmClass.ADMIN, PowerState.RUNNING)

    assert not is_updated_itself(dom0)
    assert is_updated_itself(replace(dom0, features={AVAILABLE: "1"}))
    assert not is_updated_itself(vm("work", template="debian"))


def test_what_needs_an_update_is_counted_by_why() -> None:
    every = [template(**{AVAILABLE: "1"}), template(**{CHECKED: ago(30)}), template(**{CHECKED: ago(1)}), template()]

    assert attention(every, NOW, WEEK) == {UpdateState.AVAILABLE: 1, UpdateState.STALE: 1}
    assert set(attention(every, NOW, WEEK)) <= NEEDS_UPDATE


def test_running_qubes_with_replaced_volumes_are_listed_by_template() -> None:
    qubes = live_copy(
        template(),
        vm("fedora", VmClass.TEMPLATE),
        vm("dvm", template="fedora", template_for_dispvms="yes"),
        running("work", "debian"),
        running("mail", "debian", is_outdated=False),
        replace(running("off", "debian"), state=PowerState.HALTED),
        replace(running("disp1", "dvm"), klass=VmClass.DISP),
        running("lost", "gone"),
    ).qubes

    assert outdated(qubes) == ["disp1", "lost", "work"]
    assert outdated_by_template(qubes) == {"fedora": ["disp1"], "": ["lost"], "debian": ["work"]}


def test_templates_that_are_based_on_each_other_end() -> None:
    qubes = live_copy(vm("one", template="two"), vm("two", template="one"), running("work", "one")).qubes

    assert outdated_by_template(qubes) == {"": ["work"]}


def test_a_badge_and_the_list_agree_on_what_must_be_restarted() -> None:
    watch = RestartWatch()
    for record in (running("work", "debian"), running("mail", "debian", is_outdated=False)):
        watch.put(record)

        assert (TEMPLATE in watch.needed(record)) == bool(outdated({record.name: record}))
