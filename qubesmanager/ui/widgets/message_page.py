# SPDX-License-Identifier: GPL-3.0-or-later
"""The page shown instead of an empty table: why it is empty, and what to do about it."""

from collections.abc import Callable

from PyQt5.QtCore import Qt, QTimer
from PyQt5.QtGui import QPalette
from PyQt5.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from qubesmanager.client.live_copy import Lost
from qubesmanager.ui.icons import icon
from qubesmanager.ui.widgets.fonts import scaled
from qubesmanager.ui.widgets.labels import plain_label
from qubesmanager.ui.widgets.palette_colors import IconLabel


class MessagePage(QWidget):
    """A picture, a headline, a sentence, a button."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        layout = QVBoxLayout(self)
        layout.addStretch(2)
        self._picture = IconLabel(self)
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout.addWidget(self._picture)
        self.headline = plain_label("", self)
        self.headline.setFont(scaled(self.headline.font(), 1.3, bold=True))
        self.text = plain_label("", self)
        for label in (self.headline, self.text):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setMargin(4)
            layout.addWidget(label)
        self.button = QPushButton(self)
        self.button.clicked.connect(self._pressed)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.button)
        row.addStretch(1)
        layout.addLayout(row)
        layout.addStretch(3)
        self._run: Callable[[], None] | None = None

    def say(
        self, picture: str, headline: str, text: str, button: str = "", run: Callable[[], None] | None = None
    ) -> None:
        self._picture.show_icon(icon(picture), 48)
        self.headline.setText(headline)
        self.text.setText(text)
        self.button.setText(button)
        self.button.setVisible(bool(button))
        self._run = run

    def _pressed(self) -> None:
        if self._run is not None:
            self._run()


class StaleBanner(QFrame):
    """Says that the connection is lost, counts down to the next try, and offers to try now."""

    def __init__(self, parent: QWidget, try_now: Callable[[], None]) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.ToolTipBase)
        self.setForegroundRole(QPalette.ColorRole.ToolTipText)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        picture = IconLabel(self)
        picture.show_icon(icon("disconnected"), 16)
        layout.addWidget(picture)
        self.text = plain_label("", self)
        self.text.setForegroundRole(QPalette.ColorRole.ToolTipText)
        layout.addWidget(self.text, 1)
        self.button = QPushButton(self.tr("Try now"), self)
        self.button.clicked.connect(try_now)
        layout.addWidget(self.button)
        self._left = 0
        self._error = ""
        self._clock = QTimer(self)
        self._clock.setInterval(1000)
        self._clock.timeout.connect(self._tick)
        self.hide()

    def show_lost(self, lost: Lost) -> None:
        self._left = round(lost.retry_in)
        self._error = str(lost.error)
        self._show_seconds()
        self._clock.start()
        self.show()

    def show_back(self) -> None:
        self._clock.stop()
        self.hide()

    def _tick(self) -> None:
        self._left -= 1
        self._show_seconds()

    def _show_seconds(self) -> None:
        again = self.tr("Trying again in %n s.", "", self._left) if self._left > 0 else self.tr("Reconnecting…")
        lost = self.tr("The connection is lost, so what you see may be out of date.")
        self.text.setText(f"{lost} {self._error} {again}")
