# SPDX-License-Identifier: GPL-3.0-or-later
"""The selection in lists and tables is a tint of the palette, also of a palette that comes later."""

import pytest
from PyQt5.QtGui import QColor, QGuiApplication, QPalette
from PyQt5.QtWidgets import QApplication, QLineEdit, QTableView
from pytestqt.qtbot import QtBot

from qubesmanager.ui.icons import state_icon
from qubesmanager.ui.widgets.labels import cpu_color, fault_color, info_color, memory_color, warning_color
from qubesmanager.ui.widgets.selection import highlight, tinted
from qubesmanager.wire.values import PowerState

LIGHT, DARK = ("#ffffff", "#111111", "#2f65ab"), ("#1e1f22", "#eeeeee", "#2f65ab")


def palette(base: str, text: str, selected: str) -> QPalette:
    made = QPalette()
    for role, color in (
        (QPalette.ColorRole.Base, base),
        (QPalette.ColorRole.Window, base),
        (QPalette.ColorRole.Text, text),
        (QPalette.ColorRole.Highlight, selected),
    ):
        made.setColor(role, QColor(color))
    return made


def luminance(color: QColor) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) + 0.0722 * linear(color.blueF())


def contrast(first: QColor, second: QColor) -> float:
    """As WCAG defines it: from 1 to 21."""
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.usefixtures("selections")
@pytest.mark.parametrize("colors", [LIGHT, DARK])
def test_a_selected_row_is_a_tint_with_the_text_of_other_rows(qtbot: QtBot, colors: tuple[str, str, str]) -> None:
    QApplication.setPalette(palette(*colors))
    table, line = QTableView(), QLineEdit()
    qtbot.addWidget(table)
    qtbot.addWidget(line)

    table.show()  # widgets take the palette of their class when they are shown
    line.show()
    shown = table.palette()

    assert shown.color(QPalette.ColorRole.Highlight) == tinted(QGuiApplication.palette())
    assert shown.color(QPalette.ColorRole.HighlightedText) == QColor(colors[1])
    assert highlight() == line.palette().color(QPalette.ColorRole.Highlight) == QColor(colors[2])


@pytest.mark.usefixtures("selections")
@pytest.mark.parametrize("colors", [LIGHT, DARK])
def test_states_graphs_and_marks_stand_out_from_a_row_and_from_a_selected_row(colors: tuple[str, str, str]) -> None:
    QApplication.setPalette(palette(*colors))
    own = QGuiApplication.palette()

    for ground in (QColor(colors[0]), tinted(own)):
        for color in (cpu_color, memory_color):
            assert contrast(color(own), ground) >= 3, color.__name__
        for color in (warning_color, fault_color, info_color):
            assert contrast(color(own), ground) >= 4.5, color.__name__
        for state in PowerState:
            strongest = max(contrast(pixel, ground) for pixel in pixels(state))
            assert strongest >= 3, state


def pixels(state: PowerState) -> list[QColor]:
    """The opaque colours of a state's icon."""
    image = state_icon(state).pixmap(32, 32).toImage()
    places = ((x, y) for x in range(image.width()) for y in range(image.height()))
    found = {image.pixelColor(x, y).rgba() for x, y in places if image.pixelColor(x, y).alpha() == 255}
    return [QColor(rgba) for rgba in found]
