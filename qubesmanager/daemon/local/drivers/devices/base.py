# SPDX-License-Identifier: GPL-3.0-or-later
"""What a source of devices answers: a device, where the hypervisor finds it, an event.

Descriptions and names come from the device itself and are hostile text until `printable` has been over them.
"""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from qubesmanager.wire.reason import Reason
from qubesmanager.wire.values import DeviceChange, DeviceClass

DESCRIPTION_LIMIT = 80
"""Characters; a longer description of a device does not help to recognize it."""

_OTHER = re.compile(r"[^\x20-\x7e]+")
_SPACES = re.compile(r" +")


@dataclass(frozen=True, slots=True)
class BlockDevice:
    """`path` of the device node; `size` in bytes."""

    path: str
    size: int
    read_only: bool


@dataclass(frozen=True, slots=True)
class UsbDevice:
    """`bus` and `device` change when it is plugged in again; the ids are those of the device's own descriptor."""

    bus: int
    device: int
    vendor: int
    product: int


@dataclass(frozen=True, slots=True)
class PciDevice:
    domain: int
    bus: int
    slot: int
    function: int


@dataclass(frozen=True, slots=True)
class Microphone:
    """The host's audio input, through whatever sound server the hypervisor was given."""


HostDevice = BlockDevice | UsbDevice | PciDevice | Microphone


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """A device of the host. `details` has words without spaces as values; `in_use` says why it is not offered.

    `identity` distinguishes it from others at the same port, in the form of Qubes OS; empty if nothing does.
    `interfaces` are what it can do: a letter for its class and six hex digits each, `*` where that is not known.
    """

    device_class: DeviceClass
    ident: str
    description: str
    host: HostDevice
    details: Mapping[str, str] = field(default_factory=dict)
    in_use: str = ""
    identity: str = ""
    interfaces: tuple[str, ...] = ()

    @property
    def exposed(self) -> tuple[str, ...]:
        """The interfaces, or the one of its class where they are not known."""
        return self.interfaces or (f"{self.device_class[0]}******",)


@dataclass(frozen=True, slots=True)
class DeviceEvent:
    """`device` as it is now, or as it last was when it is gone."""

    change: DeviceChange
    device: DeviceInfo


class DeviceSource(Protocol):
    """The devices of one backend."""

    async def available(self, device_class: DeviceClass) -> list[DeviceInfo]:
        """The devices that can be attached, sorted by ident; those that the host itself uses are left out."""
        ...

    async def find(self, device_class: DeviceClass, ident: str) -> DeviceInfo:
        """The device, also one in use. Raises DeviceNotFound."""
        ...

    async def why_busy(self, device: DeviceInfo) -> Reason | None:
        """Why it cannot be handed out now; None if it can. Asked right before it is attached."""
        ...

    def watch(self) -> AbstractAsyncContextManager[AsyncIterator[DeviceEvent]]:
        """The changes since the context was entered: `async with source.watch() as events`. Never ends."""
        ...


def printable(untrusted: str | bytes, limit: int = DESCRIPTION_LIMIT) -> str:
    """One line of printable ASCII: anything else becomes `_`, runs of spaces one space, and it is cut at `limit`."""
    text = untrusted.decode("utf-8", "replace") if isinstance(untrusted, bytes) else untrusted
    text = _OTHER.sub("_", text.strip())
    return _SPACES.sub(" ", text).strip()[:limit].strip()


def word(untrusted: str | bytes, limit: int = 40) -> str:
    """`printable` without spaces, for the value of a detail."""
    return printable(untrusted, limit).replace(" ", "_")
