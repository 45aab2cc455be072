# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
from PyQt5.QtCore import QPoint, QSize
from PyQt5.QtGui import QColor, QIcon
from pytestqt.qtbot import QtBot

from qubesmanager.ui.icons import label_icon

COLORS = ["0xCC0000", "0x3465A4", "0x000000", "0x73D216"]
FACE = QPoint(5, 9)


def pixel(icon: QIcon, mode: QIcon.Mode, at: QPoint) -> QColor:
    return icon.pixmap(QSize(16, 16), mode).toImage().pixelColor(at)


@pytest.mark.parametrize("color", COLORS)
def test_a_label_keeps_its_colour_in_a_selected_row(color: str, qtbot: QtBot) -> None:
    icon = label_icon(color)

    assert pixel(icon, QIcon.Mode.Selected, FACE) == QColor(f"#{color[2:]}")
    assert pixel(icon, QIcon.Mode.Selected, FACE) == pixel(icon, QIcon.Mode.Normal, FACE)
