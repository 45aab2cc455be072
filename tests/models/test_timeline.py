# SPDX-License-Identifier: GPL-3.0-or-later
"""The model of the timeline: days, both ends, filters, and the words of entries."""

import calendar
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PyQt5.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PyQt5.QtWidgets import QApplication

from qubesmanager.models.csv_text import csv_text
from qubesmanager.models.timeline import (
    BACK,
    IS,
    KINDS,
    WAS,
    TimelineModel,
    by_text,
    haystack,
    is_text,
    table_of,
    was_text,
    what_text,
)
from qubesmanager.wire import events
from qubesmanager.wire.history import HistoryEntry, decode_entry, encode_entry

NOON = calendar.timegm((2026, 11, 27, 12, 0, 0))
DAY = 86_400


def entry(number: int, when: int = NOON, **fields: Any) -> HistoryEntry:
    return replace(HistoryEntry(number, when, "dom0", "mgmt1.vm.tag.Set", "u", "work", "tag-add", "mine"), **fields)


def shown(model: TimelineModel) -> list[list[int]]:
    """The ids of each day."""
    days = [model.index(row, 0) for row in range(model.rowCount())]
    entries = [[model.entry(model.index(at, 0, day)) for at in range(model.rowCount(day))] for day in days]
    return [[each.id for each in day if each is not None] for day in entries]


def test_pages_and_news_of_the_same_day_stay_together(qapp: QApplication) -> None:
    model = TimelineModel()
    model.put_older([entry(9), entry(8), entry(7, NOON - DAY)], has_more=True)
    model.put_older([entry(6, NOON - DAY), entry(5, NOON - 2 * DAY)], has_more=False)
    last = QPersistentModelIndex(model.index_of(5))
    model.put_newer([entry(11, NOON + DAY), entry(10)])

    assert shown(model) == [[11], [10, 9, 8], [7, 6], [5]]
    assert model.entry(QModelIndex(last)) == entry(5, NOON - 2 * DAY)
    assert model.parent(model.index_of(5)).row() == 3


@given(st.lists(st.tuples(st.integers(1, 4), st.booleans()), max_size=8), st.integers(1, 3))
def test_however_they_come_all_entries_are_shown_in_order(
    qapp: QApplication, pages: list[tuple[int, bool]], keep: int
) -> None:
    model, low, high = TimelineModel(), 1000, 1000
    model.want(lambda each: each.id % keep == 0)
    for size, is_newer in pages:
        if is_newer:
            high += size
            model.put_newer([entry(number, NOON + number * 9000) for number in range(high, high - size, -1)])
        else:
            model.put_older(
                [entry(number, NOON + number * 9000) for number in range(low, low - size, -1)], has_more=True
            )
            low -= size
    numbers = [number for day in shown(model) for number in day]

    assert numbers == [each.id for each in model.entries if each.id % keep == 0]
    assert numbers == sorted(numbers, reverse=True)
    assert all(day for day in shown(model))


def test_only_the_last_change_of_something_is_the_latest(qapp: QApplication) -> None:
    model = TimelineModel()
    model.put_older([entry(9, event="tag-delete"), entry(8, detail="other"), entry(7)], has_more=False)

    assert [model.is_latest(each) for each in model.entries] == [True, True, False]
    model.put_newer([entry(10)])
    assert [model.is_latest(each) for each in model.entries] == [True, False, True, False]


def test_the_end_asks_for_more_only_while_there_may_be_more(qapp: QApplication) -> None:
    model = TimelineModel()
    asked: list[bool] = []
    model.more_wanted.connect(lambda: asked.append(True))
    model.put_older([entry(9)], has_more=True)
    model.fetchMore(QModelIndex())
    model.put_older([entry(8)], has_more=False)
    model.fetchMore(QModelIndex())

    assert asked == [True]
    assert not model.canFetchMore(QModelIndex())


def test_the_head_of_a_day_has_its_words_and_the_number(qapp: QApplication) -> None:
    model = TimelineModel()
    model.today = lambda: date(2026, 11, 27)
    model.put_older([entry(9), entry(8, NOON - DAY), entry(7, NOON - DAY)], has_more=False)

    heads = [model.index(row, 0).data() for row in range(2)]

    assert heads == ["Today  1 change(s)", "Yesterday  2 change(s)"]
    assert model.index(0, BACK).data() is None


WORDS = [
    ({"event": "property-set", "detail": "netvm", "old": "sys-firewall", "new": "", "old_default": True},
     "Net qube", "default (sys-firewall)", "none"),
    ({"event": "property-set", "detail": "memory", "old": "400", "new": "4000"},
     "Initial memory", "400 MiB", "4,000 MiB"),
    ({"event": "property-reset", "detail": "shutdown_timeout", "old": "1200", "new": "60", "new_default": True},
     "Time to shut down", "1,200 s", "default (60 s)"),
    ({"event": "property-set", "detail": "stats_interval", "uuid": "", "qube": "", "old": "3", "new": "1" * 30},
     "Between two statistics", "3 s", "1" * 30),
    ({"event": "property-reset", "detail": "autostart", "old": "yes", "new": "no", "new_default": True},
     "Start with the system", "yes", "default (no)"),
    ({"event": "property-set", "detail": "default_netvm", "uuid": "", "qube": "", "old": "", "new": "sys-net"},
     "Default net qube", "none", "sys-net"),
    ({"event": "feature-set", "detail": "x", "old": None, "new": ""}, "Feature x", "not set", "empty"),
    ({"event": "tag-add"}, "Tag mine", "not set", "set"),
    ({"event": "tag-delete"}, "Tag mine", "set", "not set"),
    ({"event": "notes-set", "detail": "", "old": "", "new": "a\nb"}, "Notes", "empty", "a"),
    ({"event": "firewall-changed", "detail": "", "old": "", "new": "a\nb"}, "Firewall", "0 rule(s)", "2 rule(s)"),
    ({"event": "domain-add", "detail": "", "new": "class=AppVM template=debian-13"}, "Created", "", "on debian-13"),
    ({"event": "domain-delete", "detail": "", "old": "class=AppVM"}, "Removed", "App qube", ""),
    ({"event": "volume-set", "detail": "private", "old": "size=2147483648 rw=no", "new": "size=3221225472 rw=yes"},
     "Volume private", "2.0 GiB, read-only", "3.0 GiB, writable"),
    ({"event": "volume-set", "detail": "private", "old": "size=\u00b2", "new": "size=" + "9" * 19},
     "Volume private", "\u00b2", "8.0 EiB"),
    ({"event": "device-attach", "detail": "usb", "old": None, "new": "sys-usb+2-1 attached=yes {}"},
     "Device (usb)", "not set", "sys-usb+2-1 attached"),
    ({"event": "label-add", "detail": "teal", "new": "0x112233", "uuid": "", "qube": ""},
     "Label teal", "not set", "0x112233"),
    ({"event": "something-new", "detail": "x", "old": "a", "new": "b"}, "something-new x", "a", "b"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "what", "was", "then"), WORDS, ids=[words[1] + words[2] for words in WORDS])
def test_an_entry_in_words(qapp: QApplication, fields: dict[str, Any], what: str, was: str, then: str) -> None:
    change = replace(entry(1), **fields)

    assert (what_text(change), was_text(change), is_text(change)) == (what, was, then)


def test_each_source_has_its_words(qapp: QApplication) -> None:
    texts = [by_text(entry(1, source=source)) for source in ("dom0", "", "work", "another qube")]

    assert texts == ["dom0", "the daemon", "work, a qube", "another qube"]


def test_each_recorded_event_has_a_kind() -> None:
    kinds = {event for _text, of_kind in KINDS.values() for event in of_kind}

    assert kinds <= {row.kind for row in events.TABLE}
    assert {"property-set", "firewall-changed", "domain-delete", "pool-add", "label-delete"} <= kinds


@given(
    st.builds(
        HistoryEntry,
        *(st.integers(0, (1 << 63) - 1) for _ in range(2)),
        *(st.text() for _ in range(4)),
        st.sampled_from([row.kind for row in events.TABLE]),
        st.text(),
        st.none() | st.text(),
        st.none() | st.text(),
        *(st.booleans() for _ in range(3)),
    )
)
def test_any_entry_comes_back_from_its_line_and_has_words(qapp: QApplication, change: HistoryEntry) -> None:
    assert decode_entry(encode_entry(change)) == change
    model = TimelineModel()
    model.put_older([change], has_more=False)
    cells = [model.index(0, column, model.index(0, 0)).data() for column in range(model.columnCount())]
    assert all(isinstance(text, str) for text in cells)
    assert isinstance(haystack(change), str)
    assert {WAS, IS} <= set(range(len(cells)))


def by_plan(number: int, qube: str, when: int = NOON, **fields: Any) -> HistoryEntry:
    """An entry of a plan that changes the net qubes of several."""
    fields = {"event": "property-set", "detail": "netvm", "old": "sys-net", "new": "sys-vpn", **fields}
    return entry(number, when, uuid=qube, qube=qube, **fields)


def tree(model: TimelineModel) -> list[list[list[int]]]:
    """The ids of each row of each day: one, or those of a plan."""
    days = [model.index(row, 0) for row in range(model.rowCount())]
    return [
        [[each.id for each in model.entries_at(model.index(at, 0, day))] for at in range(model.rowCount(day))]
        for day in days
    ]


def test_the_changes_of_a_plan_are_under_one_row(qapp: QApplication) -> None:
    model = TimelineModel()
    changes = [by_plan(9, "mail"), by_plan(8, "vault", NOON - 5, old="other"), by_plan(7, "work", NOON - 30)]
    model.put_older([*changes, by_plan(6, "work", NOON - 31, new="other"), entry(5, NOON - 40)], has_more=False)
    row = model.index(0, 0, model.index(0, 0))

    assert tree(model) == [[[9, 8, 7], [6], [5]]]
    assert [model.index(0, column, row.parent()).data() for column in range(1, 6)] == [
        "3 qube(s)", "Net qube", "different", "sys-vpn", "dom0",
    ]  # fmt: skip
    assert [model.index(at, 1, row).data() for at in range(model.rowCount(row))] == ["mail", "vault", "work"]
    assert model.parent(model.index_of(8)) == row
    assert model.entries_at(model.index_of(8)) == (changes[1],)
    assert model.rowCount(model.index_of(8)) == 0
    assert model.shown == len(model.shown_entries) == 5
    assert "mail, vault, work" in str(model.index(0, 1, row.parent()).data(Qt.ItemDataRole.ToolTipRole))


@pytest.mark.parametrize(
    "other",
    [
        {"source": "work"}, {"call": "mgmt1.vm.Create"}, {"new": "sys-net"}, {"detail": "template"},
        {"when": NOON - 100}, {"qube": "mail"}, {"uuid": "", "qube": ""},
    ],
)  # fmt: skip
def test_another_change_is_not_of_the_plan(qapp: QApplication, other: dict[str, Any]) -> None:
    model = TimelineModel()
    when, qube = other.pop("when", NOON), other.pop("qube", "work")
    second = replace(by_plan(8, qube or "work", when), **other)
    model.put_older([by_plan(9, "mail"), second], has_more=False)

    assert tree(model) == [[[9], [8]]]


def test_what_a_plan_changes_later_comes_to_its_row(qapp: QApplication) -> None:
    model = TimelineModel()
    model.put_older([by_plan(8, "work")], has_more=True)
    model.put_newer([entry(10, NOON + 20), by_plan(9, "mail", NOON + 10)])
    model.put_older([by_plan(7, "vault", NOON - 1)], has_more=False)

    assert tree(model) == [[[10], [9, 8, 7]]]


def test_the_timeline_as_a_table_for_another_program(qapp: QApplication) -> None:
    rows = table_of([by_plan(9, "mail"), entry(8, event="notes-set", detail="", old=None, new="=1+1\nsecond line")])

    assert [len(row) for row in rows] == [7, 7, 7]
    assert rows[0][0] == "When"
    assert rows[1][1:] == ("mail", "Net qube", "sys-net", "sys-vpn", "dom0", "mgmt1.vm.tag.Set")
    assert datetime.fromisoformat(rows[1][0]).timestamp() == NOON
    assert csv_text(rows).splitlines()[-2:] == [
        csv_text([rows[2]]).splitlines()[0],
        'second line",dom0,mgmt1.vm.tag.Set',
    ]
    assert '"\'=1+1\nsecond line"' in csv_text(rows)


@pytest.mark.parametrize(
    ("cell", "written"), [("=1", "'=1"), ("@x", "'@x"), ("-1.5", "-1.5"), ("+2", "+2"), ("-a", "'-a"), ("ok", "ok")]
)
def test_a_cell_is_never_a_formula(cell: str, written: str) -> None:
    assert csv_text([[cell]]) == f"{written}\r\n"
