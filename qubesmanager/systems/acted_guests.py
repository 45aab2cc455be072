# SPDX-License-Identifier: GPL-3.0-or-later
"""The guests of the demonstration: no machine runs, and what answers on their channels is this file.

A command runs nothing and gives its own text; an application starts and ends at once.
"""

from collections.abc import Callable, Mapping
from uuid import UUID

from qubesmanager.daemon.guest_channel import GuestChannel, Pipe, Spawn, Stream
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.drivers.hypervisor.guest_pipe import MemoryPipe
from qubesmanager.guest.frames import NO_SERVICE, Call, Data

_QUIET = 1e9
"""Seconds: these guests never ask whether the host is there."""
_APPLICATIONS = {
    "org.gnome.Nautilus": ("Files", "Access and organize files"),
    "firefox": ("Firefox", "Browse the web"),
    "org.gnome.Terminal": ("Terminal", "Use the command line"),
    "org.gnome.TextEditor": ("Text Editor", "Edit text files"),
}
_OF_WORK = {"thunderbird": ("Thunderbird", "Read mail"), "libreoffice-calc": ("LibreOffice Calc", "Spreadsheets")}


def _applications(qube: Qube) -> bytes:
    chosen = {**_APPLICATIONS, **(_OF_WORK if "work" in qube.tags else {})}
    return "".join(
        f"{ident}.desktop:Name={name}\n{ident}.desktop:Comment={comment}\n" for ident, (name, comment) in chosen.items()
    ).encode()


_SERVICES: Mapping[str, Callable[[Qube, bytes], bytes]] = {
    "qubes.VMShell": lambda _qube, stdin: b"Nothing runs in a demonstration: " + stdin.partition(b"\n")[0] + b"\n",
    "qubes.StartApp": lambda _qube, _stdin: b"",
    "qubes.GetAppmenus": lambda qube, _stdin: _applications(qube),
    "qubes.InstallUpdates": lambda _qube, _stdin: b"All packages are up to date.\n",
}
"""By service: from the qube and standard input to standard output."""


class ActedGuests:
    """Connects to the guests of the qubes by their UUIDs. `spawn` runs what answers."""

    def __init__(self, qubes: Mapping[UUID, Qube], spawn: Spawn) -> None:
        self._qubes = qubes
        self._spawn = spawn

    def __call__(self, uuid: UUID) -> Pipe:
        host, guest = MemoryPipe.pair()
        qube = self._qubes[uuid]

        async def answer(stream: Stream, call: Call) -> None:
            service = _SERVICES.get(call.service)
            if service is None:
                stream.refuse(NO_SERVICE, "")
                return
            stream.accept()
            stdin = bytearray()
            while isinstance(item := await stream.next(), Data):
                stdin += item.data
            await stream.write(service(qube, bytes(stdin)))
            stream.exit(0)

        channel = GuestChannel(qube.name, guest, answer, self._spawn, quiet=_QUIET, is_host=False)
        self._spawn(f"act the guest of {qube.name}", channel.run())
        return host
