# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers and events recorded from the qubesd of Qubes 4.4.0: the bridge reads each of them."""

import json
from pathlib import Path

from bridge_fixtures import FakeQubesd, over
from until import error_of

from qubesmanager.admin.calls import BY_SERVICE
from qubesmanager.daemon.bridge.channel import Channel
from qubesmanager.daemon.bridge.following import follow
from qubesmanager.wire.call import Request
from qubesmanager.wire.errors import NoAnswerError
from qubesmanager.wire.event import Event

FILE = Path(__file__).parents[1] / "dialect" / "exchanges.jsonl"
EXCHANGES = [json.loads(line) for line in FILE.read_text("ascii").splitlines()]


async def test_each_recorded_answer_is_read_and_no_bytes_are_an_error() -> None:
    read = 0
    for _section, method, dest, _payload, text, _events in EXCHANGES:
        service, _, argument = method.partition("+")
        call = BY_SERVICE.get(service)
        if call is None:
            continue
        answer = text.encode("latin-1")
        channel = Channel(FakeQubesd({f"{service}+{argument} {dest}": answer}, size=7))

        error = await error_of(channel.ask(Request(call, dest, argument, b"")))

        if answer.startswith(b"0\x00"):
            assert error is None, method
        elif answer:
            assert error is not None
            assert error.wire_name == answer.split(b"\x00")[1].decode(), method
            assert not str(error).startswith(("'block", "'pci", "'usb", "'mic")), method
        else:
            assert isinstance(error, NoAnswerError), method
        read += 1
    assert read > 300


async def test_each_recorded_event_is_followed() -> None:
    events = [words.split("|") for exchange in EXCHANGES for words in exchange[5]]

    async with over(FakeQubesd({})) as backend:
        for subject, name, *rest in events:
            follow(backend.bridge.mirror, Event(subject, name, dict(zip(rest[::2], rest[1::2], strict=False))))

    assert len(events) > 100
