# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialog of a question of the policy: who calls what, where the call may go, and two buttons.

It cannot be answered by mistake: its buttons and keys do nothing until it has been in front for a second, so that what
the user types elsewhere when it appears answers nothing. After that it is allowed by the mouse or by Alt and a letter
only: text with tabs and spaces that goes on cannot allow it. It denies when the time is over.
"""

from PyQt5.QtCore import QEvent, QObject, Qt, QTimer
from PyQt5.QtGui import QKeyEvent
from PyQt5.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QListWidget, QPushButton, QVBoxLayout

from qubesmanager.ui.icons import application_icon
from qubesmanager.ui.widgets.labels import embolden, plain_label
from qubesmanager.ui.widgets.screens import resize_in_units
from qubesmanager.wire.events import PolicyQuestion

ARMING = 1000
"""Milliseconds in front before the dialog takes an answer."""
SECOND = 1000
SHOWN = 5
"""Choices that are shown without scrolling."""
_PIECE = 16
"""Characters of a word that are kept on one line."""


class PolicyQuestionDialog(QDialog):
    """`choice` is where the call goes once the dialog is accepted. It closes itself when the time is over."""

    def __init__(self, question: PolicyQuestion) -> None:
        super().__init__(None, Qt.WindowType.WindowStaysOnTopHint)
        self.question = question
        self.choice = ""
        self._left = question.seconds
        self.setWindowTitle(self.tr("Allow a call?"))
        self.setWindowIcon(application_icon())
        headline = plain_label(self.tr("{0} asks to make a call.").format(question.source), self)
        embolden(headline)
        form = QFormLayout()
        for title, text in (
            (self.tr("Source:"), question.source),
            (self.tr("Call:"), question.call),
            (self.tr("Target:"), question.target),
        ):
            form.addRow(title, plain_label(_breakable(text), self))
        self.choices = QListWidget(self)
        self.choices.setAccessibleName(self.tr("Where the call goes"))
        self.choices.addItems(question.choices.split(" "))
        for at in range(self.choices.count()):
            item = self.choices.item(at)
            if item is not None and (self.choices.count() == 1 or item.text() == question.default):
                self.choices.setCurrentItem(item)
        self.choices.installEventFilter(self)
        rows = min(self.choices.count(), SHOWN)
        self.choices.setFixedHeight(rows * self.choices.sizeHintForRow(0) + 2 * self.choices.frameWidth())
        form.addRow(self.tr("Goes to:"), self.choices)
        self.time = plain_label("", self)
        self.allow = QPushButton(self.tr("&Allow once"), self)
        self.deny = QPushButton(self.tr("&Deny"), self)
        self.buttons = QDialogButtonBox(self)
        self.buttons.addButton(self.allow, QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.addButton(self.deny, QDialogButtonBox.ButtonRole.RejectRole)
        self.buttons.accepted.connect(self._accept_choice)
        self.buttons.rejected.connect(self.reject)
        for button in (self.allow, self.deny):
            button.setAutoDefault(False)
        self.allow.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        layout = QVBoxLayout(self)
        layout.addWidget(headline)
        layout.addLayout(form)
        rule = self.tr("The answer is not remembered. The line of the policy that asks is {0}.").format(question.rule)
        layout.addWidget(plain_label(rule, self))
        layout.addWidget(self.time)
        layout.addWidget(self.buttons)
        resize_in_units(self, 110)
        self.choices.itemSelectionChanged.connect(self._update)
        self._arming = QTimer(self)
        self._arming.setSingleShot(True)
        self._arming.setInterval(ARMING)
        self._arming.timeout.connect(self._update)
        self._is_in_front = False
        self._ticking = QTimer(self)
        self._ticking.setInterval(SECOND)
        self._ticking.timeout.connect(self._tick)
        self._ticking.start()
        self._show_time()
        self._update()

    @property
    def is_armed(self) -> bool:
        """Whether the dialog takes an answer: it has been in front for a while."""
        return self._is_in_front and not self._arming.isActive()

    def _accept_choice(self) -> None:
        item = self.choices.currentItem()
        if self.is_armed and item is not None:
            self.choice = item.text()
            self.accept()

    def _update(self) -> None:
        self.allow.setEnabled(self.is_armed and bool(self.choices.selectedItems()))
        self.deny.setEnabled(self.is_armed)
        self.deny.setDefault(self.is_armed)

    def _tick(self) -> None:
        self._left -= 1
        if self._left <= 0:
            self.reject()
        self._show_time()

    def _show_time(self) -> None:
        self.time.setText(self.tr("Denied in %n second(s) without an answer.", "", max(0, self._left)))

    # Qt overrides

    def changeEvent(self, event: QEvent | None) -> None:
        """Coming to the front starts the time before an answer is taken; leaving it stops that."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.ActivationChange:
            self._is_in_front = self.isActiveWindow()
            if self._is_in_front:
                self._arming.start()
            else:
                self._arming.stop()
            self._update()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """The list of choices takes no key before an answer is taken."""
        if watched is self.choices and event is not None and event.type() == QEvent.Type.KeyPress:
            return not self.is_armed
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """No key does anything before an answer is taken; Esc would deny."""
        if self.is_armed:
            super().keyPressEvent(event)


def _breakable(untrusted: str) -> str:
    """The text with places for a line break, which are not seen, so that a long word does not widen the dialog."""
    return "\u200b".join(untrusted[at : at + _PIECE] for at in range(0, len(untrusted), _PIECE))
