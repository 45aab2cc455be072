# SPDX-License-Identifier: GPL-3.0-or-later
"""`qubes-mgmt1-gateway`: one call from standard input, as a source that the command line names, to the daemon.

For `command=` in a file `authorized_keys`: one key, one source. The caller names its call in SSH_ORIGINAL_COMMAND (see
`wire.gateway`), which is never run: its words are checked. The source comes from the command line only. First the
payload is read, then the policy admits the call, then the call is sent at once: a caller that keeps its payload back
has no admission to use later.

Standard library and `wire` only: the program is started for each call.
"""

import argparse
import os
import re
import select
import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import qubesmanager
from qubesmanager.wire import framing
from qubesmanager.wire.errors import Mgmt1Error, PermissionDenied
from qubesmanager.wire.gateway import BROKEN, LENGTH, LONGEST_PIECE, PIECES, PROGRAM, REFUSED
from qubesmanager.wire.limits import HEADER_BYTES, IDLE_SECONDS, PROMPT_SECONDS
from qubesmanager.wire.names import DOM0, VM_NAME, shown

COMMAND = "SSH_ORIGINAL_COMMAND"
SYSTEM_SOCKET = Path("/run/qubes-mgmt1/mgmt1.sock")
USER_SOCKET = Path("qubes-mgmt1") / "mgmt1.sock"

_HELD = 2 << 20
"""Bytes of a payload that are kept until its end has come. Only calls that stream have longer ones."""
_TAKE_SECONDS = 10 * IDLE_SECONDS
"""For those bytes to come, however small the pieces are."""
_READ = 64 << 10
_ANSWER_BYTES = 64 << 10
_CALL = re.compile(r"([A-Za-z0-9_.-]{1,255})(?:\+([A-Za-z0-9_.+-]{0,255}))?", re.ASCII)
_TARGET = re.compile(r"[A-Za-z0-9_.@:-]{1,64}", re.ASCII)


class BrokenError(Exception):
    """The call cannot be made, or has no answer. `str(error)` is for standard error."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a caller asks for: checked words."""

    service: str
    argument: str
    target: str
    in_pieces: bool


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Make one call, whose payload is standard input, as the source of a key. For command= in the file"
        " authorized_keys.",
    )
    made.add_argument(
        "--source", metavar="NAME", required=True, type=_source, help="the source that the policy decides about"
    )
    made.add_argument("--version", action="version", version=f"{PROGRAM} {qubesmanager.__version__}")
    made.add_argument("--socket", type=Path, help="the socket of the daemon (default: the user's own, or the system's)")
    made.add_argument(
        "call",
        nargs="*",
        metavar="SERVICE[+ARGUMENT] TARGET",
        help=f"the call; without it, what {COMMAND} says",
    )
    return made


def _source(text: str) -> str:
    if not VM_NAME.matches(text) or text == DOM0:
        raise argparse.ArgumentTypeError("the name of a qube expected, which is not dom0")
    return text


def main() -> int:
    """Run with the process's arguments, environment and standard streams."""
    try:
        return run(sys.argv[1:], os.environ, sys.stdin.fileno(), sys.stdout.fileno())
    except BrokenError as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)  # noqa: T201 - for the caller
        return BROKEN
    except PermissionDenied:
        # Nothing of the policy goes to the caller; the daemon has logged the reason.
        print(f"{PROGRAM}: The policy refuses the call.", file=sys.stderr)  # noqa: T201 - for the caller
        return REFUSED


def run(arguments: Sequence[str], environment: Mapping[str, str], stdin: int, stdout: int) -> int:
    """The exit status. Raises `PermissionDenied` and `BrokenError`, and `SystemExit` for wrong arguments."""
    parsed = parser().parse_args(arguments)
    words = parsed.call or _words(environment.get(COMMAND, ""))
    asked = understood(words)
    path = parsed.socket or _daemon_socket(environment)
    caller = Caller(stdin, stdout)
    payload = Payload(caller.pieces() if asked.in_pieces else caller.raw())
    caller.ends_at = time.monotonic() + _TAKE_SECONDS
    first = payload.take(_HELD)
    caller.ends_at = None
    _admit(path, parsed.source, asked)
    header = framing.encode_header(asked.service, asked.argument, parsed.source, asked.target)
    with _connected(path) as daemon:
        with suppress(OSError):  # It may have answered already; the answer is read below.
            daemon.sendall(header + first)
        payload.send_rest(daemon)
        caller.give(daemon, payload)
    return 0


def _words(untrusted: str) -> list[str]:
    if len(untrusted) > HEADER_BYTES:
        raise BrokenError("The command is too long.")
    words = untrusted.split(" ")
    return words[1:] if words[0].rpartition("/")[2] == PROGRAM else words


def understood(untrusted: Sequence[str]) -> Asked:
    """The words of a caller. Raises `BrokenError` for anything but a call, with a bounded text."""
    call, target, *rest = [*untrusted, "", ""][: max(len(untrusted), 2)]
    match = _CALL.fullmatch(call)
    if match is None or not _TARGET.fullmatch(target) or rest not in ([], [PIECES]):
        raise BrokenError(f"Not SERVICE[+ARGUMENT] TARGET: {shown(' '.join(untrusted))}")
    return Asked(match[1], match[2] or "", target, rest == [PIECES])


def _daemon_socket(environment: Mapping[str, str]) -> Path:
    runtime = environment.get("XDG_RUNTIME_DIR")
    own = Path(runtime) / USER_SOCKET if runtime else None
    return own if own is not None and own.exists() else SYSTEM_SOCKET


def _connected(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(str(path))
    except OSError as error:
        connection.close()
        raise BrokenError(f"Cannot connect to {path}: {error.strerror or error}") from error
    return connection


def _admit(path: Path, source: str, asked: Asked) -> None:
    """Have the daemon's policy admit the call. Raises `PermissionDenied` if it does not."""
    header = framing.encode_header("mgmt1.policy.Admit", "", DOM0, DOM0)
    question = framing.encode_header(asked.service, asked.argument, source, asked.target)[:-1]
    answer = bytearray()
    with _connected(path) as daemon:
        daemon.settimeout(PROMPT_SECONDS + IDLE_SECONDS)
        try:
            daemon.sendall(header + question)
            daemon.shutdown(socket.SHUT_WR)
            while len(answer) < _ANSWER_BYTES and (piece := daemon.recv(_READ)):
                answer += piece
        except OSError as error:
            raise BrokenError(f"The daemon does not decide: {error.strerror or error}") from error
    try:
        framing.content(bytes(answer))
    except PermissionDenied:
        raise
    except Mgmt1Error as error:
        raise BrokenError(f"The daemon does not decide: {shown(str(error), 300)}") from error


class Payload:
    """A caller's payload as it comes. `incomplete`: the caller went away before its end."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._ended = False
        self.incomplete: BrokenError | None = None

    def take(self, most: int) -> bytes:
        """The payload to its end, or its first bytes if it is longer. Raises `BrokenError` for a broken one."""
        taken = bytearray()
        for piece in self._pieces:
            taken += piece
            if len(taken) > most:
                return bytes(taken)
        self._ended = True
        return bytes(taken)

    def send_rest(self, daemon: socket.socket) -> None:
        """Send the rest while the answer is read. A broken payload ends the connection in both directions.

        The daemon takes no payload for whole whose sender has hung up.
        """
        if self._ended:
            _end_payload(daemon)
        else:
            threading.Thread(target=self._send_rest, args=(daemon,), daemon=True).start()

    def _send_rest(self, daemon: socket.socket) -> None:
        with suppress(OSError):  # The daemon may answer before it has read all, and then reads no more.
            try:
                for piece in self._pieces:
                    daemon.sendall(piece)
                _end_payload(daemon)
            except BrokenError as error:
                self.incomplete = error
                daemon.shutdown(socket.SHUT_RDWR)


def _end_payload(daemon: socket.socket) -> None:
    with suppress(OSError):
        daemon.shutdown(socket.SHUT_WR)


class Caller:
    """The program's standard input and output, as file descriptors.

    `ends_at`: when reading gives up, in seconds of `time.monotonic`; None for never.
    """

    def __init__(self, stdin: int, stdout: int) -> None:
        self.ends_at: float | None = None
        self._stdin = stdin
        self._stdout = stdout

    def raw(self) -> Iterator[bytes]:
        """The payload to the end of the input. Raises `BrokenError` if the caller is no longer there then."""
        while piece := self._read(_READ):
            yield piece
        if self.is_gone():
            raise BrokenError("The caller went away.")

    def pieces(self) -> Iterator[bytes]:
        """The payload to the piece that ends it. Raises `BrokenError` for input that ends before."""
        while length := LENGTH.unpack(self._exactly(LENGTH.size))[0]:
            if length > LONGEST_PIECE:
                raise BrokenError("A piece of the payload is too long.")
            yield self._exactly(length)

    def give(self, daemon: socket.socket, payload: Payload) -> None:
        """Pass the answer on, to its end. Raises `BrokenError` if the caller goes away, or its payload breaks off."""
        poller = select.poll()
        poller.register(daemon, select.POLLIN)
        poller.register(self._stdout, 0)
        answered = False
        while True:
            ready = dict(poller.poll())
            if daemon.fileno() not in ready:
                raise BrokenError("The caller went away.")
            try:
                piece = daemon.recv(_READ)
            except OSError as error:
                # A reset after an answer says that the daemon read no more of the payload: the answer is whole.
                if answered:
                    return
                raise BrokenError(f"The connection to the daemon broke: {error.strerror or error}") from error
            if payload.incomplete is not None:
                raise payload.incomplete
            if not piece:
                return
            answered = True
            self._write(piece)

    def is_gone(self) -> bool:
        """Whether no reader of the answer is left."""
        poller = select.poll()
        poller.register(self._stdout, 0)
        return bool(poller.poll(0))

    def _read(self, most: int) -> bytes:
        poller = select.poll()
        poller.register(self._stdin, select.POLLIN)
        if self.ends_at is not None and time.monotonic() >= self.ends_at:
            raise BrokenError(f"The payload did not come within {_TAKE_SECONDS} seconds.")
        if not poller.poll(IDLE_SECONDS * 1000):
            raise BrokenError(f"Nothing more of the payload came within {IDLE_SECONDS} seconds.")
        try:
            return os.read(self._stdin, most)
        except OSError as error:
            raise BrokenError(f"The caller went away: {error.strerror or error}") from error

    def _exactly(self, length: int) -> bytes:
        buffer = bytearray()
        while len(buffer) < length:
            piece = self._read(length - len(buffer))
            if not piece:
                raise BrokenError("The payload broke off.")
            buffer += piece
        return bytes(buffer)

    def _write(self, piece: bytes) -> None:
        rest = memoryview(piece)
        try:
            while rest:
                rest = rest[os.write(self._stdout, rest) :]
        except OSError as error:
            raise BrokenError(f"The caller went away: {error.strerror or error}") from error
