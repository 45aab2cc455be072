# SPDX-License-Identifier: GPL-3.0-or-later
"""The first page: which profile, and which qubes it backs up."""

from collections.abc import Iterable
from enum import StrEnum

from PyQt5.QtCore import QEvent, QModelIndex, QObject, Qt, pyqtSignal
from PyQt5.QtGui import QKeyEvent
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.backup.profile import TAG, TYPE, Profile
from qubesmanager.models.backup_choice import (
    CHANGED,
    CLASS,
    LAST,
    NAME,
    SIZE,
    BackupChoice,
    candidates,
    chosen_by_rules,
    takes_dom0,
)
from qubesmanager.models.row_table import SortedRows
from qubesmanager.models.texts import whole_size_text
from qubesmanager.ui.backup.dom0_box import Dom0Box
from qubesmanager.ui.icons import label_icon
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.labels import plain_label
from qubesmanager.ui.widgets.tables import row_table, set_widths, sortable
from qubesmanager.ui.widgets.wizard import StepPage, below
from qubesmanager.wire.names import DOM0, PROFILE_ID, TAG_NAME, VM_NAME
from qubesmanager.wire.records import VmRecord
from qubesmanager.wire.values import VmClass


class Mode(StrEnum):
    """How qubes are chosen: by ticks, by their own setting, or by lists of names, classes and tags."""

    TICKS = "ticks"
    SETTING = "setting"
    RULES = "rules"


class ChoicePage(StepPage):
    """Signals: `profile_chosen(str)`: a profile that is kept was picked."""

    profile_chosen = pyqtSignal(str)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = self.tr("Which qubes")
        self._session = session
        self._changed_since: dict[str, bool | None] = {}
        self.profile = QComboBox(self)
        self.profile.setEditable(True)
        self.profile.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.profile.setToolTip(self.tr("The settings are kept under this name, for the next time."))
        self.remove = QPushButton(self.tr("Re&move"), self)
        self.remove.setAutoDefault(False)
        self.remove.setToolTip(self.tr("Remove this profile; its backups stay."))
        self.mode = QComboBox(self)
        for mode, text in (
            (Mode.TICKS, self.tr("The qubes that are ticked here")),
            (Mode.SETTING, self.tr("Those with “include in backups”, also future ones")),
            (Mode.RULES, self.tr("By name, class or tag, also future ones")),
        ):
            self.mode.addItem(text, mode)
        self.include = QLineEdit(self)
        self.include.setPlaceholderText(f"{TYPE}AppVM {TAG}work personal")
        self.exclude = QLineEdit(self)
        self.exclude.setPlaceholderText(self.tr("nothing"))
        self.search = QLineEdit(self)
        self.search.setClearButtonEnabled(True)
        self.search.setPlaceholderText(self.tr("Find a qube"))
        self.search.setAccessibleName(self.tr("Find a qube"))
        self.model = BackupChoice(self._picture, self)
        self.shown = SortedRows(self)
        self.shown.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.shown.setSourceModel(self.model)
        self.table = row_table(self.shown, self.tr("Qubes"), NAME, self)
        sortable(self.table)
        self.dom0 = Dom0Box(self)
        self.total = plain_label("", self)
        self.all = QPushButton(self.tr("Tick &all"), self)
        self.none = QPushButton(self.tr("Tick non&e"), self)
        for button in (self.all, self.none):
            button.setAutoDefault(False)
            button.setToolTip(self.tr("All qubes that are listed. The space bar ticks the selected ones."))
        self.news = plain_label("", self)
        self.add_new = QPushButton(self.tr("Tic&k them"), self)
        self.add_new.setAutoDefault(False)
        self._known: frozenset[str] | None = None
        """The qubes that there were when the profile was last carried out; None if that is not known."""
        self._is_kept = False
        self._form = QFormLayout()
        self._lay_out()
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.table.installEventFilter(self)
        self.search.textChanged.connect(self.shown.setFilterFixedString)
        self.all.clicked.connect(lambda: self._tick(self._listed(), ticked=True))
        self.none.clicked.connect(lambda: self._tick(self._listed(), ticked=False))
        self.add_new.clicked.connect(lambda: self._tick(self.new_qubes(), ticked=True))
        self.mode.currentIndexChanged.connect(self._follow_rules)
        self.include.textChanged.connect(self._follow_rules)
        self.exclude.textChanged.connect(self._follow_rules)
        self.profile.editTextChanged.connect(self._follow_rules)
        self.profile.activated.connect(lambda _at: self.profile_chosen.emit(self.profile_id()))
        self.model.ticked_changed.connect(self._refresh)
        self.dom0.changed.connect(self._refresh)
        session.put.connect(self._put)
        session.gone.connect(self._put)
        self._put()
        self.model.tick({row.name for row in self.model.rows if row.included})
        self._follow_rules()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.profile, 1)
        row.addWidget(self.remove)
        label = QLabel(self.tr("&Profile:"), self)
        label.setBuddy(self.profile)
        self._form.addRow(label, below(row, self.note_for(self.profile)))
        self._form.addRow(self.tr("Back &up:"), self.mode)
        self._form.addRow(self.tr("&Include:"), self.include)
        self._form.addRow("", self.note_for(self.include))
        self._form.addRow(self.tr("E&xclude:"), self.exclude)
        self._form.addRow("", self.note_for(self.exclude))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(self._form)
        row = QHBoxLayout()
        row.addWidget(self.search, 1)
        row.addWidget(self.all)
        row.addWidget(self.none)
        layout.addLayout(row)
        row = QHBoxLayout()
        row.addWidget(self.news, 1)
        row.addWidget(self.add_new)
        layout.addLayout(row)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.note_for(self.table))
        layout.addWidget(self.dom0)
        layout.addWidget(self.total)
        set_widths(self.table, {CLASS: 29, SIZE: 24, LAST: 32, CHANGED: 32})

    # -- what it says -------------------------------------------------------------------------------------------------

    def profile_id(self) -> str:
        return self.profile.currentText().strip()

    def chosen_mode(self) -> Mode:
        return Mode(self.mode.currentData())

    def names(self) -> list[str]:
        """The qubes that are backed up now."""
        return [row.name for row in self.model.chosen()]

    def lists(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """`include` and `exclude` of the profile."""
        match self.chosen_mode():
            case Mode.TICKS:
                return (*self.names(), *((DOM0,) if self.dom0.takes_dom0() else ())), ()
            case Mode.SETTING:
                return (), ()
        return tuple(self.include.text().split()), tuple(self.exclude.text().split())

    def put_profiles(self, names: list[str], chosen: str) -> None:
        self.profile.blockSignals(True)
        self.profile.clear()
        self.profile.addItems(names)
        self.profile.setEditText(chosen)
        self.profile.blockSignals(False)
        self._follow_rules()

    def put_changed(self, changed: dict[str, bool | None]) -> None:
        """Which qubes ran since their last backups, as dom0 says."""
        self._changed_since = changed
        self._put()

    def new_qubes(self) -> list[str]:
        """Qubes that the chosen profile does not tick and that are new since it was last carried out.

        Where that is not known: those that are included in backups and have none.
        """
        if not self._is_kept or self.chosen_mode() is not Mode.TICKS:
            return []
        known = self._known
        return [
            row.name
            for row in self.model.rows
            if row.included
            and row.name not in self.model.ticked
            and (row.last is None if known is None else row.name not in known)
        ]

    def _listed(self) -> list[str]:
        return self._names(self.shown.index(row, NAME) for row in range(self.shown.rowCount()))

    def _selected(self) -> list[str]:
        selection = self.table.selectionModel()
        return self._names(selection.selectedRows(NAME)) if selection is not None else []

    def _names(self, indexes: Iterable[QModelIndex]) -> list[str]:
        return [self.model.rows[self.shown.mapToSource(index).row()].name for index in indexes]

    def _tick(self, names: Iterable[str], *, ticked: bool) -> None:
        if self.chosen_mode() is Mode.TICKS:
            self.model.tick(self.model.ticked | set(names) if ticked else self.model.ticked - set(names))

    def show_profile(self, profile: Profile, *, takes_home: bool, known: frozenset[str] | None = None) -> None:
        """As a kept profile says it; `takes_home`: a run of it takes the home of dom0.

        `known`: the qubes that there were when it was last carried out, if that is known.
        """
        self._is_kept, self._known = True, known
        plain = profile.include and not profile.exclude and not any(name.startswith("$") for name in profile.include)
        mode = Mode.TICKS if plain else Mode.RULES if profile.include or profile.exclude else Mode.SETTING
        self.include.setText(" ".join(profile.include))
        self.exclude.setText(" ".join(profile.exclude))
        self.mode.setCurrentIndex(self.mode.findData(mode))
        if mode is Mode.TICKS:
            self.model.tick(profile.include)
            self.dom0.put(takes_dom0=DOM0 in profile.include)
        self._follow_rules()
        self.dom0.put_home(profile.dom0_home, taken=takes_home)

    def field_at_fault(self) -> QWidget | None:
        if not PROFILE_ID.matches(self.profile_id()):
            return self.profile
        if self.chosen_mode() is Mode.RULES:
            for field in (self.include, self.exclude):
                if not all(map(_is_pattern, field.text().split())):
                    return field
        return self.table

    def problem(self) -> str:
        if not PROFILE_ID.matches(self.profile_id()):
            return self.tr("The name of a profile has letters, digits, - and _.")
        if self.chosen_mode() is Mode.RULES:
            for word in (*self.include.text().split(), *self.exclude.text().split()):
                if not _is_pattern(word):
                    return self.tr("“{0}” is no qube, no $type:CLASS and no $tag:TAG.").format(word)
        if not self.names() and not self.dom0.takes_dom0():
            return self.tr("Nothing would be backed up: choose a qube.")
        return ""

    # -- updates ------------------------------------------------------------------------------------------------------

    def _put(self, *_: object) -> None:
        records: list[VmRecord] = list(self._session.records.values())
        self.model.put(candidates(records, self._changed_since))
        self._follow_rules()

    def _follow_rules(self, *_: object) -> None:
        mode = self.chosen_mode()
        for widget in (self.include, self.exclude):
            widget.setVisible(mode is Mode.RULES)
            if label := self._form.labelForField(widget):
                label.setVisible(mode is Mode.RULES)
        self.model.set_by_hand(mode is Mode.TICKS)
        self.dom0.set_by_hand(by_hand=mode is Mode.TICKS)
        if mode is not Mode.TICKS:
            include, exclude = self.lists()
            self.model.tick(chosen_by_rules(self.model.rows, include, exclude, self.profile_id()))
            dom0 = self._session.records.get(DOM0)
            included = dom0 is not None and takes_dom0(dom0, include, exclude, self.profile_id())
            self.dom0.put(takes_dom0=included)
        self._refresh()

    def _refresh(self) -> None:
        chosen = self.model.chosen()
        count = self.tr("%n qube(s)", "", len(chosen))
        text = self.tr("{0}, at most {1} before compression").format(count, whole_size_text(self.model.size()))
        running = sum(row.running for row in chosen)
        if running:
            text += "\n" + self.tr("%n running qube(s): backed up as the disks are when it begins", "", running)
        self.total.setText(text)
        by_hand = self.chosen_mode() is Mode.TICKS
        for button in (self.all, self.none):
            button.setVisible(by_hand)
        new = self.new_qubes()
        self.news.setText(self.tr("%n new qube(s): {0}", "", len(new)).format(", ".join(new)) if new else "")
        self.news.setVisible(bool(new))
        self.add_new.setVisible(bool(new))
        self.changed.emit()

    def _picture(self, label: str) -> object:
        return label_icon(self._session.color_of(label))

    # Qt overrides

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """The space bar ticks all selected qubes, or unticks them if all are ticked."""
        if watched is self.table and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            names = self._selected()
            if event.key() == Qt.Key.Key_Space and names:
                self._tick(names, ticked=not set(names) <= self.model.ticked)
                return True
        return super().eventFilter(watched, event)


def _is_pattern(word: str) -> bool:
    if word.startswith(TYPE):
        return word.removeprefix(TYPE) in set(VmClass)
    if word.startswith(TAG):
        return TAG_NAME.matches(word.removeprefix(TAG))
    return VM_NAME.matches(word)
