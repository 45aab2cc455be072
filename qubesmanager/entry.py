# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands' entry points, and the one module that joins the halves: arguments, transport, client, window.

Each command imports its own half only, so that a call from a shell does not wait for Qt.
"""

import argparse
import asyncio
import gc
import logging
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import qubesmanager
from qubesmanager.cli.stdout import written
from qubesmanager.client.client import Client
from qubesmanager.transport.base import Transport, TransportError
from qubesmanager.transport.child import ChildTransport
from qubesmanager.transport.memory import MemoryTransport
from qubesmanager.transport.urls import BRIDGED, Connection, Found, open_transport, parse, search
from qubesmanager.wire.errors import Mgmt1Error

DEMO_QUBES = 4
"""Qubes of the demonstration beside its base system, unless told otherwise."""


def connect(url: str | None) -> Transport:
    """The transport of a URL; without one, of what the search finds. Raises `TransportError` with the way it went."""
    return _connected(url)[0]


def _connected(url: str | None) -> tuple[Transport, tuple[str, ...]]:
    """The transport, and the sentences that say how it was found. Raises `TransportError` with what was looked at."""
    search_result = search() if url is None else Found(parse(url), ())
    if search_result.connection is None:
        raise TransportError(
            "There is nothing to connect to. " + " ".join(search_result.trail) + " Try --demo, or --connect URL."
        )
    return _opened(search_result.connection), search_result.trail


def _opened(connection: Connection) -> Transport:
    if connection.scheme == "demo":
        return ChildTransport(connection.url, "--demo", connection.rest or str(DEMO_QUBES))
    if connection.scheme == "real":
        from qubesmanager.systems import real  # noqa: PLC0415 - see above

        if why := real.why_not():
            raise TransportError(why)
        wrapper, arguments = real.launch()
        return ChildTransport(connection.url, *arguments, wrapper=wrapper)
    if connection.scheme in BRIDGED:
        return _bridged(connection)
    return open_transport(connection.url)


def _bridged(connection: Connection) -> Transport:
    """The bridge to a qubesd, in this process."""
    from qubesmanager.daemon.bridge.backend import BridgeBackend  # noqa: PLC0415 - see above
    from qubesmanager.daemon.dispatch import Dispatcher  # noqa: PLC0415 - see above

    backend = BridgeBackend(*BRIDGED[connection.scheme](connection.rest))
    return MemoryTransport(Dispatcher(backend).answer, url=connection.url)


def mgmt1() -> int:
    """`mgmt1 CALL DEST [ARG]`."""
    from qubesmanager.cli.main import main  # noqa: PLC0415 - see above

    return written("mgmt1", lambda: main(sys.argv[1:], connect))


def backup() -> int:
    """`qubes-backup`; without a profile its window."""
    from qubesmanager.cli.backup import main  # noqa: PLC0415 - see above

    return written("qubes-backup", lambda: main(sys.argv[1:], connect, partial(_window, "backup")))


def restore() -> int:
    """`qubes-restore [FILE]`; without a file its window."""
    from qubesmanager.cli.restore import main  # noqa: PLC0415 - see above

    return written("qubes-restore", lambda: main(sys.argv[1:], connect, partial(_window, "restore")))


def _window(name: str, url: str | None) -> int:
    return manager([name, *(["--connect", url] if url else [])])


def mgmt1d(argv: Sequence[str] | None = None) -> int:
    """`qubes-mgmt1d`: serve until told to end."""
    gc.disable()  # of what modules make while they are loaded nothing can be collected
    try:
        from qubesmanager.daemon import main as daemon  # noqa: PLC0415 - see above
    except ModuleNotFoundError as error:
        from qubesmanager.systems import real  # noqa: PLC0415 - see above

        if error.name not in real.MODULES:
            raise
        print(f"qubes-mgmt1d: {real.missing_module(error.name)}", file=sys.stderr)  # noqa: T201 - why it cannot serve
        return 1
    finally:
        gc.enable()

    parser = daemon.parser()
    parser.add_argument("--version", action="version", version=_version("qubes-mgmt1d"))
    arguments = _parsed(parser, argv)
    options = daemon.options(arguments)
    logging.basicConfig(
        level=logging.DEBUG if options.debug else logging.INFO, format="%(levelname)s %(name)s: %(message)s"
    )
    prepare: daemon.Prepare | None = None
    if options.demo is not None:
        from qubesmanager.systems import demo_week  # noqa: PLC0415 - other daemons need none of it

        prepare = partial(demo_week.populate, extra=options.demo)
    elif options.real:
        from qubesmanager.systems import real  # noqa: PLC0415 - as above

        prepare = real.populate
    try:
        if options.check or options.recover:
            status, lines = asyncio.run(daemon.once(options))
            return written("qubes-mgmt1d", lambda: _printed(lines, status))
        asyncio.run(daemon.run(options, prepare))
    except Mgmt1Error as error:
        print(f"qubes-mgmt1d: {error}", file=sys.stderr)  # noqa: T201 - why it cannot serve
        return 2 if options.check or options.recover else 1
    return 0


def _printed(lines: Iterable[str], status: int) -> int:
    print(*lines, sep="\n")  # noqa: T201 - what the command was asked for
    return status


def manager_parser() -> argparse.ArgumentParser:
    """The arguments of `qubes-manager`."""
    parser = argparse.ArgumentParser(prog="qubes-manager", description="Manage the qubes of this machine in a window.")
    _add_connection(parser)
    parser.add_argument(
        "--report", metavar="FILE", type=Path, help="write versions, timings and counts here at the end"
    )
    parser.add_argument("--print-table", action="store_true", help="print the table once it is filled, and end")
    parser.add_argument("--screenshot", metavar="FILE", type=Path, help="save a picture of the window, and end")
    parser.add_argument("--version", action="version", version=_version("qubes-manager"))
    parser.add_argument(
        "arguments", metavar="WINDOW", nargs="*", help="a window to open and what it is about: settings NAME, storage"
    )
    parser.add_argument("--page", metavar="PAGE", help="the page of that window: firewall, volumes, labels, …")
    return parser


def _add_connection(parser: argparse.ArgumentParser) -> None:
    """Add the options that say where the daemon is."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--connect",
        metavar="URL",
        help="the daemon: unix:PATH, qrexec:, qubesd:PATH, admin-qrexec:, demo:, real:; without it the usual places"
        " are looked at in order",
    )
    where.add_argument(
        "--demo",
        metavar="N",
        nargs="?",
        type=int,
        const=DEMO_QUBES,
        help="a demonstration system with N more qubes (default: %(const)s), which goes away with the window",
    )
    where.add_argument(
        "--real",
        action="store_true",
        help="a small system of real virtual machines on this computer, which stays",
    )


def _wanted_url(arguments: argparse.Namespace) -> str | None:
    """The URL given to `_add_connection`'s options; None for the usual search."""
    if arguments.real:
        return "real:"
    url: str | None = arguments.connect
    return url if arguments.demo is None else f"demo:{arguments.demo}"


def manager(argv: Sequence[str] | None = None) -> int:
    """`qubes-manager`: the window, until it is closed."""
    try:
        from qubesmanager.ui.shell.app import ManagerOptions, run_manager  # noqa: PLC0415 - see above
    except ModuleNotFoundError as error:
        return _without_qt("qubes-manager", error)
    arguments = _parsed(manager_parser(), argv)
    try:
        transport, trail = _connected(_wanted_url(arguments))
    except TransportError as error:
        print(f"qubes-manager: {error}", file=sys.stderr)  # noqa: T201 - there is no window to say it in
        return 3
    options = ManagerOptions(
        report=arguments.report,
        screenshot=arguments.screenshot,
        print_table=arguments.print_table,
        connection=transport.url,
        trail=trail,
        arguments=(*arguments.arguments, *([f"--page={arguments.page}"] if arguments.page else [])),
    )
    if options.print_table:
        return written("qubes-manager", lambda: run_manager(lambda: Client(transport), options))
    return run_manager(lambda: Client(transport), options)


def devices_parser() -> argparse.ArgumentParser:
    """The arguments of `qubes-devices`."""
    parser = argparse.ArgumentParser(
        prog="qubes-devices", description="Attach devices to qubes, and see what runs, from an icon in the tray."
    )
    _add_connection(parser)
    parser.add_argument("--version", action="version", version=_version("qubes-devices"))
    return parser


def devices(argv: Sequence[str] | None = None) -> int:
    """`qubes-devices`: the tray icon, until it is quit; a window where there is no tray."""
    try:
        from qubesmanager.ui.shell.app import ManagerOptions  # noqa: PLC0415 - see above
        from qubesmanager.ui.shell.tray_app import run_tray  # noqa: PLC0415 - see above
    except ModuleNotFoundError as error:
        return _without_qt("qubes-devices", error)
    try:
        transport, trail = _connected(_wanted_url(_parsed(devices_parser(), argv)))
    except TransportError as error:
        print(f"qubes-devices: {error}", file=sys.stderr)  # noqa: T201 - there is no window to say it in
        return 3
    return run_tray(lambda: Client(transport), ManagerOptions(connection=transport.url, trail=trail))


def _parsed(parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> argparse.Namespace:
    """The arguments. Ends the process after `--help` and `--version`, with an error if they could not be printed."""
    arguments = argparse.Namespace()

    def parse() -> int:
        parser.parse_args(argv, arguments)
        return 0

    # A window or a service may be started without standard output; it prints nothing there.
    if sys.stdout is None:
        parse()
    elif status := written(parser.prog, parse):
        raise SystemExit(status)
    return arguments


def _without_qt(program: str, error: ModuleNotFoundError) -> int:
    """Name the packages of a module that a window needs. Raises any other error again."""
    if (error.name or "").partition(".")[0] not in {"PyQt5", "qasync"}:
        raise error
    print(  # noqa: T201 - there is no window to show it in
        f"{program}: The Python module {error.name} is missing, which windows need. Install qasync, and python3-pyqt5"
        " with python3-pyqt5.qtsvg (apt), python3-qt5 (dnf), or python-pyqt5 with qt5-svg (pacman).",
        file=sys.stderr,
    )
    return 3


def _version(program: str) -> str:
    return f"{program} {qubesmanager.__version__}"
