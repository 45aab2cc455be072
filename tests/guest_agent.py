# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent of a guest as a process, with a terminal in place of its port, and a host at the other end of it."""

import os
import pty
import select
import subprocess
import sys
import time
import tty
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from until import LIMIT

from qubesmanager.guest.frames import Accepted, Call, Data, Err, Event, Exited, Refused, Session

ROOT = Path(__file__).parents[1]
CLIENT = (
    sys.executable,
    "-c",
    "import sys; sys.argv[0] = 'client'; from qubesmanager.guest.client import main; sys.exit(main())",
)
AnyEvent = TypeVar("AnyEvent", bound=Event)


class Host:
    """`with Host(folder) as host`: an agent runs and has a session with this host.

    `folder/services` has its services, `folder/s` is its socket. `change` is Python that is run in it first.
    """

    def __init__(self, folder: Path, *options: str, change: str = "") -> None:
        self.folder, self.socket, self.log = folder, folder / "s", folder / "log"
        self.services = folder / "services"
        self.services.mkdir(mode=0o755)
        self.session = Session(is_host=True)
        self.events: list[Event] = []
        """All that came so far."""
        self.grants = True
        """Whether data is given credit as it comes."""
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        os.set_blocking(self._master, False)
        self._unsent = b""
        user = () if "--user" in options else ("--user", subprocess.check_output(["id", "-un"], text=True).strip())
        code = f"from qubesmanager.guest import agent\n{change}\nraise SystemExit(agent.main())"
        # A leftover agent must not find the next terminal of this number.
        self._port = folder / "port"
        self._port.symlink_to(os.ttyname(slave))
        words = ["--port", str(self._port), "--socket", str(self.socket), "--services", str(self.services)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", code, *words, *user, *options], stdin=subprocess.DEVNULL, stderr=log, cwd=ROOT
            )
        try:
            self.until(lambda: self.session.is_established)
        except BaseException:
            self.stop()
            raise
        finally:
            # By now the agent has it open: without that, the terminal would be closed.
            os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        self._port.unlink()
        self.process.terminate()
        self.process.wait()
        os.close(self._master)

    def begin_again(self) -> None:
        """Another session, without the streams, events and services of before."""
        for path in self.services.iterdir():
            path.unlink()
        self.services.chmod(0o755)
        self.session = Session(is_host=True)
        self.until(lambda: self.session.is_established)
        self.events.clear()
        self.grants = True
        self.log.write_bytes(b"")

    def service(self, name: str, script: str) -> Path:
        """Install a service, a shell script."""
        path = self.services / name
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
        return path

    def client(self, *words: str) -> subprocess.Popen[bytes]:
        """A client program that runs, with pipes."""
        return subprocess.Popen(
            [*CLIENT, f"--agent-socket={self.socket}", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOT,
        )

    def ended(self, client: subprocess.Popen[bytes]) -> tuple[int, bytes, bytes]:
        """The exit status of a client, once it has ended, and what it has written."""
        self.until(lambda: client.poll() is not None)
        rest = []
        for pipe in (client.stdin, client.stdout, client.stderr):
            assert pipe is not None
            rest.append(pipe.read() or b"" if not pipe.closed and pipe.readable() else b"")
            pipe.close()
        return client.returncode, rest[1], rest[2]

    def write(self, data: bytes) -> None:
        """Bytes as they are, beside those of the session."""
        self._unsent += self.session.output() + data
        self.pump()

    def pump(self) -> None:
        """Pass on what there is, or wait a moment for something."""
        self._unsent += self.session.output()
        ready = select.select([self._master], [self._master] if self._unsent else [], [], 0.05)
        if ready[1]:
            with suppress(BlockingIOError):
                self._unsent = self._unsent[os.write(self._master, self._unsent[:4096]) :]
        if ready[0]:
            self._take(self.session.receive(os.read(self._master, 1 << 16)))
            while self.session.has_more:
                self._take(self.session.receive())

    def _take(self, events: Sequence[Event]) -> None:
        self.events += events
        for event in events if self.grants else ():
            if isinstance(event, (Data, Err)):
                self.session.grant(event.stream, len(event.data))

    def until(self, reached: Callable[[], object]) -> None:
        deadline = time.monotonic() + LIMIT
        while not reached():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            self.pump()

    def event(self, kind: type[AnyEvent], nth: int = 0) -> AnyEvent:
        """The first event of that kind, or a later one, once it has come."""
        self.until(lambda: len(self._of(kind)) > nth)
        return self._of(kind)[nth]

    def _of(self, kind: type[AnyEvent]) -> list[AnyEvent]:
        return [event for event in self.events if isinstance(event, kind)]

    def open(self, service: str, argument: str = "+", name: str = "dom0", user: str = "") -> int:
        return self.session.open(Call(service, argument, name, user))

    def send(self, stream: int, data: bytes) -> None:
        """All of the data, as there is credit, and its end."""

        def is_sent() -> bool:
            nonlocal data
            data = data[self.session.send(stream, data) :]
            return not data

        self.until(is_sent)
        self.session.end(stream)

    def output(self, stream: int, kind: type[Data] | type[Err] = Data) -> bytes:
        """What came on a stream so far."""
        return b"".join(event.data for event in self._of(kind) if event.stream == stream)

    def run(self, service: str, given: bytes = b"", **words: str) -> tuple[int, bytes, bytes]:
        """Run a service to its end: its exit code, output and errors. A refused one has a code of 1000 more."""
        stream = self.open(service, **words)
        self.until(lambda: self._is_begun(stream) or self._end(stream) is not None)
        if self._end(stream) is None:
            self.send(stream, given)
        self.until(lambda: self._end(stream) is not None)
        end = self._end(stream)
        assert end is not None
        return end, self.output(stream), self.output(stream, Err)

    def _is_begun(self, stream: int) -> bool:
        return any(isinstance(event, Accepted) and event.stream == stream for event in self.events)

    def _end(self, stream: int) -> int | None:
        for event in self.events:
            if isinstance(event, Exited) and event.stream == stream:
                return event.code
            if isinstance(event, Refused) and event.stream == stream:
                return 1000 + event.code
        return None
