# SPDX-License-Identifier: GPL-3.0-or-later
"""What a handler of the local backend gets, and the registry they are in."""

from dataclasses import dataclass

from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.system.system import System
from qubesmanager.daemon.registry import Registry
from qubesmanager.wire.call import AnyCall
from qubesmanager.wire.values import DeviceClass


@dataclass(frozen=True, slots=True)
class Context:
    """`source` sent the call to `dest`; both are names of this system, `dest` of a qube that exists."""

    system: System
    source: str
    dest: str
    call: AnyCall

    @property
    def qube(self) -> Qube:
        """The destination. Raises `QubesVMNotFoundError` if it has gone meanwhile."""
        return self.system.qube(self.dest)

    @property
    def device_class(self) -> DeviceClass:
        """The device class in the call's name."""
        if self.call.device_class is None:
            raise TypeError(f"{self.call.name} has no device class")
        return self.call.device_class

    def sees(self, name: str) -> bool:
        return self.system.visible(self.source, name)


REGISTRY: Registry[Context] = Registry()
answers = REGISTRY.answers
