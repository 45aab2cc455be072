# SPDX-License-Identifier: GPL-3.0-or-later
"""The channels of the qubes that run: calls of guests to dom0 and to each other, and services that dom0 starts in one.

The source of a guest's call is the qube whose channel it came through, which is that of the socket's path; nothing that
the guest sends names it. The policy decides first, as for every way in but the socket of dom0. A guest learns no reason
of a refusal: those are in the log.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, suppress
from functools import partial
from uuid import UUID

from qubesmanager.daemon.admission.gate import Admitted, Gate
from qubesmanager.daemon.guest_channel import GuestChannel, Stream
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.daemon.local.services.disposables import Disposables
from qubesmanager.daemon.local.services.lifecycle import Lifecycle
from qubesmanager.guest.frames import (
    NO_SERVICE,
    REFUSED,
    Accepted,
    Call,
    Data,
    Ended,
    Err,
    Exited,
    NoStreamError,
    Refused,
    StreamGoneError,
)
from qubesmanager.policy.system_info import DISPVM_PREFIX
from qubesmanager.rules.actions import why_not_run
from qubesmanager.rules.facts import HALTED
from qubesmanager.wire import framing
from qubesmanager.wire.errors import Mgmt1Error, QubesVMNotFoundError
from qubesmanager.wire.event import Event
from qubesmanager.wire.events import DOMAIN_STATE
from qubesmanager.wire.framing import Header
from qubesmanager.wire.guest_services import ServiceResult
from qubesmanager.wire.limits import IDLE_SECONDS, SERVICE_OUTPUT_BYTES
from qubesmanager.wire.names import DOM0, shown
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import refusal, refuse_if, text
from qubesmanager.wire.values import PowerState, VmClass

log = logging.getLogger(__name__)

Answer = Callable[[str, str, str, str, AsyncIterator[bytes]], AsyncGenerator[bytes, None]]
"""Answers a call: source, service, argument, destination, payload; as `Dispatcher.answer`."""

_CONNECTED = frozenset({PowerState.RUNNING, PowerState.PAUSED, PowerState.SUSPENDED})
_ANSWERED_HERE = ("mgmt1.", "admin.")
"""The services of dom0."""
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0
"""Seconds between attempts to connect to a channel that ended while its qube runs."""
_LEAST_WAIT = 2.0
"""Seconds that a call waits for the agent of a guest that should have booted long ago."""
ACCEPT_SECONDS = 30.0
"""For a guest to accept or refuse a service."""

REFUSED_SECONDS = 0.05
"""After a refusal, before another call of that guest is looked at: one that goes on and on fills no log."""

# All that a guest learns of why not.
_POLICY_TEXT = text(Reason("guest-call-refused"))
_FAILED_TEXT = text(Reason("guest-call-failed"))
_NO_SERVICE_TEXT = text(Reason("guest-no-service"))


class GuestChannels:
    """`answer` answers the calls of guests to dom0; without it they are refused."""

    def __init__(self, runtime: Runtime, gate: Gate, lifecycle: Lifecycle, disposables: Disposables) -> None:
        self.answer: Answer | None = None
        self._runtime = runtime
        self._gate = gate
        self._lifecycle = lifecycle
        self._disposables = disposables
        self._kept: dict[UUID, asyncio.Event] = {}
        """By qube whose channel is kept: set when the state of the qube changes."""
        self._channels: dict[UUID, GuestChannel] = {}
        self._refused_until: dict[UUID, float] = {}
        """By qube: when its next call is looked at, by the loop's clock."""
        self._news = asyncio.Event()
        self._is_open = False
        runtime.subscribe(self._on_event, rows={DOMAIN_STATE})

    def open(self) -> None:
        """Connect to the qubes that run, and from now on to those that start."""
        self._is_open = True
        for qube in list(self._runtime.state.qubes.values()):
            self._look(qube)

    # -- keeping the channels -----------------------------------------------------------------------------------------

    def _on_event(self, event: Event) -> None:
        if self._is_open and event.subject in self._runtime.state.qubes:
            self._look(self._runtime.state.qubes[event.subject])
            self._changed()

    def _look(self, qube: Qube) -> None:
        """Connect to a qube that runs, and end the connection to one that has halted."""
        if qube.klass in {VmClass.ADMIN, VmClass.REMOTE}:
            return
        if (news := self._kept.get(qube.uuid)) is not None:
            news.set()
        elif qube.state in _CONNECTED:
            self._kept[qube.uuid] = asyncio.Event()
            self._runtime.spawn(f"keep the channel of {qube.name}", self._keep(qube))
        if qube.state in HALTED and (channel := self._channels.get(qube.uuid)) is not None:
            channel.close()

    async def _keep(self, qube: Qube) -> None:
        """Keep the channel of a qube connected until it halts, or for good if this run has no channel."""
        pause = _FIRST_PAUSE
        news = self._kept[qube.uuid]
        try:
            while qube.running and self._runtime.state.by_uuid.get(qube.uuid) is qube:
                news.clear()
                connected = time.monotonic()
                try:
                    if not await self._connect(qube):
                        return
                except (Mgmt1Error, OSError) as error:
                    level = logging.WARNING if pause == _FIRST_PAUSE and qube.running else logging.DEBUG
                    log.log(level, "There is no connection to the channel of %s: %s", qube.name, error)
                if time.monotonic() - connected > _LONGEST_PAUSE:
                    pause = _FIRST_PAUSE
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await news.wait()
                pause = min(2 * pause, _LONGEST_PAUSE)
        finally:
            del self._kept[qube.uuid]
            self._refused_until.pop(qube.uuid, None)
            # The qube may have been started again by now.
            if qube.state in HALTED:
                self._changed()

    async def _connect(self, qube: Qube) -> bool:
        """Serve the channel until it ends. False if the domain has none. Raises `Mgmt1Error` and `OSError`."""
        pipe = await self._runtime.hypervisor.open_channel(qube.uuid)
        if pipe is None:
            return False
        if not qube.running:
            pipe.close()
            return True
        channel = GuestChannel(
            qube.name, pipe, partial(self._answer_guest, qube), self._runtime.spawn, partial(self._turned, qube)
        )
        self._channels[qube.uuid] = channel
        try:
            await channel.run()
        finally:
            del self._channels[qube.uuid]
            self._turned(qube)
        return True

    def _turned(self, qube: Qube) -> None:
        """The agent of a guest has come or gone."""
        channel = self._channels.get(qube.uuid)
        is_up = channel is not None and channel.is_up
        if qube.has_agent is not is_up:
            qube.has_agent = is_up
            if self._runtime.state.by_uuid.get(qube.uuid) is qube:
                self._runtime.emit(self._runtime.state.property_changed(qube, "has_agent"))
        self._changed()

    def _changed(self) -> None:
        """Wake the callers of `_ready`."""
        self._news.set()
        self._news = asyncio.Event()

    async def _ready(self, qube: Qube, seconds: float) -> GuestChannel:
        """The channel of a qube that runs, once its agent answers. Raises `Mgmt1Error`."""
        try:
            async with asyncio.timeout(seconds):
                while (channel := self._channels.get(qube.uuid)) is None or not channel.is_up:
                    if not self._runtime.still(qube).running:
                        raise refusal("no-agent-halted", qube.name)
                    await self._news.wait()
        except TimeoutError:
            raise refusal("no-agent", qube.name) from None
        return channel

    async def _started(self, qube: Qube) -> GuestChannel:
        """As `_ready`, for a qube that is started if it does not run. It gets its `qrexec_timeout` from its start."""
        refuse_if(why_not_run(self._runtime.state, qube))
        if not qube.running:
            await self._lifecycle.start(qube.name)
        age = 0.0 if qube.start_time is None else time.time() - qube.start_time
        return await self._ready(qube, max(_LEAST_WAIT, int(qube.value("qrexec_timeout") or 0) - max(0.0, age)))

    # -- services that dom0 starts --------------------------------------------------------------------------------

    async def run(self, source: str, qube: Qube, call: str, stdin: bytes) -> ServiceResult:
        """Start a service in a qube, and wait for its end. `call` is `SERVICE` or `SERVICE+ARGUMENT`.

        A halted qube is started. A source that is not dom0 needs a line of the policy that allows it this service.
        Raises `Mgmt1Error`.
        """
        service, _, argument = call.partition("+")
        user = ""
        if source != DOM0:
            admitted = await self._gate.admit_qube(Header(service, argument, source, "name", qube.name))
            if admitted.target != qube.name:
                raise refusal("service-elsewhere", shown(admitted.target))
            user = admitted.user
        channel = await self._started(qube)
        try:
            stream = channel.open(Call(service, f"+{argument}", source, user))
        except NoStreamError:
            raise refusal("services-too-many", qube.name) from None
        try:
            await self._accepted(stream, qube, service)
            return await _output(stream, qube, service, stdin)
        finally:
            stream.reset()

    async def _accepted(self, stream: Stream, qube: Qube, service: str) -> None:
        """Wait until the guest has begun the service. Raises `Mgmt1Error`."""
        try:
            async with asyncio.timeout(ACCEPT_SECONDS):
                answer = await stream.next()
        except TimeoutError:
            raise refusal("agent-silent", qube.name) from None
        match answer:
            case Accepted():
                return
            case Refused(_, code) if code == NO_SERVICE:
                raise refusal("no-service-in-qube", qube.name, shown(service))
            case Refused(_, _, untrusted_text):
                raise refusal("service-refused", qube.name, shown(service), shown(untrusted_text, 200))
        raise refusal("agent-lost", qube.name)

    # -- calls of guests ----------------------------------------------------------------------------------------------

    async def _answer_guest(self, qube: Qube, stream: Stream, call: Call) -> None:
        """Answer one call of a guest."""
        header = Header(call.service, call.argument.removeprefix("+"), qube.name, "name", call.name or "@default")
        loop = asyncio.get_running_loop()
        await asyncio.sleep(self._refused_until.get(qube.uuid, 0.0) - loop.time())
        try:
            admitted = await self._gate.admit_qube(header)
        except Mgmt1Error as error:
            log.info("A call of %s is refused: %s", qube.name, shown(str(error), 300))
            self._refused_until[qube.uuid] = max(loop.time(), self._refused_until.get(qube.uuid, 0.0)) + REFUSED_SECONDS
            stream.refuse(REFUSED, _POLICY_TEXT)
            return
        if not admitted.destination:
            await self._forward(qube, stream, call, admitted)
        elif self.answer is None or not call.service.startswith(_ANSWERED_HERE):
            stream.refuse(NO_SERVICE, _NO_SERVICE_TEXT)
        else:
            await self._dispatch(self.answer, stream, header, admitted.destination)

    async def _dispatch(self, answer: Answer, stream: Stream, header: Header, destination: str) -> None:
        """Have dom0 answer. What has begun when the guest gives up is carried out; a stream of events ends then."""
        stream.accept()
        stream.ends_with_guest = False
        pieces = answer(
            header.source, header.untrusted_service, header.untrusted_argument, destination, _payload(stream)
        )
        async with aclosing(pieces):
            async for piece in pieces:
                if piece.startswith(framing.EVENT):
                    stream.ends_with_guest = True
                    if stream.final is not None:
                        return
                if stream.final is None:
                    await _write_if_there(stream, piece)
        if stream.final is None:
            stream.end()
            stream.exit(0)

    async def _forward(self, source: Qube, stream: Stream, call: Call, admitted: Admitted) -> None:
        """Have another qube answer."""
        disposable: Qube | None = None
        other: Stream | None = None
        try:
            target = await self._target(admitted)
            if admitted.target.startswith(DISPVM_PREFIX):
                disposable = target
            if not target.running and not admitted.is_started:
                raise refusal("no-agent-halted", target.name)
            channel = await self._started(target)
            other = channel.open(Call(call.service, call.argument, source.name, admitted.user))
            await self._join(stream, other, target, call.service)
        except (Mgmt1Error, NoStreamError, ValueError) as error:
            log.info("A call of %s to %s fails: %s", source.name, admitted.target, shown(str(error), 300))
            is_missing = other is not None and isinstance(other.final, Refused) and other.final.code == NO_SERVICE
            stream.refuse(NO_SERVICE if is_missing else REFUSED, _NO_SERVICE_TEXT if is_missing else _FAILED_TEXT)
        finally:
            if other is not None:
                other.reset()
            if disposable is not None:
                self._runtime.persist(
                    f"remove the disposable {disposable.name}", partial(self._remove, disposable), of=disposable
                )

    async def _target(self, admitted: Admitted) -> Qube:
        """The qube that answers; a new disposable for `@dispvm:NAME`. Raises `Mgmt1Error`."""
        state = self._runtime.state
        if not admitted.target.startswith(DISPVM_PREFIX):
            return state.qube(state.resolve(admitted.target))
        template = state.resolve(admitted.target.removeprefix(DISPVM_PREFIX))
        # By dom0: the caller gets no rights to it.
        return state.qube(await self._disposables.create(DOM0, template))

    async def _remove(self, disposable: Qube) -> None:
        """End a disposable that was made for one call."""
        try:
            if disposable.running:
                await self._lifecycle.kill(disposable.name)
            else:
                await self._disposables.discard(disposable)
        except QubesVMNotFoundError:
            return

    async def _join(self, stream: Stream, other: Stream, target: Qube, service: str) -> None:
        """Pass on what the caller and the service send, until one has ended. Raises `Mgmt1Error` before that."""
        await self._accepted(other, target, service)
        stream.accept()
        passing = asyncio.get_running_loop().create_task(_pass_input(stream, other))
        try:
            await _pass_output(other, stream)
        finally:
            passing.cancel()
            await asyncio.wait([passing])


async def _pass_input(caller: Stream, service: Stream) -> None:
    """Pass on the caller's data. A caller that is gone ends the service."""
    try:
        while True:
            match await caller.next():
                case Data(_, data):
                    await service.write(data)
                case Ended():
                    service.end()
                case _:
                    service.reset()
                    return
    except StreamGoneError:
        return


async def _pass_output(service: Stream, caller: Stream) -> None:
    """Pass on what the service writes; its standard error stays with its host."""
    while True:
        match await service.next():
            case Data(_, data):
                await caller.write(data)
            case Ended():
                caller.end()
            case Err():
                continue
            case Exited(_, code):
                caller.exit(code)
                return
            case _:
                caller.reset()
                return


async def _output(stream: Stream, qube: Qube, service: str, stdin: bytes) -> ServiceResult:
    """What the service writes until it ends. Raises `Mgmt1Error` if that is too much, or the guest breaks off."""
    giving = asyncio.get_running_loop().create_task(_give(stream, stdin))
    stdout, stderr = bytearray(), bytearray()
    try:
        while True:
            match await stream.next():
                case Data(_, data):
                    stdout += data
                case Err(_, data):
                    stderr += data
                case Exited(_, code):
                    return ServiceResult(code, bytes(stdout), bytes(stderr))
                case Ended():
                    continue
                case _:
                    raise refusal("agent-lost", qube.name)
            if len(stdout) + len(stderr) > SERVICE_OUTPUT_BYTES:
                raise refusal("service-output", qube.name, shown(service), SERVICE_OUTPUT_BYTES)
    finally:
        giving.cancel()
        await asyncio.wait([giving])


async def _give(stream: Stream, stdin: bytes) -> None:
    try:
        await stream.write(stdin)
        stream.end()
    except StreamGoneError:
        return


async def _write_if_there(stream: Stream, piece: bytes) -> None:
    try:
        await stream.write(piece)
    except StreamGoneError:
        log.debug("A guest does not wait for its answer")


async def _payload(stream: Stream) -> AsyncGenerator[bytes, None]:
    """The payload of a guest's call. Raises `ProtocolError` for one that stops before its end."""
    while True:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                item = await stream.next()
        except TimeoutError as error:
            raise refusal("payload-stalled", f"{IDLE_SECONDS:g}") from error
        match item:
            case Data(_, data):
                yield data
            case Ended():
                return
            case _:
                raise refusal("payload-left")
