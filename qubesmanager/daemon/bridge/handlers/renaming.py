# SPDX-License-Identifier: GPL-3.0-or-later
"""A new name for a qube, which Qubes OS cannot give: the qube is cloned, and the old one removed, as its manager does.

Between the two, everything that refers to the old one is changed to the clone.
Until the clone is whole a failure leaves nothing of it. After that both qubes stay, and the error says what refers to
which of them.
"""

from contextlib import suppress
from dataclasses import dataclass

from qubesmanager.admin import calls
from qubesmanager.daemon.bridge.context import Context, MirrorFacts
from qubesmanager.daemon.bridge.handlers.creating import IDENTIFYING, Made, copy_qube, remove_made
from qubesmanager.daemon.bridge.handlers.devices import assign_request, assignments, unassign_request
from qubesmanager.rules.actions import why_not_rename
from qubesmanager.rules.facts import QubeFacts, own_value
from qubesmanager.rules.references import REFERENCES, SYSTEM_REFERENCES
from qubesmanager.wire.call import Request
from qubesmanager.wire.codecs import CloneSpec
from qubesmanager.wire.errors import Mgmt1Error, NoAnswerError
from qubesmanager.wire.names import DOM0, manager_tag, why_not_new_vm_name
from qubesmanager.wire.reasons import cause, error_for, refusal, refuse_if
from qubesmanager.wire.values import DeviceClass


@dataclass(frozen=True, slots=True)
class _Step:
    """One reference in words, and the calls that change it to the new qube; `back` undoes the first of them."""

    what: str
    requests: tuple[Request[None], ...]
    back: Request[None] | None = None

    async def change(self, context: Context) -> None:
        """Raises what the first call that fails answers."""
        try:
            for request in self.requests:
                await context.change(request)
        except Mgmt1Error:
            if self.back is not None:
                with suppress(Mgmt1Error):
                    await context.change(self.back)
            raise


async def rename(context: Context, new: str) -> None:
    """Clone, change what refers to it, remove. Raises before anything is changed if it cannot be renamed."""
    source = await context.mirror.record(context.dest)
    facts = await context.facts()
    if new == source.name:
        return
    refuse_if(why_not_rename(facts, source))
    if reason := why_not_new_vm_name(new):
        raise error_for(reason)
    if new in facts.qubes:
        raise refusal("name-taken", new)
    if running := [qube.name for qube in facts.qubes.values() if qube.running and _is_based_on(qube, source.name)]:
        raise refusal("qubes-rename-running", source.name, ", ".join(sorted(running)))
    old = Made(source.name, source.value("uuid"))
    steps = [*_steps(context, facts, old.name, new), *await _devices(context, old.name, new)]
    await copy_qube(context, source, CloneSpec(new), IDENTIFYING, with_devices=True)
    changed: list[str] = []
    try:
        for step in steps:
            await step.change(context)
            changed.append(step.what)
        await remove_made(context, old)
    except Mgmt1Error as error:
        if isinstance(error, NoAnswerError):
            context.mirror.reread(old.name)
        left = [step.what for step in steps[len(changed) :]]
        raise refusal(
            "qubes-both-kept", old.name, new, ", ".join(changed) or "-", ", ".join(left) or "-", cause(error)
        ) from error


def _is_based_on(qube: QubeFacts, name: str) -> bool:
    return own_value(qube, "template") == name


def _steps(context: Context, facts: MirrorFacts, old: str, new: str) -> list[_Step]:
    """Everything that refers to the old qube, but the devices that it offers. Templates' users are halted by now."""
    others = [qube for name, qube in facts.qubes.items() if name != old]
    steps = [
        _Step(f"{qube.name} ({key})", (calls.VM_PROPERTY_SET(qube.name, key, new),))
        for qube in others
        for key in REFERENCES
        if own_value(qube, key) == old
    ]
    steps += [
        _Step(key, (calls.PROPERTY_SET(DOM0, key, new),))
        for key in SYSTEM_REFERENCES
        if (row := context.mirror.system.get(key)) is not None and row.value == old and not row.is_default
    ]
    before, after = manager_tag(old), manager_tag(new)
    steps += [
        _Step(f"{name} ({before})", (calls.VM_TAG_SET(name, after), calls.VM_TAG_REMOVE(name, before)))
        for name, record in context.mirror.records.items()
        if before in record.tags and name != old
    ]
    return steps


async def _devices(context: Context, old: str, new: str) -> list[_Step]:
    """The assignments of devices that the old qube offers."""
    users = [
        (record.name, kind)
        for record in context.mirror.records.values()
        for kind in DeviceClass
        if any(device.backend == old and device.device_class == kind for device in record.devices)
    ]
    steps: list[_Step] = []
    for user, kind in users:
        for port, options in await assignments(context, user, kind):
            if port.backend == old:
                # The old one first: both may ask for the same place in the qube.
                unassign = await unassign_request(context, user, kind, port)
                assign = await assign_request(context, user, kind, port._replace(backend=new), options)
                back = await assign_request(context, user, kind, port, options)
                steps.append(_Step(f"{user} ({kind} device {port.port})", (unassign, assign), back))
    return steps
