# SPDX-License-Identifier: GPL-3.0-or-later
"""The restore wizard and its pages."""
