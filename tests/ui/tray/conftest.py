# SPDX-License-Identifier: GPL-3.0-or-later
"""The fixtures of devices."""

from device_fixtures import catalog, feed, hypervisor

__all__ = ["catalog", "feed", "hypervisor"]
