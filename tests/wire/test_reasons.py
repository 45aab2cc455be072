# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of reasons, and reasons on the wire: every row, any fields, and what a client of Qubes makes of them."""

import json
import re
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qubesmanager.wire import errors, reasons
from qubesmanager.wire.errors import Mgmt1Error, QubesPropertyValueError, QubesVMNotFoundError
from qubesmanager.wire.framing import EXCEPTION, content, encode_error
from qubesmanager.wire.reason import Field, Reason
from qubesmanager.wire.reasons import (
    BY_CODE,
    TABLE,
    Row,
    by_format,
    cause,
    error_for,
    from_json,
    refusal,
    text,
    to_json,
)

ROWS = st.sampled_from(TABLE)
TEXTS = st.text(max_size=12)


def of(row: Row, fields: st.SearchStrategy[Field]) -> st.SearchStrategy[Reason]:
    return st.tuples(*[fields] * len(row.fields)).map(lambda each: Reason(row.code, *each))


FLAT = ROWS.flatmap(lambda row: of(row, TEXTS))
NESTED = st.recursive(FLAT, lambda inner: ROWS.flatmap(lambda row: of(row, TEXTS | inner)), max_leaves=4)


def sendable(field: Field) -> Field:
    """The field as a frame can hold it."""
    if isinstance(field, Reason):
        return Reason(field.code, *map(sendable, field.fields))
    return field.replace("\x00", "").encode("utf-8", "replace").decode()


def received(sent: Mgmt1Error) -> Mgmt1Error:
    with pytest.raises(Mgmt1Error) as caught:
        content(encode_error(sent))
    return caught.value


def read_by_a_client_of_qubes(frame: bytes) -> str:
    """The text that the clients of Qubes make of an exception frame."""
    _type, _traceback, template, rest = frame.removeprefix(EXCEPTION).split(b"\x00", 3)
    fields = tuple(field.decode() for field in rest.split(b"\x00")[:-1])
    return template.decode() % fields


def test_codes_and_sentences_are_unique() -> None:
    assert len(BY_CODE) == len(TABLE)
    assert len(by_format()) == len(TABLE)
    assert reasons.NESTED_FORMAT not in by_format()


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.code)
def test_a_row_is_well_formed(row: Row) -> None:
    places = [part for part in Formatter().parse(row.sentence) if part[1] is not None]

    assert row.code == row.code.lower().strip("-")
    assert set(row.code) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert all(name and name.isidentifier() and not conversion for _, name, _unit, conversion in places)
    assert {unit for _, _name, unit, _ in places} <= {"", "bytes", "KiB", "MiB"}
    assert len(set(row.fields)) == len(places)
    assert issubclass(row.error, Mgmt1Error)
    assert row.sentence == row.sentence.strip()


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.code)
def test_a_sentence_says_net_qube_as_the_window_does(row: Row) -> None:
    words = "".join(text for text, *_ in Formatter().parse(row.sentence))

    assert not re.search(r"\bnetvms?\b", words)


@given(NESTED)
def test_a_reason_comes_back_from_an_exception_frame(reason: Reason) -> None:
    back = received(error_for(reason))

    assert back.reason == sendable(reason)
    assert type(back) is BY_CODE[reason.code].error
    assert str(back) == text(back.reason)


@given(NESTED)
def test_a_client_of_qubes_reads_the_sentence(reason: Reason) -> None:
    frame = encode_error(error_for(reason))

    assert read_by_a_client_of_qubes(frame) == sendable(text(reason))


@given(NESTED)
def test_a_reason_comes_back_from_json(reason: Reason) -> None:
    assert from_json(json.loads(json.dumps(to_json(reason)))) == sendable(reason)


@pytest.mark.parametrize(
    "untrusted",
    [
        None,
        [],
        "no-such-qube",
        {},
        {"code": "no-such-qube"},
        {"code": "no-such-qube", "fields": "work"},
        {"code": "no-such-qube", "fields": []},
        {"code": "no-such-qube", "fields": [1]},
        {"code": "no-such-qube", "fields": ["a", "b"]},
        {"code": "no-such-qube", "fields": [{"code": "unknown", "fields": []}]},
        {"code": "unknown", "fields": []},
        {"code": [], "fields": []},
    ],
)
def test_json_that_is_not_a_reason_gives_none(untrusted: object) -> None:
    assert from_json(untrusted) is None


def test_reasons_nested_too_deeply_give_none() -> None:
    reason = Reason("no-such-qube", "work")
    for _ in range(reasons.DEPTH):
        reason = Reason("both-reasons", reason, "x")

    assert from_json(to_json(reason)) is None


@pytest.mark.parametrize("json_text", ["", "{", "[" * 100_000, '{"code": "unknown", "fields": []}'])
def test_a_nested_reason_that_does_not_decode_leaves_its_text(json_text: str) -> None:
    frame = EXCEPTION + b"\x00".join([b"QubesException", b"", b"%.0s%s", json_text.encode(), b"No.", b""])
    with pytest.raises(Mgmt1Error) as caught:
        content(frame)

    assert caught.value.reason is None
    assert str(caught.value) == "No."


def test_an_error_without_a_reason_stays_text() -> None:
    assert received(QubesVMNotFoundError("100 %s")).reason is None
    assert str(received(QubesVMNotFoundError("100 %s"))) == "100 %s"


def test_a_refusal_has_the_class_of_its_row_unless_another_is_given() -> None:
    assert type(refusal("no-such-qube", "work")) is QubesVMNotFoundError
    assert str(refusal("memory-range", 32, 64)) == "The memory is between 32 MiB and 64 MiB."
    assert type(error_for(Reason("no-such-qube", "work"), QubesPropertyValueError)) is QubesPropertyValueError


def test_a_cause_is_the_reason_of_an_error_or_its_text() -> None:
    assert cause(refusal("no-such-qube", "work")) == Reason("no-such-qube", "work")
    assert cause(errors.StoragePoolException("Full.")) == "Full."
    assert cause(OSError(28, "No space")) == "[Errno 28] No space"


def test_a_list_is_one_field_with_commas_and_the_number_of_the_others() -> None:
    changed = Reason("path-why", "'b'", Reason("path-changed"))

    assert reasons.listed([]) == ""
    assert reasons.listed(["a", "b"]) == "a, b"
    assert text(Reason("home-left-out", reasons.listed(["'a'", changed, "'c'"], 2))) == (
        "Left out of the home of dom0: 'a', 'b' (it changed), 'c' and 2 more."
    )


@given(st.lists(FLAT, min_size=1, max_size=40))
def test_a_long_list_comes_back_from_json(each: list[Reason]) -> None:
    of_list = Reason("home-left-out", reasons.listed(each, 7))

    assert from_json(json.loads(json.dumps(to_json(of_list)))) == sendable(of_list)


def test_the_reason_of_an_error_without_one_is_its_text() -> None:
    assert reasons.reason_of(refusal("no-such-qube", "work")) == Reason("no-such-qube", "work")
    assert reasons.reason_of(errors.StoragePoolException("Full.")) == Reason("other-text", "Full.")
