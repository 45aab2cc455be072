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
from qubesmanager.plans.plan import PROPERTY
from qubesmanager.ui.forms.form_page import FormPage
from qubesmanager.ui.settings.fields import ADVANCED
from qubesmanager.ui.settings.shared_tags import SharedTags
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
