# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices: the menu, the tray, the notifications."""
