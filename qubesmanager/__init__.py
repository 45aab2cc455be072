# SPDX-License-Identifier: GPL-3.0-or-later
"""Qubes Manager for the mgmt1 management API: the window, the command line, and the daemon that answers them."""

__version__ = "0.1.0"
