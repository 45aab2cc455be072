# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialect as a backend: each `admin.*` call becomes mgmt1 calls of another backend."""

import re
from collections.abc import Mapping
from dataclasses import replace

from qubesmanager.admin.calls import BY_SERVICE, TABLE
from qubesmanager.admin.errors import explained
from qubesmanager.admin.events import Shared
from qubesmanager.daemon.dialect import handlers
from qubesmanager.daemon.dialect.context import REGISTRY, Asking, Tokens
from qubesmanager.daemon.registry import Backend, Handler, Made
from qubesmanager.wire.call import AnyCall
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.names import UUID_PREFIX, VM_NAME, shown, why_not_new_vm_name
from qubesmanager.wire.reasons import error_for

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


class Dialect:
    """Answers the calls of Qubes OS with those of `backend`."""

    prefix = "admin."
    calls: Mapping[str, AnyCall] = BY_SERVICE

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._shared = Shared()
        self._tokens = Tokens()
        handlers.register_all()

    def resolve(self, untrusted_dest: str) -> str:
        if untrusted_dest.startswith(UUID_PREFIX):
            uuid = untrusted_dest.removeprefix(UUID_PREFIX)
            if not _UUID.fullmatch(uuid):
                raise Mgmt1Error.from_wire("QubesVMInvalidUUIDError", f"VM UUID is not valid: {shown(uuid)}")
        elif not VM_NAME.matches(untrusted_dest) and (reason := why_not_new_vm_name(untrusted_dest)):
            raise error_for(reason)
        return self._backend.resolve(untrusted_dest)

    def handler(self, call: AnyCall) -> Handler:
        return REGISTRY.handler(call)

    async def prepare(self, source: str) -> None:
        await self._backend.prepare(source)

    def context(self, source: str, dest: str, call: AnyCall, made: Made) -> Asking:
        pinned = self._backend.context(source, dest, call, made)
        return Asking(self._backend, self._shared, self._tokens, source, dest, call, made, pinned)

    def within(self, context: Asking, call: AnyCall, granted: str = "") -> Asking:
        return replace(context, call=call, granted=granted)

    def explained(self, error: Mgmt1Error) -> Mgmt1Error:
        return explained(error)


def not_answered() -> list[str]:
    """The rows that have no handler, in the table's order."""
    handlers.register_all()
    return [call.name for call in TABLE if call.family not in REGISTRY.handlers]
