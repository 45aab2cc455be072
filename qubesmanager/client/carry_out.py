# SPDX-License-Identifier: GPL-3.0-or-later
"""Carrying out a plan: a few rows at a time, each after those that it needs, stopped or going on at a refusal.

Nothing waits for what the plan does not do itself: a row whose need was not done is not begun, and is reported. Once a
start is refused for lack of memory, no start that takes as much is begun. What a restart has halted is started again
before it halts more, so that each qube is away as short as the order of the network allows. Its start is tried whatever
else was refused: the qube has given its memory back, and a plan that stops leaves no qube down that could run.

A plan that `is_whole` is carried out as a whole or not at all: what was done before a refusal is taken back.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from qubesmanager.client.client import Client
from qubesmanager.plans.plan import AT_A_TIME, Group, Plan, Row, RowKey, Step
from qubesmanager.transport.base import TransportError
from qubesmanager.wire.errors import Mgmt1Error, QubesMemoryError
from qubesmanager.wire.reason import Reason


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
    _has_failed: bool = False
    _short: Row | None = None
    """The smallest start that was refused for lack of memory, of those whose memory is known."""
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
        rows = sorted(self.plan.changes, key=lambda row: row.group is not Group.START_AGAIN)
        self._left = {row.key: row for row in rows}
        self._rows = dict(self._left)
        try:
            while self._begin_ready():
                await self._until_one_ends()
                if self.stops_at_refusal and self._has_failed:
                    self._stop()
        except asyncio.CancelledError:
            await self._finish()
            raise
        finally:
            await self._give_up()

    async def _run_whole(self) -> None:
        """Carry out all rows in their order, or none. A row that could not be taken back is done."""
        rows = self.plan.changes
        self._left = {row.key: row for row in rows}
        for row in rows:
            self.watcher.begun(row)
        try:
            outcome = await send_whole(self.client, self.plan.steps)
        except asyncio.CancelledError:
            for row in rows:
                self._end(self._left.pop(row.key), RowEnd(End.CANCELLED))
            raise
        for row in rows:
            self._end(self._left.pop(row.key), _end_in_whole(row, outcome))

    def _begin_ready(self) -> bool:
        """Begin what can be begun now; returns whether anything is under way."""
        if self._has_failed:
            self._drop()
        ready: list[Row] = []
        for row in self._left.values():
            if len(ready) + len(self._under_way) >= AT_A_TIME:
                break
            if all(key in self.ends or key not in self._rows for key in row.needs | row.after):
                ready.append(row)
        for row in ready:
            del self._left[row.key]
            self.watcher.begun(row)
            task = asyncio.get_running_loop().create_task(send_steps(self.client, row.steps), name=row.qube)
            self._under_way[task] = row
        return bool(self._under_way)

    def _stop(self) -> None:
        """Give up all rows but the starts of what the plan has halted, or is halting now."""
        begun = {row.key for row in self._under_way.values()} | self.done
        for key, row in list(self._left.items()):
            if row.group is not Group.START_AGAIN or not row.needs <= begun:
                self._end(self._left.pop(key), RowEnd(End.NOT_BEGUN))

    def _drop(self) -> None:
        """End the rows that cannot be begun any longer, and then those that need these."""
        dropped = True
        while dropped:
            reasons = {key: why for key, row in self._left.items() if (why := self._why_not_begun(row)) is not None}
            for key, reason in reasons.items():
                self._end(self._left.pop(key), RowEnd(End.NOT_BEGUN, reason=reason))
            dropped = bool(reasons)

    async def _give_up(self) -> None:
        """End what is left: calls that are cancelled, and rows that were never begun."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        for row in self._under_way.values():
            self._end(row, RowEnd(End.CANCELLED))
        self._under_way.clear()
        for row in self._left.values():
            self._end(row, RowEnd(End.NOT_BEGUN))
        self._left.clear()

    def _why_not_begun(self, row: Row) -> Reason | None:
        """Why a row whose turn has not come is given up: what it needs was not done, or there is no memory for it."""
        before = next((key for key in sorted(row.needs) if self._has_not_come_true(key)), None)
        before = before or next((key for key in sorted(row.after) if self._is_missing(key)), None)
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
        for task in ended:
            row, outcome = self._under_way.pop(task), task.result()
            end = End.DONE if outcome.failed is None else End.FAILED
            self._has_failed = self._has_failed or end is End.FAILED
            if isinstance(outcome.error, QubesMemoryError) and row.memory:
                self._short = min(self._short or row, row, key=lambda short: short.memory)
            self._end(row, RowEnd(end, outcome.error, outcome.failed))

    async def _finish(self) -> None:
        """Wait for what is under way, and start again what the plan has halted."""
        self._stop()
        # A start whose net qube did not come back is dropped.
        self._has_failed = True
        while not self.is_closing() and self._begin_ready():
            await self._until_one_ends()

    def _end(self, row: Row, end: RowEnd) -> None:
        self.ends[row.key] = end
        self.watcher.ended(row, end)


def _end_in_whole(row: Row, outcome: Outcome) -> RowEnd:
    """How a row of a plan ended of which all or nothing is carried out."""
    if outcome.failed is None:
        return RowEnd(End.DONE)
    if outcome.failed in row.steps:
        return RowEnd(End.FAILED, outcome.error, outcome.failed)
    is_left = any(step in outcome.sent for step in row.steps)
    return RowEnd(End.DONE) if is_left else RowEnd(End.NOT_BEGUN, reason=Reason("taken-back"))
