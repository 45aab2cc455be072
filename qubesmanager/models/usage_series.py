# SPDX-License-Identifier: GPL-3.0-or-later
"""How much pools and qubes took over the last weeks: a bounded series for each, kept as text between two starts."""

import json
from collections.abc import Mapping

from qubesmanager.rules.forecast import WINDOW, Sample

SPACING = 6 * 3600
"""Seconds between two measurements that are kept."""
LENGTH = WINDOW // SPACING
"""Measurements that are kept of each."""
MOST = 400
"""Series that are kept: all pools, and the largest qubes."""
POOL, METADATA, QUBE = "pool:", "metadata:", "qube:"


class UsageSeries:
    """Series of bytes by a key, `POOL`, `METADATA` or `QUBE` and a name.

    `text` and the constructor are the way to a file.
    """

    def __init__(self, text: str = "") -> None:
        self._series: dict[str, list[Sample]] = _read(text)

    def of(self, key: str) -> list[Sample]:
        """The measurements, oldest first."""
        return list(self._series.get(key, ()))

    @property
    def newest(self) -> int:
        """Unix seconds of the last measurement; 0 if there is none."""
        return max((series[-1][0] for series in self._series.values() if series), default=0)

    def is_due(self, now: int) -> bool:
        """Whether the last measurement is old enough for another one. One from the future is none."""
        moments = [series[-1][0] for series in self._series.values() if series]
        return all(now - moment >= SPACING for moment in moments if moment <= now)

    def put(self, sizes: Mapping[str, int], now: int) -> None:
        """Add a measurement of each. Older ones stay for `WINDOW` seconds, also of what is not measured this time.

        Measurements that are in the future, by a wrong clock, are dropped.
        """
        series: dict[str, list[Sample]] = {}
        for key in self._series.keys() | sizes.keys():
            kept = [sample for sample in self._series.get(key, ()) if now - WINDOW <= sample[0] < now]
            new = [(now, max(0, sizes[key]))] if key in sizes else []
            if kept or new:
                series[key] = [*kept, *new][-LENGTH:]
        chosen = sorted(series, key=lambda key: (not key.startswith((POOL, METADATA)), -series[key][-1][1], key))[:MOST]
        self._series = {key: series[key] for key in chosen}

    def text(self) -> str:
        """All of it, for the settings."""
        return json.dumps(self._series, separators=(",", ":"))


def _read(text: str) -> dict[str, list[Sample]]:
    """The series of a text; none of a damaged one."""
    try:
        data = json.loads(text or "{}")
        return {
            str(key): [(int(moment), int(size)) for moment, size in samples][-LENGTH:]
            for key, samples in list(data.items())[:MOST]
        }
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return {}
