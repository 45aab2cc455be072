# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing is drawn where there were no statistics: in the inspector, in the table and on the page of resources."""

from collections.abc import Callable

import pytest
from PyQt5.QtCore import QRect
from PyQt5.QtGui import QColor, QImage, QPainter
from PyQt5.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from qubesmanager.models.stats_history import LENGTH
from qubesmanager.ui.resources.graphs import HOUR, HourGraph
from qubesmanager.ui.widgets.labels import cpu_color
from qubesmanager.ui.widgets.sparkline import Graph
from qubesmanager.ui.widgets.vm_delegate import sparkline

WIDTH, HEIGHT = 300, 44
VALUES = [50] * 20 + [None] * 20 + [50] * 20
"""A third of the graph is a gap."""
COLOR = QColor("#0000ff")


@pytest.fixture
def room(qtbot: QtBot) -> QWidget:
    """What the graphs are in."""
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


def of_widget(widget: QWidget) -> QImage:
    widget.resize(WIDTH, HEIGHT)
    return widget.grab().toImage()


def inspector(room: QWidget) -> QImage:
    graph = Graph(lambda _palette: COLOR, room)
    graph.show_values(VALUES, 100, "CPU")
    return of_widget(graph)


def table(_room: QWidget) -> QImage:
    image = QImage(WIDTH, HEIGHT, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    sparkline(painter, QRect(0, 0, WIDTH, HEIGHT), VALUES, 100, COLOR)
    painter.end()
    return image


def resources(room: QWidget) -> QImage:
    graph = HourGraph(lambda _palette: COLOR, room)
    step = HOUR / (LENGTH * 2)
    points = [(HOUR - step * at, 50.0) for at in range(2 * LENGTH) if VALUES[at // 2] is not None]
    graph.put(points, 100.0, "", "CPU")
    return of_widget(graph)


@pytest.mark.parametrize("draw", [inspector, table, resources])
def test_a_pause_is_a_gap(room: QWidget, draw: Callable[[QWidget], QImage]) -> None:
    image = draw(room)

    blue = [
        any(
            (color := image.pixelColor(x, y)).blue() > color.red() + 60  # the line, and what is below it
            for y in range(image.height())
        )
        for x in range(image.width())
    ]

    middle = blue[WIDTH // 3 + 8 : 2 * WIDTH // 3 - 8]
    assert not any(middle)
    assert all(blue[10 : WIDTH // 3 - 8])
    assert all(blue[2 * WIDTH // 3 + 8 : -10])


def test_a_single_value_after_a_pause_is_a_dot(room: QWidget) -> None:
    graph = Graph(cpu_color, room)
    graph.show_values([None] * 5, 100, "CPU")
    empty = of_widget(graph)
    graph.show_values([*[None] * 4, 50], 100, "CPU")

    assert of_widget(graph) != empty
