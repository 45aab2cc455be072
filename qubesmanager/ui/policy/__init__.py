# SPDX-License-Identifier: GPL-3.0-or-later
"""The window of qrexec's policy, and that of the rights of one qube."""
