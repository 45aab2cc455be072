# SPDX-License-Identifier: GPL-3.0-or-later
"""One confirmation for many qubes, in the order in which they come, saying why each is among them."""

from collections.abc import Sequence
from typing import NamedTuple

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.models.texts import plain_tip
from qubesmanager.ui.icons import label_icon
from qubesmanager.ui.widgets.labels import plain_label, redden


class Line(NamedTuple):
    """A qube of the list, its label's colour (`0xRRGGBB`), and why it is there, where that needs saying."""

    name: str
    color: str
    why: str = ""


class ConfirmMany(QDialog):
    """The qubes with a tick each; `chosen` are those that stay ticked, in order."""

    def __init__(
        self,
        parent: QWidget | None,
        title: str,
        question: str,
        yes: str,
        lines: Sequence[Line],
        explanation: str = "",
        *,
        dangerous: bool = False,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        layout = QVBoxLayout(self)
        headline = plain_label(question, self)
        font = headline.font()
        font.setBold(True)
        headline.setFont(font)
        layout.addWidget(headline)
        if explanation:
            layout.addWidget(plain_label(explanation, self))
        self.tree = QTreeWidget(self)
        self.tree.setRootIsDecorated(False)
        self.tree.setUniformRowHeights(True)
        self.tree.setHeaderLabels([self.tr("Qube"), self.tr("Why")])
        self.tree.setAccessibleName(question)
        self.tree.setHeaderHidden(not any(line.why for line in lines))
        for line in lines:
            item = QTreeWidgetItem(self.tree, [line.name, line.why])
            item.setIcon(0, label_icon(line.color))
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(0, Qt.CheckState.Checked)
            item.setToolTip(1, plain_tip(line.why) if line.why else "")
        self.tree.resizeColumnToContents(0)
        self.tree.setColumnWidth(0, max(160, self.tree.columnWidth(0) + 12))
        layout.addWidget(self.tree, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self.yes = QPushButton(f"&{yes}", self)  # has a mnemonic: Return is Cancel where it is dangerous
        self.yes.setObjectName("yes")
        if dangerous:
            redden(self.yes)
        buttons.addButton(self.yes, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        self.tree.itemChanged.connect(self._look)
        if dangerous and (cancel := buttons.button(QDialogButtonBox.StandardButton.Cancel)):
            cancel.setDefault(True)
            cancel.setFocus()
        else:
            self.yes.setDefault(True)
            self.yes.setFocus()
        self.resize(480, min(150 + 22 * len(lines), 520))

    @property
    def chosen(self) -> list[str]:
        items = [self.tree.topLevelItem(at) for at in range(self.tree.topLevelItemCount())]
        return [item.text(0) for item in items if item is not None and item.checkState(0) == Qt.CheckState.Checked]

    def _look(self) -> None:
        self.yes.setEnabled(bool(self.chosen))
