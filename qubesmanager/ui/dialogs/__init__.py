# SPDX-License-Identifier: GPL-3.0-or-later
"""Dialogs that ask what an action needs to know."""
