# SPDX-License-Identifier: GPL-3.0-or-later
"""`qubes-mgmt1-agent`: the guest's end of the channel to dom0's daemon.

It owns the virtio-serial port, runs the services that dom0 starts here, and passes on the calls of the guest's
programs. These come in on a socket that each program of the guest may use: the policy of dom0 decides by the qube, not
by its users. What one user can take from the others is limited.
"""

from __future__ import annotations

import argparse
import asyncio
import grp
import logging
import os
import signal
import socket
import struct
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from time import monotonic

from qubesmanager.guest import frames, local, services
from qubesmanager.guest.frames import (
    PENDING,
    PORT,
    Accepted,
    Call,
    Data,
    Ended,
    Err,
    Established,
    Event,
    Exited,
    Lost,
    NoStreamError,
    Opened,
    Refused,
    Session,
    StreamGoneError,
    WasReset,
    Writable,
)
from qubesmanager.guest.local import BROKEN
from qubesmanager.guest.port import FULL, Port
from qubesmanager.guest.services import RefusedError
from qubesmanager.guest.streams import LocalCall, Service

CALLS = 128
"""Connections of programs at the same time."""
CALLS_OF_USER = 16
"""Of these, those of one user. Root's are not counted."""
PENDING_OF_USER = PENDING - 2
"""Calls of one user that wait for the policy at the same time, so that a question of it does not stop all others."""
PROCESSES = 128
"""Services that run at the same time, with those whose stream is gone and that did not end."""
CALL_SECONDS = 30.0
"""How long a program may take to name its call."""
SESSION_SECONDS = 10.0
"""How long a call waits for the connection to dom0."""
CHECK_SECONDS = 2.0
"""Between two looks at calls that wait."""
_CREDENTIALS = struct.Struct("3i")

_log = logging.getLogger("qubes-mgmt1-agent")


class Agent:
    """All streams of one guest."""

    def __init__(self, loop: asyncio.AbstractEventLoop, port: str, user: str, folders: Sequence[Path]) -> None:
        self.loop = loop
        self.session = Session(is_host=False)
        self._port = Port(loop, port, self)
        self._user, self._folders = user, folders
        self._services: dict[int, Service] = {}
        self._processes: list[Service] = []
        """Those whose process has not ended."""
        self._calls: dict[int, LocalCall] = {}
        self._local: list[LocalCall] = []
        """All connections of programs, in the order in which they came."""
        self._is_checking = False

    def start(self, listener: socket.socket) -> None:
        """Open the port, and take calls from the listening socket."""
        listener.setblocking(False)
        self.loop.add_reader(listener.fileno(), self._accept, listener)
        self.loop.add_signal_handler(signal.SIGCHLD, self._child_ended)
        self._port.look()

    def stop(self) -> None:
        """Close the port. Services notice it by their pipes."""
        self._port.close()

    # -- the port -----------------------------------------------------------------------------------------------------

    def connected(self) -> None:
        """Begin a session: see `port.Listener`, as for the next three."""
        self.session = Session(is_host=False)
        self.flush()

    def received(self, untrusted: bytes) -> None:
        self._handle(self.session.receive(untrusted))
        self._go_on()

    def disconnected(self) -> None:
        self._handle(self.session.restart("the host is gone"))
        self.session = Session(is_host=False)

    def drained(self) -> None:
        for stream in self._streams():
            stream.update()

    def flush(self) -> None:
        self._port.write(self.session.output())

    def room(self) -> int:
        return max(0, FULL - self._port.pending)

    def _streams(self) -> Iterable[Service | LocalCall]:
        return [*self._services.values(), *self._calls.values()]

    def _go_on(self) -> None:
        """Write the answers; let other work go on between parts of a flood."""
        self.flush()
        self._port.hold_up(is_held_up=self.session.has_more)
        if self.session.has_more:
            self.loop.call_soon(self.received, b"")

    # -- events of the session ----------------------------------------------------------------------------------------

    def _handle(self, events: list[Event]) -> None:
        for event in events:
            self._handle_one(event)
        self._open_waiting()

    def _handle_one(self, event: Event) -> None:
        if isinstance(event, Established):
            _log.info("connected to dom0")
        elif isinstance(event, Lost):
            _log.info("the connection to dom0 is over: %s", event.reason)
            self._lose()
        elif isinstance(event, Opened):
            self._open(event.stream, event.call)
        elif isinstance(event, (Accepted, Refused, Exited)):
            self._answered(event)
        elif isinstance(event, (Data, Err, Ended, WasReset, Writable)):
            self._on_stream(event)

    def _lose(self) -> None:
        streams = self._streams()
        self._services.clear()
        self._calls.clear()
        for stream in streams:
            stream.lost()

    def _answered(self, event: Accepted | Refused | Exited) -> None:
        call = self._calls.get(event.stream)
        if call is None:
            return
        if isinstance(event, Accepted):
            call.accepted()
            return
        del self._calls[event.stream]
        if isinstance(event, Refused):
            call.fail(event.code, event.text or "The call was refused.")
        else:
            call.exited(event.code)

    def _on_stream(self, event: Data | Err | Ended | WasReset | Writable) -> None:
        stream = self._services.get(event.stream) or self._calls.get(event.stream)
        if stream is None:
            return
        if isinstance(event, Data):
            stream.data(event.data)
        elif isinstance(event, Err):
            # No service of another qube sends its standard error, and no program expects it.
            self.session.grant(event.stream, len(event.data))
        elif isinstance(event, Ended):
            stream.data_ended()
        elif isinstance(event, Writable):
            stream.update()
        else:
            self._services.pop(event.stream, None)
            self._calls.pop(event.stream, None)
            stream.lost()

    # -- services -----------------------------------------------------------------------------------------------------

    def _open(self, number: int, call: Call) -> None:
        try:
            process = self._started(call)
        except RefusedError as error:
            _log.warning("%s%s of %s: %s", call.service, call.argument, call.name, error)
            self.session.refuse(number, error.code, str(error))
            return
        try:
            self.session.accept(number)
        except StreamGoneError:
            gone = Service(self, number, process, self._service_ended)
            self._processes.append(gone)
            gone.lost()
            return
        service = Service(self, number, process, self._service_ended)
        self._processes.append(service)
        self._services[number] = service

    def _started(self, call: Call) -> subprocess.Popen[bytes]:
        """The process of the service. Raises `RefusedError`."""
        if len(self._processes) >= PROCESSES:
            raise RefusedError("Too many services run in this qube.")
        path = services.find(call, self._folders)
        user = services.account(services.user_of(call, path, self._user or services.usual_user()))
        process = services.start(call, path, user)
        _log.info("%s%s of %s runs as %s: process %s", call.service, call.argument, call.name, user.name, process.pid)
        return process

    def _service_ended(self, service: Service) -> None:
        if self._services.get(service.number) is service:
            del self._services[service.number]

    def _child_ended(self) -> None:
        self._processes = [service for service in self._processes if not service.look()]

    # -- calls of the guest's programs --------------------------------------------------------------------------------

    def _accept(self, listener: socket.socket) -> None:
        try:
            connection, _address = listener.accept()
        except OSError:
            # A program that hung up already; or no descriptors are left, which the next try shows.
            return
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        uid = _CREDENTIALS.unpack(credentials)[1]
        of_user = sum(each.uid == uid for each in self._local)
        call = LocalCall(self, connection, uid, self._open_waiting, self._gone)
        self._local.append(call)
        if len(self._local) > CALLS or (uid and of_user >= CALLS_OF_USER):
            call.fail(frames.REFUSED, "Too many calls are under way in this qube.")
        self._check_later()

    def _open_waiting(self) -> None:
        """Open streams for the calls that wait, as far as the limits let it."""
        if not self.session.is_established:
            return
        pending = Counter(call.uid for call in self._local if call.is_pending)
        for call in self._local:
            if call.call is None or not call.is_waiting or (call.uid and pending[call.uid] >= PENDING_OF_USER):
                continue
            try:
                call.number = self.session.open(call.call)
            except NoStreamError:
                break
            self._calls[call.number] = call
            pending[call.uid] += 1
        self.flush()

    def _check_later(self) -> None:
        if self._local and not self._is_checking:
            self._is_checking = True
            self.loop.call_later(CHECK_SECONDS, self._check)

    def _check(self) -> None:
        """Give up the calls that were not named or begun in time, and those whose program is gone."""
        self._is_checking = False
        for call in list(self._local):
            age = monotonic() - call.since
            if call.is_waiting and not self.session.is_established and age > SESSION_SECONDS:
                call.fail(BROKEN, "There is no connection to dom0.")
            elif call.call is None and age > CALL_SECONDS:
                call.fail(BROKEN, "No call was named in time.")
            else:
                call.check()
        self._check_later()

    def _gone(self, call: LocalCall) -> None:
        self._local.remove(call)
        for number in [number for number, each in self._calls.items() if each is call]:
            del self._calls[number]
        self._open_waiting()


def listen(path: Path, group: str) -> socket.socket:
    """The socket for the programs of the guest: for all of them, or for a group's. Raises `OSError` and `KeyError`."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    previous = os.umask(0o777)
    try:
        listener.bind(str(path))
    finally:
        os.umask(previous)
    if group:
        os.chown(path, -1, grp.getgrnam(group).gr_gid)
    path.chmod(0o660 if group else 0o666)
    listener.listen(128)
    return listener


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="qubes-mgmt1-agent", description="Connect this guest with the qubes-mgmt1 daemon of its host."
    )
    parser.add_argument("--port", default=f"/dev/virtio-ports/{PORT}", metavar="PATH", help="the virtio-serial port")
    parser.add_argument("--socket", type=Path, default=Path(local.SOCKET), metavar="PATH", help="for programs")
    parser.add_argument("--group", default="", metavar="NAME", help="let only users of this group make calls")
    parser.add_argument(
        "--user", default="", metavar="NAME", help="run services as this user, if the caller names none"
    )
    parser.add_argument(
        "--services", type=Path, action="append", metavar="FOLDER", help="look for services here only; may be repeated"
    )
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the agent until SIGTERM; its exit status."""
    options = _options().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    loop = asyncio.new_event_loop()
    agent = Agent(loop, options.port, options.user, options.services or services.FOLDERS)
    try:
        listener = listen(options.socket, options.group)
    except (OSError, KeyError) as error:
        _log.error("Cannot listen on %s: %s", options.socket, error)
        return 1
    with listener:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, loop.stop)
        agent.start(listener)
        loop.run_forever()
        agent.stop()
    loop.close()
    return 0
