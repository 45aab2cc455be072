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
from qubesmanager.rules.actions import REFERENCES, Records, referrers, why_not_remove
from qubesmanager.ui.dialogs.mentions import mention_text
from qubesmanager.ui.icons import label_icon
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.labels import plain_label, redden
from qubesmanager.wire.codecs import Mention
from qubesmanager.wire.records import VmRecord


def removal_order(records: Records, names: Sequence[str]) -> list[str]:
    """Who refers to another before that other; equals by name. A ring of references stays in the order of names."""
    left = sorted(names)
    order: list[str] = []
    while left:
        free = [name for name in left if not any(_refers(records[other], name) for other in left if other != name)]
        order += free or left
        left = [name for name in left if name not in order]
    return order


def _refers(record: VmRecord, name: str) -> bool:
    return any(
        (held := record.properties.get(prop)) is not None and held.value == name and not held.is_default
        for prop in REFERENCES
    )


def why_not_remove_all(records: Records, names: Sequence[str]) -> dict[str, str | None]:
    """As `why_not_remove` for each, where those of `names` that can go do not hold the others back.

    One pass over all records, however many are asked about.
    """
    own = {name: why_not_remove(records[name], {}) for name in names if name in records}
    users: dict[str, list[str]] = {}
    for other in records.values():
        if other.name in own and own[other.name] is None:
            continue
        for prop in REFERENCES:
            held = other.properties.get(prop)
            if held is not None and held.value in own and held.value != other.name and not held.is_default:
                users.setdefault(held.value, []).append(f"{other.name} ({prop})")
    return {
        name: why or (f"It is used by {', '.join(sorted(users[name]))}." if name in users else None)
        for name, why in own.items()
    }


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
        for name in order:
            users = [user for user in referrers(records, name) if user.partition(" (")[0] not in order]
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
