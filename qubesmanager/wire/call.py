# SPDX-License-Identifier: GPL-3.0-or-later
"""The type of a row of the call table: a typed call, and the requests it makes.

A row is also the method: `calls.VM_START("work")` is a frozen `Request`, and a type checker knows what its answer is.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar, overload

from qubesmanager.wire import codecs
from qubesmanager.wire.codecs import Codec
from qubesmanager.wire.event import Event
from qubesmanager.wire.limits import PAYLOAD_BYTES
from qubesmanager.wire.names import shown
from qubesmanager.wire.reasons import refusal
from qubesmanager.wire.values import Dest, DeviceClass, Tier

A = TypeVar("A")
P = TypeVar("P")
R = TypeVar("R")
X = TypeVar("X")

CLASS_MARK = "<class>"
"""The placeholder for a device class in a row's name."""


@dataclass(frozen=True, slots=True)
class Request(Generic[R]):
    """One call with everything it takes. `payload` is bytes, or a stream that is read once."""

    call: "Call[Any, Any, R]"
    dest: str
    argument: str
    payload: bytes | AsyncIterator[bytes]

    @property
    def service(self) -> str:
        return self.call.name

    def decode(self, untrusted_content: bytes) -> R:
        """The value of an OK answer's content. Raises `ProtocolError`."""
        return self.call.result.decode(untrusted_content)


@dataclass(frozen=True, slots=True)
class Call(Generic[A, P, R]):
    """A row: the name on the wire, what it may be sent to, the policy tier, what goes in and what comes out.

    `limit` bounds the payload in bytes, unless it is streamed. `draft` says that the row is in the 2016 draft.
    `device_class` is set in a row made by `of`. `time_limit` is how many seconds a client waits for the whole answer
    before it gives up (the call may go on); None for calls whose length the data decides. `secret`: the payload may
    hold a passphrase, so no log quotes any of it. `argument_tiers` are arguments for which another tier decides.

    `uses` are the mgmt1 rows that answer a row of another dialect. `large`: the answer may have many megabytes, so it
    is encoded and decoded in a thread.
    """

    name: str
    dest: Dest
    tier: Tier
    arg: Codec[A]
    payload: Codec[P]
    result: Codec[R]
    doc: str
    limit: int = PAYLOAD_BYTES
    draft: bool = True
    device_class: DeviceClass | None = None
    time_limit: float | None = 60.0
    secret: bool = False
    argument_tiers: tuple[tuple[str, Tier], ...] = ()
    uses: "tuple[Call[Any, Any, Any], ...]" = ()
    large: bool = False

    @property
    def streams_in(self) -> bool:
        """Whether the payload is read as it comes and never held whole."""
        return self.payload is codecs.STREAM

    @property
    def family(self) -> str:
        """The name without its device class: what handlers and documents are keyed by."""
        if self.device_class is None:
            return self.name
        return self.name.replace(f".device.{self.device_class}.", f".device.{CLASS_MARK}.")

    @property
    def tiers(self) -> str:
        """The tier in words, with those of its arguments: `mgmt1-local-rwx; +name: mgmt1-global-rwx`."""
        return "; ".join((self.tier, *(f"+{argument}: {tier}" for argument, tier in self.argument_tiers)))

    @property
    def classed(self) -> bool:
        """Whether the row is one call for each device class."""
        return CLASS_MARK in self.name

    def of(self, device_class: DeviceClass) -> "Call[A, P, R]":
        """The row of one device class."""
        return replace(self, name=self.name.replace(CLASS_MARK, device_class), device_class=device_class)

    def concrete(self) -> "tuple[Call[A, P, R], ...]":
        """The calls of this row: itself, or one for each device class."""
        return tuple(self.of(each) for each in DeviceClass) if self.classed else (self,)

    @overload
    def __call__(self: "Call[None, None, R]", dest: str) -> Request[R]: ...
    @overload
    def __call__(self: "Call[X | None, None, R]", dest: str, arg: X | None = None) -> Request[R]: ...
    @overload
    def __call__(self: "Call[X, None, R]", dest: str, arg: X) -> Request[R]: ...
    @overload
    def __call__(self: "Call[None, P, R]", dest: str, *, payload: P) -> Request[R]: ...
    @overload
    def __call__(self, dest: str, arg: A, payload: P) -> Request[R]: ...
    def __call__(self, dest: str, arg: Any = None, payload: Any = None) -> Request[Any]:
        """A request. A missing or surplus argument or payload is a type error, so nothing is checked here.

        Raises `ProtocolError` for an argument that is not ASCII: it cannot be sent at all.
        """
        try:
            untrusted = self.arg.encode(arg).decode("ascii")
        except UnicodeError as error:
            raise refusal("not-valid", self.arg.what, shown(str(arg))) from error
        body = payload if self.streams_in else self.payload.encode(payload)
        return Request(self, dest, untrusted, body)


@dataclass(frozen=True, slots=True)
class RowsCall(Call[A, P, R]):
    """A call whose answer comes row by row as it is produced: `result` is the codec of one row."""


@dataclass(frozen=True, slots=True)
class EventsCall(Call[None, None, Event]):
    """A call that is answered with events until one side closes the connection."""


AnyCall = Call[Any, Any, Any]
