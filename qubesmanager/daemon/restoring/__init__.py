# SPDX-License-Identifier: GPL-3.0-or-later
"""Restoring, as far as it does not depend on who makes the qubes: the daemon itself, or qubesd."""
