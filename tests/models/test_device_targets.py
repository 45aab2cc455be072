# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of qubes that a device could go to."""

from pytestqt.modeltest import ModelTester

from qubesmanager.models.device_targets import Effort, Target, TargetList


def test_the_list_keeps_qts_contract(qtmodeltester: ModelTester) -> None:
    model = TargetList()
    model.put([Target(Effort.NONE, "work"), Target(Effort.START, "mail")])
    qtmodeltester.check(model, force_py=True)  # type: ignore[no-untyped-call] # not annotated there

    model.set_filter("wo")
    assert model.rowCount() == 1
    model.put([])
    assert model.rowCount() == 0
