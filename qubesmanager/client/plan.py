# SPDX-License-Identifier: GPL-3.0-or-later
"""Several requests as one user action: sent one after the other, stopped at the first that does not come true."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from qubesmanager.client.client import Client
from qubesmanager.transport.base import TransportError
from qubesmanager.wire.call import Request
from qubesmanager.wire.errors import Mgmt1Error

Key = tuple[str, str]
"""What a step changes: a kind (`property`, `feature`, `tag`, `rules`, `notes`, `volume`) and a name."""


@dataclass(frozen=True, slots=True)
class Step:
    """One request, and what of the action it is."""

    key: Key
    request: Request[Any]

    def text(self) -> str:
        """The call as the command line would take it, for a preview."""
        request = self.request
        argument = f" {request.argument}" if request.argument else ""
        payload = request.payload if isinstance(request.payload, bytes) else b""
        value = f" ← {payload.decode('utf-8', 'replace')}" if payload else ""
        return f"{request.service.removeprefix('mgmt1.')} {request.dest}{argument}{value}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`sent` came true, in order; `failed` did not, with its error; what came after it was not sent."""

    sent: tuple[Step, ...]
    failed: Step | None = None
    error: Mgmt1Error | TransportError | None = None


async def carry_out(client: Client, steps: Sequence[Step]) -> Outcome:
    """Send the steps until one is refused or not answered."""
    for at, step in enumerate(steps):
        try:
            await client.send(step.request)
        except (Mgmt1Error, TransportError) as error:
            return Outcome(tuple(steps[:at]), step, error)
    return Outcome(tuple(steps))
