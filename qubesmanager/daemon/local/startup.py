# SPDX-License-Identifier: GPL-3.0-or-later
"""Putting a system together: the store, the hypervisor, the pools, and what the last run left."""

import contextlib
import fcntl
import logging
import os
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from qubesmanager.daemon.local.drivers import kernels
from qubesmanager.daemon.local.drivers.devices.base import DeviceSource
from qubesmanager.daemon.local.drivers.hypervisor.base import Hypervisor
from qubesmanager.daemon.local.drivers.pools.table import DEFAULT
from qubesmanager.daemon.local.runtime import Places
from qubesmanager.daemon.local.services import old_settings
from qubesmanager.daemon.local.services.autostart import boot_id
from qubesmanager.daemon.local.services.recovery import Recovery, recover
from qubesmanager.daemon.local.services.unreadable import identify, settle
from qubesmanager.daemon.local.store.store import Store
from qubesmanager.daemon.local.system import NetworkMaker, System, user_network
from qubesmanager.host.atomic_file import make_private
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.reasons import field_text, refusal

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
    takes_home: bool = False,
    take_over: bool = False,
    network: NetworkMaker = user_network,
) -> System:
    """The system whose store, pools, kernels and logs are below `state`; a new one gets one pool of `pool_driver`.

    `profiles` is the folder of backup profiles, `policy` that of qrexec's policy; both below `state` unless given.
    `take_over` takes the pools from daemons of other machines, which must be gone.
    `policy_hiding` is the folder whose policy files hide their namesakes in `policy`, if there is one.
    `takes_home`: backups of dom0 hold the home of its user, unless a profile says otherwise.
    `devices` are those of the machine, which dom0 offers; `network` makes the network of the qubes.

    Only the daemon's user reads the folder.

    Raises `Mgmt1Error` if another daemon has it. When it returns, the qubes that run are known as running, and
    what a crash left is gone.
    """
    places = _places(state, profiles or state / "backup", policy or state / "policy.d", policy_hiding)
    places = replace(places, takes_home=takes_home)
    with contextlib.ExitStack() as undo:
        lock = undo.enter_context(_locked(state / "lock"))
        system = System(Store(state / "store.sqlite"), hypervisor, places, lock, network)
        undo.pop_all()
    runtime = system.runtime
    system.leases.by_force = take_over
    runtime.state.host_memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20
    runtime.state.host_cpus = os.cpu_count() or 1
    try:
        await runtime.open()
        await identify(runtime)
        await old_settings.convert(runtime)
        runtime.state.kernels = await kernels.installed(places.kernels)
        await _open_pools(system, state, pool_driver)
        system.pools.add_kernels(places.kernels)
        for volume in await system.volumes.drop_pending():
            log.info("Removed %s, which an interrupted operation had left", volume)
        for volumes in await system.volumes.rename_pending_back():
            log.info("Took back the new name of %s, which an interrupted operation had left", volumes)
        for part in await system.policies.drop_left():
            log.info("Removed %s, which an interrupted change had left", part)
        system.hypervisor_events.reconcile({info.uuid: info.state for info in await hypervisor.domains()})
        await runtime.settled()
        if devices is not None:
            system.devices.offer(runtime.state.qube(DOM0), devices)
        await system.devices.reconcile()
        await system.network.reconcile()
        await system.backup_history.recover()
        runtime.persist("keep the schedule of backups", system.backup_schedule.keep)
        runtime.persist("keep the network in step", system.network.keep)
        runtime.persist("keep copies of the store", runtime.store.keep_copies)
        runtime.persist("keep the history within its limits", system.history.keep)
        runtime.persist("keep what sources see by the policy", system.policy_sight.keep)
        runtime.spawn("watch the hypervisor", system.hypervisor_events.watch())
        system.guest_channels.open()
        runtime.persist("check the locations of the pools", system.pools.keep)
        runtime.persist("keep with volumes what they are of", system.descriptions.keep)
        runtime.persist("keep disposables preloaded", system.disposables.keep)
        runtime.spawn("measure the volumes", system.volumes.measure_all())
        runtime.persist("sweep expired firewall rules", system.firewall_rules.sweep)
    except BaseException:
        await runtime.close()
        raise
    return system


async def start_with_machine(system: System) -> None:
    """Start the qubes that start with the machine, in the background and once in each boot."""
    if names := await system.autostart.wanted(boot_id()):
        system.runtime.spawn("start what starts with the machine", system.autostart.start(names))


def _places(state: Path, profiles: Path, policy: Path, policy_hiding: Path | None) -> Places:
    kernels_folder, logs = state / "kernels", state / "logs"
    places = Places(kernels_folder, logs, profiles, policy, policy_hiding)
    try:
        for folder in (state, places.logs):
            make_private(folder)
        places.kernels.mkdir(exist_ok=True)
    except OSError as error:
        raise refusal("state-not-private", state, error.strerror or str(error)) from error
    return places


def _locked(path: Path) -> BinaryIO:
    """The lock file of the state's folder, locked for as long as it is open. Raises `Mgmt1Error` if another has it."""
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise refusal("state-locked", path.parent) from error
    return file


async def recovered(state: Path, hypervisor: Hypervisor, *, pool_driver: str = DEFAULT) -> Recovery:
    """Make qubes again from volumes that no qube has, while no daemon runs on `state`. The hypervisor is not asked.

    Raises `Mgmt1Error` if a daemon runs, or the store cannot be read or written.
    """
    places = _places(state, state / "backup", state / "policy.d", None)
    system = System(Store(state / "store.sqlite"), hypervisor, places, _locked(state / "lock"))
    runtime = system.runtime
    try:
        await runtime.load()
        runtime.state.kernels = await kernels.installed(runtime.places.kernels)
        await _open_pools(system, state, pool_driver, clean=False)
        recovery = Recovery()
        await settle(runtime, system.pools, recovery)
        await recover(runtime, system.pools, recovery)
    finally:
        await runtime.close()
    if runtime.store.notice:
        recovery.lines.insert(0, runtime.store.notice)
    return recovery


async def _open_pools(system: System, state: Path, first_driver: str, *, clean: bool = True) -> None:
    is_new = not system.runtime.state.pools
    if is_new:
        await system.pools.make_first(DEFAULT_POOL, first_driver, {"dir_path": str(state / "pools" / DEFAULT_POOL)})
    await system.pools.open_all(clean=clean)
    is_first_start = len(system.runtime.state.qubes) == 1
    if is_new and is_first_start and DEFAULT_POOL in system.pools.drivers:
        await _note_volumes(system)


async def _note_volumes(system: System) -> None:
    """A new store where there are volumes: the one before was lost."""
    vids = await system.pools.driver(DEFAULT_POOL).list_volumes()
    names = sorted({vid.partition("/")[0] for vid in vids})
    if names:
        note = (
            f"The store is new, and the pool {DEFAULT_POOL} has volumes of {', '.join(names[:10])}"
            f"{' and others' if len(names) > 10 else ''}. qubes-mgmt1d --recover makes these qubes again."  # noqa: PLR2004
        )
        runtime = system.runtime
        dom0 = runtime.state.qube(DOM0)
        dom0.problem = " ".join(filter(None, [field_text(dom0.problem), note]))
        runtime.emit(runtime.state.property_changed(dom0, "problem"))
        log.error("%s", note)
