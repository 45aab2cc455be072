# SPDX-License-Identifier: GPL-3.0-or-later
"""Codecs: how an argument, a payload or an answer becomes a value and back.

A codec's `decode` is total: for any bytes it returns a value or raises `ProtocolError` (or one of the named lexical
errors of its own row). `what` describes what a codec takes, for the API reference and for messages.
"""

import json
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypeVar
from urllib.parse import quote, unquote

from qubesmanager.wire import names
from qubesmanager.wire.names import NameRule, check, shown
from qubesmanager.wire.reason import Field, Reason
from qubesmanager.wire.reasons import refusal
from qubesmanager.wire.values import DeviceClass, PowerState, VmClass

T = TypeVar("T")

ByteStream = AsyncIterator[bytes]
"""A payload that is never held whole: pieces of any size, to the end."""


@dataclass(frozen=True, slots=True)
class Codec(Generic[T]):
    """`what` it holds, in words; `decode` and `encode`; `optional` says that empty bytes are a value."""

    what: str
    decode: Callable[[bytes], T]
    encode: Callable[[T], bytes]
    optional: bool = False


class VmInfo(NamedTuple):
    """A row of `mgmt1.vm.List`, which leaves `uuid` out; `admin.vm.List` has it."""

    name: str
    klass: VmClass
    state: PowerState
    uuid: str = ""


class PropertyState(NamedTuple):
    """An answer of `property.Get`."""

    is_default: bool
    value: str


class PropertyRow(NamedTuple):
    """A row of `property.GetAll`; `type` is str, int, bool, vm or label."""

    name: str
    is_default: bool
    type: str
    value: str


class CreateSpec(NamedTuple):
    name: str
    label: str


@dataclass(frozen=True, slots=True)
class CreateInPoolSpec:
    """Either `pool` for all volumes, or `pools` by volume; the default pools for the others."""

    name: str
    label: str
    pool: str | None = None
    pools: Mapping[str, str] = field(default_factory=dict)


class CloneSpec(NamedTuple):
    name: str
    pool: str | None = None


class VolumeId(NamedTuple):
    """`pool:vid`, escaped on the wire because qrexec lets neither `:` nor `/` through."""

    pool: str
    vid: str

    def __str__(self) -> str:
        return f"{self.pool}:{self.vid}"


class DeviceId(NamedTuple):
    """`<backend>+<ident>`."""

    backend: str
    ident: str

    def __str__(self) -> str:
        return f"{self.backend}+{self.ident}"


class DeviceRow(NamedTuple):
    """A row of `device.*.List`."""

    device: DeviceId
    options: Mapping[str, str]


class AvailableDevice(NamedTuple):
    """A row of `device.*.Available`; the description comes from the device and is hostile text made printable."""

    ident: str
    details: Mapping[str, str]
    description: str


class RuleRow(NamedTuple):
    """A row of `firewall.Get`: the id that stays with the rule, and the rule's text (`wire/firewall.py`)."""

    rule_id: str
    rule: str


class Mention(NamedTuple):
    """A mention of a qube outside of its settings.

    `kind` policy: `place` is file:line, `text` the line. `kind` profile: `place` is a backup profile, `text` its keys.
    """

    kind: str
    place: str
    text: str


class VolumeRow(NamedTuple):
    """A row of `mgmt1.vm.volume.List`."""

    name: str
    pool: str
    vid: str


class VmClassRow(NamedTuple):
    """A class and the properties that its qubes have."""

    klass: VmClass
    properties: tuple[str, ...]


class LabelRow(NamedTuple):
    name: str
    color: str


class CurrentState(NamedTuple):
    """Memory in KiB, cpu time in milliseconds."""

    state: PowerState
    mem: int
    cputime: int


class PolicyRow(NamedTuple):
    """A row of `policy.List`: a file, and a sentence that says what is wrong with it; empty if nothing is."""

    name: str
    problem: str


class TokenContent(NamedTuple):
    """A policy file and the token that names this version of it."""

    token: str
    content: str


# -- what is decoded, as a noun of messages ---------------------------------------------------------------------------

ANSWER = Reason("what-answer")
ARGUMENT = names.ARGUMENT.noun
NUMBER = Reason("what-number")
PAYLOAD = Reason("what-payload")
POSITION_NOUN = Reason("what-position")
PROFILE = Reason("what-profile")
SIZE_NOUN = Reason("what-size")
TEXT_NOUN = Reason("what-text")
VALUE = Reason("what-value")


# -- the parts --------------------------------------------------------------------------------------------------------


def text(untrusted: bytes, what: Field = TEXT_NOUN) -> str:
    """UTF-8 without NUL."""
    try:
        value = untrusted.decode("utf-8")
    except UnicodeDecodeError as error:
        raise refusal("text-not-utf8", what) from error
    if "\x00" in value:
        raise refusal("text-nul", what)
    return value


def ascii_line(untrusted: bytes, what: Field = VALUE) -> str:
    """Printable ASCII, one line."""
    value = text(untrusted, what)
    if not value.isascii() or (value and not value.isprintable()):
        raise refusal("text-not-ascii", what, shown(untrusted))
    return value


_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


def number(untrusted: bytes | str, what: Field = NUMBER) -> int:
    """ASCII digits without leading zeros."""
    value = untrusted if isinstance(untrusted, str) else ascii_line(untrusted, what)
    if not _NUMBER.fullmatch(value):
        raise refusal("not-valid", what, shown(value))
    return int(value)


def pairs(untrusted: str, separator: str, what: Field = PAYLOAD) -> dict[str, str]:
    """`key=value` pairs; a word without `=`, an empty key and a doubled key are `ProtocolError`."""
    fields: dict[str, str] = {}
    for word in untrusted.split(separator):
        if not word:
            continue
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise refusal("pairs-no-pair", what, shown(word))
        if key in fields:
            raise refusal("pairs-twice", what, shown(key))
        fields[key] = value
    return fields


def _rows(untrusted: bytes) -> list[str]:
    value = text(untrusted, ANSWER)
    if value and not value.endswith("\n"):
        raise refusal("answer-row-cut")
    return value.split("\n")[:-1]


def rows_of(what: str, decode: Callable[[str], T], encode: Callable[[T], str]) -> Codec[list[T]]:
    """A list, a row each, each ended by a newline."""
    return Codec(
        what,
        lambda untrusted: [_total(decode, row) for row in _rows(untrusted)] if untrusted else [],
        lambda rows: "".join([f"{encode(row)}\n" for row in rows]).encode() if rows else b"",
    )


def _total(decode: Callable[[str], T], row: str) -> T:
    try:
        return decode(row)
    except (ValueError, IndexError, KeyError, TypeError) as error:
        raise refusal("answer-row", shown(row)) from error


def json_object(untrusted: str) -> dict[str, Any]:
    """The JSON object of a row. Raises `ProtocolError`."""
    try:
        values = json.loads(untrusted)
    except (ValueError, RecursionError) as error:
        raise refusal("answer-row", shown(untrusted)) from error
    if not isinstance(values, dict):
        raise refusal("answer-row", shown(untrusted))
    return values


def named(rule: NameRule) -> Codec[str]:
    """Names that were accepted are remembered: most calls name what an earlier one named."""

    @lru_cache(maxsize=1024)
    def decode(untrusted: bytes) -> str:
        return check(rule, ascii_line(untrusted, rule.noun))

    return Codec(rule.what, decode, str.encode)


def optional(codec: Codec[T]) -> Codec[T | None]:
    """The codec's value, or None for nothing at all."""
    return Codec(
        f"[{codec.what}]",
        lambda untrusted: codec.decode(untrusted) if untrusted else None,
        lambda value: b"" if value is None else codec.encode(value),
        optional=True,
    )


def _nothing(untrusted: bytes) -> None:
    if untrusted:
        raise refusal("nothing-expected", shown(untrusted))


# -- escaping of pool:vid ---------------------------------------------------------------------------------------------

_ESCAPED = re.compile(r"-(?:-|([0-9A-F]{2}))", re.ASCII)
_PLAIN = re.compile(r"[A-Za-z0-9_.]", re.ASCII)


def escape(plain: str) -> str:
    """VMExec escaping: `-` is doubled, any other byte outside `[A-Za-z0-9_.]` becomes `-XX`."""
    return "".join(
        chr(byte) if _PLAIN.match(chr(byte)) else "--" if byte == ord("-") else f"-{byte:02X}"
        for byte in plain.encode()
    )


def unescape(untrusted: str) -> str:
    """Raises `ProtocolError` for anything that `escape` does not write, and for no UTF-8."""
    unescaped = bytearray()
    position = 0
    while position < len(untrusted):
        if untrusted[position] != "-":
            unescaped += untrusted[position].encode()
            position += 1
            continue
        match = _ESCAPED.match(untrusted, position)
        if match is None:
            raise refusal("not-escaped", shown(untrusted))
        unescaped += bytes([int(match[1], 16)]) if match[1] else b"-"
        position = match.end()
    plain = text(bytes(unescaped), ARGUMENT)
    if escape(plain) != untrusted:  # one name, one form: what policy saw is what is used
        raise refusal("not-escaped", shown(untrusted))
    return plain


def _decode_volume_id(untrusted: bytes) -> VolumeId:
    value = ascii_line(untrusted, ARGUMENT)
    pool, colon, vid = (value if ":" in value else unescape(value)).partition(":")
    if not colon:
        raise refusal("not-a-volume-id", shown(value))
    return VolumeId(check(names.POOL_NAME, pool), check(names.VOLUME_ID, vid))


def _decode_device_id(untrusted: bytes) -> DeviceId:
    backend, plus, ident = ascii_line(untrusted, ARGUMENT).partition("+")
    if not plus:
        raise refusal("not-a-device-id", shown(untrusted))
    return DeviceId(check(names.VM_NAME, backend), check(names.DEVICE_IDENT, ident))


# -- payloads ---------------------------------------------------------------------------------------------------------


def _exactly(fields: dict[str, str], *keys: str) -> list[str]:
    if missing := [key for key in keys if key not in fields]:
        raise refusal("payload-lacks", ", ".join(missing))
    if surplus := sorted(fields.keys() - set(keys)):
        raise refusal("payload-unknown", shown(" ".join(surplus)))
    return [fields[key] for key in keys]


def _decode_create(untrusted: bytes) -> CreateSpec:
    name, label = _exactly(pairs(ascii_line(untrusted, PAYLOAD), " "), "name", "label")
    return CreateSpec(check(names.VM_NAME, name), check(names.LABEL_NAME, label))


def _decode_create_in_pool(untrusted: bytes) -> CreateInPoolSpec:
    spec = _decode_create_anywhere(untrusted)
    if spec.pool is None and not spec.pools:
        raise refusal("payload-pools")
    return spec


def _decode_create_anywhere(untrusted: bytes) -> CreateInPoolSpec:
    fields = pairs(ascii_line(untrusted, PAYLOAD), " ")
    pools = {key.partition(":")[2]: fields.pop(key) for key in list(fields) if key.startswith("pool:")}
    pool = fields.pop("pool", None)
    if pool is not None and pools:
        raise refusal("payload-pools")
    name, label = _exactly(fields, "name", "label")
    return CreateInPoolSpec(
        check(names.VM_NAME, name),
        check(names.LABEL_NAME, label),
        None if pool is None else check(names.POOL_NAME, pool),
        {check(names.VOLUME_NAME, volume): check(names.POOL_NAME, at) for volume, at in pools.items()},
    )


def _encode_create_in_pool(spec: CreateInPoolSpec) -> bytes:
    words = [f"name={spec.name}", f"label={spec.label}"]
    words += [f"pool={spec.pool}"] if spec.pool is not None else []
    words += [f"pool:{volume}={at}" for volume, at in spec.pools.items()]
    return " ".join(words).encode()


def _decode_clone(untrusted: bytes) -> CloneSpec:
    fields = pairs(ascii_line(untrusted, PAYLOAD), " ")
    pool = fields.pop("pool", None)
    (name,) = _exactly(fields, "name")
    return CloneSpec(check(names.VM_NAME, name), None if pool is None else check(names.POOL_NAME, pool))


def _decode_options(untrusted: bytes) -> Mapping[str, str]:
    return pairs(ascii_line(untrusted, PAYLOAD), " ")


def _decode_lines(untrusted: bytes) -> Mapping[str, str]:
    return pairs(text(untrusted, PAYLOAD), "\n")


def _decode_token_content(untrusted: bytes) -> TokenContent:
    token, newline, content = text(untrusted, PAYLOAD).partition("\n")
    if not newline or not token.isascii() or not token.isprintable():
        raise refusal("payload-token")
    return TokenContent(token, content)


# -- rows -------------------------------------------------------------------------------------------------------------


def _vm_row(row: str) -> VmInfo:
    name, *words = row.split(" ")
    options = dict(word.split("=", 1) for word in words)
    return VmInfo(check(names.VM_NAME, name), VmClass(options["class"]), PowerState(options["state"]))


def escape_line(plain: str) -> str:
    """One line: a backslash is doubled, a newline becomes a backslash and `n`."""
    return plain.replace("\\", "\\\\").replace("\n", "\\n")


def unescape_line(escaped: str) -> str:
    """The text that `escape_line` wrote."""
    if "\\" not in escaped:
        return escaped
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], escaped)


def _property_row(row: str) -> PropertyRow:
    name, default, kind, value = row.split(" ", 3)
    return PropertyRow(
        check(names.PROPERTY_NAME, name),
        _yes(default.removeprefix("default=")),
        kind.removeprefix("type="),
        unescape_line(value),
    )


def _yes(word: str) -> bool:
    if word not in {"yes", "no"}:
        raise ValueError(word)
    return word == "yes"


def _yes_no(flag: bool) -> str:  # noqa: FBT001 - an encoder of one value
    return "yes" if flag else "no"


def _decode_property(untrusted: bytes) -> PropertyState:
    default, space, value = text(untrusted, ANSWER).partition(" ")
    if not space or default not in {"default=yes", "default=no"}:
        raise refusal("not-a-property", shown(untrusted))
    return PropertyState(default == "default=yes", value)


def _device_row(row: str) -> DeviceRow:
    device, _, options = row.partition(" ")
    return DeviceRow(_decode_device_id(device.encode()), pairs(options, " "))


def _available_row(row: str) -> AvailableDevice:
    head, _, description = row.partition(" description=")
    ident, _, details = head.partition(" ")
    return AvailableDevice(check(names.DEVICE_IDENT, ident), pairs(details, " "), description)


def _available_text(device: AvailableDevice) -> str:
    details = "".join(f"{key}={value} " for key, value in device.details.items())
    return f"{device.ident} {details}description={device.description}"


def _volume_row(row: str) -> VolumeRow:
    name, pool, vid = row.split(" ")
    return VolumeRow(
        check(names.VOLUME_NAME, name),
        check(names.POOL_NAME, pool.removeprefix("pool=")),
        check(names.VOLUME_ID, vid.removeprefix("vid=")),
    )


_COLOR = re.compile(r"0x[0-9A-Fa-f]{6}", re.ASCII)


def _mention_row(row: str) -> Mention:
    kind, place, text = row.split(" ", 2)
    if kind not in {"policy", "profile"}:
        raise ValueError(kind)
    return Mention(kind, unquote(place), unescape_line(text))


def _label_row(row: str) -> LabelRow:
    name, color = row.split(" ")
    if not _COLOR.fullmatch(color):
        raise ValueError(color)
    return LabelRow(check(names.LABEL_NAME, name), color)


def _class_row(row: str) -> VmClassRow:
    klass, *properties = row.split(" ")
    return VmClassRow(VmClass(klass), tuple(properties))


def _decode_state(untrusted: bytes) -> CurrentState:
    fields = pairs(ascii_line(untrusted, ANSWER), " ")
    try:
        return CurrentState(PowerState(fields["power_state"]), number(fields["mem"]), number(fields["cputime"]))
    except (KeyError, ValueError) as error:
        raise refusal("not-a-state", shown(untrusted)) from error


def _encode_state(state: CurrentState) -> bytes:
    return f"mem={state.mem} cputime={state.cputime} power_state={state.state}".encode()


def _policy_row(row: str) -> PolicyRow:
    name, space, problem = row.partition(" ")
    if not name or bool(space) != problem.startswith("problem="):
        raise ValueError(row)
    return PolicyRow(name, unescape_line(problem.removeprefix("problem=")))


def _policy_text(row: PolicyRow) -> str:
    return f"{row.name} problem={escape_line(row.problem)}" if row.problem else row.name


def _decode_bit(untrusted: bytes) -> bool:
    if untrusted not in {b"0", b"1"}:
        raise refusal("not-a-bit", shown(untrusted))
    return untrusted == b"1"


def _joined(options: Mapping[str, str]) -> str:
    return " ".join(f"{key}={value}" for key, value in options.items())


def _position(untrusted: bytes) -> int | None:
    return None if untrusted in {b"", b"-"} else number(untrusted, POSITION_NOUN)


def _streamed(_untrusted: bytes) -> ByteStream:
    raise TypeError("A stream is not decoded; it is read.")


def _lines(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


# -- the codecs -------------------------------------------------------------------------------------------------------

NOTHING: Codec[None] = Codec("", _nothing, lambda _value: b"", optional=True)
STREAM: Codec[ByteStream] = Codec("raw bytes, streamed", _streamed, _streamed, optional=True)  # type: ignore[arg-type] # never called

BYTES: Codec[bytes] = Codec("raw bytes", bytes, bytes, optional=True)

VM_NAME = named(names.VM_NAME)
CLASS_NAME = named(names.CLASS_NAME)
PROPERTY_NAME = named(names.PROPERTY_NAME)
FEATURE_NAME = named(names.FEATURE_NAME)
TAG_NAME = named(names.TAG_NAME)
LABEL_NAME = named(names.LABEL_NAME)
POOL_NAME = named(names.POOL_NAME)
PROFILE_ID = named(names.PROFILE_ID)
VOLUME_NAME = named(names.VOLUME_NAME)
SNAPSHOT_ID = named(names.SNAPSHOT_ID)
RULE_ID = named(names.RULE_ID)
SERVICE_CALL = named(names.SERVICE_CALL)
LOG_NAME = named(names.LOG_NAME)
FILE_NAME = named(names.FILE_NAME)
DEVICE_IDENT = named(names.DEVICE_IDENT)
POSITION: Codec[int | None] = Codec(
    "position or -", _position, lambda value: b"-" if value is None else str(value).encode(), optional=True
)
INDEX: Codec[int] = Codec(
    "position", lambda untrusted: number(untrusted, POSITION_NOUN), lambda value: str(value).encode()
)
SIZE: Codec[int] = Codec(
    "size in bytes", lambda untrusted: number(untrusted, SIZE_NOUN), lambda value: str(value).encode()
)
VOLUME_ID: Codec[VolumeId] = Codec("pool:vid", _decode_volume_id, lambda volume: escape(str(volume)).encode())
DEVICE_ID: Codec[DeviceId] = Codec("backend+ident", _decode_device_id, lambda device: str(device).encode())
TEXT: Codec[str] = Codec("text", text, str.encode, optional=True)
LINE: Codec[str] = Codec("text, one line", ascii_line, str.encode, optional=True)
LOG: Codec[str] = Codec("text", lambda untrusted: untrusted.decode("utf-8", "replace"), str.encode, optional=True)
BIT: Codec[bool] = Codec("0 or 1", _decode_bit, lambda bit: b"1" if bit else b"0")
CREATE: Codec[CreateSpec] = Codec(
    "name=<name> label=<label>", _decode_create, lambda spec: f"name={spec.name} label={spec.label}".encode()
)
CREATE_IN_POOL: Codec[CreateInPoolSpec] = Codec(
    "name=<name> label=<label> pool=<pool> or pool:<volume>=<pool> …", _decode_create_in_pool, _encode_create_in_pool
)
CREATE_ANYWHERE: Codec[CreateInPoolSpec] = Codec(
    "name=<name> label=<label> [pool=<pool> or pool:<volume>=<pool> …]", _decode_create_anywhere, _encode_create_in_pool
)
CLONE: Codec[CloneSpec] = Codec(
    "name=<name> [pool=<pool>]",
    _decode_clone,
    lambda spec: f"name={spec.name}{'' if spec.pool is None else f' pool={spec.pool}'}".encode(),
)
OPTIONS: Codec[Mapping[str, str]] = Codec(
    "[key=value …]", _decode_options, lambda options: _joined(options).encode(), optional=True
)
KEY_VALUES: Codec[Mapping[str, str]] = Codec(
    "<property>=<value>\\n",
    _decode_lines,
    lambda fields: _lines(f"{key}={value}" for key, value in fields.items()),
    optional=True,
)
TOKEN_CONTENT: Codec[TokenContent] = Codec(
    "<token>\\n<content>", _decode_token_content, lambda change: f"{change.token}\n{change.content}".encode()
)
PROPERTY_STATE: Codec[PropertyState] = Codec(
    "default={yes|no} <value>",
    _decode_property,
    lambda value: f"default={_yes_no(value.is_default)} {value.value}".encode(),
)
CURRENT_STATE: Codec[CurrentState] = Codec("mem=<KiB> cputime=<ms> power_state=<state>", _decode_state, _encode_state)


def id_rows(rule: NameRule) -> Codec[list[str]]:
    """One id a row."""
    return rows_of(f"<{rule.what}>\\n", lambda row: check(rule, row), str)


VM_ROWS = rows_of(
    "<name> class=<class> state=<state>\\n",
    _vm_row,
    lambda row: f"{row.name} class={row.klass} state={row.state}",
)
POLICY_ROWS = rows_of("<name> [problem=<sentence>]\\n", _policy_row, _policy_text)
PROPERTY_ROWS = rows_of(
    "<property> default=<yes|no> type=<type> <value>\\n",
    _property_row,
    lambda row: f"{row.name} default={_yes_no(row.is_default)} type={row.type} {escape_line(row.value)}",
)
RULE_ROWS = rows_of(
    "<rule id> <rule>\\n",
    lambda row: RuleRow(check(names.RULE_ID, row.split(" ", 1)[0]), row.split(" ", 1)[1]),
    lambda row: f"{row.rule_id} {row.rule}",
)
RULE_TEXTS = rows_of("<rule>\\n", str, str)
DEVICE_ROWS = rows_of(
    "<backend>+<ident> <options>\\n", _device_row, lambda row: f"{row.device} {_joined(row.options)}".rstrip()
)
INTERFACE_ROWS = id_rows(names.DEVICE_INTERFACE)
AVAILABLE_ROWS = rows_of("<ident> <key=value …> description=<text>\\n", _available_row, _available_text)
VOLUME_ROWS = rows_of(
    "<volume> pool=<pool> vid=<vid>\\n", _volume_row, lambda row: f"{row.name} pool={row.pool} vid={row.vid}"
)
CLASS_ROWS = rows_of("<class> <property …>\\n", _class_row, lambda row: " ".join((row.klass, *row.properties)))
DEVICE_CLASS_ROWS = rows_of("<device class>\\n", DeviceClass, str)
DRIVER_ROWS = rows_of("<driver> <option …>\\n", lambda row: tuple(row.split(" ")), " ".join)
LABEL_ROWS = rows_of("<label> <0xRRGGBB>\\n", _label_row, lambda row: f"{row.name} {row.color}")
MENTION_ROWS = rows_of(
    "<policy|profile> <file:line|profile> <line|keys>\\n",
    _mention_row,
    lambda row: f"{row.kind} {quote(row.place)} {escape_line(row.text)}",
)
