# SPDX-License-Identifier: GPL-3.0-or-later
"""The installed tree in a scratch root, from end to end: a qube calls through a qrexec that behaves as the real one."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from demo_fixtures import hypervisor, machine, populate
from fakes_hypervisor import FakeHypervisor

from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.startup import open_system
from qubesmanager.daemon.local.system import System
from qubesmanager.daemon.server import Limits, Server
from qubesmanager.daemon.sockets import bind
from qubesmanager.policy.engine import DEFAULT, Engine, Request, Result, requested_target
from qubesmanager.policy.reading import Files, Reader
from qubesmanager.policy.records import system_info
from qubesmanager.wire import calls
from qubesmanager.wire.values import Dest, Tier

__all__ = ["hypervisor", "machine"]

INSTALL = Path(__file__).parents[2] / "rpc-handlers" / "install"
REFUSED, NOT_FOUND = 126, 127
Answer = tuple[int, bytes]


def install(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(INSTALL), "--root", str(root)], capture_output=True, text=True, check=False
    )


class Qrexec:
    """`qrexec-client-vm` of a qube whose dom0 is a scratch root (rewriting, policy, lookup, header, exit status)."""

    def __init__(self, root: Path, system: System) -> None:
        self._root = root
        self._system = system
        self._reader = Reader()

    async def call(self, source: str, target: str, service: str, payload: bytes = b"") -> Answer:
        service = re.sub(r"[^A-Za-z0-9_.+-]", "_", service)
        target = re.sub(r"[^A-Za-z0-9_.@:-]", "_", target)
        name, _plus, argument = service.partition("+")
        info = system_info(self._system.runtime.state.qubes.values())
        folder = self._root / "etc/qubes/policy.d"
        files = {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}
        decision = Engine(self._reader.read(Files(files))).decide(Request(name, f"+{argument}", source, target), info)
        if decision.result is not Result.ALLOW or decision.target != "dom0":
            return REFUSED, b""
        requested = requested_target(target, info)
        words = f"keyword {requested[1:]}" if requested in {DEFAULT, "@adminvm"} else f"name {requested}"
        path = self._socket_of(f"{name}+{argument}") or self._socket_of(name)
        if path is None:
            return NOT_FOUND, b""
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(f"{name}+{argument} {source} {words}\0".encode() + payload)
        writer.write_eof()
        answer = await reader.readexactly(2)
        writer.close()
        return 0, answer

    def _socket_of(self, service: str) -> Path | None:
        """Where the link of a service leads; None if it leads nowhere."""
        link = self._root / "etc/qubes-rpc" / service
        return link.resolve() if link.exists() else None


def allow(root: Path, tier: Tier, line: str) -> None:
    with (root / "etc/qubes/policy.d/include" / tier).open("a") as file:
        file.write(f"{line}\n")


@pytest.fixture
def tmp_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a short name: with the name of a test, the path of the socket is longer than the system allows."""
    return tmp_path_factory.mktemp("t")


@pytest.fixture
async def system(tmp_path: Path, hypervisor: FakeHypervisor) -> AsyncIterator[System]:
    """The demonstration, with the policy of a scratch root into which everything was installed."""
    assert install(tmp_path / "root").returncode == 0
    policy = tmp_path / "root/etc/qubes/policy.d"
    opened = await open_system(tmp_path / "state", hypervisor, policy=policy)
    await populate(opened)
    yield opened
    await opened.runtime.close()


@pytest.fixture
async def qrexec(tmp_path: Path, system: System) -> AsyncIterator[Qrexec]:
    server = Server(Dispatcher(LocalBackend(system)), Limits(grace=0.1))
    path = tmp_path / "root/run/qubes-mgmt1/mgmt1.sock"
    await server.start(bind(path), os.getgid())
    yield Qrexec(tmp_path / "root", system)
    system.runtime.hub.close()
    await server.close()


def _services() -> list[tuple[str, str, set[str]]]:
    """Each service, where it is sent, and the tiers whose lines let it in."""
    wider = {Tier.LOCAL_RO: {Tier.LOCAL_RO, Tier.LOCAL_RWX}, Tier.GLOBAL_RO: {Tier.GLOBAL_RO, Tier.GLOBAL_RWX}}
    return [
        (name, "vault" if call.dest is Dest.VM else "dom0", set(wider.get(call.tier, {call.tier})))
        for name, call in calls.BY_SERVICE.items()
    ]


async def test_every_call_is_answered_to_a_qube_that_the_includes_name_and_refused_to_others(
    qrexec: Qrexec, tmp_path: Path
) -> None:
    for tier in (Tier.LOCAL_RWX, Tier.GLOBAL_RWX):
        allow(tmp_path / "root", tier, "sys-mgmt @adminvm allow target=dom0")
        allow(tmp_path / "root", tier, "sys-mgmt @anyvm allow target=dom0")

    for service, target, _tiers in _services():
        # An argument that no call takes, or that changes little.
        status, answer = await qrexec.call("sys-mgmt", target, f"{service}+x-surplus")
        assert (status, answer[1:]) == (0, b"\0"), service
        assert (await qrexec.call("work", target, f"{service}+x-surplus"))[0] == REFUSED, service


@pytest.mark.parametrize("tier", list(Tier))
async def test_a_line_lets_in_the_calls_of_its_tier_and_no_others(qrexec: Qrexec, tmp_path: Path, tier: Tier) -> None:
    allow(tmp_path / "root", tier, "sys-mgmt @adminvm allow target=dom0")
    allow(tmp_path / "root", tier, "sys-mgmt @anyvm allow target=dom0")

    for service, target, tiers in _services():
        status, _answer = await qrexec.call("sys-mgmt", target, f"{service}+x-surplus")
        assert status == (0 if tier in tiers else REFUSED), service


async def test_what_real_qrexec_rewrites_reaches_no_qube(qrexec: Qrexec, tmp_path: Path) -> None:
    allow(tmp_path / "root", Tier.GLOBAL_RO, "sys-mgmt @default allow target=dom0")
    allow(tmp_path / "root", Tier.GLOBAL_RO, "sys-mgmt @adminvm allow target=dom0")

    assert await qrexec.call("sys-mgmt", "va ult", "mgmt1.vm.List") == (0, b"2\0")  # keyword default
    assert await qrexec.call("sys-mgmt", "", "mgmt1.vm.List") == (0, b"2\0")
    assert await qrexec.call("sys-mgmt", "@adminvm", "mgmt1.vm.List") == (0, b"0\0")
    assert (await qrexec.call("sys-mgmt", "dom0", "mgmt1.vm.List;"))[0] == REFUSED


async def test_a_service_that_leads_nowhere_is_not_found(qrexec: Qrexec, tmp_path: Path) -> None:
    allow(tmp_path / "root", Tier.GLOBAL_RO, "sys-mgmt @adminvm allow target=dom0")
    (tmp_path / "root/run/qubes-mgmt1/mgmt1.sock").unlink()

    assert await qrexec.call("sys-mgmt", "dom0", "mgmt1.vm.List") == (NOT_FOUND, b"")


# -- what is installed is checked as a whole ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("include/mgmt1-local-ro", "sys-mgmt work Allow\n"),
        ("include/mgmt1-global-rwx", "!include include/missing\n"),
        ("include/mgmt1-local-rwx", "# caf\udce9\n"),
    ],
)
def test_a_policy_that_qrexec_could_not_read_is_not_installed(tmp_path: Path, name: str, content: str) -> None:
    kept = tmp_path / "etc/qubes/policy.d" / name
    kept.parent.mkdir(parents=True)
    kept.write_bytes(content.encode("utf-8", "surrogateescape"))

    done = install(tmp_path)

    assert done.returncode == 1
    assert done.stderr.startswith("install: qrexec could not read the policy, so nothing is installed: ")
    assert name in done.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [kept]


def test_a_policy_that_is_broken_already_is_named_and_installed_over(tmp_path: Path) -> None:
    broken = tmp_path / "etc/qubes/policy.d/10-broken.policy"
    broken.parent.mkdir(parents=True)
    broken.write_text("no rule\n")

    done = install(tmp_path)

    assert done.returncode == 0
    assert "note: qrexec cannot read the policy, and denies every call: policy.d/10-broken.policy:1" in done.stdout
    assert broken.read_text() == "no rule\n"


def test_without_the_python_package_what_is_included_is_looked_for(tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    shutil.copytree(INSTALL.parent, alone)
    (alone / "policy" / "include" / "mgmt1-local-ro").unlink()
    command = [sys.executable, "-I", "-S", str(alone / "install"), "--root", str(tmp_path / "root")]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "There is no file 'include/mgmt1-local-ro' to include." in done.stderr
    assert not (tmp_path / "root").exists()
