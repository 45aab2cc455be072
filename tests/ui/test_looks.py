# SPDX-License-Identifier: GPL-3.0-or-later
"""The looks that all windows share: headers, rows, badges and labels, in both directions of reading."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt5.QtCore import QItemSelectionModel, QLocale, QRect, QSize, Qt
from PyQt5.QtGui import QColor, QFontMetrics, QImage, QStandardItemModel
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QDialogButtonBox,
    QHeaderView,
    QStyle,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)
from pytestqt.qtbot import QtBot
from until import until
from windows import Clicker, click

from qubesmanager.client.client import Client
from qubesmanager.models.plan_table import HEAD_ROLE
from qubesmanager.ui.actions.plan_delegate import PlanDelegate
from qubesmanager.ui.actions.plan_dialog import PlanDialog
from qubesmanager.ui.manager.backups_page import BackupsPage
from qubesmanager.ui.manager.inspector_summary import Summary
from qubesmanager.ui.shell.app import with_usual_digits
from qubesmanager.ui.storage.storage_window import StorageWindow
from qubesmanager.ui.widgets.badge import badge_width
from qubesmanager.ui.widgets.button_box import button_box
from qubesmanager.ui.widgets.cell_icon import ICON
from qubesmanager.ui.widgets.flat_header import FlatHeader
from qubesmanager.ui.widgets.labels import blended, plain_label
from qubesmanager.ui.widgets.row_delegate import RowDelegate
from qubesmanager.ui.widgets.side_row import fitting_badge
from qubesmanager.ui.widgets.tables import row_table
from qubesmanager.ui.widgets.vm_delegate import MARGIN
from qubesmanager.ui.widgets.vm_view import VmView
from qubesmanager.wire import calls

DIRECTIONS = (Qt.LayoutDirection.LeftToRight, Qt.LayoutDirection.RightToLeft)


@pytest.fixture(params=DIRECTIONS)
def direction(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[Qt.LayoutDirection]:
    qapp.setLayoutDirection(request.param)
    yield request.param
    qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


async def test_a_laptop_shows_all_columns_with_whole_titles(clicker: Clicker) -> None:
    window = clicker.window
    line = window.fontMetrics().height()
    window.resize(80 * line, 44 * line)  # 1366 pixels of usual text
    header = window.view.header()
    assert isinstance(header, FlatHeader)
    bar = window.view.horizontalScrollBar()
    assert bar is not None

    await clicker.until(lambda: bar.maximum() == 0)

    shown = [at for at in range(header.count()) if not header.isSectionHidden(at)]
    needed = {header.title(at): header.needed_width(header.title(at), is_sorted=header.is_sorted(at)) for at in shown}
    assert all(header.sectionSize(at) >= needed[header.title(at)] for at in shown)


async def test_a_table_that_is_a_little_too_narrow_elides_texts_instead_of_scrolling(
    clicker: Clicker, qtbot: QtBot
) -> None:
    """As German does on a laptop. Where far too little room is, the columns keep their widths."""
    view = VmView(clicker.window.filter, clicker.window.model, lambda _label: "0x000000")
    qtbot.addWidget(view)
    viewport, bar = view.viewport(), view.horizontalScrollBar()
    assert viewport is not None
    assert bar is not None
    *columns, last = [at for at in range(view.header().count()) if not view.isColumnHidden(at)]
    header = view.header()
    assert isinstance(header, FlatHeader)
    fitting = {at: view.fitting_width(at) for at in columns}
    frame = view.width() - viewport.width()

    view.resize(sum(fitting.values()) + view.title_width(last) - 30 + frame, 400)
    view.show()
    view.fit_columns()
    await clicker.until(lambda: bar.maximum() == 0 and not view._later.isActive())

    assert any(view.columnWidth(at) < fitting[at] for at in columns)
    assert all(view.columnWidth(at) >= header.needed_width(header.title(at), is_sorted=False) for at in columns)
    view.resize(view.width() // 2, 400)
    await clicker.until(lambda: all(view.columnWidth(at) == fitting[at] for at in columns))


async def test_columns_follow_the_width_of_the_window_until_the_user_changes_one(
    clicker: Clicker, qtbot: QtBot
) -> None:
    view = VmView(clicker.window.filter, clicker.window.model, lambda _label: "0x000000")
    qtbot.addWidget(view)
    *columns, last = [at for at in range(view.header().count()) if not view.isColumnHidden(at)]
    fitting = {at: view.fitting_width(at) for at in columns}
    wide = sum(fitting.values()) + 2 * view.fitting_width(last)
    view.resize(wide, 400)
    view.show()
    view.fit_columns()
    narrow = sum(fitting.values()) + view.title_width(last) - 20

    view.resize(narrow, 400)
    await clicker.until(lambda: any(view.columnWidth(at) < fitting[at] for at in columns))
    view.resize(wide, 400)
    await clicker.until(lambda: all(view.columnWidth(at) == fitting[at] for at in columns))

    mine = fitting[columns[0]] + 40
    view.header().resizeSection(columns[0], mine)
    view.resize(narrow, 400)
    await clicker.until(lambda: not view._later.isActive())
    assert view.columnWidth(columns[0]) == mine
    assert all(view.columnWidth(at) == fitting[at] for at in columns[1:])


def test_a_header_that_is_sorted_again_makes_room_for_the_arrow(qtbot: QtBot) -> None:
    model = QStandardItemModel(2, 2)
    model.setHorizontalHeaderLabels(["Qube", "Destination"])
    table = row_table(model, "Rows", 0)
    qtbot.addWidget(table)
    header = table.horizontalHeader()
    assert isinstance(header, FlatHeader)
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    table.setSortingEnabled(True)
    table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    table.show()
    before = header.sectionSize(1)

    table.sortByColumn(1, Qt.SortOrder.AscendingOrder)

    assert header.sectionSize(1) > before
    assert header.sectionSize(1) >= header.needed_width(header.title(1))


def test_the_height_of_a_header_asks_for_the_size_of_no_section(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    model = QStandardItemModel(2, 5)
    model.setHorizontalHeaderLabels(["Qube", "Class", "State", "Label", "Destination"])
    table = row_table(model, "Rows", 0)
    qtbot.addWidget(table)
    header = table.horizontalHeader()
    assert isinstance(header, FlatHeader)
    asked: list[int] = []
    contents = FlatHeader.sectionSizeFromContents

    def count(self: FlatHeader, section: int) -> QSize:
        asked.append(section)
        return contents(self, section)

    monkeypatch.setattr(FlatHeader, "sectionSizeFromContents", count)

    model.setHorizontalHeaderLabels(["Qube", "Class", "State", "Label", "Another destination"])
    height = header.sizeHint().height()

    assert not asked
    assert height == contents(header, 0).height()


def test_a_mix_of_two_colours_has_the_share_of_each_in_every_channel() -> None:
    assert blended(QColor("#102030"), QColor("#f0e0d0"), 0.75).name() == "#485058"


def test_a_title_begins_where_its_column_does(qtbot: QtBot, direction: Qt.LayoutDirection) -> None:
    model = QStandardItemModel(0, 1)
    model.setHorizontalHeaderLabels(["Qube"])
    table = row_table(model, "Rows", 0)
    qtbot.addWidget(table)
    table.resize(400, 100)
    table.show()
    header = table.horizontalHeader()
    assert isinstance(header, FlatHeader)
    image = header.grab().toImage()
    line = range(6, image.height() - 8)
    half = image.width() // 2

    inked = {x < half for x in range(image.width()) for y in line if image.pixelColor(x, y).lightness() < 90}

    assert inked == {direction == Qt.LayoutDirection.LeftToRight}


async def test_a_short_name_fits_beside_the_badge_that_comes_later(clicker: Clicker) -> None:
    view = clicker.window.view
    view.fit_columns()

    taken = ICON + view.fontMetrics().horizontalAdvance("work") + badge_width("restart", view.font()) + 4 * MARGIN

    assert view.columnWidth(0) >= taken


async def test_the_sorted_column_has_room_for_its_arrow(clicker: Clicker) -> None:
    view = clicker.window.view
    last = next(at for at in reversed(range(view.header().count())) if not view.isColumnHidden(at))

    view.sortByColumn(last, Qt.SortOrder.DescendingOrder)

    title = view.title_width(last)
    await clicker.until(lambda: view.columnWidth(last) >= title)


async def test_a_row_that_has_the_keyboard_and_is_not_selected_is_seen(qtbot: QtBot) -> None:
    model = QStandardItemModel(3, 2)
    table = row_table(model, "Rows", 1)
    table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
    qtbot.addWidget(table)
    table.show()
    table.selectRow(0)
    table.activateWindow()
    table.setFocus()
    await until(table.hasFocus)

    def picture_at(row: int) -> QImage:
        selection = table.selectionModel()
        assert selection is not None
        selection.setCurrentIndex(model.index(row, 1), QItemSelectionModel.SelectionFlag.NoUpdate)
        return table.grab().toImage()

    assert picture_at(1) != picture_at(2)


@pytest.mark.parametrize("other", [QStyle.StateFlag.State_Selected, QStyle.StateFlag.State_Enabled])
def test_a_cell_has_no_frame_of_the_focus(qtbot: QtBot, other: QStyle.StateFlag) -> None:
    tree = QTreeView()
    qtbot.addWidget(tree)
    option = QStyleOptionViewItem()
    option.state = QStyle.State() | QStyle.StateFlag.State_HasFocus | other

    RowDelegate(tree).initStyleOption(option, tree.rootIndex())

    assert not option.state & QStyle.StateFlag.State_HasFocus
    assert option.state & other


async def test_the_pool_is_selected_in_both_directions(
    clicker: Clicker, qtbot: QtBot, direction: Qt.LayoutDirection
) -> None:
    window = StorageWindow(clicker.session)
    qtbot.addWidget(window)
    window.show()
    await until(lambda: window.facts.is_known)

    await until(lambda: (row := window.pools.current()) is not None and row.name == "default")

    assert window.layoutDirection() == direction
    assert window.pools.info.text() != window.pools.tr("There is no pool.")


async def test_an_option_of_a_pool_has_a_name_and_an_empty_one_no_line(clicker: Clicker, qtbot: QtBot) -> None:
    window = StorageWindow(clicker.session)
    qtbot.addWidget(window)
    window.show()
    await until(lambda: window.facts.is_known)

    await until(lambda: "Folder: " in window.pools.info.text())

    assert "Problem" not in window.pools.info.text()
    assert "dir_path" not in window.pools.info.text()


async def test_the_count_of_a_group_is_beside_its_title(clicker: Clicker, direction: Qt.LayoutDirection) -> None:
    clicker.select("sys-net")
    clicker.click("shutdown")
    dialog = await clicker.dialog(PlanDialog)
    tree, delegate = dialog.tree, dialog.tree.itemDelegate()
    assert isinstance(delegate, PlanDelegate)
    index = dialog.table.index(0, 0)
    option = QStyleOptionViewItem()
    option.initFrom(tree)
    option.widget, option.rect, option.direction = tree, QRect(0, 0, 600, 30), direction

    room = delegate.beside_title(option, index)

    drawn = QStyleOptionViewItem(option)
    delegate.initStyleOption(drawn, index)
    style = QApplication.style()
    assert style is not None
    text = style.subElementRect(QStyle.SubElement.SE_ItemViewItemText, drawn, tree)
    title = QFontMetrics(drawn.font).horizontalAdvance(index.data(HEAD_ROLE).title)
    at_left = QRect(text.left(), text.top(), title, text.height())
    assert not room.intersects(QStyle.visualRect(direction, text, at_left))
    assert room.width() > 0
    dialog.reject()


def test_a_text_that_is_not_translated_begins_where_the_window_does(
    qtbot: QtBot, direction: Qt.LayoutDirection
) -> None:
    label = plain_label("Shut down 22 qubes")
    qtbot.addWidget(label)

    is_right = bool(label.alignment() & Qt.AlignmentFlag.AlignRight)

    assert is_right == (direction == Qt.LayoutDirection.RightToLeft)


@pytest.mark.parametrize("name", ["ar_EG", "fa_IR", "mr_IN", "ur_IN", "de_DE", "en_US"])
def test_numbers_have_the_digits_of_names_and_addresses(name: str) -> None:
    chosen = QLocale(name)

    locale = with_usual_digits(chosen)

    assert locale.toString(1006.5, "f", 1).replace(".", "").replace(",", "").isascii()
    assert locale == chosen or chosen.zeroDigit() != "0"


def test_the_buttons_of_a_dialog_have_no_icons(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    standard = QDialogButtonBox.StandardButton

    box = button_box(parent, standard.Ok, standard.Apply, standard.Cancel)

    assert len(box.buttons()) == 3
    assert all(button.icon().isNull() for button in box.buttons())


def test_no_window_makes_its_own_box_of_buttons() -> None:
    sources = Path(__file__).parents[2] / "qubesmanager" / "ui"

    makers = {path.name for path in sources.rglob("*.py") if "QDialogButtonBox(" in path.read_text()}

    assert makers <= {"button_box.py", "policy_question.py"}, "policy_question.py has only buttons of its own"


@pytest.mark.parametrize(("width", "shown"), [(400, "1 failed"), (150, "!")])
def test_a_badge_leaves_room_for_the_name(qtbot: QtBot, width: int, shown: str) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)
    row = QStyleOptionViewItem()
    row.initFrom(widget)
    row.text, row.rect = "Backups of qubes", QRect(0, 0, width, 27)

    assert fitting_badge(row, "1 failed") == shown


async def test_without_a_selection_the_inspector_shows_this_computer(clicker: Clicker, client: Client) -> None:
    window = clicker.window
    summary = window.inspector.summary
    await client.send(calls.VM_PROPERTY_SET("vault", "backup_timestamp", "86400"))
    window.view.clearSelection()
    await clicker.until(lambda: summary.isVisible() and not summary.lines["old"].isHidden())

    assert summary.title.text() == "This computer"
    click(summary.lines["old"].link)

    await clicker.until(lambda: isinstance(window.pages.currentWidget(), BackupsPage))


async def test_several_qubes_show_what_they_share(clicker: Clicker) -> None:
    clicker.select("work", "vault", "personal")
    summary = clicker.window.inspector.summary
    assert isinstance(summary, Summary)

    await clicker.until(lambda: summary.several.isVisible() and summary.title.text().startswith("3 "))

    names = {row.name.text() for row in summary.rows if not row.isHidden()}
    assert names == {"work", "vault", "personal"}
    assert "(2)" in summary.facts["netvm"][1].text()
    assert summary.others.isHidden()
