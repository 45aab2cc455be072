# SPDX-License-Identifier: GPL-3.0-or-later
"""The systems that need no dom0: the demonstration, and the small real one."""
