# SPDX-License-Identifier: GPL-3.0-or-later
"""Qt's own check of the window's models, joined as the window joins them."""

from typing import Any

from pytestqt.modeltest import ModelTester
from windows import Clicker


def checked(tester: ModelTester, model: Any) -> None:
    check: Any = tester.check  # it has no types
    check(model, force_py=True)


async def test_the_table_keeps_qts_contract(clicker: Clicker, qtmodeltester: ModelTester) -> None:
    checked(qtmodeltester, clicker.window.model)
    clicker.window.model.set_properties(["kernelopts"])
    clicker.window.model.set_properties([])


async def test_the_filter_keeps_qts_contract(clicker: Clicker, qtmodeltester: ModelTester) -> None:
    checked(qtmodeltester, clicker.window.filter)
    clicker.window.query.set_query("state:running")
    clicker.window.filter.sort(2)
    clicker.window.model.set_properties(["kernelopts"])
    clicker.window.filter.sort(len(clicker.window.model.columns) - 1)
    clicker.window.model.set_properties([])
