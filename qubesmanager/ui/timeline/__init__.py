# SPDX-License-Identifier: GPL-3.0-or-later
"""The timeline: what changed, when, by which source; and how a change is taken back."""
