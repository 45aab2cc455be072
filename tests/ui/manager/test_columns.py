# SPDX-License-Identifier: GPL-3.0-or-later
"""The columns of the table: units, words, the order of labels, and room for titles, graphs and the last column."""

from PyQt5.QtCore import QLocale, Qt
from PyQt5.QtWidgets import QApplication
from samples import vm
from windows import Clicker

from qubesmanager.models.columns import TABLE
from qubesmanager.models.stats_history import History
from qubesmanager.models.vm_table import HISTORY_ROLE
from qubesmanager.ui.widgets.vm_delegate import MARGIN, SPARK_WIDTH
from qubesmanager.wire.events import VM_STATS
from qubesmanager.wire.values import PowerState

LABEL = next(at for at, column in enumerate(TABLE) if column.id == "label")
LARGE = 99 << 20
"""KiB of a qube with 99 GiB."""
NARROW = 700
"""Pixels of a window that is narrow."""


def shown(clicker: Clicker) -> list[int]:
    """The columns that are shown, in their order."""
    view = clicker.window.view
    order = map(view.header().logicalIndex, range(view.header().count()))
    return [at for at in order if not view.isColumnHidden(at)]


def cell(clicker: Clicker, name: str, column: str) -> str:
    index = clicker.window.filter.index_of(name, clicker.window.model.column_named(column))
    return str(index.data())


async def test_the_table_is_sorted_by_label_in_the_order_of_trust(clicker: Clicker) -> None:
    clicker.window.view.setColumnHidden(LABEL, False)

    clicker.window.view.sortByColumn(LABEL, Qt.SortOrder.AscendingOrder)

    labels = [clicker.session.records[name].value("label") for name in clicker.window.filter.names()]
    order = ["red", "yellow", "green", "blue", "black"]
    assert [label for at, label in enumerate(labels) if label not in labels[:at]] == order


async def test_none_is_shown_as_the_net_qube_and_a_dash_where_there_can_be_none(clicker: Clicker) -> None:
    assert cell(clicker, "vault", "netvm") == "none"
    assert cell(clicker, "dom0", "netvm") == "\u2013"
    assert cell(clicker, "work", "netvm") == "sys-firewall"


async def test_dom0_has_its_processors_and_memory_in_the_table(clicker: Clicker) -> None:
    def shown_at_once() -> list[str]:
        """The daemon may send statistics too, at any moment."""
        clicker.session.stats.emit((VM_STATS("dom0", memory_kb=4 << 20, cpu_time=1, cpu_usage=7),))
        return [cell(clicker, "dom0", column) for column in ("cpu", "memory")]

    await clicker.until(lambda: shown_at_once() == ["7", "4.0"])


async def test_words_are_those_of_the_documentation_and_units_are_in_the_titles(clicker: Clicker) -> None:
    model = clicker.window.model
    model.set_stats("work", 41, 3800 << 10)

    assert cell(clicker, "work", "class") == "App qube"
    assert cell(clicker, "debian-13", "class") == "Template"
    assert (cell(clicker, "work", "memory"), cell(clicker, "work", "cpu")) == ("3.7", "41")
    titles = {column.id: column.name() for column in model.columns}
    assert (titles["memory"], titles["cpu"], titles["disk"]) == ("Memory (GiB)", "CPU (%)", "Disk (GiB)")


async def test_a_number_never_touches_its_graph(clicker: Clicker) -> None:
    view, model = clicker.window.view, clicker.window.model
    model.set_stats("work", 100, LARGE)
    view.fit_columns()

    for name in ("memory", "cpu"):
        column = model.column_named(name)
        index = clicker.window.filter.index_of("work", column)
        assert index.data(HISTORY_ROLE) is not None
        number = view.fontMetrics().horizontalAdvance(index.data())
        assert view.columnWidth(column) >= MARGIN + SPARK_WIDTH + MARGIN + number + MARGIN, name


async def test_each_title_has_room_for_the_arrow_and_begins_at_the_left_where_it_is_sorted(clicker: Clicker) -> None:
    view = clicker.window.view
    view.fit_columns()

    for column in shown(clicker):
        view.sortByColumn(column, Qt.SortOrder.AscendingOrder)
        name = TABLE[column].id
        assert view.columnWidth(column) >= view.title_width(column), name
        alignment = clicker.window.filter.headerData(
            column, Qt.Orientation.Horizontal, Qt.ItemDataRole.TextAlignmentRole
        )
        assert alignment & int(Qt.AlignmentFlag.AlignLeft), name


async def test_the_last_column_reaches_to_the_edge_and_is_no_stub(clicker: Clicker) -> None:
    view, window = clicker.window.view, clicker.window
    viewport = view.viewport()
    assert viewport is not None
    window.resize(1600, 700)
    await clicker.until(lambda: view.width() > NARROW)
    view.fit_columns()
    *_others, last = shown(clicker)
    await clicker.until(
        lambda: view.columnViewportPosition(last) + view.columnWidth(last) >= viewport.width() and viewport.width() > 0
    )

    window.resize(NARROW, 600)
    await clicker.until(lambda: view.width() < NARROW and not view._later.isActive())
    header = view._header
    least = header.needed_width(TABLE[last].name(), is_sorted=header.is_sorted(last))
    await clicker.until(lambda: view.columnWidth(last) >= least)


def test_numbers_of_a_row_have_the_same_digits(qapp: QApplication) -> None:
    history = History()
    history.add(42, 3 << 20, 0.0, 3.0)
    record = vm("work", state=PowerState.RUNNING)
    texts = {column.id: column.text(record, history) for column in TABLE}
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.Arabic, QLocale.Country.Egypt))
    try:
        arabic = {column.id: column.text(record, history) for column in TABLE}
    finally:
        QLocale.setDefault(before)

    assert (texts["cpu"], texts["memory"]) == ("42", "3.0")
    assert (arabic["cpu"], arabic["memory"]) == ("\u0664\u0662", "\u0663\u066b\u0660")


async def test_columns_are_twice_as_wide_in_twice_the_font(clicker: Clicker) -> None:
    view = clicker.window.view
    view.reset_columns()
    before = [view.columnWidth(at) for at in shown(clicker)[:-1]]
    font = view.font()
    font.setPointSizeF(font.pointSizeF() * 2)

    view.setFont(font)
    view.reset_columns()

    after = [view.columnWidth(at) for at in shown(clicker)[:-1]]
    assert all(new > old * 1.6 for old, new in zip(before, after, strict=True)), (before, after)
