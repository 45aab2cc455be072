# SPDX-License-Identifier: GPL-3.0-or-later
"""The window with the logs of a qube."""
