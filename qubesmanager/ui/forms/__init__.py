# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields, editors and bars of pages over a draft of changes."""
