# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups: profiles, schedules, retention and passphrases; the format is in `backup.archive`.

Everything here blocks: call it in a thread. Nothing knows a store or starts a process.
"""
