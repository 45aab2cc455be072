# SPDX-License-Identifier: GPL-3.0-or-later
"""A page of fields from the table: the basic one and the advanced one."""

from collections.abc import Mapping, Sequence

from PyQt5.QtCore import QCoreApplication
from PyQt5.QtWidgets import QFormLayout, QLabel, QScrollArea, QWidget

from qubesmanager.plans.plan import PROPERTY, Key
from qubesmanager.rules.facts import Facts
from qubesmanager.ui.forms.editors import Edits, FieldEditor
from qubesmanager.ui.forms.field import CONTEXT, Field
from qubesmanager.ui.forms.volume_size_row import VolumeSizeRow


class FormPage(QScrollArea):
    """The fields that the qube's class has."""

    def __init__(
        self,
        fields: Sequence[Field],
        draft: Edits,
        facts: Facts,
        labels: Mapping[str, str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        inner = QWidget(self)
        self.form = form = QFormLayout(inner)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self.editors: dict[Key, FieldEditor] = {}
        self._titles: dict[Key, QLabel] = {}
        for field in fields:
            if field.name not in draft.record.properties:
                continue
            editor = FieldEditor(field, draft, facts, labels, inner)
            self.editors[editor.key] = editor
            title = QLabel(QCoreApplication.translate(CONTEXT, field.title), inner)
            title.setBuddy(editor.input)
            editor.input.setAccessibleName(title.text().replace("&", ""))
            form.addRow(title, editor)
            self._titles[editor.key] = title
        self.setWidget(inner)
        self.sizes: dict[Key, VolumeSizeRow] = {}
        draft.changed.connect(self._mark_edits)
        self._mark_edits()

    def _mark_edits(self) -> None:
        """The titles of edited fields are bold."""
        for key, title in self._titles.items():
            font = title.font()
            if font.bold() != self.editors[key].is_edited:
                font.setBold(not font.bold())
                title.setFont(font)

    def has(self, key: Key) -> bool:
        """Whether the key is edited on this page."""
        return key in self.editors or key in self.sizes

    def add_size(self, row: VolumeSizeRow, title: str) -> None:
        """A row for the size of a volume, after those that there are."""
        self.sizes[row.key] = row
        self.form.addRow(row.label(title), row)

    def add_below(self, name: str, widget: QWidget) -> None:
        """A widget beneath a property's field; nowhere if the property has none here."""
        editor = self.editors.get((PROPERTY, name))
        if editor is None:
            widget.hide()
            return
        row = next(at for at in range(self.form.rowCount()) if self._widget_at(at) is editor)
        self.form.insertRow(row + 1, "", widget)

    def _widget_at(self, row: int) -> QWidget | None:
        item = self.form.itemAt(row, QFormLayout.ItemRole.FieldRole)
        return item.widget() if item is not None else None

    def refuse(self, key: Key, reason: str) -> bool:
        """Mark the field; whether it is on this page."""
        if not self.show_field(key):
            return False
        (self.editors.get(key) or self.sizes[key]).refuse(reason)
        return True

    def show_field(self, key: Key) -> bool:
        """Scroll to the field and give it the keyboard; whether it is on this page."""
        editor = self.editors.get(key) or self.sizes.get(key)
        if editor is None:
            return False
        self.ensureWidgetVisible(editor)
        editor.setFocus()
        return True
