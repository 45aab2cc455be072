# SPDX-License-Identifier: GPL-3.0-or-later
"""Features and tags: what is set on the qube itself, what comes from its template, what is protected."""

from collections.abc import Mapping

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QGroupBox,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.client.plan import Key
from qubesmanager.models.draft import FEATURE, TAG, Draft
from qubesmanager.ui.prompts import plain_label
from qubesmanager.wire.names import FEATURE_NAME, TAG_NAME
from qubesmanager.wire.records import VmRecord

_PROTECTED = "created-by-"


class TagsPage(QWidget):
    """Two boxes, one above the other; everything edits the draft."""

    def __init__(self, draft: Draft, records: Mapping[str, VmRecord], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draft, self._records = draft, records
        self._names: set[str] = set()
        self._tag_names: set[str] = set()
        self.features = QTableWidget(0, 3, self)
        self.features.setHorizontalHeaderLabels([self.tr("Feature"), self.tr("Value"), self.tr("Source")])
        self.features.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.features.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        if header := self.features.horizontalHeader():
            header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
            header.resizeSection(0, 190)
        if vertical := self.features.verticalHeader():
            vertical.hide()
        self.features.itemChanged.connect(self._feature_edited)
        self.feature = QLineEdit(self)
        self.feature.setPlaceholderText(self.tr("New feature, such as service.cups"))
        self.add_feature = QPushButton(self.tr("&Add"), self)
        self.add_feature.clicked.connect(self._add_feature)
        self.feature.returnPressed.connect(self._add_feature)
        self.remove_feature = QPushButton(self.tr("&Remove"), self)
        self.remove_feature.clicked.connect(self._remove_feature)
        self.tags = QListWidget(self)
        self.tag = QLineEdit(self)
        self.tag.setPlaceholderText(self.tr("New tag"))
        self.add_tag = QPushButton(self.tr("A&dd"), self)
        self.add_tag.clicked.connect(self._add_tag)
        self.tag.returnPressed.connect(self._add_tag)
        self.remove_tag = QPushButton(self.tr("Re&move"), self)
        self.remove_tag.clicked.connect(self._remove_tag)
        self.problem = plain_label("", self)
        layout = QVBoxLayout(self)
        rows = (self.feature, self.add_feature, self.remove_feature)
        layout.addWidget(_box(self.tr("Features"), self.features, rows), 2)
        layout.addWidget(_box(self.tr("Tags"), self.tags, (self.tag, self.add_tag, self.remove_tag)), 1)
        layout.addWidget(self.problem)
        self.problem.hide()
        draft.changed.connect(self.refresh)
        self.refresh()

    def refuse(self, key: Key, reason: str) -> bool:
        if key[0] not in {FEATURE, TAG}:
            return False
        self._say(f"{key[1]}: {reason}")
        return True

    def refresh(self) -> None:
        """Show what the draft says; a template's features are shown, and become own ones when they are edited."""
        template = self._records.get(self._draft.shown("template"))
        inherited = dict(template.features) if template else {}
        self._names |= set(self._draft.record.features)
        self._tag_names |= set(self._draft.record.tags)
        names = sorted({*inherited, *(name for name in self._names if self._draft.value((FEATURE, name)) is not None)})
        before = self.features.blockSignals(True)
        self.features.setRowCount(len(names))
        for row, name in enumerate(names):
            own = self._draft.value((FEATURE, name))
            source = self.tr("own") if own is not None else self.tr("template")
            if self._draft.is_edited((FEATURE, name)):
                source = self.tr("edited")
            for column, text in enumerate((name, inherited.get(name, "") if own is None else own, source)):
                item = QTableWidgetItem(text)
                if column != 1:
                    item.setFlags(Qt.ItemFlags() | Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
                self.features.setItem(row, column, item)
        self.features.blockSignals(before)
        self.tags.clear()
        for name in sorted(self._tag_names):
            if self._draft.value((TAG, name)) is not None:
                tag = QListWidgetItem(name)
                if name.startswith(_PROTECTED):
                    tag.setFlags(Qt.ItemFlags())
                    tag.setToolTip(self.tr("Says who created the qube; it stays."))
                self.tags.addItem(tag)

    def _feature_edited(self, item: QTableWidgetItem) -> None:
        name = self.features.item(item.row(), 0)
        if name is not None and item.column() == 1:
            self._names.add(name.text())
            self._draft.edit((FEATURE, name.text()), item.text())

    def _add_feature(self) -> None:
        name = self.feature.text().strip()
        if not FEATURE_NAME.matches(name):
            self._say(self.tr("A feature's name holds letters, digits and . _ -, and starts with none of . and -"))
            return
        self.problem.hide()
        self._names.add(name)
        self.feature.clear()
        self._draft.edit((FEATURE, name), self._draft.value((FEATURE, name)) or "1")

    def _remove_feature(self) -> None:
        row = self.features.currentRow()
        item = self.features.item(row, 0) if row >= 0 else None
        if item is not None:
            self._draft.edit((FEATURE, item.text()), None)

    def _add_tag(self) -> None:
        name = self.tag.text().strip()
        if not TAG_NAME.matches(name) or name.startswith(_PROTECTED):
            self._say(self.tr("A tag holds letters, digits and . _ -, and does not start with created-by-"))
            return
        self.problem.hide()
        self._tag_names.add(name)
        self.tag.clear()
        self._draft.edit((TAG, name), "")

    def _remove_tag(self) -> None:
        item = self.tags.currentItem()
        if item is not None and not item.text().startswith(_PROTECTED):
            self._draft.edit((TAG, item.text()), None)

    def _say(self, text: str) -> None:
        self.problem.setText(text)
        self.problem.show()


def _box(title: str, content: QWidget, row: tuple[QWidget, ...]) -> QGroupBox:
    held = QGroupBox(title)
    content.setAccessibleName(title)
    layout = QVBoxLayout(held)
    layout.addWidget(content, 1)
    line = QHBoxLayout()
    for at, widget in enumerate(row):
        line.addWidget(widget, 1 if at == 0 else 0)
    layout.addLayout(line)
    return held
