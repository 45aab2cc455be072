# SPDX-License-Identifier: GPL-3.0-or-later
"""Computations about thousands of qubes in steps, for a caller that must not be kept waiting.

A stepwise function is written as a generator: it yields after each qube that it looked at, and returns the result.
Called, it does all of it at once. A window takes its `steps` and runs them for a few milliseconds in each turn of its
loop, on a snapshot of the facts. A thread would not do: it takes the interpreter lock again after each call that Qt
makes to Python, up to five milliseconds each time, and Qt makes hundreds of them to paint a table.
"""

from collections.abc import Callable, Generator, Iterable
from functools import update_wrapper
from typing import Generic, ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")
Item = TypeVar("Item")

Steps = Generator[None, None, T]
"""Yields after each short step, and returns a result."""


class Stepwise(Generic[P, T]):
    """A function whose work can be spread over turns: `steps` gives the generator, a call the result."""

    def __init__(self, steps: Callable[P, Steps[T]]) -> None:
        self.steps = steps
        update_wrapper(self, steps)

    def __call__(self, *args: P.args, **options: P.kwargs) -> T:
        return all_at_once(self.steps(*args, **options))


def all_at_once(steps: Steps[T]) -> T:
    """Run all steps; their result."""
    try:
        while True:
            next(steps)
    except StopIteration as end:
        return cast("T", end.value)


def of_each(items: Iterable[Item], make: Callable[[Item], T]) -> Steps[list[T]]:
    """What `make` gives for each of the items, one in each step."""
    results: list[T] = []
    for item in items:
        results.append(make(item))
        yield
    return results
