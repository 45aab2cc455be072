# SPDX-License-Identifier: GPL-3.0-or-later
"""A test marked `unmeasured` is left out of the coverage, the ones before and after it are not."""

import os

import coverage
import pytest
from unmeasured import unmeasured


def before() -> int:
    return 1


def meanwhile() -> int:
    return 2


def after() -> int:
    return 3


def test_only_the_block_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COVERAGE_PROCESS_CONFIG", "of programs")
    measured = coverage.Coverage(data_file=None, config_file=False, include=[__file__])
    measured.set_option("run:disable_warnings", ["already-imported"])

    with measured.collect():
        before()
        with unmeasured():
            meanwhile()
            assert "COVERAGE_PROCESS_CONFIG" not in os.environ
        after()

    assert os.environ["COVERAGE_PROCESS_CONFIG"] == "of programs"
    lines = measured.get_data().lines(__file__) or []
    reached = [
        function.__name__ for function in (before, meanwhile, after) if function.__code__.co_firstlineno + 1 in lines
    ]
    assert reached == ["before", "after"]


def test_without_coverage_the_block_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage.Coverage, "current", lambda: None)

    with unmeasured():
        assert meanwhile() == 2
