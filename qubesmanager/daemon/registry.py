# SPDX-License-Identifier: GPL-3.0-or-later
"""Handlers by call: `@answers(calls.VM_START)` registers one, and a type checker compares its signature with the row.

A backend has one `Registry` and offers dispatch what `Backend` says.
"""

import importlib
import pkgutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, overload

from qubesmanager.wire.call import AnyCall, Call, EventsCall, RowsCall
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.event import Event
from qubesmanager.wire.reasons import refusal
from qubesmanager.wire.values import DeviceClass

C = TypeVar("C")
A = TypeVar("A")
P = TypeVar("P")
R = TypeVar("R")

Handler = Callable[[Any, Any, Any], Any]


class Made(NamedTuple):
    """The call that a source made, in the words of the policy; the argument begins with `+`."""

    service: str
    argument: str


class Backend(Protocol):
    """The side that answers, as dispatch needs it."""

    @property
    def prefix(self) -> str:
        """The prefix of the names of its calls."""

    @property
    def calls(self) -> Mapping[str, AnyCall]:
        """Its concrete calls by service name."""

    def explained(self, error: Mgmt1Error) -> Mgmt1Error:
        """The error as the callers of this backend know it."""

    def resolve(self, untrusted_dest: str) -> str:
        """The name of the qube (or dom0) that a name or `uuid:…` means.

        Raises `QubesVMNotFoundError`, and `ProtocolError` or `QubesValueError` for what is neither.
        """

    def handler(self, call: AnyCall) -> Handler:
        """The handler of a concrete call. Raises `QubesNotImplementedError`."""

    async def prepare(self, source: str) -> None:
        """Make ready what `context` looks at for calls of the source."""

    def context(self, source: str, dest: str, call: AnyCall, made: Made) -> Any:
        """The first argument of the handler. It is made before the payload is read, so it keeps the qube of `dest`.

        `made`: what the source called; it is another call than `call` if this is a part of the answer.
        Raises `QubesVMNotFoundError`.
        """

    def within(self, context: Any, call: AnyCall, granted: str = "") -> Any:
        """The context of another call to the same destination by the same source.

        `granted`: a qube that this call may name although its source does not see it.
        """


class ContextOfCall:
    """The common part of the contexts of all backends; `call` is the call that is answered."""

    __slots__ = ()
    call: AnyCall

    @property
    def device_class(self) -> DeviceClass:
        """The device class in the call's name."""
        if self.call.device_class is None:
            raise TypeError(f"{self.call.name} has no device class")
        return self.call.device_class


def import_modules(path: Iterable[str], package: str) -> None:
    """Import every module of a package of handlers, and so register them."""
    for module in pkgutil.iter_modules(path, f"{package}."):
        importlib.import_module(module.name)


class Registry(Generic[C]):
    """The handlers of one backend, whose context is a `C`."""

    def __init__(self) -> None:
        self.handlers: dict[str, Handler] = {}

    @overload
    def answers(
        self, call: EventsCall
    ) -> Callable[
        [Callable[[C, None, None], AsyncIterator[Event]]], Callable[[C, None, None], AsyncIterator[Event]]
    ]: ...
    @overload
    def answers(  # type: ignore[overload-overlap] # a RowsCall is a Call as well, and the first match wins
        self, call: RowsCall[A, P, R]
    ) -> Callable[[Callable[[C, A, P], AsyncIterator[R]]], Callable[[C, A, P], AsyncIterator[R]]]: ...
    @overload
    def answers(
        self, call: Call[A, P, R]
    ) -> Callable[[Callable[[C, A, P], Awaitable[R]]], Callable[[C, A, P], Awaitable[R]]]: ...
    def answers(self, call: AnyCall) -> Callable[[Handler], Handler]:
        """Register the decorated function as the call's handler: `(context, argument, payload)` to the answer's value.

        Raises `ValueError` for a second handler of one call.
        """

        def register(handler: Handler) -> Handler:
            if call.family in self.handlers:
                raise ValueError(f"{call.family} has two handlers")
            self.handlers[call.family] = handler
            return handler

        return register

    def handler(self, call: AnyCall) -> Handler:
        """The call's handler. Raises `QubesNotImplementedError` for a row that this backend does not answer."""
        handlers = self.handlers.get(call.family)
        if handlers is None:
            raise refusal("call-not-here", call.name)
        return handlers
