# SPDX-License-Identifier: GPL-3.0-or-later
"""Notices above the table: errors and offers that wait without stopping anything."""

from collections.abc import Callable
from dataclasses import dataclass

from PyQt5.QtCore import pyqtSignal
from PyQt5.QtGui import QPalette
from PyQt5.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QStyle,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.ui.widgets.labels import plain_label

SHOWN = 3
"""Notices that are visible at once; the rest waits behind them."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A button of a notice. The notice goes when it is pressed."""

    text: str
    run: Callable[[], None]


class Notice(QFrame):
    """One notice: an icon, a plain text, its offers, and a way to send it away.

    Signals: `gone(Notice)`.
    """

    gone = pyqtSignal(object)

    def __init__(self, text: str, offers: tuple[Offer, ...] = (), *, warning: bool = True, parent: QWidget) -> None:
        super().__init__(parent)
        self.text = text
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAutoFillBackground(True)
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Window, palette.color(QPalette.ColorRole.ToolTipBase))
        palette.setColor(QPalette.ColorRole.WindowText, palette.color(QPalette.ColorRole.ToolTipText))
        self.setPalette(palette)
        self.setAccessibleName(text)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 4, 4)
        kind = QStyle.StandardPixmap.SP_MessageBoxWarning if warning else QStyle.StandardPixmap.SP_MessageBoxInformation
        symbol = plain_label("", self)
        symbol.setWordWrap(False)
        if style := self.style():
            symbol.setPixmap(style.standardIcon(kind, None, self).pixmap(16, 16))
        layout.addWidget(symbol)
        label = plain_label(text, self)
        label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        layout.addWidget(label, 1)
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

    def dismiss(self) -> None:
        self.hide()
        self.gone.emit(self)


class ErrorBar(QWidget):
    """The notices, newest below; the same text is shown once."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.notices: list[Notice] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(2)
        self._more = plain_label("", self)
        self._layout.addWidget(self._more)
        self._arrange()

    def show_notice(self, text: str, offers: tuple[Offer, ...] = (), *, warning: bool = True) -> Notice:
        """A notice with this plain text; the one there is, if it says the same."""
        for notice in self.notices:
            if notice.text == text and not offers:
                return notice
        notice = Notice(text, offers, warning=warning, parent=self)
        notice.gone.connect(self._forget)
        self.notices.append(notice)
        self._layout.insertWidget(len(self.notices) - 1, notice)
        self._arrange()
        return notice

    def _forget(self, notice: Notice) -> None:
        if notice in self.notices:
            self.notices.remove(notice)
            self._layout.removeWidget(notice)
            notice.deleteLater()
            self._arrange()

    def _arrange(self) -> None:
        for place, notice in enumerate(self.notices):
            notice.setVisible(place < SHOWN)
        waiting = len(self.notices) - SHOWN
        self._more.setText(self.tr("%n more message(s)", "", max(waiting, 0)))
        self._more.setVisible(waiting > 0)
        self.setVisible(bool(self.notices))
