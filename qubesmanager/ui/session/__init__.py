# SPDX-License-Identifier: GPL-3.0-or-later
"""What all windows share: the connection, tasks, THE WINDOWS, diagnostics."""
