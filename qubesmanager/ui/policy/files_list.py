# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of the policy at the side of the window: in the order in which they are read, then the others."""

from collections.abc import Iterable, Iterator

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtGui import QPalette
from PyQt5.QtWidgets import QFrame, QTreeWidget, QTreeWidgetItem, QWidget

from qubesmanager.models.policy_draft import PolicyDraft
from qubesmanager.models.texts import plain_tip
from qubesmanager.policy.checks import Checks
from qubesmanager.policy.edition import ListedFile, Role
from qubesmanager.ui.icons import icon
from qubesmanager.ui.widgets.palette_colors import put_colors, window_color
from qubesmanager.ui.widgets.side_row import BADGE, COUNT, IS_HEAD, KIND, BadgeKind, SideRowDelegate

ROW = 6.25
"""Quarters of a line's height."""
PATH = Qt.ItemDataRole.UserRole + 20
IS_RUNTIME = Qt.ItemDataRole.UserRole + 21


class FilesList(QTreeWidget):
    """Signals: `chosen(str)`: the path of the file that is selected, of those that can be shown."""

    chosen = pyqtSignal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setIndentation(0)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setItemDelegate(SideRowDelegate(ROW, self))
        self.setAccessibleName(self.tr("Policy files"))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        put_colors(self, {QPalette.ColorRole.Base: window_color})
        self.itemSelectionChanged.connect(self._selected)

    def show_files(self, checks: Checks, draft: PolicyDraft, chosen: str) -> None:
        """Show the files of the checks; `chosen` stays selected, without a signal."""
        self.blockSignals(True)
        self.clear()
        groups = (
            (self.tr("Read in this order"), {Role.READ}),
            (self.tr("Included"), {Role.INCLUDED}),
            (self.tr("Not read"), {Role.UNUSED, Role.HIDDEN, Role.BAD_NAME}),
        )
        for title, roles in groups:
            self._group(title, [file for file in checks.files if file.role in roles], checks, draft)
        removed = [path for path in draft.edited() if draft.is_removed(path)]
        if removed:
            head = self._head(self.tr("Removed"))
            for path in removed:
                item = self._item(head, path, is_runtime=False)
                item.setData(0, BADGE, self.tr("removed"))
        self.choose(chosen)
        self.blockSignals(False)

    def choose(self, path: str) -> None:
        """Select a file."""
        for item in self.items():
            if item.data(0, PATH) == path and not item.data(0, IS_RUNTIME):
                self.setCurrentItem(item)
                return

    def items(self) -> Iterator[QTreeWidgetItem]:
        """The lines of files, from the top down."""
        for at in range(self.topLevelItemCount()):
            head = self.topLevelItem(at)
            for number in range(head.childCount() if head else 0):
                child = head.child(number) if head else None
                if child is not None:
                    yield child

    def _head(self, title: str) -> QTreeWidgetItem:
        head = QTreeWidgetItem(self, [title])
        head.setData(0, IS_HEAD, True)
        head.setFlags(Qt.ItemFlag.ItemIsEnabled)
        head.setExpanded(True)
        return head

    def _item(self, head: QTreeWidgetItem, path: str, *, is_runtime: bool) -> QTreeWidgetItem:
        name = path.removeprefix("include/")
        item = QTreeWidgetItem(head, [f"/run: {name}" if is_runtime else name])
        item.setIcon(0, icon("file"))
        item.setData(0, PATH, path)
        item.setData(0, IS_RUNTIME, is_runtime)
        if is_runtime:
            item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        return item

    def _group(self, title: str, files: Iterable[ListedFile], checks: Checks, draft: PolicyDraft) -> None:
        rows = list(files)
        if not rows:
            return
        head = self._head(title)
        for file in rows:
            item = self._item(head, file.path, is_runtime=file.is_runtime)
            badge, kind, tip = self._badge(file, checks, draft)
            item.setData(0, BADGE, badge)
            item.setData(0, KIND, kind)
            if not badge:
                item.setData(0, COUNT, self.tr("hidden") if file.role is Role.HIDDEN else file.rules)
            item.setToolTip(0, plain_tip(tip or file.path))
            shown = badge or str(item.data(0, COUNT))
            item.setData(0, Qt.ItemDataRole.AccessibleTextRole, f"{title}: {file.path}, {shown}")

    def _badge(self, file: ListedFile, checks: Checks, draft: PolicyDraft) -> tuple[str, BadgeKind | None, str]:
        """The most important of a file: a fault, an edit, lines that decide nothing."""
        if file.role is Role.BAD_NAME:
            return self.tr("bad name"), BadgeKind.FAULT, file.problem
        if file.problem:
            return self.tr("wrong"), BadgeKind.FAULT, file.problem
        if file.role is Role.HIDDEN:
            return "", None, self.tr("A file of the same name in /run/qubes/policy.d is read instead.")
        if not file.is_runtime and file.path in draft.conflicts:
            return self.tr("conflict"), BadgeKind.WARNING, self.tr("It was changed elsewhere, too.")
        if not file.is_runtime and (count := checks.edits.get(file.path, 0)):
            return self.tr("%n edit(s)", "", count), BadgeKind.INFO, ""
        if not file.is_runtime and (count := checks.unreached_in(file.path)):
            tip = self.tr("%n line(s) decide nothing: earlier lines decide their calls.", "", count)
            return self.tr("%n unreached", "", count), BadgeKind.WARNING, tip
        if file.role is Role.UNUSED:
            return "", None, self.tr("No file includes it.")
        return "", None, ""

    def _selected(self) -> None:
        items = self.selectedItems()
        if items and not items[0].data(0, IS_RUNTIME):
            self.chosen.emit(str(items[0].data(0, PATH)))
