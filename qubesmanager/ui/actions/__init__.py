# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be done with qubes: THE ACTIONS, how each is carried out, and the menus of properties."""
