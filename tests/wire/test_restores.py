# SPDX-License-Identifier: GPL-3.0-or-later
"""Restores on the wire: what is written is read again, and anything else is refused."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from restore_samples import LISTS, NAMES, PLANS, QUBES

from qubesmanager.wire import calls
from qubesmanager.wire.backups import decode_info, encode_info
from qubesmanager.wire.errors import Mgmt1Error, ProtocolError, QubesValueError
from qubesmanager.wire.reason import Field, Reason
from qubesmanager.wire.restores import (
    FATES,
    RESULTS,
    THE_FILE,
    Contents,
    Restored,
    RestoreOptions,
    RestorePlan,
    StoredHome,
    StoredItem,
    StoredQube,
    decode_contents,
    decode_options,
    decode_restored,
    encode_contents,
    encode_options,
    encode_restored,
)

PASSPHRASES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\0"), max_size=20)
CONTENTS = st.builds(
    Contents,
    backup_id=NAMES,
    compression=NAMES,
    ours=st.booleans(),
    qubes=st.lists(QUBES, max_size=3, unique_by=lambda qube: qube.name).map(tuple),
    unreadable=LISTS,
    dom0=st.none() | st.lists(st.builds(StoredItem, NAMES, NAMES, st.sampled_from(FATES)), max_size=3).map(tuple),
    home=st.none() | st.builds(StoredHome, st.integers(0, 1 << 62), st.none() | st.integers(0, 1 << 62)),
    made=st.none() | st.integers(0, 1 << 40),
)
REASONS = st.sampled_from(
    [Reason("no-such-qube", "lost"), Reason("both-reasons", Reason("config-added"), "A\ttab\nand a line."), "Full."]
)
ROWS = st.builds(
    lambda qube, name, result, reasons: Restored.because(qube, name, result, *reasons),
    NAMES | st.sampled_from([THE_FILE, "dom0", "dom0:label:teal"]),
    NAMES | st.just(""),
    st.sampled_from(RESULTS),
    st.lists(REASONS, max_size=3),
)


@given(PASSPHRASES, PLANS, NAMES | st.just(""))
def test_options_are_read_as_they_were_written(passphrase: str, plan: RestorePlan, run: str) -> None:
    head = encode_options(passphrase, plan, run)

    assert head.endswith(b"\n\n")
    assert decode_options(head.removesuffix(b"\n\n")) == RestoreOptions(passphrase, plan, run)


def test_options_are_these_lines() -> None:
    """The bytes are those that earlier versions sent."""
    plan = RestorePlan(include=("a", "b"), rename={"a": "c"}, netvm={"b": ""}, devices=True, home="/new")

    assert encode_options("a word") == b"passphrase=a word\n\n"
    assert encode_options("a word", plan, "r-1") == (
        b"passphrase=a word\ninclude=a b\nrename=a:c\nnetvm=b:\nconflict=fail\nmissing-template=default\n"
        b"missing-netvm=default\ndevices=yes\ndom0-home=/new\nrun=r-1\n\n"
    )


def test_a_choice_that_is_not_made_is_the_first() -> None:
    plan = decode_options(b"passphrase=x").plan

    assert (plan.conflict, plan.missing_template, plan.missing_netvm) == ("skip", "default", "default")
    assert not (plan.devices)
    assert not (plan.verify_only)
    assert not (plan.salvage)


@pytest.mark.parametrize("passphrase", ["two\nlines", "nul\0"])
def test_a_passphrase_of_two_lines_is_refused(passphrase: str) -> None:
    with pytest.raises(QubesValueError):
        encode_options(passphrase)


@pytest.mark.parametrize(
    "wrong",
    [
        b"\xff",
        b"passphrase",
        b"passphrase=a\npassphrase=b",
        b"other=a",
        b"conflict=maybe",
        b"salvage=true",
        b"run=a b",
        b"rename=a",
        b"rename=a:b a:c",
        b"pools=a:",
        b"pools=a:x a:y",
        b"dom0-home=relative",
    ],
)
def test_other_options_are_refused(wrong: bytes) -> None:
    with pytest.raises(Mgmt1Error):
        decode_options(wrong)


@given(st.binary())
def test_any_bytes_are_options_or_refused(untrusted: bytes) -> None:
    with suppress(ProtocolError, QubesValueError):
        decode_options(untrusted)


@given(CONTENTS)
def test_contents_are_read_as_they_were_written(contents: Contents) -> None:
    assert decode_contents(encode_contents(contents)) == contents
    assert decode_info(encode_info(contents)) == contents
    assert calls.BACKUP_INFO.result.encode(contents) == encode_contents(contents).encode()


def test_contents_are_these_lines() -> None:
    """The bytes are those that earlier versions answered."""
    qube = StoredQube("work", "AppVM", "two words", 7, "debian", "default", exists=True)
    whole = Contents("b-1", "none", True, (qube,), ("odd",), (StoredItem("label", "teal", "add"),), StoredHome(9, None))

    assert encode_contents(Contents("b-1", "gzip", False, ())) == "backup-id=b-1\ncompression=gzip\nours=no\n\n"
    assert encode_contents(whole) == (
        "backup-id=b-1\ncompression=none\nours=yes\nunreadable=odd\ndom0-home=9:\ndom0=label:teal:add\n"
        "\n"
        "work class=AppVM size=7 template=debian netvm=default exists=yes\n"
    )


@pytest.mark.parametrize(
    "details",
    [
        "",
        "[]",
        "{}",
        '{"properties":{},"tags":[],"devices":"1","rules":null,"first_rules":[],"notes":""}',
        '{"properties":{"a":1},"tags":[],"devices":1,"rules":null,"first_rules":[],"notes":""}',
        '{"properties":{},"tags":[],"devices":1,"rules":null,"first_rules":[],"notes":null}',
        "%ff",
    ],
)
def test_details_of_another_form_are_refused(details: str) -> None:
    with pytest.raises(ProtocolError):
        decode_contents(f"backup-id=b\n\nwork size=1 details={details}\n")


@given(ROWS)
def test_a_row_is_read_as_it_was_written(row: Restored) -> None:
    line = encode_restored(row)

    assert "\n" not in line
    assert decode_restored(line) == row


@pytest.mark.parametrize(
    ("reasons", "line"),
    [
        ((), "work restored-as=- result=ok"),
        (
            (Reason("no-such-qube", "lost"),),
            'work restored-as=- result=ok There is no qube lost.\t{"code": "no-such-qube", "fields": ["lost"]}',
        ),
    ],
)
def test_a_row_is_this_line(reasons: tuple[Field, ...], line: str) -> None:
    assert encode_restored(Restored.because("work", "", "ok", *reasons)) == line


@given(st.text())
def test_any_text_is_read_or_refused(untrusted: str) -> None:
    for decode in (decode_contents, decode_restored):
        with suppress(ProtocolError):
            decode(untrusted)
