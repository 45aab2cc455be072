# SPDX-License-Identifier: GPL-3.0-or-later
"""The system on this machine: which drivers it gets, and where Qubes OS keeps what it shares with the daemon.

`startup` opens a system on any drivers; only this module needs libvirt and udev.
"""

import contextlib
import hashlib
from functools import partial
from pathlib import Path

from qubesmanager.daemon.local.drivers.devices.host import HostDevices
from qubesmanager.daemon.local.drivers.devices.udev import UdevTrigger
from qubesmanager.daemon.local.drivers.firewall.apply import Firewalls, NftFirewall
from qubesmanager.daemon.local.drivers.firewall.namespaces import LinuxNamespaces, resolvers_of, why_not
from qubesmanager.daemon.local.drivers.firewall.resolve import Resolver
from qubesmanager.daemon.local.drivers.hypervisor.libvirt_driver import LibvirtHypervisor
from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.daemon.local.services.network import Network
from qubesmanager.daemon.local.services.recovery import Recovery
from qubesmanager.daemon.local.startup import open_system, recovered
from qubesmanager.daemon.local.system import System
from qubesmanager.rules.firewall import Address
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import text

SYSTEM_STATE = Path("/var/lib/qubes-mgmt1")
"""The state of the machine's own daemon, which shares profiles and policy with Qubes OS."""
SYSTEM_PROFILES = Path("/etc/qubes/backup")
"""Where Qubes OS keeps backup profiles."""
SYSTEM_POLICY = Path("/etc/qubes/policy.d")
"""Where qrexec reads its policy."""
SYSTEM_POLICY_HIDING = Path("/run/qubes/policy.d")
"""Where qrexec looks first; a file there hides its namesake in `SYSTEM_POLICY`."""


async def open_machine(
    state: Path, uri: str, *, network: str = "auto", has_devices: bool = True, take_over: bool = False
) -> System:
    """Open the system of `state` on libvirt at `uri`; see `open_system`.

    `network` is one of `auto`, `user`, `closed` and `out`. `has_devices`: dom0 offers the devices of the machine.
    Raises `Mgmt1Error`, and `SystemExit` with a sentence if the network is not possible here.
    """
    # libvirt's test driver has invented qubes, also where root keeps them in the usual folder.
    shared = state == SYSTEM_STATE and not uri.startswith("test:")
    return await open_system(
        state,
        LibvirtHypervisor(uri, owner=str(state)),
        devices=HostDevices(UdevTrigger()) if has_devices else None,
        profiles=SYSTEM_PROFILES if shared else None,
        policy=SYSTEM_POLICY if shared else None,
        policy_hiding=SYSTEM_POLICY_HIDING if shared else None,
        takes_home=shared,
        take_over=take_over,
        network=partial(network_of, state, uri, network),
    )


async def recover_machine(state: Path, uri: str) -> Recovery:
    """See `recovered`."""
    return await recovered(state, LibvirtHypervisor(uri, owner=str(state)))


def network_of(state: Path, uri: str, kind: str, runtime: Runtime) -> Network:
    """The network of a kind. Raises `SystemExit` with a sentence if it is not possible here."""
    why = why_not()
    if kind == "auto":
        kind = "out" if why is None and uri.endswith(":///system") else "user"
    firewalls = Firewalls(NftFirewall(), Resolver())
    if kind == "user":
        return Network(runtime, firewalls, None, why=Reason("not-enforced", why or Reason("user-networking")))
    if why is not None:
        raise SystemExit(f"Real paths for packets are not possible here: {text(why)}")
    resolvers: tuple[Address, ...] = ()
    with contextlib.suppress(OSError):
        resolvers = resolvers_of(Path("/etc/resolv.conf").read_text("utf-8", "replace"))
    # Two daemons of one machine do not meet.
    digest = hashlib.blake2s(str(state.absolute()).encode(), digest_size=2).hexdigest()
    namespaces = LinuxNamespaces(prefix="qm" if state == SYSTEM_STATE else f"qm{digest}")
    return Network(runtime, firewalls, namespaces, out=kind == "out", resolvers=resolvers)
