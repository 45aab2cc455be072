# SPDX-License-Identifier: GPL-3.0-or-later
"""The soak in short: each kind of round once, on a real daemon."""

import pytest
from soak.main import ROUNDS, Plan, Report, small_disk, soak


@pytest.mark.slow
@pytest.mark.unmeasured
@pytest.mark.timeout(600)
async def test_nothing_that_was_answered_is_lost() -> None:
    report = Report()

    with small_disk() as folder:
        await soak(Plan(steady_calls=1200, rounds=len(ROUNDS), calls_a_round=150, seed=7), folder, report)

    assert report.faults == [], "\n".join(report.lines())
    assert report.kills == len(ROUNDS)
    assert report.events > 0
    assert report.ledger.answers["ok"] > report.ledger.answers["unanswered"] > 0
