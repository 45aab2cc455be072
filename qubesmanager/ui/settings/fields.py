# SPDX-License-Identifier: GPL-3.0-or-later
"""THE FIELDS of the basic and advanced pages: property, text, how it is edited, what needs a sentence."""

from PyQt5.QtCore import QT_TRANSLATE_NOOP

from qubesmanager.models.property_titles import TITLES
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
    Field("name", TITLES["name"], Edit.TEXT),
    Field("label", TITLES["label"], Edit.LABEL),
    Field("template", TITLES["template"], Edit.CHOICE, _templates),
    Field("netvm", TITLES["netvm"], Edit.CHOICE, _netvms,
          hint=QT_TRANSLATE_NOOP("SettingsFields", "The qube that gives this one network.")),
    Field("include_in_backups", TITLES["include_in_backups"], Edit.TICK),
    Field("autostart", TITLES["autostart"], Edit.TICK),
)  # fmt: skip

ADVANCED: tuple[Field, ...] = (
    Field("memory", TITLES["memory"], Edit.NUMBER),
    Field("maxmem", TITLES["maxmem"], Edit.NUMBER,
          hint=QT_TRANSLATE_NOOP("SettingsFields", "Memory that is free is given up to this; 0 turns balancing off.")),
    Field("vcpus", TITLES["vcpus"], Edit.NUMBER),
    Field("kernel", TITLES["kernel"], Edit.SUGGEST, _kernels,
          hint=QT_TRANSLATE_NOOP("SettingsFields", "Leave empty to boot the kernel of the root volume.")),
    Field("kernelopts", TITLES["kernelopts"], Edit.TEXT),
    Field("bootmode", TITLES["bootmode"], Edit.CHOICE, _boot_modes),
    Field("appvm_default_bootmode", TITLES["appvm_default_bootmode"], Edit.CHOICE,
          _boot_modes),
    Field("virt_mode", TITLES["virt_mode"], Edit.CHOICE, _modes),
    Field("default_dispvm", TITLES["default_dispvm"], Edit.CHOICE, _disposables),
    Field("template_for_dispvms", TITLES["template_for_dispvms"], Edit.TICK),
    Field("provides_network", TITLES["provides_network"], Edit.TICK),
    Field("devices_denied", TITLES["devices_denied"], Edit.TEXT,
          hint=QT_TRANSLATE_NOOP("SettingsFields", "Such devices are never attached: u03**** is USB input devices.")),
    Field("debug", TITLES["debug"], Edit.TICK),
    Field("default_user", TITLES["default_user"], Edit.TEXT),
    Field("qrexec_timeout", TITLES["qrexec_timeout"], Edit.NUMBER),
    Field("shutdown_timeout", TITLES["shutdown_timeout"], Edit.NUMBER),
)  # fmt: skip

_ROWS = {field.name: field for field in (*BASIC, *ADVANCED)}


def field_of(name: str, kind: str) -> Field:
    """How a property is edited: by its row, or else by its type as `property.GetAll` says it (empty: not known)."""
    row = _ROWS.get(name)
    if row is not None:
        return row
    return any_field(name, kind)
