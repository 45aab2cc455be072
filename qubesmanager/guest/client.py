# SPDX-License-Identifier: GPL-3.0-or-later
"""`qubes-mgmt1-client`, also installed as `qrexec-client-vm`: one call from a guest, through the guest's agent.

It starts once for each call, in guests that may be slow, so it imports little and parses its options by hand.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys

from qubesmanager.guest import local
from qubesmanager.guest.local import BROKEN, CALL, DATA, END, EXIT, FAILED, LocalError

NAME = "qubes-mgmt1-client"
USAGE = f"""\
usage: {NAME} [OPTIONS] TARGET SERVICE[+ARGUMENT] [PROGRAM [ARGUMENT...]]

Call a service in dom0 or in another qube. Its standard input and output are those of this program, or those of
PROGRAM. The target "" lets the policy choose.

  -t, --filter-escape-chars-stdout   write bytes of the answer that are not printable ASCII as _
      --no-filter-escape-chars-stdout
                                     write the answer as it is, on a terminal too
  -T, --filter-escape-chars-stderr   accepted for compatibility: a call has no standard error
      --no-filter-escape-chars-stderr
  -p, --prefix-data=TEXT             send TEXT before the standard input
      --buffer-size=BYTES            accepted for compatibility
      --agent-socket=PATH            the socket of the agent ({local.SOCKET})
  -h, --help                         print this text

Exit status: that of the service; 125 if there is no connection to dom0, 126 if the call is refused, 127 if there is
no such service or qube. With 2, the arguments are wrong.
"""

_WRONG = 2
_LAST_STREAM = 2
"""The number of standard error."""
_NO_READER = 128 + signal.SIGPIPE
_PIECE = local.PAYLOAD_BYTES
_FILTER = bytes(value if value in b"\t\n\r" or 32 <= value < 127 else ord("_") for value in range(256))  # noqa: PLR2004
_FLAGS = {
    "-t": "--filter-escape-chars-stdout",
    "-T": "--filter-escape-chars-stderr",
    "-h": "--help",
}
_PLAIN = {
    "--filter-escape-chars-stdout",
    "--no-filter-escape-chars-stdout",
    "--filter-escape-chars-stderr",
    "--no-filter-escape-chars-stderr",
    "--help",
}
_WITH_VALUE = {"--prefix-data", "--buffer-size", "--agent-socket"}


class UsageError(Exception):
    """The arguments are wrong."""


def parse(arguments: list[str]) -> tuple[dict[str, str], list[str]]:
    """The options, by their long names, and the other words. Options end at the first other word.

    Raises `UsageError`.
    """
    options: dict[str, str] = {}
    at = 0
    while at < len(arguments) and arguments[at].startswith("-") and arguments[at] != "-":
        word, equals, value = arguments[at].partition("=")
        at += 1
        if word == "--" and not equals:
            break
        name = "--prefix-data" if word == "-p" else _FLAGS.get(word, word)
        if name in _PLAIN and not equals:
            options[name] = ""
        elif name in _WITH_VALUE and equals and word != "-p":
            options[name] = value
        elif name in _WITH_VALUE and not equals and at < len(arguments):
            options[name] = arguments[at]
            at += 1
        else:
            raise UsageError(f"not an option: {arguments[at - 1]}")
    size = options.get("--buffer-size", "0")
    if not (size.isascii() and size.isdigit()):
        raise UsageError("--buffer-size takes a number of bytes")
    return options, arguments[at:]


def call_of(words: list[str]) -> bytes:
    """The payload of CALL, of the target and the service. Raises `UsageError` for words that no call has."""
    if len(words) < 2:  # noqa: PLR2004
        raise UsageError("a target and a service are needed")
    target, name = words[:2]
    service, _plus, argument = name.partition("+")
    try:
        payload = "\0".join((target, service, f"+{argument}")).encode("ascii")
    except UnicodeError:
        raise UsageError("the target and the service are ASCII") from None
    if not service or payload.count(b"\0") != 2 or len(payload) > _PIECE:  # noqa: PLR2004
        raise UsageError("there is no such service")
    return payload


class Program:
    """The local program whose standard input and output are those of the call, or this process itself."""

    def __init__(self, words: list[str]) -> None:
        self.is_other = bool(words)
        self.given, self.output = self._started(words) if words else (0, 1)

    def _started(self, words: list[str]) -> tuple[int, int]:
        """The ends of its pipes. Raises `OSError`."""
        # Programs for qrexec-client-vm, such as file copiers, use these names for what they show to the user.
        saved = {"SAVED_FD_0": os.dup(0), "SAVED_FD_1": os.dup(1)}
        input_read, output = os.pipe()
        given, output_write = os.pipe()
        for descriptor in saved.values():
            os.set_inheritable(descriptor, True)
        moves = [(os.POSIX_SPAWN_DUP2, input_read, 0), (os.POSIX_SPAWN_DUP2, output_write, 1)]
        environment = {**os.environ, **{name: str(descriptor) for name, descriptor in saved.items()}}
        try:
            self._pid = os.posix_spawnp(words[0], words, environment, file_actions=moves, setsigdef=[signal.SIGPIPE])
        finally:
            for descriptor in (input_read, output_write, *saved.values()):
                os.close(descriptor)
        os.set_blocking(output, False)
        return given, output

    def finish(self) -> None:
        """Close its pipes, and wait for its end."""
        if self.is_other:
            os.close(self.given)
            self.close_output()
            os.waitpid(self._pid, 0)

    def close_output(self) -> None:
        """Let the local program see the end of the answer."""
        if self.is_other and self.output >= 0:
            os.close(self.output)
            self.output = -1


class Exchange:
    """The bytes of one call, both ways at once, until the agent says how it ended."""

    def __init__(self, agent: socket.socket, program: Program, options: dict[str, str]) -> None:
        self._agent, self._program = agent, program
        self._reader = local.Reader()
        self._unsent = b""
        """Frames for the agent. Nothing more is read from the program before they are sent."""
        self._unwritten = b""
        """The answer's bytes for the program. Nothing more is read from the agent before they are written."""
        self._prefix = os.fsencode(options.get("--prefix-data", ""))
        self._given_open = True
        self._answer_ended = False
        self._status: int | None = None
        self._text = ""
        clean = "--filter-escape-chars-stdout" in options or (
            "--no-filter-escape-chars-stdout" not in options and not program.is_other and os.isatty(1)
        )
        self._filter = _FILTER if clean else None

    def run(self, call: bytes) -> int:
        """The exit status of the program. Raises `LocalError` if the agent breaks a rule."""
        self._unsent = local.encode(CALL, call)
        for start in range(0, len(self._prefix), _PIECE):
            self._unsent += local.encode(DATA, self._prefix[start : start + _PIECE])
        self._agent.setblocking(False)
        while self._status is None or self._unwritten:
            self._step()
            if self._answer_ended and not self._unwritten:
                self._program.close_output()
        return _failed(self._status, self._text) if self._text else self._status

    def _step(self) -> None:
        """Wait until something can go on, and do it."""
        poll = select.poll()
        agent, given, output = self._agent.fileno(), self._program.given, self._program.output
        if self._unwritten:
            poll.register(output, select.POLLOUT)
        elif not self._program.is_other:
            poll.register(output, 0)
        reading = not self._unwritten and self._status is None
        if reading or self._unsent:
            poll.register(agent, (select.POLLIN if reading else 0) | (select.POLLOUT if self._unsent else 0))
        if self._given_open and not self._unsent:
            poll.register(given, select.POLLIN)
        ready = dict(poll.poll())
        if given in ready:
            self._read_input()
        if ready.get(agent, 0) & select.POLLOUT:
            self._send()
        if self._unwritten and output in ready:
            self._write()
        elif output in ready and ready[output] & select.POLLERR:
            self._end(_NO_READER, "No program reads the answer.")
        elif reading and ready.get(agent, 0) & ~select.POLLOUT:
            self._receive()

    def _read_input(self) -> None:
        try:
            data = os.read(self._program.given, _PIECE)
        except OSError:
            data = b""
        self._given_open = bool(data)
        self._unsent = local.encode(DATA, data) if data else local.encode(END)

    def _send(self) -> None:
        try:
            self._unsent = self._unsent[self._agent.send(self._unsent) :]
        except BlockingIOError:
            return
        except OSError:
            # The agent has ended; what it sent before is still read.
            self._unsent = b""
            self._given_open = False

    def _receive(self) -> None:
        try:
            data = self._agent.recv(_PIECE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._end(BROKEN, "The agent has ended.")
        for kind, payload in self._reader.feed(data):
            if self._status is not None:
                raise LocalError("a frame after the last one")
            if kind == DATA:
                self._unwritten += payload
            elif kind == END and not payload:
                self._answer_ended = True
            elif kind == EXIT and len(payload) == 1:
                self._end(payload[0])
            elif kind == FAILED and payload:
                self._end(payload[0], payload[1:].decode("ascii", "replace") or "The call failed.")
            else:
                raise LocalError("an answer of another form")
        if self._filter is not None:
            self._unwritten = self._unwritten.translate(self._filter)

    def _end(self, status: int, text: str = "") -> None:
        self._status, self._text, self._given_open = status, text, False

    def _write(self) -> None:
        """Write the next bytes of the answer; the service may go on after PROGRAM has stopped reading."""
        output = self._program.output
        try:
            # A write of so many bytes to a blocking pipe that poll reports does not wait.
            self._unwritten = self._unwritten[os.write(output, self._unwritten[: select.PIPE_BUF]) :]
        except BlockingIOError:
            return
        except OSError as error:
            self._unwritten = b""
            if not self._program.is_other:
                self._end(_NO_READER, f"Cannot write the answer: {error.strerror or error}")


def _failed(status: int, text: str) -> int:
    sys.stderr.write(f"{NAME}: {text}\n")
    return status


def _open_closed_streams() -> None:
    """Open /dev/null for each closed standard stream: its number must not become that of the socket."""
    descriptor = os.open(os.devnull, os.O_RDWR)
    while descriptor <= _LAST_STREAM:
        descriptor = os.open(os.devnull, os.O_RDWR)
    os.close(descriptor)


def _connected(path: str) -> socket.socket:
    agent = socket.socket(socket.AF_UNIX)
    try:
        agent.connect(path)
    except OSError:
        agent.close()
        raise
    return agent


def main(arguments: list[str] | None = None) -> int:
    """Run the program; its exit status."""
    try:
        options, words = parse(sys.argv[1:] if arguments is None else arguments)
        if "--help" in options:
            sys.stdout.write(USAGE)
            return 0
        call = call_of(words)
    except UsageError as error:
        sys.stderr.write(f"{NAME}: {error}\n{USAGE}")
        return _WRONG
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    _open_closed_streams()
    path = options.get("--agent-socket", local.SOCKET)
    try:
        agent = _connected(path)
    except OSError as error:
        return _failed(BROKEN, f"The agent of this qube does not run: {path}: {error.strerror or error}")
    with agent:
        try:
            program = Program(words[2:])
        except OSError as error:
            return _failed(BROKEN, f"Cannot run {words[2]}: {error.strerror or error}")
        try:
            status = Exchange(agent, program, options).run(call)
        except LocalError:
            status = _failed(BROKEN, "The agent sent something that is no answer.")
        except KeyboardInterrupt:
            status = 128 + signal.SIGINT
    program.finish()
    return status
