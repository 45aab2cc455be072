# SPDX-License-Identifier: GPL-3.0-or-later
"""`qubes-mgmt1d`: the daemon's arguments, its signals, its end."""

import argparse
import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from qubesmanager.daemon.dialect.backend import Dialect
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.daemon.local.backend import LocalBackend
from qubesmanager.daemon.local.machine import SYSTEM_STATE, open_machine, recover_machine
from qubesmanager.daemon.local.startup import start_with_machine
from qubesmanager.daemon.local.system import System
from qubesmanager.daemon.server import Limits, Server
from qubesmanager.daemon.sockets import Parent, bind, notify, only_daemon_at, passed_socket
from qubesmanager.transport.urls import QUBESD_SOCKET, qubesd_transports

log = logging.getLogger("qubes-mgmt1d")

SYSTEM_SOCKET = Path("/run/qubes-mgmt1/mgmt1.sock")


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the daemon. `hypervisor` is a libvirt URI."""

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
    qubesd: Path | None = None
    """The socket of a qubesd that answers, instead of qubes of this daemon."""


Prepare = Callable[[System], Awaitable[None]]


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="qubes-mgmt1d",
        description="Answer the mgmt1 management API: keep qubes, run them through libvirt, tell what happens.",
    )
    parser.add_argument("--socket", type=Path, default=default_socket(), help="where to listen (default: %(default)s)")
    parser.add_argument(
        "--state", type=Path, default=default_state(), help="the folder of the store (default: %(default)s)"
    )
    parser.add_argument(
        "--hypervisor",
        metavar="URI",
        default="qemu:///system" if os.geteuid() == 0 else "qemu:///session",
        help="the libvirt URI of the machine (default: %(default)s)",
    )
    parser.add_argument(
        "--demo",
        metavar="N",
        type=int,
        help="fill an empty store with a demonstration system of N more qubes, on libvirt's test driver",
    )
    parser.add_argument(
        "--real", action="store_true", help="fill an empty store with a small system of real virtual machines"
    )
    parser.add_argument(
        "--network",
        choices=("auto", "user", "closed", "out"),
        default="auto",
        help="user: the hypervisor's own network, without a firewall; closed: real paths between qubes, with the"
        " firewall; out: the same, and out through this machine; auto: out for the system's own machines, where root"
        " can, and user otherwise",
    )
    parser.add_argument(
        "--take-over",
        action="store_true",
        help="use pool folders that a daemon of another machine has leased; that daemon must be gone for good",
    )
    parser.add_argument(
        "--backend",
        metavar="local|qubesd[:PATH]",
        type=backend_option,
        default=None,
        help="who answers: local, the qubes of this daemon (the default), or qubesd, those of Qubes OS by its socket"
        " (default path: /var/run/qubesd.sock); then the other options about qubes have no effect",
    )
    parser.add_argument("--with-parent", action="store_true", help="end when standard input does")
    parser.add_argument("--debug", action="store_true", help="log more, and send tracebacks to callers")
    once = parser.add_mutually_exclusive_group()
    once.add_argument(
        "--check",
        action="store_true",
        help="print what is wrong with the store, the pools and the volumes, and end: 0 nothing, 1 something, 2 it"
        " is unknown; changes nothing",
    )
    once.add_argument(
        "--recover",
        action="store_true",
        help="make qubes again from volumes that no qube has, print what became of each, and end; no daemon may run",
    )
    return parser


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
        arguments.backend,
    )


def backend_option(text: str) -> Path | None:
    """The socket of the qubesd that answers; None for the qubes of this daemon."""
    name, colon, path = text.partition(":")
    if text == "local":
        return None
    if name != "qubesd" or (colon and not path):
        raise argparse.ArgumentTypeError("local or qubesd[:PATH] expected")
    return Path(path) if path else QUBESD_SOCKET


def default_socket() -> Path:
    """The system's socket for root, the user's own otherwise."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if os.geteuid() == 0 or not runtime:
        return SYSTEM_SOCKET
    return Path(runtime, "qubes-mgmt1", "mgmt1.sock")


def default_state() -> Path:
    if os.geteuid() == 0:
        return SYSTEM_STATE
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state", "qubes-mgmt1")


async def once(options: Options) -> tuple[int, list[str]]:
    """Carry out `check` or `recover`. Answers the exit status and the lines to print. Raises `Mgmt1Error`."""
    if options.check:
        from qubesmanager.daemon.local import checking  # noqa: PLC0415 - a daemon that serves needs none of it

        report = await checking.check_all(options.state)
        return (1 if report.wrong else 0), checking.lines(report)
    result = await recover_machine(options.state, options.hypervisor)
    return (1 if result.left else 0), [*result.lines, result.summary()]


async def run(options: Options, prepare: Prepare | None = None, limits: Limits = Limits()) -> None:  # noqa: B008 - frozen
    """Serve until SIGTERM or SIGINT. `prepare` gets the open system before any call is answered."""
    loop = asyncio.get_running_loop()
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.set)
    if options.with_parent:
        await loop.connect_read_pipe(lambda: Parent(ending), sys.stdin)
    async with bridging(options, limits) if options.qubesd else serving(options, prepare, limits):
        notify("READY=1")
        log.info("Listening on %s", options.socket)
        await ending.wait()
        notify("STOPPING=1")


@contextlib.contextmanager
def _collecting_nothing() -> Iterator[None]:
    """No garbage collection. What exists at the end is left out of later ones, which then take 1 ms instead of 50."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@contextlib.asynccontextmanager
async def serving(options: Options, prepare: Prepare | None, limits: Limits) -> AsyncIterator[System]:
    """The whole daemon, in this process and loop, from the open store to the listening socket."""
    async with contextlib.AsyncExitStack() as stack:
        start = stack.enter_context(contextlib.ExitStack())
        start.enter_context(_collecting_nothing())
        system = await open_machine(
            options.state,
            options.hypervisor,
            network=options.network,
            has_devices=options.demo is None,
            take_over=options.take_over,
        )
        stack.push_async_callback(system.runtime.close)
        if prepare is not None:
            await prepare(system)
        await start_with_machine(system)
        backend = LocalBackend(system)
        server = await _listen(options, Dispatcher(backend, Dialect(backend), debug=options.debug), limits, stack)
        system.guest_channels.answer = server.answer
        stack.callback(system.runtime.hub.close)
        stack.callback(system.statistics.close)
        stack.callback(system.questions.close)
        start.close()
        yield system


@contextlib.asynccontextmanager
async def bridging(options: Options, limits: Limits) -> AsyncIterator[None]:
    """The daemon of a Qubes OS: qubesd answers. Its calls are those of dom0."""
    from qubesmanager.daemon.bridge.backend import BridgeBackend  # noqa: PLC0415 - the other daemons need none of it

    async with contextlib.AsyncExitStack() as stack:
        backend = BridgeBackend(*qubesd_transports(options.qubesd or QUBESD_SOCKET))
        stack.push_async_callback(backend.close)
        await _listen(options, Dispatcher(backend, debug=options.debug), limits, stack)
        stack.callback(backend.bridge.mirror.end_streams)
        yield


async def _listen(options: Options, dispatcher: Dispatcher, limits: Limits, stack: contextlib.AsyncExitStack) -> Server:
    """Listen at the socket of the options, or at systemd's, until the stack closes."""
    server = Server(dispatcher, limits)
    listening = passed_socket()
    if listening is None:
        stack.enter_context(only_daemon_at(options.socket))
        listening = bind(options.socket)
        stack.callback(options.socket.unlink, missing_ok=True)
    await server.start(listening, options.socket.stat().st_gid)
    stack.push_async_callback(server.close)
    return server
