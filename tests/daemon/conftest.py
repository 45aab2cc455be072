# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole daemon in the test's process: real client, dispatch, handlers, store and pool; only the machine is fake."""

from backup_fixtures import cheap_keys, folder
from demo_fixtures import client, hypervisor, machine, short_pauses, system
from pool_tools import small_disk

__all__ = ["cheap_keys", "client", "folder", "hypervisor", "machine", "short_pauses", "small_disk", "system"]
