# SPDX-License-Identifier: GPL-3.0-or-later
"""The labels that a new system starts with."""

LABELS = {
    "red": "0xCC0000",
    "orange": "0xF57900",
    "yellow": "0xEDD400",
    "green": "0x73D216",
    "gray": "0x555753",
    "blue": "0x3465A4",
    "purple": "0x75507B",
    "black": "0x000000",
}
"""Colour by name, from least to most trusted."""

UNKNOWN_COLOR = "0x888888"
"""The colour of a label whose own colour is lost."""
