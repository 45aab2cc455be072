# SPDX-License-Identifier: GPL-3.0-or-later
"""Which caller may do what: the policy files."""
