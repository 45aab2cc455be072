# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a thousand qubes: what is computed again while qubes start and halt, and how high the window is."""

from dataclasses import replace

import pytest
from PyQt5.QtWidgets import QApplication, QSpinBox
from pytestqt.qtbot import QtBot
from samples import live_copy, vm
from until import until

from qubesmanager.models.draft import Draft
from qubesmanager.models.shared_draft import SharedDraft
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
    pages = SidePages()
    qtbot.addWidget(pages)
    pages.addTab(SharedTags(draft, {}, pages), "Tags")
    pages.resize(400, 200)
    pages.show()
    await until(pages.isVisible)

    assert pages.minimumSizeHint().height() <= 200
    screen = QApplication.primaryScreen()
    assert screen is not None
    assert pages.height() <= screen.availableSize().height()
