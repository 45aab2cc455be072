# SPDX-License-Identifier: GPL-3.0-or-later
"""The local backend: our own dom0 side, answering from the store, the drivers and the hypervisor."""

from qubesmanager.daemon.local import handlers
from qubesmanager.daemon.local.core.sight import answer_for
from qubesmanager.daemon.local.handlers.context import REGISTRY, Context
from qubesmanager.daemon.local.system import System
from qubesmanager.daemon.registry import Handler
from qubesmanager.wire.call import AnyCall
from qubesmanager.wire.calls import TABLE
from qubesmanager.wire.reasons import refusal

DOM0 = "dom0"
DOM0S_OWN = ("mgmt1.vm.feature.", "mgmt1.vm.notes.")
"""Families of calls that only dom0 makes to dom0."""


class LocalBackend:
    """Answers for one `System`."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._registry = REGISTRY
        handlers.register_all()

    def resolve(self, untrusted_dest: str) -> str:
        return self._system.runtime.state.resolve(untrusted_dest)

    def handler(self, call: AnyCall) -> Handler:
        return self._registry.handler(call)

    def context(self, source: str, dest: str, call: AnyCall) -> Context:
        if dest == DOM0 and source != DOM0 and call.family.startswith(DOM0S_OWN):
            raise refusal("dom0-notes")
        context = Context(self._system, source, self._system.runtime.state.qube(dest), call)
        answer_for(context.sees)
        return context


def not_implemented() -> list[str]:
    """The rows that this backend does not answer, in the table's order."""
    handlers.register_all()
    return [call.name for call in TABLE if call.family not in REGISTRY.handlers]
