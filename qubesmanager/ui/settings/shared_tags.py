# SPDX-License-Identifier: GPL-3.0-or-later
"""The tags of several qubes at once, as chips: given to all of them, or taken from all that have them."""

from collections.abc import Mapping

from PyQt5.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from qubesmanager.models.shared_draft import SharedDraft
from qubesmanager.models.texts import number_text
from qubesmanager.plans.plan import TAG
from qubesmanager.ui.settings.tags_page import complete_tags, why_no_tag
from qubesmanager.ui.widgets.chips import Chips
from qubesmanager.ui.widgets.labels import plain_label, problem_label, show_problem, subdue
from qubesmanager.wire.names import CREATED_BY
from qubesmanager.wire.records import VmRecord


class SharedTags(QWidget):
    """A tag that only some of the qubes have says how many."""

    def __init__(self, draft: SharedDraft, records: Mapping[str, VmRecord], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draft = draft
        self.chips = Chips(self)
        self.chips.removed.connect(lambda tag: draft.edit((TAG, tag), None))
        self.hint = plain_label("", self)
        subdue(self.hint)
        self.tag = QLineEdit(self)
        self.tag.setPlaceholderText(self.tr("A tag for all of them"))
        self.tag.setAccessibleName(self.tr("A tag for all of them"))
        self.tag.returnPressed.connect(self._add)
        complete_tags(self.tag, records)
        self.add = QPushButton(self.tr("A&dd"), self)
        self.add.clicked.connect(self._add)
        self.problem = problem_label(self)
        row = QHBoxLayout()
        row.addWidget(self.tag, 1)
        row.addWidget(self.add)
        layout = QVBoxLayout(self)
        layout.addWidget(self.hint)
        layout.addWidget(self.chips)
        layout.addLayout(row)
        layout.addWidget(self.problem)
        layout.addStretch(1)
        draft.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show what the drafts say."""
        all_of_them = len(self._draft.drafts)
        shown = {
            tag: tag
            if count == all_of_them
            else self.tr("{0} ({1} of {2})").format(tag, number_text(count), number_text(all_of_them))
            for tag, count in self._draft.tags().items()
        }
        fixed = [tag for tag in shown if tag.startswith(CREATED_BY)]
        self.chips.put(shown, fixed, self.tr("Shows who created the qube; it cannot be removed."))
        self.hint.setText(
            self.tr("The cross removes a tag from all of them.") if shown else self.tr("None of the qubes has a tag.")
        )

    def _add(self) -> None:
        name = self.tag.text().strip()
        why = why_no_tag(name)
        show_problem(self.problem, why)
        if not why:
            self.tag.clear()
            self._draft.edit((TAG, name), "")
