# SPDX-License-Identifier: GPL-3.0-or-later
"""A box for a number that may also be at its default, which is a choice in the box, or several numbers."""

from PyQt5.QtCore import QCoreApplication
from PyQt5.QtGui import QFocusEvent, QMouseEvent, QValidator
from PyQt5.QtWidgets import QAbstractSpinBox, QSpinBox

from qubesmanager.models.texts import Unit, around_number, quantity, whole_number
from qubesmanager.rules.properties import Limits

DEFAULT, SEVERAL = -1, -2
"""Values of the box that are no numbers."""
MOST = (1 << 31) - 1
STEPS = QAbstractSpinBox.StepEnabledFlag


class NumberBox(QSpinBox):
    """Any number can be typed, so that one outside of the limits gets a reason; the arrows stay within them.

    Below the least number comes the default, if there is one: `Default (400 MiB)`. An empty box is the default too.
    """

    def __init__(self, limits: Limits, unit: Unit, *, has_default: bool) -> None:
        super().__init__()
        self._limits = limits
        self._unit = unit
        self._has_default = has_default
        self._default: int | None = None
        self.setRange(SEVERAL, MOST)

    def _with_unit(self, value: int) -> str:
        """The number as it is typed, without separators."""
        return quantity(str(value), self._unit)

    def _without_unit(self, text: str | None) -> str:
        before, after = around_number(self._unit)
        return (text or "").strip().removeprefix(before.strip()).removesuffix(after.strip()).strip()

    def put_default(self, value: str | None) -> None:
        """What the default is; None: not known."""
        self._default = None if value is None else whole_number(value)

    def _default_text(self) -> str:
        text = None if self._default is None else self._with_unit(self._default)
        return default_text(text)

    # Qt overrides

    def textFromValue(self, value: int) -> str:
        if value == DEFAULT:
            return self._default_text()
        return several_text() if value == SEVERAL else self._with_unit(value)

    def valueFromText(self, text: str | None) -> int:
        if text == several_text():
            return SEVERAL
        number = self._without_unit(text)
        if number.isascii() and number.isdigit():
            return min(int(number), MOST)
        return DEFAULT if self._has_default else self._limits.least

    def validate(self, text: str | None, position: int) -> tuple[QValidator.State, str, int]:
        text = text or ""
        number = self._without_unit(text)
        if text in {self._default_text(), several_text()} or (number.isascii() and number.isdigit()):
            return QValidator.State.Acceptable, text, position
        return QValidator.State.Invalid if number else QValidator.State.Intermediate, text, position

    def fixup(self, _text: str | None) -> str:
        return self.textFromValue(DEFAULT if self._has_default else self._limits.least)

    def stepBy(self, steps: int) -> None:
        least, most, value = *self._limits[:2], self.value()
        if value < 0:
            start = least if self._default is None else self._default
            self.setValue(max(least, min(most, start + steps)))
        elif self._has_default and value <= least and steps < 0:
            self.setValue(DEFAULT)
        else:
            self.setValue(max(least, min(most, value + steps)))
        self.selectAll()

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabled:
        flags = QAbstractSpinBox.StepEnabled()
        if self.value() < self._limits.most:
            flags |= STEPS.StepUpEnabled
        if self.value() > (DEFAULT if self._has_default else self._limits.least):
            flags |= STEPS.StepDownEnabled
        return flags

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        super().mousePressEvent(event)
        self._select_words()

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        super().focusInEvent(event)
        self._select_words()

    def _select_words(self) -> None:
        """Select what is no number, so that typing replaces it."""
        if self.value() < 0:
            self.selectAll()


def default_text(value: str | None) -> str:
    """The choice of the default, with what that is now; None: not known."""
    if value is None:
        return QCoreApplication.translate("SettingsFields", "Default")
    return QCoreApplication.translate("SettingsFields", "Default ({0})").format(value)


def several_text() -> str:
    """What a field shows whose qubes have several values."""
    return QCoreApplication.translate("SettingsFields", "several values")
