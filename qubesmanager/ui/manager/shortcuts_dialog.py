# SPDX-License-Identifier: GPL-3.0-or-later
"""The editor of shortcuts: every action with its keys; conflicts are shown at once."""

from collections.abc import Mapping

from PyQt5.QtCore import QSettings
from PyQt5.QtGui import QKeySequence
from PyQt5.QtWidgets import (
    QAction,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QKeySequenceEdit,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.models.texts import title_text
from qubesmanager.ui.widgets.button_box import button_box
from qubesmanager.ui.widgets.labels import problem_label, show_problem


class ShortcutsDialog(QDialog):
    """Edits the shortcuts of the actions, by id; `defaults` are the shortcuts before the user changed any."""

    def __init__(
        self, parent: QWidget, actions: Mapping[str, QAction], defaults: Mapping[str, str], settings: QSettings
    ) -> None:
        super().__init__(parent)
        self._actions = actions
        self._defaults = defaults
        self._settings = settings
        self.setWindowTitle(self.tr("Shortcuts"))
        layout = QVBoxLayout(self)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        inner = QWidget(area)
        form = QFormLayout(inner)
        self.edits: dict[str, QKeySequenceEdit] = {}
        for key, action in actions.items():
            edit = QKeySequenceEdit(action.shortcut(), inner)
            edit.setAccessibleName(_title(action))
            edit.keySequenceChanged.connect(self._check)
            self.edits[key] = edit
            form.addRow(QLabel(_title(action), inner), edit)
        area.setWidget(inner)
        layout.addWidget(area, 1)
        self.problem = problem_label(self)
        layout.addWidget(self.problem)
        buttons = button_box(self, QDialogButtonBox.StandardButton.Cancel)
        self.save = buttons.addButton(QDialogButtonBox.StandardButton.Save)
        reset = QPushButton(self.tr("Restore defaults"), self)
        buttons.addButton(reset, QDialogButtonBox.ButtonRole.ResetRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        reset.clicked.connect(self._reset)
        layout.addWidget(buttons)
        self.resize(460, 520)
        self._check()

    def apply(self) -> None:
        """Give the actions their keys, and keep those that are not the default."""
        for key, edit in self.edits.items():
            sequence = edit.keySequence()
            self._actions[key].setShortcut(sequence)
            text = sequence.toString(QKeySequence.SequenceFormat.PortableText)
            if text == QKeySequence(self._defaults.get(key, "")).toString(QKeySequence.SequenceFormat.PortableText):
                self._settings.remove(f"shortcuts/{key}")
            else:
                self._settings.setValue(f"shortcuts/{key}", text)

    def _reset(self) -> None:
        for key, edit in self.edits.items():
            edit.setKeySequence(QKeySequence(self._defaults.get(key, "")))

    def _check(self) -> None:
        keys: dict[str, str] = {}
        why = None
        for key, edit in self.edits.items():
            text = edit.keySequence().toString()
            if text and text in keys:
                first, other = _title(self._actions[keys[text]]), _title(self._actions[key])
                why = self.tr("{0} is used twice: for {1} and for {2}.").format(text, first, other)
            keys.setdefault(text, key)
        show_problem(self.problem, why)
        if self.save is not None:
            self.save.setEnabled(why is None)


def _title(action: QAction) -> str:
    return title_text(action.text())
