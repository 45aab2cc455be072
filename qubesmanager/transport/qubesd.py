# SPDX-License-Identifier: GPL-3.0-or-later
"""The transport to qubesd in dom0: its socket, and the programs in `/etc/qubes-rpc` of calls that it does not take.

Importing a volume is such a program: it asks qubesd where to write, and writes itself. It runs as root, as the tools of
Qubes OS run it. So do the calls about the policy.
"""

import os
from contextlib import aclosing
from pathlib import Path

from qubesmanager.transport import policy_calls
from qubesmanager.transport.base import Answer, Payload
from qubesmanager.transport.qrexec import output_of
from qubesmanager.transport.unix import UnixTransport
from qubesmanager.wire.names import DOM0

PROGRAMS = Path("/etc/qubes-rpc")
BY_PROGRAM = frozenset({"admin.vm.volume.Import", "admin.vm.volume.ImportWithSize"})
"""Calls that are programs. Where the program is not there, the socket is asked."""


class QubesdTransport:
    """Connects to the socket at `path` for each call, as dom0. `programs` is the folder of the other calls."""

    def __init__(self, path: Path, programs: Path = PROGRAMS) -> None:
        self._socket = UnixTransport(path)
        self._path = path
        self._programs = programs

    @property
    def url(self) -> str:
        return f"qubesd:{self._path}"

    async def exchange(self, service: str, argument: str, dest: str, payload: Payload) -> Answer:
        program = self._programs / service
        if service.startswith(policy_calls.PREFIX):
            answer = self._policy(service, argument, dest, payload)
        elif service in BY_PROGRAM and os.access(program, os.X_OK):
            answer = output_of((*as_root(), *_environment(dest), str(program), argument), payload)
        else:
            answer = self._socket.exchange(service, argument, dest, payload)
        async with aclosing(answer):
            async for piece in answer:
                yield piece

    async def _policy(self, service: str, argument: str, dest: str, payload: Payload) -> Answer:
        """A policy call. Without its program it is a call that qubesd does not have."""
        program = self._programs / service
        if not os.access(program, os.X_OK):
            yield policy_calls.exception("ProtocolError", f"no such method: '{service}'")
            return
        name = f"QREXEC_SERVICE_FULL_NAME={service}+{argument}"
        output = output_of((*as_root(), *_environment(dest), name, str(program)), payload, keep_errors=True)
        async with aclosing(policy_calls.framed(output)) as answer:
            async for piece in answer:
                yield piece


def as_root() -> tuple[str, ...]:
    """The words that run a program as root; none for root itself."""
    return () if os.geteuid() == 0 else ("sudo", "-n")


def _environment(dest: str) -> tuple[str, ...]:
    """The variables by which qrexec describes the call to such a program."""
    return ("env", f"QREXEC_REMOTE_DOMAIN={DOM0}", f"QREXEC_REQUESTED_TARGET={dest}")
