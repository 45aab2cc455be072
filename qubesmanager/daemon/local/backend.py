# SPDX-License-Identifier: GPL-3.0-or-later
"""The local backend: our own dom0 side, answering from the store, the drivers and the hypervisor."""

from collections.abc import Mapping
from dataclasses import replace

from qubesmanager.daemon.local import handlers
from qubesmanager.daemon.local.core.origin import act_for
from qubesmanager.daemon.local.core.sight import answer_for
from qubesmanager.daemon.local.handlers.context import REGISTRY, Context
from qubesmanager.daemon.local.system import System
from qubesmanager.daemon.registry import Handler, Made
from qubesmanager.wire.call import AnyCall
from qubesmanager.wire.calls import BY_SERVICE, TABLE
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.reasons import refusal

DOM0S_OWN = ("mgmt1.vm.feature.", "mgmt1.vm.notes.")
"""Families of calls that only dom0 makes to dom0."""


class LocalBackend:
    """Answers for one `System`."""

    prefix = "mgmt1."
    calls: Mapping[str, AnyCall] = BY_SERVICE

    def __init__(self, system: System) -> None:
        self._system = system
        self._registry = REGISTRY
        handlers.register_all()

    def resolve(self, untrusted_dest: str) -> str:
        return self._system.runtime.state.resolve(untrusted_dest)

    def handler(self, call: AnyCall) -> Handler:
        return self._registry.handler(call)

    def explained(self, error: Mgmt1Error) -> Mgmt1Error:
        return error

    async def prepare(self, source: str) -> None:
        if source != DOM0:
            await self._system.policy_sight.refresh()

    def context(self, source: str, dest: str, call: AnyCall, made: Made) -> Context:
        context = Context(self._system, source, self._system.runtime.state.qube(dest), call, made)
        _check_dom0s_own(context)
        answer_for(context.sees)
        act_for(source, call.name)
        return context

    def within(self, context: Context, call: AnyCall, granted: str = "") -> Context:
        other = replace(context, call=call, granted=granted)
        _check_dom0s_own(other)
        act_for(context.source, call.name)
        return other


def _check_dom0s_own(context: Context) -> None:
    if context.source != DOM0 and context.destination.name == DOM0 and context.call.family.startswith(DOM0S_OWN):
        raise refusal("dom0-notes")


def not_implemented() -> list[str]:
    """The rows that this backend does not answer, in the table's order."""
    handlers.register_all()
    return [call.name for call in TABLE if call.family not in REGISTRY.handlers]
