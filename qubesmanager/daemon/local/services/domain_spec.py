# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings and disks of a qube that starts, as the `DomainSpec` that the hypervisor gets."""

from collections.abc import Collection, Mapping
from pathlib import Path

from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.drivers.hypervisor.base import DiskFormat, DiskSpec, DomainSpec, NicKind, NicSpec
from qubesmanager.daemon.local.drivers.kernels import INITRAMFS, KERNEL
from qubesmanager.daemon.local.drivers.pools.base import Disk
from qubesmanager.daemon.local.runtime import Places
from qubesmanager.rules.boot_modes import kernel_options
from qubesmanager.rules.facts import Qubes

_TARGETS = {"root": "xvda", "private": "xvdb", "volatile": "xvdc"}
_FIRST_EXTRA = ord("i")
"""Extra disks are xvdi and up."""


def domain_spec(
    places: Places, qubes: Qubes, qube: Qube, disks: Mapping[str, Disk], nics: tuple[NicSpec, ...]
) -> DomainSpec:
    """The specification of the qube's domain."""
    kernel = places.kernels / qube.value("kernel") if qube.value("kernel") else None
    return DomainSpec(
        uuid=qube.uuid,
        name=qube.name,
        klass=qube.klass,
        memory_mib=int(qube.value("memory")),
        maxmem_mib=int(qube.value("maxmem")),
        vcpus=int(qube.value("vcpus")),
        kernel=kernel / KERNEL if kernel else None,
        initrd=_existing(kernel / INITRAMFS) if kernel else None,
        kernelopts=" ".join(
            filter(None, (qube.value("kernelopts"), kernel_options(qube, qubes), *_addresses(qube, nics)))
        ),
        virt_mode=qube.value("virt_mode"),
        disks=tuple(
            DiskSpec(
                target,
                disks[name].path,
                DiskFormat(disks[name].format),
                serial=name,
                read_only=disks[name].read_only,
                boot=kernel is None and name == "root",
                backing=disks[name].backing,
            )
            for name, target in _targets(disks)
        ),
        nics=nics,
        console_log=places.console(qube.uuid),
        agent=True,
        channel=True,
        debug=qube.flag("debug"),
    )


_TOLD = ("ip", "gateway", "ip6", "gateway6", "dns")


def _addresses(qube: Qube, nics: tuple[NicSpec, ...]) -> list[str]:
    """The kernel options for the guest's network, where nothing else configures it: `qubes.ip=10.137.0.7` and so on."""
    if not any(nic.kind is NicKind.TAP for nic in nics):
        return []
    return [f"qubes.{name}={value.replace(' ', ',')}" for name in _TOLD if (value := qube.value(name))]


def target_of(volumes: Collection[str], name: str) -> str:
    """The name of the volume's disk in the guest, such as `xvda`."""
    return dict(_targets(volumes))[name]


def _targets(disks: Collection[str]) -> list[tuple[str, str]]:
    extra = {
        name: f"xvd{chr(_FIRST_EXTRA + int(name.rpartition('-')[2]) - 1)}" for name in disks if name not in _TARGETS
    }
    targets = {**_TARGETS, **extra}
    return [(name, target) for name, target in targets.items() if name in disks]


def _existing(path: Path) -> Path | None:
    return path if path.exists() else None
