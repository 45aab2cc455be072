# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags as chips, features as a table: what is the qube's own, what comes from its template, what is protected."""

from collections.abc import Iterable, Mapping

from PyQt5.QtCore import QCoreApplication, Qt
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QCompleter,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.models.draft import Draft
from qubesmanager.models.feature_table import SERVICE, VALUE, FeatureTable
from qubesmanager.plans.plan import FEATURE, TAG, Key
from qubesmanager.ui.widgets.chips import Chips
from qubesmanager.ui.widgets.labels import plain_label, problem_label, show_problem
from qubesmanager.ui.widgets.tables import row_table, selected_row
from qubesmanager.wire.names import CREATED_BY, FEATURE_NAME, TAG_NAME
from qubesmanager.wire.records import VmRecord


class TagsPage(QWidget):
    """Two boxes, one above the other; everything edits the draft."""

    def __init__(self, draft: Draft, records: Mapping[str, VmRecord], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draft, self._records = draft, records
        self._tag_names: set[str] = set()
        self.chips = Chips(self)
        self.chips.removed.connect(lambda tag: draft.edit((TAG, tag), None))
        self.no_tags = plain_label(self.tr("The qube has no tags."), self)
        self.tag = QLineEdit(self)
        self.tag.setPlaceholderText(self.tr("New tag"))
        self.tag.setAccessibleName(self.tr("New tag"))
        self.tag.returnPressed.connect(self._add_tag)
        self.add_tag = QPushButton(self.tr("A&dd"), self)
        self.add_tag.clicked.connect(self._add_tag)
        self.tag_problem = problem_label(self)
        self.model = FeatureTable(draft, records, self)
        self.table = row_table(self.model, self.tr("Features"), VALUE, self)
        self.table.setColumnWidth(0, 220)
        self.table.setColumnWidth(2, 200)
        self.table.setEditTriggers(
            QAbstractItemView.EditTriggers()
            | QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.AnyKeyPressed
        )
        self.no_features = plain_label(
            self.tr("Neither the qube nor its template has features. Programs in dom0 and in the qube read them."), self
        )
        self.feature = QLineEdit(self)
        self.feature.setPlaceholderText(self.tr("New feature, such as gui"))
        self.feature.setAccessibleName(self.tr("New feature"))
        self.feature.returnPressed.connect(self._add_feature)
        self.add_feature = QPushButton(self.tr("&Add"), self)
        self.add_feature.clicked.connect(self._add_feature)
        self.remove_feature = QPushButton(self.tr("&Remove"), self)
        self.remove_feature.clicked.connect(self._remove_feature)
        self.feature_problem = problem_label(self)
        complete_tags(self.tag, records)
        complete(self.feature, (name for record in records.values() for name in record.features))
        self._lay_out()
        if selection := self.table.selectionModel():
            selection.selectionChanged.connect(lambda *_: self._enable())
        draft.changed.connect(self.refresh)
        self.refresh()

    def _lay_out(self) -> None:
        tags, features = QGroupBox(self.tr("Tags"), self), QGroupBox(self.tr("Features"), self)
        inner = QVBoxLayout(tags)
        inner.addWidget(self.no_tags)
        inner.addWidget(self.chips)
        inner.addLayout(_line(self.tag, self.add_tag))
        inner.addWidget(self.tag_problem)
        inner = QVBoxLayout(features)
        inner.addWidget(self.no_features)
        inner.addWidget(self.table, 1)
        inner.addLayout(_line(self.feature, self.add_feature, self.remove_feature))
        inner.addWidget(self.feature_problem)
        layout = QVBoxLayout(self)
        layout.addWidget(tags)
        layout.addWidget(features, 1)
        for problem in (self.tag_problem, self.feature_problem):
            problem.hide()

    def refuse(self, key: Key, reason: str) -> bool:
        """Say it beside the box that it is about; whether it is about one of them."""
        if key[0] == TAG:
            _show_problem(self.tag_problem, f"{key[1]}: {reason}")
        elif key[0] == FEATURE and not key[1].startswith(SERVICE):
            self.table.selectRow(self.model.row_of(key[1]))
            _show_problem(self.feature_problem, f"{key[1]}: {reason}")
        else:
            return False
        return True

    def refresh(self) -> None:
        """Show what the draft says; a template's features are shown, and become own ones when they are edited."""
        self._tag_names |= set(self._draft.record.tags)
        tags = [name for name in sorted(self._tag_names) if self._draft.value((TAG, name)) is not None]
        fixed = [name for name in tags if name.startswith(CREATED_BY)]
        self.chips.put(
            {name: name for name in tags}, fixed, self.tr("Shows who created the qube; it cannot be removed.")
        )
        self.no_tags.setVisible(not tags)
        self.no_features.setVisible(not self.model.rowCount())
        self._enable()

    def _enable(self) -> None:
        own = self.model.is_own(selected_row(self.table))
        self.remove_feature.setEnabled(own)
        self.remove_feature.setToolTip("" if own else self.tr("Select a feature that is set on the qube itself."))

    # -- the user's input ---------------------------------------------------------------------------------------------

    def _add_feature(self) -> None:
        name = self.feature.text().strip()
        if name.startswith(SERVICE):
            _show_problem(self.feature_problem, self.tr("Services have their own page."))
            return
        if not FEATURE_NAME.matches(name):
            text = self.tr("A feature's name holds letters, digits and . _ -, and starts with none of . and -")
            _show_problem(self.feature_problem, text)
            return
        _show_problem(self.feature_problem, "")
        self.feature.clear()
        self.model.set(name, self._draft.value((FEATURE, name)) or "1")
        self.table.selectRow(self.model.row_of(name))

    def _remove_feature(self) -> None:
        _show_problem(self.feature_problem, "")
        if name := self.model.name_at(selected_row(self.table)):
            self._draft.edit((FEATURE, name), None)

    def _add_tag(self) -> None:
        name = self.tag.text().strip()
        why = why_no_tag(name)
        _show_problem(self.tag_problem, why)
        if why:
            return
        self._tag_names.add(name)
        self.tag.clear()
        self._draft.edit((TAG, name), "")


def why_no_tag(name: str) -> str:
    """Why this tag cannot be given to a qube, in the user's language; empty if it can."""
    if TAG_NAME.matches(name) and not name.startswith(CREATED_BY):
        return ""
    return QCoreApplication.translate(
        "TagsPage", "A tag holds letters, digits, _ and -, and does not start with created-by-"
    )


def complete_tags(line: QLineEdit, records: Mapping[str, VmRecord]) -> None:
    """Offer the tags that qubes have."""
    complete(line, (tag for record in records.values() for tag in record.tags))


def complete(line: QLineEdit, words: Iterable[str]) -> None:
    """Offer completions while the user types, except for features that are set elsewhere."""
    kept = sorted({word for word in words if not word.startswith((CREATED_BY, SERVICE))})
    completer = QCompleter(kept, line)
    completer.setFilterMode(Qt.MatchFlags() | Qt.MatchFlag.MatchContains)
    line.setCompleter(completer)


def _show_problem(label: QLabel, text: str) -> None:
    show_problem(label, text)
    label.setVisible(bool(text))


def _line(*widgets: QWidget) -> QHBoxLayout:
    """The first takes what is left over."""
    row = QHBoxLayout()
    for at, widget in enumerate(widgets):
        row.addWidget(widget, 1 if at == 0 else 0)
    return row
