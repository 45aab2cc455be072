# SPDX-License-Identifier: GPL-3.0-or-later
"""Both sides satisfy the view that the rules look at: mypy checks the assignments, the tests the values."""

from uuid import UUID

from qubesmanager.client.live_copy import LiveCopy
from qubesmanager.daemon.local.core import properties, system_properties
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.core.state import State
from qubesmanager.rules.facts import Facts, QubeFacts, own_value
from qubesmanager.rules.properties import Type
from qubesmanager.rules.references import REFERENCES, SYSTEM_REFERENCES
from qubesmanager.wire.records import VmRecord
from qubesmanager.wire.values import PowerState, VmClass

WORK = Qube(1, UUID(int=1), "work", VmClass.APP, own={"label": "red", "memory": "500"})


def state() -> State:
    state = State(system_own={"clockvm": "work"})
    state.load([WORK])
    return state


def test_the_daemon_and_the_live_copy_show_the_same_facts() -> None:
    daemon = state()
    copy = LiveCopy({"work": WORK.record()}, {"clockvm": "work"})
    sides: list[Facts] = [daemon, copy]

    for facts in sides:
        work = facts.qubes["work"]
        assert (work.name, work.klass, work.state, work.running) == ("work", VmClass.APP, PowerState.HALTED, False)
        assert (own_value(work, "memory"), own_value(work, "vcpus"), work.value("vcpus")) == ("500", "", "2")
        assert facts.system("clockvm") == "work"
        assert facts.sees("work")


def test_a_record_and_a_qube_of_the_daemon_are_facts() -> None:
    record: QubeFacts = VmRecord("work", VmClass.APP, PowerState.RUNNING)
    qube: QubeFacts = WORK

    assert (record.running, qube.name) == (True, "work")


def test_the_references_are_the_properties_that_name_a_qube() -> None:
    assert set(REFERENCES) == {row.name for row in properties.TABLE.values() if row.type is Type.VM}
    assert set(SYSTEM_REFERENCES) == {row.name for row in system_properties.TABLE.values() if row.type is Type.VM}


def test_a_record_shares_its_properties_with_the_qube_until_the_qube_changes() -> None:
    daemon = State()
    qube = Qube(2, UUID(int=2), "mail", VmClass.APP, own={"memory": "500"})
    daemon.load([qube])
    record = qube.record()
    assert record.properties is qube.properties

    qube.own["memory"] = "600"
    daemon.property_changed(qube, "memory")

    assert (record.value("memory"), qube.record().value("memory")) == ("500", "600")
    assert qube.record().properties is qube.properties
