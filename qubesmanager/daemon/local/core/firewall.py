# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewall rules that a qube has now: those that have not expired."""

import time
from functools import lru_cache

from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.wire.firewall import parse_rule

Rules = list[tuple[str, str]]
"""Id and text of each rule, in order."""


def rules_of(qube: Qube) -> Rules:
    """Id and text of each rule that has not expired, in order."""
    now = time.time()
    return [row for row in qube.rules if (expiry := expiry_of(row[1])) is None or now < expiry]


def expiry_of(text: str) -> int | None:
    """When a stored rule expires, in Unix seconds. A rule without the word is not parsed: lists are long."""
    return _parsed_expiry(text) if "expire=" in text else None


@lru_cache(maxsize=4096)
def _parsed_expiry(text: str) -> int | None:
    return parse_rule(text).expire
