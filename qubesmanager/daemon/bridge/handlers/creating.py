# SPDX-License-Identifier: GPL-3.0-or-later
"""Creating, cloning and removing qubes: several calls of qubesd, of which what was made is removed if one fails.

A qube is removed again by its uuid: another client may have made one of the same name meanwhile.
"""

import logging
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from qubesmanager.admin import calls
from qubesmanager.admin.codecs import TRUE
from qubesmanager.admin.properties import sent
from qubesmanager.daemon.bridge.context import Context, answers
from qubesmanager.daemon.bridge.handlers.devices import assign_request, assignments
from qubesmanager.daemon.bridge.handlers.storage import copy_volume
from qubesmanager.daemon.bridge.reading import NOTES
from qubesmanager.rules.actions import why_not_clone
from qubesmanager.rules.creation import why_not_based_on
from qubesmanager.rules.references import referrers
from qubesmanager.wire import calls as m
from qubesmanager.wire.call import Request
from qubesmanager.wire.codecs import CloneSpec, CreateInPoolSpec, CreateSpec, Mention
from qubesmanager.wire.errors import (
    Mgmt1Error,
    NoAnswerError,
    PermissionDenied,
    QubesNoTemplateError,
    QubesVMInUseError,
    QubesVMNotFoundError,
)
from qubesmanager.wire.names import CREATED_BY, DOM0, UUID_PREFIX, shown
from qubesmanager.wire.reasons import cause, error_for, refusal, refuse_if
from qubesmanager.wire.records import VmRecord
from qubesmanager.wire.values import VmClass

log = logging.getLogger(__name__)

# -- what was made, and how it goes again -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Made:
    """A qube that this operation has created."""

    name: str
    uuid: str


async def remove_made(context: Context, made: Made) -> None:
    """Remove a qube that this operation has created. A qube that has its name by now, and another uuid, stays."""
    try:
        await context.ask(calls.VM_REMOVE(f"{UUID_PREFIX}{made.uuid}"))
    except QubesVMNotFoundError:
        # It has gone, or qubesd knows no uuids as a destination (Qubes 4.2 and older).
        with suppress(QubesVMNotFoundError):
            if await _uuid(context, made.name) == made.uuid:
                await context.ask(calls.VM_REMOVE(made.name))


async def _uuid(context: Context, name: str) -> str:
    return (await context.ask(calls.VM_PROPERTY_GET(name, "uuid"))).value


@asynccontextmanager
async def removed_on_failure(context: Context, made: Made) -> AsyncGenerator[None, None]:
    """What a new qube still needs: if that fails, the qube is removed again.

    Raises what failed, and names the qube if it could not be removed.
    """
    try:
        yield
    except BaseException as error:
        try:
            await remove_made(context, made)
        except Mgmt1Error as left:
            log.warning("%s is not removed: %s", made.name, left)
            if isinstance(error, Mgmt1Error):
                raise refusal("qubes-left-behind", made.name, cause(error), cause(left)) from error
        raise


# -- creating ---------------------------------------------------------------------------------------------------------

_CREATE = {
    VmClass.APP: calls.VM_CREATE_APP,
    VmClass.STANDALONE: calls.VM_CREATE_STANDALONE,
    VmClass.TEMPLATE: calls.VM_CREATE_TEMPLATE,
    VmClass.DISP: calls.VM_CREATE_DISP,
    VmClass.REMOTE: calls.VM_CREATE_REMOTE,
}
_CREATE_IN_POOL = {
    VmClass.APP: calls.VM_CREATE_IN_POOL_APP,
    VmClass.STANDALONE: calls.VM_CREATE_IN_POOL_STANDALONE,
    VmClass.TEMPLATE: calls.VM_CREATE_IN_POOL_TEMPLATE,
}
_EMPTY = frozenset({VmClass.STANDALONE, VmClass.TEMPLATE})
"""Classes that qubesd makes with empty volumes and without a template."""


def class_of(untrusted: str) -> VmClass:
    """Raises `QubesValueError` for no class of qubes."""
    if untrusted not in set(VmClass):
        raise refusal("no-such-class", shown(untrusted))
    return VmClass(untrusted)


async def create_bare(
    context: Context, klass: VmClass, template: str | None, spec: CreateSpec | CreateInPoolSpec
) -> Made:
    """One call of qubesd, and the uuid of what it made.

    Raises `QubesLabelNotFoundError` and `QubesNoTemplateError` before it: qubesd words these in another way.
    """
    try:
        await context.ask(calls.LABEL_GET(DOM0, spec.label))
    except PermissionDenied:
        log.info("The label %s cannot be looked at", spec.label)
    base = context.mirror.records.get(template or "")
    if base is not None and klass not in _EMPTY and (reason := why_not_based_on(klass, base)):
        raise error_for(reason, QubesNoTemplateError)
    argument = None if klass in _EMPTY else template
    try:
        await context.ask(_creation(klass, argument, spec))
    except NoAnswerError:
        context.mirror.reread(spec.name)
        raise
    return Made(spec.name, await _uuid(context, spec.name))


def _creation(klass: VmClass, template: str | None, spec: CreateSpec | CreateInPoolSpec) -> Request[None]:
    """Raises `QubesValueError` for a class that no call creates."""
    if isinstance(spec, CreateSpec) and klass in _CREATE:
        return _CREATE[klass](DOM0, template, spec)
    if isinstance(spec, CreateInPoolSpec) and klass in _CREATE_IN_POOL:
        return _CREATE_IN_POOL[klass](DOM0, template, spec)
    raise refusal("no-such-class", klass)


async def _new(context: Context, untrusted_class: str, spec: CreateSpec | CreateInPoolSpec) -> None:
    template = None if context.dest == DOM0 else context.dest
    klass = class_of(untrusted_class)
    source = await context.mirror.record(template) if template and klass is VmClass.STANDALONE else None
    if source is not None and (reason := why_not_based_on(klass, source)):
        raise error_for(reason, QubesNoTemplateError)
    made = await create_bare(context, klass, template, spec)
    async with removed_on_failure(context, made):
        if klass is VmClass.DISP:  # mgmt1's disposable is removed when it halts
            await context.ask(calls.VM_PROPERTY_SET(spec.name, "auto_cleanup", TRUE))
        if source is not None:
            await _copy_features(context, source, spec.name)
            await _copy_properties(context, source, spec.name, _NOT_IN_CLONE)
            await copy_volume(context, source.name, "root", spec.name, "root")


@answers(m.VM_CREATE)
async def create(context: Context, klass: str, spec: CreateSpec) -> None:
    await context.bridge.to_the_end(_new(context, klass, spec))


@answers(m.VM_CREATE_IN_POOL)
async def create_in_pool(context: Context, klass: str, spec: CreateInPoolSpec) -> None:
    await context.bridge.to_the_end(_new(context, klass, spec))


@answers(m.VM_CREATE_EMPTY_TEMPLATE)
async def create_empty_template(context: Context, _arg: None, spec: CreateInPoolSpec) -> None:
    names_pools = spec.pool is not None or spec.pools
    await create_bare(context, VmClass.TEMPLATE, None, spec if names_pools else CreateSpec(spec.name, spec.label))


@answers(m.VM_CREATE_KEPT_DISPOSABLE)
async def create_kept_disposable(context: Context, _arg: None, spec: CreateSpec) -> None:
    """Qubesd's own default."""
    await create_bare(context, VmClass.DISP, None if context.dest == DOM0 else context.dest, spec)


@answers(m.VM_CREATE_DISPOSABLE)
async def create_disposable(context: Context, _arg: None, _payload: None) -> str:
    return await context.ask(calls.VM_CREATE_DISPOSABLE(context.dest, "", ""))


# -- cloning ----------------------------------------------------------------------------------------------------------

_OWN_FEATURES = ("preload-dispvm", "internal", "deferred-netvm-original")
IDENTIFYING = frozenset({"name", "qid", "uuid", "label", "template", "klass", "installed_by_rpm", "devices_denied"})
"""Properties that a copy gets when it is created, or by other calls."""
_NOT_IN_CLONE = IDENTIFYING | {"ip", "ip6", "mac", "backup_timestamp", "autostart"}
_OWN_TAGS = (CREATED_BY, "disp-created-by-", "audiovm-", "guivm-")
"""qubesd itself sets tags that begin so."""


async def _copy_features(context: Context, source: VmRecord, name: str) -> None:
    for feature, value in source.features.items():
        if not feature.startswith(_OWN_FEATURES):
            await context.ask(calls.VM_FEATURE_SET(name, feature, value))


async def _copy_properties(context: Context, source: VmRecord, name: str, but: Collection[str]) -> None:
    """Set what is set on the source. One that is refused may depend on another, and is tried once more after them."""
    own = {key: value.value for key, value in source.properties.items() if not value.is_default and key not in but}
    await set_properties(context, name, own)


async def set_properties(
    context: Context, name: str, values: Mapping[str, str], refused: Callable[[str, Mgmt1Error], None] | None = None
) -> None:
    """Set properties of a qube in the order in which they can be.

    `refused` gets each that cannot be; without it the first such error is raised.
    """
    left = dict(values)
    while left:
        errors: dict[str, Mgmt1Error] = {}
        for key, value in left.items():
            try:
                await context.ask(calls.VM_PROPERTY_SET(name, key, sent(key, value)))
            except NoAnswerError:
                raise
            except Mgmt1Error as error:
                errors[key] = error
        if len(errors) == len(left):
            for key, why in errors.items():
                if refused is None:
                    raise why
                refused(key, why)
            return
        left = {key: left[key] for key in errors}


async def _clone(context: Context, spec: CloneSpec) -> None:
    source = await context.mirror.record(context.dest)
    refuse_if(why_not_clone(await context.facts(), source))
    await copy_qube(context, source, spec, _NOT_IN_CLONE)


async def copy_qube(
    context: Context, source: VmRecord, spec: CloneSpec, but: Collection[str], *, with_devices: bool = False
) -> None:
    """A new qube with everything of the source, `but` some properties; nothing stays of it if a step fails.

    `with_devices`: it is assigned the same devices.
    """
    if (klass := source.value("klass")) not in {"", source.klass}:
        raise refusal("qubes-class-unknown", source.name, shown(klass))
    label, template = source.value("label"), source.value("template") or None
    new = CreateSpec(spec.name, label) if spec.pool is None else CreateInPoolSpec(spec.name, label, spec.pool)
    made = await create_bare(context, source.klass, template, new)
    async with removed_on_failure(context, made):
        await _copy_features(context, source, spec.name)
        await _copy_properties(context, source, spec.name, but)
        for tag in sorted(source.tags):
            if not tag.startswith(_OWN_TAGS):
                await context.ask(calls.VM_TAG_SET(spec.name, tag))
        if source.notes:
            await context.change(calls.VM_NOTES_SET(spec.name, payload=source.notes), NOTES)
        if source.klass is not VmClass.REMOTE:
            rules = await context.ask(calls.VM_FIREWALL_GET(source.name))
            await context.ask(calls.VM_FIREWALL_SET(spec.name, payload=rules))
        for volume in source.volumes:
            if volume.save_on_stop:
                await copy_volume(context, source.name, volume.name, spec.name, volume.name)
        if denied := source.value("devices_denied"):
            await context.ask(calls.VM_DEVICE_DENIED_ADD(spec.name, payload=denied))
        for kind in sorted({device.device_class for device in source.devices} if with_devices else ()):
            for port, options in await assignments(context, source.name, kind):
                await context.ask(await assign_request(context, spec.name, kind, port, options))


@answers(m.VM_CLONE)
async def clone(context: Context, _arg: None, spec: CloneSpec) -> None:
    await context.bridge.to_the_end(_clone(context, spec))


# -- removing ---------------------------------------------------------------------------------------------------------


@answers(m.VM_REMOVE)
async def remove(context: Context, _arg: None, _payload: None) -> list[Mention]:
    """Remove a qube. qubesd does not name what refers to it; the error here does."""
    try:
        await context.change(calls.VM_REMOVE(context.dest))
    except QubesVMInUseError as error:
        users = referrers(await context.facts(), context.dest)
        raise refusal("qubes-still-used", context.dest, ", ".join(users)) if users else error from error
    return []
