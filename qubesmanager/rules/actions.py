# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be done with a qube now, and why not: decided from its record and the others', without a widget.

Each `why_not_…` gives one English sentence, or None if the action is possible; the window greys by it. The daemon
decides again for itself: a record may be a moment old.
"""

from collections.abc import Callable, Iterable, Mapping

from qubesmanager.rules.facts import HALTED
from qubesmanager.wire.records import VmRecord
from qubesmanager.wire.values import PowerState, VmClass

Records = Mapping[str, VmRecord]
WhyNot = Callable[[VmRecord, Records], str | None]


REFERENCES = ("template", "netvm", "default_dispvm", "management_dispvm", "guivm", "audiovm")

_DOM0 = "dom0 runs as long as the machine does."


def why_not_start(record: VmRecord, _records: Records) -> str | None:
    if record.klass is VmClass.ADMIN:
        return _DOM0
    if record.state is PowerState.PAUSED:
        return "It is paused; unpause it."
    if record.state not in HALTED:
        return "It is already running."
    return None


def why_not_shutdown(record: VmRecord, _records: Records) -> str | None:
    if record.klass is VmClass.ADMIN:
        return _DOM0
    if record.state is PowerState.PAUSED:
        return "It is paused; unpause or kill it."
    if record.state is PowerState.HALTING:
        return "It is already shutting down."
    return _why_not_running(record)


def why_not_restart(record: VmRecord, records: Records) -> str | None:
    if record.value("auto_cleanup") == "yes":
        return "A disposable is gone once it halts."
    return why_not_shutdown(record, records)


def why_not_pause(record: VmRecord, _records: Records) -> str | None:
    if record.klass is VmClass.ADMIN:
        return _DOM0
    if record.state is PowerState.PAUSED:
        return "It is already paused."
    return None if record.state is PowerState.RUNNING else _why_not_running(record) or "It is not running yet."


def why_not_unpause(record: VmRecord, _records: Records) -> str | None:
    return None if record.state is PowerState.PAUSED else "It is not paused."


def why_not_kill(record: VmRecord, _records: Records) -> str | None:
    return _DOM0 if record.klass is VmClass.ADMIN else _why_not_running(record)


def why_not_remove(record: VmRecord, records: Records) -> str | None:
    if record.klass is VmClass.ADMIN:
        return "dom0 cannot be removed."
    if record.state not in HALTED:
        return "It is running; shut it down first."
    if record.flag("installed_by_rpm"):
        return "It came from a package; remove it with the package manager."
    users = referrers(records, record.name)
    return f"It is used by {', '.join(users)}." if users else None


def why_not_clone(record: VmRecord, _records: Records) -> str | None:
    if record.klass is VmClass.ADMIN:
        return "dom0 cannot be cloned."
    return None if record.state in HALTED else "It is running; a qube is cloned while it is halted."


def why_not_rename(record: VmRecord, _records: Records) -> str | None:
    if record.klass is VmClass.ADMIN:
        return "dom0 keeps its name."
    return None if record.state in HALTED else "It is running; a qube is renamed while it is halted."


def why_not_run(record: VmRecord, _records: Records) -> str | None:
    """A command or a terminal: a halted qube is started for it."""
    if record.klass is VmClass.ADMIN:
        return "Programs run in qubes, not in dom0."
    if record.state is PowerState.PAUSED:
        return "It is paused; unpause it."
    return "It is already shutting down." if record.state is PowerState.HALTING else None


def why_not_update(record: VmRecord, _records: Records) -> str | None:
    if record.klass is VmClass.ADMIN:
        return "dom0 is updated by its own tool."
    if record.klass in {VmClass.APP, VmClass.DISP}:
        return "It is updated with its template."
    return "It is paused; unpause it." if record.state is PowerState.PAUSED else None


def why_not_settings(_record: VmRecord, _records: Records) -> str | None:
    return None


def why_not_attach(record: VmRecord, _records: Records) -> str | None:
    if record.klass is VmClass.ADMIN:
        return "dom0 has what it does not give away."
    return "A template is given no devices; its qubes are." if record.klass is VmClass.TEMPLATE else None


def _why_not_running(record: VmRecord) -> str | None:
    return "It is not running." if record.state in HALTED else None


def referrers(records: Records, name: str) -> list[str]:
    """What refers to a qube by its own setting, in words: `work (netvm)`; sorted."""
    return sorted(
        f"{other.name} ({prop})"
        for other in records.values()
        if other.name != name
        for prop in REFERENCES
        if (held := other.properties.get(prop)) and held.value == name and not held.is_default
    )


def dependents(records: Records, name: str) -> list[str]:
    """The running qubes whose network goes through `name`, in the order to shut them down: the farthest first."""
    return shutdown_order(records, _reach(records, name))


def _reach(records: Records, name: str) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        at = waiting.pop()
        for other in records.values():
            if other.value("netvm") == at and other.name not in found and other.state not in HALTED:
                found.add(other.name)
                waiting.append(other.name)
    return found - {name}


def shutdown_order(records: Records, names: Iterable[str]) -> list[str]:
    """Who uses the network before who gives it; equals by name."""
    return [name for _depth, name in sorted((-_depth(records, name), name) for name in names)]


def start_order(records: Records, names: Iterable[str]) -> list[str]:
    """Who gives the network before who uses it; equals by name."""
    return [name for _depth, name in sorted((_depth(records, name), name) for name in names)]


def _depth(records: Records, name: str) -> int:
    """How many netvms lie between a qube and the outside."""
    seen: list[str] = []
    at = name
    while (record := records.get(at)) and (netvm := record.value("netvm")) and netvm not in seen:
        seen.append(netvm)
        at = netvm
    return len(seen)
