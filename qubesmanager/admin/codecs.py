# SPDX-License-Identifier: GPL-3.0-or-later
"""The byte formats of the `admin.*` calls, in both directions. Where one is that of mgmt1, `wire/codecs.py` has it.

Values of properties are in the form of Qubes OS here (`True`, `False`); `properties.py` converts them.
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

from qubesmanager.wire import names
from qubesmanager.wire.codecs import CREATE as CREATE_OF_MGMT1
from qubesmanager.wire.codecs import CREATE_IN_POOL as IN_POOL_OF_MGMT1
from qubesmanager.wire.codecs import (
    Codec,
    CreateInPoolSpec,
    CreateSpec,
    PropertyRow,
    VmInfo,
    ascii_line,
    escape_line,
    number,
    pairs,
    rows_of,
    text,
    unescape_line,
)
from qubesmanager.wire.errors import PermissionDenied, ProtocolError, QubesInvalidTagError, QubesValueError
from qubesmanager.wire.firewall import OtherRule, Rule, parse_rule, read_rule
from qubesmanager.wire.names import check, shown
from qubesmanager.wire.reasons import error_for, refusal
from qubesmanager.wire.records import NO, YES, flag_of
from qubesmanager.wire.values import PowerState, VmClass

T = TypeVar("T")

TRUE, FALSE = "True", "False"

KERNEL = "kernel"
"""The volume of Qubes OS that is one of dom0's kernels."""
POOL_METADATA = ("metadata_size", "metadata_usage")
"""Fields of a pool, in bytes."""

PRELOAD_WORD = "preload"
"""The argument of `CreateDisposable` that asks for no disposable, but for those that wait."""

ANY = "*"
"""In a port or a device id: any of them."""


class Property(NamedTuple):
    """An answer of `property.Get`; `type` is vm, int, bool, label or str."""

    is_default: bool
    type: str
    value: str


class Default(NamedTuple):
    """An answer of `property.GetDefault`."""

    type: str
    value: str


class CurrentState(NamedTuple):
    """Memory in KiB, cpu time in nanoseconds."""

    state: PowerState
    mem: int
    mem_static_max: int
    cputime: int


class Ending(NamedTuple):
    """How to shut down: `force` although running qubes use it as their netvm, `wait` until it has halted."""

    force: bool
    wait: bool


class Port(NamedTuple):
    """A device in an argument: `<backend>+<port>[+<device id>]`. `*` is any port, or any device."""

    backend: str
    port: str
    device_id: str | None = None


class DeviceRow(NamedTuple):
    """A row of `device.*`: `head` names the device (`PORT:DEVICE_ID`, or `BACKEND+PORT:DEVICE_ID`)."""

    head: str
    fields: Mapping[str, str]


class DeviceOptions(NamedTuple):
    """The payload of Attach and Assign. `mode` is empty where the payload names none.

    `persistent` is the word of Qubes 4.2, whose payload, also without that word, is `plain`: neither quotes nor a mode.
    `again` are the keys that repeat
    the argument, the call and its destination.
    """

    mode: str = ""
    options: Mapping[str, str] = {}
    persistent: bool = False
    again: Mapping[str, str] = {}
    plain: bool = False


# -- the parts --------------------------------------------------------------------------------------------------------


def flag(word: str) -> bool:
    """Raises `ValueError` for another word than `True` and `False`."""
    if word not in {TRUE, FALSE}:
        raise ValueError(word)
    return word == TRUE


def flag_to_qubes(value: str) -> str:
    """A flag of mgmt1 as Qubes OS writes it; another text as it is."""
    return {YES: TRUE, NO: FALSE}.get(value, value)


def flag_to_mgmt1(value: str) -> str:
    """A flag of Qubes OS as mgmt1 writes it; another text as it is."""
    return {TRUE: YES, FALSE: NO}.get(value, value)


def pool_metadata(fields: Mapping[str, str]) -> dict[str, str]:
    """What the fields of a pool say of its metadata, the same in both dialects; empty if it has no separate limit."""
    return {key: fields[key] for key in POOL_METADATA if key in fields}


def flag_word(value: bool) -> str:  # noqa: FBT001 - an encoder of one value
    return TRUE if value else FALSE


def _total(decode: Callable[[str], T], what: str) -> Callable[[bytes], T]:
    """A decoder that raises `ProtocolError` for whatever `decode` does not take."""

    def total(untrusted: bytes) -> T:
        try:
            return decode(text(untrusted, "answer"))
        except (ValueError, KeyError, IndexError) as error:
            raise ProtocolError(f"Not a {what}: {shown(untrusted)}") from error

    return total


_CLASSES = {str(each): each for each in VmClass}
_STATES = {str(each): each for each in PowerState}


def _class(untrusted: str) -> VmClass:
    """Raises `ValueError` for what cannot be the word of a class."""
    if not untrusted.isalnum():
        raise ValueError(untrusted)
    return _CLASSES.get(untrusted, VmClass.STANDALONE)


def _vm_row(row: str) -> VmInfo:
    """A class of a later Qubes OS is read as that of a standalone qube, a state as NA: qubesd decides on calls."""
    name, klass, state, *rest = row.split(" ")
    uuid = _word(rest[0], "uuid") if rest else ""
    return VmInfo(
        check(names.VM_NAME, name),
        _class(_word(klass, "class")),
        _STATES.get(_word(state, "state"), PowerState.NA),
        uuid,
    )


def _vm_text(row: VmInfo) -> str:
    return f"{row.name} class={row.klass} state={row.state}{f' uuid={row.uuid}' if row.uuid else ''}"


def _word(word: str, key: str) -> str:
    if not word.startswith(f"{key}="):
        raise ValueError(word)
    return word.removeprefix(f"{key}=")


def _property(answer: str) -> Property:
    default, kind, value = answer.split(" ", 2)
    return Property(flag(_word(default, "default")), _word(kind, "type"), value)


def _property_text(answer: Property) -> bytes:
    return f"default={flag_word(answer.is_default)} type={answer.type} {answer.value}".encode()


def _default(answer: str) -> Default | None:
    if not answer:
        return None
    kind, value = answer.split(" ", 1)
    return Default(_word(kind, "type"), value)


def _default_text(answer: Default | None) -> bytes:
    return b"" if answer is None else f"type={answer.type} {answer.value}".encode()


_DEFAULTS = {f"default={flag_word(each)}": each for each in (True, False)}


def _property_row(row: str) -> PropertyRow:
    name, default, kind, value = row.split(" ", 3)
    return PropertyRow(check(names.PROPERTY_NAME, name), _DEFAULTS[default], _word(kind, "type"), unescape_line(value))


def _property_row_text(row: PropertyRow) -> str:
    return f"{row.name} default={flag_word(row.is_default)} type={row.type} {escape_line(row.value)}"


def _state(answer: str) -> CurrentState:
    fields = pairs(answer, " ", "answer")
    return CurrentState(
        PowerState(fields["power_state"]),
        number(fields["mem"]),
        number(fields["mem_static_max"]),
        number(fields["cputime"]),
    )


def _state_text(state: CurrentState) -> bytes:
    memory = f"mem={state.mem} mem_static_max={state.mem_static_max}"
    return f"{memory} cputime={state.cputime} power_state={state.state}".encode()


def _size(untrusted: bytes) -> int:
    if not untrusted.isdigit():
        raise ProtocolError("Volume size contains non ASCII digits")
    return number(untrusted.lstrip(b"0") or b"0", "size")


def _revisions(untrusted: bytes) -> int:
    digits = untrusted.removeprefix(b"-")
    if not digits.isdigit() or len(digits) > 18:  # noqa: PLR2004 - beyond any limit
        raise ProtocolError("Invalid value")
    if int(untrusted) < -1:
        raise ProtocolError("Value can't be lower than -1")
    return int(untrusted)


def _flag(untrusted: bytes) -> bool:
    value = flag_of(untrusted.decode("ascii", "replace"))
    if value is None:
        raise QubesValueError("Invalid literal for boolean value")
    return value


_TOKEN = re.compile(rb"[A-Za-z0-9]{32}")


def _token(untrusted: bytes) -> str:
    if not _TOKEN.fullmatch(untrusted):
        raise ProtocolError("Invalid token")
    return untrusted.decode("ascii")


def _preload(untrusted: bytes) -> str:
    if untrusted not in {b"", PRELOAD_WORD.encode()}:
        raise PermissionDenied(f"Argument not in \"'', '{PRELOAD_WORD}'\"")
    return untrusted.decode("ascii")


def _ending(untrusted: bytes) -> Ending:
    words = ascii_line(untrusted, "argument").split("+") if untrusted else []
    if len(words) != len(set(words)) or not {*words} <= {"force", "wait"}:
        raise ProtocolError("Argument must match: force, wait")
    return Ending("force" in words, "wait" in words)


def _ending_text(ending: Ending) -> bytes:
    return "+".join(word for word in ("force", "wait") if getattr(ending, word)).encode()


# -- texts of a limited alphabet --------------------------------------------------------------------------------------


def _feature_name(untrusted: bytes) -> str:
    name = text(untrusted, "argument")
    if not names.FEATURE_NAME.matches(name):
        raise ProtocolError("feature name contains illegal characters")
    return name


def _feature_value(untrusted: bytes) -> str:
    if not untrusted.isascii():
        raise ProtocolError("Feature value contains non-ASCII characters")
    return text(untrusted, "feature value")


def _tag(untrusted: bytes) -> str:
    tag = text(untrusted, "argument")
    if not names.QUBES_TAG.matches(tag):
        raise QubesInvalidTagError("disallowed characters")
    return tag


def ascii_text(value: str) -> str:
    """Text as Qubes OS can read it: `_` for each character that is not printable ASCII."""
    return "".join(each if each.isascii() and each.isprintable() else "_" for each in value)


def _notes(untrusted: bytes) -> str:
    """Characters that are not safe to show become `_`, as in Qubes OS; newlines and tabs stay."""
    value = text(untrusted, "notes")
    return "".join(each if each.isprintable() or each in "\n\t" else "_" for each in value)


def _property_value(untrusted: bytes) -> str:
    if not untrusted.isascii():
        raise QubesValueError("Non-ASCII bytes in property value")
    return text(untrusted, "value")


# -- creating -----------------------------------------------------------------------------------------------------


def _creation(untrusted: bytes) -> tuple[dict[str, str], str, str]:
    """The pairs of a payload without name and label, and these two. Errors are worded as in Qubes OS."""
    fields = pairs(ascii_line(untrusted, "payload"), " ")
    if b"  " in untrusted:
        raise ProtocolError("One blank separates two pairs of the payload.")
    for key in ("name", "label"):
        if key not in fields:
            raise ProtocolError(f"Creation requested without key: {key}")
    name, label = fields.pop("name"), fields.pop("label")
    if any(key != "pool" and not key.startswith("pool:") for key in fields):
        raise ProtocolError("Options does not match: name, label, pool, pool:")
    if name == names.DOM0:
        raise refusal("name-taken", name)
    if reason := names.why_not_new_vm_name(name):
        raise error_for(reason)
    return fields, name, check(names.LABEL_NAME, label)


def _create(untrusted: bytes) -> CreateSpec:
    pools, name, label = _creation(untrusted)
    if pools:
        raise ProtocolError("Pool option specified but 'allow_pool' is False")
    return CreateSpec(name, label)


def _create_in_pool(untrusted: bytes) -> CreateInPoolSpec:
    pools, name, label = _creation(untrusted)
    pool = pools.pop("pool", None)
    if pool is not None and pools:
        raise ProtocolError("Conflicting options specified: 'pool=', 'pool:volume='")
    if pool is not None:
        return CreateInPoolSpec(name, label, check(names.POOL_NAME, pool))
    by_volume = {key.partition(":")[2]: at for key, at in pools.items()}
    return CreateInPoolSpec(
        name,
        label,
        None,
        {check(names.VOLUME_NAME, volume): check(names.POOL_NAME, at) for volume, at in by_volume.items()},
    )


# -- firewall ---------------------------------------------------------------------------------------------------------

_RULE_ORDER = (
    "action",
    "expire",
    "dst4",
    "dst6",
    "dsthost",
    "proto",
    "specialtarget",
    "dstports",
    "icmptype",
    "comment",
)


def rule_text(rule: Rule) -> str:
    """A rule with its options in the order of Qubes OS; one that cannot be read here, as it came."""
    if isinstance(rule, OtherRule):
        return str(rule)
    options = ((name, getattr(rule, name)) for name in _RULE_ORDER)
    return " ".join(f"{name}={value}" for name, value in options if value is not None and value != "")


def _rule_lines(untrusted: bytes) -> list[str]:
    if not untrusted.isascii():
        raise ProtocolError("Rules contains non-ASCII characters")
    return text(untrusted, "rules").removesuffix("\n").split("\n") if untrusted else []


def _rules(untrusted: bytes) -> list[Rule]:
    return [parse_rule(line) for line in _rule_lines(untrusted)]


def _rules_answer(untrusted: bytes) -> list[Rule]:
    """The rules that a firewall has. What cannot be read here costs no other rule."""
    return [read_rule(ascii_line(line.encode(), "rule")) for line in _rule_lines(untrusted)]


def _rules_text(rules: list[Rule]) -> bytes:
    return "".join(f"{rule_text(rule)}\n" for rule in rules).encode()


# -- devices ----------------------------------------------------------------------------------------------------------

_QUOTED = re.compile(r"([A-Za-z0-9_-]+)='((?:\\'|[^'])*)'(?: |$)", re.ASCII)


def _port(untrusted: bytes) -> Port:
    value = ascii_line(untrusted, "argument")
    backend, *rest = value.split("+", 2)
    if not rest:
        raise ProtocolError(f"Not a <backend>+<port> pair: {shown(value)}")
    port = ANY if rest[0] == "_" else check(names.DEVICE_IDENT, rest[0])
    ident = rest[1].replace("+", ":") if len(rest) > 1 else None
    return Port(check(names.VM_NAME, backend), port, ANY if ident == "_" else ident)


def _port_text(port: Port) -> bytes:
    words = [port.backend, port.port] + ([port.device_id.replace(":", "+")] if port.device_id is not None else [])
    return "+".join(words).replace(ANY, "_").encode()


def quoted(fields: Mapping[str, str]) -> str:
    """`key='value'` pairs. A backslash cannot be written in a value, and becomes `_`."""
    values = ((key, ascii_text(value).replace("\\", "_").replace("'", "\\'")) for key, value in fields.items())
    return " ".join(f"{key}='{value}'" for key, value in values)


def unquoted(untrusted: str) -> dict[str, str]:
    """The pairs that `quoted` writes. Raises `ProtocolError` for anything else, and for a doubled key."""
    fields: dict[str, str] = {}
    at = 0
    while at < len(untrusted):
        match = _QUOTED.match(untrusted, at)
        if match is None or match[1] in fields:
            raise ProtocolError(f"Not key='value' pairs: {shown(untrusted)}")
        fields[match[1]] = match[2].replace("\\'", "'")
        at = match.end()
    return fields


def _device_row(row: str) -> DeviceRow:
    head, _, fields = row.partition(" ")
    return DeviceRow(head, unquoted(fields))


def _available_row(row: str) -> DeviceRow:
    """A row of `Available`. Up to Qubes 4.2 its head is the port, nothing is quoted, and the description is last."""
    head, _, rest = row.partition(" ")
    if ":" in head:
        return DeviceRow(head, unquoted(rest))
    details, _, description = f" {rest}".partition(" description=")
    fields = {f"_{key}": value for key, value in pairs(details, " ").items()}
    return DeviceRow(head, {"port_id": check(names.DEVICE_IDENT, head), "name": description, **fields})


def _device_row_text(row: DeviceRow) -> str:
    return f"{row.head} {quoted(row.fields)}"


def ascii_lines(untrusted: bytes) -> list[str]:
    """Lines of printable ASCII; none for nothing."""
    return [ascii_line(line, "line") for line in untrusted.split(b"\n")] if untrusted else []


_DEVICE_KEYS = frozenset({"device_id", "port_id", "devclass", "backend_domain", "frontend_domain"})
"""Keys of the payload that repeat the argument, the call and its destination."""


def _device_options(untrusted: bytes) -> DeviceOptions:
    value = ascii_line(untrusted, "payload")
    if "='" not in value:
        options = pairs(value, " ")
        persistent = options.pop("persistent", "no")
        return DeviceOptions("", options, persistent in {"yes", TRUE})
    fields = unquoted(value)
    mode = fields.pop("mode", "")
    options = {key[1:]: each for key, each in fields.items() if key.startswith("_")}
    if unknown := sorted(key for key in fields if not key.startswith("_") and key not in _DEVICE_KEYS):
        raise ProtocolError(f"Invalid device properties: {shown(' '.join(unknown))}")
    return DeviceOptions(mode, options, again={key: each for key, each in fields.items() if key in _DEVICE_KEYS})


def _device_options_text(options: DeviceOptions) -> bytes:
    if options.persistent or options.plain:
        persistent = {"persistent": "yes"} if options.persistent else {}
        return " ".join(f"{key}={value}" for key, value in {**options.options, **persistent}.items()).encode()
    mode = {"mode": options.mode} if options.mode else {}
    return quoted({**options.again, **mode, **{f"_{key}": value for key, value in options.options.items()}}).encode()


# -- the codecs -------------------------------------------------------------------------------------------------------

VM_ROWS = rows_of("<name> class=<class> state=<state> uuid=<uuid>\\n", _vm_row, _vm_text)
PROPERTY: Codec[Property] = Codec(
    "default={True|False} type=<type> <value>", _total(_property, "property"), _property_text
)
DEFAULT: Codec[Default | None] = Codec(
    "[type=<type> <value>]", _total(_default, "default"), _default_text, optional=True
)
PROPERTY_ROWS = rows_of("<property> default={True|False} type=<type> <value>\\n", _property_row, _property_row_text)
PROPERTY_VALUE: Codec[str] = Codec("value", _property_value, str.encode, optional=True)
FEATURE_VALUE: Codec[str] = Codec(
    "printable ASCII", _feature_value, lambda value: ascii_text(value).encode(), optional=True
)
NOTES: Codec[str] = Codec("text", _notes, str.encode)
NOTES_ANSWER: Codec[str] = Codec("text", _notes, lambda value: _notes(value.encode()).encode(), optional=True)
CURRENT_STATE: Codec[CurrentState] = Codec(
    "mem=<KiB> mem_static_max=<KiB> cputime=<ns> power_state=<state>", _total(_state, "state"), _state_text
)
PRELOAD: Codec[str] = Codec("[preload]", _preload, str.encode, optional=True)
WORDS: Codec[str] = Codec("text, one line", lambda untrusted: ascii_line(untrusted, "payload"), str.encode)
ENDING: Codec[Ending] = Codec("[force][+wait]", _ending, _ending_text, optional=True)
SIZE: Codec[int] = Codec("size in bytes", _size, lambda size: str(size).encode())
REVISIONS: Codec[int] = Codec("number, -1 for all", _revisions, lambda count: str(count).encode())
FLAG: Codec[bool] = Codec("True or False", _flag, lambda value: flag_word(value).encode())
TOKEN: Codec[str] = Codec("token of 32 letters and digits", _token, str.encode)
FEATURE_NAME: Codec[str] = Codec(names.FEATURE_NAME.what, _feature_name, str.encode)
TAG: Codec[str] = Codec(names.QUBES_TAG.what, _tag, lambda tag: tag.replace(".", "_").encode())
CREATE: Codec[CreateSpec] = Codec("name=<name> label=<label>", _create, CREATE_OF_MGMT1.encode)
CREATE_IN_POOL: Codec[CreateInPoolSpec] = Codec(
    "name=<name> label=<label> pool=<pool> or pool:<volume>=<pool> …", _create_in_pool, IN_POOL_OF_MGMT1.encode
)
TAG_ROWS = rows_of("<tag>\\n", lambda row: row, lambda tag: tag.replace(".", "_"))
RULES: Codec[list[Rule]] = Codec("<rule>\\n", _rules, _rules_text)
RULES_ANSWER: Codec[list[Rule]] = Codec("<rule>\\n", _rules_answer, _rules_text)
PORT: Codec[Port] = Codec("backend+port[+device id]", _port, _port_text)
DEVICE_OPTIONS: Codec[DeviceOptions] = Codec(
    "[mode='<mode>' _<option>='<value>' …]", _device_options, _device_options_text, optional=True
)
ASSIGNMENT: Codec[DeviceOptions] = Codec("mode='<mode>' _<option>='<value>' …", _device_options, _device_options_text)
INTERFACES: Codec[list[str]] = Codec(
    "<interface>\\n…, the last without a newline",
    lambda untrusted: [check(names.DEVICE_INTERFACE, each) for each in ascii_lines(untrusted)],
    lambda interfaces: "\n".join(interfaces).encode(),
    optional=True,
)
AVAILABLE_ROWS = rows_of("<port>:<device id> <key>='<value>' …\\n", _available_row, _device_row_text)
ASSIGNMENT_ROWS = rows_of("<backend>+<port>:<device id> <key>='<value>' …\\n", _device_row, _device_row_text)
