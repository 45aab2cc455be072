# SPDX-License-Identifier: GPL-3.0-or-later
"""The byte formats of `admin.*`: both directions are inverse, decoders are total, and the bytes are those of qubesd."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qubesmanager.admin import calls, codecs
from qubesmanager.admin.codecs import (
    CurrentState,
    Default,
    DeviceOptions,
    DeviceRow,
    Ending,
    Port,
    Property,
    quoted,
    unquoted,
)
from qubesmanager.wire.call import AnyCall
from qubesmanager.wire.codecs import STREAM, Codec, PropertyRow, VmInfo
from qubesmanager.wire.errors import Mgmt1Error, ProtocolError
from qubesmanager.wire.firewall import parse_rule
from qubesmanager.wire.values import PowerState, VmClass

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_.-]{0,20}", fullmatch=True)
WORDS = st.from_regex(r"[a-z_][a-z0-9_]{0,20}", fullmatch=True)
TYPES = st.sampled_from(["vm", "int", "bool", "label", "str"])
TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=40)
PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="\\"), max_size=40)
FIELDS = st.dictionaries(st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,10}", fullmatch=True), PRINTABLE, max_size=5)
IDENTS = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,10}", fullmatch=True)
PORTS = (IDENTS.filter(lambda port: port != "_")) | st.just("*")
DEVICE_IDS = st.none() | st.just("*") | st.from_regex(r"[A-Za-z0-9.]{1,8}(:[A-Za-z0-9.]{0,8}){0,4}", fullmatch=True)

VALUES: list[tuple[Codec[Any], st.SearchStrategy[Any]]] = [
    (
        codecs.VM_ROWS,
        st.lists(
            st.builds(
                VmInfo, NAMES, st.sampled_from(VmClass), st.sampled_from(PowerState), st.uuids().map(str) | st.just("")
            ),
            max_size=5,
        ),
    ),
    (codecs.PROPERTY, st.builds(Property, st.booleans(), TYPES, TEXTS)),
    (codecs.DEFAULT, st.none() | st.builds(Default, TYPES, TEXTS)),
    (codecs.PROPERTY_ROWS, st.lists(st.builds(PropertyRow, WORDS, st.booleans(), TYPES, TEXTS), max_size=5)),
    (codecs.CURRENT_STATE, st.builds(CurrentState, st.sampled_from(PowerState), *[st.integers(0, 2**60)] * 3)),
    (codecs.ENDING, st.builds(Ending, st.booleans(), st.booleans())),
    (codecs.PORT, st.builds(Port, NAMES, PORTS, DEVICE_IDS)),
    (codecs.AVAILABLE_ROWS, st.lists(st.builds(DeviceRow, IDENTS.map("{0}:x".format), FIELDS), max_size=4)),
    (
        codecs.DEVICE_OPTIONS,
        st.builds(
            DeviceOptions,
            st.sampled_from(["manual", "auto-attach", "ask-to-attach", "required"]),
            st.dictionaries(st.from_regex(r"[a-z-]{1,12}", fullmatch=True), PRINTABLE, max_size=3),
            persistent=st.just(False),
            plain=st.just(False),
            again=st.dictionaries(st.sampled_from(["device_id", "port_id", "devclass"]), PRINTABLE),
        ),
    ),
]


@given(st.sampled_from(VALUES).flatmap(lambda pair: st.tuples(st.just(pair[0]), pair[1])))
def test_a_value_comes_back_from_its_bytes(pair: tuple[Codec[Any], Any]) -> None:
    codec, value = pair

    assert codec.decode(codec.encode(value)) == value


ROWS = [row for row in calls.TABLE if row.payload is not STREAM]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
@given(untrusted=st.binary(max_size=60))
def test_any_bytes_are_a_value_or_a_typed_refusal(row: AnyCall, untrusted: bytes) -> None:
    for codec in (row.arg, row.payload, row.result):
        with suppress(Mgmt1Error):
            codec.decode(untrusted)


@given(FIELDS)
def test_values_of_devices_may_hold_blanks_and_quotes(fields: dict[str, str]) -> None:
    assert unquoted(quoted(fields)) == fields


def test_a_hostile_description_stays_in_its_value() -> None:
    assert quoted({"name": "a' b='c\\", "x": "\x1b[31mé"}) == "name='a\\' b=\\'c_' x='_[31m_'"


@pytest.mark.parametrize("untrusted", ["a", "a=", "a='b", "a='b'c='d'", "a='b' a='c'", "='b'"])
def test_content_that_is_not_pairs_is_refused(untrusted: str) -> None:
    with pytest.raises(ProtocolError):
        unquoted(untrusted)


BYTES: list[tuple[Codec[Any], bytes, Any]] = [
    (codecs.PROPERTY, b"default=True type=int 400", Property(True, "int", "400")),
    (codecs.PROPERTY, b"default=True type=vm ", Property(True, "vm", "")),
    (codecs.DEFAULT, b"type=vm sys-firewall", Default("vm", "sys-firewall")),
    (codecs.DEFAULT, b"", None),
    (
        codecs.CURRENT_STATE,
        b"mem=409600 mem_static_max=4096000 cputime=3511707773 power_state=Running",
        CurrentState(PowerState.RUNNING, 409600, 4096000, 3511707773),
    ),
    (
        codecs.PORT,
        b"sys-net+sdb1+0951+1666+60A44C3FACC9+u080650+1.0+1",
        Port("sys-net", "sdb1", "0951:1666:60A44C3FACC9:u080650:1.0:1"),
    ),
    (codecs.PORT, b"sys-net+_+_", Port("sys-net", "*", "*")),
    (codecs.PORT, b"sys-net+sdb1", Port("sys-net", "sdb1")),
    (
        codecs.DEVICE_OPTIONS,
        b"mode='auto-attach' _read-only='yes'",
        DeviceOptions("auto-attach", {"read-only": "yes"}),
    ),
    (codecs.RULES, b"action=accept\n", [parse_rule("action=accept")]),
]


@pytest.mark.parametrize(("codec", "wire", "value"), BYTES)
def test_the_bytes_are_those_of_qubesd(codec: Codec[Any], wire: bytes, value: object) -> None:
    assert codec.decode(wire) == value
    assert codec.encode(value) == wire


def test_the_payload_of_qubes_own_client_names_the_device_again() -> None:
    payload = (
        b"device_id='0951:1666:60A44C3FACC9:u080650' port_id='sdb1' devclass='block' backend_domain='sys-net'"
        b" mode='manual' frontend_domain='app-0001' _read-only='yes'"
    )

    options = codecs.DEVICE_OPTIONS.decode(payload)

    assert (options.mode, options.options) == ("manual", {"read-only": "yes"})
    assert options.again["device_id"] == "0951:1666:60A44C3FACC9:u080650"


def test_the_payload_of_qubes_4_2_has_no_quotes() -> None:
    options = codecs.DEVICE_OPTIONS.decode(b"read-only=yes persistent=yes")

    assert options == DeviceOptions("", {"read-only": "yes"}, persistent=True)


def test_a_rule_is_read_in_any_order_and_written_in_one() -> None:
    rules = codecs.RULES.decode(b"action=accept proto=tcp dsthost=1.2.3.4 dstports=80 expire=4102444800 comment=a b\n")

    wire = b"action=accept expire=4102444800 dst4=1.2.3.4/32 proto=tcp dstports=80-80 comment=a b\n"
    assert codecs.RULES.encode(rules) == wire


def test_notes_are_made_safe_to_show() -> None:
    notes = codecs.NOTES.decode("Hello ünï\tx\nline2 \x1b[31m \u202e é\r\n".encode())

    assert notes == "Hello ünï\tx\nline2 _[31m _ é_\n"
