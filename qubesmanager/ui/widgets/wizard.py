# SPDX-License-Identifier: GPL-3.0-or-later
"""A window of a few pages, one after the other; the last one says what will happen, and then it happens."""

from collections.abc import Sequence

from PyQt5.QtCore import QCoreApplication, Qt, pyqtSignal
from PyQt5.QtWidgets import QDialog, QHBoxLayout, QLabel, QLayout, QPushButton, QVBoxLayout, QWidget

from qubesmanager.models.texts import number_text
from qubesmanager.ui.widgets.fonts import scaled, unit_of
from qubesmanager.ui.widgets.labels import plain_label, problem_label, show_problem, subdue
from qubesmanager.ui.widgets.mnemonics import distinct_on
from qubesmanager.ui.widgets.scrolled_stack import ScrolledStack


class StepPage(QWidget):
    """One page. Signals: `changed()`: `problem` or `button` may be another now."""

    changed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = ""
        self.about = ""
        self._notes: dict[QWidget, QLabel] = {}

    def problem(self) -> str:
        """Why the next page cannot be shown yet, as a sentence; empty if it can."""
        return ""

    def field_at_fault(self) -> QWidget | None:
        """The field that `problem` is about; None if it is about the whole page."""
        return None

    def note_for(self, field: QWidget) -> QLabel:
        """The label for problems of a field, which the page puts below it. It is hidden while there is none."""
        label = self._notes[field] = problem_label(self)
        label.hide()
        return label

    def show_beside(self, problem: str) -> bool:
        """Show the problem beside its field; False if no field of the page is at fault."""
        field = self.field_at_fault() if problem else None
        at_fault = None if field is None else self._notes.get(field)
        for label in self._notes.values():
            show_problem(label, problem if label is at_fault else "")
            label.setVisible(label is at_fault)
        return at_fault is not None

    def button(self) -> str:
        """The text of the "Next" button on this page; empty for the usual one."""
        return ""

    def is_waiting(self) -> bool:
        """Whether the page takes over: it must ask the user before the wizard continues."""
        return False

    def enter(self) -> None:
        """It is shown now."""

    def forget(self) -> None:
        """The window is closing: forget secrets."""


def below(field: QWidget | QLayout, *notes: QWidget) -> QVBoxLayout:
    """A field with its notes below it, for one row of a form: hidden notes take no room."""
    column = QVBoxLayout()
    column.setContentsMargins(0, 0, 0, 0)
    if isinstance(field, QLayout):
        column.addLayout(field)
    else:
        column.addWidget(field)
    for note in notes:
        column.addWidget(note)
    return column


class StepsWindow(QDialog):
    """Not modal. `finished_steps` is emitted by the button of the last page."""

    finished_steps = pyqtSignal()

    def __init__(self) -> None:
        super().__init__(None)
        self._last = ""
        self.pages: tuple[StepPage, ...] = ()
        self._headline = plain_label("", self)
        self._headline.setFont(scaled(self._headline.font(), 1.3, bold=True))
        self._place = plain_label("", self)
        self._place.setWordWrap(False)
        self._about = plain_label("", self)
        for label in (self._place, self._about):
            subdue(label)
        self.area = ScrolledStack(self)
        self.stack = self.area.stack
        self.why = problem_label(self)
        self.cancel = QPushButton(QCoreApplication.translate("StepsWindow", "Cancel"), self)
        self.back = QPushButton(QCoreApplication.translate("StepsWindow", "« &Back"), self)
        self.next = QPushButton(QCoreApplication.translate("StepsWindow", "&Next »"), self)
        self.next.setDefault(True)
        head = QHBoxLayout()
        head.addWidget(self._headline, 1)
        head.addWidget(self._place)
        self.buttons = QHBoxLayout()
        self.buttons.addStretch(1)
        for button in (self.back, self.next, self.cancel):
            self.buttons.addWidget(button)
        unit = unit_of(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4 * unit, 4 * unit, 4 * unit, 4 * unit)
        layout.setSpacing(2 * unit)
        layout.addLayout(head)
        layout.addWidget(self._about)
        layout.addWidget(self.area, 1)
        layout.addWidget(self.why)
        layout.addLayout(self.buttons)
        self.cancel.clicked.connect(self.reject)
        self.back.clicked.connect(lambda: self.show_step(self.stack.currentIndex() - 1))
        self.next.clicked.connect(self.go_on)

    def set_pages(self, pages: Sequence[StepPage], finish: str) -> None:
        """The pages, of which the first is shown; `finish` is what the button of the last one says."""
        self.pages = tuple(pages)
        self._last = finish
        for page in self.pages:
            self.stack.addWidget(page)
            page.changed.connect(self.look)
        # The buttons were made before the pages, and come after them.
        before = _fields(self.stack)[-1:]
        for button in (self.back, self.next, self.cancel):
            for last in before:
                self.setTabOrder(last, button)
            before = [button]
        self.show_step(0)

    def show_step(self, number: int) -> None:
        page = self.pages[number]
        self.stack.setCurrentWidget(page)
        self.area.ensureVisible(0, 0)
        self._headline.setText(page.title)
        self._about.setText(page.about)
        self._about.setVisible(bool(page.about))
        step = QCoreApplication.translate("StepsWindow", "Step {0} of {1}")
        self._place.setText(
            step.format(number_text(number + 1), number_text(len(self.pages))) if len(self.pages) > 1 else ""
        )
        self.back.setEnabled(number > 0)
        page.enter()
        self.look()
        fields = [field for field in _fields(page) if field.isVisibleTo(page) and field.isEnabled()]
        # What the page lacks is typed next; without that the keyboard goes to the first field.
        lacking = page.field_at_fault() if page.problem() else None
        first = lacking if lacking in fields else next(iter(fields), self.next)
        first.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_run(self, page: QWidget, title: str) -> None:
        """Show the progress instead of the pages. It has its own buttons. What was typed is kept for another try."""
        self.stack.addWidget(page)
        self.stack.setCurrentWidget(page)
        self._headline.setText(title)
        for widget in (self._place, self._about, self.why, self.cancel, self.back, self.next):
            widget.hide()

    def leave_run(self, page: QWidget, step: int = 0) -> None:
        """From what `show_run` showed back to one of the pages, the first by default, if there are any yet."""
        self.stack.removeWidget(page)
        page.hide()
        for widget in (self._place, self.cancel, self.back, self.next):
            widget.show()
        if self.pages:
            self.show_step(step)

    def look(self) -> None:
        """Whether it can go on, and why not."""
        page = self.stack.currentWidget()
        if not isinstance(page, StepPage):
            return
        problem = page.problem()
        show_problem(self.why, "" if page.show_beside(problem) else problem)
        usual = self._last if page is self.pages[-1] else QCoreApplication.translate("StepsWindow", "&Next »")
        self.next.setText(page.button() or usual)
        self.next.setEnabled(not problem and not page.is_waiting())
        distinct_on(self)

    def forget(self) -> None:
        """Forget secrets that were typed."""
        for page in self.pages:
            page.forget()

    def go_on(self) -> None:
        """The page is done: what its button does."""
        number = self.stack.currentIndex()
        if number + 1 < len(self.pages):
            self.show_step(number + 1)
        else:
            self.finished_steps.emit()

    # Qt overrides

    def done(self, result: int) -> None:
        self.forget()
        super().done(result)


def _fields(within: QWidget) -> list[QWidget]:
    """The fields in the order in which the Tab key reaches them."""
    widgets, at = [], within.nextInFocusChain()
    while at is not None and at is not within:
        if within.isAncestorOf(at) and at.focusPolicy() & Qt.FocusPolicy.TabFocus:
            widgets.append(at)
        at = at.nextInFocusChain()
    return widgets
