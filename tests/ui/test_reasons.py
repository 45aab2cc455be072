# SPDX-License-Identifier: GPL-3.0-or-later
"""Reasons in the user's language; the table of actions; the helps of properties."""

from dataclasses import replace
from pathlib import Path

import pytest
from PyQt5.QtCore import QCoreApplication, QTranslator

from qubesmanager.models.reason_texts import property_text, reason_text, run_text
from qubesmanager.transport.base import TransportError
from qubesmanager.ui.actions.actions import TABLE
from qubesmanager.ui.forms.property_helps import help_text
from qubesmanager.ui.icons import icon
from qubesmanager.ui.reasons import error_text, why_not_name
from qubesmanager.wire.backups import BackupRun
from qubesmanager.wire.errors import QubesVMNotFoundError
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import refusal, text
from qubesmanager.wire.records import PropertyValue, VmRecord
from qubesmanager.wire.values import PowerState, VmClass


def test_a_name_is_refused_in_words() -> None:
    assert why_not_name("none", ()) == "The name none is reserved."
    assert why_not_name("work", {"work"}) == "There is already a qube work."
    assert why_not_name("fresh", {"work"}) is None


@pytest.mark.usefixtures("translated")
def test_a_reason_is_translated_by_its_code_and_so_is_one_inside_of_it() -> None:
    inner = Reason("no-such-qube", "gone")

    assert reason_text(Reason("of-qube", "work", inner)) == "<work: <There is no qube gone.>>"
    assert error_text(refusal("no-such-qube", "gone")) == "<There is no qube gone.>"
    assert error_text(QubesVMNotFoundError("There is no qube gone.")) == "There is no qube gone."
    assert error_text(TransportError("No answer.")) == "No answer."


@pytest.mark.parametrize(
    ("reason", "shown", "sent"),
    [
        (Reason("backup-no-space", 27034, "/b", 11843), "26.4 GiB", "27034 MiB"),
        (Reason("memory-left", 4000, 0), "4,000 MiB", "4000 MiB"),
        (Reason("notes-too-long", 256), "256.0 KiB", "256 KiB"),
        (Reason("qcow2-most", 1 << 43), "8.0 TiB", "8796093022208 bytes"),
        (Reason("backup-no-space", "9" * 19, "/b", 1), "8.0 EiB", "9" * 19 + " MiB"),
        (Reason("qcow2-most", "9" * 99), "9" * 99 + " bytes", "9" * 99 + " bytes"),
        (Reason("qcow2-most", "many"), "many bytes", "many bytes"),
    ],
    ids=str,
)
def test_amounts_are_written_as_windows_write_them(qapp: object, reason: Reason, shown: str, sent: str) -> None:
    assert shown in reason_text(reason)
    assert sent in text(reason)


@pytest.mark.usefixtures("translated")
def test_a_run_and_a_property_are_translated_by_the_reason_that_they_carry() -> None:
    why = Reason("run-cut-off")
    run = BackupRun("nightly", 1, "failed", end=2, reason=text(why))
    work = VmRecord("work", VmClass.APP, PowerState.NA, {"problem": PropertyValue("Gone.", True)})

    assert run_text(run) == text(why)
    assert run_text(replace(run, why=why)) == f"<{text(why)}>"
    assert property_text(work, "problem") == "Gone."
    known = replace(work, properties={"problem": PropertyValue(text(why), True, why)})
    assert property_text(known, "problem") == f"<{text(why)}>"
    assert property_text(work, "netvm") == ""


def test_actions_have_their_own_ids_shortcuts_and_icons(qapp: object) -> None:
    shortcuts = [row.shortcut for row in TABLE if row.shortcut]

    assert len({row.id for row in TABLE}) == len(TABLE)
    assert len(set(shortcuts)) == len(shortcuts)
    for row in TABLE:
        assert not icon(row.icon).isNull()


def test_dangerous_actions_are_a_separate_group() -> None:
    groups = {row.group for row in TABLE if row.dangerous}

    assert groups == {"end"}
    assert all(row.dangerous for row in TABLE if row.group == "end")


@pytest.mark.usefixtures("qapp")
def test_a_help_is_shown_paragraph_by_paragraph_and_what_another_dom0_says_stays() -> None:
    text = "``pvh``, ``hvm`` (needed for PCI devices and foreign systems) or ``pv``.\n\nIt can be set at any time.\n"
    german = QTranslator()
    assert german.load("qubesmanager_de", str(Path(__file__).parents[2] / "qubesmanager" / "i18n"))
    QCoreApplication.installTranslator(german)
    try:
        assert help_text(text).endswith("\n\nLässt sich jederzeit setzen.")
        assert help_text("Words of another dom0.\n") == "Words of another dom0."
    finally:
        QCoreApplication.removeTranslator(german)

    assert help_text(text).startswith("pvh, hvm (needed")
