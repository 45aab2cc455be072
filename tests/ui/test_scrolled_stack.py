# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages that scroll: their layout comes to an end, and follows what a page needs."""

from PyQt5.QtCore import QCoreApplication, QEvent
from PyQt5.QtWidgets import QLabel, QTreeWidget, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from qubesmanager.ui.widgets.scrolled_stack import ScrolledStack

ROUNDS = 100


class Counted(ScrolledStack):
    """Counts its layout requests."""

    requests = 0

    def event(self, event: QEvent | None) -> bool:
        self.requests += event is not None and event.type() == QEvent.Type.LayoutRequest
        return super().event(event)

    def settles(self) -> bool:
        """Whether a round of the loop comes without a layout request."""
        for _ in range(ROUNDS):
            before = self.requests
            QCoreApplication.processEvents()
            if self.requests == before:
                return True
        return False


def test_the_layout_of_a_page_comes_to_an_end_and_follows_its_text(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    area = Counted(window)
    QVBoxLayout(window).addWidget(area)
    page = QWidget()
    label = QLabel("a few words", page)
    label.setWordWrap(True)
    layout = QVBoxLayout(page)
    layout.addWidget(label)
    layout.addWidget(QTreeWidget(page))
    area.stack.addWidget(page)
    window.resize(300, 300)
    window.show()
    bar = area.verticalScrollBar()
    assert bar is not None
    for text, scrolls in (("a few words", False), ("many words " * 200, True), ("a few words", False)):
        label.setText(text)
        qtbot.waitUntil(lambda scrolls=scrolls: (bar.maximum() > 0) is scrolls)  # type: ignore[misc]
        assert area.settles()
