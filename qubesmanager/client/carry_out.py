# SPDX-License-Identifier: GPL-3.0-or-later
"""Carrying out a plan: a few rows at a time, each after those that it needs, stopped or going on at a refusal.

Nothing waits for what the plan does not do itself: a row whose need was not done is not begun, and is reported. Once a
start is refused for lack of memory, no start that takes as much is begun. What a restart has halted is started again
before it halts more, so that each qube is away as short as the order of the network allows. Its start is tried whatever
else was refused: the qube has given its memory back, and a plan that stops leaves no qube down that could run.

A plan that `is_whole` is carried out as a whole or not at all: what was done before a refusal is taken back.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from heapq import heappop, heappush
from typing import Protocol

from qubesmanager.client.client import Client
from qubesmanager.plans.plan import AT_A_TIME, Group, Plan, Row, RowKey, Step
from qubesmanager.transport.base import TransportError
from qubesmanager.wire.errors import Mgmt1Error, QubesMemoryError
from qubesmanager.wire.reason import Reason

AT_ONCE = 200
"""Rows that end together, after which others get a turn."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`sent` came true, in order; `failed` did not, with its error; what came after it was not sent."""

    sent: tuple[Step, ...]
    failed: Step | None = None
    error: Mgmt1Error | TransportError | None = None


async def send_steps(client: Client, steps: Sequence[Step]) -> Outcome:
    """Send the steps one after the other until one is refused or not answered."""
    for at, step in enumerate(steps):
        try:
            await client.send(step.request)
        except (Mgmt1Error, TransportError) as error:
            return Outcome(tuple(steps[:at]), step, error)
    return Outcome(tuple(steps))


async def send_whole(client: Client, steps: Sequence[Step]) -> Outcome:
    """Send all of the steps, or none: what was sent before a refusal is taken back, the last first.

    After a failure `sent` has the steps that could not be taken back. A cancelled call takes back too, and then raises.
    """
    sent: list[Step] = []
    try:
        for step in steps:
            sent.append(step)
            await client.send(step.request)
    except Mgmt1Error as error:
        return Outcome(await _take_back(client, sent[:-1]), sent[-1], error)
    except TransportError as error:
        return Outcome(await _take_back(client, sent[:-1], sent[-1]), sent[-1], error)
    except asyncio.CancelledError:
        await _take_back(client, sent[:-1], sent[-1])
        raise
    return Outcome(tuple(steps))


async def _take_back(client: Client, sent: Sequence[Step], unanswered: Step | None = None) -> tuple[Step, ...]:
    """Send the opposites; returns the steps that stay. A refusal of that of `unanswered` says that it was not done."""
    left: list[Step] = []
    for step in reversed([*sent, *filter(None, [unanswered])]):
        try:
            if step.opposite is None:
                left.append(step)
            else:
                await client.send(step.opposite)
        except Mgmt1Error:
            if step is not unanswered:
                left.append(step)
        except TransportError:
            left.append(step)
    return tuple(reversed(left))


class End(Enum):
    """How a row of a plan ended."""

    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    """Its call was under way when the connection was closed: it may have been carried out."""
    NOT_BEGUN = "not-begun"


@dataclass(frozen=True, slots=True)
class RowEnd:
    """How a row ended, and why it was not done: the error of its call, or the reason why it was not begun.

    `failed`: the step that was refused or not answered.
    """

    end: End
    error: Mgmt1Error | TransportError | None = None
    failed: Step | None = None
    reason: Reason | None = None


class Watcher(Protocol):
    """Follows a plan that is carried out."""

    def begun(self, row: Row) -> None:
        """The first call of the row is sent."""

    def ended(self, row: Row, end: RowEnd) -> None:
        """The row is done, refused, or is not begun at all."""


@dataclass(slots=True)
class Carrier:
    """Carries out one plan. `ends` are the rows that have ended, also after `run` was cancelled.

    A cancelled `run` begins nothing more but the starts of what it has halted, and waits for these and for the calls
    under way, unless `is_closing` says that the connection ends; cancelled once more it does not wait either.
    """

    client: Client
    plan: Plan
    watcher: Watcher
    stops_at_refusal: bool = False
    is_closing: Callable[[], bool] = lambda: False
    ends: dict[RowKey, RowEnd] = field(default_factory=dict)
    _rows: dict[RowKey, Row] = field(default_factory=dict)
    _left: dict[RowKey, Row] = field(default_factory=dict)
    _places: dict[RowKey, int] = field(default_factory=dict)
    """In which order rows begin that are ready at the same time."""
    _behind: dict[RowKey, list[RowKey]] = field(default_factory=dict)
    """The rows that begin after a row has ended."""
    _waits: dict[RowKey, int] = field(default_factory=dict)
    """How many rows must end before a row begins."""
    _ready: list[tuple[int, RowKey]] = field(default_factory=list)
    """A heap of the rows that wait for none."""
    _doubtful: dict[RowKey, list[RowKey]] = field(default_factory=dict)
    """Rows that waited for rows which were not done, since they were last looked at."""
    _has_failed: bool = False
    _short: Row | None = None
    """The smallest start that was refused for lack of memory, of those whose memory is known."""
    _is_shorter: bool = False
    """That start is another one since the rows were last looked at."""
    _under_way: dict["asyncio.Task[Outcome]", Row] = field(default_factory=dict)

    @property
    def done(self) -> frozenset[RowKey]:
        """The rows that came true."""
        return frozenset(key for key, end in self.ends.items() if end.end is End.DONE)

    @property
    def down(self) -> tuple[str, ...]:
        """The qubes that the plan has halted, and has not started again as it should."""
        done = self.done
        again = (row for row in self.plan.changes if row.group is Group.START_AGAIN)
        return tuple(row.qube for row in again if row.needs <= done and row.key not in done)

    async def run(self) -> None:
        """Carry the plan out. Its refusals are in `ends`; raises only `CancelledError`."""
        if self.plan.is_whole:
            await self._run_whole()
            return
        self._line_up()
        try:
            while await self._begin_ready():
                await self._until_one_ends()
                if self.stops_at_refusal and self._has_failed:
                    await self._stop()
        except asyncio.CancelledError:
            await self._finish()
            raise
        finally:
            await self._give_up()

    async def _run_whole(self) -> None:
        """Carry out all rows in their order, or none. A row that could not be taken back is done."""
        rows = self.plan.changes
        self._left = {row.key: row for row in rows}
        outcome, cut_off = None, RowEnd(End.NOT_BEGUN)
        try:
            for at, row in enumerate(rows, 1):
                self.watcher.begun(row)
                await _turn(at)
            cut_off = RowEnd(End.CANCELLED)
            outcome = await send_whole(self.client, self.plan.steps)
            await self._end_each((row, _end_in_whole(row, outcome)) for row in rows)
        finally:  # at once, if this is cancelled
            for row in list(self._left.values()):
                self._end(row, _end_in_whole(row, outcome) if outcome is not None else cut_off)

    def _line_up(self) -> None:
        """Look once at what each row waits for, so that an end need not look at all rows."""
        rows = sorted(self.plan.changes, key=lambda row: row.group is not Group.START_AGAIN)
        self._left = {row.key: row for row in rows}
        self._rows = dict(self._left)
        for place, row in enumerate(rows):
            self._places[row.key] = place
            before = [key for key in row.needs | row.after if key in self._rows]
            self._waits[row.key] = len(before)
            for key in before:
                self._behind.setdefault(key, []).append(row.key)
            if not before:
                heappush(self._ready, (place, row.key))

    async def _begin_ready(self) -> bool:
        """Begin what can be begun now; returns whether anything is under way."""
        await self._drop()
        while self._ready and len(self._under_way) < AT_A_TIME:
            _place, key = heappop(self._ready)
            row = self._left.pop(key, None)
            if row is None:
                continue
            self.watcher.begun(row)
            task = asyncio.get_running_loop().create_task(send_steps(self.client, row.steps), name=row.qube)
            self._under_way[task] = row
        return bool(self._under_way)

    async def _stop(self) -> None:
        """Give up all rows but the starts of what the plan has halted, or is halting now."""
        begun = {row.key for row in self._under_way.values()} | self.done
        given_up = [row for row in self._left.values() if row.group is not Group.START_AGAIN or not row.needs <= begun]
        await self._end_each((row, RowEnd(End.NOT_BEGUN)) for row in given_up)

    async def _drop(self) -> None:
        """End the rows that cannot be begun any longer, and then those that need these."""
        while self._doubtful or self._is_shorter:
            keys = list(self._left) if self._is_shorter else sorted(self._doubtful, key=self._places.__getitem__)
            doubtful, self._doubtful, self._is_shorter = self._doubtful, {}, False
            rows = [self._left[key] for key in keys if key in self._left]
            reasons = [(row, self._why_not_begun(row, doubtful.get(row.key, ()))) for row in rows]
            await self._end_each((row, RowEnd(End.NOT_BEGUN, reason=why)) for row, why in reasons if why is not None)

    async def _give_up(self) -> None:
        """End what is left: calls that are cancelled, and rows that were never begun."""
        try:
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)
            await self._end_each(self._unfinished())
        finally:  # at once, if this is cancelled too
            for row, end in self._unfinished():
                self._end(row, end)
            self._under_way.clear()

    def _unfinished(self) -> list[tuple[Row, RowEnd]]:
        """The rows that have no end, and the ends of a plan that is given up."""
        called = (row for row in self._under_way.values() if row.key not in self.ends)
        return [
            *((row, RowEnd(End.CANCELLED)) for row in called),
            *((row, RowEnd(End.NOT_BEGUN)) for row in self._left.values()),
        ]

    def _why_not_begun(self, row: Row, not_done: Sequence[RowKey]) -> Reason | None:
        """Why a row whose turn has not come is given up: what it needs was not done, or there is no memory for it.

        `not_done`: those of the rows before it that were not done, and not yet looked at.
        """
        before = min((key for key in not_done if key in row.needs), default=None)
        before = before or min((key for key in not_done if key in row.after and self._is_missing(key)), default=None)
        if before is not None:
            return Reason("row-before-failed", before[0])
        if self._short is not None and row.memory >= self._short.memory:
            return Reason("no-memory-for", self._short.qube)
        return None

    def _has_not_come_true(self, key: RowKey) -> bool:
        return key in self.ends and self.ends[key].end is not End.DONE

    def _is_missing(self, key: RowKey) -> bool:
        """Whether a row was not done although what it needs was: a net qube that has halted and does not start."""
        return self._has_not_come_true(key) and not any(map(self._has_not_come_true, self._rows[key].needs))

    async def _until_one_ends(self) -> None:
        ended, _ = await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
        for task in [task for task in self._under_way if task in ended]:
            row, outcome = self._under_way.pop(task), task.result()
            end = End.DONE if outcome.failed is None else End.FAILED
            self._has_failed = self._has_failed or end is End.FAILED
            if isinstance(outcome.error, QubesMemoryError) and row.memory:
                short, self._short = self._short, min(self._short or row, row, key=lambda short: short.memory)
                self._is_shorter = self._is_shorter or self._short is not short
            self._end(row, RowEnd(end, outcome.error, outcome.failed))

    async def _finish(self) -> None:
        """Wait for what is under way, and start again what the plan has halted."""
        await self._stop()
        while not self.is_closing() and await self._begin_ready():
            await self._until_one_ends()

    async def _end_each(self, ends: Iterable[tuple[Row, RowEnd]]) -> None:
        """End rows, with a turn for others after some."""
        for at, (row, end) in enumerate(ends, 1):
            self._end(row, end)
            await _turn(at)

    def _end(self, row: Row, end: RowEnd) -> None:
        self._left.pop(row.key, None)
        self.ends[row.key] = end
        for key in self._behind.get(row.key, ()):
            self._waits[key] -= 1
            if not self._waits[key]:
                heappush(self._ready, (self._places[key], key))
            if end.end is not End.DONE:
                self._doubtful.setdefault(key, []).append(row.key)
        self.watcher.ended(row, end)


async def _turn(at: int) -> None:
    """Let others run, after each `AT_ONCE` rows."""
    if at % AT_ONCE == 0:
        await asyncio.sleep(0)


def _end_in_whole(row: Row, outcome: Outcome) -> RowEnd:
    """How a row of a plan ended of which all or nothing is carried out."""
    if outcome.failed is None:
        return RowEnd(End.DONE)
    if outcome.failed in row.steps:
        return RowEnd(End.FAILED, outcome.error, outcome.failed)
    is_left = any(step in outcome.sent for step in row.steps)
    return RowEnd(End.DONE) if is_left else RowEnd(End.NOT_BEGUN, reason=Reason("taken-back"))
