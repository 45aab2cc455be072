# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices: what is known of them, their menus, panel and window, and the dialog that attaches one."""
