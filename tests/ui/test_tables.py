# SPDX-License-Identifier: GPL-3.0-or-later
"""The widths of columns in tables of rows."""

from PyQt5.QtCore import QRect
from PyQt5.QtGui import QStandardItemModel
from PyQt5.QtWidgets import QStyleOptionViewItem, QTableView
from pytestqt.qtbot import QtBot

from qubesmanager.ui.widgets import usage_bar
from qubesmanager.ui.widgets.fonts import in_units
from qubesmanager.ui.widgets.tables import LEAST, row_table, set_widths


def shown_table(qtbot: QtBot) -> QTableView:
    table = row_table(QStandardItemModel(2, 3), "Rows", 0)
    qtbot.addWidget(table)
    set_widths(table, {1: 60, 2: 40})
    table.show()
    return table


def test_the_stretched_column_of_a_narrow_table_stays_readable(qtbot: QtBot) -> None:
    table = shown_table(qtbot)

    table.resize(in_units(table, 100), 200)
    narrow = [table.columnWidth(column) for column in range(3)]
    table.resize(in_units(table, 200), 200)

    assert narrow[0] >= in_units(table, LEAST)
    assert narrow[1] > narrow[2]
    assert [table.columnWidth(column) for column in (1, 2)] == [in_units(table, 60), in_units(table, 40)]


def test_a_width_that_the_user_sets_is_kept(qtbot: QtBot) -> None:
    table = shown_table(qtbot)
    table.resize(in_units(table, 200), 200)

    table.setColumnWidth(1, 77)
    table.resize(in_units(table, 210), 200)

    assert table.columnWidth(1) == 77


def test_the_bar_of_a_narrow_cell_leaves_room_for_its_text(qtbot: QtBot) -> None:
    table = shown_table(qtbot)
    option = QStyleOptionViewItem()
    option.fontMetrics = table.fontMetrics()
    text = option.fontMetrics.horizontalAdvance("101.9 GiB (39 %)")
    widths = []
    for room in (text + 50, text + 200):
        option.rect = QRect(0, 0, room, 20)
        widths.append(usage_bar._width(option))

    assert text + 3 * usage_bar.GAP + widths[0] <= text + 50
    assert 0 < widths[0] < widths[1] == usage_bar.WIDTH
