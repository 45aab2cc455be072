# SPDX-License-Identifier: GPL-3.0-or-later
"""The context of a handler of the local backend, and the registry of handlers."""

from dataclasses import dataclass

from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.system import System
from qubesmanager.daemon.registry import ContextOfCall, Registry
from qubesmanager.wire.call import AnyCall


@dataclass(slots=True, eq=False)
class Context(ContextOfCall):
    """`source` sent the call to `destination`, a qube that existed when the call's header came.

    Nothing changes it. It is not frozen, because one is made for each call and a frozen one takes three times as long.
    """

    system: System
    source: str
    destination: Qube
    call: AnyCall
    granted: str = ""
    """A qube that the call may name although its source does not see it."""

    @property
    def qube(self) -> Qube:
        """The destination. Raises `QubesVMNotFoundError` if it was removed, even if another qube has its name now."""
        return self.system.runtime.still(self.destination)

    @property
    def dest(self) -> str:
        """The destination's present name. Raises as `qube` does."""
        return self.qube.name

    def sees(self, name: str) -> bool:
        return (bool(name) and name == self.granted) or self.system.runtime.state.visible(self.source, name)


REGISTRY: Registry[Context] = Registry()
answers = REGISTRY.answers
