# SPDX-License-Identifier: GPL-3.0-or-later
"""A passphrase made by the machine: strong enough for the key derivation that takes next to no time (`generated`)."""

import secrets

_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_GROUPS = 6
_GROUP = 5


def generated() -> str:
    """150 random bits, as six groups of five letters and digits that are hard to mistake for each other."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))
