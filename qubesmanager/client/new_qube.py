# SPDX-License-Identifier: GPL-3.0-or-later
"""Making a qube with its settings: created or cloned, then set up with further calls, or not there at all.

The daemon's Create and Clone are each all or nothing. What is set afterwards may be refused: then the new qube, which
nothing has used yet, is removed again. A cancelled caller removes it too.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from qubesmanager.client.client import Client
from qubesmanager.plans.new_qube import NewQube
from qubesmanager.plans.plan import Step
from qubesmanager.transport.base import TransportError
from qubesmanager.wire import calls
from qubesmanager.wire.errors import Mgmt1Error, QubesVMNotFoundError
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import cause, error_for


async def make(client: Client, new: NewQube, begins: Callable[[Step], None], *, existed: bool) -> None:
    """Make the qube and set it up; start it, if that is asked. `begins` gets each step before it is sent.

    `existed`: there was a qube of that name before, which is never removed.

    Raises the `Mgmt1Error` of the creation or the start, or one that names the refused step after which the qube was
    removed again; `TransportError`. The class of the error is that of the refusal.
    """
    begins(new.make)
    try:
        await client.send(new.make.request)
    except (asyncio.CancelledError, TransportError):
        # Without an answer it may have been made anyway; a qube that existed before must not be removed.
        if not existed:
            await asyncio.shield(_remove_again(client, new.name))
        raise
    step, uuid = new.make, ""
    try:
        if new.further:
            with suppress(Mgmt1Error):  # a policy may let the caller create qubes and not read their properties
                uuid = await _uuid(client, new.name)
        for step in new.further:
            begins(step)
            await client.send(step.request)
    except Mgmt1Error as error:
        await _remove_again(client, new.name, uuid)
        reason = Reason("made-and-removed", new.name, step.key[1], cause(error))
        raise error_for(reason, type(error)) from error
    except asyncio.CancelledError:
        await asyncio.shield(_remove_again(client, new.name, uuid))
        raise
    if new.start is not None:
        begins(new.start)
        await client.send(new.start.request)


async def _uuid(client: Client, name: str) -> str:
    return (await client.send(calls.VM_PROPERTY_GET(name, "uuid"))).value


async def _remove_again(client: Client, name: str, uuid: str = "") -> None:
    """Remove the qube; of a known uuid only that one, not another that has got its name meanwhile."""
    try:
        if not uuid or await _uuid(client, name) == uuid:
            await client.send(calls.VM_REMOVE(name))
    except QubesVMNotFoundError:
        pass
    except Mgmt1Error as error:
        raise error_for(Reason("not-removed-again", name, cause(error)), type(error)) from error
    except TransportError as error:
        raise TransportError(f"{name} could not be removed again: {error}") from error
