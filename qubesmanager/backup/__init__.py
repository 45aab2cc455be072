# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups: profiles, schedules, retention and passphrases; the format is in `backup.archive`.

Everything here blocks and belongs into a thread of the caller's. Nothing knows a store or starts a process.
"""
