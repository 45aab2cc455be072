# SPDX-License-Identifier: GPL-3.0-or-later
"""The window of qrexec's policy: its files, the rules of one of them, the tester, and the edits."""

from collections.abc import Callable
from functools import partial

from PyQt5.QtCore import QEvent, QPoint, QSize, Qt
from PyQt5.QtGui import QKeySequence, QResizeEvent
from PyQt5.QtWidgets import (
    QAction,
    QActionGroup,
    QLayout,
    QLineEdit,
    QMenu,
    QMenuBar,
    QSplitter,
    QStackedWidget,
    QToolBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.client.live_copy import Lost
from qubesmanager.models.natural_sort import in_order
from qubesmanager.models.policy_draft import PolicyDraft
from qubesmanager.models.policy_rules import RuleRow, RulesModel
from qubesmanager.models.policy_words import place_text
from qubesmanager.plans.plan import Plan, RowKey
from qubesmanager.policy.checks import Checks
from qubesmanager.policy.edition import Role
from qubesmanager.policy.engine import ANY
from qubesmanager.policy.grammar import Place
from qubesmanager.policy.impact import Alteration
from qubesmanager.policy.reading import POLICY_FOLDER
from qubesmanager.ui.actions.operations import Operations
from qubesmanager.ui.actions.plan_dialog import UNDO_SECONDS
from qubesmanager.ui.forms.unsaved_edits import EditsWindow
from qubesmanager.ui.icons import icon
from qubesmanager.ui.policy.changes_pane import ChangesPane
from qubesmanager.ui.policy.file_editing import FileEditing
from qubesmanager.ui.policy.files_list import FilesList
from qubesmanager.ui.policy.policy_watch import PolicyWatch
from qubesmanager.ui.policy.rule_editing import RuleEditing
from qubesmanager.ui.policy.rules_text import RulesText
from qubesmanager.ui.policy.rules_view import RulesView
from qubesmanager.ui.policy.saving import Saving
from qubesmanager.ui.policy.tester import Tester
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.error_bar import ErrorBar, Notice
from qubesmanager.ui.widgets.flow_layout import Flow
from qubesmanager.ui.widgets.fonts import unit_of
from qubesmanager.ui.widgets.message_page import MessagePage, StaleBanner
from qubesmanager.ui.widgets.page_bar import fill_page_bar
from qubesmanager.ui.widgets.screens import resize_in_units
from qubesmanager.ui.widgets.sections import hairline
from qubesmanager.wire.policy_files import call_name

NARROW = 230
"""Quarters of a line's height below which the pane of the edits takes the room of the list of files."""

LOW = 120
"""Quarters of a line's height below which the tester shows its answer only."""
RULE_ACTIONS = ("new", "duplicate", "remove", "up", "down", "test")
"""The actions on rules, in the order of their menu."""


class PolicyWindow(EditsWindow):
    """All of it. `watch` knows the files and checks them; each part shows what came of it."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.watch = PolicyWatch(session, self)
        self.draft: PolicyDraft = self.watch.draft
        self._path = ""
        self._place: Place | None = None
        """A line to be selected once it is shown."""
        self._problem: Notice | None = None
        """The bar about what makes qrexec deny every call."""
        self.model = RulesModel(self)
        self.files = FilesList(self)
        self.table = RulesView(session, self.model, self)
        self.text = RulesText(self)
        self.message = MessagePage(self)
        self.tester = Tester(session, self)
        self.changes = ChangesPane(self)
        self.errors = ErrorBar(self)
        self.banner = StaleBanner(self, session.resync)
        self.search = QLineEdit(self)
        self.operations = Operations(session, self)
        self.actions_of: dict[str, QAction] = {}
        self.changes.hide()
        self.saving = Saving(session, self.watch, self.errors, self.changes.versions)
        self.editing = RuleEditing(self.draft, self.model, self.current_number, self._select_later)
        self.file_editing = FileEditing(session, self.draft, self.errors, self)
        self._make_actions()
        self._lay_out()
        self._connect()
        self.setWindowIcon(icon("policy"))
        self._look()
        resize_in_units(self, 340, 185)

    # -- what the window is asked for ---------------------------------------------------------------------------------

    def has_edits(self) -> bool:
        return bool(self.draft.edited())

    def begin_with(self, what: str) -> None:
        """Show a line of a file, given as `policy.d/FILE:LINE`."""
        path, _colon, line = what.rpartition(":")
        if line.isdigit():
            self.show_place(Place(path, int(line)))

    def show_place(self, place: Place) -> None:
        """Select a line of a file. Files of `/run` are not shown."""
        folder, _slash, path = place.path.partition("/")
        if folder == POLICY_FOLDER:
            self._place = place
            self.show_file(path)

    def show_file(self, path: str) -> None:
        """Show this file."""
        self._path = self.editing.path = path
        self.files.choose(path)
        if self.watch.path != path or not self.watch.is_current:
            self.watch.show(path)
        else:
            self._look()

    def save(self) -> None:
        """Send the edits, if they can be saved."""
        if self.has_edits() and not self._why_not_save(self.watch.checks):
            self.saving.save()

    def current_number(self) -> int:
        """The number of the selected line; 0 for none."""
        is_text = self.stack.currentWidget() is self.text
        return self.text.current_number() if is_text else self.table.current_number()

    @property
    def is_editable(self) -> bool:
        """Whether the file that is shown can be written by a call."""
        return self._path in self.draft.edition.policy.files and call_name(self._path) is not None

    # -- parts --------------------------------------------------------------------------------------------------------

    def _make_actions(self) -> None:
        standard = QKeySequence.StandardKey
        rows: tuple[tuple[str, str, str, QKeySequence, Callable[[], object]], ...] = (
            ("refresh", self.tr("Re&fresh"), "refresh", QKeySequence(standard.Refresh), self.watch.ask),
            ("new-file", self.tr("&New file…"), "create", QKeySequence(standard.New), self.file_editing.new),
            ("import", self.tr("&Import…"), "folder", QKeySequence(), self.file_editing.choose_import),
            ("remove-file", self.tr("Remove the &file"), "", QKeySequence(), self._remove_file),
            ("save", self.tr("&Save"), "", QKeySequence(standard.Save), self.save),
            ("discard", self.tr("&Discard the changes"), "", QKeySequence(), self._discard),
            ("close", self.tr("&Close"), "", QKeySequence(), self.close),
            ("undo", self.tr("&Undo"), "undo", QKeySequence(standard.Undo), self._undo),
            ("new", self.tr("&New rule"), "create", QKeySequence("Ins"), self.editing.new),
            ("duplicate", self.tr("&Duplicate"), "clone", QKeySequence("Ctrl+D"), self.editing.duplicate),
            ("remove", self.tr("&Remove"), "remove", QKeySequence(), self.editing.remove),
            ("up", self.tr("Move &up"), "", QKeySequence("Alt+Up"), partial(self.editing.move, -1)),
            ("down", self.tr("Move d&own"), "down", QKeySequence("Alt+Down"), partial(self.editing.move, 1)),
            ("test", self.tr("&Test this rule"), "", QKeySequence(), self._test_rule),
            ("manager", self.tr("Make a mana&ger of qubes…"), "policy", QKeySequence(), self.operations.choose_managed),
            ("find", self.tr("&Find in all files"), "search", QKeySequence(standard.Find), self._find),
        )
        for key, text, picture, shortcut, run in rows:
            action = self.actions_of[key] = QAction(text, self)
            if picture:
                action.setIcon(icon(picture))
            action.setShortcut(shortcut)
            action.triggered.connect(lambda _checked=False, run=run: run())
            self.addAction(action)
        views = QActionGroup(self)
        for key, text in (("table", self.tr("&Table")), ("text", self.tr("Te&xt"))):
            action = self.actions_of[key] = QAction(icon(key), text, self)
            action.setCheckable(True)
            views.addAction(action)
            action.toggled.connect(lambda *_: self._turn())
        self.actions_of["table"].setChecked(True)

    def _lay_out(self) -> None:
        self.menus = QMenuBar(self)
        for title, keys in (
            (self.tr("&File"), ("new-file", "import", "remove-file", "refresh", "save", "discard", "close")),
            (self.tr("&Edit"), ("undo", "find", "manager")),
            (self.tr("&Rule"), RULE_ACTIONS),
            (self.tr("&View"), ("table", "text")),
        ):
            menu = self.menus.addMenu(title)
            if menu is not None:
                menu.addActions([self.actions_of[key] for key in keys])
        self.bar = QToolBar(self.tr("Policy"), self)
        shown = [self.actions_of[key] for key in ("new", "duplicate", "remove", "undo", "table", "text")]
        fill_page_bar(self.bar, shown, self.search, self.tr("Find in all files ({0})"))
        self.search.setAccessibleName(self.tr("Find in all files"))
        self.stack = QStackedWidget(self)
        for view in (self.table, self.text, self.message):
            self.stack.addWidget(view)
        self.down = QSplitter(Qt.Orientation.Vertical, self)
        self.down.addWidget(self.stack)
        self.down.addWidget(self.tester)
        self.down.setStretchFactor(0, 1)
        middle = QWidget(self)
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.banner)
        column.addWidget(self.errors)
        column.addWidget(self.down, 1)
        unit = unit_of(self)
        self.across = QSplitter(Qt.Orientation.Horizontal, self)
        self.side = self._side(unit)
        for widget in (self.side, middle, self.changes):
            self.across.addWidget(widget)
        self.across.setStretchFactor(1, 1)
        self.files.setMinimumWidth(46 * unit)
        self.across.setSizes([57 * unit, 196 * unit, 87 * unit])
        self.down.setSizes([96 * unit, 70 * unit])
        for splitter in (self.across, self.down):
            splitter.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)  # `minimumSizeHint` is what is needed
        layout.setMenuBar(self.menus)
        for part in (self.bar, hairline(self)):
            layout.addWidget(part)
        layout.addWidget(self.across, 1)

    def _side(self, unit: int) -> QWidget:
        """The files, and what adds one."""
        side = QWidget(self)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.files, 1)
        column.addWidget(hairline(side))
        foot = Flow()
        foot.setContentsMargins(2 * unit, unit, unit, unit)
        for key, text in (("new-file", self.tr("File…")), ("import", self.tr("Import…"))):
            button = QToolButton(side)
            button.setDefaultAction(self.actions_of[key])
            button.setText(text)
            button.setAutoRaise(True)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            foot.addWidget(button)
        column.addLayout(foot)
        return side

    def _connect(self) -> None:
        self._session.lost.connect(self._lost)
        self._session.synced.connect(self._synced)
        self.watch.checked.connect(self._look)
        self.watch.asked.connect(self._look)
        self.draft.changed.connect(self._look_at_edits)
        self.files.chosen.connect(self.show_file)
        self.tester.place_wanted.connect(self.show_place)
        self.tester.rights_wanted.connect(lambda name: self._session.window_wanted.emit("rights", (name,)))
        self.search.textChanged.connect(lambda *_: self._fill_found())
        self.search.returnPressed.connect(self._next_found)
        self.changes.chosen.connect(self._test)
        self.changes.save.clicked.connect(self.save)
        self.changes.discard.clicked.connect(self._discard)
        self.operations.undoable.connect(self._undoable)
        self.saving.changed.connect(self._look_at_edits)
        self.saving.file_wanted.connect(self.show_file)
        self.file_editing.added.connect(self.show_file)
        self.model.edited.connect(self.editing.replace)
        self.text.textChanged.connect(self._text_typed)
        self.table.customContextMenuRequested.connect(self._show_menu)
        if (selection := self.table.selectionModel()) is not None:
            selection.currentRowChanged.connect(lambda *_: self._look_at_actions())

    # -- what is shown ------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        """Show what was checked, or why nothing can be."""
        checks = self.watch.checks
        if self.watch.problem and not self.draft.is_known:
            headline = self.tr("The policy cannot be read")
            self.message.say("warning", headline, self.watch.problem, self.tr("Try again"), self.watch.ask)
        elif checks is None:
            self.message.say("policy", self.tr("Reading the policy…"), self._session.connection)
        if checks is None:
            self.stack.setCurrentWidget(self.message)
            self._look_at_edits()
            return
        if self._path not in checks.edition.policy.files:
            readable = [file.path for file in checks.files if not file.is_runtime]
            if readable:
                self.show_file(readable[0])
                return
        self.files.show_files(checks, self.draft, self._path)
        self._show_rules(checks)
        self._show_problem(checks)
        self.tester.show_checks(checks, self._known_calls(checks), is_edited=self.has_edits())
        self._look_at_edits()
        title = self._path or self.tr("no file")
        policy = self.tr("Policy")
        self.setWindowTitle(f"{title} \N{EN DASH} {policy}")

    def _show_rules(self, checks: Checks) -> None:
        if checks.path != self._path:
            return
        if self._path not in checks.edition.policy.files:
            text = self.tr("Without a rule every call between qubes is denied.")
            self.message.say("policy", self.tr("There is no policy file"), text)
            self.stack.setCurrentWidget(self.message)
            return
        name = f"{POLICY_FOLDER}/{self._path}"
        rows = [
            RuleRow(
                line,
                checks.unreached.get(Place(name, line.number)),
                checks.gone.get(line.number, ()),
                checks.edges.get(line.number),
            )
            for line in checks.lines
        ]
        self.model.show_rules(self._path, checks.kind, rows, checks.info, is_editable=self.is_editable)
        self.table.delegate.known_calls = self._known_calls(checks)
        self.text.put(self.draft.text(self._path))
        self.text.setReadOnly(not self.is_editable)
        self.text.mark({line.number: line.error for line in checks.lines if line.error})
        self._turn()
        if self._place is not None and self._place.path == name:
            self.table.select_number(self._place.line)
            self.text.go_to(self._place.line)
            self._place = None

    def _turn(self) -> None:
        """Show the table or the text, at the same line."""
        if not hasattr(self, "stack") or self._path not in self.draft.edition.policy.files:
            return
        shown = self.text if self.actions_of["text"].isChecked() else self.table
        if self.stack.currentWidget() is not shown:
            if shown is self.text:
                self.text.go_to(self.table.current_number())
            else:
                self.table.select_number(self.text.current_number())
            self.stack.setCurrentWidget(shown)

    def _show_problem(self, checks: Checks) -> None:
        """A bar for the first file because of which qrexec denies every call; it goes when that is mended."""
        bad = next((file for file in checks.files if file.role is Role.BAD_NAME), None)
        text = next((each.problem for each in checks.files if each.problem and each.problem not in checks.problems), "")
        if bad is not None:
            text = self.tr(
                "{0} has a letter or blank in its name that qrexec does not take, so it denies every call. Rename or"
                " remove the file in dom0."
            ).format(bad.path)
        elif text:
            text = self.tr("qrexec denies every call: {0}").format(text)
        if self._problem is not None and self._problem.text != text:
            self._problem.dismiss()
            self._problem = None
        if text and self._problem is None:
            self._problem = self.errors.show_notice(text)

    def _lost(self, lost: Lost) -> None:
        """What is shown may be old; edits stay, and are saved once there is a connection again."""
        self.banner.show_lost(lost)
        self._look_at_edits()

    def _synced(self) -> None:
        self.banner.show_back()
        self._look_at_edits()

    def _look_at_edits(self) -> None:
        checks = self.watch.checks
        self.changes.show_changes(checks, is_edited=self.has_edits(), why_not=self._why_not_save(checks))
        self._look_at_actions()
        self._fit()

    def _look_at_actions(self) -> None:
        """Grey what is not possible now."""
        is_editable = self.is_editable
        is_in_table = is_editable and self.stack.currentWidget() is self.table and self.table.current_number() > 0
        for key, is_possible in (
            ("new", is_editable),
            *((key, is_in_table) for key in ("duplicate", "remove", "up", "down")),
            ("test", self.editing.rule() is not None),
            ("undo", self.draft.can_undo),
            ("remove-file", is_editable),
            ("save", self.changes.save.isEnabled()),
            ("discard", self.has_edits()),
            ("manager", self._session.is_synced),
        ):
            self.actions_of[key].setEnabled(is_possible)
        tip = self.tr("Add a rule below the selected line") if is_editable else self.tr("No call can write this file.")
        self.actions_of["new"].setToolTip(tip)

    def _why_not_save(self, checks: Checks | None) -> str:
        """Why the edits cannot be saved now; empty if they can."""
        if self.saving.is_busy:
            return self.tr("The changes are being saved…")
        if not self._session.is_synced:
            return self.tr("There is no connection.")
        if checks is None or checks.edition is not self.draft.edition:
            return self.tr("The edits are being checked…")
        if self.draft.conflicts:
            return self.tr("First choose which version of {0} to keep.").format(", ".join(sorted(self.draft.conflicts)))
        if checks.problems:
            return checks.problems[0]
        if checks.lockout is not None:
            place = place_text(checks.lockout.place)
            return self.tr("dom0 would lose its own management calls by {0}.").format(place)
        return ""

    def _known_calls(self, checks: Checks) -> list[str]:
        return in_order({rule.service for rule in checks.engine.policy.rules} - {ANY})

    # -- editing ------------------------------------------------------------------------------------------------------

    def _select_later(self, number: int) -> None:
        """Select a line of this file once the edit is checked."""
        self._place = Place(f"{POLICY_FOLDER}/{self._path}", number)

    def _text_typed(self) -> None:
        if self.is_editable and self.stack.currentWidget() is self.text:
            self.draft.edit(self._path, self.text.toPlainText())

    def _undo(self) -> None:
        self.draft.undo()

    def _undoable(self, text: str, plan: Plan, done: frozenset[RowKey]) -> None:
        """Offer to undo what made a manager; its lines are in files that this window shows."""
        self.watch.ask()
        offers = self.operations.undo_offers(plan, done)
        self.errors.show_notice(text, offers, warning=False, seconds=UNDO_SECONDS)

    def _discard(self) -> None:
        self.draft.discard()

    def _remove_file(self) -> None:
        if self.is_editable:
            self.draft.edit(self._path, None)

    def _test_rule(self) -> None:
        """Put a call of the selected rule into the tester."""
        rule = self.editing.rule()
        if rule is not None:
            self.tester.choose(rule.source, "" if rule.service == ANY else rule.service, rule.argument, rule.target)

    def _show_menu(self, at: QPoint) -> None:
        viewport = self.table.viewport()
        if viewport is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions([self.actions_of[key] for key in RULE_ACTIONS])
        menu.popup(viewport.mapToGlobal(at))

    # -- finding ------------------------------------------------------------------------------------------------------

    def _find(self) -> None:
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def found(self) -> list[Place]:
        """The lines of all files that hold what is searched for."""
        words = self.search.text().casefold().split()
        if not words:
            return []
        return [
            Place(f"{POLICY_FOLDER}/{path}", number)
            for path, text in self.draft.edition.policy.files.items()
            for number, line in enumerate(text.split("\n"), 1)
            if all(word in line.casefold() for word in words)
        ]

    def _fill_found(self) -> None:
        text = self.search.text().strip()
        count = len(self.found())
        self.search.setToolTip(self.tr("%n line(s); Return goes to the next.", "", count) if text else "")

    def _next_found(self) -> None:
        """To the next line that fits, from the selected one on."""
        places = self.found()
        if not places:
            return
        here = (f"{POLICY_FOLDER}/{self._path}", self.table.current_number())
        later = [place for place in places if (place.path, place.line) > here]
        self.show_place((later or places)[0])

    def _test(self, alteration: Alteration) -> None:
        request = alteration.request
        self.tester.choose(request.source, request.service, request.argument, request.target)

    # -- its size -----------------------------------------------------------------------------------------------------

    def _fit(self) -> None:
        is_wide = self.width() >= NARROW * unit_of(self)
        self.tester.show_why(is_shown=self.height() >= LOW * unit_of(self))
        self.changes.setVisible(is_wide or self.has_edits())
        self.side.setVisible(is_wide or not self.has_edits())

    # Qt overrides

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent | None) -> None:
        """Read the files again when the user comes back: other programs write them without an event."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self.watch.ask()

    def minimumSizeHint(self) -> QSize:
        unit = unit_of(self)
        return QSize(100 * unit, 70 * unit)


def open_policy(session: Session, _names: tuple[str, ...]) -> PolicyWindow:
    """Open the window; it is about no qube."""
    return PolicyWindow(session)
