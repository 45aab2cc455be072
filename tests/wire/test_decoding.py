# SPDX-License-Identifier: GPL-3.0-or-later
"""Decoding is total: any bytes give a value or a `Mgmt1Error`, for each codec of the call table."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qubesmanager.wire import calls, codecs, names
from qubesmanager.wire.call import AnyCall
from qubesmanager.wire.codecs import (
    AvailableDevice,
    CloneSpec,
    Codec,
    CreateInPoolSpec,
    CreateSpec,
    CurrentState,
    DeviceId,
    DeviceRow,
    LabelRow,
    PropertyRow,
    PropertyState,
    RuleRow,
    TokenContent,
    VmClassRow,
    VmInfo,
    VolumeId,
    VolumeRow,
    escape,
    unescape,
)
from qubesmanager.wire.errors import Mgmt1Error, ProtocolError
from qubesmanager.wire.names import NameRule
from qubesmanager.wire.values import DeviceClass, PowerState, VmClass

CODECS: dict[Codec[Any], str] = {}
"""Each codec of the table once, with the first call that has it: most are those of many calls."""
for _row in calls.TABLE:
    for _place, _codec in (("argument", _row.arg), ("payload", _row.payload), ("answer", _row.result)):
        if _codec is not codecs.STREAM:
            CODECS.setdefault(_codec, f"{_row.name}-{_place}")

WORDS = [
    b"name=",
    b"label=red",
    b" ",
    b"\n",
    b"default=yes ",
    b"class=AppVM",
    b"state=Halted",
    b"-",
    b"--",
    b"-3A",
    b":",
]
NEARLY = st.lists(st.sampled_from([*WORDS, b"work", b"0", b"\x00", b"\xff", b"=", b"+", b"pool:", b"{", b"1\x00"])).map(
    b"".join
)
ANY_BYTES = st.one_of(st.binary(max_size=200), NEARLY, st.text(max_size=60).map(str.encode))


@pytest.mark.parametrize("codec", CODECS, ids=CODECS.values())
@given(untrusted=ANY_BYTES)
def test_any_bytes_give_a_value_or_an_error(codec: Codec[object], untrusted: bytes) -> None:
    try:
        value = codec.decode(untrusted)
    except Mgmt1Error:
        return
    assert codec.decode(codec.encode(value)) == value


NAME = st.from_regex(names.VM_NAME.pattern, fullmatch=True)
PROPERTY = st.from_regex(names.PROPERTY_NAME.pattern, fullmatch=True)
POOL = st.from_regex(names.POOL_NAME.pattern, fullmatch=True)
LABEL = st.from_regex(names.LABEL_NAME.pattern, fullmatch=True)
VOLUME = st.from_regex(names.VOLUME_NAME.pattern, fullmatch=True)
IDENT = st.from_regex(names.DEVICE_IDENT.pattern, fullmatch=True)
VID = st.lists(st.from_regex(r"[A-Za-z0-9_@+:-]{1,12}", fullmatch=True), min_size=1, max_size=4).map("/".join)
WORD = st.from_regex(r"[A-Za-z0-9_.:/-]{1,12}", fullmatch=True)
OPTIONS = st.dictionaries(WORD, WORD | st.just(""), max_size=4)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
ONE_LINE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\n"), max_size=40)
ASCII_LINE = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)
COLOR = st.from_regex(r"0x[0-9a-f]{6}", fullmatch=True)
NUMBER = st.integers(0, 10**19 - 1)
DEVICE = st.builds(DeviceId, NAME, IDENT)


def _rows(row: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(row, max_size=4)


VALUES: list[tuple[Codec[Any], st.SearchStrategy[Any]]] = [
    (codecs.CREATE, st.builds(CreateSpec, NAME, LABEL)),
    (codecs.CREATE_IN_POOL, st.builds(CreateInPoolSpec, NAME, LABEL, POOL)),
    (
        codecs.CREATE_IN_POOL,
        st.builds(CreateInPoolSpec, NAME, LABEL, st.none(), st.dictionaries(VOLUME, POOL, min_size=1, max_size=3)),
    ),
    (codecs.CLONE, st.builds(CloneSpec, NAME, st.none() | POOL)),
    (codecs.VOLUME_ID, st.builds(VolumeId, POOL, VID)),
    (codecs.DEVICE_ID, DEVICE),
    (codecs.POSITION, st.none() | NUMBER),
    (codecs.SIZE, NUMBER),
    (codecs.TEXT, TEXT),
    (codecs.LINE, ASCII_LINE),
    (codecs.BIT, st.booleans()),
    (codecs.OPTIONS, OPTIONS),
    (codecs.KEY_VALUES, st.dictionaries(WORD, ONE_LINE, max_size=4)),
    (codecs.TOKEN_CONTENT, st.builds(TokenContent, ASCII_LINE, TEXT)),
    (codecs.PROPERTY_STATE, st.builds(PropertyState, st.booleans(), TEXT)),
    (codecs.CURRENT_STATE, st.builds(CurrentState, st.sampled_from(PowerState), NUMBER, NUMBER)),
    (
        codecs.VM_ROWS,
        _rows(st.builds(VmInfo, NAME, st.sampled_from(VmClass), st.sampled_from(PowerState), uuid=st.just(""))),
    ),
    (codecs.PROPERTY_ROWS, _rows(st.builds(PropertyRow, PROPERTY, st.booleans(), st.just("str"), TEXT))),
    (codecs.RULE_ROWS, _rows(st.builds(RuleRow, st.just("r-1"), ASCII_LINE))),
    (codecs.DEVICE_ROWS, _rows(st.builds(DeviceRow, DEVICE, OPTIONS))),
    (codecs.AVAILABLE_ROWS, _rows(st.builds(AvailableDevice, IDENT, OPTIONS, ASCII_LINE))),
    (codecs.VOLUME_ROWS, _rows(st.builds(VolumeRow, VOLUME, POOL, VID))),
    (codecs.CLASS_ROWS, _rows(st.builds(VmClassRow, st.sampled_from(VmClass), st.lists(PROPERTY).map(tuple)))),
    (codecs.DEVICE_CLASS_ROWS, _rows(st.sampled_from(DeviceClass))),
    (codecs.LABEL_ROWS, _rows(st.builds(LabelRow, LABEL, COLOR))),
]


@pytest.mark.parametrize(("codec", "values"), [pytest.param(*pair, id=pair[0].what) for pair in VALUES])
@given(data=st.data())
def test_an_encoded_value_decodes_to_the_same(
    codec: Codec[object], values: st.SearchStrategy[object], data: st.DataObject
) -> None:
    value = data.draw(values)

    assert codec.decode(codec.encode(value)) == value


LENGTHS: list[tuple[NameRule, int]] = [
    (names.VM_NAME, 31),
    (names.PROPERTY_NAME, 64),
    (names.FEATURE_NAME, 128),
    (names.TAG_NAME, 128),
    (names.LABEL_NAME, 32),
    (names.POOL_NAME, 128),
    (names.PROFILE_ID, 64),
    (names.VOLUME_NAME, 32),
    (names.VOLUME_ID, 200),
    (names.SNAPSHOT_ID, 64),
    (names.RULE_ID, 64),
    (names.DEVICE_IDENT, 128),
    (names.LOG_NAME, 64),
    (names.FILE_NAME, 100),
]


@pytest.mark.parametrize(("rule", "longest"), [pytest.param(*pair, id=pair[0].what) for pair in LENGTHS])
def test_a_name_has_between_one_and_its_most_characters(rule: NameRule, longest: int) -> None:
    fits = [length for length in (0, 1, longest, longest + 1) if rule.matches("a" * length)]

    assert fits == [1, longest]


@pytest.mark.parametrize("rule", [rule for rule, _ in LENGTHS], ids=lambda rule: rule.what)
@pytest.mark.parametrize("ending", ["\n", "\x00", " ", "é", "\u0661", "\ud800"])
def test_no_name_ends_in_something_else_than_its_characters(rule: NameRule, ending: str) -> None:
    assert not rule.matches(f"a{ending}")


@pytest.mark.parametrize("vid", ["..", ".", "a/../b", "/a", "a/", "a//b", "a/./b"])
def test_a_volume_id_never_climbs_out_of_its_pool(vid: str) -> None:
    with pytest.raises(ProtocolError):
        codecs.VOLUME_ID.decode(f"pool:{vid}".encode())


def test_the_escaped_pair_is_the_one_of_the_specification() -> None:
    assert escape("lvm:qubes/vm-work-private") == "lvm-3Aqubes-2Fvm--work--private"
    assert codecs.VOLUME_ID.decode(b"lvm-3Aqubes-2Fvm--work--private") == VolumeId("lvm", "qubes/vm-work-private")
    assert codecs.VOLUME_ID.decode(b"lvm:qubes/vm-work-private") == VolumeId("lvm", "qubes/vm-work-private")


@given(TEXT)
def test_an_escaped_text_unescapes_to_the_same(text: str) -> None:
    assert unescape(escape(text)) == text


@given(st.text(st.sampled_from("ab-0123456789ABCDEFabcdef+:"), max_size=12))
def test_an_escaped_text_has_one_form_only(untrusted: str) -> None:
    try:
        text = unescape(untrusted)
    except ProtocolError:
        return
    assert escape(text) == untrusted


@pytest.mark.parametrize("untrusted", ["-", "a-", "-4", "-3a", "-41", "-2D", "-FF", "-00", "a+b"])
def test_sequences_that_escape_never_writes_are_refused(untrusted: str) -> None:
    with pytest.raises(ProtocolError):
        unescape(untrusted)


@pytest.mark.parametrize("word", ["01", "+1", "-1", "1 ", " 1", "1_0", "\u0661", "", "1.0", "9" * 20])
def test_a_number_is_ascii_digits_without_leading_zeros(word: str) -> None:
    with pytest.raises(ProtocolError):
        codecs.number(word)


@pytest.mark.parametrize("row", calls.TABLE, ids=lambda row: row.name)
def test_a_row_that_takes_no_argument_refuses_one(row: AnyCall) -> None:
    if row.arg is not codecs.NOTHING:
        return
    with pytest.raises(ProtocolError):
        row.arg.decode(b"surplus")


def test_an_argument_that_is_not_ascii_is_refused_before_it_is_sent() -> None:
    with pytest.raises(ProtocolError):
        calls.VM_TAG_SET("work", "süß")
