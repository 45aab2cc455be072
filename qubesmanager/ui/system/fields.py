# SPDX-License-Identifier: GPL-3.0-or-later
"""THE FIELDS of the system-wide settings: property, text, how it is edited."""

from collections.abc import Iterable, Sequence

from qubesmanager.models.property_titles import SYSTEM_TITLES
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
    Field("default_template", SYSTEM_TITLES["default_template"], Edit.CHOICE, _templates),
    Field("default_netvm", SYSTEM_TITLES["default_netvm"], Edit.CHOICE, _networks),
    Field("default_dispvm", SYSTEM_TITLES["default_dispvm"], Edit.CHOICE, _disposables),
    Field("management_dispvm", SYSTEM_TITLES["management_dispvm"], Edit.CHOICE,
          _disposables),
    Field("default_pool", SYSTEM_TITLES["default_pool"], Edit.CHOICE),
    Field("default_pool_root", SYSTEM_TITLES["default_pool_root"], Edit.CHOICE),
    Field("default_pool_private", SYSTEM_TITLES["default_pool_private"], Edit.CHOICE),
    Field("default_pool_volatile", SYSTEM_TITLES["default_pool_volatile"], Edit.CHOICE),
    Field("default_kernel", SYSTEM_TITLES["default_kernel"], Edit.SUGGEST),
    Field("clockvm", SYSTEM_TITLES["clockvm"], Edit.CHOICE, _networks),
    Field("updatevm", SYSTEM_TITLES["updatevm"], Edit.CHOICE, _networks),
    Field("check_updates_vm", SYSTEM_TITLES["check_updates_vm"], Edit.TICK),
    Field("default_guivm", SYSTEM_TITLES["default_guivm"], Edit.CHOICE, every_qube),
    Field("default_audiovm", SYSTEM_TITLES["default_audiovm"], Edit.CHOICE, every_qube),
    Field("default_qrexec_timeout", SYSTEM_TITLES["default_qrexec_timeout"], Edit.NUMBER),
    Field("default_shutdown_timeout", SYSTEM_TITLES["default_shutdown_timeout"], Edit.NUMBER),
    Field("stats_interval", SYSTEM_TITLES["stats_interval"], Edit.NUMBER),
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
