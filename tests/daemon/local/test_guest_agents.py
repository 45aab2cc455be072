# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon and the agents of two guests as processes, from the program in one guest to the service in the other."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import pytest
from fakes_hypervisor import FakeHost, FakeHypervisor
from guest_agent import Host
from until import until

from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.guest_channel import Pipe
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.drivers.hypervisor.guest_pipe import MemoryPipe
from qubesmanager.daemon.local.system import System
from qubesmanager.wire.guest_services import ServiceResult

RULES = """\
mgmt1.vm.List * work @adminvm allow target=dom0
test.Reverse * work personal allow
test.Missing * work personal allow
"""


class Ports:
    """The guests' ends of the channels, by UUID."""

    def __init__(self) -> None:
        self.by_uuid: dict[UUID, MemoryPipe] = {}

    def connect(self, uuid: UUID) -> Pipe:
        host, self.by_uuid[uuid] = MemoryPipe.pair()
        return host


@pytest.fixture
def ports() -> Ports:
    return Ports()


@pytest.fixture
def hypervisor(ports: Ports) -> FakeHypervisor:
    return FakeHypervisor(FakeHost(channel=ports.connect))


async def pass_on(port: MemoryPipe, terminal: int) -> None:
    """Connect a guest's end of a channel with the terminal that its agent has for a port."""
    loop = asyncio.get_running_loop()
    loop.add_reader(terminal, lambda: port.write(os.read(terminal, 1 << 16)))
    try:
        while data := await port.read():
            while data:
                with suppress(BlockingIOError):
                    data = data[os.write(terminal, data[:2048]) :]
                await asyncio.sleep(0.001)
    finally:
        loop.remove_reader(terminal)


@pytest.fixture
async def agents(system: System, ports: Ports, tmp_path: Path) -> AsyncIterator[dict[str, Host]]:
    """The agents of the guests of `work` and `personal`, connected with the daemon."""
    folder = system.runtime.places.policy
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "30-test.policy").write_text(RULES)
    system.guest_channels.answer = Dispatcher(LocalBackend(system)).answer
    made: dict[str, Host] = {}
    async with asyncio.TaskGroup() as group:
        passing = []
        try:
            for name in ("work", "personal"):
                qube = system.runtime.state.qube(name)
                await until(lambda uuid=qube.uuid: uuid in ports.by_uuid)  # type: ignore[misc]
                (tmp_path / name).mkdir()
                made[name] = await asyncio.to_thread(Host, tmp_path / name)
                passing.append(group.create_task(pass_on(ports.by_uuid[qube.uuid], made[name]._master)))
                await until(lambda qube=qube: qube.has_agent)  # type: ignore[misc]
            yield made
        finally:
            for task in passing:
                task.cancel()
            await asyncio.wait(passing)
            for agent in made.values():
                agent.stop()


async def called(agent: Host, *words: str, stdin: bytes = b"") -> tuple[int, bytes]:
    client: subprocess.Popen[bytes] = agent.client(*words)
    output, _errors = await asyncio.to_thread(client.communicate, stdin)
    return client.returncode, output


async def test_programs_in_a_guest_reach_dom0_and_another_guest_and_dom0_reaches_both(
    system: System, agents: dict[str, Host]
) -> None:
    work, personal = agents["work"], agents["personal"]
    personal.service("test.Reverse", 'echo "$QREXEC_REMOTE_DOMAIN"; rev; exit 7')
    work.service("test.Shell", "cat; echo errors >&2; exit 3")
    text = b"".join(b"line %d\n" % number for number in range(20_000))

    status, output = await called(work, "dom0", "mgmt1.vm.List")
    assert status == 0
    assert output.startswith(b"0\0dom0 class=AdminVM")
    status, output = await called(work, "personal", "test.Reverse", stdin=text)
    assert status == 7
    assert output == b"work\n" + b"".join(line[::-1] + b"\n" for line in text.splitlines())

    assert (await called(work, "dom0", "mgmt1.vm.GetAll"))[0] == 126
    assert (await called(work, "vault", "test.Reverse"))[0] == 126
    assert (await called(work, "personal", "test.Missing"))[0] == 127

    result = await system.guest_channels.run("dom0", system.runtime.state.qube("work"), "test.Shell", text[:50_000])
    assert result == ServiceResult(3, text[:50_000], b"errors\n")
