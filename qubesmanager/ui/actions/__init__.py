# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions on qubes: THE ACTIONS, how each is carried out, and the menus of properties."""
