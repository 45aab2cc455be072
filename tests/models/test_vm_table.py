# SPDX-License-Identifier: GPL-3.0-or-later
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PyQt5.QtCore import QItemSelectionModel, QModelIndex, Qt
from PyQt5.QtWidgets import QTableView
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot
from samples import vm

from qubesmanager.models.vm_filter import VmFilterModel
from qubesmanager.models.vm_table import VmTableModel
from qubesmanager.wire.records import VmRecord
from qubesmanager.wire.values import PowerState, VmClass

NAMES = st.sampled_from(["alpha", "Beta", "gamma", "delta", "epsilon", "zeta"])
STATES = st.sampled_from([PowerState.RUNNING, PowerState.HALTED, PowerState.PAUSED])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.lists(st.tuples(NAMES, STATES), max_size=4)),
        st.tuples(st.just("remove"), st.lists(NAMES, max_size=5)),
        st.tuples(st.just("sort"), st.tuples(st.integers(0, 8), st.booleans())),
        st.tuples(st.just("query"), st.sampled_from(["", "state:running", "a", "-a", "mem>1G"])),
        st.tuples(st.just("stats"), NAMES),
    ),
    max_size=12,
)


def shown(model: VmFilterModel) -> list[str]:
    return [model.index(row, 0).data() for row in range(model.rowCount())]


@pytest.fixture
def table(qapp: object) -> VmTableModel:
    return VmTableModel()


def test_both_models_keep_qts_contract(table: VmTableModel, qtmodeltester: ModelTester) -> None:
    table.put([vm("work", state=PowerState.RUNNING), vm("vault"), vm("debian", VmClass.TEMPLATE)])

    qtmodeltester.check(table)  # type: ignore[no-untyped-call] # not annotated there
    qtmodeltester.check(VmFilterModel(table), force_py=True)  # type: ignore[no-untyped-call]


def test_qubes_that_come_are_taken_over_at_once_not_cell_by_cell(
    table: VmTableModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = VmFilterModel(table)
    asked: list[QModelIndex] = []
    rows = VmTableModel.rowCount

    def count(self: VmTableModel, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 - as Qt's
        asked.append(parent)
        return rows(self, parent)

    monkeypatch.setattr(VmTableModel, "rowCount", count)

    table.put([vm(f"qube-{number}") for number in range(50)])

    assert shown(model)[:3] == ["qube-0", "qube-1", "qube-2"]
    assert len(asked) < 10


@given(STEPS)
def test_whatever_happens_the_shown_rows_are_the_matching_ones_in_order(steps: list[tuple[str, object]]) -> None:
    table = VmTableModel()
    model = VmFilterModel(table)
    present: dict[str, VmRecord] = {}
    view = QTableView()
    view.setModel(model)
    column, descending = 0, False

    for what, value in steps:
        if what == "put":
            records = {name: vm(name, state=state) for name, state in value}  # type: ignore[attr-defined]
            present.update(records)
            table.put(list(records.values()))
        elif what == "remove":
            for name in value:  # type: ignore[attr-defined]
                present.pop(name, None)
            table.remove(value)  # type: ignore[arg-type]
        elif what == "sort":
            column, descending = value  # type: ignore[misc]
            model.sort(column, Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder)
        elif what == "query":
            model.set_query(str(value))
        else:
            table.set_stats(str(value), 10, 400 << 10)

        assert table.running == {name for name, record in present.items() if record.running}
        matching = [name for name, record in present.items() if model.matches(record)]
        assert sorted(shown(model)) == sorted(matching)
        keys = [table.columns[column].key(present[name], table.history(name)) for name in shown(model)]
        if not table.columns[column].live:
            assert keys == sorted(keys, reverse=descending)
        for row, name in enumerate(shown(model)):
            assert model.index_of(name).row() == row


def test_a_selection_stays_with_its_qube_when_the_order_changes(qtbot: QtBot, table: VmTableModel) -> None:
    model = VmFilterModel(table)
    view = QTableView()
    qtbot.addWidget(view)
    view.setModel(model)
    table.put([vm("a", memory="100"), vm("b", state=PowerState.RUNNING), vm("c")])
    selection = view.selectionModel()
    assert selection is not None
    selection.select(model.index_of("b"), QItemSelectionModel.SelectionFlag.ClearAndSelect)

    model.sort(1, Qt.SortOrder.DescendingOrder)

    assert [model.name_at(index) for index in selection.selectedIndexes()] == ["b"]


def test_many_qubes_are_removed_at_once_and_the_selection_stays(qtbot: QtBot, table: VmTableModel) -> None:
    model = VmFilterModel(table)
    table.put([vm(f"q{number}") for number in range(40)])
    view = QTableView()
    qtbot.addWidget(view)
    view.setModel(model)
    view.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
    view.selectRow(7)
    selection = view.selectionModel()
    assert selection is not None
    removed: list[int] = []
    table.rowsRemoved.connect(lambda _parent, first, last: removed.append(last - first + 1))
    changes: list[bool] = []
    model.shown_changed.connect(lambda: changes.append(True))

    table.remove([f"q{number}" for number in range(0, 40, 2)])

    assert removed == [20]
    assert changes == [True]
    assert shown(model) == [f"q{number}" for number in range(1, 40, 2)]
    assert [model.name_at(index) for index in selection.selectedRows()] == ["q7"]


def test_the_column_sorted_by_before_decides_among_equals(table: VmTableModel) -> None:
    model = VmFilterModel(table)
    table.put([vm("a", template="x"), vm("b", template="y"), vm("c", template="x")])

    model.sort(0, Qt.SortOrder.DescendingOrder)
    model.sort(table.column_named("template"))

    assert shown(model) == ["c", "a", "b"]


def test_a_tick_is_requested_and_shown_only_after_its_event(qtbot: QtBot, table: VmTableModel) -> None:
    table.put([vm("work")])
    cell = table.index(0, table.column_named("include_in_backups"))

    with qtbot.waitSignal(table.property_edited) as asked:
        table.setData(cell, Qt.CheckState.Unchecked, Qt.ItemDataRole.CheckStateRole)

    assert asked.args == ["work", "include_in_backups", "no"]
    assert cell.data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Checked
    table.put([vm("work", include_in_backups="no")])
    assert cell.data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Unchecked


def test_a_name_that_looks_like_markup_is_plain_text_in_tooltips(table: VmTableModel) -> None:
    table.put([vm("work", notes="<b>bold</b>")])

    tip = table.index(0, table.column_named("notes")).data(Qt.ItemDataRole.ToolTipRole)

    assert tip == "<qt>&lt;b&gt;bold&lt;/b&gt;</qt>"


def test_the_state_says_what_keeps_a_qube_from_being_used(table: VmTableModel) -> None:
    table.put([vm("work", problem="The pool usb is missing.")])

    tip = table.index(0, table.column_named("state")).data(Qt.ItemDataRole.ToolTipRole)

    assert tip == "<qt>The pool usb is missing.</qt>"


def test_internal_qubes_are_shown_on_request(table: VmTableModel) -> None:
    table.put([vm("work"), replace(vm("helper"), features={"internal": "1"})])
    model = VmFilterModel(table)

    assert shown(model) == ["work"]
    model.show_internal(True)
    assert shown(model) == ["helper", "work"]


def test_a_qube_that_becomes_internal_is_hidden(table: VmTableModel) -> None:
    table.put([vm("work"), vm("helper")])
    model = VmFilterModel(table)

    table.put([replace(vm("helper"), features={"internal": "1"})])

    assert shown(model) == ["work"]
