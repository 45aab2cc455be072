# SPDX-License-Identifier: GPL-3.0-or-later
"""Which running qubes need a restart: a property or their template was changed since they started.

dom0 does not say with which values a qube was started. So they are noted when the qube is seen running, and what was
changed is kept between two starts of the window.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from qubesmanager.rules.properties import AT_START
from qubesmanager.rules.updates import is_outdated
from qubesmanager.wire.records import VmRecord

TEMPLATE = "template"
"""Among the names of properties: the template was changed on disk, and the qube still has its old root volume."""

Noted = tuple[str, Mapping[str, str]]
"""When the qube was started, and what it started with."""


class RestartWatch:
    """`put` takes each new record of a qube. `kept` is what `text` gave in an earlier run."""

    def __init__(self, kept: str = "") -> None:
        self._noted: dict[str, Noted] = _read(kept)
        self._needed: dict[str, tuple[str, ...]] = {}

    def put(self, record: VmRecord) -> bool:
        """Take a record; whether what `needed` says of the qube is different now."""
        key, before = _key(record), self.needed(record)
        if not record.running:
            self._noted.pop(key, None)
        else:
            start = record.value("start_time")
            noted = self._noted.get(key)
            if noted is None or noted[0] != start:
                self._noted[key] = (start, _values(record))
        after = self._changed(record)
        if after:
            self._needed[key] = after
        else:
            self._needed.pop(key, None)
        return before != after

    def needed(self, record: VmRecord) -> tuple[str, ...]:
        """The properties that the qube uses after a restart only, `TEMPLATE` last; empty if it needs none."""
        return self._needed.get(_key(record), ())

    def waiting(self, records: Iterable[VmRecord]) -> dict[str, tuple[str, ...]]:
        """The qubes among these that need a restart, by name, with what `needed` gives."""
        if not self._needed:
            return {}
        return {record.name: needed for record in records if (needed := self.needed(record))}

    def text(self) -> str:
        """What is to be kept: the qubes that need a restart, with what they were started with."""
        return json.dumps({key: self._noted[key] for key in self._needed if key in self._noted})

    def _changed(self, record: VmRecord) -> tuple[str, ...]:
        noted = self._noted.get(_key(record))
        if noted is None:
            return ()
        now, before = _values(record), noted[1]
        names = [name for name in now if name in before and now[name] != before[name]]
        if is_outdated(record):
            names.append(TEMPLATE)
        return tuple(names)


def _key(record: VmRecord) -> str:
    """The identity of the qube, which stays when it is renamed; its name where dom0 does not say it."""
    return record.value("uuid") or record.name


def _values(record: VmRecord) -> dict[str, str]:
    return {name: value.value for name, value in record.properties.items() if name in AT_START}


def _read(kept: str) -> dict[str, Noted]:
    """What was kept; what is not of that form is left out."""
    try:
        listed: Any = json.loads(kept or "{}")
    except ValueError:
        return {}
    noted: dict[str, Noted] = {}
    for key, value in listed.items() if isinstance(listed, dict) else ():
        match value:
            case [str(start), dict(values)] if all(isinstance(each, str) for each in values.values()):
                noted[key] = (start, values)
    return noted
