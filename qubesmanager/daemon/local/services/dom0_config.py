# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of dom0's own configuration that a backup has."""

from qubesmanager.backup.archive.dom0_config import Dom0Config
from qubesmanager.backup.archive.home import Home
from qubesmanager.backup.engine import off_loop
from qubesmanager.daemon.admission.policy_files import Policies
from qubesmanager.daemon.local.core.state import State
from qubesmanager.daemon.local.core.volumes import KERNEL_POOL
from qubesmanager.daemon.local.drivers.backups import destinations
from qubesmanager.daemon.local.drivers.backups.profiles import Profiles
from qubesmanager.wire.errors import Mgmt1Error


async def config_of(state: State, policies: Policies, profiles: Profiles, home: Home | None = None) -> Dom0Config:
    """The configuration in a backup that includes dom0, apart from labels and properties.

    `home` is dom0's home, if the backup holds it.
    """
    about_home = {"files": str(home.files)} if home is not None else {}
    return Dom0Config(
        await _policy(policies), await _profiles(profiles), _pools(state), about_home, await _files(profiles)
    )


async def _policy(policies: Policies) -> dict[str, str]:
    """The files of dom0's policy folder, not those of a folder that hides them."""
    return {path: text for path, text in (await policies.contents()).items() if not path.startswith("/")}


async def _profiles(profiles: Profiles) -> dict[str, str]:
    texts = {}
    for name in await profiles.names():
        try:
            texts[name] = (await profiles.get(name)).text
        except Mgmt1Error:
            continue  # removed meanwhile, or not readable: it could not be carried out either
    return texts


async def _files(profiles: Profiles) -> dict[str, str]:
    try:
        text = await off_loop(destinations.read_text, profiles.folder)
    except Mgmt1Error:
        return {}  # the daemon does not use it either
    return {destinations.NAME: text} if text is not None else {}


def _pools(state: State) -> dict[str, dict[str, str]]:
    return {
        name: {"driver": driver, **state.pool_options.get(name, {})}
        for name, driver in state.pools.items()
        if driver != KERNEL_POOL
    }
