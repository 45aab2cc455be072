# SPDX-License-Identifier: GPL-3.0-or-later
"""States, sizes, times and tooltips as text for the user, in the user's language."""

from collections.abc import Sequence
from typing import NewType

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QDateTime, QLocale

from qubesmanager.models.property_titles import property_title
from qubesmanager.models.restart_watch import TEMPLATE
from qubesmanager.rules.backups import is_ahead
from qubesmanager.rules.properties import Measure, row_of
from qubesmanager.wire.values import DeviceMode, PowerState, VmClass

STATE_TEXTS = {
    PowerState.RUNNING: QT_TRANSLATE_NOOP("VmTable", "Running"),
    PowerState.TRANSIENT: QT_TRANSLATE_NOOP("VmTable", "Starting"),
    PowerState.PAUSED: QT_TRANSLATE_NOOP("VmTable", "Paused"),
    PowerState.SUSPENDED: QT_TRANSLATE_NOOP("VmTable", "Suspended"),
    PowerState.HALTING: QT_TRANSLATE_NOOP("VmTable", "Shutting down"),
    PowerState.DYING: QT_TRANSLATE_NOOP("VmTable", "Ending"),
    PowerState.CRASHED: QT_TRANSLATE_NOOP("VmTable", "Crashed"),
    PowerState.HALTED: QT_TRANSLATE_NOOP("VmTable", "Halted"),
    PowerState.NA: QT_TRANSLATE_NOOP("VmTable", "Unknown"),
}


def state_text(state: PowerState) -> str:
    """The state in the user's language."""
    return QCoreApplication.translate("VmTable", STATE_TEXTS[state])


CLASS_TEXTS: dict[str, str] = {
    VmClass.ADMIN: QT_TRANSLATE_NOOP("VmTable", "Admin"),
    VmClass.APP: QT_TRANSLATE_NOOP("VmTable", "App qube"),
    VmClass.DISP: QT_TRANSLATE_NOOP("VmTable", "Disposable"),
    VmClass.REMOTE: QT_TRANSLATE_NOOP("VmTable", "Remote"),
    VmClass.STANDALONE: QT_TRANSLATE_NOOP("VmTable", "Standalone"),
    VmClass.TEMPLATE: QT_TRANSLATE_NOOP("VmTable", "Template"),
}


def class_text(klass: str) -> str:
    """The class of a qube; one of a backup that is not known here as it is written there."""
    text = CLASS_TEXTS.get(klass)
    return klass if text is None else QCoreApplication.translate("VmTable", text)


MODE_TEXTS = {
    DeviceMode.MANUAL: QT_TRANSLATE_NOOP("DeviceModes", "not assigned"),
    DeviceMode.AUTO: QT_TRANSLATE_NOOP("DeviceModes", "attached by itself"),
    DeviceMode.ASK: QT_TRANSLATE_NOOP("DeviceModes", "asks first"),
    DeviceMode.REQUIRED: QT_TRANSLATE_NOOP("DeviceModes", "required"),
}


def mode_text(mode: DeviceMode) -> str:
    """How a qube gets a device, in the user's language."""
    return QCoreApplication.translate("DeviceModes", MODE_TEXTS[mode])


DIGITS = 19
"""The most digits of a number that a daemon sends, of those that are shown or computed with."""
LARGEST = (1 << 63) - 1
"""What Qt can write as a size."""


def size_text(size: int) -> str:
    """A number of bytes, such as `1.2 GiB`; empty for none. One beyond 8 EiB is written as that."""
    if size <= 0:
        return ""
    return QLocale().formattedDataSize(min(size, LARGEST), 1, QLocale.DataSizeFormat.DataSizeIecFormat)


def number_text(number: int) -> str:
    """A whole number in the digits of the user's language, as sizes have them."""
    return QLocale().toString(number)


def whole_number(text: str) -> int | None:
    """The number that a text from a daemon says; None for other texts, and for too many digits."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= DIGITS else None


Unit = NewType("Unit", str)
"""A number with its unit: the text to translate, with {0} for the number."""
NO_UNIT = Unit("")
UNIT_GIB = Unit(QT_TRANSLATE_NOOP("Sizes", "{0} GiB"))
UNIT_MIB = Unit(QT_TRANSLATE_NOOP("Sizes", "{0} MiB"))
UNIT_SECONDS = Unit(QT_TRANSLATE_NOOP("Sizes", "{0} s"))
UNIT_PERCENT = Unit(QT_TRANSLATE_NOOP("Sizes", "{0} %"))
"""The units that are not chosen by the size. `size_text` has those of the user's locale."""


def quantity(number: str, unit: Unit) -> str:
    """A number, as text, with one of the units; alone if the unit is empty."""
    return QCoreApplication.translate("Sizes", unit).format(number) if unit else number


def around_number(unit: Unit) -> tuple[str, str]:
    """What is before and behind the number of one of the units, for a box in which the number is typed."""
    before, _number, after = QCoreApplication.translate("Sizes", unit).partition("{0}")
    return (before, after) if unit else ("", "")


MEASURE_UNITS = {None: NO_UNIT, Measure.MIB: UNIT_MIB, Measure.SECONDS: UNIT_SECONDS}


def property_unit(name: str) -> Unit:
    """The unit of a property of a qube or of the system; none for one that is no number, or not known."""
    row = row_of(name)
    return MEASURE_UNITS[row.measure if row is not None else None]


def property_quantity(name: str, value: str) -> str:
    """A value of the property, with its unit where it counts something; another value as it is."""
    unit, number = property_unit(name), whole_number(value)
    return value if number is None or not unit else quantity(number_text(number), unit)


def in_gib(size: int) -> str:
    """A number of bytes in GiB, with the unit."""
    return quantity(gib_text(size), UNIT_GIB)


def in_mib(mebibytes: int) -> str:
    """A number of MiB, with the unit."""
    return quantity(number_text(mebibytes), UNIT_MIB)


def percent_text(number: int) -> str:
    """A number of percent, with the sign."""
    return quantity(number_text(number), UNIT_PERCENT)


def whole_size_text(size: int) -> str:
    """As `size_text`, with a text for none."""
    return size_text(size) or QCoreApplication.translate("Sizes", "0 B")


def clock_text(seconds: int) -> str:
    """Minutes and seconds: 2:05."""
    minutes, rest = divmod(seconds, 60)
    return f"{number_text(minutes)}:{number_text(rest).rjust(2, QLocale().zeroDigit())}"


def gib_text(size: int) -> str:
    """A number of bytes in GiB with one digit behind the point, for a column whose title has the unit."""
    return QLocale().toString(size / (1 << 30), "f", 1)


def ago_text(seconds: int) -> str:
    """How many seconds ago something was, in whole units of time."""
    for unit, text in _UNITS:
        if seconds >= unit:
            return text(seconds // unit)
    return QCoreApplication.translate("VmTable", "just now")


def _years(number: int) -> str:
    return QCoreApplication.translate("VmTable", "%n year(s) ago", None, number)


def _months(number: int) -> str:
    return QCoreApplication.translate("VmTable", "%n month(s) ago", None, number)


def _days(number: int) -> str:
    return QCoreApplication.translate("VmTable", "%n day(s) ago", None, number)


def _hours(number: int) -> str:
    return QCoreApplication.translate("VmTable", "%n h ago", None, number)


def _minutes(number: int) -> str:
    return QCoreApplication.translate("VmTable", "%n min ago", None, number)


_UNITS = ((86_400 * 365, _years), (86_400 * 30, _months), (86_400, _days), (3600, _hours), (60, _minutes))


def date_text(seconds: int) -> str:
    """A time as the user's locale writes it."""
    return QLocale().toString(QDateTime.fromSecsSinceEpoch(seconds), QLocale.FormatType.ShortFormat)


def moment_text(moment: int, now: int) -> str:
    """A time near `now` as people say it: `today 09:58`, `Mon 22:04`, `28 Sep 11:20`. Both in Unix seconds."""
    at, today = QDateTime.fromSecsSinceEpoch(moment), QDateTime.fromSecsSinceEpoch(now)
    clock = QLocale().toString(at.time(), "HH:mm")
    days = today.date().daysTo(at.date())
    if days in _NEAR_DAYS:
        return QCoreApplication.translate("Times", _NEAR_DAYS[days]).format(clock)
    if abs(days) < DAYS_OF_WEEK:
        return f"{QLocale().dayName(at.date().dayOfWeek(), QLocale.FormatType.ShortFormat)} {clock}"
    if at.date().year() == today.date().year():
        return f"{QLocale().toString(at.date(), 'd MMM')} {clock}"
    return date_text(moment)


DAYS_OF_WEEK = 7
_NEAR_DAYS = {
    -1: QT_TRANSLATE_NOOP("Times", "yesterday {0}"),
    0: QT_TRANSLATE_NOOP("Times", "today {0}"),
    1: QT_TRANSLATE_NOOP("Times", "tomorrow {0}"),
}


def since_text(moment: int, now: int) -> str:
    """How long ago a time was; "in the future" for one that a wrong clock recorded. Both in Unix seconds."""
    if is_ahead(moment, now):
        return QCoreApplication.translate("VmTable", "in the future")
    return ago_text(max(0, now - moment))


def estimate_text(seconds: float) -> str:
    """An estimated duration in one unit, since it is not more certain than that: `2 min`, `1 h`."""
    whole = max(1, round(seconds))
    unit, name = next(each for each in _ESTIMATE_UNITS if whole >= each[0])
    return quantity(number_text(round(whole / unit)), name)


_ESTIMATE_UNITS = (
    (3600, Unit(QT_TRANSLATE_NOOP("Sizes", "{0} h"))),
    (60, Unit(QT_TRANSLATE_NOOP("Sizes", "{0} min"))),
    (1, UNIT_SECONDS),
)


def changed_titles(names: Sequence[str]) -> list[str]:
    """The titles of the properties among what a qube uses only after a restart."""
    return [property_title(name) for name in names if name != TEMPLATE]


def restart_text(names: Sequence[str]) -> str:
    """Why a qube needs a restart: the properties that it uses only then, or `TEMPLATE`."""
    properties = changed_titles(names)
    texts = []
    if properties:
        text = QCoreApplication.translate("VmTable", "Changed since the start: {0}. A restart makes it take effect.")
        texts.append(text.format(", ".join(properties)))
    if TEMPLATE in names:
        text = QCoreApplication.translate(
            "VmTable", "The template was changed since the start. A restart makes use of it."
        )
        texts.append(text)
    return "\n".join(texts)


LEFT_TO_RIGHT, END_OF_DIRECTION = "\u2066", "\u2069"
"""Around a text that reads from left to right wherever it is shown: an isolate of Unicode's bidirectional algorithm."""


def isolated(text: str) -> str:
    """The text with its own direction. In an Arabic line "1 day ago" would be shown as "day ago 1" without it."""
    return f"{LEFT_TO_RIGHT}{text}{END_OF_DIRECTION}"


def title_text(text: str) -> str:
    """The text of an action as a title: without its mnemonic, and without the dots that announce a question."""
    return text.replace("&", "").replace("…", "").rstrip()


def plain_tip(text: str) -> str:
    """A tooltip that shows this text as it is. Qt would take text that looks like markup for markup."""
    return f"<qt>{escaped(text)}</qt>"


def escaped(text: str) -> str:
    """The text as rich text of Qt that shows it as it is."""
    for mark, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\n", "<br>")):
        text = text.replace(mark, entity)
    return text
