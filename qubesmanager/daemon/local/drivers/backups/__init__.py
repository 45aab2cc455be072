# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups and the world outside: the folder of profiles, where a backup goes to, and the thread that the engine has."""
