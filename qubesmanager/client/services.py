# SPDX-License-Identifier: GPL-3.0-or-later
"""Services in a qube, by the daemon's call: a command, an application, an update, the list of applications."""

import re
from typing import NamedTuple

from qubesmanager.client.client import Client
from qubesmanager.host.programs import readable
from qubesmanager.wire import calls
from qubesmanager.wire.guest_services import ServiceResult
from qubesmanager.wire.reasons import refusal

START = "qubes.StartApp"
LIST = "qubes.GetAppmenus"
UPDATE = "qubes.InstallUpdates"

MOST_APPLICATIONS = 500
_NAME_LENGTH = 100
_LINE = re.compile(r"([A-Za-z0-9._+-]{1,200})\.desktop:(Name|Comment)=(.*)")


class Application(NamedTuple):
    """An application of a qube. `ident` is what `qubes.StartApp` takes; the texts are one printable line each."""

    ident: str
    name: str
    comment: str


async def run_service(client: Client, qube: str, service: str, stdin: bytes = b"") -> str:
    """Run a service to its end; the end of its output. Raises `Mgmt1Error`, with that text if the service failed."""
    result = await client.send(calls.VM_RUN_SERVICE(qube, service, stdin))
    text = readable(result.untrusted_stdout + result.untrusted_stderr)
    if result.code:
        raise refusal("other-text", text) if text else refusal("program-status", service, result.code)
    return text


async def run_command(client: Client, qube: str, command: str) -> ServiceResult:
    """Run a line in the shell of a qube. Raises `Mgmt1Error`."""
    return await client.send(calls.VM_RUN_SERVICE(qube, "qubes.VMShell", shell_input(command)))


def shell_input(command: str) -> bytes:
    """The standard input of `qubes.VMShell` for one line."""
    return f"{command}\nexit\n".encode()


async def applications(client: Client, qube: str) -> tuple[Application, ...]:
    """The applications of a qube, by name. Raises `Mgmt1Error`."""
    result = await client.send(calls.VM_RUN_SERVICE(qube, LIST, b""))
    if result.code:
        raise refusal("program-status", LIST, result.code)
    return parse_applications(result.untrusted_stdout)


def parse_applications(untrusted: bytes) -> tuple[Application, ...]:
    """The applications in an answer of `qubes.GetAppmenus`: lines `<id>.desktop:<key>=<value>`. Total: never raises.

    Of more than `MOST_APPLICATIONS` the rest is left out, and so is one without a name.
    """
    names: dict[str, str] = {}
    comments: dict[str, str] = {}
    for line in untrusted.decode("utf-8", "replace").splitlines():
        match = _LINE.fullmatch(line)
        if match is None or (match[1] not in names and len(names) >= MOST_APPLICATIONS):
            continue
        value = "".join(mark for mark in match[3] if mark.isprintable()).strip()[:_NAME_LENGTH]
        (names if match[2] == "Name" else comments).setdefault(match[1], value)
    chosen = [Application(ident, name, comments.get(ident, "")) for ident, name in names.items() if name]
    return tuple(sorted(chosen, key=lambda each: (each.name.casefold(), each.ident)))
