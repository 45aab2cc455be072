# SPDX-License-Identifier: GPL-3.0-or-later
"""A small system of real virtual machines: a tiny Linux as kernel and template, two qubes on it, ready to be started.

It stays: what its qubes keep is there the next time.
"""

import importlib.util
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

from qubesmanager.daemon.local.drivers import kernels
from qubesmanager.daemon.local.drivers.hypervisor import needs
from qubesmanager.daemon.local.system import System
from qubesmanager.systems import guest_image
from qubesmanager.wire.names import DOM0

KERNEL = "debian-tiny"
TEMPLATE = "tiny"
QUBES = (("work", "blue"), ("personal", "yellow"))

_MEMORY = "128"
_ROOT = b"The root volume of the template. Its Linux runs from the initramfs.\n"

AS_ORDINARY_USER = ("unshare", "--user", "--map-user=65534", "--map-group=65534", "--")
"""libvirt has no session for root. In a user namespace root is an ordinary user to it, and keeps its files."""

_SYSTEM_SOCKETS = (Path("/run/libvirt/libvirt-sock"), Path("/run/libvirt/virtqemud-sock"))


def state_folder() -> Path:
    """Where the system lives, apart from that of the machine's own daemon."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state", "qubes-manager", "real")


def launch() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words before the daemon's command, and its arguments.

    An ordinary user gets private virtual machines (`qemu:///session`), root those of the host (`qemu:///system`)
    where libvirt runs for it, and otherwise a session in a user namespace.
    """
    arguments = ("--real", "--state", str(state_folder()), "--hypervisor")
    if os.geteuid() != 0:
        return (), (*arguments, "qemu:///session")
    if any(path.exists() for path in _SYSTEM_SOCKETS):
        return (), (*arguments, "qemu:///system")
    return AS_ORDINARY_USER, (*arguments, "qemu:///session")


MODULES = ("libvirt", "libvirtaio", "pyudev")
"""The modules of the extra `local`; a program that only talks to another daemon does not need them."""


def missing_module(name: str) -> str:
    """The sentence about a module of `MODULES` that is not installed, with the packages that bring it."""
    return (
        f"The Python module {name} is missing, which keeping qubes on this machine needs. Install python3-libvirt and"
        " python3-pyudev (apt, dnf), libvirt-python and python-pyudev (pacman), or qubesmanager-mgmt1[local] (pip)."
    )


def why_not() -> str | None:
    """Sentences about the packages that the system needs and this machine lacks; None if there are all."""
    for module in MODULES:
        if importlib.util.find_spec(module) is None:
            return missing_module(module)
    if shutil.which("busybox") is None:
        return "Missing for the guest: busybox. Install busybox-static (apt) or busybox (dnf, pacman)."
    return needs.missing_programs()


async def populate(system: System) -> None:
    """Fill a system that has nothing but dom0; one that is filled, or whose store was lost, stays as it is.

    Raises `Mgmt1Error` when the guest's kernel cannot be downloaded. After an interruption the next call goes on.
    """
    if set(system.runtime.state.qubes) - {DOM0, TEMPLATE} or system.runtime.state.qube(DOM0).problem:
        return
    if KERNEL not in system.runtime.state.kernels:
        await guest_image.build(system.runtime.places.kernels / KERNEL)
        system.runtime.state.kernels = await kernels.installed(system.runtime.places.kernels)
    if TEMPLATE not in system.runtime.state.qubes:
        await system.creation.create_template(DOM0, TEMPLATE, _root())
    await system.settings.set_system_property("default_kernel", KERNEL)
    await system.settings.set_system_property("default_template", TEMPLATE)
    own = {"kernelopts": guest_image.KERNEL_OPTIONS, "memory": _MEMORY, "maxmem": "0", "vcpus": "1"}
    for name, value in own.items():
        if system.runtime.state.qube(TEMPLATE).own.get(name) is None:
            await system.settings.set_property(TEMPLATE, name, value)
    for name, label in QUBES:
        await system.creation.create(DOM0, "AppVM", TEMPLATE, name, label)


async def _root() -> AsyncIterator[bytes]:
    yield _ROOT
