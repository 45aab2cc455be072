# SPDX-License-Identifier: GPL-3.0-or-later
from collections.abc import Sequence

from order import long_first

Row = tuple[str, int, bool]
"""A file, the number of a test in it, and whether that is long."""


def ordered(tests: Sequence[Row], processes: int) -> list[Row]:
    return long_first(tests, processes, file_of=lambda test: test[0], is_long=lambda test: test[2])


def test_each_process_begins_with_long_tests_and_files_stay_together() -> None:
    tests = [(f"short{file}", number, False) for file in range(6) for number in range(3)]
    tests += [(f"long{file}", number, number == 1) for file in range(4) for number in range(3)]

    result = ordered(tests, 3)

    assert sorted(result) == sorted(tests)
    assert all(part[0][0].startswith("long") for part in (result[:10], result[10:20], result[20:]))
    assert [part[3][0].startswith("long") for part in (result[:10], result[10:20], result[20:])] == [True, False, False]
    for file in range(4):
        places = [place for place, test in enumerate(result) if test[0] == f"long{file}"]
        assert places == list(range(places[0], places[0] + 3))


def test_long_files_that_are_more_than_a_part_lose_no_test() -> None:
    tests = [("long", number, True) for number in range(7)] + [("short", 0, False)]

    assert sorted(ordered(tests, 4)) == sorted(tests)
