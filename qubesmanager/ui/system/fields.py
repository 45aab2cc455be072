# SPDX-License-Identifier: GPL-3.0-or-later
"""THE FIELDS of the system-wide settings: property, text, how it is edited."""

from collections.abc import Iterable, Mapping, Sequence

from PyQt5.QtCore import QT_TRANSLATE_NOOP

from qubesmanager.ui.forms.field import Choices, Edit, Field, any_field, every_qube
from qubesmanager.wire.codecs import PropertyRow
from qubesmanager.wire.records import VmRecord
from qubesmanager.wire.values import VmClass

_DAY = 86_400


def _networks(_record: VmRecord, records: Mapping[str, VmRecord]) -> list[str]:
    return ["", *sorted(held.name for held in records.values() if held.flag("provides_network"))]


def _templates(_record: VmRecord, records: Mapping[str, VmRecord]) -> list[str]:
    return ["", *sorted(held.name for held in records.values() if held.klass is VmClass.TEMPLATE)]


def _disposables(_record: VmRecord, records: Mapping[str, VmRecord]) -> list[str]:
    return ["", *sorted(held.name for held in records.values() if held.flag("template_for_dispvms"))]


_ROWS = (
    Field("default_template", QT_TRANSLATE_NOOP("SettingsFields", "Default &template"), Edit.CHOICE, _templates),
    Field("default_netvm", QT_TRANSLATE_NOOP("SettingsFields", "Default net &qube"), Edit.CHOICE, _networks),
    Field("default_dispvm", QT_TRANSLATE_NOOP("SettingsFields", "Default dis&posable"), Edit.CHOICE, _disposables),
    Field("management_dispvm", QT_TRANSLATE_NOOP("SettingsFields", "&Management disposable"), Edit.CHOICE,
          _disposables),
    Field("default_pool", QT_TRANSLATE_NOOP("SettingsFields", "Default po&ol"), Edit.CHOICE),
    Field("default_kernel", QT_TRANSLATE_NOOP("SettingsFields", "Default &kernel"), Edit.SUGGEST),
    Field("clockvm", QT_TRANSLATE_NOOP("SettingsFields", "&Clock qube"), Edit.CHOICE, _networks),
    Field("updatevm", QT_TRANSLATE_NOOP("SettingsFields", "&Update qube"), Edit.CHOICE, _networks),
    Field("default_guivm", QT_TRANSLATE_NOOP("SettingsFields", "Default &GUI qube"), Edit.CHOICE, every_qube),
    Field("default_audiovm", QT_TRANSLATE_NOOP("SettingsFields", "Default &audio qube"), Edit.CHOICE, every_qube),
    Field("default_qrexec_timeout", QT_TRANSLATE_NOOP("SettingsFields", "Time to sta&rt"), Edit.NUMBER,
          unit=" s", most=_DAY),
    Field("default_shutdown_timeout", QT_TRANSLATE_NOOP("SettingsFields", "Time to shut &down"), Edit.NUMBER,
          unit=" s", most=_DAY),
    Field("stats_interval", QT_TRANSLATE_NOOP("SettingsFields", "Between two statist&ics"), Edit.NUMBER,
          unit=" s", most=3600),
)  # fmt: skip


def system_fields(properties: Iterable[PropertyRow], pools: Sequence[str]) -> list[Field]:
    """A field a property that the daemon has: those with a row first, any other as its type says."""
    types = {row.name: row.type for row in properties}

    def pool_names(_record: VmRecord, _records: Mapping[str, VmRecord]) -> list[str]:
        return list(pools)

    known = [_with(row, pool_names) if row.name == "default_pool" else row for row in _ROWS if row.name in types]
    named = {row.name for row in _ROWS}
    return [
        *known,
        *(any_field(name, kind) for name, kind in types.items() if name not in named),
    ]


def _with(row: Field, choices: Choices) -> Field:
    return Field(row.name, row.title, row.edit, choices)
