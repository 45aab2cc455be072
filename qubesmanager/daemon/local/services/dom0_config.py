# SPDX-License-Identifier: GPL-3.0-or-later
"""What a backup takes of dom0's own configuration."""

from typing import TYPE_CHECKING

from qubesmanager.backup.archive.dom0_config import Dom0Config
from qubesmanager.backup.archive.home import Home
from qubesmanager.daemon.local.core.volumes import KERNEL_POOL
from qubesmanager.wire.errors import Mgmt1Error

if TYPE_CHECKING:
    from qubesmanager.daemon.local.system import System


async def config_of(system: "System", home: Home | None = None) -> Dom0Config:
    """What a backup that includes dom0 holds of its configuration, beside labels and properties.

    `home` is dom0's home, if the backup holds it.
    """
    about_home = {"files": str(home.files)} if home is not None else {}
    return Dom0Config(await _policy(system), await _profiles(system), _pools(system), about_home)


async def _policy(system: "System") -> dict[str, str]:
    """The files of dom0's policy folder, not those of a folder that hides them."""
    return {path: text for path, text in (await system.policies.contents()).items() if not path.startswith("/")}


async def _profiles(system: "System") -> dict[str, str]:
    found = {}
    for name in await system.backups.profiles.names():
        try:
            found[name] = (await system.backups.profiles.get(name)).text
        except Mgmt1Error:
            continue  # removed meanwhile, or not readable: it could not be carried out either
    return found


def _pools(system: "System") -> dict[str, dict[str, str]]:
    return {
        name: {"driver": driver, **system.state.pool_options.get(name, {})}
        for name, driver in system.state.pools.items()
        if driver != KERNEL_POOL
    }
