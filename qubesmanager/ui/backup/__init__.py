# SPDX-License-Identifier: GPL-3.0-or-later
"""The backup wizard, and the backups in progress of any client."""
