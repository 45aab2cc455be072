# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of a file as a table, each cell with the editor of what it holds."""

from collections.abc import Callable, Sequence

from PyQt5.QtCore import QAbstractItemModel, QModelIndex, QObject, QRect, QSize, Qt
from PyQt5.QtGui import QColor, QPainter, QPalette
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QCompleter,
    QHeaderView,
    QLineEdit,
    QStyle,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)

from qubesmanager.models.natural_sort import in_order
from qubesmanager.models.policy_rules import (
    ACTION_ROLE,
    ANSWER,
    ARGUMENT,
    CALL,
    EDGE_ROLE,
    FROM,
    LINE,
    QUIET_ROLE,
    TO,
    WORD_ROLE,
    RulesModel,
)
from qubesmanager.models.policy_words import Word, action_text, word_of
from qubesmanager.policy.engine import ANY, ANYVM, DEFAULT, TAG_PREFIX, TYPE_PREFIX
from qubesmanager.policy.grammar import OPTIONS as RULE_OPTIONS
from qubesmanager.policy.grammar import Action
from qubesmanager.policy.system_info import ADMINVM, DISPVM, DISPVM_PREFIX
from qubesmanager.ui.policy.pictures import action_icon, word_icon
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.cell_icon import put_icon
from qubesmanager.ui.widgets.flat_header import put_flat_header
from qubesmanager.ui.widgets.labels import good_color, info_color, subdued
from qubesmanager.ui.widgets.mark_delegate import MarkDelegate
from qubesmanager.ui.widgets.selection import EDGE, draw_edge
from qubesmanager.ui.widgets.tables import set_widths
from qubesmanager.wire import calls
from qubesmanager.wire.names import DOM0

ROW = 7
"""Quarters of a line's height."""
_WIDTHS = {LINE: 12, CALL: 33, ARGUMENT: 21, FROM: 34, TO: 33, ANSWER: 19}
"""Of the columns, in quarters of a line's height; the last one has the rest."""
CALLS = (
    *("qubes.ClipboardPaste", "qubes.Filecopy", "qubes.GetDate", "qubes.Gpg", "qubes.InputKeyboard", "qubes.OpenInVM"),
    *("qubes.OpenURL", "qubes.PdfConvert", "qubes.StartApp", "qubes.UpdatesProxy", "qubes.VMExec", "qubes.VMShell"),
)
"""Calls of Qubes OS that are offered beside those of the policy and of this program."""


class RulesView(QTreeView):
    """The table. Lines that are no rules are shown over its whole width."""

    def __init__(self, session: Session, model: RulesModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._rules = model
        put_flat_header(self)
        self.setModel(model)
        self.setRootIsDecorated(False)
        self.setFrameShape(self.Shape.NoFrame)
        self.setIndentation(0)
        self.setUniformRowHeights(True)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(QAbstractItemView.EditTriggers() | triggers.DoubleClicked | triggers.EditKeyPressed)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setAccessibleName(self.tr("Rules"))
        self.delegate = RuleDelegate(session, model, self)
        self.setItemDelegate(self.delegate)
        if (header := self.header()) is not None:
            header.setStretchLastSection(True)
            header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        set_widths(self, _WIDTHS)
        model.modelReset.connect(self._span)

    def current_number(self) -> int:
        """The number of the selected line; 0 for none."""
        return self._rules.number_at(self.currentIndex().row())

    def select_number(self, number: int) -> None:
        """Select a line and bring it into view."""
        row = self._rules.row_of_line(number)
        if row >= 0:
            index = self._rules.index(row, CALL)
            self.setCurrentIndex(index)
            self.scrollTo(index)

    def _span(self) -> None:
        for number, row in enumerate(self._rules.rows):
            if row.is_spanned:
                self.setFirstColumnSpanned(number, QModelIndex(), True)


class RuleDelegate(MarkDelegate):
    """Draws pictures, quiet notes and edges; makes the editors. `known_calls` are offered in the column of calls."""

    def __init__(self, session: Session, model: RulesModel, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._rules = session, model
        self.known_calls: Sequence[str] = ()

    # Qt overrides

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        size = super().sizeHint(option, index)
        return QSize(size.width(), max(size.height(), round(ROW * option.fontMetrics.height() / 4)))

    def initStyleOption(self, option: QStyleOptionViewItem | None, index: QModelIndex) -> None:
        super().initStyleOption(option, index)
        if option is None:
            return
        side = option.fontMetrics.height()
        word, action = index.data(WORD_ROLE), index.data(ACTION_ROLE)
        if index.data(QUIET_ROLE) and option.icon.isNull():
            _color(option, subdued(option.palette))
        if isinstance(word, Word):
            put_icon(option, word_icon(word, self._session), side)
        if isinstance(action, Action):
            put_icon(option, action_icon(action), side)

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        super().paint(painter, option, index)
        if painter is None:
            return
        word = index.data(WORD_ROLE)
        if isinstance(word, Word) and word.note:
            self._draw_note(painter, option, word)
        if index.column() == LINE:
            draw_edge(painter, option)
            edge = index.data(EDGE_ROLE)
            if edge is not None:
                color = info_color(option.palette) if edge else good_color(option.palette)
                place = QRect(option.rect.left(), option.rect.top(), EDGE, option.rect.height())
                painter.fillRect(QStyle.visualRect(option.direction, option.rect, place), color)

    def _draw_note(self, painter: QPainter, option: QStyleOptionViewItem, word: Word) -> None:
        metrics = option.fontMetrics
        taken = 3 * metrics.height() // 2 + 6 + metrics.horizontalAdvance(word.text) + metrics.height() // 2
        area = QRect(option.rect.left() + taken, option.rect.top(), option.rect.width() - taken, option.rect.height())
        if area.width() > metrics.height():
            painter.save()
            painter.setPen(subdued(option.palette))
            text = metrics.elidedText(word.note, Qt.TextElideMode.ElideRight, area.width())
            place = QStyle.visualRect(option.direction, option.rect, area)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
            painter.restore()

    def createEditor(self, parent: QWidget | None, _option: QStyleOptionViewItem, index: QModelIndex) -> QWidget | None:
        makers: dict[int, Callable[[], QComboBox]] = {
            CALL: lambda: _typed(in_order({ANY, *CALLS, *self.known_calls, *calls.BY_SERVICE}), parent),
            ARGUMENT: lambda: _typed([ANY, "+"], parent),
            FROM: lambda: self._words(parent, is_target=False),
            TO: lambda: self._words(parent, is_target=True),
            ANSWER: lambda: self._answers(parent),
        }
        if index.column() in makers:
            return makers[index.column()]()
        action = index.siblingAtColumn(ANSWER).data(ACTION_ROLE)
        line = QLineEdit(parent)
        line.setCompleter(QCompleter(self._options(action if isinstance(action, Action) else Action.ALLOW), line))
        return line

    def setEditorData(self, editor: QWidget | None, index: QModelIndex) -> None:
        value = str(index.data(Qt.ItemDataRole.EditRole) or "")
        if isinstance(editor, QComboBox):
            at = editor.findData(value)
            if at >= 0:
                editor.setCurrentIndex(at)
            if editor.isEditable():
                editor.setEditText(value)
        elif isinstance(editor, QLineEdit):
            editor.setText(value)

    def setModelData(self, editor: QWidget | None, model: QAbstractItemModel | None, index: QModelIndex) -> None:
        if model is None:
            return
        if isinstance(editor, QComboBox):
            value = editor.currentText() if editor.isEditable() else str(editor.currentData())
            model.setData(index, value)
        elif isinstance(editor, QLineEdit):
            model.setData(index, editor.text())

    # The choices

    def _words(self, parent: QWidget | None, *, is_target: bool) -> QComboBox:
        info = self._rules.info
        tags = {tag for domain in info.domains.values() for tag in domain.tags}
        classes = {domain.klass for domain in info.domains.values()}
        tokens = [ANYVM, ANY, ADMINVM, *([DEFAULT, DISPVM] if is_target else [])]
        tokens += [name for name in in_order(info.names) if name != DOM0]
        tokens += [f"{TAG_PREFIX}{tag}" for tag in in_order(tags)]
        tokens += [f"{TYPE_PREFIX}{klass}" for klass in sorted(classes)]
        tokens += [each for each in in_order(info.disposables) if each.startswith(DISPVM_PREFIX)]
        box = _typed(tokens, parent)
        for at, token in enumerate(tokens):
            box.setItemIcon(at, word_icon(word_of(token, info), self._session))
        return box

    def _answers(self, parent: QWidget | None) -> QComboBox:
        box = QComboBox(parent)
        for action in Action:
            box.addItem(action_icon(action), action_text(action), action.value)
        return box

    def _options(self, action: Action) -> list[str]:
        names = [name for name in in_order(self._rules.info.names) if name != DOM0]
        values = {"bit": ["yes", "no"], "user": ["root", "user"]}
        return [
            f"{key}={value}"
            for key, kind in RULE_OPTIONS[action].items()
            for value in values.get(kind, [DOM0, DISPVM, *names])
        ]


def _typed(words: Sequence[str], parent: QWidget | None) -> QComboBox:
    """A box to type in, which completes from any part of a word."""
    box = QComboBox(parent)
    box.setEditable(True)
    box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
    for word in words:
        box.addItem(word, word)
    if (completer := box.completer()) is not None:
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
    return box


def _color(option: QStyleOptionViewItem, color: QColor) -> None:
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.HighlightedText):
        option.palette.setColor(role, color)
