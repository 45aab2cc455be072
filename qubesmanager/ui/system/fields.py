# SPDX-License-Identifier: GPL-3.0-or-later
"""THE FIELDS of the system-wide settings: property, text, how it is edited."""

from collections.abc import Iterable, Sequence

from PyQt5.QtCore import QT_TRANSLATE_NOOP

from qubesmanager.rules import candidates
from qubesmanager.rules.facts import QubeFacts, Qubes
from qubesmanager.ui.forms.field import Choices, Edit, Field, any_field, every_qube
from qubesmanager.wire.codecs import PropertyRow
from qubesmanager.wire.values import VmClass


def _networks(_qube: QubeFacts, qubes: Qubes) -> list[str]:
    return ["", *sorted(candidates.netvms(qubes))]


def _templates(_qube: QubeFacts, qubes: Qubes) -> list[str]:
    return ["", *sorted(candidates.templates(qubes, VmClass.APP))]


def _disposables(_qube: QubeFacts, qubes: Qubes) -> list[str]:
    return ["", *sorted(candidates.disposable_templates(qubes))]


_ROWS = (
    Field("default_template", QT_TRANSLATE_NOOP("SettingsFields", "Default &template"), Edit.CHOICE, _templates),
    Field("default_netvm", QT_TRANSLATE_NOOP("SettingsFields", "Default net &qube"), Edit.CHOICE, _networks),
    Field("default_dispvm", QT_TRANSLATE_NOOP("SettingsFields", "Default dis&posable"), Edit.CHOICE, _disposables),
    Field("management_dispvm", QT_TRANSLATE_NOOP("SettingsFields", "&Management disposable"), Edit.CHOICE,
          _disposables),
    Field("default_pool", QT_TRANSLATE_NOOP("SettingsFields", "Default po&ol"), Edit.CHOICE),
    Field("default_pool_root", QT_TRANSLATE_NOOP("SettingsFields", "Pool of root volumes"), Edit.CHOICE),
    Field("default_pool_private", QT_TRANSLATE_NOOP("SettingsFields", "Pool of private volumes"), Edit.CHOICE),
    Field("default_pool_volatile", QT_TRANSLATE_NOOP("SettingsFields", "Pool of volatile volumes"), Edit.CHOICE),
    Field("default_kernel", QT_TRANSLATE_NOOP("SettingsFields", "Default &kernel"), Edit.SUGGEST),
    Field("clockvm", QT_TRANSLATE_NOOP("SettingsFields", "&Clock qube"), Edit.CHOICE, _networks),
    Field("updatevm", QT_TRANSLATE_NOOP("SettingsFields", "&Update qube"), Edit.CHOICE, _networks),
    Field("check_updates_vm", QT_TRANSLATE_NOOP("SettingsFields", "Qubes look for updates"), Edit.TICK),
    Field("default_guivm", QT_TRANSLATE_NOOP("SettingsFields", "Default &GUI qube"), Edit.CHOICE, every_qube),
    Field("default_audiovm", QT_TRANSLATE_NOOP("SettingsFields", "Default &audio qube"), Edit.CHOICE, every_qube),
    Field("default_qrexec_timeout", QT_TRANSLATE_NOOP("SettingsFields", "Time to sta&rt"), Edit.NUMBER,
          unit=" s"),
    Field("default_shutdown_timeout", QT_TRANSLATE_NOOP("SettingsFields", "Time to shut &down"), Edit.NUMBER,
          unit=" s"),
    Field("stats_interval", QT_TRANSLATE_NOOP("SettingsFields", "Between two statist&ics"), Edit.NUMBER,
          unit=" s"),
)  # fmt: skip


_OF_POOLS = frozenset({"default_pool", "default_pool_root", "default_pool_private", "default_pool_volatile"})


def system_fields(properties: Iterable[PropertyRow], pools: Sequence[str]) -> list[Field]:
    """A field a property that the daemon has: those with a row first, any other as its type says."""
    types = {row.name: row.type for row in properties}

    def pool_names(_qube: QubeFacts, _qubes: Qubes) -> list[str]:
        return list(pools)

    known = [_with(row, pool_names) if row.name in _OF_POOLS else row for row in _ROWS if row.name in types]
    named = {row.name for row in _ROWS}
    return [
        *known,
        *(any_field(name, kind) for name, kind in types.items() if name not in named),
    ]


def _with(row: Field, choices: Choices) -> Field:
    return Field(row.name, row.title, row.edit, choices)
