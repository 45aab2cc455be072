# SPDX-License-Identifier: GPL-3.0-or-later
"""The context of a handler of the local backend, and the registry of handlers."""

from dataclasses import dataclass

from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.system import System
from qubesmanager.daemon.registry import ContextOfCall, Made, Registry
from qubesmanager.wire import calls
from qubesmanager.wire.call import AnyCall
from qubesmanager.wire.names import DOM0

LISTS = frozenset(
    {
        *(call.name for call in (calls.VM_LIST, calls.VM_GET_ALL, calls.EVENTS, calls.VM_STATS, calls.HISTORY)),
        *(call.name for call in (calls.BACKUP_INFO, calls.BACKUP_STATUS, calls.BACKUP_HISTORY)),
        *(call.name for call in (calls.BACKUP_PROFILE_GET, calls.POOL_VOLUME_LIST)),
        *("admin.vm.List", "admin.Events", "admin.vm.Stats", "admin.pool.volume.List"),
    }
)
"""The calls whose answers are of all qubes that their source may make them to, and name no other."""


_LIST = ".vm.List"
"""Behind `mgmt1` or `admin`: the call that lists the qubes."""


@dataclass(slots=True, eq=False)
class Context(ContextOfCall):
    """`source` sent the call to `destination`, a qube that existed when the call's header came.

    Nothing changes it. It is not frozen, because one is made for each call and a frozen one takes three times as long.
    """

    system: System
    source: str
    destination: Qube
    call: AnyCall
    made: Made
    """What the source called: this call, or a call of Qubes OS of which it is a part."""
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
        """Whether the source may know of the qube.

        Where there is a policy, it may make this call to it or, unless this is a call that lists, list it. Where there
        is none, it created or manages it.
        """
        if self.source in {DOM0, name} or name == DOM0 or (name and name == self.granted):
            return True
        admits = self.system.policy_sight.admits
        is_admitted = admits(self.source, *self.made, name)
        if is_admitted is None:
            return self.system.runtime.state.visible(self.source, name)
        if is_admitted or self.made.service in LISTS:
            return is_admitted
        lists = f"{self.made.service.partition('.')[0]}{_LIST}"
        return bool(admits(self.source, lists, "+", name))

    def knows(self, name: str) -> bool:
        """Whether there is a qube of that name, and the source sees it."""
        return name in self.system.runtime.state.qubes and self.sees(name)


REGISTRY: Registry[Context] = Registry()
answers = REGISTRY.answers
