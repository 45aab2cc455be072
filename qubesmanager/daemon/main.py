# SPDX-License-Identifier: GPL-3.0-or-later
"""`qubes-mgmt1d`: the daemon's arguments, its socket (its own or systemd's), its end.

The socket is made with mode 0660 and renamed into place, so nobody sees it before it is ready.
"""

import argparse
import asyncio
import contextlib
import fcntl
import hashlib
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local import checking
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.drivers.devices.host import HostDevices
from qubesmanager.daemon.local.drivers.devices.udev import UdevTrigger
from qubesmanager.daemon.local.drivers.firewall import namespaces as paths
from qubesmanager.daemon.local.drivers.firewall.apply import Firewalls, NftFirewall
from qubesmanager.daemon.local.drivers.firewall.resolve import Resolver
from qubesmanager.daemon.local.drivers.hypervisor.libvirt_driver import LibvirtHypervisor
from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.daemon.local.services import autostart, recovery
from qubesmanager.daemon.local.services.network import Network
from qubesmanager.daemon.local.startup import open_system, recovered
from qubesmanager.daemon.local.system import System
from qubesmanager.daemon.server import Limits, Server
from qubesmanager.rules.firewall import Address
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import text

log = logging.getLogger("qubes-mgmt1d")

SYSTEM_SOCKET = Path("/run/qubes-mgmt1/mgmt1.sock")
SYSTEM_PROFILES = Path("/etc/qubes/backup")
"""Where Qubes OS keeps backup profiles."""
SYSTEM_POLICY = Path("/etc/qubes/policy.d")
"""Where qrexec reads its policy."""
SYSTEM_POLICY_HIDING = Path("/run/qubes/policy.d")
"""Where qrexec looks first; a file there hides its namesake in `SYSTEM_POLICY`."""
SYSTEM_STATE = Path("/var/lib/qubes-mgmt1")
_FIRST_PASSED_FD = 3


@dataclass(frozen=True, slots=True)
class Options:
    """What the daemon is told. `hypervisor` is a libvirt URI."""

    socket: Path
    state: Path
    hypervisor: str
    debug: bool = False
    demo: int | None = None
    with_parent: bool = False
    real: bool = False
    network: str = "auto"
    take_over: bool = False
    check: bool = False
    recover: bool = False


Prepare = Callable[[System], Awaitable[None]]


def parser() -> argparse.ArgumentParser:
    held = argparse.ArgumentParser(
        prog="qubes-mgmt1d",
        description="Answer the mgmt1 management API: keep qubes, run them through libvirt, tell what happens.",
    )
    held.add_argument("--socket", type=Path, default=default_socket(), help="where to listen (default: %(default)s)")
    held.add_argument(
        "--state", type=Path, default=default_state(), help="the folder of the store (default: %(default)s)"
    )
    held.add_argument(
        "--hypervisor",
        metavar="URI",
        default="qemu:///system" if os.geteuid() == 0 else "qemu:///session",
        help="the libvirt URI of the machine (default: %(default)s)",
    )
    held.add_argument(
        "--demo",
        metavar="N",
        type=int,
        help="fill an empty store with a demonstration system of N more qubes, on libvirt's test driver",
    )
    held.add_argument(
        "--real", action="store_true", help="fill an empty store with a small system of real virtual machines"
    )
    held.add_argument(
        "--network",
        choices=("auto", "user", "closed", "out"),
        default="auto",
        help="user: the hypervisor's own network, without a firewall; closed: real paths between qubes, with the"
        " firewall; out: the same, and out through this machine; auto: out for the system's own machines, where root"
        " can, and user otherwise",
    )
    held.add_argument(
        "--take-over",
        action="store_true",
        help="use pool folders that a daemon of another machine has leased; that daemon must be gone for good",
    )
    held.add_argument("--with-parent", action="store_true", help="end when standard input does")
    held.add_argument("--debug", action="store_true", help="log more, and send tracebacks to callers")
    once = held.add_mutually_exclusive_group()
    once.add_argument(
        "--check",
        action="store_true",
        help="print what is wrong with the store, the pools and the volumes, and end: 0 nothing, 1 something, 2 it"
        " cannot be told; changes nothing",
    )
    once.add_argument(
        "--recover",
        action="store_true",
        help="make qubes again from volumes that no qube has, print what became of each, and end; no daemon may run",
    )
    return held


def options(arguments: argparse.Namespace) -> Options:
    demo = arguments.demo
    hypervisor = arguments.hypervisor if demo is None else "test:///default"
    return Options(
        arguments.socket,
        arguments.state,
        hypervisor,
        arguments.debug,
        demo,
        arguments.with_parent,
        arguments.real,
        "user" if demo is not None else arguments.network,
        arguments.take_over,
        arguments.check,
        arguments.recover,
    )


def default_socket() -> Path:
    """The system's socket for root, the user's own for anybody else."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if os.geteuid() == 0 or not runtime:
        return SYSTEM_SOCKET
    return Path(runtime, "qubes-mgmt1", "mgmt1.sock")


def default_state() -> Path:
    if os.geteuid() == 0:
        return SYSTEM_STATE
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state", "qubes-mgmt1")


async def once(told: Options) -> tuple[int, list[str]]:
    """Carry out `check` or `recover`. Answers the exit status and the lines to print. Raises `Mgmt1Error`."""
    if told.check:
        report = await checking.check_all(told.state)
        return (1 if report.wrong else 0), checking.lines(report)
    result = await recovered(told.state, LibvirtHypervisor(told.hypervisor, owner=str(told.state)))
    return (1 if result.left else 0), [*result.lines, recovery.summary(result)]


async def run(told: Options, prepare: Prepare | None = None, limits: Limits = Limits()) -> None:  # noqa: B008 - frozen
    """Serve until SIGTERM or SIGINT. `prepare` gets the open system before anybody is answered."""
    loop = asyncio.get_running_loop()
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.set)
    if told.with_parent:
        await loop.connect_read_pipe(lambda: _Parent(ending), sys.stdin)
    async with serving(told, prepare, limits):
        notify("READY=1")
        log.info("Listening on %s", told.socket)
        await ending.wait()
        notify("STOPPING=1")


@contextlib.asynccontextmanager
async def serving(told: Options, prepare: Prepare | None, limits: Limits) -> AsyncIterator[System]:
    """The whole daemon, in this process and loop, from the open store to the listening socket."""
    async with contextlib.AsyncExitStack() as stack:
        devices = HostDevices(UdevTrigger()) if told.demo is None else None
        hypervisor = LibvirtHypervisor(told.hypervisor, owner=str(told.state))
        network = partial(network_of, told)
        profiles, policy = (SYSTEM_PROFILES, SYSTEM_POLICY) if told.state == SYSTEM_STATE else (None, None)
        system = await open_system(
            told.state,
            hypervisor,
            devices=devices,
            profiles=profiles,
            policy=policy,
            policy_hiding=SYSTEM_POLICY_HIDING if policy else None,
            takes_home=profiles is not None,
            take_over=told.take_over,
            network=network,
        )
        stack.push_async_callback(system.runtime.close)
        if prepare is not None:
            await prepare(system)
        if names := await system.autostart.wanted(autostart.boot_id()):
            system.runtime.spawn("start what starts with the machine", system.autostart.start(names))
        server = Server(Dispatcher(LocalBackend(system), debug=told.debug), limits)
        listening = passed_socket()
        if listening is None:
            stack.enter_context(only_daemon_at(told.socket))
            listening = bind(told.socket)
            stack.callback(told.socket.unlink, missing_ok=True)
        await server.start(listening, told.socket.stat().st_gid)
        stack.push_async_callback(server.close)
        stack.callback(system.runtime.hub.close)
        stack.callback(system.statistics.close)
        yield system


def network_of(told: Options, runtime: Runtime) -> Network:
    """The network that was asked for. Raises `SystemExit` with a sentence if it cannot be had."""
    why = paths.why_not()
    kind = told.network
    if kind == "auto":
        kind = "out" if why is None and told.hypervisor.endswith(":///system") else "user"
    firewalls = Firewalls(NftFirewall(), Resolver())
    if kind == "user":
        return Network(runtime, firewalls, None, why=Reason("not-enforced", why or Reason("user-networking")))
    if why is not None:
        raise SystemExit(f"Real paths for packets are not possible here: {text(why)}")
    resolvers: tuple[Address, ...] = ()
    with contextlib.suppress(OSError):
        resolvers = paths.resolvers_of(Path("/etc/resolv.conf").read_text("utf-8", "replace"))
    # Two daemons of one machine do not meet.
    digest = hashlib.blake2s(str(told.state.absolute()).encode(), digest_size=2).hexdigest()
    roads = paths.Paths(prefix="qm" if told.state == SYSTEM_STATE else f"qm{digest}")
    return Network(runtime, firewalls, roads, out=kind == "out", resolvers=resolvers)


class _Parent(asyncio.Protocol):
    """Watches standard input: its end is the end of whoever started us."""

    def __init__(self, ending: asyncio.Event) -> None:
        self._ending = ending

    def connection_lost(self, _error: Exception | None) -> None:
        self._ending.set()


@contextlib.contextmanager
def only_daemon_at(path: Path) -> Iterator[None]:
    """Hold the lock beside the socket's path, also before the socket is there or after a crash left a dead one.

    Raises `SystemExit` with a sentence if another daemon holds it, or the folder cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        fd = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise SystemExit(f"Cannot listen at {path}: {error.strerror}") from error
    with os.fdopen(fd, "wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SystemExit(f"A daemon already answers at {path}, or is about to.") from None
        yield


def bind(path: Path) -> socket.socket:
    """A listening socket at `path`, replacing one that no daemon answers.

    Raises `SystemExit` with a sentence if a daemon answers there, or the place cannot be written.
    """
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
        probe.connect(str(path))
        raise SystemExit(f"A daemon already answers at {path}.")
    held = socket.socket(socket.AF_UNIX)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    try:
        before = os.umask(0o117)
        try:
            held.bind(str(fresh))
        finally:
            os.umask(before)
        fresh.replace(path)
    except OSError as error:
        held.close()
        raise SystemExit(f"Cannot listen at {path}: {error.strerror}") from error
    return held


def passed_socket() -> socket.socket | None:
    """The socket that systemd listens on for us, if it does (sd_listen_fds)."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()) or os.environ.get("LISTEN_FDS") != "1":
        return None
    return socket.socket(fileno=_FIRST_PASSED_FD)


def notify(message: str) -> None:
    """Tell systemd (sd_notify); nothing happens where it does not listen."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as held, contextlib.suppress(OSError):
        held.sendto(message.encode(), address.replace("@", "\x00", 1) if address.startswith("@") else address)
