# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes of a qube, and pools."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

from qubesmanager.admin import calls
from qubesmanager.admin.codecs import FALSE, KERNEL, POOL_METADATA, SIZE, flag_to_qubes, pool_metadata
from qubesmanager.daemon.dialect.context import Asking, answers
from qubesmanager.rules.volumes import KERNEL_DRIVER, REVISIONS_TO_KEEP
from qubesmanager.wire import calls as mgmt1
from qubesmanager.wire.codecs import ByteStream
from qubesmanager.wire.errors import Mgmt1Error, ProtocolError, QubesNotImplementedError, QubesValueError
from qubesmanager.wire.event_row import flag_text
from qubesmanager.wire.names import DOM0, UUID_PREFIX

_ORDER = ("root", "private", "volatile")

# -- volumes ----------------------------------------------------------------------------------------------------------


async def _volumes(asking: Asking) -> list[str]:
    """The names of the qube's own volumes, as Qubes OS lists them; none of dom0 and of a RemoteVM."""
    present = {row.name for row in await asking.ask(mgmt1.VM_VOLUME_LIST(asking.dest))}
    own = [name for name in _ORDER if name in present]
    return [*own, KERNEL] if own else []


@answers(calls.VM_VOLUME_LIST)
async def list_volumes(asking: Asking, _arg: None, _payload: None) -> list[str]:
    return await _volumes(asking)


@answers(calls.VM_VOLUME_INFO)
async def info(asking: Asking, name: str, _payload: None) -> Mapping[str, str]:
    if name == KERNEL and asking.dest != DOM0:
        rows = {row.name: row for row in await asking.ask(mgmt1.VM_VOLUME_LIST(asking.dest))}
        return _kernel(rows[KERNEL].vid if KERNEL in rows else "")
    fields = await asking.ask(mgmt1.VM_VOLUME_INFO(asking.dest, name))
    return {
        **{key: fields[key] for key in ("pool", "vid", "size", "usage")},
        "rw": flag_to_qubes(fields["rw"]),
        "source": fields["source"],
        "path": "",
        "save_on_stop": flag_to_qubes(fields["save_on_stop"]),
        "snap_on_start": flag_to_qubes(fields["snap_on_start"]),
        "revisions_to_keep": fields["revisions_to_keep"],
        "ephemeral": FALSE,
        "is_outdated": flag_to_qubes(fields["is_outdated"]),
    }


def _kernel(vid: str) -> dict[str, str]:
    """The kernel as a volume of Qubes OS; the vid is empty where the qube boots from its root volume."""
    return {
        "pool": KERNEL_DRIVER, "vid": vid, "size": "0", "usage": "0", "rw": FALSE, "source": "", "path": "",
        "save_on_stop": FALSE, "snap_on_start": FALSE, "revisions_to_keep": "0", "ephemeral": FALSE,
        "is_outdated": FALSE,
    }  # fmt: skip


@answers(calls.VM_VOLUME_LIST_SNAPSHOTS)
async def list_snapshots(asking: Asking, name: str, _payload: None) -> list[str]:
    return [] if name == KERNEL else await asking.ask(mgmt1.VM_VOLUME_LIST_SNAPSHOTS(asking.dest, name))


@answers(calls.VM_VOLUME_REVERT)
async def revert(asking: Asking, name: str, snapshot: str) -> None:
    await asking.ask(mgmt1.VM_VOLUME_REVERT(asking.dest, name, snapshot))


@answers(calls.VM_VOLUME_RESIZE)
async def resize(asking: Asking, name: str, size: int) -> None:
    await asking.ask(mgmt1.VM_VOLUME_EXTEND(asking.dest, name, size))


@answers(calls.VM_VOLUME_CLEAR)
async def clear(asking: Asking, name: str, _payload: None) -> None:
    await asking.ask(mgmt1.VM_VOLUME_CLEAR(asking.dest, name))


@answers(calls.VM_VOLUME_CLONE_FROM)
async def clone_from(asking: Asking, name: str, _payload: None) -> str:
    await asking.ask(mgmt1.VM_VOLUME_INFO(asking.dest, name))
    return asking.tokens.new(asking.source, await asking.uuid(asking.dest), name)


@answers(calls.VM_VOLUME_CLONE_TO)
async def clone_to(asking: Asking, name: str, token: str) -> None:
    volume = asking.tokens.take(asking.source, token)
    if volume is None:
        text = "'Token to clone volume of qube was not found'"
        raise Mgmt1Error.from_wire("QubesVolumeCopyTokenNotFoundError", text)
    uuid, source_name = volume
    qube = asking.backend.resolve(f"{UUID_PREFIX}{uuid}")
    # Policy has let the source ask for the token.
    granting = replace(asking, granted=qube)
    await granting.ask(mgmt1.VM_VOLUME_COPY(asking.dest, name, {"from": qube, "volume": source_name}))


@answers(calls.VM_VOLUME_IMPORT)
async def import_data(asking: Asking, name: str, data: ByteStream) -> None:
    size = int((await asking.ask(mgmt1.VM_VOLUME_INFO(asking.dest, name)))["size"])
    await asking.ask(mgmt1.VM_VOLUME_IMPORT(asking.dest, name, _exactly(size, data)))


@answers(calls.VM_VOLUME_IMPORT_WITH_SIZE)
async def import_with_size(asking: Asking, name: str, data: ByteStream) -> None:
    head = b""
    async for piece in data:
        head += piece
        if b"\n" in head or len(head) > _SIZE_LINE:
            break
    line, newline, first = head.partition(b"\n")
    if not newline or len(line) > _SIZE_LINE:
        raise ProtocolError("The payload begins with a line that holds the size.")
    await asking.ask(mgmt1.VM_VOLUME_IMPORT(asking.dest, name, _exactly(SIZE.decode(line), data, first)))


_SIZE_LINE = 20
"""Bytes of the line that holds the size."""


async def _exactly(size: int, data: ByteStream, first: bytes = b"") -> AsyncIterator[bytes]:
    """The pieces of a stream. Raises `QubesValueError` at its end if it has more or fewer bytes."""
    left = size - len(first)
    if first and left >= 0:
        yield first
    async for piece in data:
        left -= len(piece)
        if left < 0:
            break
        yield piece
    if left:
        raise QubesValueError(f"The data has {'more' if left < 0 else 'less'} than {size} bytes.")


@answers(calls.VM_VOLUME_SET_REVISIONS)
async def set_revisions(asking: Asking, name: str, revisions: int) -> None:
    await asking.ask(mgmt1.VM_VOLUME_CONFIGURE(asking.dest, name, {REVISIONS_TO_KEEP: str(revisions)}))


NOT_ENCRYPTED = "Volumes are not encrypted with a key of one session; put the pool on an encrypted disk."


def _check_not_ephemeral(ephemeral: bool) -> None:  # noqa: FBT001 - a handler's payload
    """Raises `QubesNotImplementedError`: no driver encrypts volumes. That they are not is what is already so."""
    if ephemeral:
        raise QubesNotImplementedError(NOT_ENCRYPTED)


@answers(calls.VM_VOLUME_SET_EPHEMERAL)
async def set_ephemeral(asking: Asking, name: str, ephemeral: bool) -> None:  # noqa: FBT001 - a handler's payload
    await asking.ask(mgmt1.VM_VOLUME_INFO(asking.dest, name))
    _check_not_ephemeral(ephemeral)


@answers(calls.VM_VOLUME_SET_RW)
async def set_rw(asking: Asking, name: str, rw: bool) -> None:  # noqa: FBT001 - a handler's payload
    await asking.ask(mgmt1.VM_VOLUME_CONFIGURE(asking.dest, name, {"rw": flag_text(rw)}))


# -- pools ------------------------------------------------------------------------------------------------------------

_DRIVERS = {"lvm-thin": "lvm_thin"}
"""Drivers whose names differ: in mgmt1, in Qubes OS."""
_OF_QUBES = {theirs: ours for ours, theirs in _DRIVERS.items()}
_NOT_OPTIONS = frozenset({"state", "problem", *POOL_METADATA})


@answers(calls.POOL_LIST)
async def list_pools(asking: Asking, _arg: None, _payload: None) -> list[str]:
    return await asking.ask(mgmt1.POOL_LIST(DOM0))


@answers(calls.POOL_LIST_DRIVERS)
async def list_drivers(asking: Asking, _arg: None, _payload: None) -> list[tuple[str, ...]]:
    rows = await asking.ask(mgmt1.POOL_LIST_DRIVERS(DOM0))
    return sorted((_DRIVERS.get(name, name), REVISIONS_TO_KEEP, *options) for name, *options in rows)


@answers(calls.POOL_INFO)
async def pool_info(asking: Asking, name: str, _payload: None) -> Mapping[str, str]:
    described = await asking.ask(mgmt1.POOL_INFO(DOM0, name))
    fields = {**described, "driver": _DRIVERS.get(described["driver"], described["driver"])}
    if fields["driver"] == KERNEL_DRIVER:
        return {key: fields[key] for key in ("dir_path", "driver", "name") if key in fields}
    fields["ephemeral_volatile"] = FALSE
    return {key: fields[key] for key in sorted(fields) if key not in _NOT_OPTIONS}


@answers(calls.POOL_USAGE_DETAILS)
async def usage_details(asking: Asking, name: str, _payload: None) -> Mapping[str, str]:
    fields = await asking.ask(mgmt1.POOL_INFO(DOM0, name))
    if fields["driver"] == KERNEL_DRIVER:
        return {}
    return {"data_size": fields["size"], "data_usage": fields["usage"], **pool_metadata(fields)}


@answers(calls.POOL_ADD)
async def add_pool(asking: Asking, driver: str, options: Mapping[str, str]) -> None:
    fields = dict(options)
    name = fields.pop("name", None)
    if name is None:
        raise ProtocolError("Pool configuration must contain key: name")
    if "driver" in fields:
        raise ProtocolError("Unexpected driver options found")  # policy looks at the argument's
    await asking.ask(mgmt1.POOL_ADD(DOM0, name, {"driver": _OF_QUBES.get(driver, driver), **fields}))


@answers(calls.POOL_SET_REVISIONS)
async def set_pool_revisions(asking: Asking, name: str, revisions: int) -> None:
    await asking.ask(mgmt1.POOL_CONFIGURE(DOM0, name, {REVISIONS_TO_KEEP: str(revisions)}))


@answers(calls.POOL_SET_EPHEMERAL)
async def set_pool_ephemeral(asking: Asking, name: str, ephemeral: bool) -> None:  # noqa: FBT001 - a handler's payload
    await asking.ask(mgmt1.POOL_INFO(DOM0, name))
    _check_not_ephemeral(ephemeral)


@answers(calls.POOL_REMOVE)
async def remove_pool(asking: Asking, name: str, _payload: None) -> None:
    await asking.ask(mgmt1.POOL_REMOVE(DOM0, name))


@answers(calls.POOL_VOLUME_LIST)
async def list_pool_volumes(asking: Asking, name: str, _payload: None) -> list[str]:
    return await asking.ask(mgmt1.POOL_VOLUME_LIST(DOM0, name))
