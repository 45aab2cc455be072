# SPDX-License-Identifier: GPL-3.0-or-later
"""Qubes: list, create, remove, lifecycle, state; firewall; events."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from typing import cast

from qubesmanager.admin import calls
from qubesmanager.admin.codecs import CurrentState, Ending
from qubesmanager.admin.events import Translator
from qubesmanager.daemon.dialect.context import Asking, answers
from qubesmanager.rules.creation import DEFAULT_SOURCE
from qubesmanager.wire import calls as mgmt1
from qubesmanager.wire.codecs import CreateInPoolSpec, CreateSpec, VmInfo
from qubesmanager.wire.errors import (
    Mgmt1Error,
    ProtocolError,
    QubesNoTemplateError,
    QubesVMNotHaltedError,
    QubesVMNotRunningError,
    QubesVMNotStartedError,
)
from qubesmanager.wire.event import Event
from qubesmanager.wire.event_row import flag_text
from qubesmanager.wire.events import CONNECTION_ESTABLISHED, row_of
from qubesmanager.wire.firewall import Rule, parse_rule
from qubesmanager.wire.names import DOM0, UUID_PREFIX, shown
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import error_for, refusal
from qubesmanager.wire.values import DeviceClass, PowerState, VmClass

# -- lists ------------------------------------------------------------------------------------------------------------


@answers(calls.VM_LIST)
async def list_vms(asking: Asking, _arg: None, _payload: None) -> list[VmInfo]:
    return await asking.ask(mgmt1.VM_LIST(asking.dest))


@answers(calls.VMCLASS_LIST)
async def list_classes(asking: Asking, _arg: None, _payload: None) -> list[str]:
    return sorted(row.klass for row in await asking.ask(mgmt1.VMCLASS_LIST(DOM0)))


_DEVICE_ORDER = (DeviceClass.MIC, DeviceClass.USB, DeviceClass.BLOCK, DeviceClass.PCI)


@answers(calls.DEVICECLASS_LIST)
async def list_device_classes(asking: Asking, _arg: None, _payload: None) -> list[DeviceClass]:
    classes = await asking.ask(mgmt1.DEVICECLASS_LIST(DOM0))
    return sorted(classes, key=_DEVICE_ORDER.index)


# -- create and remove ------------------------------------------------------------------------------------------------


async def _template(asking: Asking, klass: VmClass, name: str | None) -> str:
    """The destination of a mgmt1 call that creates a qube from a template: dom0 where none is named.

    The name comes in the argument, so policy need not have looked at it. Raises `QubesVMNotFoundError` for a template
    that the source does not see, unless it is the system's default for qubes of the class; `QubesNoTemplateError` for
    dom0.
    """
    if name is None:
        return DOM0
    if name == DOM0:  # which means the default in mgmt1
        code = "not-disposable-template" if klass is VmClass.DISP else "not-a-template"
        raise error_for(Reason(code, DOM0), QubesNoTemplateError)
    if (
        not await asking.sees(name)
        and name != (await asking.ask(mgmt1.PROPERTY_GET(DOM0, DEFAULT_SOURCE[klass]))).value
    ):
        raise refusal("no-such-qube", shown(name))
    return name


@answers(calls.VM_CREATE_APP)
async def create_app(asking: Asking, template: str | None, spec: CreateSpec) -> None:
    source = await _template(asking, VmClass.APP, template)
    await asking.ask(mgmt1.VM_CREATE(source, VmClass.APP, spec))


def _check_empty(template: str | None, klass: VmClass) -> None:
    """Raises `ProtocolError` for a class whose qubes begin with empty volumes."""
    if template is not None:
        raise ProtocolError(f"{klass} cannot be based on template")


@answers(calls.VM_CREATE_STANDALONE)
async def create_standalone(asking: Asking, template: str | None, spec: CreateSpec) -> None:
    _check_empty(template, VmClass.STANDALONE)
    await asking.ask(mgmt1.VM_CREATE(DOM0, VmClass.STANDALONE, spec))


@answers(calls.VM_CREATE_REMOTE)
async def create_remote(asking: Asking, template: str | None, spec: CreateSpec) -> None:
    _check_empty(template, VmClass.REMOTE)
    await asking.ask(mgmt1.VM_CREATE(DOM0, VmClass.REMOTE, spec))


@answers(calls.VM_CREATE_DISP)
async def create_disposable_to_keep(asking: Asking, template: str | None, spec: CreateSpec) -> None:
    source = await _template(asking, VmClass.DISP, template)
    await asking.ask(mgmt1.VM_CREATE_KEPT_DISPOSABLE(source, payload=spec))


@answers(calls.VM_CREATE_IN_POOL_APP)
async def create_app_in_pool(asking: Asking, template: str | None, spec: CreateInPoolSpec) -> None:
    source = await _template(asking, VmClass.APP, template)
    await asking.ask(mgmt1.VM_CREATE_IN_POOL(source, VmClass.APP, spec))


@answers(calls.VM_CREATE_IN_POOL_STANDALONE)
async def create_standalone_in_pool(asking: Asking, template: str | None, spec: CreateInPoolSpec) -> None:
    _check_empty(template, VmClass.STANDALONE)
    await asking.ask(mgmt1.VM_CREATE_IN_POOL(DOM0, VmClass.STANDALONE, spec))


@answers(calls.VM_CREATE_TEMPLATE)
async def create_template(asking: Asking, template: str | None, spec: CreateSpec) -> None:
    _check_empty(template, VmClass.TEMPLATE)
    await asking.ask(mgmt1.VM_CREATE_EMPTY_TEMPLATE(DOM0, payload=CreateInPoolSpec(spec.name, spec.label)))


@answers(calls.VM_CREATE_IN_POOL_TEMPLATE)
async def create_template_in_pool(asking: Asking, template: str | None, spec: CreateInPoolSpec) -> None:
    _check_empty(template, VmClass.TEMPLATE)
    await asking.ask(mgmt1.VM_CREATE_EMPTY_TEMPLATE(DOM0, payload=spec))


@answers(calls.VM_CREATE_DISPOSABLE)
async def create_disposable(asking: Asking, preload: str, form: str) -> str:
    if form not in {"", "uuid"}:
        raise ProtocolError("unexpected payload")
    if preload:
        return ""
    template = asking.dest
    if template == DOM0:
        template = (await asking.ask(mgmt1.VM_PROPERTY_GET(asking.source, "default_dispvm"))).value
        if not template:
            raise Mgmt1Error("There is no default disposable template.")
    name = await asking.ask(mgmt1.VM_CREATE_DISPOSABLE(template))
    if form == "uuid":
        return f"{UUID_PREFIX}{await asking.uuid(name)}"
    return name


@answers(calls.VM_REMOVE)
async def remove(asking: Asking, _arg: None, _payload: None) -> None:
    await asking.ask(mgmt1.VM_REMOVE(asking.dest))


# -- lifecycle --------------------------------------------------------------------------------------------------------


@answers(calls.VM_START)
async def start(asking: Asking, _arg: None, _payload: None) -> None:
    if asking.dest == DOM0:
        raise QubesVMNotHaltedError("Cannot start Dom0 fake domain!")
    try:
        await asking.ask(mgmt1.VM_START(asking.dest))
    except QubesVMNotRunningError as error:
        # Qubes OS does nothing for a paused or suspended qube.
        if error.reason not in {Reason("qube-paused", asking.dest), Reason("qube-suspended", asking.dest)}:
            raise


@answers(calls.VM_SHUTDOWN)
async def shutdown(asking: Asking, ending: Ending, _payload: None) -> None:
    options = {"force": flag_text(ending.force), "wait": flag_text(ending.wait)}
    with _not_started(asking.dest):
        await asking.ask(mgmt1.VM_SHUTDOWN_WITH(asking.dest, payload=options))


@answers(calls.VM_KILL)
async def kill(asking: Asking, _arg: None, _payload: None) -> None:
    if asking.dest == DOM0:
        raise Mgmt1Error.from_wire("QubesVMError", "Cannot kill Dom0 fake domain!")
    with _not_started(asking.dest):
        await asking.ask(mgmt1.VM_KILL(asking.dest))


@contextmanager
def _not_started(name: str) -> Iterator[None]:
    """The type of error that the tools expect where a qube that is to end does not run."""
    try:
        yield
    except QubesVMNotRunningError as error:
        if error.reason is None or error.reason.code != "qube-not-running":
            raise
        raise QubesVMNotStartedError(f"Domain is powered off: '{name}'") from error


@answers(calls.VM_PAUSE)
async def pause(asking: Asking, _arg: None, _payload: None) -> None:
    try:
        await asking.ask(mgmt1.VM_PAUSE(asking.dest))
    except QubesVMNotRunningError as error:
        if error.reason != Reason("qube-already-paused", asking.dest):
            raise


@answers(calls.VM_UNPAUSE)
async def unpause(asking: Asking, _arg: None, _payload: None) -> None:
    await asking.ask(mgmt1.VM_UNPAUSE(asking.dest))


@answers(calls.VM_SUSPEND)
async def suspend(asking: Asking, _arg: None, _payload: None) -> None:
    await asking.ask(mgmt1.VM_SUSPEND(asking.dest))


@answers(calls.VM_RESUME)
async def resume(asking: Asking, _arg: None, _payload: None) -> None:
    await asking.ask(mgmt1.VM_RESUME(asking.dest))


@answers(calls.VM_CURRENT_STATE)
async def current_state(asking: Asking, _arg: None, _payload: None) -> CurrentState:
    state = await asking.ask(mgmt1.VM_CURRENT_STATE(asking.dest))
    most = state.mem
    if state.mem and asking.dest != DOM0:
        maxmem = int((await asking.ask(mgmt1.VM_PROPERTY_GET(asking.dest, "maxmem"))).value or 0)
        most = max(maxmem << 10, state.mem)
    return CurrentState(state.state, state.mem, most, state.cputime * 1_000_000)


@answers(calls.VM_CONSOLE)
async def console(asking: Asking, _arg: None, _payload: None) -> str:
    return await asking.ask(mgmt1.VM_CONSOLE(asking.dest))


# -- firewall ---------------------------------------------------------------------------------------------------------

_DROP = parse_rule("action=drop")


@answers(calls.VM_FIREWALL_GET)
async def get_firewall(asking: Asking, _arg: None, _payload: None) -> list[Rule]:
    asking.check_not_dom0()
    return [parse_rule(row.rule) for row in await asking.ask(mgmt1.VM_FIREWALL_GET(asking.dest))] or [_DROP]


@answers(calls.VM_FIREWALL_SET)
async def set_firewall(asking: Asking, _arg: None, rules: list[Rule]) -> None:
    asking.check_not_dom0()
    await asking.ask(mgmt1.VM_FIREWALL_REPLACE(asking.dest, payload=[str(rule) for rule in rules]))


@answers(calls.VM_FIREWALL_RELOAD)
async def reload_firewall(asking: Asking, _arg: None, _payload: None) -> None:
    asking.check_not_dom0()
    await asking.ask(mgmt1.VM_FIREWALL_RELOAD(asking.dest))


# -- events -----------------------------------------------------------------------------------------------------------


@answers(calls.EVENTS)
async def events(asking: Asking, _arg: None, _payload: None) -> AsyncGenerator[Event, None]:
    """The listener is subscribed before the qubes are listed: what changes meanwhile comes as an event after it."""
    async with aclosing(cast(AsyncGenerator[Event, None], asking.events(mgmt1.EVENTS(asking.dest)))) as stream:
        translator: Translator | None = None
        async for event in stream:
            if translator is None:
                known = await asking.ask(mgmt1.VM_LIST(asking.dest))
                translator = Translator(known, asking.shared)
            for translated in translator.translate(event):
                yield translated


@answers(calls.VM_STATS)
async def stats(asking: Asking, _arg: None, _payload: None) -> AsyncGenerator[Event, None]:
    async with aclosing(cast(AsyncGenerator[Event, None], asking.events(mgmt1.VM_STATS(asking.dest)))) as stream:
        translator = Translator((), asking.shared)
        async for event in stream:
            for translated in translator.translate(event):
                yield translated
            if asking.dest != DOM0 and row_of(event) is CONNECTION_ESTABLISHED:
                await _runs(asking)


async def _runs(asking: Asking) -> None:
    """Raises `QubesVMNotRunningError`, as Qubes OS does after the first event of a stream."""
    state = (await asking.ask(mgmt1.VM_CURRENT_STATE(asking.dest))).state
    if state is not PowerState.RUNNING:
        raise QubesVMNotRunningError(f"Domain not running (either powered off or paused): '{asking.dest}'")
