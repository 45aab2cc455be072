# SPDX-License-Identifier: GPL-3.0-or-later
"""What a client may rely on: every answer it got, and every call that was not answered.

A call that was answered OK has happened, one that was refused has not, and one without an answer may have. From these
alone follows what the system may look like after a crash; the ledger says where it does not.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from qubesmanager.wire.records import VmRecord

Setting = tuple[str, str, str]
"""Qube, kind (`property`, `tag`, `feature`, `notes`) and key."""


@dataclass(slots=True)
class _Value:
    """The last answered value (None: absent), and those that were sent after it and not answered.

    Not `known`: no change was answered yet, so the value may be whatever it was at the beginning.
    """

    answered: str | None
    unanswered: set[str | None] = field(default_factory=set)
    known: bool = True


@dataclass(slots=True)
class Ledger:
    """`settings` are each changed by one client at a time; `raced` qubes are made and removed by many at once.

    A call that waits goes on with the same qube even if that was renamed meanwhile, so what a client knows of raced
    qubes is their number, not which of them bears which name.
    """

    answers: Counter[str] = field(default_factory=Counter)
    """By what came back: `ok`, `unanswered`, or the type of the error."""
    _settings: dict[Setting, _Value] = field(default_factory=dict)
    _made: int = 0
    _maybe_made: int = 0
    _maybe_removed: int = 0

    # -- settings

    def sending(self, setting: Setting, value: str | None) -> None:
        """The change is on its way; until it is answered it may have happened."""
        self._settings.setdefault(setting, _Value(None, known=False)).unanswered.add(value)

    def changed(self, setting: Setting, value: str | None) -> None:
        self._settings[setting] = _Value(value)

    def refused(self, setting: Setting, value: str | None) -> None:
        self._settings[setting].unanswered.discard(value)

    # -- raced qubes

    def made(self, *, answered: bool) -> None:
        self._made += answered
        self._maybe_made += not answered

    def removed(self, *, answered: bool) -> None:
        self._made -= answered
        self._maybe_removed += not answered

    # -- judging

    def faults(self, records: Mapping[str, VmRecord], raced: Collection[str]) -> list[str]:
        """Every way in which the system contradicts the answers. What was uncertain is settled by what is there.

        `raced` are the names that raced qubes may have.
        """
        return [*self._lost_settings(records), *self._wrong_number(len(set(raced) & set(records)))]

    def _lost_settings(self, records: Mapping[str, VmRecord]) -> list[str]:
        faults = []
        for setting, value in self._settings.items():
            qube, kind, key = setting
            if qube not in records:
                faults.append(f"{qube} is gone, and no call removed it")
                continue
            now = _value(records[qube], kind, key)
            if value.known and now != value.answered and now not in value.unanswered:
                faults.append(f"{kind} {key} of {qube} is {now!r}, but {value.answered!r} was answered")
            self._settings[setting] = _Value(now)
        return faults

    def _wrong_number(self, there: int) -> list[str]:
        least, most = self._made - self._maybe_removed, self._made + self._maybe_made
        self._made, self._maybe_made, self._maybe_removed = there, 0, 0
        if least <= there <= most:
            return []
        return [f"there are {there} raced qubes, but by the answers {least} to {most}"]


def _value(record: VmRecord, kind: str, key: str) -> str | None:
    match kind:
        case "property":
            return record.value(key)
        case "feature":
            return record.features.get(key)
        case "tag":
            return "" if key in record.tags else None
        case "notes":
            return record.notes
    raise AssertionError(kind)
