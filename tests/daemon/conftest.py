# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole daemon in the test's process: real client, dispatch, handlers, store and pool; only the machine is fake."""

from demo_fixtures import client, hypervisor, system

__all__ = ["client", "hypervisor", "system"]
