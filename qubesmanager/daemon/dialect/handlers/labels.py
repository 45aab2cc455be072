# SPDX-License-Identifier: GPL-3.0-or-later
"""Labels, features, tags and notes."""

from qubesmanager.admin import calls
from qubesmanager.daemon.dialect.context import Asking, answers
from qubesmanager.rules.features import PROTECTED
from qubesmanager.wire import calls as mgmt1
from qubesmanager.wire.codecs import PropertyState
from qubesmanager.wire.errors import (
    Mgmt1Error,
    PermissionDenied,
    ProtocolError,
    QubesFeatureNotFoundError,
    QubesNoSuchPropertyError,
)
from qubesmanager.wire.names import DOM0

QUBES_LABELS = ("red", "orange", "yellow", "green", "gray", "blue", "purple", "black")
"""The labels that Qubes OS brings, in its order; they cannot be removed there."""

# -- labels -----------------------------------------------------------------------------------------------------------


async def _labels(asking: Asking) -> list[str]:
    """The labels of Qubes OS in its order, and then those that were created."""
    present = [row.name for row in await asking.ask(mgmt1.LABEL_LIST(DOM0))]
    return [*(name for name in QUBES_LABELS if name in present), *(n for n in present if n not in QUBES_LABELS)]


@answers(calls.LABEL_LIST)
async def list_labels(asking: Asking, _arg: None, _payload: None) -> list[str]:
    return await _labels(asking)


@answers(calls.LABEL_GET)
async def get_label(asking: Asking, name: str, _payload: None) -> str:
    return (await asking.ask(mgmt1.LABEL_GET(DOM0, name))).lower()


@answers(calls.LABEL_INDEX)
async def label_index(asking: Asking, name: str, _payload: None) -> int:
    await asking.ask(mgmt1.LABEL_GET(DOM0, name))
    return (await _labels(asking)).index(name) + 1


@answers(calls.LABEL_CREATE)
async def create_label(asking: Asking, name: str, color: str) -> None:
    if len(color) != len("0xRRGGBB"):
        raise Mgmt1Error.from_wire("QubesInvalidLabelValueError", "Label value must have length of 8")
    await asking.ask(mgmt1.LABEL_CREATE(DOM0, name, color))


@answers(calls.LABEL_REMOVE)
async def remove_label(asking: Asking, name: str, _payload: None) -> None:
    await asking.ask(mgmt1.LABEL_GET(DOM0, name))
    if name in QUBES_LABELS:
        raise ProtocolError("Can only remove custom labels")
    await asking.ask(mgmt1.LABEL_REMOVE(DOM0, name))


# -- features ---------------------------------------------------------------------------------------------------------


@answers(calls.VM_FEATURE_LIST)
async def list_features(asking: Asking, _arg: None, _payload: None) -> list[str]:
    return await asking.ask(mgmt1.VM_FEATURE_LIST(asking.dest))


@answers(calls.VM_FEATURE_GET)
async def get_feature(asking: Asking, name: str, _payload: None) -> str:
    return await asking.ask(mgmt1.VM_FEATURE_GET(asking.dest, name))


@answers(calls.VM_FEATURE_CHECK_WITH_TEMPLATE)
async def check_with_template(asking: Asking, name: str, _payload: None) -> str:
    return await asking.ask(mgmt1.VM_FEATURE_CHECK_WITH_TEMPLATE(asking.dest, name))


@answers(calls.VM_FEATURE_CHECK_WITH_NETVM)
async def check_with_netvm(asking: Asking, name: str, _payload: None) -> str:
    """The feature of the qube, else of its netvm, and so on; a loop of netvms ends where it closes.

    Policy has looked at the destination only, so the first netvm that the source does not see ends the search.
    """
    qube, passed = asking.dest, set[str]()
    while qube and qube not in passed and (qube == asking.dest or await asking.sees(qube)):
        try:
            return await asking.ask(mgmt1.VM_FEATURE_GET(qube, name))
        except QubesFeatureNotFoundError:
            passed.add(qube)
        none = PropertyState(is_default=True, value="")
        qube = (await asking.ask_or(mgmt1.VM_PROPERTY_GET(qube, "netvm"), QubesNoSuchPropertyError, none)).value
    raise _no_feature(asking, name)


@answers(calls.VM_FEATURE_CHECK_WITH_ADMIN_VM)
async def check_with_admin_vm(asking: Asking, name: str, _payload: None) -> str:
    try:
        return await asking.ask(mgmt1.VM_FEATURE_GET(asking.dest, name))
    except QubesFeatureNotFoundError:
        return await _of_admin_vm(asking, name)


@answers(calls.VM_FEATURE_CHECK_WITH_BOTH)
async def check_with_both(asking: Asking, name: str, _payload: None) -> str:
    try:
        return await asking.ask(mgmt1.VM_FEATURE_CHECK_WITH_TEMPLATE(asking.dest, name))
    except QubesFeatureNotFoundError:
        return await _of_admin_vm(asking, name)


async def _of_admin_vm(asking: Asking, name: str) -> str:
    try:
        return await asking.ask(mgmt1.VM_FEATURE_GET(DOM0, name))
    except (QubesFeatureNotFoundError, PermissionDenied):
        raise _no_feature(asking, name) from None


def _no_feature(asking: Asking, name: str) -> Mgmt1Error:
    return QubesFeatureNotFoundError(f"Feature not set for domain {asking.dest}: {name}")


_OF_PRELOADING = PROTECTED | {"deferred-netvm-original"}
"""Features in which Qubes OS keeps the state of preloaded disposables; no client sets them."""


@answers(calls.VM_FEATURE_SET)
async def set_feature(asking: Asking, name: str, value: str) -> None:
    if name in _OF_PRELOADING:
        raise PermissionDenied("changing this feature is prohibited by qubes.ext.admin.AdminExtension")
    if not value.isprintable():
        raise ProtocolError(f"{name} value contains illegal characters")
    await asking.ask(mgmt1.VM_FEATURE_SET(asking.dest, name, value))


@answers(calls.VM_FEATURE_REMOVE)
async def remove_feature(asking: Asking, name: str, _payload: None) -> None:
    await asking.ask(mgmt1.VM_FEATURE_REMOVE(asking.dest, name))


# -- tags and notes ---------------------------------------------------------------------------------------------------


async def _tags(asking: Asking) -> set[str]:
    """The tags as Qubes OS can name them."""
    return {tag.replace(".", "_") for tag in await asking.ask(mgmt1.VM_TAG_LIST(asking.dest))}


@answers(calls.VM_TAG_LIST)
async def list_tags(asking: Asking, _arg: None, _payload: None) -> list[str]:
    return sorted(await _tags(asking))


@answers(calls.VM_TAG_GET)
async def get_tag(asking: Asking, name: str, _payload: None) -> bool:
    return name in await _tags(asking)


@answers(calls.VM_TAG_SET)
async def set_tag(asking: Asking, name: str, _payload: None) -> None:
    if name not in await _tags(asking):
        await asking.ask(mgmt1.VM_TAG_SET(asking.dest, name))


@answers(calls.VM_TAG_REMOVE)
async def remove_tag(asking: Asking, name: str, _payload: None) -> None:
    await asking.ask(mgmt1.VM_TAG_REMOVE(asking.dest, name))


@answers(calls.VM_NOTES_GET)
async def get_notes(asking: Asking, _arg: None, _payload: None) -> str:
    asking.check_not_dom0()
    return await asking.ask(mgmt1.VM_NOTES_GET(asking.dest))


@answers(calls.VM_NOTES_SET)
async def set_notes(asking: Asking, _arg: None, notes: str) -> None:
    asking.check_not_dom0()
    await asking.ask(mgmt1.VM_NOTES_SET(asking.dest, payload=notes))
