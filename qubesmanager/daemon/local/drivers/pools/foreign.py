# SPDX-License-Identifier: GPL-3.0-or-later
"""Which folders may become a pool: an empty one, and one that is a pool of this program already."""

import os
from pathlib import Path

from qubesmanager.daemon.local.drivers.pools import lease
from qubesmanager.daemon.local.drivers.pools.beneath import is_folder
from qubesmanager.daemon.local.drivers.pools.disk import is_staging, is_vid
from qubesmanager.daemon.local.drivers.pools.folder import MARK
from qubesmanager.daemon.local.drivers.pools.manifest import MANIFEST
from qubesmanager.wire.names import shown
from qubesmanager.wire.reasons import refusal

_IGNORED = frozenset({lease.FILE, "lost+found"})
"""Entries that a folder may have and still counts as empty: a lease that has ended, and the one mkfs makes."""


def check_not_foreign(folder: Path) -> None:
    """Raises `StoragePoolException` if a folder holds something and is no pool; nothing is written.

    A pool has its mark. One of a version before the marks holds volumes, and nothing else.
    """
    if os.path.lexists(folder / MARK):
        return
    try:
        entries = sorted(folder.iterdir())
    except FileNotFoundError:
        return
    except NotADirectoryError as error:
        raise refusal("pool-no-folder", folder) from error
    for entry in entries:
        if entry.name in _IGNORED or (is_staging(entry.name) and is_folder(entry)) or _is_qube(entry):
            continue
        raise refusal("pool-folder-foreign", folder, shown(entry.name))


def _is_qube(entry: Path) -> bool:
    """A folder that holds volumes, and nothing else."""
    if not is_folder(entry) or not (volumes := list(entry.iterdir())):
        return False
    return all(
        is_vid(f"{entry.name}/{volume.name}") and is_folder(volume) and (volume / MANIFEST).is_file()
        for volume in volumes
    )
