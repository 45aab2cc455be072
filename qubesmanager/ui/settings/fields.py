# SPDX-License-Identifier: GPL-3.0-or-later
"""THE FIELDS of the basic and advanced pages: property, text, how it is edited, what needs a sentence."""

from PyQt5.QtCore import QT_TRANSLATE_NOOP

from qubesmanager.rules import boot_modes, candidates
from qubesmanager.rules.facts import QubeFacts, Qubes
from qubesmanager.rules.properties import PROPERTIES
from qubesmanager.ui.forms.field import Edit, Field, any_field


def _templates(qube: QubeFacts, qubes: Qubes) -> list[str]:
    return sorted(candidates.templates(qubes, qube.klass))


def _netvms(qube: QubeFacts, qubes: Qubes) -> list[str]:
    return ["", *sorted(name for name in candidates.netvms(qubes) if name != qube.name)]


def _disposables(_qube: QubeFacts, qubes: Qubes) -> list[str]:
    return ["", *sorted(candidates.disposable_templates(qubes))]


def _kernels(_qube: QubeFacts, qubes: Qubes) -> list[str]:
    return sorted(candidates.kernels(qubes))


def _boot_modes(qube: QubeFacts, qubes: Qubes) -> list[str]:
    return list(boot_modes.modes(qube, qubes))


def _modes(_qube: QubeFacts, _qubes: Qubes) -> list[str]:
    return list(PROPERTIES["virt_mode"].choices)


BASIC: tuple[Field, ...] = (
    Field("name", QT_TRANSLATE_NOOP("SettingsFields", "&Name"), Edit.TEXT),
    Field("label", QT_TRANSLATE_NOOP("SettingsFields", "&Label"), Edit.LABEL),
    Field("template", QT_TRANSLATE_NOOP("SettingsFields", "&Template"), Edit.CHOICE, _templates),
    Field("netvm", QT_TRANSLATE_NOOP("SettingsFields", "Net &qube"), Edit.CHOICE, _netvms,
          hint=QT_TRANSLATE_NOOP("SettingsFields", "The qube that gives this one network.")),
    Field("include_in_backups", QT_TRANSLATE_NOOP("SettingsFields", "&Include in backups"), Edit.TICK),
    Field("autostart", QT_TRANSLATE_NOOP("SettingsFields", "Start with the s&ystem"), Edit.TICK),
)  # fmt: skip

ADVANCED: tuple[Field, ...] = (
    Field("memory", QT_TRANSLATE_NOOP("SettingsFields", "Initial &memory"), Edit.NUMBER, unit=" MiB"),
    Field("maxmem", QT_TRANSLATE_NOOP("SettingsFields", "Ma&ximum memory"), Edit.NUMBER, unit=" MiB",
          hint=QT_TRANSLATE_NOOP("SettingsFields", "Memory that is free is given up to this; 0 turns balancing off.")),
    Field("vcpus", QT_TRANSLATE_NOOP("SettingsFields", "&VCPUs"), Edit.NUMBER),
    Field("kernel", QT_TRANSLATE_NOOP("SettingsFields", "&Kernel"), Edit.SUGGEST, _kernels,
          hint=QT_TRANSLATE_NOOP("SettingsFields", "Leave empty to boot the kernel of the root volume.")),
    Field("kernelopts", QT_TRANSLATE_NOOP("SettingsFields", "Kernel &options"), Edit.TEXT),
    Field("bootmode", QT_TRANSLATE_NOOP("SettingsFields", "Boot mode"), Edit.CHOICE, _boot_modes),
    Field("appvm_default_bootmode", QT_TRANSLATE_NOOP("SettingsFields", "Boot mode of its qubes"), Edit.CHOICE,
          _boot_modes),
    Field("virt_mode", QT_TRANSLATE_NOOP("SettingsFields", "Virtualisation mo&de"), Edit.CHOICE, _modes),
    Field("default_dispvm", QT_TRANSLATE_NOOP("SettingsFields", "Default dis&posable"), Edit.CHOICE, _disposables),
    Field("template_for_dispvms", QT_TRANSLATE_NOOP("SettingsFields", "Template for disposa&bles"), Edit.TICK),
    Field("provides_network", QT_TRANSLATE_NOOP("SettingsFields", "Provid&es network"), Edit.TICK),
    Field("debug", QT_TRANSLATE_NOOP("SettingsFields", "Debu&g"), Edit.TICK),
    Field("default_user", QT_TRANSLATE_NOOP("SettingsFields", "Default &user"), Edit.TEXT),
    Field("qrexec_timeout", QT_TRANSLATE_NOOP("SettingsFields", "Time to sta&rt"), Edit.NUMBER, unit=" s"),
    Field("shutdown_timeout", QT_TRANSLATE_NOOP("SettingsFields", "Time to s&hut down"), Edit.NUMBER, unit=" s"),
)  # fmt: skip

_ROWS = {field.name: field for field in (*BASIC, *ADVANCED)}


def field_of(name: str, kind: str) -> Field:
    """How a property is edited: by its row, or else by its type as `property.GetAll` says it (empty: not known)."""
    row = _ROWS.get(name)
    if row is not None:
        return row
    return any_field(name, kind)
