# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a thousand qubes: what is computed again while qubes start and halt, and how high the window is."""

import random
from dataclasses import replace

import pytest
from PyQt5.QtWidgets import QApplication, QSpinBox
from pytestqt.qtbot import QtBot
from samples import live_copy, vm
from until import until

from qubesmanager.models.draft import Draft
from qubesmanager.models.shared_draft import MIXED, SharedDraft
from qubesmanager.plans.plan import PROPERTY, Step
from qubesmanager.rules.stepwise import Steps, all_at_once
from qubesmanager.ui.forms.apply_bar import ApplyBar
from qubesmanager.ui.forms.form_page import FormPage
from qubesmanager.ui.settings.fields import ADVANCED
from qubesmanager.ui.settings.shared_tags import SharedTags
from qubesmanager.ui.widgets import turns
from qubesmanager.ui.widgets.side_pages import SidePages
from qubesmanager.wire.records import PropertyValue
from qubesmanager.wire.values import PowerState

QUBES, CHANGES, TAGS = 1011, 120, 30
RECORDS = [vm(f"qube-{number}", vcpus="2", maxmem="4000") for number in range(QUBES)]


async def test_changes_of_states_compute_nothing_again_but_once(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = SharedDraft(RECORDS)
    page = FormPage(ADVANCED, draft, live_copy(*RECORDS), {})
    qtbot.addWidget(page)
    memory = page.editors["property", "memory"].input
    assert isinstance(memory, QSpinBox)
    memory.setValue(700)
    computed: list[str] = []
    emitted: list[bool] = []
    draft.changed.connect(lambda: emitted.append(True))
    problems = Draft.problems

    def counted(self: Draft, facts: object) -> object:
        computed.append(self.record.name)
        return problems(self, facts)  # type: ignore[arg-type] # passed on

    monkeypatch.setattr(Draft, "problems", counted)
    for number in range(CHANGES):
        draft.merge([RECORDS[number].updated(state=PowerState.RUNNING)])
    assert computed == []
    await until(lambda: bool(emitted))

    assert emitted == [True]
    assert len(computed) == QUBES  # once for each qube, not once for each qube, change and field
    draft.discard()


async def test_without_edits_a_change_of_a_state_is_not_looked_at(qtbot: QtBot) -> None:
    draft = SharedDraft(RECORDS[:CHANGES])
    emitted: list[bool] = []
    draft.changed.connect(lambda: emitted.append(True))
    assert not draft.record.running

    for record in RECORDS[:CHANGES]:
        started = {**record.properties, "start_time": PropertyValue("1", False)}
        draft.merge([replace(record, state=PowerState.RUNNING, properties=started)])
    assert draft.record.running is False  # not looked at again yet
    draft.merge([RECORDS[0].updated(tags=frozenset({"other"}))])
    await until(lambda: bool(emitted))

    assert emitted == [True]
    assert draft.record.running


async def test_many_tags_scroll_and_do_not_make_the_window_higher(qtbot: QtBot) -> None:
    tags = tuple(f"a-long-name-of-a-tag-{number}" for number in range(TAGS))
    draft = SharedDraft([vm("work", tags=tags), vm("mail")])
    pages: SidePages[SharedTags] = SidePages()
    qtbot.addWidget(pages)
    pages.add("tags", lambda: SharedTags(draft, {}, pages), "Tags")
    pages.resize(400, 200)
    pages.show()
    await until(pages.isVisible)

    assert pages.minimumSizeHint().height() <= 200
    screen = QApplication.primaryScreen()
    assert screen is not None
    assert pages.height() <= screen.availableSize().height()


async def test_a_fault_of_many_qubes_is_found_a_moment_after_the_edit(qtbot: QtBot) -> None:
    draft = SharedDraft(RECORDS[:CHANGES])
    facts = live_copy(*RECORDS[:CHANGES])
    emitted: list[bool] = []
    draft.changed.connect(lambda: emitted.append(bool(draft.problems(facts))))

    draft.edit((PROPERTY, "vcpus"), "0")
    assert emitted == [False]
    await until(lambda: len(emitted) > 1)

    assert emitted == [False, True]
    assert list(await draft.checked(facts)) == ["vcpus"]
    draft.edit((PROPERTY, "vcpus"), "1")
    assert await draft.checked(facts) == {}
    draft.edit((PROPERTY, "vcpus"), "0")
    draft.discard()
    assert await draft.checked(facts) == {}


def test_the_counted_values_are_those_of_the_drafts_after_any_changes() -> None:
    chance = random.Random(1)
    names = ["memory", "vcpus", "netvm"]
    draft = SharedDraft(RECORDS[:9])
    for _ in range(300):
        key = (PROPERTY, chance.choice(names))
        match chance.randrange(4):
            case 0:
                draft.edit(key, chance.choice(["2", "3", None]))
            case 1:
                draft.revert(key)
            case 2:
                record = chance.choice(list(draft.drafts.values())).record
                value = PropertyValue(chance.choice(["2", "3"]), chance.choice([True, False]))
                draft.merge([record.updated(properties={**record.properties, key[1]: value})])
                draft.edit((PROPERTY, "debug"), chance.choice(["yes", "no"]))
            case _:
                chance.choice([draft.discard, draft.take_theirs, draft.keep_mine])()
        for name in names:
            drafts = list(draft.drafts.values())
            assert draft.shown(name) == only({each.shown(name) for each in drafts})
            assert draft.value((PROPERTY, name)) == only({each.value((PROPERTY, name)) for each in drafts})
            assert draft.before(name)[0] == only({each.before(name)[0] for each in drafts})
            assert draft.is_edited((PROPERTY, name)) == any(each.is_edited((PROPERTY, name)) for each in drafts)
        assert list(draft.all_steps()) == [step for each in draft.drafts.values() for step in each.steps()]
        assert len(draft.all_steps()) == len(list(draft.all_steps()))


def only(values: set[str | None]) -> str | None:
    return values.pop() if len(values) == 1 else MIXED


def counted_steps(steps: Steps[dict[str, list[Step]]], number: int) -> None:
    """Take so many steps, none of which is the last."""
    for _ in range(number):
        next(steps)


def test_the_calls_are_made_a_qube_in_each_step_and_none_is_left_out() -> None:
    draft = SharedDraft(RECORDS)
    draft.edit((PROPERTY, "vcpus"), "3")
    steps = draft.steps()

    counted_steps(steps, QUBES)

    assert all_at_once(steps) == {qube: each.steps() for qube, each in draft.drafts.items()}
    assert list(draft.drafts) == [record.name for record in RECORDS]


def test_an_edit_between_two_steps_is_in_the_calls_of_all_qubes() -> None:
    draft = SharedDraft(RECORDS[:9])
    draft.edit((PROPERTY, "vcpus"), "3")
    steps = draft.steps()
    counted_steps(steps, 4)

    draft.edit((PROPERTY, "maxmem"), "5000")

    made = all_at_once(steps)
    assert made == {qube: each.steps() for qube, each in draft.drafts.items()}
    assert {len(calls) for calls in made.values()} == {2}


def test_an_edit_that_is_taken_back_between_two_steps_leaves_no_calls() -> None:
    draft = SharedDraft(RECORDS[:9])
    draft.edit((PROPERTY, "vcpus"), "3")
    steps = draft.steps()
    counted_steps(steps, 4)

    draft.discard()

    assert all_at_once(steps) == {}


def test_a_qube_that_goes_between_two_steps_has_no_calls() -> None:
    draft = SharedDraft(RECORDS[:9])
    draft.edit((PROPERTY, "vcpus"), "3")
    steps = draft.steps()
    counted_steps(steps, 4)

    draft.forget(["qube-1", "qube-7"])

    assert list(all_at_once(steps)) == [f"qube-{number}" for number in (0, 2, 3, 4, 5, 6, 8)]


async def test_changes_of_other_clients_do_not_keep_the_calls_from_being_made(qtbot: QtBot) -> None:
    draft = SharedDraft(RECORDS[:9])
    draft.edit((PROPERTY, "vcpus"), "3")
    shown: list[bool] = []
    draft.changed.connect(lambda: shown.append(True))
    steps = draft.steps()
    counted_steps(steps, 4)

    draft.merge([RECORDS[0].updated(tags=frozenset({"other"}))])
    await until(lambda: bool(shown))

    counted_steps(steps, 5)
    assert len(all_at_once(steps)) == 9
    after = all_at_once(draft.steps())
    assert after == {qube: each.steps() for qube, each in draft.drafts.items()}


async def test_the_text_of_many_calls_is_that_of_the_last_edit(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "SLICE", 0)
    draft = SharedDraft(RECORDS[:CHANGES])
    bar = ApplyBar()
    qtbot.addWidget(bar)
    draft.changed.connect(lambda: bar.put(draft.all_steps()))
    draft.edit((PROPERTY, "vcpus"), "3")
    assert bar.preview.toPlainText() == "", "many calls are not written before they are unfolded"
    bar.show_preview.click()
    for _ in range(CHANGES + 2):
        bar._turns._run()
    assert bar.preview.toPlainText(), "some of the lines are there"

    draft.edit((PROPERTY, "vcpus"), "4")

    text = "\n".join(step.text() for step in draft.all_steps())
    assert text.count("← 4") == CHANGES
    await until(lambda: bar.preview.toPlainText() == text)
