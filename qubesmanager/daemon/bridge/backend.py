# SPDX-License-Identifier: GPL-3.0-or-later
"""The bridge as a backend: each mgmt1 call becomes `admin.*` calls to a qubesd, or is answered from the mirror."""

from collections.abc import Mapping
from dataclasses import replace

from qubesmanager.daemon.bridge import handlers
from qubesmanager.daemon.bridge.channel import Channel
from qubesmanager.daemon.bridge.context import REGISTRY, Bridge, Context
from qubesmanager.daemon.bridge.mirror import Mirror
from qubesmanager.daemon.registry import Handler, Made
from qubesmanager.rules.qubes_os import INSTEAD
from qubesmanager.transport.base import Transport
from qubesmanager.wire.call import AnyCall
from qubesmanager.wire.calls import BY_SERVICE
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.names import DOM0, UUID_PREFIX, VM_NAME, check, shown
from qubesmanager.wire.reasons import refusal


class BridgeBackend:
    """Answers for the qubesd that `transport` leads to. Nothing is sent before the first call.

    `internal`: the transport to its second socket, where there is one.
    """

    prefix = "mgmt1."
    calls: Mapping[str, AnyCall] = BY_SERVICE

    def __init__(self, transport: Transport, internal: Transport | None = None) -> None:
        channel = Channel(transport)
        self.bridge = Bridge(channel, Mirror(channel, internal=internal))
        handlers.register_all()

    def resolve(self, untrusted_dest: str) -> str:
        """A name is taken as it is: whether there is such a qube, qubesd knows. A uuid is looked for in the mirror."""
        if not untrusted_dest.startswith(UUID_PREFIX):
            return check(VM_NAME, untrusted_dest)
        uuid = untrusted_dest.removeprefix(UUID_PREFIX)
        for record in self.bridge.mirror.records.values():
            if record.value("uuid") == uuid:
                return record.name
        raise refusal("no-such-qube", shown(untrusted_dest))

    def handler(self, call: AnyCall) -> Handler:
        if call.family in INSTEAD:
            raise refusal("call-not-in-qubes", call.name, INSTEAD[call.family])
        return REGISTRY.handler(call)

    async def prepare(self, _source: str) -> None:
        """Nothing: only calls of dom0 are taken."""

    def context(self, source: str, dest: str, call: AnyCall, _made: Made) -> Context:
        """Raises `PermissionDenied` for a qube: qubesd would take the daemon's calls as dom0's own."""
        if source != DOM0:
            raise refusal("qubesd-dom0-only")
        self.bridge.mirror.looked_at(dest)
        return Context(self.bridge, dest, call)

    def within(self, context: Context, call: AnyCall, _granted: str = "") -> Context:
        return replace(context, call=call)

    def explained(self, error: Mgmt1Error) -> Mgmt1Error:
        return error

    async def close(self) -> None:
        """As `Bridge.close`."""
        await self.bridge.close()
