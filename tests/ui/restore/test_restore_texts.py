# SPDX-License-Identifier: GPL-3.0-or-later
"""What dom0 says of restored qubes, as the window shows it."""

from collections.abc import Iterator

import pytest
from PyQt5.QtCore import QTranslator
from PyQt5.QtWidgets import QApplication

from qubesmanager.backup.errors import BackupDamagedError, BackupPassphraseError
from qubesmanager.transport.base import TransportError
from qubesmanager.ui.restore.restore_texts import notes, why
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import text, to_json_text
from qubesmanager.wire.restores import Restored, decode_restored


class Marking(QTranslator):
    """Marks each text that is translated."""

    def translate(self, _context: str, source: str, _comment: str | None = None, _number: int = -1) -> str:  # type: ignore[override]
        return f"<{source}>"


@pytest.fixture
def marking(qapp: QApplication) -> Iterator[None]:
    translator = Marking()
    qapp.installTranslator(translator)
    yield
    qapp.removeTranslator(translator)


@pytest.mark.usefixtures("marking")
def test_each_reason_of_a_row_is_translated() -> None:
    inner = Reason("restore-without-netvm", Reason("no-such-qube", "x"))
    both = Reason("both-reasons", inner, Reason("config-added"))
    row = decode_restored(f"work restored-as=work result=ok {text(both)}\t{to_json_text(both)}")

    assert row.said == "It has no net qube: There is no qube x. It is added."
    assert notes(row) == "<<It has no net qube: <There is no qube x.>> <It is added.>>"


@pytest.mark.parametrize("row", ["", "Something new. That no table has.", "It is added.\t", "It is added.\t{}"])
def test_a_row_without_a_known_reason_is_shown_as_it_came(row: str) -> None:
    assert notes(decode_restored(f"work restored-as=- result=failed {row}")) == row.partition("\t")[0]
    assert notes(Restored("work", "", "failed", "Gone.")) == "Gone."


def test_the_reason_why_a_backup_cannot_be_read_is_translated() -> None:
    assert why(BackupPassphraseError("x")) == "This is not the passphrase of this backup."
    assert "cut off" in why(BackupDamagedError("x"))
    assert why(TransportError("No answer.")) == "No answer."
