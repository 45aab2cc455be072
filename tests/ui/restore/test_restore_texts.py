# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon's sentences about restored qubes, as the window says them."""

import ast
import inspect
import re
from collections.abc import Iterator
from types import ModuleType

import pytest
from PyQt5.QtCore import QTranslator
from PyQt5.QtWidgets import QApplication

from qubesmanager.backup.archive import reader, salvage
from qubesmanager.backup.errors import BackupDamagedError, BackupPassphraseError
from qubesmanager.daemon.local.core import weight
from qubesmanager.daemon.local.services import restored_config, restored_settings, restores
from qubesmanager.rules import texts
from qubesmanager.transport.base import TransportError
from qubesmanager.ui.restore.restore_texts import NOTES, notes, why

SPEAKERS = (restores, restored_settings, restored_config, weight, texts, reader, salvage)
"""The modules whose sentences are in the answer of a restore."""


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


def spoken(module: ModuleType) -> set[str]:
    """The sentences in the source of a module, with a letter in place of each value of an f-string."""
    nodes = list(ast.walk(ast.parse(inspect.getsource(module))))
    documents = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    pieces = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
    texts = {
        "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)
        for node in nodes
        if isinstance(node, ast.JoinedStr)
    } | {
        str(node.value)
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in pieces | documents
    }
    return {text for text in texts if " " in text and text.endswith((".", ": x"))}


@pytest.mark.parametrize("sentence", NOTES)
def test_the_daemon_says_each_sentence_that_is_translated(sentence: str) -> None:
    source = "".join(map(inspect.getsource, SPEAKERS))

    assert all(part.strip() in source for part in re.split(r"\{\d\}", sentence))


@pytest.mark.parametrize("module", [restored_settings, restored_config, texts])
@pytest.mark.usefixtures("marking")
def test_each_sentence_about_a_restored_qube_is_translated(module: ModuleType) -> None:
    assert not [text for text in spoken(module) if not notes(text).startswith("<")]


@pytest.mark.usefixtures("marking")
def test_a_reason_inside_of_a_sentence_is_translated_too() -> None:
    assert notes("It has no netvm: There is no qube x. It is added.") == (
        "<It has no netvm: <There is no qube x.> <It is added.>>"
    )
    assert notes("There is no label pink; it is red. Its template is debian-13.") == (
        "<There is no label pink; it is red.> <Its template is debian-13.>"
    )


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
