# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialogs that rename and remove a qube show what names it elsewhere."""

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QLabel
from pytestqt.qtbot import QtBot
from samples import vm

from qubesmanager.client.live_copy import LiveCopy
from qubesmanager.ui.dialogs.mentions import LINE, SHOWN, mention_text
from qubesmanager.ui.dialogs.rename_dialog import RenameDialog
from qubesmanager.wire.codecs import Mention

LINES = [Mention("policy", f"a.policy:{number}", f"svc{number} * lab vault <b>allow</b>") for number in range(1, 12)]


def test_lines_of_policy_and_profiles_are_shown_and_many_are_counted() -> None:
    text = mention_text([*LINES, Mention("policy", "b:1", "x" * 500), Mention("profile", "nightly", "include exclude")])

    lines = text.splitlines()
    assert lines[1] == "a.policy:1  svc1 * lab vault <b>allow</b>"
    assert lines[1 + SHOWN] == f"and {12 - SHOWN} more"
    assert lines[-1] == "Backup profiles that name it: nightly (include exclude)"
    assert len(mention_text([Mention("policy", "b:1", "x" * 500)]).splitlines()[1]) < LINE + 10
    assert mention_text([]) == ""


def test_what_names_several_qubes_is_shown_once() -> None:
    mentions = [LINES[0], LINES[0], *(Mention("profile", "nightly", key) for key in ("include", "exclude", "include"))]

    assert mention_text(mentions, 2).splitlines()[1:] == [
        "a.policy:1  svc1 * lab vault <b>allow</b>",
        "Backup profiles that name them: nightly (include exclude)",
    ]


def test_the_rename_dialog_shows_them_as_plain_text(qtbot: QtBot) -> None:
    dialog = RenameDialog(None, LiveCopy({"lab": vm("lab")}), "lab", LINES[:1])
    qtbot.addWidget(dialog)

    (label,) = [label for label in dialog.findChildren(QLabel) if "a.policy:1" in label.text()]
    assert label.textFormat() == Qt.TextFormat.PlainText
