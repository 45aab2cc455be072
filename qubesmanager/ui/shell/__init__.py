# SPDX-License-Identifier: GPL-3.0-or-later
"""The application around the windows: its loop, the tray program, one instance a user."""
