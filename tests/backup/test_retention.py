# SPDX-License-Identifier: GPL-3.0-or-later
"""Which backups of a profile may go: never the newest, never one that a rule keeps, and no more than the rules say."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qubesmanager.backup.retention import Keep, Made, decide

COUNTS = st.integers(0, 5)
KEEPS = st.builds(Keep, COUNTS, COUNTS, COUNTS, COUNTS)
TIMES = st.lists(
    st.integers(0, 24 * 400).map(lambda hours: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours)), max_size=60
)


def going(keep: Keep, times: list[datetime]) -> list[datetime]:
    """What goes when the newest of them is being made."""
    if not times:
        return []
    *known, coming = (Made(number, at) for number, at in enumerate(sorted(times)))
    return [backup.at for backup in decide(keep, coming, known).remove]


@given(KEEPS, TIMES)
def test_the_rules_name_the_backups_that_stay(keep: Keep, times: list[datetime]) -> None:
    gone = going(keep, times)
    left = sorted(times)
    for one in gone:
        left.remove(one)

    assert gone == sorted(gone)
    assert not times or max(times) in left
    assert len(left) >= min(len(times), keep.last)
    assert len(left) <= max(1, keep.last) + keep.daily + keep.weekly + keep.monthly
    days = sorted({at.date() for at in times}, reverse=True)[: keep.daily]
    weeks = sorted({at.isocalendar()[:2] for at in times}, reverse=True)[: keep.weekly]
    months = sorted({(at.year, at.month) for at in times}, reverse=True)[: keep.monthly]
    assert set(days) <= {at.date() for at in left}
    assert set(weeks) <= {at.isocalendar()[:2] for at in left}
    assert set(months) <= {(at.year, at.month) for at in left}
    for one in left:
        latest = [at for at in times if at.date() == one.date()]
        assert one in sorted(times)[-max(1, keep.last) :] or one == max(latest), (
            "of a day only the latest is kept for it"
        )


@given(KEEPS, TIMES)
def test_applying_the_rules_again_removes_no_further_backup(keep: Keep, times: list[datetime]) -> None:
    gone = going(keep, times)
    left = list(times)
    for one in gone:
        left.remove(one)

    assert going(keep, left) == []


@given(KEEPS, TIMES, st.randoms())
def test_the_order_in_which_they_are_known_does_not_matter(keep: Keep, times: list[datetime], chance: Random) -> None:
    shuffled = list(times)
    chance.shuffle(shuffled)

    assert going(keep, shuffled) == going(keep, times)


@pytest.mark.parametrize(
    ("keep", "left"),
    [
        (Keep(), [29]),
        (Keep(last=3), [27, 28, 29]),
        (Keep(daily=3), [27, 28, 29]),
        (Keep(weekly=3), [20, 27, 29]),
        (Keep(monthly=2), [29]),
        (Keep(last=2, weekly=2), [27, 28, 29]),
    ],
)
def test_thirty_nights_and_what_is_kept_of_them(keep: Keep, left: list[int]) -> None:
    nights = [datetime(2026, 6, 1, 3, tzinfo=UTC) + timedelta(days=number) for number in range(30)]

    gone = going(keep, nights)

    assert [number for number, night in enumerate(nights) if night not in gone] == left


# -- what no count removes --------------------------------------------------------------------------------------------

START = datetime(2026, 6, 1, 3, tzinfo=UTC)
NAMES = st.sampled_from(["work", "vault", "mail"])
BACKUPS = st.lists(
    st.tuples(
        st.integers(-100, 4000).map(lambda days: START + timedelta(days=days)),
        st.sets(NAMES).map(lambda names: {name: name for name in names}),
    ),
    max_size=20,
)


@given(KEEPS, BACKUPS, st.integers(-100, 100), st.frozensets(NAMES))
def test_the_last_good_backup_survives_any_clock(
    keep: Keep, runs: list[tuple[datetime, dict[str, str]]], days: int, names: frozenset[str]
) -> None:
    known = [Made(number, at, qubes, f"file {number}") for number, (at, qubes) in enumerate(runs)]
    coming = Made(len(runs), START + timedelta(days=days), {name: name for name in names}, "coming")

    decision = decide(keep, coming, known)

    stays = [coming, *(backup for backup in known if backup not in decision.remove)]
    covered = {name for backup in stays for name in backup.qubes}
    assert coming not in decision.remove
    assert all(backup.at <= coming.at for backup in decision.remove)
    assert {name for backup in known for name in backup.qubes} <= covered
    in_order = sorted((backup for backup in known if backup.at <= coming.at), key=lambda backup: -backup.number)
    assert not {backup.number for backup in decision.remove} & {
        backup.number for backup in in_order[: max(0, keep.last - 1)]
    }
    assert [backup.number for backup in decision.remove] == sorted(backup.number for backup in decision.remove)


@given(KEEPS, BACKUPS, st.frozensets(NAMES))
def test_giving_a_qube_up_removes_what_was_kept_for_it_alone(
    keep: Keep, runs: list[tuple[datetime, dict[str, str]]], given_up: frozenset[str]
) -> None:
    """The commands and the wizard count on it: they know only what was kept for which qubes."""
    known = [Made(number, at, qubes, f"file {number}") for number, (at, qubes) in enumerate(runs)]
    coming = Made(len(runs), START + timedelta(days=5000), {}, "coming")
    before = decide(keep, coming, known)

    after = decide(keep, coming, known, given_up)

    freed = [backup for backup, names in before.kept_for if set(names) <= given_up]
    assert set(map(id, after.remove)) == {*map(id, before.remove), *map(id, freed)}


def test_a_backup_dated_in_the_future_is_kept_and_replaces_no_other() -> None:
    later = Made(1, START + timedelta(days=2000), {"1": "vault"}, "2031")
    known = [
        Made(0, START, {"1": "vault"}, "first"),
        later,
        Made(2, START + timedelta(days=1), {"1": "vault"}, "second"),
    ]
    coming = Made(3, START + timedelta(days=2), {"1": "vault"}, "third")

    decision = decide(Keep(last=1), coming, known)

    assert [backup.file for backup in decision.remove] == ["first", "second"]
    assert decision.kept_for == ()


def test_another_qube_of_the_same_name_does_not_replace_the_first() -> None:
    known = [Made(0, START, {"uuid-1": "vault"}, "old"), Made(1, START, {"vault": "vault"}, "without uuids")]

    decision = decide(Keep(last=1), Made(2, START, {"uuid-2": "vault"}), known)

    assert [backup.file for backup in decision.remove] == ["without uuids"]
    assert [(backup.file, names) for backup, names in decision.kept_for] == [("old", ("vault",))]


def test_each_backup_that_the_counts_keep_has_the_reasons() -> None:
    known = [Made(number, START + timedelta(days=number), {}, f"day {number}") for number in range(4)]
    coming = Made(4, START + timedelta(days=4), {}, "coming")

    decision = decide(Keep(last=2, daily=3), coming, known)

    assert [(backup.file, why) for backup, why in decision.counted] == [
        ("day 3", ("last-2", "daily-2")),
        ("day 2", ("daily-3",)),
    ]
    assert [backup.file for backup in decision.remove] == ["day 0", "day 1"]
