# SPDX-License-Identifier: GPL-3.0-or-later
"""The only page of the backup wizard where qubesd has the qubes: what is not available there, and what can be run."""

from PyQt5.QtWidgets import QComboBox, QFormLayout, QLabel, QVBoxLayout, QWidget

from qubesmanager.ui.widgets.labels import plain_label
from qubesmanager.ui.widgets.wizard import StepPage
from qubesmanager.wire.names import PROFILE_ID


class QubesPage(StepPage):
    """`profile_id()` is the profile of Qubes OS to carry out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = self.tr("Backups of Qubes OS")
        self.not_available = plain_label(
            self.tr(
                "Qubes OS has no call that gives the data of a volume, and none for the profiles of backups. So qubes"
                " cannot be chosen, nor profiles made, in this window: use the backup of Qubes Manager, or qvm-backup,"
                " in dom0."
            ),
            self,
        )
        self.available = plain_label(
            self.tr(
                "What qubesd can carry out from here is a profile in /etc/qubes/backup of dom0 that has its"
                " passphrase. No call lists these: type its name, without .conf. Those of which a run was seen"
                " can be chosen."
            ),
            self,
        )
        self.profile = QComboBox(self)
        self.profile.setEditable(True)
        self.profile.setAccessibleName(self.tr("Profile"))
        self.profile.editTextChanged.connect(self.changed)
        label = QLabel(self.tr("&Profile:"), self)
        label.setBuddy(self.profile)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(label, self.profile)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(self.fontMetrics().height())
        layout.addWidget(self.not_available)
        layout.addWidget(self.available)
        layout.addLayout(form)
        layout.addStretch(1)

    def put_profiles(self, names: list[str]) -> None:
        """The profiles that are known; what was typed stays."""
        typed = self.profile.currentText()
        self.profile.clear()
        self.profile.addItems(names)
        self.profile.setEditText(typed)

    def profile_id(self) -> str:
        return self.profile.currentText().strip()

    # StepPage overrides

    def problem(self) -> str:
        if PROFILE_ID.matches(self.profile_id()):
            return ""
        return self.tr("Type the name of a profile of dom0.")
