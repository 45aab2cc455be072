# SPDX-License-Identifier: GPL-3.0-or-later
"""The history of changes: an entry of `mgmt1.History`, and what the call is asked for."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from qubesmanager.wire.codecs import Codec, ascii_line, json_object, number, pairs
from qubesmanager.wire.limits import HISTORY_PAGE
from qubesmanager.wire.names import shown
from qubesmanager.wire.reasons import refusal

DAEMON = ""
"""The source of a change that the daemon made by itself."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One change that was stored.

    `id` orders the entries and names a page; it is not a number that counts them. `time` in Unix seconds, by the clock
    of then. `source`: the qube that asked for it, `DAEMON`, or `rules.sight.OTHER` where the reader may not see that
    qube. `call`: the call that the source made; empty for the daemon's own changes.

    `uuid` and `qube`: the qube that changed and its name after the change; both empty for the system. `event` and
    `detail`: the row of the event table without its detail, and the detail, or the name of the volume, label or pool.

    `old` and `new`: None where there was or is no value. A default is a value with its flag. `cut`: a value was longer
    than is kept, so that it cannot be set again.
    """

    id: int
    time: int
    source: str
    call: str
    uuid: str
    qube: str
    event: str
    detail: str
    old: str | None = None
    new: str | None = None
    old_default: bool = False
    new_default: bool = False
    cut: bool = False


class HistoryQuery(NamedTuple):
    """At most `limit` entries, those older than the id `before` and newer than `after`."""

    limit: int = HISTORY_PAGE
    before: int | None = None
    after: int | None = None


def encode_entry(entry: HistoryEntry) -> str:
    """One JSON object; what is empty is left out, an empty value is not."""
    words: dict[str, Any] = {"id": entry.id, "time": entry.time, "event": entry.event}
    for name in ("source", "call", "uuid", "qube", "detail"):
        if text := getattr(entry, name):
            words[name] = text
    for name in ("old", "new"):
        if (value := getattr(entry, name)) is not None:
            words[name] = value
    flags = (("old-default", entry.old_default), ("new-default", entry.new_default), ("cut", entry.cut))
    words |= {key: True for key, flag in flags if flag}
    return json.dumps(words)


def decode_entry(untrusted: str) -> HistoryEntry:
    """The entry of such an object; other keys are ignored. Raises `ProtocolError`."""
    values = json_object(untrusted)
    texts: Mapping[str, Any] = {
        key: values.get(key, "") for key in ("source", "call", "uuid", "qube", "event", "detail")
    }
    numbers: Mapping[str, Any] = {key: values.get(key) for key in ("id", "time")}
    flags: Mapping[str, Any] = {key: values.get(key, False) for key in ("old-default", "new-default", "cut")}
    old, new = values.get("old"), values.get("new")
    if (
        not all(isinstance(text, str) for text in texts.values())
        or not all(value is None or isinstance(value, str) for value in (old, new))
        or not all(type(value) is int and 0 <= value < 1 << 63 for value in numbers.values())
        or not all(isinstance(flag, bool) for flag in flags.values())
        or not texts["event"]
    ):
        raise refusal("answer-row", shown(untrusted))
    old_default, new_default, cut = flags.values()
    return HistoryEntry(**numbers, **texts, old=old, new=new, old_default=old_default, new_default=new_default, cut=cut)


def _decode_query(untrusted: bytes) -> HistoryQuery:
    words = {key: number(value) for key, value in pairs(ascii_line(untrusted), " ").items()}
    if unknown := sorted(words.keys() - set(HistoryQuery._fields)):
        raise refusal("payload-unknown", shown(" ".join(unknown)))
    query = HistoryQuery(words.pop("limit", HISTORY_PAGE), **words)
    if not 1 <= query.limit <= HISTORY_PAGE:
        raise refusal("history-limit", HISTORY_PAGE)
    return query


def _encode_query(query: HistoryQuery) -> bytes:
    return " ".join(f"{key}={value}" for key, value in query._asdict().items() if value is not None).encode()


QUERY: Codec[HistoryQuery] = Codec(
    "[limit=<n>] [before=<id>] [after=<id>]", _decode_query, _encode_query, optional=True
)
