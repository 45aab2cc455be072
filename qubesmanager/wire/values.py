# SPDX-License-Identifier: GPL-3.0-or-later
"""The closed sets of the API: power states, qube classes, device classes, tiers, destination kinds."""

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


class DeviceClass(StrEnum):
    BLOCK = "block"
    USB = "usb"
    PCI = "pci"
    MIC = "mic"


class Dest(Enum):
    """What a call may be sent to."""

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
