# SPDX-License-Identifier: GPL-3.0-or-later
"""The frames between a program and the agent, and the command line of the program."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qubesmanager.guest import client, local
from qubesmanager.guest.client import UsageError, call_of, parse
from qubesmanager.guest.local import Frame, LocalError, Reader

KINDS = st.sampled_from([local.CALL, local.DATA, local.END, local.EXIT, local.FAILED])


@given(st.lists(st.builds(Frame, KINDS, st.binary(max_size=300))), st.lists(st.integers(1, 400)))
def test_frames_come_out_as_they_went_in_however_they_are_cut(frames: list[Frame], cuts: list[int]) -> None:
    data = b"".join(local.encode(*frame) for frame in frames)
    reader = Reader()
    out: list[Frame] = []
    for cut in [*cuts, len(data)]:
        out += reader.feed(data[:cut])
        data = data[cut:]

    assert out == frames


@given(st.lists(st.binary(max_size=200)))
def test_any_bytes_are_frames_or_refused(pieces: list[bytes]) -> None:
    reader = Reader()
    try:
        for piece in pieces:
            for frame in reader.feed(piece):
                assert len(frame.payload) <= local.PAYLOAD_BYTES
            assert len(reader._rest) <= local.PAYLOAD_BYTES + local.HEADER.size
    except LocalError:
        pass


@pytest.mark.parametrize(("length", "is_frame"), [(0, True), (32 << 10, True), ((32 << 10) + 1, False)])
def test_a_payload_has_at_most_32_kib(length: int, *, is_frame: bool) -> None:
    data = local.HEADER.pack(local.DATA, length) + b"x" * length

    if is_frame:
        assert Reader().feed(data) == [Frame(local.DATA, b"x" * length)]
    else:
        with pytest.raises(LocalError):
            Reader().feed(data[: local.HEADER.size])


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        (["dom0", "mgmt1.vm.List"], {}, ["dom0", "mgmt1.vm.List"]),
        (["--", "-odd", "x"], {}, ["-odd", "x"]),
        (["", "x"], {}, ["", "x"]),
        (["-t", "work", "x", "-t"], {"--filter-escape-chars-stdout": ""}, ["work", "x", "-t"]),
        (["--buffer-size=65536", "work", "x"], {"--buffer-size": "65536"}, ["work", "x"]),
        (["--buffer-size", "65536", "work", "x"], {"--buffer-size": "65536"}, ["work", "x"]),
        (["-p", "a=b", "work", "x"], {"--prefix-data": "a=b"}, ["work", "x"]),
        (["--agent-socket=/run/a", "work", "x"], {"--agent-socket": "/run/a"}, ["work", "x"]),
    ],
)
def test_options_come_before_the_target(arguments: list[str], options: dict[str, str], words: list[str]) -> None:
    assert parse(arguments) == (options, words)


@pytest.mark.parametrize(
    "arguments", [["--what"], ["-x"], ["-t=1"], ["--help=1"], ["--buffer-size"], ["--buffer-size=x"], ["-p=x"]]
)
def test_other_options_are_refused(arguments: list[str]) -> None:
    with pytest.raises(UsageError):
        parse(arguments)


@given(st.lists(st.text(max_size=20)))
def test_any_arguments_are_understood_or_refused(arguments: list[str]) -> None:
    try:
        payload = call_of(parse(arguments)[1])
    except UsageError:
        return
    assert payload.count(b"\0") == 2


@pytest.mark.parametrize(
    ("words", "payload"),
    [
        (["dom0", "mgmt1.vm.List"], b"dom0\0mgmt1.vm.List\0+"),
        (["", "a+b+c", "program"], b"\0a\0+b+c"),
        (["@dispvm:x", "a+"], b"@dispvm:x\0a\0+"),
    ],
)
def test_a_call_is_a_target_a_service_and_an_argument(words: list[str], payload: bytes) -> None:
    assert call_of(words) == payload


@pytest.mark.parametrize("words", [[], ["dom0"], ["dom0", ""], ["dom0", "+x"], ["dom0", "a\0b"], ["dömäne", "a"]])
def test_words_that_no_call_has_are_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError):
        call_of(words)

    assert client.main(words) == 2
    assert "usage: qubes-mgmt1-client" in capsys.readouterr().err
