# SPDX-License-Identifier: GPL-3.0-or-later
"""A tree of the map: qubes below their net qubes, or below their templates, with warnings in words."""

from collections.abc import Callable, Iterable

from PyQt5.QtCore import QCoreApplication, Qt
from PyQt5.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from qubesmanager.models.natural_sort import natural
from qubesmanager.models.texts import number_text, plain_tip, state_text
from qubesmanager.rules.topology import Forest, Node
from qubesmanager.ui.icons import icon, label_icon, state_icon
from qubesmanager.ui.map.remarks import remark_text
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.flat_header import put_flat_header

NAME = Qt.ItemDataRole.UserRole
FEW = 12
"""A qube with more than so many right below it is shown collapsed until the user expands it."""

QUBE, STATE, REMARKS = range(3)


class MapTree(QTreeWidget):
    """One of the two trees. Branches that the user folded stay folded when it changes."""

    def __init__(self, session: Session, title: str, apart: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._apart = apart
        self._folded: dict[str, bool] = {}
        self.setAccessibleName(title)
        put_flat_header(self)
        self.setHeaderLabels([self.tr("Qube"), self.tr("State"), self.tr("Warnings")])
        self.setUniformRowHeights(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.itemExpanded.connect(lambda item: self._folded.update({qube_of(item): False}))
        self.itemCollapsed.connect(lambda item: self._folded.update({qube_of(item): True}))
        if header := self.header():
            header.setStretchLastSection(True)
            header.setSectionResizeMode(QUBE, QHeaderView.ResizeMode.Interactive)
        unit = self.fontMetrics().height() // 4
        self.setFrameShape(QTreeWidget.Shape.NoFrame)
        self.setColumnWidth(QUBE, 65 * unit)
        self.setColumnWidth(STATE, 28 * unit)

    def current_name(self) -> str:
        item = self.currentItem()
        return qube_of(item) if item is not None else ""

    def choose(self, name: str) -> None:
        """Select a qube, and open what it is folded into."""
        for item in self.items():
            if qube_of(item) == name:
                self.setCurrentItem(item)
                return

    def items(self) -> Iterable[QTreeWidgetItem]:
        """All lines, from the top down."""
        waiting = [item for at in range(self.topLevelItemCount()) if (item := self.topLevelItem(at)) is not None]
        while waiting:
            item = waiting.pop(0)
            yield item
            waiting[:0] = [child for at in range(item.childCount()) if (child := item.child(at)) is not None]

    def show_forest(self, forest: Forest, accepts: Callable[[Node], bool] | None = None) -> None:
        """Build the lines; with `accepts` only those qubes and the way to them, expanded."""
        chosen = self.current_name()
        self.blockSignals(True)
        self.setUpdatesEnabled(False)
        self.clear()
        tops = [item for node in forest.roots if (item := self._line(node, accepts)) is not None]
        alone = [item for node in forest.apart if (item := self._line(node, accepts)) is not None]
        self.addTopLevelItems(tops)
        if alone:
            head = QTreeWidgetItem([f"{self._apart} ({number_text(len(alone))})"])
            head.setFlags(Qt.ItemFlag.ItemIsEnabled)
            head.addChildren(alone)
            self.addTopLevelItem(head)
        for item in self.items():
            folded = self._folded.get(qube_of(item), item.childCount() > FEW)
            item.setExpanded(accepts is not None or not folded)
        self.setUpdatesEnabled(True)
        self.blockSignals(False)
        self.choose(chosen)

    def _line(self, node: Node, accepts: Callable[[Node], bool] | None) -> QTreeWidgetItem | None:
        children = sorted(node.children, key=lambda child: natural(child.name))
        below = [item for child in children if (item := self._line(child, accepts)) is not None]
        if accepts is not None and not below and not accepts(node):
            return None
        record = self._session.records.get(node.name)
        remarks = " ".join(remark_text(remark) for remark in node.remarks)
        title = f"{node.name}  ({number_text(node.below)})" if node.below else node.name
        item = QTreeWidgetItem([title, state_text(record.state) if record else "", remarks])
        item.setData(QUBE, NAME, node.name)
        item.setIcon(QUBE, label_icon(self._session.color_of_qube(node.name)))
        if record is not None:
            item.setIcon(STATE, state_icon(record.state))
        if remarks:
            item.setIcon(REMARKS, icon("warning"))
        count = node.below
        users = QCoreApplication.translate("Map", "%n qube(s) below it", "", count) if count else ""
        item.setToolTip(QUBE, plain_tip("\n".join(filter(None, (node.name, users)))))
        item.setToolTip(REMARKS, plain_tip(remarks) if remarks else "")
        item.addChildren(below)
        return item


def qube_of(item: QTreeWidgetItem) -> str:
    """The qube of a line; empty for the line that gathers those apart."""
    name = item.data(QUBE, NAME)
    return name if isinstance(name, str) else ""
