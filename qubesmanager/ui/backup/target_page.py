# SPDX-License-Identifier: GPL-3.0-or-later
"""The second page: the destination of the backup, its options, which older backups are kept, and its schedule."""

from pathlib import Path

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QTime
from PyQt5.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QTimeEdit,
    QWidget,
)

from qubesmanager.backup.archive.compression import Compression
from qubesmanager.backup.profile import Profile
from qubesmanager.backup.retention import Keep
from qubesmanager.backup.schedule import DAYS, LAST_DAY, Schedule
from qubesmanager.models.natural_sort import in_order
from qubesmanager.ui.icons import label_icon
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.labels import plain_label
from qubesmanager.ui.widgets.wizard import StepPage, below
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.values import VmClass

FIRST_TIME = QTime(3, 0)
USUAL_KEEP = Keep(last=3, daily=7, weekly=4, monthly=6)


_NAMES = (
    QT_TRANSLATE_NOOP("TargetPage", "Monday"),
    QT_TRANSLATE_NOOP("TargetPage", "Tuesday"),
    QT_TRANSLATE_NOOP("TargetPage", "Wednesday"),
    QT_TRANSLATE_NOOP("TargetPage", "Thursday"),
    QT_TRANSLATE_NOOP("TargetPage", "Friday"),
    QT_TRANSLATE_NOOP("TargetPage", "Saturday"),
    QT_TRANSLATE_NOOP("TargetPage", "Sunday"),
)
_SCHEDULES = {
    "hourly": QT_TRANSLATE_NOOP("TargetPage", "every hour"),
    "daily": QT_TRANSLATE_NOOP("TargetPage", "every day at {0}"),
    "weekly": QT_TRANSLATE_NOOP("TargetPage", "every {0} at {1}"),
    "monthly": QT_TRANSLATE_NOOP("TargetPage", "on day {0} of each month at {1}"),
}


def schedule_text(schedule: Schedule) -> str:
    """When a profile runs by itself, in the user's language."""
    kind, *rest = schedule.text.split()
    parts = [_name_of(part) if part in DAYS else part for part in rest]
    return QCoreApplication.translate("TargetPage", _SCHEDULES[kind]).format(*parts)


def _name_of(day: str) -> str:
    return QCoreApplication.translate("TargetPage", _NAMES[DAYS.index(day)])


class TargetPage(StepPage):
    """Everything of a profile but its qubes and its passphrase."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = self.tr("Where and how")
        self._session = session
        self._command: tuple[str, ...] = ()
        self.where = QComboBox(self)
        self.path = QLineEdit(self)
        self.browse = QPushButton(self.tr("Bro&wse…"), self)
        self.browse.setAutoDefault(False)
        self.compression = QComboBox(self)
        for method, text in (
            (Compression.GZIP, self.tr("gzip: read by every Qubes OS")),
            (Compression.ZSTD, self.tr("zstd: smaller and faster")),
            (Compression.NONE, self.tr("none")),
        ):
            self.compression.addItem(text, method)
        self.verify = QCheckBox(self.tr("&Read all of it again when it is written"), self)
        self.verify.setChecked(True)
        self.keep = QCheckBox(self.tr("Remove &older backups of this profile"), self)
        self.counts = {name: QSpinBox(self) for name in Keep.__slots__}
        self.when = QComboBox(self)
        for kind, text in (
            ("", self.tr("Only when you start it")),
            ("hourly", self.tr("Every hour")),
            ("daily", self.tr("Every day at")),
            ("weekly", self.tr("Every week on")),
            ("monthly", self.tr("Every month on the")),
        ):
            self.when.addItem(text, kind)
        self.day = QComboBox(self)
        for day in DAYS:
            self.day.addItem(_name_of(day), day)
        self.date = QSpinBox(self)
        self.date.setRange(1, LAST_DAY)
        self.date.setSuffix(".")
        self.time = QTimeEdit(FIRST_TIME, self)
        self.note = plain_label("", self)
        self._lay_out()
        self._accessible()
        self.browse.clicked.connect(self._browse)
        for box in (self.where, self.when):
            box.currentIndexChanged.connect(self._refresh)
        for tick in (self.verify, self.keep):
            tick.toggled.connect(self._refresh)
        self.path.textChanged.connect(self._refresh)
        self._put_places()
        self._show_keep(USUAL_KEEP)
        self._refresh()

    def _lay_out(self) -> None:
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(self.tr("&To:"), self.where)
        row = QHBoxLayout()
        row.addWidget(self.path, 1)
        row.addWidget(self.browse)
        label = QLabel(self.tr("&Folder or file:"), self)
        label.setBuddy(self.path)
        form.addRow(label, below(row, self.note_for(self.path)))
        form.addRow(self.tr("&Compression:"), self.compression)
        form.addRow(self.tr("Afterwards:"), self.verify)
        form.addRow("", self.keep)
        row = QHBoxLayout()
        for name, text in (
            ("last", self.tr("the last")),
            ("daily", self.tr("days")),
            ("weekly", self.tr("weeks")),
            ("monthly", self.tr("months")),
        ):
            self.counts[name].setRange(0, 999)
            self.counts[name].setAccessibleName(text)
            label = QLabel(text, self)
            row.addWidget(label)
            row.addWidget(self.counts[name])
        row.addStretch(1)
        form.addRow(self.tr("Keep of them:"), row)
        row = QHBoxLayout()
        for widget in (self.when, self.day, self.date, self.time):
            row.addWidget(widget)
        row.addStretch(1)
        label = QLabel(self.tr("&Schedule:"), self)
        label.setBuddy(self.when)
        form.addRow(label, row)
        form.addRow("", self.note)

    def _accessible(self) -> None:
        self.day.setAccessibleName(self.tr("Day of the week"))
        self.date.setAccessibleName(self.tr("Day of the month"))
        self.time.setAccessibleName(self.tr("Time"))

    def _put_places(self) -> None:
        self.where.addItem(self.tr("A folder of dom0"), DOM0)
        for name in in_order(self._session.records):
            record = self._session.records[name]
            if record.klass not in {VmClass.ADMIN, VmClass.TEMPLATE, VmClass.REMOTE}:
                picture = label_icon(self._session.color_of(record.value("label")))
                self.where.addItem(picture, self.tr("The qube {0}").format(name), name)

    # -- what it says -------------------------------------------------------------------------------------------------

    def vm(self) -> str:
        return str(self.where.currentData())

    def schedule(self) -> Schedule | None:
        kind, at = str(self.when.currentData()), self.time.time().toString("HH:mm")
        texts = {
            "hourly": "hourly",
            "daily": f"daily {at}",
            "weekly": f"weekly {self.day.currentData()} {at}",
            "monthly": f"monthly {self.date.value()!s} {at}",
        }
        return Schedule(texts[kind]) if kind else None

    def kept(self) -> Keep | None:
        if not self.keep.isChecked() or not self.keep.isEnabled():
            return None
        return Keep(**{name: box.value() for name, box in self.counts.items()})

    def verifies(self) -> bool:
        return self.verify.isChecked() and self.verify.isEnabled()

    def show_profile(self, profile: Profile) -> None:
        """As a kept profile says it."""
        self._command = profile.destination_command
        if self.where.findData(profile.destination_vm) < 0:
            self.where.addItem(self.tr("The qube {0}").format(profile.destination_vm), profile.destination_vm)
        self.where.setCurrentIndex(self.where.findData(profile.destination_vm))
        self.path.setText(profile.destination_path or " ".join(profile.destination_command))
        self.compression.setCurrentIndex(self.compression.findData(profile.compression))
        self.verify.setChecked(profile.verify)
        self.keep.setChecked(profile.keep is not None)
        self._show_keep(profile.keep or USUAL_KEEP)
        self._show_schedule(profile.schedule)
        self._refresh()

    def _show_keep(self, keep: Keep) -> None:
        for name, box in self.counts.items():
            box.setValue(getattr(keep, name))

    def _show_schedule(self, schedule: Schedule | None) -> None:
        kind, *rest = schedule.text.split() if schedule else [""]
        self.when.setCurrentIndex(self.when.findData(kind))
        if rest:
            self.time.setTime(QTime.fromString(rest[-1], "HH:mm"))
        if kind == "weekly":
            self.day.setCurrentIndex(self.day.findData(rest[0]))
        if kind == "monthly":
            self.date.setValue(int(rest[0]))

    def field_at_fault(self) -> QWidget | None:
        return None if self._command else self.path

    def problem(self) -> str:
        path = self.path.text().strip()
        if self._command:
            return self.tr("This profile runs a command, which only root sets, in the profile's file; run it as it is.")
        if not path:
            return self.tr("Choose where the backup goes.")
        if self.vm() == DOM0 and (not path.startswith("/") or ".." in path.split("/")):
            return self.tr("The folder begins with /, and has no .. in it.")
        if not path.isprintable():
            return self.tr("The folder's name holds a character that cannot be shown.")
        return ""

    # -- showing ------------------------------------------------------------------------------------------------------

    def _refresh(self, *_: object) -> None:
        here = self.vm() == DOM0
        # What a qube takes cannot be read again from here.
        self.verify.setEnabled(here)
        self.browse.setVisible(here)
        self.keep.setEnabled(here and self.verify.isChecked())
        for box in self.counts.values():
            box.setEnabled(self.kept() is not None)
        kind = self.when.currentData()
        self.day.setVisible(kind == "weekly")
        self.date.setVisible(kind == "monthly")
        self.time.setVisible(kind in {"daily", "weekly", "monthly"})
        self.note.setText(self._note(here))
        self.changed.emit()

    def _note(self, here: bool) -> str:  # noqa: FBT001 - one of two texts
        if not here:
            return self.tr(
                "The qube gets the file through its qubes.Backup service. It is encrypted before it leaves dom0."
            )
        if self.keep.isEnabled() or not self.verify.isEnabled():
            return self.tr("A folder gets a new file each time; nothing is ever overwritten.")
        return self.tr("Older backups are removed only once a new one has been verified.")

    def _browse(self) -> None:
        """The file system of this computer, which is dom0's where the manager runs in dom0."""
        dialog = QFileDialog(self, self.tr("A folder for backups"), self.path.text() or str(Path.home()))
        dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self.path.setText)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
