# SPDX-License-Identifier: GPL-3.0-or-later
"""What every pool driver promises; each test runs on each driver."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import pairwise

import pytest
from pool_tools import MIB, content, guest_write, kept, session
from streams import pieces

from qubesmanager.daemon.local.drivers.pools.base import SESSION, Disk, PoolDriver, VolumeSpec
from qubesmanager.wire.errors import (
    QubesValueError,
    QubesVMAlreadyExistsError,
    QubesVMNotHaltedError,
    QubesVolumeNotFoundError,
    QubesVolumeRevisionNotFoundError,
    StoragePoolException,
)


@pytest.fixture
def pool(any_pool: PoolDriver) -> PoolDriver:
    """Each driver's."""
    return any_pool


def skip_if_blind(pool: PoolDriver) -> None:
    if pool.driver == "lvm-thin":
        pytest.skip("LVM cannot tell cheaply whether a session wrote anything: each one counts as a change")


A, B, C = (bytes([value]) * 65536 for value in b"ABC")
ROOT = VolumeSpec("pool", "debian/root", 8 * MIB, save_on_stop=True)
APP_ROOT = VolumeSpec("pool", "work/root", 8 * MIB, source="debian/root", snap_on_start=True)
BIG = VolumeSpec("pool", "work/private", 16 * MIB, save_on_stop=True, revisions_to_keep=9)
VOLATILE = VolumeSpec("pool", "work/volatile", 8 * MIB)


async def starts_with(pool: PoolDriver, vid: str, snapshot: str | None = None) -> bytes:
    return (await content(pool, vid, snapshot))[:65536]


async def test_a_new_volume_is_zeros_of_its_size(pool: PoolDriver) -> None:
    await pool.create("work/private", 8 * MIB)

    assert await content(pool, "work/private") == bytes(8 * MIB)
    assert await pool.list_volumes() == ["work/private"]
    info = await pool.info(kept())
    assert (info.size, info.rw, info.save_on_stop, info.is_outdated) == (8 * MIB, True, True, False)
    assert info.usage < MIB


async def test_a_volume_cannot_be_created_twice(pool: PoolDriver) -> None:
    await pool.create("work/private", 8 * MIB)

    with pytest.raises(StoragePoolException, match="work/private"):
        await pool.create("work/private", 8 * MIB)


@pytest.mark.parametrize("vid", ["../x", "work", "work/../x", "/etc/passwd", "work/a/b", ".tmp/x", "work/\n", ""])
async def test_a_vid_that_is_no_vid_is_refused(pool: PoolDriver, vid: str) -> None:
    with pytest.raises(QubesValueError):
        await pool.create(vid, 8 * MIB)


async def test_an_unknown_volume_is_named(pool: PoolDriver) -> None:
    for attempt in (pool.remove, pool.clear, pool.snapshot, pool.list_snapshots, pool.size):
        with pytest.raises(QubesVolumeNotFoundError, match="gone/private"):
            await attempt("gone/private")


async def test_a_removed_volume_leaves_nothing(pool: PoolDriver) -> None:
    await pool.create("work/private", 8 * MIB)
    await pool.snapshot("work/private")

    await pool.remove("work/private")

    assert await pool.list_volumes() == []
    assert await pool.recover({}) == []


async def test_data_of_a_session_are_kept(pool: PoolDriver) -> None:
    await pool.create("work/private", 8 * MIB)

    await session(pool, kept(), (0, A), (MIB, B))

    expected = bytearray(8 * MIB)
    expected[:65536], expected[MIB : MIB + 65536] = A, B
    assert await content(pool, "work/private") == bytes(expected)


async def test_stopping_keeps_the_state_before_the_session(pool: PoolDriver) -> None:
    await pool.create("work/private", 8 * MIB)
    await session(pool, kept(), (0, A))
    await session(pool, kept(), (0, B))

    (snapshot,) = await pool.list_snapshots("work/private")

    assert await starts_with(pool, "work/private", snapshot) == A
    assert await starts_with(pool, "work/private") == B


async def test_a_session_that_wrote_nothing_makes_no_snapshot(pool: PoolDriver) -> None:
    skip_if_blind(pool)
    await pool.create("work/private", 8 * MIB)
    await session(pool, kept(), (0, A))
    before = await pool.list_snapshots("work/private")

    await session(pool, kept())

    assert await pool.list_snapshots("work/private") == before


@pytest.mark.parametrize(("revisions", "kept_states"), [(0, []), (1, [b"4"]), (3, [b"2", b"3", b"4"]), (-1, None)])
async def test_stopping_keeps_the_newest_revisions(
    pool: PoolDriver, revisions: int, kept_states: list[bytes] | None
) -> None:
    spec = kept(revisions=revisions)
    await pool.create("work/private", 8 * MIB)
    for value in b"123456"[:5]:
        await session(pool, spec, (0, bytes([value]) * 65536))

    states = [(await starts_with(pool, "work/private", name))[:1] for name in await pool.list_snapshots("work/private")]

    assert states == ([b"\0", b"1", b"2", b"3", b"4"] if kept_states is None else kept_states)
    assert await starts_with(pool, "work/private") == b"5" * 65536


async def test_many_sessions_keep_content_and_chain_short(pool: PoolDriver) -> None:
    spec = kept(revisions=2)
    await pool.create("work/private", 8 * MIB)
    expected = bytearray(8 * MIB)
    for number in range(20):
        data, offset = bytes([number + 1]) * 65536, number * 65536
        expected[offset : offset + 65536] = data
        await session(pool, spec, (offset, data))

    assert await content(pool, "work/private") == bytes(expected)
    older = await content(pool, "work/private", (await pool.list_snapshots("work/private"))[-1])
    assert older[: 19 * 65536] == bytes(expected)[: 19 * 65536]
    assert older[19 * 65536 :] == bytes(8 * MIB - 19 * 65536)
    assert (await pool.info(spec)).usage < 8 * MIB


async def test_reverting_brings_back_the_state_and_keeps_the_one_before(pool: PoolDriver) -> None:
    await pool.create("work/private", 8 * MIB)
    await session(pool, kept(), (0, A))
    snapshot = await pool.snapshot("work/private")
    await session(pool, kept(revisions=9), (0, B))

    before = await pool.revert("work/private", snapshot)

    assert await starts_with(pool, "work/private") == A
    assert await starts_with(pool, "work/private", before) == B
    assert (await pool.list_snapshots("work/private"))[-1] == before


async def test_reverting_brings_back_the_size(pool: PoolDriver) -> None:
    await pool.create("work/private", 8 * MIB)
    snapshot = await pool.snapshot("work/private")
    await pool.resize("work/private", 12 * MIB)

    before = await pool.revert("work/private", snapshot)

    assert await pool.size("work/private") == 8 * MIB
    assert await pool.size("work/private", before) == 12 * MIB


async def test_reverting_to_an_unknown_snapshot_names_it(pool: PoolDriver) -> None:
    await pool.create("work/private", 8 * MIB)

    with pytest.raises(QubesVolumeRevisionNotFoundError, match="1-0"):
        await pool.revert("work/private", "1-0")


async def test_a_started_volume_cannot_be_reverted_cleared_or_imported_into(pool: PoolDriver) -> None:
    await pool.create("work/private", 8 * MIB)
    snapshot = await pool.snapshot("work/private")
    await pool.start(kept())

    with pytest.raises(QubesVMNotHaltedError):
        await pool.revert("work/private", snapshot)
    with pytest.raises(QubesVMNotHaltedError):
        await pool.clear("work/private")
    with pytest.raises(QubesVMNotHaltedError):
        await pool.import_data("work/private", pieces(A))
    with pytest.raises(QubesVMNotHaltedError):
        await pool.rename_vm("work", "play")


async def test_snapshot_ids_sort_by_age_also_within_a_second(pool: PoolDriver) -> None:
    await pool.create("work/private", 8 * MIB)
    made = [await pool.snapshot("work/private") for _ in range(12)]

    assert await pool.list_snapshots("work/private") == made
    assert len(set(made)) == 12


async def test_a_volume_grows_and_never_shrinks(pool: PoolDriver) -> None:
    await pool.create("work/private", 8 * MIB)
    await session(pool, kept(), (0, A))

    assert await pool.resize("work/private", 16 * MIB) == 16 * MIB
    assert await pool.resize("work/private", 16 * MIB) == 16 * MIB
    with pytest.raises(QubesValueError, match="only grow"):
        await pool.resize("work/private", 8 * MIB)

    assert await content(pool, "work/private") == A + bytes(16 * MIB - 65536)


@pytest.mark.parametrize("size", [0, -512, 1000, 1 << 60])
async def test_a_size_no_disk_can_have_is_refused(pool: PoolDriver, size: int) -> None:
    with pytest.raises(QubesValueError):
        await pool.create("work/private", size)


class Guest:
    """A hypervisor's running disk: writes go where it was switched to last."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.size = 0
        self.refuses = False

    async def switch_to(self, disk: Disk) -> None:
        if self.refuses:
            raise StoragePoolException("The hypervisor refused.")
        self.disk = disk

    async def resize(self, size: int) -> None:
        self.size = size

    async def write(self, offset: int, data: bytes) -> None:
        await asyncio.to_thread(guest_write, self.disk, offset, data)


async def test_a_snapshot_of_a_running_qube_holds_the_moment(pool: PoolDriver) -> None:
    await pool.create("work/private", 8 * MIB)
    guest = Guest(await pool.start(kept(revisions=9)))
    await guest.write(0, A)

    snapshot = await pool.snapshot("work/private", guest)
    await guest.write(0, B)
    await pool.stop(kept(revisions=9))

    assert await starts_with(pool, "work/private") == B
    assert await starts_with(pool, "work/private", snapshot) == A


async def test_a_live_snapshot_that_the_hypervisor_refuses_leaves_nothing(pool: PoolDriver) -> None:
    await pool.create("work/private", 8 * MIB)
    guest = Guest(await pool.start(kept()))
    await guest.write(0, A)
    guest.refuses = True

    with contextlib.suppress(StoragePoolException):  # a driver that needs no hypervisor for it has made the snapshot
        await pool.snapshot("work/private", guest)
    await guest.write(0, B)
    await pool.stop(kept())

    assert await starts_with(pool, "work/private") == B


@pytest.mark.parametrize("switched", [True, False])
async def test_a_live_snapshot_that_was_cancelled_loses_nothing(pool: PoolDriver, switched: bool) -> None:
    class Cancelled(Guest):
        async def switch_to(self, disk: Disk) -> None:
            if switched:
                self.disk = disk
            raise asyncio.CancelledError

    await pool.create("work/private", 8 * MIB)
    guest = Cancelled(await pool.start(kept()))
    await guest.write(0, A)

    with contextlib.suppress(asyncio.CancelledError):
        await pool.snapshot("work/private", guest)
    await guest.write(MIB, B)
    await pool.stop(kept())

    assert (await content(pool, "work/private"))[: MIB + 65536] == A + bytes(MIB - 65536) + B
    assert await pool.recover({}) == []


async def test_growing_a_running_qubes_volume_is_left_to_its_hypervisor(pool: PoolDriver) -> None:
    await pool.create("work/private", 8 * MIB)
    guest = Guest(await pool.start(kept()))

    await pool.resize("work/private", 16 * MIB, guest)

    assert guest.size == 16 * MIB


async def test_a_clone_has_the_same_data_and_changes_independently(pool: PoolDriver) -> None:
    await pool.create("work/private", 8 * MIB)
    await session(pool, kept(), (0, A), (MIB, C))
    await pool.clone("play/private", pool, "work/private")
    await session(pool, kept("play/private"), (0, B))
    await pool.remove("work/private")

    assert await pool.list_volumes() == ["play/private"]
    assert (await content(pool, "play/private"))[: MIB + 65536] == B + bytes(MIB - 65536) + C
    assert await pool.recover({}) == []


async def test_many_sessions_of_a_clone_leave_its_source_alone(pool: PoolDriver) -> None:
    await pool.create("work/private", 8 * MIB)
    await session(pool, kept(), (0, A))
    await pool.clone("play/private", pool, "work/private")
    for number in range(8):
        await session(pool, kept("play/private", revisions=0), (number * 65536, B))

    assert await content(pool, "work/private") == A + bytes(8 * MIB - 65536)
    assert await content(pool, "play/private") == B * 8 + bytes(8 * MIB - 8 * 65536)


async def test_an_app_qubes_root_starts_from_its_template_and_is_thrown_away(pool: PoolDriver) -> None:
    await pool.create("debian/root", 8 * MIB)
    await session(pool, ROOT, (0, A))

    disk = await pool.start(APP_ROOT)
    guest_write(disk, MIB, B)
    await pool.stop(APP_ROOT)
    again = await pool.start(APP_ROOT)
    await pool.stop(APP_ROOT)

    assert again.path.parent == disk.path.parent
    assert await pool.list_volumes() == ["debian/root"]
    assert await content(pool, "debian/root") == A + bytes(8 * MIB - 65536)


async def test_a_running_app_qube_is_outdated_once_its_template_has_stopped_with_a_change(pool: PoolDriver) -> None:
    await pool.create("debian/root", 8 * MIB)
    await session(pool, ROOT, (0, A))
    await pool.start(APP_ROOT)
    assert not await pool.is_outdated(APP_ROOT)

    guest_write(await pool.start(ROOT), 0, B)
    assert not await pool.is_outdated(APP_ROOT)
    await pool.stop(ROOT)
    assert await pool.is_outdated(APP_ROOT)
    assert (await pool.info(APP_ROOT)).is_outdated

    await pool.stop(APP_ROOT)
    await pool.start(APP_ROOT)
    assert not await pool.is_outdated(APP_ROOT)


async def test_a_template_that_ran_unchanged_outdates_no_qube(pool: PoolDriver) -> None:
    skip_if_blind(pool)
    await pool.create("debian/root", 8 * MIB)
    await session(pool, ROOT, (0, A))
    await pool.start(APP_ROOT)

    for _ in range(8):
        await session(pool, ROOT)

    assert not await pool.is_outdated(APP_ROOT)


async def test_an_app_qube_starts_from_the_state_before_while_its_template_runs(pool: PoolDriver) -> None:
    await pool.create("debian/root", 8 * MIB)
    await session(pool, ROOT, (0, A))
    guest_write(await pool.start(ROOT), 0, B)

    await pool.start(APP_ROOT)
    await pool.stop(ROOT)

    assert await pool.is_outdated(APP_ROOT)


async def test_a_template_is_removed_under_a_running_app_qube(pool: PoolDriver) -> None:
    await pool.create("debian/root", 8 * MIB)
    await session(pool, ROOT, (0, A))
    disk = await pool.start(APP_ROOT)

    await pool.remove("debian/root")

    assert disk.path.exists()
    await pool.stop(APP_ROOT)
    assert await pool.list_volumes() == []


async def test_volatile_is_empty_at_each_start_and_read_only_volumes_are_marked(pool: PoolDriver) -> None:
    disk = await pool.start(VOLATILE)
    guest_write(disk, 0, A)
    assert await pool.start(VOLATILE) == disk
    await pool.stop(VOLATILE)
    assert (await pool.info(VOLATILE)).usage == 0

    fresh = await pool.start(VolumeSpec("pool", "work/volatile", 8 * MIB, rw=False))

    assert fresh.read_only
    assert fresh.path != disk.path or not fresh.path.read_bytes().count(b"A")


async def test_imported_bytes_are_the_volume_rounded_up(pool: PoolDriver) -> None:
    size = await pool.import_data("debian/root", pieces(A[:1000], A[1000:], b"", bytes(5 * MIB), B[:7]))

    assert size == 8 * MIB
    data = A + bytes(5 * MIB) + B[:7]
    assert await content(pool, "debian/root") == data + bytes(8 * MIB - len(data))
    assert (await pool.info(ROOT)).usage < MIB


async def test_an_import_replaces_the_content_and_keeps_the_snapshots(pool: PoolDriver) -> None:
    await pool.create("work/private", 8 * MIB)
    await session(pool, kept(), (0, A))
    snapshot = await pool.snapshot("work/private")

    await pool.import_data("work/private", pieces(B), len(B))

    assert await content(pool, "work/private") == B + bytes(4 * MIB - 65536)
    assert await starts_with(pool, "work/private", snapshot) == A


@pytest.mark.parametrize("there", [True, False])
async def test_a_broken_stream_leaves_nothing(pool: PoolDriver, there: bool) -> None:
    if there:
        await pool.create("work/private", 8 * MIB)

    async def breaking() -> AsyncIterator[bytes]:
        yield A * 80
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await pool.import_data("work/private", breaking())

    assert await pool.list_volumes() == (["work/private"] if there else [])
    if there:
        assert await content(pool, "work/private") == bytes(8 * MIB)
    assert await pool.recover({}) == []


@pytest.mark.parametrize("announced", [65535, 65537])
async def test_a_stream_of_another_length_than_announced_is_refused(pool: PoolDriver, announced: int) -> None:
    with pytest.raises(QubesValueError, match=str(announced)):
        await pool.import_data("work/private", pieces(A), announced)

    assert await pool.list_volumes() == []


async def test_a_cancelled_import_leaves_nothing(pool: PoolDriver) -> None:
    reached = asyncio.Event()

    async def stuck() -> AsyncIterator[bytes]:
        yield A * 80
        reached.set()
        await asyncio.Event().wait()

    async with asyncio.TaskGroup() as group:
        task = group.create_task(pool.import_data("work/private", stuck()))
        await reached.wait()
        task.cancel()

    assert await pool.list_volumes() == []
    assert await pool.recover({}) == []


async def test_clearing_leaves_zeros_of_the_same_size(pool: PoolDriver) -> None:
    await pool.create("work/private", 8 * MIB)
    await session(pool, kept(), (0, A))
    await pool.resize("work/private", 12 * MIB)
    snapshot = await pool.snapshot("work/private")

    await pool.clear("work/private")

    assert await content(pool, "work/private") == bytes(12 * MIB)
    assert await starts_with(pool, "work/private", snapshot) == A


async def test_renaming_a_qube_takes_all_its_volumes_along(pool: PoolDriver) -> None:
    await pool.create("work/private", 8 * MIB)
    await pool.create("work/root", 4 * MIB)
    await session(pool, kept(), (0, A))
    snapshots = await pool.list_snapshots("work/private")

    await pool.rename_vm("work", "play")

    assert await pool.list_volumes() == ["play/private", "play/root"]
    assert await starts_with(pool, "play/private") == A
    assert await pool.list_snapshots("play/private") == snapshots


async def test_renaming_to_a_qube_that_has_volumes_is_refused(pool: PoolDriver) -> None:
    await pool.create("work/private", 8 * MIB)
    await pool.create("play/private", 8 * MIB)

    with pytest.raises(QubesVMAlreadyExistsError, match="play"):
        await pool.rename_vm("work", "play")


async def test_a_volume_does_not_change_under_its_reader(pool: PoolDriver) -> None:
    await pool.create("work/private", 8 * MIB)
    await session(pool, kept(), (0, A), (2 * MIB, A))
    seen = []

    async with contextlib.aclosing(pool.read("work/private")) as runs:
        async for offset, data in runs:
            seen.append((offset, data[:1]))
            for number in range(6):
                await session(pool, kept(revisions=0), (number * 65536, B), (2 * MIB, B))
            await pool.clear("work/private")

    assert seen == [(0, b"A"), (2 * MIB, b"A")]
    assert await pool.recover({}) == []


async def test_many_volumes_side_by_side(pool: PoolDriver) -> None:
    async def life(name: str) -> None:
        await pool.create(f"{name}/private", 4 * MIB)
        await session(pool, kept(f"{name}/private"), (0, A))
        await pool.snapshot(f"{name}/private")
        await pool.clone(f"{name}/copy", pool, f"{name}/private")
        await pool.remove(f"{name}/private")

    async with asyncio.TaskGroup() as group:
        for number in range(12):
            group.create_task(life(f"vm{number}"))

    assert len(await pool.list_volumes()) == 12
    assert await pool.recover({}) == []


async def test_a_source_gives_a_thread_the_state_of_one_moment(pool: PoolDriver) -> None:
    await pool.create("work/private", 16 * MIB)
    await session(pool, BIG, (0, A), (5 * MIB + 65536, B))
    moment = await pool.snapshot("work/private")

    async with pool.open_source("work/private", moment) as source:
        await session(pool, BIG, (0, B))
        await pool.drop_snapshot("work/private", moment)
        extents = await asyncio.to_thread(lambda: list(source.extents()))
        pieces = await asyncio.to_thread(lambda: [source.read(*extent) for extent in extents])

    assert source.size == 16 * MIB
    whole = bytearray(16 * MIB)
    for (offset, length), data in zip(extents, pieces, strict=True):
        assert len(data) == length
        whole[offset : offset + length] = data
    expected = bytearray(16 * MIB)
    expected[: len(A)] = A
    expected[5 * MIB + 65536 : 5 * MIB + 65536 + len(B)] = B
    assert whole == expected
    assert all(before.offset + before.length < after.offset for before, after in pairwise(extents))
    assert moment not in await pool.list_snapshots("work/private")


async def test_a_dropped_snapshot_is_gone_and_the_others_stay(pool: PoolDriver) -> None:
    await pool.create("work/private", 8 * MIB)
    first = await pool.snapshot("work/private")
    await session(pool, kept(revisions=9), (0, A))
    second = await pool.snapshot("work/private")

    await pool.drop_snapshot("work/private", first)

    assert first not in await pool.list_snapshots("work/private")
    assert second in await pool.list_snapshots("work/private")
    with pytest.raises(QubesVolumeRevisionNotFoundError):
        await pool.drop_snapshot("work/private", first)
    await pool.revert("work/private", second)
    assert (await content(pool, "work/private"))[: len(A)] == A


async def test_imported_runs_are_the_volume_and_the_rest_is_zeros(pool: PoolDriver) -> None:
    async def runs() -> AsyncIterator[tuple[int, bytes]]:
        yield 0, A
        yield 5 * MIB + 512, B

    assert await pool.import_runs("new/private", 16 * MIB - 5, runs()) == 16 * MIB

    data = await content(pool, "new/private")
    assert data[: len(A)] == A
    assert data[5 * MIB + 512 : 5 * MIB + 512 + len(B)] == B
    assert not any(data[len(A) : 5 * MIB + 512])
    assert len(data) == 16 * MIB


async def test_the_pools_place_has_a_size(pool: PoolDriver) -> None:
    place = await pool.usage()

    assert 0 <= place.usage <= place.size


async def test_metadata_has_a_size_and_a_usage_or_neither(pool: PoolDriver) -> None:
    place = await pool.usage()

    assert (place.metadata_size is not None) == (pool.driver == "lvm-thin")
    assert (place.metadata_size is None) == (place.metadata_usage is None)
    assert 0 <= (place.metadata_usage or 0) <= (place.metadata_size or 0)


MAKERS: dict[str, Callable[[PoolDriver, str], Awaitable[object]]] = {
    "create": lambda pool, identity: pool.create("work/private", 8 * MIB, identity),
    "clone": lambda pool, identity: pool.clone("work/private", pool, "debian/root", identity),
    "import_data": lambda pool, identity: pool.import_data("work/private", pieces(B), identity=identity),
    "import_runs": lambda pool, identity: pool.import_runs("work/private", 8 * MIB, runs_of(B), identity),
}


async def runs_of(data: bytes) -> AsyncIterator[tuple[int, bytes]]:
    yield 0, data


@pytest.mark.parametrize("maker", MAKERS)
async def test_a_volume_that_exists_is_not_made_again_and_not_undone(pool: PoolDriver, maker: str) -> None:
    await pool.import_data("debian/root", pieces(C))
    await pool.import_data("work/private", pieces(A), identity="first")

    with pytest.raises(StoragePoolException, match="already has a volume work/private"):
        await MAKERS[maker](pool, "second")
    with pytest.raises(QubesVolumeNotFoundError):
        await pool.remove("work/private", "second")

    assert await starts_with(pool, "work/private") == A
    await pool.remove("work/private", "first")
    assert await pool.list_volumes() == ["debian/root"]


@pytest.mark.parametrize("maker", MAKERS)
async def test_a_new_volume_keeps_its_identity_whatever_happens_to_its_content(pool: PoolDriver, maker: str) -> None:
    await pool.import_data("debian/root", pieces(C))
    await MAKERS[maker](pool, "first")
    spec = kept("work/private", revisions=3)

    await session(pool, spec)
    snapshot = await pool.snapshot("work/private")
    await pool.clear("work/private")
    await pool.revert("work/private", snapshot)
    await pool.import_data("work/private", pieces(B))
    await pool.resize("work/private", 16 * MIB)
    await pool.rename_vm("work", "play")

    assert await pool.identity("play/private") == "first"


async def test_a_volume_without_an_identity_gets_one_that_stays(pool: PoolDriver) -> None:
    await pool.create("work/private", 8 * MIB)

    identity = await pool.identity("work/private")

    assert identity
    assert await pool.identity("work/private") == identity
    await pool.clone("copy/private", pool, "work/private")
    assert await pool.identity("copy/private") != identity


async def test_a_kept_volume_is_no_fresh_one_by_its_name(pool: PoolDriver) -> None:
    """A qube of another class had the name before, and its store was lost."""
    await pool.import_data("debian/root", pieces(C))
    await pool.import_data("work/root", pieces(A), identity="first")
    await pool.import_data("work/volatile", pieces(B))

    for spec in (APP_ROOT, VOLATILE):
        with pytest.raises(StoragePoolException, match=spec.vid):
            await pool.start(spec)
        await pool.stop(spec)
        with pytest.raises(QubesVolumeNotFoundError):
            await pool.remove(spec.vid, SESSION)

    assert await starts_with(pool, "work/root") == A
    assert await starts_with(pool, "work/volatile") == B


async def test_a_fresh_volume_is_removed_as_one_and_never_started_as_kept(pool: PoolDriver) -> None:
    await pool.start(VOLATILE)

    with pytest.raises(StoragePoolException, match="work/volatile"):
        await pool.start(kept("work/volatile"))
    assert await pool.identity("work/volatile") == SESSION
    await pool.stop(kept("work/volatile"))
    assert await pool.list_volumes() == ["work/volatile"]
    await pool.remove("work/volatile", SESSION)
    assert await pool.list_volumes() == []


async def test_a_place_is_known_again_by_its_mark(pool: PoolDriver) -> None:
    assert await pool.place() == ""
    await pool.mark("a" * 32)
    await pool.mark("b" * 32)
    assert await pool.place() == "b" * 32
    assert await pool.list_volumes() == []
    assert await pool.strays() == []


async def test_the_description_of_a_qube_stays_with_the_volume(pool: PoolDriver) -> None:
    await pool.create("work/private", 8 * MIB)
    assert await pool.description("work/private") is None

    await pool.describe("work/private", {"name": "first", "tags": ["x" * 3000]})
    about = {"name": "work", "notes": "grün <&> \n", "tags": ["a", "b"], "own": {"memory": "400"}}
    await pool.describe("work/private", about)
    await session(pool, kept("work/private", revisions=3), (0, A))
    await pool.revert("work/private", await pool.snapshot("work/private"))
    await pool.import_data("work/private", pieces(B))
    await pool.clear("work/private")
    await pool.recover({})
    await pool.rename_vm("work", "play")
    await pool.clone("copy/private", pool, "play/private")

    assert await pool.description("play/private") == about
    assert await pool.description("copy/private") is None
    assert await pool.damage("play/private") == ""
    with pytest.raises(StoragePoolException, match="too long"):
        await pool.describe("play/private", {"notes": secrets.token_hex(4 << 20)})
    assert await pool.description("play/private") == about
    with pytest.raises(QubesVolumeNotFoundError):
        await pool.damage("work/private")
