# SPDX-License-Identifier: GPL-3.0-or-later
"""The window with the map: the trees of net qubes and of templates."""
