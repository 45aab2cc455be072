# SPDX-License-Identifier: GPL-3.0-or-later
"""The frames of the guest channel: two sessions that talk, one that lies, and any bytes."""

import ast
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qubesmanager.guest import frames
from qubesmanager.guest.frames import (
    Accepted,
    Call,
    Data,
    Ended,
    Err,
    Established,
    Exited,
    Lost,
    NoStreamError,
    Opened,
    Ponged,
    Refused,
    Session,
    StreamGoneError,
    Type,
    WasReset,
    Writable,
    encode,
)
from qubesmanager.wire import limits

LIST = Call("mgmt1.vm.List", "+", "dom0")
SHELL = Call("qubes.VMShell", "+", "dom0", "user")


def all_events(session: Session, data: bytes) -> list[frames.Event]:
    events = session.receive(data)
    while session.has_more:
        events += session.receive()
    return events


def talk(host: Session, guest: Session) -> tuple[list[frames.Event], list[frames.Event]]:
    """Pass bytes between both until neither has more to say; the events of each."""
    of_host: list[frames.Event] = []
    of_guest: list[frames.Event] = []
    while host.output_size or guest.output_size:
        of_guest += all_events(guest, host.output())
        of_host += all_events(host, guest.output())
    return of_host, of_guest


@pytest.fixture
def pair() -> tuple[Session, Session]:
    host, guest = Session(is_host=True), Session(is_host=False)
    assert talk(host, guest) == ([Established()], [Established()])
    return host, guest


def opened(pair: tuple[Session, Session]) -> int:
    """A stream that the guest opened and the host accepted."""
    host, guest = pair
    stream = guest.open(LIST)
    talk(host, guest)
    host.accept(stream)
    talk(host, guest)
    return stream


def test_a_call_of_the_guest_goes_there_and_back(pair: tuple[Session, Session]) -> None:
    host, guest = pair

    stream = guest.open(LIST)
    assert talk(host, guest) == ([Opened(stream, LIST)], [])
    host.accept(stream)
    assert talk(host, guest) == ([], [Accepted(stream)])
    assert guest.send(stream, b"payload") == 7
    guest.end(stream)
    assert talk(host, guest) == ([Data(stream, b"payload"), Ended(stream)], [])
    host.send(stream, b"0\0")
    host.end(stream)
    host.exit(stream, 0)

    assert talk(host, guest) == ([], [Data(stream, b"0\0"), Ended(stream), Exited(stream, 0)])
    with pytest.raises(StreamGoneError):
        guest.send(stream, b"more")


def test_a_call_of_the_host_gets_standard_error_too(pair: tuple[Session, Session]) -> None:
    host, guest = pair

    stream = host.open(SHELL)
    assert talk(host, guest) == ([], [Opened(stream, SHELL)])
    guest.accept(stream)
    guest.send(stream, b"not there\n", is_error=True)
    guest.exit(stream, 3)

    assert talk(host, guest) == ([Accepted(stream), Err(stream, b"not there\n"), Exited(stream, 3)], [])


def test_both_sides_use_different_numbers_and_no_number_twice(pair: tuple[Session, Session]) -> None:
    host, guest = pair

    numbers = [side.open(LIST) for side in (host, guest) for _ in range(3)]

    assert len(set(numbers)) == 6
    assert [number % 2 for number in numbers] == [0, 0, 0, 1, 1, 1]
    assert 0 not in numbers


def test_a_refusal_has_a_code_and_a_printable_text(pair: tuple[Session, Session]) -> None:
    host, guest = pair
    stream = guest.open(LIST)
    talk(host, guest)

    host.refuse(stream, frames.REFUSED, "no\x1b[2J" + "x" * 300)

    (refused,) = talk(host, guest)[1]
    assert refused == Refused(stream, 126, "no?[2J" + "x" * 194)


def test_data_stops_at_the_credit_and_goes_on_with_more(pair: tuple[Session, Session]) -> None:
    host, guest = pair
    stream = opened(pair)

    assert guest.send(stream, b"x" * 100_000) == frames.WINDOW
    assert guest.send(stream, b"x") == 0
    pieces = [event.data for event in talk(host, guest)[0] if isinstance(event, Data)]
    assert sum(map(len, pieces)) == frames.WINDOW
    host.grant(stream, 1000)
    assert talk(host, guest) == ([], [Writable(stream)])

    assert guest.credit(stream) == 1000


def test_a_ping_comes_back(pair: tuple[Session, Session]) -> None:
    host, guest = pair

    host.ping(b"12345678")

    assert talk(host, guest) == ([Ponged(b"12345678")], [])


def test_a_reset_ends_a_stream_on_both_sides(pair: tuple[Session, Session]) -> None:
    host, guest = pair
    stream = opened(pair)
    guest.send(stream, b"on its way")

    host.reset(stream)

    # What was on its way is dropped, and no error.
    assert talk(host, guest) == ([], [WasReset(stream)])
    assert guest.open(LIST) == stream + 2


def test_the_limits_of_streams(pair: tuple[Session, Session]) -> None:
    _host, guest = pair
    for _ in range(frames.STREAMS):
        opened(pair)

    with pytest.raises(NoStreamError):
        guest.open(LIST)


def test_only_so_many_streams_wait_for_a_decision(pair: tuple[Session, Session]) -> None:
    _host, guest = pair
    for _ in range(frames.PENDING):
        guest.open(LIST)

    with pytest.raises(NoStreamError):
        guest.open(LIST)


def test_a_guest_that_opens_ten_thousand_streams_has_a_few(pair: tuple[Session, Session]) -> None:
    host, _guest = pair
    flood = b"".join(encode(Type.OPEN, number, frames.encode_call(LIST)) for number in range(1, 20_001, 2))

    events = all_events(host, flood)

    assert len(events) == frames.PENDING
    answers = host.output()
    assert answers.count(b"Too many calls") == 10_000 - frames.PENDING


def test_one_call_of_receive_handles_a_bounded_number_of_frames(pair: tuple[Session, Session]) -> None:
    host, _guest = pair
    flood = encode(Type.PING, 0, b"12345678") * 1000

    host.receive(flood)

    assert host.has_more
    assert host.output().count(b"12345678") == frames.FRAMES_AT_ONCE


BREAKING = {
    "another magic": b"\xa6" + encode(Type.PING, 0, b"12345678")[1:],
    "too long": frames.HEADER.pack(frames.MAGIC, Type.PING, 0, frames.PAYLOAD_BYTES + 1),
    "unknown type": encode(0x7F),
    "a stream that was never opened": encode(Type.DATA, 9, b"x"),
    "stream 0": encode(Type.DATA, 0, b"x"),
    "a number of the other side": encode(Type.OPEN, 2, frames.encode_call(LIST)),
    "a number twice": encode(Type.OPEN, 1, frames.encode_call(LIST)),
    "no call": encode(Type.OPEN, 3, b"mgmt1.vm.List"),
    "a call with a space": encode(Type.OPEN, 3, b"mgmt1.vm.List\0+\0do m0\0"),
    "a call without its plus": encode(Type.OPEN, 3, b"mgmt1.vm.List\0x\0dom0\0"),
    "a call that is not ASCII": encode(Type.OPEN, 3, "mgmt1.vm.List\0+\0domé\0".encode()),
    "an answer to its own stream": encode(Type.ACCEPT, 1),
    "an exit of its own stream": encode(Type.EXIT, 1, b"\0"),
    "standard error of a caller": encode(Type.ERR, 1, b"x"),
    "no data": encode(Type.DATA, 1),
    "data without credit": encode(Type.DATA, 1, bytes(frames.PAYLOAD_BYTES)) * 2 + encode(Type.DATA, 1, b"x"),
    "data after the end": encode(Type.END, 1) + encode(Type.DATA, 1, b"x"),
    "two ends": encode(Type.END, 1) * 2,
    "an end with bytes": encode(Type.END, 1, b"x"),
    "a reset with bytes": encode(Type.RESET, 1, b"x"),
    "no credit": encode(Type.CREDIT, 1, bytes(4)),
    "too much credit": encode(Type.CREDIT, 1, b"\xff" * 4),
    "half a credit": encode(Type.CREDIT, 1, b"x"),
    "a short ping": encode(Type.PING, 0, b"1"),
    "a ping of a stream": encode(Type.PING, 1, b"12345678"),
    "a short pong": encode(Type.PONG, 0, b"1"),
    "a short hello": encode(Type.HELLO, 0, b"1"),
    "a hello of another session": encode(Type.HELLO, 0, b"\0\x01" + b"n" * 16 + b"e" * 16),
}


@pytest.mark.parametrize("lie", BREAKING.values(), ids=BREAKING)
def test_what_breaks_a_rule_ends_the_session_and_another_one_begins(pair: tuple[Session, Session], lie: bytes) -> None:
    host, guest = pair
    opened(pair)

    (*_, lost) = all_events(host, lie)

    assert isinstance(lost, Lost)
    assert not host.is_established
    of_host, of_guest = talk(host, guest)
    assert of_host == [Established()]
    assert [type(event) for event in of_guest] == [Lost, Established]
    assert guest.open(LIST) == 1


def test_a_later_type_is_ignored(pair: tuple[Session, Session]) -> None:
    host, _guest = pair

    assert host.receive(encode(0x80, 77, b"of a later version")) == []
    assert host.is_established


@given(cut=st.integers(0, 40_000), size=st.integers(0, 40_000))
def test_a_program_that_begins_again_ends_a_frame_that_was_cut_off(cut: int, size: int) -> None:
    host, guest = Session(is_host=True), Session(is_host=False)
    talk(host, guest)
    stream = guest.open(LIST)
    talk(host, guest)
    host.accept(stream)
    talk(host, guest)
    guest.send(stream, bytes(size))
    all_events(host, guest.output()[:cut])

    guest = Session(is_host=False)

    of_host, of_guest = talk(host, guest)
    assert [type(event) for event in of_host][-2:] == [Lost, Established]
    assert of_guest == [Established()]


@given(st.binary(max_size=3000))
def test_what_an_earlier_session_left_is_dropped(stale: bytes) -> None:
    host, guest = Session(is_host=True), Session(is_host=False)

    all_events(host, stale)

    assert Established() in talk(host, guest)[0]
    assert host.open(LIST) == 2


KINDS = st.one_of(st.sampled_from(list(Type)), st.integers(0, 255))
PAYLOADS = st.one_of(st.binary(max_size=50), st.just(frames.encode_call(LIST)), st.just(b"\0\0\0\1"))
FRAMES = st.builds(encode, KINDS, st.integers(0, 9), PAYLOADS)
PIECES = st.lists(st.one_of(FRAMES, FRAMES, FRAMES, st.binary(max_size=20)), max_size=40)


def established() -> tuple[Session, bytes]:
    """A host with a session, and the nonce that it has."""
    nonces = iter(bytes([number]) * 16 for number in range(1, 256))
    host = Session(is_host=True, nonce=lambda: next(nonces))
    host.output()
    hello = b"\0\x01" + b"g" * 16
    assert host.receive(encode(Type.HELLO, 0, hello + b"\1" * 16)) == [Established()]
    return host, hello


@given(PIECES, st.data())
def test_frames_mean_the_same_in_whatever_pieces_they_come(pieces: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(pieces)
    cut = data.draw(st.integers(0, len(whole)))
    joined, _ = established()
    split, _ = established()

    events = all_events(joined, whole)

    assert all_events(split, whole[:cut]) + all_events(split, whole[cut:]) == events
    assert split.output() == joined.output()


@given(PIECES)
def test_no_bytes_raise_or_keep_much(pieces: list[bytes]) -> None:
    host, _ = established()
    streams: set[int] = set()

    for piece in pieces:
        for event in all_events(host, piece):
            if isinstance(event, Opened):
                streams.add(event.stream)
                host.accept(event.stream)
            elif isinstance(event, Data):
                assert event.stream in streams
                host.grant(event.stream, len(event.data))
            elif isinstance(event, Lost):
                streams.clear()

    assert not host.has_more


def test_a_call_of_the_wire_has_room_in_a_frame() -> None:
    longest = Call("s" * frames.SERVICE_BYTES, "+" + "a" * limits.ARGUMENT_BYTES, "n" * frames.NAME_BYTES, "u" * 32)

    assert frames.ARGUMENT_BYTES == 1 + limits.ARGUMENT_BYTES
    assert frames.decode_call(frames.encode_call(longest)) == longest
    for wrong in (
        longest._replace(service=longest.service + "s"),
        longest._replace(service=""),
        longest._replace(argument=longest.argument + "a"),
        longest._replace(argument=""),
        longest._replace(name=longest.name + "n"),
        longest._replace(user="u" * 33),
    ):
        with pytest.raises(ValueError, match="words of a call"):
            frames.encode_call(wrong)


def test_the_file_needs_only_the_standard_library_of_python_3_9() -> None:
    source = Path(frames.__file__).read_text("utf-8")
    tree = ast.parse(source, feature_version=(3, 9))
    names = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    names |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}

    assert {str(name).partition(".")[0] for name in names} <= sys.stdlib_module_names
