# SPDX-License-Identifier: GPL-3.0-or-later
"""The type of a row of the event table: a typed event, and its effect on the record of a qube.

A row is also the constructor: `events.TAG_ADD("work", "mine")` is an `Event`, and a type checker knows what it takes.
`read` and `of` are the way back: they give the fields of an event as the row's type.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from functools import cached_property
from typing import Any, Generic, ParamSpec, TypeVar, get_type_hints

from qubesmanager.wire.codecs import number
from qubesmanager.wire.errors import ProtocolError
from qubesmanager.wire.event import Event
from qubesmanager.wire.names import shown
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import from_json_text, refusal, to_json_text
from qubesmanager.wire.records import NO, YES, VmRecord
from qubesmanager.wire.values import DeviceChange, DeviceClass, PowerState

P = ParamSpec("P")
F = TypeVar("F")
T = TypeVar("T")


class Subject(Enum):
    """Whose event it is: what its subject holds."""

    QUBE = "a qube"
    SYSTEM = "empty"
    EITHER = "a qube, or empty for the system"


class Audience(Enum):
    """Which listeners get an event. dom0 gets all of them."""

    SIGHT = "who may see the qube"
    """An event without a subject goes to dom0 only."""
    SIGHT_BUT_OF_DOM0 = "who may see the qube; if that is dom0, dom0 only"
    DOM0 = "dom0 only"
    EVERYONE = "everyone"


class Stream(Enum):
    """Which calls send an event."""

    EVENTS = ("mgmt1.Events",)
    STATISTICS = ("mgmt1.vm.Stats",)
    QUESTIONS = ("mgmt1.policy.Questions",)
    BOTH = ("mgmt1.Events", "mgmt1.vm.Stats")


@dataclass(frozen=True, slots=True)
class TextCodec(Generic[T]):
    """How a field's text becomes a value and back; None where the value is the text. `decode` raises ValueError.

    A `sparse` field is left out of the event where it is None.
    """

    what: str
    decode: Callable[[str], T] | None = None
    encode: Callable[[T], str] | None = None
    sparse: bool = False


@dataclass(frozen=True, slots=True)
class FieldsCodec(Generic[F]):
    """How the fields of a row become text and back.

    `what`: each key, and what it holds in words. `encode` gives the detail (empty for a name without one) and the
    fields. `decode` takes them; it raises KeyError, ValueError or `ProtocolError` for fields that do not decode.
    """

    what: Mapping[str, str]
    encode: Callable[[F], tuple[str, dict[str, str]]]
    decode: Callable[[str, Mapping[str, str]], F]


@dataclass(frozen=True, eq=False)
class EventRow(Generic[P, F]):
    """A row. A qube's event is called with the subject first: `QubeEvent`; the system's is not: `SystemEvent`.

    `name` ends in `:<detail>` where the name on the wire carries a detail (`tag-add:mine`). `fields` is a NamedTuple;
    its attributes are the fields on the wire, the first one the detail. Attributes with a default may be missing on
    the wire unless `complete`; unknown fields are ignored. `keys` are names on the wire that differ from the
    attribute's. `repeats` is the key under which the fields say the detail, or else the subject, again; it is written
    and not read. `effect` makes the new record of the qube, None if the qube is gone; its docstring is in the
    reference. A row without one changes no record.
    """

    name: str
    fields: Callable[P, F]
    doc: str
    effect: Callable[[VmRecord, F], VmRecord | None] | None = None
    subject: Subject = Subject.QUBE
    audience: Audience = Audience.SIGHT
    stream: Stream = Stream.EVENTS
    repeats: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)
    complete: bool = False
    custom: FieldsCodec[F] | None = None
    """Instead of the codec that follows from `fields`."""

    @cached_property
    def kind(self) -> str:
        """The name without its detail."""
        return self.name.partition(":")[0]

    @cached_property
    def has_detail(self) -> bool:
        return ":" in self.name

    @cached_property
    def codec(self) -> FieldsCodec[F]:
        return self.custom or _codec_of(self.fields, self.keys, has_detail=self.has_detail, complete=self.complete)

    def matches(self, event: Event) -> bool:
        """Whether the event is one of this row."""
        kind, colon, _detail = event.name.partition(":")
        return kind == self.kind and bool(colon) is self.has_detail

    def read(self, event: Event) -> F:
        """The fields of an event of this row. Raises `ProtocolError`."""
        return self.decode(event, event.name.partition(":")[2])

    def decode(self, event: Event, untrusted_detail: str) -> F:
        """As `read`, for a caller that has cut the name already."""
        try:
            return self.codec.decode(untrusted_detail, event.fields)
        except (KeyError, ValueError, ProtocolError) as error:
            raise refusal("event-fields", self.kind, shown(event.subject)) from error

    def of(self, event: Event) -> F | None:
        """The fields if it is an event of this row and decodes; else None."""
        if not self.matches(event):
            return None
        try:
            return self.read(event)
        except ProtocolError:
            return None

    def event(self, subject: str, fields: F) -> Event:
        """The event with these fields."""
        detail, words = self.codec.encode(fields)
        if self.repeats:
            words = {self.repeats: detail or subject, **words}
        return Event(subject, f"{self.kind}:{detail}" if self.has_detail else self.name, words)


@dataclass(frozen=True, eq=False)
class QubeEvent(EventRow[P, F]):
    """A row of a qube's events."""

    def __call__(self, subject: str, /, *args: P.args, **kwargs: P.kwargs) -> Event:
        return self.event(subject, self.fields(*args, **kwargs))


@dataclass(frozen=True, eq=False)
class SystemEvent(EventRow[P, F]):
    """A row of the system's events."""

    subject: Subject = Subject.SYSTEM
    audience: Audience = Audience.DOM0

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Event:
        return self.event("", self.fields(*args, **kwargs))


AnyEventRow = EventRow[..., Any]


# -- codecs -----------------------------------------------------------------------------------------------------------


def _flag(untrusted: str) -> bool:
    if untrusted not in {YES, NO}:
        raise ValueError("yes or no expected")
    return untrusted == YES


def flag_text(value: bool) -> str:  # noqa: FBT001 - a codec's function
    return YES if value else NO


def _optional_number(untrusted: str) -> int | None:
    return number(untrusted) if untrusted else None


def _optional_number_text(value: int | None) -> str:
    return "" if value is None else str(value)


def _member(kind: type[StrEnum], what: str) -> TextCodec[Any]:
    return TextCodec(what, kind, str)


_CODECS: dict[Any, TextCodec[Any]] = {
    str: TextCodec("text"),
    int: TextCodec("number", number, str),
    bool: TextCodec("yes or no", _flag, flag_text),
    int | None: TextCodec("number, or empty", _optional_number, _optional_number_text),
    PowerState: _member(PowerState, "power state"),
    DeviceClass: _member(DeviceClass, "device class"),
    DeviceChange: _member(DeviceChange, "added, removed or changed"),
    Reason | None: TextCodec("a reason in JSON, if there is one", from_json_text, to_json_text, sparse=True),
}
"""The codec of a field, by the type of its attribute."""


def _codec_of(kind: Callable[..., F], keys: Mapping[str, str], *, has_detail: bool, complete: bool) -> FieldsCodec[F]:
    """The codec of a NamedTuple, from the types of its attributes."""
    names = tuple(getattr(kind, "_fields"))  # noqa: B009 - a NamedTuple, which no type says
    types = get_type_hints(kind)
    defaults: Mapping[str, Any] = {} if complete else getattr(kind, "_field_defaults")  # noqa: B009
    columns = [(keys.get(name, name), name, _CODECS[types[name]]) for name in names]
    detail = columns.pop(0)[2] if has_detail else None
    readers = [(key, codec.decode, name in defaults, defaults.get(name)) for key, name, codec in columns]
    writers = [(key, codec.encode, codec.sparse) for key, _name, codec in columns]
    are_texts = not any(codec.encode or codec.sparse for _key, _name, codec in columns)
    written = tuple(key for key, _name, _codec in columns)

    def encode(fields: Any) -> tuple[str, dict[str, str]]:
        first, rest = (fields[0], fields[1:]) if detail else ("", fields)
        if are_texts:
            words = dict(zip(written, rest, strict=True))
        else:
            words = {
                key: to(value) if to else value
                for (key, to, sparse), value in zip(writers, rest, strict=True)
                if not sparse or value is not None
            }
        return (detail.encode(first) if detail and detail.encode else first), words

    def decode(untrusted_detail: str, untrusted: Mapping[str, str]) -> F:
        values: list[Any] = []
        if detail:
            values.append(detail.decode(untrusted_detail) if detail.decode else untrusted_detail)
        for key, of, may_miss, default in readers:
            text = untrusted.get(key) if may_miss else untrusted[key]
            values.append(default if text is None else of(text) if of else text)
        return kind(*values)

    return FieldsCodec({key: codec.what for key, _name, codec in columns}, encode, decode)
