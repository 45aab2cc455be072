# SPDX-License-Identifier: GPL-3.0-or-later
"""The unix transport against a small server, the qrexec transport against a program that replaces its client."""

import asyncio
import os
import select
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from pathlib import Path

import pytest
from until import until

from qubesmanager.transport.base import Payload, RefusedError, Transport, TransportError
from qubesmanager.transport.qrexec import QrexecTransport
from qubesmanager.transport.unix import UnixTransport
from qubesmanager.wire.errors import ProtocolError

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def _served(path: Path, serve: Serve) -> AsyncIterator[UnixTransport]:
    served: list[asyncio.Future[None]] = []

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        done = asyncio.get_running_loop().create_future()
        served.append(done)
        try:
            await serve(reader, writer)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
            done.set_result(None)

    async with await asyncio.start_unix_server(once, path):
        yield UnixTransport(path)
        await asyncio.gather(*served)


async def _call(transport: Transport, payload: Payload = b"", dest: str = "work") -> bytes:
    async with aclosing(transport.exchange("mgmt1.vm.feature.Set", "gui", dest, payload)) as answer:
        return b"".join([piece async for piece in answer])


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(await reader.read(-1))


async def _endless() -> AsyncIterator[bytes]:
    while True:
        yield b"\x00" * 65536


async def _three() -> AsyncIterator[bytes]:
    for piece in (b"a\x00", b"", b"b"):
        yield piece


async def test_the_header_is_sent_before_the_payload(tmp_path: Path) -> None:
    async with _served(tmp_path / "s", _echo) as transport:
        assert await _call(transport, b"\x00v") == b"mgmt1.vm.feature.Set+gui dom0 name work\x00\x00v"
        assert await _call(transport, _three()) == b"mgmt1.vm.feature.Set+gui dom0 name work\x00a\x00b"


async def test_an_early_answer_arrives_while_the_payload_still_streams(tmp_path: Path) -> None:
    async def early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"2\x00no")
        await writer.drain()

    async with _served(tmp_path / "s", early) as transport:
        assert await _call(transport, _endless()) == b"2\x00no"


async def test_an_early_answer_is_whole_though_the_payload_was_sent_and_never_read(tmp_path: Path) -> None:
    listening = socket.socket(socket.AF_UNIX)
    with listening:
        listening.bind(str(tmp_path / "s"))
        listening.listen()

        def answer_early() -> None:
            connection, _ = listening.accept()
            with connection:
                poller = select.poll()
                poller.register(connection, select.POLLRDHUP)
                poller.poll(10_000)  # header and payload are in the socket, and stay there
                connection.sendall(b"2\x00no")

        serving = asyncio.get_running_loop().run_in_executor(None, answer_early)

        assert await _call(UnixTransport(tmp_path / "s"), b"v") == b"2\x00no"
        await serving


async def test_a_payload_that_fails_ends_the_call_with_its_own_error(tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"a"
        raise OSError("the disk is gone")

    async with _served(tmp_path / "s", _echo) as transport:
        with pytest.raises(OSError, match="the disk is gone"):
            await _call(transport, broken())


async def test_a_socket_without_a_listener_is_reported_as_no_answer(tmp_path: Path) -> None:
    with pytest.raises(TransportError, match="Cannot connect"):
        await _call(UnixTransport(tmp_path / "nobody"))


async def test_a_destination_with_a_nul_is_not_sent(tmp_path: Path) -> None:
    async with _served(tmp_path / "s", _echo) as transport:
        with pytest.raises(ProtocolError):
            await _call(transport, dest="work\x00payload")


def _program(tmp_path: Path, script: str) -> QrexecTransport:
    program = tmp_path / "qrexec-client-vm"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return QrexecTransport(str(program))


async def test_the_client_program_is_given_target_and_service(tmp_path: Path) -> None:
    transport = _program(tmp_path, 'printf "0\\0%s %s " "$1" "$2"; cat')

    assert await _call(transport, b"\x00\xffv") == b"0\x00work mgmt1.vm.feature.Set+gui \x00\xffv"
    assert await _call(transport, _three()) == b"0\x00work mgmt1.vm.feature.Set+gui a\x00b"


@pytest.mark.parametrize(
    ("status", "said"), [(125, "connection broke"), (127, "not installed"), (137, "ended with status 137")]
)
async def test_the_client_programs_status_says_why_there_is_no_answer(tmp_path: Path, status: int, said: str) -> None:
    with pytest.raises(TransportError, match=said):
        await _call(_program(tmp_path, f"exit {status}"), b"x" * 200_000)


async def test_a_refusal_by_policy_is_known_as_one(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=r"mgmt1\.vm\.feature\.Set on work"):
        await _call(_program(tmp_path, "exit 126"))


async def test_success_without_bytes_is_the_clients_to_refuse(tmp_path: Path) -> None:
    assert await _call(_program(tmp_path, "exit 0")) == b""


async def test_a_missing_client_program_is_no_answer(tmp_path: Path) -> None:
    with pytest.raises(TransportError, match="Cannot run"):
        await _call(QrexecTransport(str(tmp_path / "none")))


async def test_closing_the_answer_ends_the_client_program(tmp_path: Path) -> None:
    transport = _program(tmp_path, f'echo $$ > {tmp_path}/pid; printf "1\\0"; exec cat')

    async with aclosing(transport.exchange("mgmt1.Events", "", "dom0", _endless())) as answer:
        assert (await anext(answer)).startswith(b"1\x00")

    pid = int((tmp_path / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_closing_the_answer_ends_a_program_whose_pipe_is_full(tmp_path: Path) -> None:
    transport = _program(tmp_path, f'echo $$ > {tmp_path}/pid; printf "1\\0"; exec cat /dev/zero')

    async with aclosing(transport.exchange("mgmt1.Events", "", "dom0", b"")) as answer:
        assert (await anext(answer)).startswith(b"1\x00")
        # Asyncio reads ahead until its buffer is full, and then no longer.
        await until(lambda: not _is_writing(tmp_path))

    pid = int((tmp_path / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def _is_writing(folder: Path) -> bool:
    """The program is not waiting for a reader of its full pipe."""
    return "pipe_write" not in Path(f"/proc/{int((folder / 'pid').read_text())}/wchan").read_text()
