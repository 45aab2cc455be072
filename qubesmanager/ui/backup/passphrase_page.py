# SPDX-License-Identifier: GPL-3.0-or-later
"""The third page: the passphrase, or where it comes from each time. What is typed is never kept anywhere."""

from dataclasses import replace
from enum import StrEnum

from PyQt5.QtCore import QTimer
from PyQt5.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QWidget,
)

from qubesmanager.backup.errors import BackupError
from qubesmanager.backup.passphrases import LIMIT, generated, passphrase_text
from qubesmanager.backup.profile import Profile
from qubesmanager.models.natural_sort import in_order
from qubesmanager.models.texts import number_text
from qubesmanager.ui.backup.strength import strength
from qubesmanager.ui.icons import label_icon
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.fonts import in_units
from qubesmanager.ui.widgets.labels import plain_label
from qubesmanager.ui.widgets.wizard import StepPage
from qubesmanager.wire.values import VmClass

PAUSE = 150
"""Milliseconds without a key after which the strength is looked at."""
SCORES = 4
METER = 53
"""Pixels."""


class Origin(StrEnum):
    """Where the passphrase comes from. KEPT: it is stored in the profile, from which it is never read back."""

    TYPED = "typed"
    FILE = "file"
    VM = "vm"
    KEPT = "kept"


class PassphrasePage(StepPage):
    """`passphrase()` is what was typed; `forget` takes it out of the widgets."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = self.tr("Passphrase")
        self.about = self.tr(
            "Without it no one can read the backup, not even you. It is not stored, and cannot be recovered."
        )
        self._session = session
        self.origin = QComboBox(self)
        self.origin.addItem(self.tr("I type it now"), Origin.TYPED)
        self.origin.addItem(self.tr("The first line of a file in dom0"), Origin.FILE)
        self.origin.addItem(self.tr("A qube gives it"), Origin.VM)
        self.first = QLineEdit(self)
        self.second = QLineEdit(self)
        for edit in (self.first, self.second):
            edit.setEchoMode(QLineEdit.EchoMode.Password)
        self.show_it = QCheckBox(self.tr("&Show it"), self)
        self.make = QPushButton(self.tr("&Generate one"), self)
        self.make.setAutoDefault(False)
        self.make.setToolTip(self.tr("Thirty random letters and digits: write them down."))
        self.meter = QProgressBar(self)
        self.meter.setRange(0, SCORES + 1)
        self.meter.setTextVisible(False)
        self.meter.setFixedHeight(in_units(self, 2))
        self.meter.setAccessibleName(self.tr("Strength"))
        self.verdict = plain_label("", self)
        self.verdict.setWordWrap(False)
        self.file = QLineEdit(self)
        self.file.setPlaceholderText("/root/backup-passphrase")
        self.vm = QComboBox(self)
        for name in in_order(session.records):
            record = session.records[name]
            if record.klass not in {VmClass.ADMIN, VmClass.TEMPLATE, VmClass.REMOTE}:
                self.vm.addItem(label_icon(session.color_of(record.value("label"))), name, name)
        self.kdf = QComboBox(self)
        for level, text in (
            ("standard", self.tr("standard: a third of a second for each guess")),
            ("strong", self.tr("strong: slower to guess, and to read; 1 GiB of memory")),
            ("generated", self.tr("quick: only for a generated passphrase")),
        ):
            self.kdf.addItem(text, level)
        self._made = ""
        self._beside, self._strength = QWidget(self), QWidget(self)
        self._form = QFormLayout(self)
        self._lay_out()
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE)
        self._pause.timeout.connect(self._weigh)
        self.first.textChanged.connect(self._typed)
        self.second.textChanged.connect(self._typed)
        self.file.textChanged.connect(self._refresh)
        self.origin.currentIndexChanged.connect(self._refresh)
        self.kdf.currentIndexChanged.connect(self._refresh)
        self.show_it.toggled.connect(self._show)
        self.make.clicked.connect(self._make)
        self._refresh()

    def _lay_out(self) -> None:
        form = self._form
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow(self.tr("&Where from:"), self.origin)
        form.addRow(self.tr("&Passphrase:"), self.first)
        form.addRow("", self.note_for(self.first))
        form.addRow(self.tr("&Once more:"), self.second)
        form.addRow("", self.note_for(self.second))
        for layout, parts in (
            (QHBoxLayout(self._beside), (self.show_it, self.make)),
            (QHBoxLayout(self._strength), (self.meter, self.verdict)),
        ):
            layout.setContentsMargins(0, 0, 0, 0)
            for part in parts:
                layout.addWidget(part)
            layout.addStretch(1)
        self.meter.setFixedWidth(in_units(self, METER))
        form.addRow("", self._beside)
        form.addRow(self.tr("Strength:"), self._strength)
        form.addRow(self.tr("&File:"), self.file)
        form.addRow("", self.note_for(self.file))
        form.addRow(self.tr("&Qube:"), self.vm)
        form.addRow("", self.note_for(self.vm))
        form.addRow(self.tr("&Key derivation:"), self.kdf)
        form.addRow("", self.note_for(self.kdf))

    # -- what it says -------------------------------------------------------------------------------------------------

    def chosen(self) -> Origin:
        return Origin(self.origin.currentData())

    def passphrase(self) -> str | None:
        """None where it comes from elsewhere."""
        return self.first.text() if self.chosen() is Origin.TYPED else None

    def apply(self, profile: Profile) -> Profile:
        """The profile with what this page says of it."""
        origin = self.chosen()
        return replace(
            profile,
            kdf=str(self.kdf.currentData()),
            passphrase_file=self.file.text().strip() if origin is Origin.FILE else "",
            passphrase_vm=str(self.vm.currentData() or "") if origin is Origin.VM else "",
        )

    def show_profile(self, profile: Profile, *, kept: bool) -> None:
        """As a profile says it; `kept`: it holds its passphrase itself."""
        at = self.origin.findData(Origin.KEPT)
        if kept and at < 0:
            self.origin.addItem(self.tr("Stored in the profile"), Origin.KEPT)
        elif not kept and at >= 0:
            self.origin.removeItem(at)
        origin = Origin.KEPT if kept else Origin.TYPED
        if profile.passphrase_file:
            origin = Origin.FILE
            self.file.setText(profile.passphrase_file)
        if profile.passphrase_vm:
            origin = Origin.VM
            if self.vm.findData(profile.passphrase_vm) < 0:
                self.vm.addItem(profile.passphrase_vm, profile.passphrase_vm)
            self.vm.setCurrentIndex(self.vm.findData(profile.passphrase_vm))
        self.origin.setCurrentIndex(self.origin.findData(origin))
        self.kdf.setCurrentIndex(self.kdf.findData(profile.kdf))
        self._refresh()

    def field_at_fault(self) -> QWidget | None:
        match self.chosen():
            case Origin.FILE:
                return self.file
            case Origin.VM:
                return self.vm
        if not self.first.text() or not _is_passphrase(self.first.text()):
            return self.first
        return self.second if self.first.text() != self.second.text() else self.kdf

    def problem(self) -> str:
        match self.chosen():
            case Origin.FILE:
                if not self.file.text().strip().startswith("/"):
                    return self.tr("Name the file by its whole path, from /.")
            case Origin.VM:
                if self.vm.currentData() is None:
                    return self.tr("There is no qube that could give it.")
            case Origin.TYPED:
                return self._typed_problem()
        return ""

    def _typed_problem(self) -> str:
        if not self.first.text():
            return self.tr("A backup needs a passphrase.")
        if not _is_passphrase(self.first.text()):
            return self.tr("A passphrase is one line of text with at most {0} bytes.").format(number_text(LIMIT))
        if self.first.text() != self.second.text():
            return self.tr("The two passphrases differ.") if self.second.text() else self.tr("Type it once more.")
        if self.kdf.currentData() == "generated" and self.first.text() != self._made:
            return self.tr("The quick key derivation is only for a passphrase that was generated here.")
        return ""

    def forget(self) -> None:
        """`setText`, unlike `clear`, leaves nothing to undo."""
        self._made = ""
        for edit in (self.first, self.second):
            edit.setText("")
        self.show_it.setChecked(False)

    # -- showing ------------------------------------------------------------------------------------------------------

    def _refresh(self, *_: object) -> None:
        origin = self.chosen()
        typed = (self.first, self.second, self._beside, self._strength)
        for widget, shown in (
            *((each, origin is Origin.TYPED) for each in typed),
            (self.file, origin is Origin.FILE),
            (self.vm, origin is Origin.VM),
        ):
            widget.setVisible(shown)
            if label := self._form.labelForField(widget):
                label.setVisible(shown)
        self.changed.emit()

    def _typed(self) -> None:
        self._pause.start()
        self.changed.emit()

    def _weigh(self) -> None:
        rating = strength(self.first.text())
        self.meter.setValue(rating.score + 1 if rating else 0)
        self.verdict.setText(rating.text if rating else "")

    def _show(self, shown: bool) -> None:  # noqa: FBT001 - a slot
        for edit in (self.first, self.second):
            edit.setEchoMode(QLineEdit.EchoMode.Normal if shown else QLineEdit.EchoMode.Password)

    def _make(self) -> None:
        self._made = generated()
        self.first.setText(self._made)
        self.second.setText("")
        self.show_it.setChecked(True)
        self.kdf.setCurrentIndex(self.kdf.findData("generated"))
        self.second.setFocus()


def _is_passphrase(text: str) -> bool:
    try:
        passphrase_text(text, "")
    except BackupError:
        return False
    return True
