# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks for the name of a new policy file, and says while it is typed whether qrexec would read it."""

from collections.abc import Collection

from PyQt5.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QFormLayout, QLineEdit, QWidget

from qubesmanager.ui.widgets.labels import problem_label, show_problem
from qubesmanager.ui.widgets.prompts import lay_out_form
from qubesmanager.ui.widgets.screens import resize_in_units
from qubesmanager.wire.names import FILE_NAME
from qubesmanager.wire.policy_files import INCLUDES, SUFFIX

LONGEST = 60


def usable_name(untrusted: str) -> str:
    """A name that qrexec reads, made from that of any file."""
    stem = untrusted.rpartition("/")[2].removesuffix(SUFFIX).lower()
    allowed = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "_.-") else "-" for letter in stem)
    return allowed.lstrip(".")[:LONGEST]


class NewFileDialog(QDialog):
    """`path()` is where the file goes."""

    def __init__(self, title: str, name: str, taken: Collection[str], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self._taken = frozenset(taken)
        self.name = QLineEdit(name, self)
        self.include = QCheckBox(self.tr("An &include: read only where another file names it"), self)
        form = QFormLayout()
        form.addRow(self.tr("&Name"), self.name)
        form.addRow("", self.include)
        self.problem = problem_label(self)
        buttons = lay_out_form(self, form, self.problem)
        self._ok = buttons.button(QDialogButtonBox.StandardButton.Ok)
        self.name.textChanged.connect(lambda *_: self._check())
        self.include.toggled.connect(lambda *_: self._check())
        self._check()
        self.name.setFocus()
        resize_in_units(self, 110)

    def path(self) -> str:
        name = self.name.text().strip()
        return f"{INCLUDES}{name}" if self.include.isChecked() else f"{name.removesuffix(SUFFIX)}{SUFFIX}"

    def _check(self) -> None:
        problem = self._problem()
        show_problem(self.problem, problem)
        if self._ok is not None:
            self._ok.setEnabled(problem is None and bool(self.name.text().strip()))

    def _problem(self) -> str | None:
        name = self.name.text().strip().removesuffix(SUFFIX)
        if not name:
            return self.tr("Files are read in the order of their names: 30-user comes before 90-default.")
        if not FILE_NAME.matches(name):
            return self.tr("A name holds only a-z, 0-9, _ . and -; with any other name qrexec denies every call.")
        return self.tr("There is a file of this name already.") if self.path() in self._taken else None
