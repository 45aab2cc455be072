# SPDX-License-Identifier: GPL-3.0-or-later
"""Chips: short words beside each other, in as many lines as they need, each with a button that takes it away."""

from collections.abc import Mapping, Sequence

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtGui import QKeyEvent
from PyQt5.QtWidgets import QSizePolicy, QToolButton, QWidget

from qubesmanager.ui.icons import icon
from qubesmanager.ui.widgets.flow_layout import Flow


class Chips(QWidget):
    """Signals: `removed(str)`: the user removes that word. `fixed` words have no such button."""

    removed = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chips: dict[str, QToolButton] = {}
        self._shown: dict[str, str] = {}
        self._flow = Flow(self)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def put(self, words: Mapping[str, str], fixed: Sequence[str], why_fixed: str) -> None:
        """The words there are now, in order, with how each is shown; `why_fixed` is the tool tip of those that stay."""
        if list(self._shown.items()) == list(words.items()):
            return
        self._shown = dict(words)
        focused = next((word for word, chip in self.chips.items() if chip.hasFocus()), None)
        for chip in self.chips.values():
            self._flow.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        self.chips = {
            word: self._chip(word, text, fixed=word in fixed, why_fixed=why_fixed) for word, text in words.items()
        }
        for chip in self.chips.values():
            self._flow.addWidget(chip)
        if focused is not None and self.chips:
            self.chips.get(focused, next(iter(self.chips.values()))).setFocus()
        self.updateGeometry()

    def _chip(self, word: str, text: str, *, fixed: bool, why_fixed: str) -> QToolButton:
        chip = _Chip(text, self)
        if fixed:
            chip.setIcon(icon("lock"))
            chip.setToolTip(why_fixed)
            chip.setAccessibleName(text)
        else:
            chip.setIcon(icon("close"))
            chip.setToolTip(self.tr("Remove {0}").format(word))
            chip.setAccessibleName(self.tr("{0}, press to remove").format(text))
            chip.clicked.connect(lambda: self.removed.emit(word))
        return chip


class _Chip(QToolButton):
    """Space, Enter, Delete and Backspace press it."""

    def __init__(self, word: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setText(word.replace("&", "&&"))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    # Qt overrides

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.key() in _PRESSES:
            self.click()
        else:
            super().keyPressEvent(event)


_PRESSES = {Qt.Key.Key_Delete, Qt.Key.Key_Backspace, Qt.Key.Key_Return, Qt.Key.Key_Enter}
