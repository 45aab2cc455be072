# SPDX-License-Identifier: GPL-3.0-or-later
"""THE REASONS: each code with its error and its English sentence, and what reasons look like on the wire.

A place `{name}` in a sentence says what the field is; fields come in the order of the places. Windows translate the
sentence by the code. A reason is sent as `to_json` in a payload, and as `to_format` in an exception frame, where any
client of Qubes can read it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from string import Formatter
from typing import Any

from qubesmanager.wire import errors
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.reason import Field, Reason

DEPTH = 8
"""How many reasons may be inside of each other in a payload."""


@dataclass(frozen=True)
class Row:
    """A reason: `error` is the class of the answer that refuses for it, `sentence` English for a person."""

    code: str
    error: type[Mgmt1Error]
    sentence: str

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The names of the places, in order; each occurs once."""
        return tuple(name for _text, name, _spec, _conversion in Formatter().parse(self.sentence) if name)

    @cached_property
    def format(self) -> str:
        """The sentence as a %-format with a `%s` at each place."""
        parts = Formatter().parse(self.sentence)
        return "".join(text.replace("%", "%%") + ("%s" if name else "") for text, name, _spec, _conversion in parts)

    def filled(self, sentence: str, fields: Iterable[str]) -> str:
        """`sentence`, which is this row's or its translation, with the fields in their places."""
        return sentence.format(**dict(zip(self.fields, fields, strict=True)))


TABLE: tuple[Row, ...] = (
    # -- of any kind
    Row("other-text", errors.Mgmt1Error, "{text}"),
    Row("of-qube", errors.Mgmt1Error, "{qube}: {reason}"),
    Row("both-reasons", errors.Mgmt1Error, "{first} {second}"),
    # -- power and life of a qube
    Row("dom0-always-runs", errors.QubesValueError, "dom0 runs as long as the computer does."),
    Row("qube-paused", errors.QubesVMNotRunningError, "{qube} is paused; unpause it first."),
    Row("qube-paused-shutdown", errors.QubesVMNotRunningError, "{qube} is paused; unpause it first, or kill it."),
    Row("qube-already-running", errors.QubesVMNotHaltedError, "{qube} is already running."),
    Row("qube-shutting-down", errors.QubesVMNotRunningError, "{qube} is already shutting down."),
    Row("qube-not-running", errors.QubesVMNotRunningError, "{qube} is not running."),
    Row("qube-still-starting", errors.QubesVMNotRunningError, "{qube} is still starting."),
    Row("qube-already-paused", errors.QubesVMNotRunningError, "{qube} is already paused."),
    Row("qube-not-paused", errors.QubesVMNotPausedError, "{qube} is not paused."),
    Row("disposable-no-restart", errors.QubesValueError, "{qube} is a disposable; it is removed when it halts."),
    Row("start-netvm-loop", errors.QubesVMNotStartedError, "{qube} cannot start: its netvms form a loop, {loop}."),
    Row("netvm-paused", errors.QubesVMNotRunningError, "The netvm {netvm} is paused; unpause it first."),
    Row("netvm-of-running", errors.QubesVMInUseError, "{qube} is the netvm of running qubes: {clients}."),
    Row("devices-in-use", errors.QubesVMInUseError, "Other qubes use devices of {qube}: {users}. Detach them first."),
    # -- remove, clone, rename
    Row("dom0-not-removed", errors.QubesValueError, "dom0 cannot be removed."),
    Row("remove-needs-halted", errors.QubesVMNotHaltedError, "{qube} is running; shut it down first."),
    Row(
        "qube-from-package",
        errors.QubesVMInUseError,
        "{qube} came from a package; remove it with the package manager.",
    ),
    Row("qube-used", errors.QubesVMInUseError, "{qube} is used by {users}."),
    Row("qube-used-unseen", errors.QubesVMInUseError, "{qube} is used by a qube that is just being created."),
    Row("dom0-not-cloned", errors.QubesValueError, "dom0 cannot be cloned."),
    Row("clone-needs-halted", errors.QubesVMNotHaltedError, "{qube} is running; shut it down before you clone it."),
    Row("dom0-keeps-name", errors.QubesPropertyValueError, "The name of dom0 cannot be changed."),
    Row("rename-needs-halted", errors.QubesVMNotHaltedError, "{qube} is running; shut it down before you rename it."),
    # -- programs, updates, devices, menus of properties
    Row("dom0-no-programs", errors.QubesValueError, "Programs run in qubes, not in dom0."),
    Row("dom0-own-updates", errors.QubesValueError, "dom0 is updated by its own tool."),
    Row("updated-with-template", errors.QubesValueError, "{qube} is updated with its template."),
    Row("dom0-no-devices", errors.QubesValueError, "Devices cannot be attached to dom0."),
    Row(
        "template-no-devices",
        errors.QubesValueError,
        "A template gets no devices; attach them to the qubes that are based on it.",
    ),
    Row("dom0-no-template", errors.QubesValueError, "dom0 has no template."),
    Row("no-template", errors.QubesValueError, "{qube} is not based on a template."),
    Row(
        "template-needs-halted",
        errors.QubesVMNotHaltedError,
        "{qube} is running; shut it down before you change its template.",
    ),
    Row("dom0-no-network", errors.QubesValueError, "dom0 has no network."),
    Row("dom0-keeps-label", errors.QubesValueError, "The label of dom0 cannot be changed."),
    # -- names of qubes
    Row("name-empty", errors.QubesValueError, "A qube needs a name."),
    Row("name-first-letter", errors.QubesValueError, "A name starts with a letter (A to Z)."),
    Row("name-too-long", errors.QubesValueError, "A name has at most 31 characters."),
    Row("name-characters", errors.QubesValueError, "A name contains only letters, digits and . _ -"),
    Row("name-reserved", errors.QubesValueError, "The name {name} is reserved."),
    Row("name-ends-dm", errors.QubesValueError, "A name cannot end in -dm."),
    Row("name-taken", errors.QubesVMAlreadyExistsError, "There is already a qube {name}."),
    Row("no-such-qube", errors.QubesVMNotFoundError, "There is no qube {name}."),
    # -- properties
    Row(
        "property-needs-halted",
        errors.QubesVMNotHaltedError,
        "{property} of {qube} can be changed only while the qube is halted.",
    ),
    Row("netvm-no-network", errors.QubesPropertyValueError, "{netvm} does not provide network."),
    Row("netvm-loop", errors.QubesPropertyValueError, "That would be a loop of netvms: {loop}."),
    Row(
        "netvm-not-running",
        errors.QubesVMNotRunningError,
        "{netvm} is not running, so these running qubes would lose the network: {qubes}.",
    ),
    Row("netvm-of", errors.QubesPropertyValueError, "{qube} is the netvm of {clients}."),
    Row("disposable-template-of", errors.QubesPropertyValueError, "{qube} is the disposable template of {users}."),
    Row(
        "not-disposable-template",
        errors.QubesPropertyValueError,
        "{template} is not a template for disposables (template_for_dispvms).",
    ),
    Row("not-a-template", errors.QubesPropertyValueError, "{template} is not a TemplateVM."),
    Row("memory-range", errors.QubesPropertyValueError, "The memory is between {least} and {most} MiB."),
    Row(
        "memory-above-maximum",
        errors.QubesPropertyValueError,
        "The initial memory ({memory} MiB) is above the maximum ({maxmem} MiB).",
    ),
    Row("maxmem-range", errors.QubesPropertyValueError, "The maximum memory is at most {most} MiB."),
    Row(
        "maxmem-below-memory",
        errors.QubesPropertyValueError,
        "The maximum ({maxmem} MiB) is below the initial memory ({memory} MiB).",
    ),
    Row(
        "pci-not-balanced",
        errors.QubesPropertyValueError,
        "The memory of a qube with PCI devices cannot be balanced: set maxmem to 0 first.",
    ),
    # -- warnings on a change of properties
    Row("name-references", errors.QubesValueError, "References to it are changed too: {references}."),
    Row("network-around", errors.QubesValueError, "Its network would go around {qubes}."),
    Row("connections-end", errors.QubesValueError, "It is running: its open connections end."),
    Row(
        "maximum-far",
        errors.QubesValueError,
        "The maximum is more than {times} times the initial memory: the qube may start slowly or not at all.",
    ),
    # -- firewall
    Row("firewall-no-netvm", errors.QubesValueError, "The qube has no net qube, so its firewall rules have no effect."),
    Row(
        "firewall-netvm-without",
        errors.QubesValueError,
        "{netvm} enforces no firewall, so these rules have no effect.",
    ),
    # -- volumes
    Row("volume-not-kept", errors.StoragePoolException, "The volume is created again at each start of the qube."),
    Row("volume-only-grows", errors.QubesValueError, "A volume can only grow."),
    Row("volume-too-large", errors.QubesValueError, "A volume has at most 64 TiB."),
    Row(
        "revert-needs-halted",
        errors.QubesVMNotHaltedError,
        "The qube is running; a volume is reverted only while its qube is halted.",
    ),
    Row(
        "volume-not-extra",
        errors.StoragePoolException,
        "The volume is a part of the qube; only extra volumes are detached.",
    ),
    # -- texts that a qube carries
    Row(
        "feature-control",
        errors.QubesValueError,
        "The value of a feature is one line without control characters; it contains {character}.",
    ),
    Row("feature-too-long", errors.QubesValueError, "The value of a feature has at most {most} bytes."),
    Row(
        "notes-control",
        errors.QubesValueError,
        "Notes are text without control characters; they contain {character}.",
    ),
    Row("notes-too-long", errors.QubesValueError, "Notes have at most {most} KiB."),
    # -- properties of qubes and of the system
    Row(
        "disposable-netvm-loop",
        errors.QubesPropertyValueError,
        "{disposable} takes the netvm of its template, and that would be a loop of netvms: {loop}.",
    ),
    Row("own-gui", errors.QubesPropertyValueError, "A qube cannot show its own windows or play its own sound."),
    Row("property-range", errors.QubesPropertyValueError, "{property} is between {least} and {most}."),
    Row("property-choice", errors.QubesPropertyValueError, "It is one of: {choices}."),
    Row("no-such-kernel", errors.QubesPropertyValueError, "There is no kernel {kernel}; there are: {kernels}."),
    Row("not-an-address", errors.QubesPropertyValueError, "{address} is not an IPv4 address."),
    Row("address-used", errors.QubesPropertyValueError, "{address} is the address of {qube}."),
    Row(
        "not-a-mac",
        errors.QubesPropertyValueError,
        "A MAC address is six pairs of lower-case hexadecimal digits, and not a multicast address.",
    ),
    Row("no-such-label", errors.QubesLabelNotFoundError, "There is no label {label}."),
    Row(
        "property-too-long", errors.QubesPropertyValueError, "The value of {property} is longer than {most} characters."
    ),
    Row("property-one-line", errors.QubesPropertyValueError, "The value of {property} must be one line."),
    Row("property-empty", errors.QubesPropertyValueError, "{property} cannot be empty."),
    Row("property-number", errors.QubesPropertyValueError, "{property} is a whole number, not {value}."),
    Row("property-flag", errors.QubesPropertyValueError, "{property} is yes or no, not {value}."),
    Row(
        "pool-of-kernels",
        errors.QubesPropertyValueError,
        "The pool {pool} contains dom0's kernels; no volume can be created in it.",
    ),
    Row("no-such-pool", errors.QubesPoolNotFoundError, "There is no pool {pool}."),
    Row("system-property-range", errors.QubesPropertyValueError, "The value is between {least} and {most}."),
    Row("qube-limit", errors.QubesValueError, "A qube has at most {most} {what}."),
    Row(
        "qube-too-large",
        errors.QubesValueError,
        "The features, tags and notes of {qube} are too large: {size} bytes, where at most {most} KiB are possible.",
    ),
    Row(
        "not-a-raw-image",
        errors.QubesValueError,
        "A root volume is a raw disk image; this looks like {format}. {advice}",
    ),
)

BY_CODE: Mapping[str, Row] = {row.code: row for row in TABLE}

BY_FORMAT: Mapping[str, Row] = {row.format: row for row in TABLE}

NESTED_FORMAT = "%.0s%s"
"""The format of a reason that contains a reason: JSON, which this format prints as nothing, and the English text."""


def text(reason: Reason) -> str:
    """The reason as an English sentence."""
    row = BY_CODE[reason.code]
    return row.filled(row.sentence, map(field_text, reason.fields))


def field_text(field: Field) -> str:
    """A field in English."""
    return field if isinstance(field, str) else text(field)


def error_for(reason: Reason, kind: type[Mgmt1Error] | None = None) -> Mgmt1Error:
    """The error that refuses for this reason; of the class `kind` instead of the row's, if it is given."""
    return (kind or BY_CODE[reason.code].error)(text(reason), reason)


def refusal(code: str, *fields: Field | int) -> Mgmt1Error:
    """The error that refuses for the reason of this code and these fields."""
    return error_for(Reason(code, *fields))


def cause(failure: BaseException) -> Field:
    """An error as a field of another reason: its own reason, else its text."""
    own = failure.reason if isinstance(failure, Mgmt1Error) else None
    return own or str(failure)


def to_json(reason: Reason) -> dict[str, Any]:
    """`{"code": …, "fields": […]}` for a payload; a field is text or such an object."""
    return {"code": reason.code, "fields": [each if isinstance(each, str) else to_json(each) for each in reason.fields]}


def from_json(untrusted: object, depth: int = DEPTH) -> Reason | None:
    """The reason of such an object. None for anything else, for an unknown code and for a wrong number of fields."""
    if not isinstance(untrusted, dict) or not depth:
        return None
    code, values = untrusted.get("code"), untrusted.get("fields")
    row = BY_CODE.get(code) if isinstance(code, str) else None
    if row is None or not isinstance(values, list) or len(values) != len(row.fields):
        return None
    fields = [_clean(each) if isinstance(each, str) else from_json(each, depth - 1) for each in values]
    return None if None in fields else Reason(row.code, *(each for each in fields if each is not None))


def to_format(reason: Reason) -> tuple[str, ...]:
    """A %-format and its fields: the row's, or `NESTED_FORMAT` with two fields for a reason that contains a reason."""
    fields = [each for each in reason.fields if isinstance(each, str)]
    if len(fields) == len(reason.fields):
        return BY_CODE[reason.code].format, *fields
    return NESTED_FORMAT, json.dumps(to_json(reason)), text(reason)


def from_format(untrusted_format: str, untrusted_fields: Sequence[str]) -> Reason | None:
    """The reason of such a format and fields, found by the exact format; None for any other format."""
    if untrusted_format == NESTED_FORMAT and untrusted_fields:
        try:
            return from_json(json.loads(untrusted_fields[0]))
        except (ValueError, RecursionError):
            return None
    row = BY_FORMAT.get(untrusted_format)
    if row is None or len(untrusted_fields) != len(row.fields):
        return None
    return Reason(row.code, *untrusted_fields)


def _clean(untrusted: str) -> str:
    """The text as an exception frame can hold it: without NUL, and `?` for each surrogate."""
    return untrusted.replace("\x00", "").encode("utf-8", "replace").decode()
