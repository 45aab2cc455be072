# SPDX-License-Identifier: GPL-3.0-or-later
"""What the computer and its qubes use now and used in the last hour, from the statistics; no figure is guessed."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from qubesmanager.models.stats_history import INTERVAL, History
from qubesmanager.models.texts import whole_number
from qubesmanager.rules.facts import QubeFacts, Qubes
from qubesmanager.wire.event import Event
from qubesmanager.wire.events import VM_STATS
from qubesmanager.wire.values import PowerState, VmClass

STEP = 30
"""Seconds between two points of the last hour."""
POINTS = 120
BUSY = 95
"""Percent of its processors from which a qube is at its limit."""
NAMED = 5
"""Qubes that the bar of memory names; the others are one share."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A point of the last hour: Unix seconds, percent of all processors (None: not known), and KiB in use."""

    time: float
    cpu: float | None
    memory: int


@dataclass(frozen=True, slots=True)
class Use:
    """What a qube uses: KiB of memory, of at most so many (0: not known), and percent of its processors."""

    name: str
    memory: int
    most: int
    cpu: int
    is_paused: bool
    is_fixed: bool
    """Its memory is not balanced."""
    busy: int
    """Seconds that it has been at the limit of its processors."""


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the memory: of a qube, or of `others`, which is then how many there are."""

    name: str
    memory: int
    others: int = 0


class Resources:
    """Told of statistics and of the computer's memory. `interval` is the seconds between two rounds of statistics."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self.histories: dict[str, History] = {}
        self.total: int | None = None
        """KiB of the computer; None: not known."""
        self.free: int | None = None
        self.cpus: int | None = None
        self.interval = INTERVAL
        self.hour: deque[Moment] = deque(maxlen=POINTS)

    def put_host(self, memory: Mapping[str, str]) -> None:
        """What `host.Memory` answered; a number that is missing or none is not known."""
        self.total, self.free, self.cpus = (whole_number(memory.get(key, "")) for key in ("total", "free", "cpus"))

    def put_stats(self, events: Iterable[Event], qubes: Qubes) -> None:
        """A round of statistics. Qubes that do not run are forgotten."""
        for event in events:
            if (statistics := VM_STATS.of(event)) is not None and event.subject in qubes:
                history = self.histories.setdefault(event.subject, History())
                history.add(statistics.cpu_usage, statistics.memory_kb, self._clock(), self.interval)
        self.keep_running(qubes)
        if self.histories:
            self._put_moment(self.cpu(qubes), self.memory())

    def keep_running(self, qubes: Qubes) -> bool:
        """Forget the qubes that do not run; whether there was any."""
        stopped = [name for name in self.histories if name not in qubes or not qubes[name].running]
        for name in stopped:
            del self.histories[name]
        return bool(stopped)

    def _put_moment(self, cpu: float | None, memory: int) -> None:
        """Add a point to the hour every `STEP` seconds; until then the last one follows: a round comes in parts."""
        now = self._clock()
        while self.hour and self.hour[-1].time > now:  # the clock was set back
            self.hour.pop()
        while self.hour and now - self.hour[0].time > STEP * POINTS:  # the computer was suspended
            self.hour.popleft()
        if self.hour and now - self.hour[-1].time < STEP:
            now = self.hour.pop().time
        self.hour.append(Moment(now, cpu, memory))

    def memory(self) -> int:
        """KiB that dom0 and the qubes use now, as far as statistics say it."""
        return sum(history.memory_kib for history in self.histories.values())

    def cpu(self, qubes: Qubes) -> float | None:
        """Percent of all processors that are busy; None where their number is not known."""
        if not self.cpus or not self.histories:
            return None
        busy = sum(history.cpu * self._vcpus(qubes.get(name)) for name, history in self.histories.items())
        return min(100.0, busy / self.cpus)

    def uses(self, qubes: Qubes, *, is_mean: bool = False) -> list[Use]:
        """All that run and have statistics, those with most memory first. `is_mean`: the mean of the last minutes."""
        rows = [
            self._use(qubes[name], history, history.mean() if is_mean else history)
            for name, history in self.histories.items()
            if name in qubes
        ]
        return sorted(rows, key=lambda use: (-use.memory, use.name))

    def shares(self, qubes: Qubes) -> list[Share]:
        """The parts of the memory, the largest first, and what the others take together."""
        uses = self.uses(qubes)
        first, rest = uses[:NAMED], uses[NAMED:]
        if len(rest) == 1:
            first, rest = uses, []
        shares = [Share(use.name, use.memory) for use in first]
        return [*shares, Share("", sum(use.memory for use in rest), len(rest))] if rest else shares

    def _vcpus(self, qube: QubeFacts | None) -> int:
        """The processors that the percent of a qube are of: dom0 has all."""
        if qube is None or qube.klass is VmClass.ADMIN:
            return self.cpus or 0
        number = whole_number(qube.value("vcpus"))
        return 1 if number is None else number

    def _use(self, qube: QubeFacts, history: History, shown: History) -> Use:
        initial, most = (whole_number(qube.value(key)) or 0 for key in ("memory", "maxmem"))
        busy = 0
        for value in reversed(history.cpus):
            if value is None or value < BUSY:
                break
            busy += self.interval
        is_dom0 = qube.klass is VmClass.ADMIN
        return Use(
            qube.name,
            shown.memory_kib,
            0 if is_dom0 else max(most, initial) << 10,
            shown.cpu,
            qube.state is PowerState.PAUSED,
            not is_dom0 and most == 0 and initial > 0,
            busy,
        )
