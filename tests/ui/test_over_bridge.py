# SPDX-License-Identifier: GPL-3.0-or-later
"""The lists of tests that run over the bridge, and of those that do not, name tests that there are."""

from pathlib import Path

import pytest
from windows_over_bridge import BOTH_WAYS, DIFFERENCES, is_both_ways, why_not

FOLDER = Path(__file__).parent


@pytest.mark.parametrize("name", [*BOTH_WAYS, *DIFFERENCES])
def test_each_name_is_that_of_a_folder_a_file_or_a_test(name: str) -> None:
    path, _, test = name.partition("::")

    assert (FOLDER / path).exists()
    assert not test or f"def {test}(" in (FOLDER / path).read_text(encoding="utf-8")


def test_what_differs_never_runs_both_ways() -> None:
    assert not any(map(why_not, BOTH_WAYS))
    assert not any(map(is_both_ways, DIFFERENCES))
