# SPDX-License-Identifier: GPL-3.0-or-later
"""The client over a real sshd on the loopback: one connection, a slow link, a link that is cut or falls silent."""

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest
from ssh_server import SshServer, ssh_server
from until import until

from qubesmanager.client.client import Client
from qubesmanager.client.live_copy import Follower, Lost, Synced, Update
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.system import System
from qubesmanager.daemon.server import Limits, Server
from qubesmanager.daemon.sockets import bind
from qubesmanager.host.process import run
from qubesmanager.transport.base import RefusedError, TransportError
from qubesmanager.transport.ssh import SshTransport
from qubesmanager.wire import calls
from qubesmanager.wire.errors import QubesTagNotFoundError
from qubesmanager.wire.event import Event
from qubesmanager.wire.events import VOLUME_IMPORT_BEGIN, VOLUME_IMPORT_END

pytestmark = pytest.mark.slow

LATENCY = 0.05
"""Seconds each way: 100 ms for an answer."""


@pytest.fixture
async def daemon(system: System, tmp_path: Path) -> AsyncIterator[Path]:
    policy = system.runtime.places.policy
    policy.mkdir(parents=True, exist_ok=True)
    (policy / "30-laptop.policy").write_text(
        "mgmt1.vm.Kill * laptop @anyvm deny\n"
        "* * laptop @adminvm allow target=dom0\n"
        "* * laptop @anyvm allow target=dom0\n"
    )
    server = Server(Dispatcher(LocalBackend(system)), Limits(grace=0.1))
    await server.start(bind(tmp_path / "s"), os.getgid())
    yield tmp_path / "s"
    system.runtime.hub.close()
    await server.close()


@pytest.fixture
async def ssh(daemon: Path, tmp_path: Path) -> AsyncIterator[SshServer]:
    async with ssh_server(tmp_path / "ssh", daemon) as server:
        yield server


async def test_calls_changes_and_refusals_go_through_one_connection(ssh: SshServer, system: System) -> None:
    client = Client(ssh.transport())

    await asyncio.gather(*(client.send(calls.VM_TAG_SET("work", f"t{number}")) for number in range(20)))

    assert {f"t{number}" for number in range(20)} <= system.runtime.state.qube("work").tags
    with pytest.raises(QubesTagNotFoundError):
        await client.send(calls.VM_TAG_REMOVE("work", "absent"))
    with pytest.raises(RefusedError, match=r"mgmt1\.vm\.Kill on work"):
        await client.send(calls.VM_KILL("work"))
    assert ssh.link.connections == 1


async def test_a_slow_link_carries_calls_and_events_side_by_side(ssh: SshServer) -> None:
    ssh.link.delay = LATENCY
    client = Client(ssh.transport())

    async with aclosing(client.events()) as stream:
        await anext(stream)
        await asyncio.gather(*(client.send(calls.VM_TAG_SET("work", f"t{number}")) for number in range(12)))
        expected = {f"tag-add:t{number}" for number in range(12)}
        async for batch in stream:
            expected -= {event.name for event in batch}
            if not expected:
                break

    assert ssh.link.connections == 1


async def test_a_link_that_is_cut_leaves_no_call_without_an_error_and_the_next_call_connects_again(
    ssh: SshServer, system: System
) -> None:
    client = Client(ssh.transport())
    heard: list[Event] = []
    system.runtime.subscribe(heard.append)

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(1 << 16)
            await asyncio.sleep(0.001)

    async def listen() -> None:
        async for _batch in client.events():
            pass

    loop = asyncio.get_running_loop()
    tasks = [
        loop.create_task(listen()),
        loop.create_task(client.send(calls.VM_VOLUME_IMPORT("vault", "private", endless()))),
    ]
    await until(lambda: system.runtime.hub.listeners and any(map(VOLUME_IMPORT_BEGIN.matches, heard)))

    ssh.link.cut()

    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        assert isinstance(outcome, TransportError)
        assert "may have been carried out" in str(outcome)
    await until(lambda: any(map(VOLUME_IMPORT_END.matches, heard)))
    (end,) = [event for event in heard if VOLUME_IMPORT_END.matches(event)]
    assert not VOLUME_IMPORT_END.read(end).success
    assert await client.send(calls.VM_LIST("dom0"))
    assert ssh.link.connections == 2


async def test_a_window_that_follows_comes_back_after_the_link_does(ssh: SshServer, system: System) -> None:
    updates: list[Update] = []
    follower = Follower(Client(ssh.transport()), updates.append)
    following = asyncio.get_running_loop().create_task(follower.run())
    await until(lambda: any(isinstance(update, Synced) for update in updates))
    updates.clear()

    ssh.link.cut()

    await until(lambda: any(isinstance(update, Lost) for update in updates))
    await until(lambda: any(isinstance(update, Synced) for update in updates))
    await Client(ssh.transport()).send(calls.VM_TAG_SET("work", "after"))
    await until(lambda: "after" in follower.records["work"].tags)
    assert "after" in system.runtime.state.qube("work").tags
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


async def test_a_link_that_falls_silent_is_noticed(ssh: SshServer) -> None:
    client = Client(ssh.transport(alive=1))
    async with aclosing(client.events()) as stream:
        await anext(stream)

        ssh.link.silent = True

        with pytest.raises(TransportError, match="was lost"):
            async for _batch in stream:
                pass


async def test_a_call_that_is_cancelled_in_its_payload_changes_nothing(ssh: SshServer, system: System) -> None:
    client = Client(ssh.transport())
    begun = asyncio.Event()

    async def stalling() -> AsyncIterator[bytes]:
        yield bytes(4 << 20)
        begun.set()
        await asyncio.Event().wait()

    heard: list[Event] = []
    system.runtime.subscribe(heard.append)
    sending = asyncio.get_running_loop().create_task(
        client.send(calls.VM_VOLUME_IMPORT("vault", "private", stalling()))
    )
    await begun.wait()
    await until(lambda: any(map(VOLUME_IMPORT_BEGIN.matches, heard)))

    sending.cancel()

    await until(lambda: any(map(VOLUME_IMPORT_END.matches, heard)))
    (end,) = [event for event in heard if VOLUME_IMPORT_END.matches(event)]
    assert not VOLUME_IMPORT_END.read(end).success
    await asyncio.gather(sending, return_exceptions=True)


async def test_the_command_line_calls_another_machine_and_leaves_no_connection(ssh: SshServer) -> None:
    with tempfile.TemporaryDirectory(prefix="qm-") as folder:
        path = f"{ssh.folder / 'laptop'}:{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "XDG_RUNTIME_DIR": folder}
        program = (sys.executable, "-c", "from qubesmanager.entry import mgmt1; raise SystemExit(mgmt1())")

        done = await run(*program, "--connect", f"ssh://{ssh.address}", "vm.tag.Get", "work", "absent", env=environment)

        assert (done.status, done.output, done.errors) == (0, b"0", b"")
        assert _is_empty(folder)


def _is_empty(folder: str) -> bool:
    return not any(Path(folder).iterdir())


async def test_a_machine_that_cannot_be_reached_is_named_with_the_reason_of_ssh(ssh: SshServer) -> None:
    closed = SshTransport("127.0.0.1:1", str(ssh.folder / "laptop" / "ssh"))
    missing = SshTransport("127.0.0.1:1", str(ssh.folder / "no-such-program"))

    with pytest.raises(TransportError, match=r"Cannot connect to 127\.0\.0\.1: .*refused"):
        await Client(closed).send(calls.VM_LIST("dom0"))
    with pytest.raises(TransportError, match="Cannot run"):
        await Client(missing).send(calls.VM_LIST("dom0"))
    closed.close()
    missing.close()


async def test_a_machine_without_the_gateway_is_named(ssh: SshServer) -> None:
    with pytest.raises(TransportError, match=r"qubes-mgmt1-gateway is not installed on 127\.0\.0\.1"):
        await Client(ssh.transport("without-gateway")).send(calls.VM_LIST("dom0"))
