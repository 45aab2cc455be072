# SPDX-License-Identifier: GPL-3.0-or-later
"""THE COLUMNS of the qube table: title, text, sort key, look. A row added here is in the table and its menus."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from qubesmanager.models.natural_sort import Natural, natural
from qubesmanager.models.reason_texts import property_text
from qubesmanager.models.stats_history import History
from qubesmanager.models.texts import class_text, date_text, gib_text, number_text, since_text, size_text, state_text
from qubesmanager.rules.features import INTERNAL, PROHIBIT_START, SKIP_UPDATE, rationale
from qubesmanager.wire.names import CREATED_BY
from qubesmanager.wire.records import YES, VmRecord
from qubesmanager.wire.values import PowerState

CONTEXT = "VmTable"
NOT_APPLICABLE = "\u2013"
"""What a cell shows of a property that the qube cannot have."""
LABEL_ORDER = {
    label: at for at, label in enumerate(("red", "orange", "yellow", "green", "gray", "blue", "purple", "black"))
}
"""The labels that Qubes OS begins with, in its order."""


class Look(Enum):
    """How a cell is drawn beside its text."""

    TEXT = "text"
    LABEL = "label"
    STATE = "state"
    QUIET = "quiet"
    NETVM = "netvm"
    BACKUP = "backup"
    TICK = "tick"
    SPARK_CPU = "cpu"
    SPARK_MEMORY = "memory"


Key = Callable[[VmRecord, History | None], Any]
"""The sort key of a column; values of one column compare with each other."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `text` is what the cell shows; `tip` what its tooltip adds; `live` that statistics change it."""

    id: str
    title: str
    text: Callable[[VmRecord, History | None], str]
    key: Key
    look: Look = Look.TEXT
    right: bool = False
    shown: bool = True
    width: int = 28
    """At the first start, in quarters of a line's height."""
    tip: Callable[[VmRecord], str] | None = None
    live: bool = False

    def name(self) -> str:
        """The title in the user's language."""
        return QCoreApplication.translate(CONTEXT, self.title)


STATE_ORDER = {
    state: order
    for order, state in enumerate(
        (
            PowerState.RUNNING,
            PowerState.TRANSIENT,
            PowerState.PAUSED,
            PowerState.SUSPENDED,
            PowerState.HALTING,
            PowerState.DYING,
            PowerState.CRASHED,
            PowerState.HALTED,
            PowerState.NA,
        )
    )
}


def _backup(record: VmRecord, _history: History | None) -> str:
    moment = record.number("backup_timestamp")
    if moment is None:
        return QCoreApplication.translate("VmTable", "never") if record.flag("include_in_backups") else ""
    return since_text(moment, int(time.time()))


def _class(record: VmRecord, _history: History | None) -> str:
    return class_text(record.klass)


def _backup_tip(record: VmRecord) -> str:
    moment = record.number("backup_timestamp")
    return "" if moment is None else date_text(moment)


def _uptime(record: VmRecord, _history: History | None) -> str:
    start = record.number("start_time")
    if start is None:
        return ""
    minutes = max(0, int(time.time()) - start) // 60
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return QCoreApplication.translate("VmTable", "{0} d {1} h").format(number_text(days), number_text(hours))
    if hours:
        return QCoreApplication.translate("VmTable", "{0} h {1} min").format(number_text(hours), number_text(minutes))
    if not minutes:
        return QCoreApplication.translate("VmTable", "< 1 min")
    return QCoreApplication.translate("VmTable", "{0} min").format(number_text(minutes))


def _start_tip(record: VmRecord) -> str:
    start = record.number("start_time")
    return "" if start is None else date_text(start)


def _memory(record: VmRecord, history: History | None) -> str:
    if history is not None and record.running:
        return gib_text(history.memory_kib << 10)
    return ""


def _cpu(record: VmRecord, history: History | None) -> str:
    return number_text(history.cpu) if history is not None and record.running else ""


def _yes(name: str) -> Callable[[VmRecord, History | None], str]:
    return lambda record, _history: QCoreApplication.translate("VmTable", "yes") if record.flag(name) else ""


def _feature(name: str) -> Callable[[VmRecord, History | None], str]:
    return lambda record, _history: YES if record.features.get(name) else ""


def _rationale(record: VmRecord, _history: History | None) -> str:
    return rationale(record.features.get(PROHIBIT_START, ""))


def _netvm(record: VmRecord, _history: History | None) -> str:
    """The net qube; a qube without one has "none", and a dash is where there can be none."""
    if "netvm" not in record.properties:
        return NOT_APPLICABLE
    return record.value("netvm") or QCoreApplication.translate("VmTable", "none")


def _label_key(record: VmRecord, _history: History | None) -> tuple[int, Natural]:
    """From the least trusted of the usual labels to the most trusted, then the others by name."""
    label = record.value("label")
    return LABEL_ORDER.get(label, len(LABEL_ORDER)), natural(label)


def _value(name: str) -> Callable[[VmRecord, History | None], str]:
    return lambda record, _history: record.value(name)


def _text_key(text: Callable[[VmRecord, History | None], str]) -> Key:
    """By text, with numbers in it compared as numbers, without regard to case; empty texts last."""

    def key(record: VmRecord, history: History | None) -> tuple[bool, Natural]:
        value = text(record, history)
        return (not value, natural(value))

    return key


def _address_key(record: VmRecord, _history: History | None) -> tuple[bool, tuple[int, ...]]:
    address = record.value("ip")
    return (not address, tuple(int(part) for part in address.split(".") if part.isdigit()))


def _number_key(name: str) -> Key:
    return lambda record, _history: record.number(name) or 0


def _plain(
    name: str, title: str, text: Callable[[VmRecord, History | None], str], *, shown: bool = True, width: int = 28
) -> Column:
    return Column(name, title, text, _text_key(text), shown=shown, width=width)


def _first_line(record: VmRecord, _history: History | None) -> str:
    return record.notes.strip().partition("\n")[0]


TABLE: tuple[Column, ...] = (
    Column(
        "name", QT_TRANSLATE_NOOP("VmTable", "Name"), lambda record, _history: record.name,
        lambda record, _history: natural(record.name), look=Look.LABEL, width=43,
    ),
    Column(
        "state", QT_TRANSLATE_NOOP("VmTable", "State"), lambda record, _history: state_text(record.state),
        lambda record, _history: STATE_ORDER[record.state], look=Look.STATE, width=28,
        tip=lambda record: property_text(record, "problem"),
    ),
    Column(
        "class", QT_TRANSLATE_NOOP("VmTable", "Class"), _class, _text_key(_class), look=Look.QUIET, width=27,
    ),
    _plain("template", QT_TRANSLATE_NOOP("VmTable", "Template"), _value("template"), width=27),
    Column(
        "netvm", QT_TRANSLATE_NOOP("VmTable", "Net qube"), _netvm, _text_key(_value("netvm")), look=Look.NETVM,
        width=27,
    ),
    Column(
        "disk", QT_TRANSLATE_NOOP("VmTable", "Disk (GiB)"), lambda record, _history: gib_text(record.disk_usage),
        lambda record, _history: record.disk_usage, right=True, shown=False, width=22,
        tip=lambda record: size_text(record.disk_usage),
    ),
    Column(
        "cpu", QT_TRANSLATE_NOOP("VmTable", "CPU (%)"), _cpu,
        lambda record, history: history.cpu if history and record.running else -1,
        look=Look.SPARK_CPU, right=True, width=28, live=True,
    ),
    Column(
        "memory", QT_TRANSLATE_NOOP("VmTable", "Memory (GiB)"), _memory,
        lambda record, history: history.memory_kib if history and record.running else -1,
        look=Look.SPARK_MEMORY, right=True, width=38, live=True,
    ),
    Column("ip", QT_TRANSLATE_NOOP("VmTable", "IP"), _value("ip"), _address_key, width=29,
        shown=False),
    Column(
        "include_in_backups", QT_TRANSLATE_NOOP("VmTable", "Backup"), lambda _record, _history: "",
        lambda record, _history: not record.flag("include_in_backups"), look=Look.TICK, width=18,
    ),
    Column(
        "backup_timestamp", QT_TRANSLATE_NOOP("VmTable", "Last backup"), _backup, _number_key("backup_timestamp"),
        look=Look.BACKUP, width=27, tip=_backup_tip,
    ),
    Column(
        "label", QT_TRANSLATE_NOOP("VmTable", "Label"), _value("label"), _label_key, look=Look.LABEL, shown=False,
        width=24,
    ),
    _plain("internal", QT_TRANSLATE_NOOP("VmTable", "Internal"), _feature(INTERNAL), shown=False, width=19),
    _plain("prohibit_start", QT_TRANSLATE_NOOP("VmTable", "Start prohibited"), _rationale, shown=False, width=33),
    _plain("skip_update", QT_TRANSLATE_NOOP("VmTable", "Left out of updates"),
           _feature(SKIP_UPDATE), shown=False, width=33),
    _plain("default_dispvm", QT_TRANSLATE_NOOP("VmTable", "Default disposable"), _value("default_dispvm"), shown=False,
           width=33),
    _plain("template_for_dispvms", QT_TRANSLATE_NOOP("VmTable", "Disposable template"), _yes("template_for_dispvms"),
           shown=False, width=34),
    _plain("virt_mode", QT_TRANSLATE_NOOP("VmTable", "Virt mode"), _value("virt_mode"), shown=False, width=22),
    _plain("tags", QT_TRANSLATE_NOOP("VmTable", "Tags"),
           lambda record, _history: ", ".join(sorted(tag for tag in record.tags if not tag.startswith(CREATED_BY))),
           shown=False, width=33),
    _plain("notes", QT_TRANSLATE_NOOP("VmTable", "Notes"), _first_line, shown=False, width=45),
    Column(
        "uptime", QT_TRANSLATE_NOOP("VmTable", "Uptime"), _uptime,
        lambda record, _history: -(record.number("start_time") or 1 << 60), right=True, shown=False, width=23,
        tip=_start_tip, live=True,
    ),
    _plain("devices", QT_TRANSLATE_NOOP("VmTable", "Devices"),
           lambda record, _history: ", ".join(f"{device.backend}:{device.ident}" for device in record.devices),
           shown=False, width=33),
    Column(
        "vcpus", QT_TRANSLATE_NOOP("VmTable", "VCPUs"), _value("vcpus"), _number_key("vcpus"), right=True, shown=False,
        width=17,
    ),
    _plain("pool", QT_TRANSLATE_NOOP("VmTable", "Pool"),
           lambda record, _history: ", ".join(sorted({volume.pool for volume in record.volumes})), shown=False,
           width=22),
)  # fmt: skip


def property_column(name: str) -> Column:
    """A column that shows any property, under its own name."""
    return Column(name, name, _value(name), _property_key(name), shown=True)


def _property_key(name: str) -> Key:
    def key(record: VmRecord, _history: History | None) -> tuple[int, int, str]:
        number = record.number(name)
        value = record.value(name)
        return (0, number, "") if number is not None else (1 if value else 2, 0, value.casefold())

    return key
