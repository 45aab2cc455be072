# SPDX-License-Identifier: GPL-3.0-or-later
"""All volumes of all pools, in as many calls as there are pools and one."""

import contextlib

from qubesmanager.client.client import Client
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import VolumeId
from qubesmanager.wire.errors import StoragePoolException
from qubesmanager.wire.names import DOM0


async def all_volumes(client: Client) -> list[VolumeId]:
    """Every volume, in order of pool and vid. A pool that is missing, or goes away meanwhile, is left out."""
    volumes: list[VolumeId] = []
    for pool in await client.send(calls.POOL_LIST(DOM0)):
        with contextlib.suppress(StoragePoolException):
            volumes += [VolumeId(pool, vid) for vid in await client.send(calls.POOL_VOLUME_LIST(DOM0, pool))]
    return sorted(volumes)
