# SPDX-License-Identifier: GPL-3.0-or-later
"""`qubes-mgmt1-gateway` as a process, before a daemon in the test's process."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from until import LIMIT, until

from qubesmanager.daemon import gateway
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.gateway import BrokenError, understood
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.system import System
from qubesmanager.daemon.server import Limits, Server
from qubesmanager.daemon.sockets import bind
from qubesmanager.host.process import Ended, run, started
from qubesmanager.wire.event import Event
from qubesmanager.wire.events import VOLUME_IMPORT_END
from qubesmanager.wire.gateway import BROKEN, LENGTH, LONGEST_PIECE, REFUSED

PROGRAM = (sys.executable, "-c", "from qubesmanager.daemon.gateway import main; raise SystemExit(main())")
RULES = """\
mgmt1.vm.List * laptop @adminvm allow target=dom0
mgmt1.Events * laptop @adminvm allow target=dom0
mgmt1.vm.tag.Set * laptop work allow target=dom0
mgmt1.vm.notes.Set * laptop @anyvm ask target=dom0
mgmt1.vm.notes.Get * laptop work allow
mgmt1.vm.volume.Import * laptop vault allow target=dom0
mgmt1.vm.property.Get * laptop @default allow target=dom0
mgmt1.no.Such * laptop @adminvm allow target=dom0
"""


@pytest.fixture
async def place(system: System, tmp_path: Path) -> AsyncIterator[Path]:
    policy = system.runtime.places.policy
    policy.mkdir(parents=True, exist_ok=True)
    (policy / "30-laptop.policy").write_text(RULES)
    server = Server(Dispatcher(LocalBackend(system)), Limits(grace=0.1))
    listening = bind(tmp_path / "s")
    await server.start(listening, os.getgid())
    yield tmp_path / "s"
    system.runtime.hub.close()
    await server.close()


async def call(
    place: Path, *words: str, given: bytes = b"", command: str | None = None, source: str = "laptop"
) -> Ended:
    environment: Mapping[str, str] = {**os.environ, **({} if command is None else {"SSH_ORIGINAL_COMMAND": command})}
    return await run(*PROGRAM, "--source", source, "--socket", str(place), *words, given=given, env=environment)


async def test_a_call_that_the_policy_allows_is_answered(place: Path) -> None:
    done = await call(place, "mgmt1.vm.List", "dom0")

    assert (done.status, done.errors) == (0, b"")
    assert done.output == b"0\x00dom0 class=AdminVM state=Running\n"


async def test_the_command_of_ssh_names_the_call_and_never_the_source(place: Path, system: System) -> None:
    done = await call(place, command="qubes-mgmt1-gateway mgmt1.vm.tag.Set+x work")
    assert (done.status, done.output) == (0, b"0\x00")
    assert "x" in system.runtime.state.qube("work").tags

    for command in ("--source dom0 mgmt1.vm.List dom0", "mgmt1.vm.List dom0 --source=dom0", "--source=dom0 dom0"):
        refused = await call(place, command=command)
        assert (refused.status, refused.output) == (BROKEN, b"")


async def test_a_call_that_the_key_fixes_is_made_whatever_the_command_says(place: Path) -> None:
    done = await call(place, "mgmt1.vm.List", "dom0", command="mgmt1.vm.Remove work")

    assert done.output == b"0\x00dom0 class=AdminVM state=Running\n"


@pytest.mark.parametrize(
    ("service", "target", "given"),
    [
        ("mgmt1.vm.tag.Set+x", "vault", b""),
        ("mgmt1.vm.tag.Remove+x", "work", b""),
        ("mgmt1.vm.notes.Set", "work", b"never"),
        ("mgmt1.vm.notes.Get", "work", b""),
        ("mgmt1.vm.property.Get+label", "no-such-qube", b""),
        ("mgmt1.vm.List", "@tag:x", b""),
        ("mgmt1.policy.Admit", "dom0", b"mgmt1.vm.List+ laptop name dom0"),
    ],
)
async def test_a_call_that_the_policy_does_not_allow_has_no_answer(
    place: Path, system: System, service: str, target: str, given: bytes
) -> None:
    done = await call(place, service, target, given=given)

    assert (done.status, done.output) == (REFUSED, b"")
    assert done.errors == b"qubes-mgmt1-gateway: The policy refuses the call.\n"
    assert system.runtime.state.qube("work").notes != "never"


async def test_a_policy_that_is_broken_denies_every_call_and_one_that_is_mended_is_read_again(
    place: Path, system: System
) -> None:
    broken = system.runtime.places.policy / "40-broken.policy"
    broken.write_text("# caf\n")
    assert (await call(place, "mgmt1.vm.List", "dom0")).status == 0

    broken.write_bytes(b"# caf\xe9\n")
    assert (await call(place, "mgmt1.vm.List", "dom0")).status == REFUSED

    broken.unlink()
    assert (await call(place, "mgmt1.vm.List", "dom0")).status == 0


async def test_a_refusal_of_the_daemon_is_an_answer(place: Path) -> None:
    done = await call(place, "mgmt1.vm.tag.Set+x", "work", given=b"surplus")
    unknown = await call(place, "mgmt1.no.Such", "dom0")

    assert (done.status, unknown.status) == (0, 0)
    assert done.output.startswith(b"2\x00ProtocolError\x00")
    assert unknown.output.startswith(b"2\x00")


async def test_without_a_daemon_the_call_is_broken(tmp_path: Path) -> None:
    done = await call(tmp_path / "none", "mgmt1.vm.List", "dom0")

    assert (done.status, done.output) == (BROKEN, b"")
    assert b"Cannot connect" in done.errors


@pytest.mark.parametrize("source", ["dom0", "", "-x", "a b", "a" * 32, "@anyvm"])
async def test_a_source_that_no_key_may_have_is_refused(place: Path, source: str) -> None:
    done = await run(*PROGRAM, f"--source={source}", "--socket", str(place), "mgmt1.vm.List", "dom0")

    assert (done.status, done.output) == (2, b"")


async def test_a_payload_in_pieces_is_put_together(place: Path, system: System) -> None:
    (system.runtime.places.policy / "20-more.policy").write_text("* * laptop @anyvm allow target=dom0\n")
    text = b"x" * 100_000
    parts = (text[:70_000], text[70_000:])
    given = b"".join(LENGTH.pack(len(part)) + part for part in parts) + LENGTH.pack(0)

    done = await call(place, command="mgmt1.vm.notes.Set work pieces", given=given)

    assert done.output == b"0\x00"
    assert system.runtime.state.qube("work").notes == text.decode()


@pytest.mark.parametrize(
    "given", [b"", b"\x00\x00", LENGTH.pack(5) + b"abcde", LENGTH.pack(6) + b"abcde", LENGTH.pack(LONGEST_PIECE + 1)]
)
async def test_a_payload_in_pieces_without_its_end_makes_no_call(place: Path, system: System, given: bytes) -> None:
    (system.runtime.places.policy / "20-more.policy").write_text("* * laptop @anyvm allow target=dom0\n")
    notes = system.runtime.state.qube("work").notes

    done = await call(place, command="mgmt1.vm.notes.Set work pieces", given=given)

    assert (done.status, done.output) == (BROKEN, b"")
    assert system.runtime.state.qube("work").notes == notes


async def test_nothing_is_decided_before_the_payload_has_come(place: Path) -> None:
    """A caller cannot keep its payload back and use the admission when the policy has taken it away."""
    cut_off = LENGTH.pack(6) + b"abc"

    done = await call(place, "mgmt1.vm.Remove", "work", "pieces", given=cut_off)

    assert done.status == BROKEN
    assert (await call(place, "mgmt1.vm.Remove", "work", "pieces", given=LENGTH.pack(0))).status == REFUSED


def test_a_payload_that_comes_too_slowly_makes_no_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "_TAKE_SECONDS", 0)
    reading, writing = os.pipe()
    try:
        arguments = ["--source", "laptop", "--socket", str(tmp_path / "none"), "mgmt1.vm.List", "dom0"]
        with pytest.raises(BrokenError, match="did not come within 0 seconds"):
            gateway.run(arguments, {}, reading, writing)
    finally:
        os.close(reading)
        os.close(writing)


async def test_a_line_for_any_source_does_not_admit_a_source_that_is_no_qube(place: Path, system: System) -> None:
    more = system.runtime.places.policy / "20-more.policy"
    for word in ("*", "@anyvm"):
        more.write_text(f"mgmt1.vm.tag.List * {word} work allow target=dom0\n")
        assert (await call(place, "mgmt1.vm.tag.List", "work")).status == REFUSED
        assert (await call(place, "mgmt1.vm.tag.List", "work", source="vault")).status == 0

    more.write_text("mgmt1.vm.tag.List * laptop work allow target=dom0\n")
    assert (await call(place, "mgmt1.vm.tag.List", "work")).status == 0


async def test_a_long_payload_that_is_cut_off_does_not_become_a_volume(place: Path, system: System) -> None:
    heard: list[Event] = []
    system.runtime.subscribe(heard.append)
    part = LENGTH.pack(LONGEST_PIECE) + bytes(LONGEST_PIECE)

    done = await call(place, command="mgmt1.vm.volume.Import+private vault pieces", given=part * 6)

    assert (done.status, done.output) == (BROKEN, b"")
    await until(lambda: any(VOLUME_IMPORT_END.matches(event) for event in heard))
    (end,) = [event for event in heard if VOLUME_IMPORT_END.matches(event)]
    assert not VOLUME_IMPORT_END.read(end).success


async def test_a_listener_that_leaves_ends_the_program_and_the_stream(place: Path, system: System) -> None:
    arguments = (*PROGRAM, "--source", "laptop", "--socket", str(place), "mgmt1.Events", "dom0")
    async with started(*arguments, stdin=PIPE, stdout=PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        assert await process.stdout.readexactly(2) == b"1\x00"

        process._transport.get_pipe_transport(1).close()  # type: ignore[attr-defined]

        async with asyncio.timeout(LIMIT):
            assert await process.wait() == BROKEN


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["mgmt1.vm.List"],
        ["mgmt1.vm.List", ""],
        ["", "dom0"],
        ["mgmt1.vm.List", "dom0", "x"],
        ["mgmt1.vm.List", "dom0", "pieces", "pieces"],
        ["mgmt1.vm.List;id", "dom0"],
        ["mgmt1.vm.List", "$(id)"],
        ["mgmt1.vm.List\n", "dom0"],
        ["mgmt1.vm.List", "dom0\n"],
        ["x" * 256, "dom0"],
        ["mgmt1.vm.List+" + "a" * 256, "dom0"],
        ["mgmt1.vm.List", "a" * 65],
    ],
)
def test_words_that_are_no_call_are_refused(words: list[str]) -> None:
    with pytest.raises(BrokenError):
        understood(words)


def test_the_longest_words_are_taken() -> None:
    asked = understood([f"{'x' * 255}+{'a' * 255}", "t" * 64])

    assert (len(asked.service), len(asked.argument), len(asked.target)) == (255, 255, 64)
    assert understood(["s+", "dom0"]).argument == ""
