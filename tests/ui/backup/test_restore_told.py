# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon's sentences about restored qubes, as the window says them."""

import inspect
import re

import pytest

from qubesmanager.backup.errors import BackupDamagedError, BackupPassphraseError
from qubesmanager.daemon.local.system import restored_settings, restoring
from qubesmanager.transport.base import TransportError
from qubesmanager.ui.backup.told import NOTES, notes, why


@pytest.mark.parametrize("sentence", NOTES)
def test_the_daemon_says_each_sentence_that_is_translated(sentence: str) -> None:
    source = inspect.getsource(restoring) + inspect.getsource(restored_settings)

    assert all(part.strip() in source for part in re.split(r"\{\d\}", sentence))


@pytest.mark.parametrize(
    "said",
    [
        "",
        "It was not asked for.",
        "There is no label pink; it is red. Its template is debian-13. The device 'dom0':'sdb' is left out.",
        "Something new. That nobody knows.",
    ],
)
def test_what_was_said_stays_whole(said: str) -> None:
    assert notes(said) == said


def test_why_a_backup_cannot_be_read_is_said_for_people() -> None:
    assert why(BackupPassphraseError("x")) == "This is not the passphrase of this backup."
    assert "cut off" in why(BackupDamagedError("x"))
    assert why(TransportError("No answer.")) == "No answer."
