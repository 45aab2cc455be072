# SPDX-License-Identifier: GPL-3.0-or-later
"""The bytes around a call: the request header of a qrexec socket service, and the answer's first bytes.

Header: `SERVICE+[ARG] SOURCE name|keyword TARGET` NUL, then the payload. Answers: `0` NUL content; `2` NUL type NUL
traceback NUL format NUL (field NUL)*; events are in `events.py`. Source: qrexec's socket services and the mgmt1
specification.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from qubesmanager.wire import reasons
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.names import shown
from qubesmanager.wire.reasons import refusal

OK = b"0\x00"
EVENT = b"1\x00"
EXCEPTION = b"2\x00"

_HEADER_WORDS = 4


@dataclass(frozen=True, slots=True)
class Header:
    """The source, service and target of a request. `target_kind` is `name` or `keyword`; nothing is checked yet."""

    untrusted_service: str
    untrusted_argument: str
    source: str
    target_kind: str
    untrusted_target: str


def encode_header(service: str, argument: str, source: str, target: str) -> bytes:
    """A header as qrexec writes it: the `+` is always there.

    Raises `ProtocolError` for a word that would end its place in the header or the header itself.
    """
    for word in (f"{service}+{argument}", source, target):
        if not word.isascii() or not word.isprintable() or " " in word or not word:
            raise refusal("request-word", shown(word))
    return f"{service}+{argument} {source} name {target}\x00".encode("ascii")


def decode_header(untrusted: bytes) -> Header:
    """The header without its NUL. Raises `ProtocolError` for anything but four ASCII words.

    The error does not quote the bytes: a caller that forgot the header may have sent a passphrase in its place.
    """
    try:
        words = untrusted.decode("ascii").split(" ")
    except UnicodeDecodeError as error:
        raise refusal("request-not-ascii") from error
    if len(words) != _HEADER_WORDS or not all(words):
        raise refusal("request-words")
    if words[2] not in {"name", "keyword"}:
        raise refusal("request-target")
    service, _, argument = words[0].partition("+")
    return Header(service, argument, words[1], words[2], words[3])


def encode_error(error: Mgmt1Error, traceback: str = "") -> bytes:
    """An exception frame. A reason travels as its format and fields, any other text as a format without fields."""
    template = reasons.to_format(error.reason) if error.reason else (str(error).replace("%", "%%"),)
    parts = (error.wire_name, traceback, *template)
    return EXCEPTION + b"".join(part.replace("\x00", "").encode("utf-8", "replace") + b"\x00" for part in parts)


def decode_error(untrusted_rest: bytes) -> Mgmt1Error:
    """The error of an exception frame whose first two bytes are off. Total: a broken frame is a `ProtocolError`.

    It has a reason if the frame's format is one of the table of reasons.
    """
    parts = untrusted_rest.decode("utf-8", "replace").split("\x00")
    if len(parts) < 4 or parts[-1] != "":  # noqa: PLR2004 - type, traceback, format, and the end
        return refusal("answer-exception")
    wire_name, _traceback, template, *fields = parts[:-1]
    reason = reasons.from_format(template, fields)
    if reason is None:
        return Mgmt1Error.from_wire(wire_name, _filled(template, fields))
    own, message = reasons.BY_CODE[reason.code].error, reasons.text(reason)
    # An error without a name on the wire has the name of all others.
    error = own(message) if own.wire_name == wire_name else Mgmt1Error.from_wire(wire_name, message)
    error.reason = reason
    return error


_PLACE = re.compile(r"%(\.0s|[%srd])", re.ASCII)


def _filled(template: str, fields: list[str]) -> str:
    """The text with its fields in place. Only plain places are known: `%` with a width could ask for gigabytes."""
    rest: Iterator[str] = iter(fields)
    message = _PLACE.sub(lambda place: _field(place, rest), template)
    return " ".join((message, *rest))


def _field(place: "re.Match[str]", fields: Iterator[str]) -> str:
    if place[1] == "%":
        return "%"
    field = next(fields, place[0])
    return "" if place[1] == ".0s" else field


def content(untrusted_answer: bytes) -> bytes:
    """The content of an OK answer. Raises the error of an exception answer, `ProtocolError` for anything else."""
    head, rest = untrusted_answer[:2], untrusted_answer[2:]
    if head == OK:
        return rest
    if head == EXCEPTION:
        raise decode_error(rest)
    if not untrusted_answer:
        raise refusal("answer-empty")
    raise refusal("answer-unknown", shown(untrusted_answer[:16]))
