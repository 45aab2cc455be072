# SPDX-License-Identifier: GPL-3.0-or-later
"""Putting a system together: the store, the hypervisor, the pools, and what the last run left."""

import json
import logging
import os
from collections.abc import Callable
from pathlib import Path

from qubesmanager.daemon.local.core.volumes import KERNEL_POOL
from qubesmanager.daemon.local.drivers import kernels
from qubesmanager.daemon.local.drivers.devices.base import DeviceSource
from qubesmanager.daemon.local.drivers.files import make_private
from qubesmanager.daemon.local.drivers.hypervisor.base import Hypervisor
from qubesmanager.daemon.local.drivers.pools.linux_kernel import LinuxKernels
from qubesmanager.daemon.local.drivers.pools.table import DEFAULT, open_pool
from qubesmanager.daemon.local.store import rows
from qubesmanager.daemon.local.store.store import Store
from qubesmanager.daemon.local.system import firewall, watching
from qubesmanager.daemon.local.system.lifecycle import GONE
from qubesmanager.daemon.local.system.machine import target_of
from qubesmanager.daemon.local.system.network import Network
from qubesmanager.daemon.local.system.system import Places, System
from qubesmanager.wire.errors import Mgmt1Error, QubesVMNotRunningError

log = logging.getLogger(__name__)

DEFAULT_POOL = "default"


async def open_system(
    state: Path,
    hypervisor: Hypervisor,
    *,
    pool_driver: str = DEFAULT,
    devices: DeviceSource | None = None,
    profiles: Path | None = None,
    policy: Path | None = None,
    policy_hiding: Path | None = None,
    network: Callable[[System], Network] | None = None,
) -> System:
    """The system whose store, pools, kernels and logs are below `state`; a new one gets one pool of `pool_driver`.

    `profiles` is the folder of backup profiles, `policy` that of qrexec's policy; both below `state` unless given.
    `policy_hiding` is the folder whose policy files hide their namesakes in `policy`, if there is one.
    `devices` are those of the machine, which dom0 offers; `network` makes the real network, if there is to be one.

    Only the daemon's user reads the folder.

    Raises `Mgmt1Error` if another daemon has it. When it returns, the qubes that run are known as running, and
    what a crash left is gone.
    """
    places = _places(state, profiles or state / "backup", policy or state / "policy.d", policy_hiding)
    system = System(Store(state / "store.sqlite"), hypervisor, places)
    system.lock_state(state / "lock")
    system.state.host_memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20
    try:
        await system.open()
        system.state.kernels = await kernels.installed(places.kernels)
        await _open_pools(system, state, pool_driver)
        system.state.pools[KERNEL_POOL] = KERNEL_POOL
        system.pool_options[KERNEL_POOL] = {"dir_path": str(places.kernels)}
        system.volumes.drivers[KERNEL_POOL] = LinuxKernels(places.kernels)
        for volume in await system.volumes.drop_pending():
            log.info("Removed %s, which an interrupted operation had left", volume)
        for volumes in await system.volumes.rename_pending_back():
            log.info("Took back the new name of %s, which an interrupted operation had left", volumes)
        for part in await system.policies.drop_left():
            log.info("Removed %s, which an interrupted change had left", part)
        watching.reconcile(system, {info.uuid: info.state for info in await hypervisor.domains()})
        await system.settled()
        await system.devices.reconcile()
        if network is not None:
            system.network = network(system)
        await system.network.reconcile()
        await system.backups.recover()
        system.spawn("keep the schedule of backups", system.backups.keep_schedule())
        system.spawn("keep the network in step", system.network.keep())
        if devices is not None:
            system.devices.offer(system.qube("dom0"), devices)
        system.spawn("keep copies of the store", system.store.keep_copies())
        system.spawn("watch the hypervisor", watching.watch(system))
        system.spawn("measure the volumes", system.volumes.measure_all())
        system.spawn("sweep expired firewall rules", firewall.sweep(system))
    except BaseException:
        await system.close()
        raise
    return system


def _places(state: Path, profiles: Path, policy: Path, policy_hiding: Path | None) -> Places:
    kernels_folder, logs = state / "kernels", state / "logs"
    places = Places(kernels_folder, logs, profiles, policy, policy_hiding)
    try:
        for folder in (state, places.logs):
            make_private(folder)
        places.kernels.mkdir(exist_ok=True)
    except OSError as error:
        raise Mgmt1Error(f"{state} cannot be kept for the daemon alone: {error.strerror}.") from error
    return places


async def _open_pools(system: System, state: Path, first_driver: str) -> None:
    if not system.state.pools:
        options = {"dir_path": str(state / "pools" / DEFAULT_POOL)}
        await system.commit([rows.set_pool(DEFAULT_POOL, first_driver, options)])
        system.state.pools[DEFAULT_POOL] = first_driver
    written_to = await _written_to(system)
    for name, driver, options in await system.store.read("SELECT name, driver, options FROM pool"):
        system.pool_options[name] = json.loads(options)
        pool = open_pool(name, driver, system.pool_options[name])
        await pool.setup()
        for leftover in await pool.recover(written_to.get(name, {})):
            log.info("Pool %s: %s %s", name, leftover.path, leftover.outcome)
        system.volumes.drivers[name] = pool


async def _written_to(system: System) -> dict[str, dict[str, Path]]:
    """By pool and vid: the file that each running qube writes to, as its hypervisor says."""
    found: dict[str, dict[str, Path]] = {}
    for info in await system.hypervisor.domains():
        qube = system.state.by_uuid.get(info.uuid)
        if qube is None or info.state in GONE:
            continue
        try:
            files = await system.hypervisor.disk_files(info.uuid)
        except QubesVMNotRunningError:
            continue  # it halted just now
        writing = [(target_of(qube.volumes, name), volume) for name, volume in qube.volumes.items()]
        for target, volume in (*writing, *system.devices.lent_by(qube)):
            if path := files.get(target):
                found.setdefault(volume.pool, {})[volume.vid] = path
    return found
