# SPDX-License-Identifier: GPL-3.0-or-later
"""All volumes of all pools, in as many calls as there are pools and one."""

from qubesmanager.client.client import Client
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import VolumeId

DOM0 = "dom0"


async def all_volumes(client: Client) -> list[VolumeId]:
    """Every volume, in order of pool and vid. A pool that goes away meanwhile is an error like any other."""
    found: list[VolumeId] = []
    for pool in await client.send(calls.POOL_LIST(DOM0)):
        found += [VolumeId(pool, vid) for vid in await client.send(calls.POOL_VOLUME_LIST(DOM0, pool))]
    return sorted(found)
