# SPDX-License-Identifier: GPL-3.0-or-later
"""Removing qubes: what goes with them, what still refers to them, and the name typed once more."""

from collections.abc import Sequence

from PyQt5.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from qubesmanager.models.texts import size_text
from qubesmanager.rules.references import reference_texts, references_to
from qubesmanager.ui.dialogs.mentions import mention_text
from qubesmanager.ui.icons import label_icon
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.labels import plain_label, redden
from qubesmanager.wire.codecs import Mention


class RemoveDialog(QDialog):
    """Accepted once the name (or, for many, their number) is typed."""

    def __init__(
        self, parent: QWidget | None, session: Session, order: Sequence[str], mentions: Sequence[Mention] = ()
    ) -> None:
        records = session.records
        super().__init__(parent)
        self._word = order[0] if len(order) == 1 else str(len(order))
        self.setWindowTitle(self.tr("Remove"))
        layout = QVBoxLayout(self)
        size = sum(records[name].disk_usage for name in order)
        if len(order) == 1:
            question = self.tr("Remove {0} with all its data?").format(order[0])
        else:
            question = self.tr("Remove %n qube(s) with all their data?", "", len(order))
        headline = plain_label(question, self)
        font = headline.font()
        font.setBold(True)
        headline.setFont(font)
        layout.addWidget(headline)
        lost = self.tr("This cannot be undone; only a backup brings it back.")
        if size_text(size):
            lost += " " + self.tr("{0} become free.").format(size_text(size))
        layout.addWidget(plain_label(lost, self))
        self.list = QListWidget(self)
        self.list.setAccessibleName(self.tr("What is removed, in this order"))
        for name, references in references_to(session.facts, order).items():
            others = [reference for reference in references if reference.user not in order]
            users = reference_texts(session.facts, others)
            text = self.tr("{0} - still used by {1}").format(name, ", ".join(users)) if users else name
            QListWidgetItem(label_icon(session.color_of_qube(name)), text, self.list)
        self.list.setMaximumHeight(min(len(order), 8) * 26 + 8)
        layout.addWidget(self.list)
        if text := mention_text(mentions):
            layout.addWidget(plain_label(text, self))
        if len(order) == 1:
            prompt = self.tr("Type the name of the qube to remove it:")
        else:
            prompt = self.tr("Type the number of qubes ({0}) to remove them:").format(len(order))
        layout.addWidget(plain_label(prompt, self))
        self.typed = QLineEdit(self)
        self.typed.setAccessibleName(prompt)
        self.typed.textChanged.connect(self._look)
        layout.addWidget(self.typed)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self.yes = QPushButton(self.tr("Remove"), self)
        self.yes.setObjectName("yes")
        redden(self.yes)
        buttons.addButton(self.yes, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        self.typed.setFocus()
        self._look()
        self.resize(460, self.sizeHint().height())

    def _look(self) -> None:
        self.yes.setEnabled(self.typed.text() == self._word)
