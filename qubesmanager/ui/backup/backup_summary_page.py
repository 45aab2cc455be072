# SPDX-License-Identifier: GPL-3.0-or-later
"""The last page: what will happen, with what dom0 says of sizes, space and older backups."""

from PyQt5.QtWidgets import QCheckBox, QFormLayout, QLabel, QVBoxLayout, QWidget

from qubesmanager.backup.profile import Profile
from qubesmanager.models.texts import date_text, size_text, whole_size_text
from qubesmanager.ui.backup.target_page import schedule_text
from qubesmanager.ui.widgets.fonts import in_units
from qubesmanager.ui.widgets.labels import plain_label, problem_label, show_problem
from qubesmanager.ui.widgets.wizard import StepPage
from qubesmanager.wire.backups import Confirmed, Preview
from qubesmanager.wire.names import DOM0

NAMED = 8
"""Names that a line shows."""


class BackupSummaryPage(StepPage):
    """`show_plan` puts what the other pages say, `show_preview` what dom0 says of it."""

    def __init__(self, power_off: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = self.tr("What will happen")
        self._problem = ""
        self._lonely = False
        self._is_elsewhere = False
        self._form = QFormLayout()
        self._form.setVerticalSpacing(in_units(self, 2))
        self._lines: dict[str, QLabel] = {}
        for key, text in (
            ("qubes", self.tr("Qubes:")),
            ("dom0", self.tr("Of dom0:")),
            ("where", self.tr("To:")),
            ("size", self.tr("Size:")),
            ("how", self.tr("How:")),
            ("older", self.tr("Older backups:")),
            ("again", self.tr("Again:")),
            ("profile", self.tr("Profile:")),
        ):
            self._lines[key] = plain_label("", self)
            self._form.addRow(text, self._lines[key])
        self.warning = problem_label(self)
        self._preview: Preview | None = None
        self.give_up = QCheckBox(self.tr("&Remove the only backup of these qubes, too"), self)
        self.give_up.toggled.connect(self._show_older)
        self.give_up.hide()
        self.new_disk = QCheckBox(self.tr("&Use the disk that is mounted there now"), self)
        self.new_disk.toggled.connect(self.changed)
        self.new_disk.hide()
        self.power_off = QCheckBox(self.tr("Shut this computer &down when it is complete"), self)
        self.power_off.setEnabled(not power_off)
        self.power_off.setToolTip(power_off)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(self._form)
        layout.addWidget(self.give_up)
        layout.addWidget(self.new_disk)
        layout.addWidget(self.warning)
        layout.addStretch(1)
        layout.addWidget(self.power_off)

    def text(self, key: str) -> str:
        return self._lines[key].text()

    def show_plan(self, name: str, profile: Profile, qubes: list[str], *, kept: bool, takes_dom0: bool = False) -> None:
        """Show what is known, and ask the daemon for the rest. `takes_dom0`: dom0 is in the backup."""
        self._problem = self.tr("Waiting for the answer of dom0…")
        self._preview = None
        self._is_elsewhere = False
        for box in (self.give_up, self.new_disk):
            box.setChecked(False)
            box.hide()
        place = profile.destination_path or " ".join(profile.destination_command)
        if profile.destination_vm != DOM0:
            place = self.tr("the qube {0}: {1}").format(profile.destination_vm, place)
        how = [profile.compression.value, self.tr("key derivation {0}").format(profile.kdf)]
        how.append(self.tr("read again afterwards") if profile.verify else self.tr("not read again"))
        again = schedule_text(profile.schedule) if profile.schedule else self.tr("only when you start it")
        self._lonely = profile.schedule is not None and not profile.has_passphrase and not kept
        texts = {
            "qubes": self._named(qubes) or self.tr("none"),
            "dom0": self.tr("its configuration") if takes_dom0 else self.tr("nothing"),
            "where": place,
            "size": "…",
            "how": ", ".join(how),
            "older": "…" if profile.keep else self.tr("all stay"),
            "again": again,
            "profile": self.tr("kept as “{0}”, for the next time").format(name),
        }
        for key, text in texts.items():
            self._lines[key].setText(text)
        show_problem(self.warning, "")
        self.changed.emit()

    def show_preview(self, summary: Preview, profile: Profile) -> None:
        self._problem = ""
        free = "" if summary.free is None else self.tr("; {0} free there").format(whole_size_text(summary.free))
        self._lines["size"].setText(
            self.tr("at most {0} before compression{1}").format(whole_size_text(summary.size), free)
        )
        if summary.home is not None:
            home = self.tr("its configuration, and its home: at most {0}")
            self._lines["dom0"].setText(home.format(size_text(summary.home.size)))
        if profile.keep:
            self._preview = summary
            self.give_up.setVisible(bool(summary.would_keep))
            self._show_older()
        if summary.next_run is not None:
            again = self._lines["again"]
            again.setText(self.tr("{0}, next {1}").format(again.text(), date_text(summary.next_run)))
        warnings = []
        if self._lonely:
            warnings.append(
                self.tr("Its schedule will fail: no one is there to type the passphrase. Use a file or a qube.")
            )
        if summary.free is not None and summary.size > summary.free:
            warnings.append(self.tr("This may not fit. The backup starts only if there is enough free space."))
        if summary.missing:
            warnings.append(self.tr("There is no qube {0}.").format(", ".join(summary.missing)))
        if summary.left_out:
            left_out = self.tr("Left out, because the qube that set the profile does not see them: {0}.")
            warnings.append(left_out.format(", ".join(summary.left_out)))
        if summary.writable is False:
            self._problem = self.tr("Nothing can be written there: the folder does not exist, or is not writable.")
        elif summary.free is None and profile.destination_vm == DOM0:
            self._problem = self.tr("There is no such folder in dom0.")
        if summary.largest_file is not None and summary.size > summary.largest_file:
            largest = size_text(summary.largest_file)
            warnings.append(
                self.tr("The file system there cannot hold a file over {0}; the backup may be larger.").format(largest)
            )
        self._is_elsewhere = not summary.connected
        self.new_disk.setVisible(self._is_elsewhere)
        show_problem(self.warning, "\n".join(warnings))
        self.changed.emit()

    def given_up(self) -> list[str]:
        """The qubes whose last backup may go: those named on the page, once the user has confirmed it."""
        if self._preview is None or not self.give_up.isChecked():
            return []
        return sorted({name for names in self._preview.would_keep.values() for name in names})

    def confirmed(self) -> Confirmed:
        """The consents that the user ticked on the page."""
        return Confirmed(tuple(self.given_up()), new_disk=self.new_disk.isChecked())

    def _show_older(self, *_: object) -> None:
        if self._preview is None:
            return
        removed, kept = self._preview.retention(self.given_up())
        lines = [self.tr("none would be removed yet")]
        if removed:
            lines = [self.tr("removed once this one is verified: {0}").format(self._named(removed))]
        lines += [
            self.tr("{0} stays: it is the only backup of {1}").format(file, self._named(list(names)))
            for file, names in kept.items()
        ]
        self._lines["older"].setText("\n".join(lines))

    def show_nothing_known(self, why: str, *, may_go_on: bool) -> None:
        """dom0 does not say."""
        self._problem = "" if may_go_on else why
        self._lines["size"].setText(why)
        self.changed.emit()

    def problem(self) -> str:
        if not self._problem and self._is_elsewhere and not self.new_disk.isChecked():
            return self.tr("The disk for the backups of this profile is not connected.")
        return self._problem

    def _named(self, names: list[str]) -> str:
        shown = ", ".join(names[:NAMED])
        more = len(names) - NAMED
        return self.tr("{0} and %n more", "", more).format(shown) if more > 0 else shown
