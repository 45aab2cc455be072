# SPDX-License-Identifier: GPL-3.0-or-later
"""Sentences of the rules that people see are known to the translators."""

import ast
import itertools
from pathlib import Path

import pytest
from PyQt5.QtCore import QCoreApplication, QTranslator

from qubesmanager.daemon.local.core import properties, system_properties
from qubesmanager.daemon.local.core.property import Change, Property, SystemProperty
from qubesmanager.rules import actions, edits, memory, network, volumes
from qubesmanager.ui.actions import property_menus
from qubesmanager.ui.actions.actions import TABLE
from qubesmanager.ui.forms.property_helps import HELPS, help_text
from qubesmanager.ui.icons import icon
from qubesmanager.ui.reasons import PATTERNS, REASONS, reason, why_not_name
from qubesmanager.wire import names


def sentences(module: object, *functions: str) -> set[str]:
    """Every string constant that reads like a sentence in the functions that say why not."""
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))  # type: ignore[attr-defined]  # a module
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name.lstrip("_").startswith(functions):
            docstring = ast.get_docstring(node, clean=False)
            for part in ast.walk(node):
                if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value != docstring:
                    found.add(part.value)
    return {text for text in found if " " in text and text[0].isalpha() and text[-1] in ".-_"}


@pytest.mark.parametrize(
    ("module", "functions"),
    [(actions, "why_not"), (names, "why_not"), (volumes, "why_not"), (property_menus, "not_dom0")],
)
def test_each_reason_of_the_rules_is_translated(module: object, functions: str) -> None:
    said = {text for text in sentences(module, functions) if not text.startswith(("It is used by", "The name"))}

    assert said <= set(REASONS)


def test_a_reason_with_a_name_in_it_keeps_the_name() -> None:
    assert reason("It is used by work (netvm), vault (template).") == "It is used by work (netvm), vault (template)."
    assert why_not_name("none", ()) == "The name none is reserved."
    assert why_not_name("work", {"work"}) == "There is already a qube work."
    assert why_not_name("fresh", {"work"}) is None


def test_actions_have_their_own_ids_shortcuts_and_icons(qapp: object) -> None:
    shortcuts = [row.shortcut for row in TABLE if row.shortcut]

    assert len({row.id for row in TABLE}) == len(TABLE)
    assert len(set(shortcuts)) == len(shortcuts)
    for row in TABLE:
        assert not icon(row.icon).isNull()


def test_nothing_dangerous_stands_beside_what_is_likely() -> None:
    groups = {row.group for row in TABLE if row.dangerous}

    assert groups == {"end"}
    assert all(row.dangerous for row in TABLE if row.group == "end")


@pytest.mark.parametrize("module", [edits, memory, network])
def test_each_sentence_about_settings_has_a_pattern(module: object) -> None:
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))  # type: ignore[attr-defined]  # a module
    said = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            at = itertools.count()
            text = "".join(
                str(part.value) if isinstance(part, ast.Constant) else f"{{{next(at)}}}" for part in node.values
            )
            said.add(text)

    assert said <= set(PATTERNS)


def test_a_sentence_with_a_qubes_name_before_it_is_translated_in_both_parts() -> None:
    assert reason("work: There is no qube gone.") == "work: There is no qube gone."
    assert reason("What the daemon alone says, stays.") == "What the daemon alone says, stays."


def test_what_our_dom0_says_of_its_properties_is_translated() -> None:
    rows: list[Property | SystemProperty] = [*properties.TABLE.values(), *system_properties.TABLE.values()]

    assert {row.help for row in rows} | {change.value for change in Change} == set(HELPS)


def test_a_help_is_shown_paragraph_by_paragraph_and_what_another_dom0_says_stays() -> None:
    told = "``pvh``, ``hvm`` (needed for PCI devices and foreign systems) or ``pv``.\n\nIt can be set at any time.\n"
    german = QTranslator()
    assert german.load("qubesmanager_de", str(Path(__file__).parents[2] / "qubesmanager" / "i18n"))
    QCoreApplication.installTranslator(german)
    try:
        assert help_text(told).endswith("\n\nLässt sich jederzeit setzen.")
        assert help_text("Words of another dom0.\n") == "Words of another dom0."
    finally:
        QCoreApplication.removeTranslator(german)

    assert help_text(told).startswith("pvh, hvm (needed")
