# SPDX-License-Identifier: GPL-3.0-or-later
"""The bridge: mgmt1 calls answered by the `admin.*` calls of Qubes OS."""
