# SPDX-License-Identifier: GPL-3.0-or-later
"""The storage window: `qubes-manager storage [--page PAGE]`."""
