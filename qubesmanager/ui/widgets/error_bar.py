# SPDX-License-Identifier: GPL-3.0-or-later
"""Notices above the table: errors and offers that wait without stopping anything."""

from collections.abc import Callable
from dataclasses import dataclass

from PyQt5.QtCore import QTimer, pyqtSignal
from PyQt5.QtGui import QPainter, QPaintEvent, QPalette
from PyQt5.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.models.texts import UNIT_SECONDS, number_text, plain_tip, quantity
from qubesmanager.ui.icons import tinted_icon
from qubesmanager.ui.widgets.labels import info_color, over_window, plain_label, subdue, warning_color
from qubesmanager.ui.widgets.palette_colors import IconLabel, put_colors

SECOND = 1000
EDGE = 3
TINT = 0.1
"""The width in pixels and the share of a notice's colour."""

SHOWN = 3
"""Notices that are visible at once; the rest waits behind them."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A button of a notice. The notice goes when it is pressed."""

    text: str
    run: Callable[[], None]


class Notice(QFrame):
    """A notice: an icon, a plain text, its offers, and a button that closes it. With `seconds` it closes by itself.

    Signals: `gone(Notice)`.
    """

    gone = pyqtSignal(object)

    def __init__(
        self, text: str, offers: tuple[Offer, ...] = (), *, warning: bool = True, seconds: int = 0, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.text = text
        self._left = seconds
        self.setAutoFillBackground(True)
        self._color = warning_color if warning else info_color
        put_colors(self, {QPalette.ColorRole.Window: over_window(self._color, TINT)})
        self.setAccessibleName(text)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 4, 4)
        symbol = IconLabel(self)
        side = self.fontMetrics().height()
        symbol.show_icon(tinted_icon("warning" if warning else "info", self._color), side)
        layout.addWidget(symbol)
        label = plain_label(text, self)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        label.setSizePolicy(policy)
        label.setToolTip(plain_tip(text))
        layout.addWidget(label, 1)
        self.countdown = plain_label("", self)
        self.countdown.setWordWrap(False)
        subdue(self.countdown)
        layout.addWidget(self.countdown)
        self._clock = QTimer(self)
        self._clock.setInterval(SECOND)
        self._clock.timeout.connect(self._tick)
        if seconds:
            self._show_left()
            self._clock.start()
        for offer in offers:
            button = QPushButton(offer.text, self)
            button.clicked.connect(offer.run)
            button.clicked.connect(self.dismiss)
            layout.addWidget(button)
        close = QToolButton(self)
        close.setAutoRaise(True)
        close.setText("✕")
        close.setToolTip(self.tr("Close this message"))
        close.setAccessibleName(self.tr("Close this message"))
        close.clicked.connect(self.dismiss)
        layout.addWidget(close)

    def _tick(self) -> None:
        self._left -= 1
        if self._left <= 0:
            self.dismiss()
        else:
            self._show_left()

    def _show_left(self) -> None:
        self.countdown.setText(quantity(number_text(self._left), UNIT_SECONDS))

    def dismiss(self) -> None:
        self._clock.stop()
        self.hide()
        self.gone.emit(self)

    # Qt overrides

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """The colour at the edge says what kind of notice it is."""
        super().paintEvent(event)
        edge = self.rect()
        edge.setWidth(EDGE)
        QPainter(self).fillRect(edge, self._color(self.palette()))


class ErrorBar(QWidget):
    """The notices, the newest first; the same text is shown once. `notices` are in the order that they came in."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.notices: list[Notice] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(2)
        self._more = plain_label("", self)
        self._layout.addWidget(self._more)
        self._arrange()

    def show_notice(
        self, text: str, offers: tuple[Offer, ...] = (), *, warning: bool = True, seconds: int = 0
    ) -> Notice:
        """A notice with this plain text; the one there is, if it says the same."""
        for notice in self.notices:
            if notice.text == text and not offers:
                return notice
        notice = Notice(text, offers, warning=warning, seconds=seconds, parent=self)
        notice.gone.connect(self._forget)
        self.notices.append(notice)
        self._layout.insertWidget(0, notice)
        self._arrange()
        return notice

    def _forget(self, notice: Notice) -> None:
        if notice in self.notices:
            self.notices.remove(notice)
            self._layout.removeWidget(notice)
            notice.deleteLater()
            self._arrange()

    def _arrange(self) -> None:
        for place, notice in enumerate(reversed(self.notices)):
            notice.setVisible(place < SHOWN)
        waiting = len(self.notices) - SHOWN
        self._more.setText(self.tr("%n more message(s)", "", max(waiting, 0)))
        self._more.setVisible(waiting > 0)
        self.setVisible(bool(self.notices))
