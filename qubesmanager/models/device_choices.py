# SPDX-License-Identifier: GPL-3.0-or-later
"""The devices that a qube has, gets at each start, or could get: rows over a catalog and a draft."""

from collections.abc import Mapping
from dataclasses import dataclass

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from qubesmanager.models.device_catalog import Device, Kind
from qubesmanager.models.draft import Draft
from qubesmanager.models.row_table import TableColumn
from qubesmanager.models.texts import mode_text, size_text
from qubesmanager.plans.devices import device_key, text_options
from qubesmanager.plans.plan import Key
from qubesmanager.rules.devices import MODE, NO_STRICT_RESET, READ_ONLY, DeviceKey
from qubesmanager.wire.records import YES
from qubesmanager.wire.values import ASSIGNED_MODES, DeviceMode

CONTEXT = "DeviceChoices"

_KINDS = {
    Kind.PCI: QT_TRANSLATE_NOOP("DeviceChoices", "PCI"),
    Kind.DISK: QT_TRANSLATE_NOOP("DeviceChoices", "disk"),
    Kind.USB: QT_TRANSLATE_NOOP("DeviceChoices", "USB"),
    Kind.CAMERA: QT_TRANSLATE_NOOP("DeviceChoices", "camera"),
    Kind.MICROPHONE: QT_TRANSLATE_NOOP("DeviceChoices", "microphone"),
}
_ORDER = list(_KINDS)

_OPTIONS = {
    READ_ONLY: QT_TRANSLATE_NOOP("DeviceChoices", "read-only"),
    NO_STRICT_RESET: QT_TRANSLATE_NOOP("DeviceChoices", "no strict reset"),
}


@dataclass(frozen=True, slots=True)
class DeviceChoice:
    """A device beside a qube. `options` it would be given with at each start; None: it is not given.

    `now`: the qube has it, `edited`: that it is given, or how, is not sent yet.
    """

    device: Device
    now: bool
    options: str | None
    edited: bool

    @property
    def key(self) -> Key:
        """The draft's key of the assignment."""
        return device_key(*self.device.key)


def device_choices(devices: Mapping[DeviceKey, Device], draft: Draft) -> list[DeviceChoice]:
    """The devices for the qube: its own first, then by kind and name. Devices that it offers itself are left out."""
    name = draft.record.name
    rows = [
        DeviceChoice(
            device,
            device.holder == name,
            draft.value(device_key(*key)),
            draft.is_edited(device_key(*key)),
        )
        for key, device in devices.items()
        if key.backend != name
    ]
    return sorted(
        rows,
        key=lambda row: (
            not (row.now or row.device.holder == name or name in row.device.assigned),
            _ORDER.index(row.device.kind),
            row.device.name.casefold(),
            row.device.key,
        ),
    )


def kind_text(row: DeviceChoice) -> str:
    return QCoreApplication.translate("DeviceChoices", _KINDS[row.device.kind])


def holder_text(row: DeviceChoice) -> str:
    """The qube that has it now."""
    if not row.device.present:
        return QCoreApplication.translate("DeviceChoices", "it is not there")
    return QCoreApplication.translate("DeviceChoices", "this qube") if row.now else row.device.holder


def start_text(row: DeviceChoice) -> str:
    """Whether and how it is given at each start."""
    if row.options is None:
        text = ""
    else:
        options = text_options(row.options)
        mode = options.pop(MODE, "")
        first = mode_text(DeviceMode(mode)) if mode in ASSIGNED_MODES else ""
        rows = [
            QCoreApplication.translate("DeviceChoices", _OPTIONS[name]) if name in _OPTIONS else f"{name}={value}"
            for name, value in options.items()
            if value == YES or name not in _OPTIONS
        ]
        text = ", ".join([first or QCoreApplication.translate("DeviceChoices", "yes"), *rows])
    if not row.edited:
        return text
    text = text or QCoreApplication.translate("DeviceChoices", "no")
    return QCoreApplication.translate("DeviceChoices", "{0} (edited)").format(text)


CHOICE_COLUMNS: tuple[TableColumn[DeviceChoice], ...] = (
    TableColumn(QT_TRANSLATE_NOOP("DeviceChoices", "Device"), lambda row: row.device.name),
    TableColumn(QT_TRANSLATE_NOOP("DeviceChoices", "Kind"), kind_text),
    TableColumn(QT_TRANSLATE_NOOP("DeviceChoices", "At"), lambda row: str(row.device.key)),
    TableColumn(
        QT_TRANSLATE_NOOP("DeviceChoices", "Size"),
        lambda row: size_text(row.device.size) if row.device.size else "",
        lambda row: row.device.size,
        right=True,
    ),
    TableColumn(QT_TRANSLATE_NOOP("DeviceChoices", "Attached to"), holder_text),
    TableColumn(QT_TRANSLATE_NOOP("DeviceChoices", "At each start"), start_text),
)
