# SPDX-License-Identifier: GPL-3.0-or-later
"""Storage pools: one protocol (`base`), its drivers, and the table of them."""
