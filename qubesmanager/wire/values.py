# SPDX-License-Identifier: GPL-3.0-or-later
"""The closed sets of the API: power states, classes of qubes and devices, changes of devices, tiers, destinations."""

from enum import Enum, StrEnum


class PowerState(StrEnum):
    """A qube's state as `mgmt1.vm.List` says it."""

    HALTED = "Halted"
    TRANSIENT = "Transient"
    RUNNING = "Running"
    PAUSED = "Paused"
    SUSPENDED = "Suspended"
    HALTING = "Halting"
    DYING = "Dying"
    CRASHED = "Crashed"
    NA = "NA"


class VmClass(StrEnum):
    ADMIN = "AdminVM"
    TEMPLATE = "TemplateVM"
    APP = "AppVM"
    STANDALONE = "StandaloneVM"
    DISP = "DispVM"
    REMOTE = "RemoteVM"
    """A qube of another machine: calls reach it through a relay, and nothing of it runs here."""


class DeviceClass(StrEnum):
    BLOCK = "block"
    USB = "usb"
    PCI = "pci"
    MIC = "mic"


class DeviceMode(StrEnum):
    """How a qube gets a device."""

    MANUAL = "manual"
    """The user attaches it; it is not assigned."""
    AUTO = "auto-attach"
    """At each start, and when it is plugged in while the qube runs."""
    ASK = "ask-to-attach"
    """When the user is asked."""
    REQUIRED = "required"
    """As AUTO, and the qube does not start without it."""


ASSIGNED_MODES = (DeviceMode.AUTO, DeviceMode.ASK, DeviceMode.REQUIRED)


def usual_mode(device_class: DeviceClass) -> DeviceMode:
    """The mode of an assignment that names none: a qube without its PCI controller is not the qube that was meant."""
    return DeviceMode.REQUIRED if device_class is DeviceClass.PCI else DeviceMode.AUTO


class DeviceChange(StrEnum):
    """The change of a device that a backend offers."""

    ADDED = "added"
    REMOVED = "removed"
    """The device is gone; a qube that has it loses it."""
    CHANGED = "changed"
    """Another size or description, or the backend itself took it into use or gave it back."""


class Dest(Enum):
    """The kinds of destinations of a call."""

    DOM0 = "dom0"
    VM = "vm"
    EITHER = "dom0 or vm"
    TEMPLATE = "template or dom0"


class Tier(StrEnum):
    """The policy include that grants a call: what it concerns, and whether it changes it."""

    LOCAL_RO = "mgmt1-local-ro"
    LOCAL_RWX = "mgmt1-local-rwx"
    GLOBAL_RO = "mgmt1-global-ro"
    GLOBAL_RWX = "mgmt1-global-rwx"
