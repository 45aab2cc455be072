# SPDX-License-Identifier: GPL-3.0-or-later
"""The window of what holds for the whole system: `qubes-manager system [--page PAGE]`."""
