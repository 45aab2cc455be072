# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be done with a volume, and whose it is."""

from dataclasses import replace

import samples
from hypothesis import given
from hypothesis import strategies as st

from qubesmanager.rules.volumes import (
    MOST_SIZE,
    orphans,
    snapshot_time,
    why_not_detach,
    why_not_kept,
    why_not_replace,
    why_not_size,
)
from qubesmanager.wire.codecs import VolumeId
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.records import VolumeRecord

KEPT = VolumeRecord("private", "default", "work/private", 100, 10, save_on_stop=True)
FRESH = VolumeRecord("volatile", "default", "work/volatile", 100, 0)


@given(present=st.integers(0, MOST_SIZE), size=st.integers(0, MOST_SIZE))
def test_a_volume_grows_and_never_shrinks(present: int, size: int) -> None:
    assert (why_not_size(present, size) is None) == (size >= present)


def test_a_size_beyond_all_disks_is_a_mistake() -> None:
    assert why_not_size(1, MOST_SIZE + 1) == Reason("volume-too-large")


def test_only_a_kept_volume_of_a_halted_qube_is_reverted() -> None:
    assert why_not_replace(KEPT, running=False) is None
    assert why_not_replace(KEPT, running=True) == Reason("volume-needs-halted")
    assert why_not_replace(FRESH, running=False) == why_not_kept(FRESH)


def test_only_an_extra_disk_is_detached() -> None:
    assert why_not_detach(KEPT) is not None
    assert why_not_detach(KEPT._replace(extra=True)) is None


def test_a_volume_that_no_qube_has_is_an_orphan() -> None:
    work = replace(samples.vm("work"), volumes=(KEPT, FRESH))
    there = [VolumeId("default", vid) for vid in ("work/private", "gone/private", "other/private")]

    assert orphans([work], there) == [VolumeId("default", "gone/private"), VolumeId("default", "other/private")]


def test_a_snapshot_says_when_it_was_taken() -> None:
    assert snapshot_time("1700000000-2") == 1_700_000_000
    assert snapshot_time("by-hand") is None
