# SPDX-License-Identifier: GPL-3.0-or-later
"""The command palette: one box that finds every action and every qube, and takes sentences such as `start photos`."""

from collections.abc import Sequence

from PyQt5.QtCore import QEvent, QModelIndex, QObject, QPoint, QSize, Qt
from PyQt5.QtGui import QKeyEvent, QPainter, QPalette
from PyQt5.QtWidgets import (
    QDialog,
    QFrame,
    QLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.models.texts import plain_tip
from qubesmanager.ui.manager.palette_commands import MOST, Command, PaletteCommands
from qubesmanager.ui.widgets.labels import plain_label, subdue, subdued
from qubesmanager.ui.widgets.screens import fitting
from qubesmanager.ui.widgets.soon import Soon

RECENT, KEPT = "palette/recent", 8
"""The setting that keeps the texts of commands that were run, the newest first, and how many."""
HINT = Qt.ItemDataRole.UserRole + 1
PAUSE = 150
"""Milliseconds in which changes of qubes are gathered before the lines are made again."""


def found(commands: Sequence[Command], typed: str, recent: Sequence[str] = ()) -> list[Command]:
    """The commands that hold all typed words: possible before refused, then those that start with the text, recent."""
    words = typed.casefold().split()
    hits = [command for command in commands if all(word in command.text.casefold() for word in words)]
    start = typed.casefold().strip()
    place = {text: at for at, text in enumerate(recent)}

    def key(command: Command) -> tuple[bool, bool, bool, int]:
        text = command.text.casefold()
        return bool(command.refused), text != start, not text.startswith(start), place.get(command.text, len(place))

    return sorted(hits, key=key)


class CommandPalette(QDialog):
    """Type, choose with the arrows, Enter runs it. The lines follow what happens while it is open."""

    def __init__(self, parent: QWidget, commands: PaletteCommands) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Commands"))
        self._source = commands
        self._all: list[Command] = []
        self._shown: list[Command] = []
        self._settings = commands.session.settings
        kept = self._settings.value(RECENT)
        self._recent = kept.splitlines() if isinstance(kept, str) else []
        unit = max(1, self.fontMetrics().height() // 4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSizeConstraint(QLayout.SizeConstraint.SetFixedSize)  # as high as the lines that there are
        frame = QFrame(self)
        frame.setFrameShape(QFrame.Shape.StyledPanel)
        inner = QVBoxLayout(frame)
        inner.setContentsMargins(2 * unit, 2 * unit, 2 * unit, 2 * unit)
        layout.addWidget(frame)
        self.edit = QLineEdit(self)
        self.edit.setPlaceholderText(self.tr("An action, a qube, or both: start photos, netvm work sys-vpn"))
        self.edit.setAccessibleName(self.tr("Commands"))
        self.edit.setClearButtonEnabled(True)
        self.list = QListWidget(self)
        self.list.setUniformItemSizes(True)
        self.list.setIconSize(QSize(4 * unit, 4 * unit))
        self.list.setItemDelegate(_LineDelegate(self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAccessibleName(self.tr("Matching commands"))
        self.nothing = plain_label("", self)
        subdue(self.nothing)
        inner.addWidget(self.edit)
        inner.addWidget(self.list)
        inner.addWidget(self.nothing)
        self.edit.textChanged.connect(self._look)
        self.edit.returnPressed.connect(self._run)
        self.edit.installEventFilter(self)
        self.list.itemClicked.connect(lambda _item: self._run())
        self._later = Soon(PAUSE, self.refresh, self)
        for changed in (commands.session.put, commands.session.gone):
            changed.connect(self._later.ask)
        self._settle(parent, unit)
        self.refresh()
        self.edit.setFocus()

    def refresh(self) -> None:
        """Make the lines again; the current one stays."""
        current = self._current()
        self._all = self._source.all()
        self._look()
        if current is not None:
            row = next((at for at, command in enumerate(self._shown) if command.text == current.text), 0)
            self.list.setCurrentRow(row)

    def _settle(self, parent: QWidget, unit: int) -> None:
        """Below the top of the window, in its middle, and on the screen."""
        room = fitting(QSize(150 * unit, 95 * unit))
        for widget in (self.edit, self.list, self.nothing):
            widget.setFixedWidth(room.width() - 6 * unit)
        self._highest = room.height() - self.edit.sizeHint().height() - 8 * unit
        """Of the list, in pixels."""
        middle, top = parent.mapToGlobal(parent.rect().center()), parent.mapToGlobal(parent.rect().topLeft())
        at = QPoint(middle.x() - room.width() // 2, top.y() + 15 * unit)
        if (screen := parent.screen()) is not None:
            area = screen.availableGeometry()
            at.setX(max(area.left(), min(at.x(), area.right() - room.width())))
            at.setY(max(area.top(), min(at.y(), area.bottom() - room.height())))
        self.move(at)

    def _current(self) -> Command | None:
        row = self.list.currentRow()
        return self._shown[row] if 0 <= row < len(self._shown) else None

    def _lines(self) -> list[Command]:
        typed = self.edit.text().strip()
        sentences = self._source.sentences(typed) if typed else self._remembered()
        lines = found(self._all, typed, self._recent)
        if typed and any(not command.refused for command in sentences):
            # A line of exactly this text is first, then whole sentences, then lines that only contain the words.
            # Both may have it: the qubes of the sentences are those of now, the lines are some milliseconds old.
            exact = [command for command in (*lines, *sentences) if command.text.casefold() == typed.casefold()]
            lines = [*exact, *found(sentences, "", self._recent), *lines]
        else:
            lines = [*lines, *sentences] if typed else [*sentences, *lines]
        unique: dict[str, Command] = {}
        for command in lines:
            unique.setdefault(command.text, command)
        return list(unique.values())

    def _remembered(self) -> list[Command]:
        """The commands that were run before, the last one first, as far as they are still there."""
        known = {command.text: command for command in self._all}
        commands = []
        for text in self._recent:
            command = known.get(text) or next(
                (each for each in self._source.sentences(text) if each.text == text), None
            )
            if command is not None:
                commands.append(command)
        return commands

    def _look(self) -> None:
        self._shown = self._lines()[:MOST]
        self.list.clear()
        for command in self._shown:
            item = QListWidgetItem(command.icon, command.text, self.list)
            item.setData(HINT, (command.refused or command.hint).replace("\n", " "))
            if command.refused:
                item.setFlags(Qt.ItemFlags() | Qt.ItemFlag.ItemIsSelectable)
                item.setToolTip(plain_tip(command.refused))
        self.list.setVisible(bool(self._shown))
        self.nothing.setVisible(not self._shown)
        self.nothing.setText(
            self.tr("Nothing found for “{0}”. Try a verb and a qube, such as “settings work firewall”.").format(
                self.edit.text()
            )
        )
        if self._shown:
            self.list.setCurrentRow(0)
        lines = self.list.count() * self.list.sizeHintForRow(0) + 2 * self.list.frameWidth()
        self.list.setFixedHeight(min(lines, self._highest))

    def _run(self) -> None:
        command = self._current()
        if command is not None and not command.refused:
            kept = [command.text, *(text for text in self._recent if text != command.text)][:KEPT]
            self._settings.setValue(RECENT, "\n".join(kept))
            self.close()
            command.run()

    # Qt overrides

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Up and down move in the list while the box keeps the keyboard."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 10, Qt.Key.Key_PageUp: -10}.get(
                Qt.Key(event.key())
            )
            if step is not None and self._shown:
                self.list.setCurrentRow(max(0, min(len(self._shown) - 1, self.list.currentRow() + step)))
                return True
        return super().eventFilter(watched, event)


class _LineDelegate(QStyledItemDelegate):
    """Keys and reasons are at the end of the line, so that they are below each other; a long reason is elided."""

    # Qt overrides

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return QSize(super().sizeHint(option, index).width(), 7 * option.fontMetrics.height() // 4)

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        super().paint(painter, option, index)
        hint = index.data(HINT)
        if painter is None or not hint:
            return
        unit = max(1, option.fontMetrics.height() // 4)
        named = option.fontMetrics.horizontalAdvance(str(index.data())) + 10 * unit
        place = option.rect.adjusted(named, 0, -2 * unit, 0)
        text = option.fontMetrics.elidedText(str(hint), Qt.TextElideMode.ElideRight, max(0, place.width()))
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setFont(option.font)
        painter.setPen(
            option.palette.color(QPalette.ColorRole.HighlightedText) if is_selected else subdued(option.palette)
        )
        right = QStyle.visualAlignment(option.direction, Qt.Alignment() | Qt.AlignmentFlag.AlignRight)
        painter.drawText(
            QStyle.visualRect(option.direction, option.rect, place),
            int(right) | int(Qt.AlignmentFlag.AlignVCenter),
            text,
        )
        painter.restore()
