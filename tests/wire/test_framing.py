# SPDX-License-Identifier: GPL-3.0-or-later
"""The header, the answers and the event stream: exact bytes, and any bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qubesmanager.wire import framing, limits, reasons
from qubesmanager.wire.errors import Mgmt1Error, ProtocolError, QubesVMNotFoundError
from qubesmanager.wire.event import Event, EventDecoder, encode_event
from qubesmanager.wire.framing import Header, content, decode_header, encode_error, encode_header

WORD = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
EVENTS = st.lists(st.builds(Event, WORD, WORD, st.dictionaries(WORD.filter(bool), WORD, max_size=3)), max_size=5)


def test_the_header_is_the_one_that_qrexec_writes() -> None:
    assert encode_header("mgmt1.Echo", "arg1", "sys-mgmt", "dom0") == b"mgmt1.Echo+arg1 sys-mgmt name dom0\x00"
    assert decode_header(b"mgmt1.Echo+ sys-mgmt keyword adminvm") == Header(
        "mgmt1.Echo", "", "sys-mgmt", "keyword", "adminvm"
    )


@given(st.binary(max_size=100) | st.text("ab +name\x00", max_size=40).map(str.encode))
def test_any_bytes_are_a_header_or_an_error(untrusted: bytes) -> None:
    try:
        header = decode_header(untrusted)
    except ProtocolError:
        return
    assert header.target_kind in {"name", "keyword"}


@pytest.mark.parametrize("word", ["", "a b", "a\x00b", "é", "a\nb"])
def test_a_destination_cannot_break_out_of_the_header(word: str) -> None:
    with pytest.raises(ProtocolError):
        encode_header("mgmt1.vm.Start", "", "dom0", word)


@given(st.binary(max_size=100) | st.binary(max_size=60).map(lambda rest: b"2\x00" + rest))
def test_any_answer_is_content_or_an_error(untrusted: bytes) -> None:
    try:
        assert untrusted == framing.OK + content(untrusted)
    except Mgmt1Error:
        assert not untrusted.startswith(framing.OK)


@given(WORD)
def test_an_errors_text_arrives_as_it_was(message: str) -> None:
    with pytest.raises(QubesVMNotFoundError) as caught:
        content(encode_error(QubesVMNotFoundError(message)))

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (b"2\x00QubesException\x00\x00no %s in %r\x00a\x00b\x00", "no a in b"),
        (b"2\x00QubesException\x00\x00100%% of %d\x005\x00", "100% of 5"),
        (b"2\x00QubesException\x00\x00no %s\x00", "no %s"),
        (b"2\x00QubesException\x00\x00no\x00surplus\x00", "no surplus"),
        (b"2\x00QubesException\x00\x00%999999999999d %(key)s %*d\x00", "%999999999999d %(key)s %*d"),
    ],
)
def test_a_format_string_is_filled_in_and_never_believed(frame: bytes, message: str) -> None:
    with pytest.raises(Mgmt1Error) as caught:
        content(frame)

    assert str(caught.value) == message


def _decoded(pieces: list[bytes]) -> tuple[list[Event], str]:
    decoder = EventDecoder()
    events: list[Event] = []
    try:
        for piece in pieces:
            for event in decoder.feed(piece):
                events.append(event)  # noqa: PERF402 - what came before an error counts
        decoder.finish()
    except Mgmt1Error as error:
        return events, type(error).__name__
    return events, ""


def _cut(stream: bytes, places: list[int]) -> list[bytes]:
    ends = sorted({place % (len(stream) + 1) for place in places} | {len(stream)})
    return [stream[start:end] for start, end in zip([0, *ends], ends, strict=False)]


@given(EVENTS, st.lists(st.integers(0, 4000), max_size=12))
def test_events_are_the_same_in_whatever_pieces_they_arrive(sent: list[Event], places: list[int]) -> None:
    stream = b"".join(map(encode_event, sent))

    assert _decoded(_cut(stream, places)) == (sent, "")
    assert _decoded([stream[at : at + 1] for at in range(len(stream))]) == (sent, "")


STREAMS = st.one_of(
    st.binary(max_size=60),
    st.lists(st.sampled_from([b"1\x00", b"2\x00", b"\x00", b"a", b"a\x00", b"\xff", b"0\x00"])).map(b"".join),
)


@given(STREAMS, st.lists(st.integers(0, 4000), max_size=8))
def test_any_stream_gives_the_same_in_whatever_pieces(stream: bytes, places: list[int]) -> None:
    assert _decoded(_cut(stream, places)) == _decoded([stream])


@given(st.integers(0, 60))
def test_an_exception_with_fields_is_whole_in_whatever_pieces(place: int) -> None:
    stream = encode_event(Event("", "x")) + b"2\x00QubesVMNotFoundError\x00\x00no %s\x00work\x00"
    decoder = EventDecoder()
    list(decoder.feed(stream[:place]))
    list(decoder.feed(stream[place:]))

    with pytest.raises(QubesVMNotFoundError, match="no work"):
        decoder.finish()


@pytest.mark.parametrize("piece", [1 << 16, limits.EVENT_BYTES * 2])
def test_an_event_without_an_end_does_not_grow_without_bound(piece: int) -> None:
    stream = b"1\x00" + b"a" * limits.EVENT_BYTES + b"\x00b\x00\x00"

    assert _decoded([stream[at : at + piece] for at in range(0, len(stream), piece)]) == ([], "ProtocolError")


@pytest.mark.parametrize("piece", [1000, 1 << 16, limits.EVENT_BYTES * 2])
@pytest.mark.parametrize("length", [limits.EVENT_BYTES, limits.EVENT_BYTES * 3])
def test_an_event_that_is_too_long_does_not_cost_the_others(piece: int, length: int) -> None:
    long = encode_event(Event("work", "notes-set", {"notes": "a" * length, "more": ""}))
    other = encode_event(Event("vault", "tag-add:x", {"tag": "x"}))
    stream = other + long + other

    events, error = _decoded([stream[at : at + piece] for at in range(0, len(stream), piece)])

    assert events == [Event("vault", "tag-add:x", {"tag": "x"}), Event("work", "notes-set"), events[0]]
    assert error == _decoded([other])[1]


def test_a_nul_inside_an_event_cannot_end_it() -> None:
    events, _ = _decoded([encode_event(Event("w\x00ork", "name\x00", {"\x00": "x", "k\x00": "\x00v"}))])

    assert events == [Event("work", "name", {"k": "v"})]


def test_the_frame_of_each_error_is_its_class_format_and_fields_and_nothing_else() -> None:
    for row in reasons.TABLE:
        fields = [f"field {number}" for number in range(len(row.fields))]

        frame = encode_error(reasons.refusal(row.code, *fields))

        parts = (row.error.wire_name, "", row.sentence, *fields)
        expected = b"2\x00" + b"".join(part.encode() + b"\x00" for part in parts)
        for name in row.fields:
            place = f"{{{name}}}".encode()
            for unit in (b"bytes", b"KiB", b"MiB"):
                expected = expected.replace(place[:-1] + b":" + unit + b"}", b"%s " + unit)
            expected = expected.replace(place, b"%s")
        assert frame == expected.replace(b"{{", b"{").replace(b"}}", b"}")
        assert str(framing.decode_error(frame[2:])) == str(reasons.refusal(row.code, *fields))
