# SPDX-License-Identifier: GPL-3.0-or-later
"""A root volume holds raw bytes: an image of another format is refused with what it looks like."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.system import System
from qubesmanager.rules.images import HEAD, SIGNATURES, Signature, raw_image, signature_of
from qubesmanager.wire import calls
from qubesmanager.wire.errors import QubesValueError

DISK = bytes(1024) + b"\x53\xef" * 600 + bytes(64 << 10)


def image_of(signature: Signature) -> bytes:
    image = bytearray(64 << 10)
    image[signature.offset : signature.offset + len(signature.magic)] = signature.magic
    return bytes(image)


async def stream(data: bytes, step: int = 1000) -> AsyncIterator[bytes]:
    for at in range(0, len(data), step):
        yield data[at : at + step]


@pytest.mark.parametrize("signature", SIGNATURES, ids=lambda each: each.name)
async def test_a_template_of_another_format_is_refused_by_name(
    client: Client, system: System, signature: Signature
) -> None:
    with pytest.raises(QubesValueError, match=f"looks like {signature.name.split(' (')[0]}"):
        await client.send(calls.VM_CREATE_TEMPLATE("dom0", "alpine", stream(image_of(signature))))

    assert "alpine" not in system.runtime.state.qubes
    assert not [vid for vid in await system.pools.driver("default").list_volumes() if vid.startswith("alpine")]


async def test_a_root_volume_is_imported_into_only_what_a_disk_may_hold(client: Client, system: System) -> None:
    qcow2, *_, optical = SIGNATURES

    with pytest.raises(QubesValueError, match="qcow2"):
        await client.send(calls.VM_VOLUME_IMPORT("debian-13", "root", stream(image_of(qcow2))))
    await client.send(calls.VM_VOLUME_IMPORT("debian-13", "root", stream(image_of(optical))))
    await client.send(calls.VM_VOLUME_IMPORT("vault", "private", stream(image_of(qcow2))))


@given(st.lists(st.binary(max_size=3 * HEAD)), st.booleans())
async def test_an_image_that_may_be_a_raw_disk_is_imported_unchanged(pieces: list[bytes], optical: bool) -> None:
    async def given_pieces() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    if signature_of(b"".join(pieces)[:HEAD]) is None:
        assert [piece async for piece in raw_image(given_pieces(), optical=optical)] == pieces


async def test_a_raw_disk_becomes_a_template(client: Client) -> None:
    await client.send(calls.VM_CREATE_TEMPLATE("dom0", "alpine", stream(DISK)))
