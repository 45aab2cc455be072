# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
from PyQt5.QtCore import QPoint, QSize
from PyQt5.QtGui import QColor, QIcon, QPainter, QPixmap
from pytestqt.qtbot import QtBot

from qubesmanager.ui.icons import icon, label_icon

COLORS = ["0xCC0000", "0x3465A4", "0x000000", "0x73D216"]
FACE = QPoint(5, 9)


def pixel(picture: QIcon, mode: QIcon.Mode, at: QPoint) -> QColor:
    return picture.pixmap(QSize(16, 16), mode).toImage().pixelColor(at)


@pytest.mark.parametrize("color", COLORS)
def test_a_label_keeps_its_colour_in_a_selected_row(color: str, qtbot: QtBot) -> None:
    cube = label_icon(color)

    assert pixel(cube, QIcon.Mode.Selected, FACE) == QColor(f"#{color[2:]}")
    assert pixel(cube, QIcon.Mode.Selected, FACE) == pixel(cube, QIcon.Mode.Normal, FACE)


@pytest.mark.parametrize("side", [16, 20, 48, 96])
def test_an_icon_is_drawn_in_the_size_that_is_asked_for(side: int, qtbot: QtBot) -> None:
    shown = icon("start").pixmap(QSize(side, side))

    assert shown.size() == QSize(side, side)
    assert shown.toImage().pixelColor(side // 2, side // 2).alpha() > 0


def test_an_icon_is_grey_where_it_is_disabled_and_not_tinted_where_it_is_selected(qtbot: QtBot) -> None:
    middle = QPoint(8, 8)
    normal, disabled, selected = (
        pixel(icon("start"), mode, middle) for mode in (QIcon.Mode.Normal, QIcon.Mode.Disabled, QIcon.Mode.Selected)
    )

    assert normal == selected != disabled


def test_a_copy_of_an_icon_that_gets_another_picture_leaves_the_icon_as_it_is(qtbot: QtBot) -> None:
    copy = QIcon(icon("start"))
    copy.addPixmap(label_icon(COLORS[0]).pixmap(16, 16))

    assert pixel(copy, QIcon.Mode.Normal, QPoint(8, 8)) == pixel(icon("start"), QIcon.Mode.Normal, QPoint(8, 8))


def test_an_icon_without_room_is_not_drawn(qtbot: QtBot) -> None:
    assert icon("start").pixmap(QSize(0, 16)).isNull()


def test_an_icon_is_painted_in_the_middle_of_an_area_of_another_shape(qtbot: QtBot) -> None:
    canvas = QPixmap(48, 16)
    canvas.fill(QColor("white"))
    painter = QPainter(canvas)
    icon("start").paint(painter, canvas.rect())
    painter.end()
    image = canvas.toImage()

    assert image.pixelColor(24, 8) != QColor("white")
    assert image.pixelColor(4, 8) == image.pixelColor(44, 8) == QColor("white")
