# SPDX-License-Identifier: GPL-3.0-or-later
"""A small system that answers the calls of a plan by the shared rules, and random systems for it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace

from hypothesis import strategies as st
from samples import vm

from qubesmanager.client.client import Client
from qubesmanager.client.live_copy import LiveCopy
from qubesmanager.rules import actions
from qubesmanager.rules.edits import why_not_edit, why_not_set, why_not_set_system
from qubesmanager.rules.inheritance import origin
from qubesmanager.transport.base import Answer
from qubesmanager.transport.memory import MemoryTransport
from qubesmanager.wire import framing
from qubesmanager.wire.errors import Mgmt1Error, QubesMemoryError
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import error_for
from qubesmanager.wire.records import PropertyValue, VmRecord
from qubesmanager.wire.values import PowerState, VmClass

NETS = ("net", "wall", "vpn")
GUESTS = ("base", "spare", "dvm", *NETS, "work", "mail", "vault", "disp")
DEFAULTS = {"label": "red", "template": "base", "memory": "400", "include_in_backups": "yes"}


class ModelSystem:
    """Qubes as records. A call is refused by the rules of the daemon, or changes a record at once.

    While `hangs` is set no call is answered. `never` are qubes that do not start, `stays` those that do not halt.
    `slow`: how many turns of the loop a call takes longer than others, by its text as in `sent`.
    `free`: MiB of memory that are left for starts; None: as much as it takes.
    `most`: the most calls that were under way at the same time. `sent`: the calls in order, as `vm.Start work`.
    """

    def __init__(self, facts: LiveCopy) -> None:
        self.facts = facts
        self.sent: list[str] = []
        self.under_way = 0
        self.most = 0
        self.free: int | None = None
        self.never: frozenset[str] = frozenset()
        self.stays: frozenset[str] = frozenset()
        self.slow: dict[str, int] = {}
        self.hangs = asyncio.Event()
        self.client = Client(MemoryTransport(self._answer))

    async def _answer(
        self, source: str, service: str, argument: str, dest: str, untrusted_payload: AsyncIterator[bytes]
    ) -> Answer:
        assert source == "dom0"
        payload = b"".join([piece async for piece in untrusted_payload]).decode()
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        text = f"{service.removeprefix('mgmt1.')} {dest}"
        self.sent.append(text)
        try:
            for _ in range(self.slow.get(text, 0)):
                await asyncio.sleep(0)
            await asyncio.sleep(3600 if self.hangs.is_set() else 0)
            if service == "mgmt1.vm.Start" and self.free is not None:
                self._take_memory(dest)
            self._refuse(service, dest)
            DO[service.removeprefix("mgmt1.")](self.facts, dest, argument, payload)
        except Mgmt1Error as error:
            yield framing.encode_error(error)
        else:
            yield framing.OK
        finally:
            self.under_way -= 1

    def _refuse(self, service: str, dest: str) -> None:
        if dest in {"mgmt1.vm.Start": self.never, "mgmt1.vm.Shutdown": self.stays}.get(service, ()):
            raise Mgmt1Error("It does not.")

    def _take_memory(self, name: str) -> None:
        need, free = int(self.facts.qubes[name].value("memory")), self.free or 0
        if need > free:
            raise QubesMemoryError("There is no memory left.")
        self.free = free - need


def _check(reason: Reason | None) -> None:
    if reason is not None and reason.code not in actions.DONE_ALREADY:
        raise error_for(reason)


def _put(facts: LiveCopy, record: VmRecord) -> None:
    facts.qubes[record.name] = record
    for name, other in list(facts.qubes.items()):  # defaults follow
        if (value := other.properties.get("netvm")) and value.is_default:
            facts.qubes[name] = _with(other, "netvm", PropertyValue(default(facts, other, "netvm"), True))


def _own(record: VmRecord, properties: Mapping[str, str]) -> VmRecord:
    """The record with these properties as its own."""
    return replace(
        record,
        properties={**record.properties, **{key: PropertyValue(value, False) for key, value in properties.items()}},
    )


def _with(record: VmRecord, prop: str, value: PropertyValue) -> VmRecord:
    return replace(record, properties={**record.properties, prop: value})


def default(facts: LiveCopy, record: VmRecord, prop: str) -> str:
    """What the daemon computes."""
    came = origin(record, prop, facts.qubes)
    if came is None:
        return DEFAULTS.get(prop, "")
    value = facts.qubes[came.template].value(prop) if came.template else facts.system(came.system)
    return "" if prop == "netvm" and value == record.name else value


def _set(facts: LiveCopy, name: str, prop: str, value: str) -> None:
    _check(why_not_set(facts, facts.qubes[name], prop, value))
    _put(facts, _with(facts.qubes[name], prop, PropertyValue(value, False)))


def _reset(facts: LiveCopy, name: str, prop: str, _payload: str) -> None:
    _check(why_not_edit(facts, facts.qubes[name], prop))
    _put(facts, _with(facts.qubes[name], prop, PropertyValue(default(facts, facts.qubes[name], prop), True)))


def _system(facts: LiveCopy, _name: str, prop: str, value: str) -> None:
    _check(why_not_set_system(facts, prop, value))
    facts.system_properties[prop] = value
    _put(facts, next(iter(facts.qubes.values())))


def _state(why_not: actions.WhyNot, state: PowerState) -> Callable[[LiveCopy, str, str, str], None]:
    def change(facts: LiveCopy, name: str, _argument: str, _payload: str) -> None:
        record = facts.qubes[name]
        _check(why_not(facts, record))
        if state is PowerState.RUNNING and (netvm := record.value("netvm")):
            change(facts, netvm, "", "") if not facts.qubes[netvm].running else None
        if state is PowerState.HALTED and record.flag("auto_cleanup"):
            del facts.qubes[name]
        else:
            facts.qubes[name] = replace(record, state=state)

    return change


def _remove(facts: LiveCopy, name: str, _argument: str, _payload: str) -> None:
    _check(actions.why_not_remove(facts, facts.qubes[name]))
    del facts.qubes[name]


DO: dict[str, Callable[[LiveCopy, str, str, str], None]] = {
    "vm.property.Set": _set,
    "vm.property.Reset": _reset,
    "property.Set": _system,
    "vm.Start": _state(actions.why_not_start, PowerState.RUNNING),
    "vm.Shutdown": _state(actions.why_not_shutdown, PowerState.HALTED),
    "vm.Kill": _state(actions.why_not_kill, PowerState.HALTED),
    "vm.Pause": _state(actions.why_not_pause, PowerState.PAUSED),
    "vm.Unpause": _state(actions.why_not_unpause, PowerState.RUNNING),
    "vm.Suspend": _state(actions.why_not_suspend, PowerState.SUSPENDED),
    "vm.Resume": _state(actions.why_not_resume, PowerState.RUNNING),
    "vm.Remove": _remove,
}


@st.composite
def systems(draw: st.DrawFn) -> LiveCopy:
    """Every class but StandaloneVM, chains of netvms without loops, some qubes running with their netvms or paused."""
    facts = LiveCopy(
        {
            "dom0": vm("dom0", VmClass.ADMIN, PowerState.RUNNING),
            "base": vm("base", VmClass.TEMPLATE, label="black"),
            "spare": vm("spare", VmClass.TEMPLATE, label="black"),
            "dvm": vm("dvm", template="base", template_for_dispvms="yes"),
            "net": vm("net", template="base", provides_network="yes", netvm=""),
        },
        {"default_netvm": draw(st.sampled_from(("", "net"))), "default_template": "base", "default_dispvm": "dvm"},
    )

    def add(name: str, klass: VmClass = VmClass.APP, **properties: str) -> None:
        netvm = draw(st.sampled_from(("default", "", *(net for net in NETS if net in facts.qubes and net != name))))
        if netvm != "default":
            properties["netvm"] = netvm
        _put(facts, _own(vm(name, klass), properties))

    add("wall", template="base", provides_network="yes")
    add("vpn", template="base", provides_network="yes")
    _put(facts, vm("dvm", template="base", template_for_dispvms="yes", netvm=draw(st.sampled_from(("", *NETS)))))
    for name in ("work", "mail", "vault"):
        add(name, template=draw(st.sampled_from(("base", "spare"))))
    add("disp", VmClass.DISP, template="dvm", auto_cleanup=draw(st.sampled_from(("yes", "no"))))
    for name in draw(st.lists(st.sampled_from(GUESTS), unique=True)):
        if name in facts.qubes and actions.why_not_start(facts, facts.qubes[name]) is None:
            DO["vm.Start"](facts, name, "", "")
    for name in draw(st.lists(st.sampled_from(("work", "mail", "wall")), max_size=1)):
        if facts.qubes[name].running:
            facts.qubes[name] = replace(facts.qubes[name], state=PowerState.PAUSED)
    return facts
