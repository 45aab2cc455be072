# SPDX-License-Identifier: GPL-3.0-or-later
"""Three hundred qubes start and halt while the user sorts and filters."""

import asyncio
from collections.abc import Iterator

import pytest
from PyQt5.QtCore import Qt
from windows import Clicker

from qubesmanager.client.client import Client
from qubesmanager.transport.child import ChildTransport
from qubesmanager.ui.session.diagnostics import Watchdog
from qubesmanager.wire import calls
from qubesmanager.wire.values import VmClass

EXTRA = 289


@pytest.fixture
def client() -> Iterator[Client]:
    """A daemon in a separate process: what is measured is the window."""
    transport = ChildTransport("demo:", "--demo", str(EXTRA))
    yield Client(transport)
    transport.close()


@pytest.mark.slow
@pytest.mark.unmeasured
@pytest.mark.timeout(600)
async def test_hundreds_of_qubes_start_and_halt_while_the_user_sorts_and_filters(
    clicker: Clicker, capsys: pytest.CaptureFixture[str]
) -> None:
    window, session = clicker.window, clicker.session
    guests = [record for record in session.records.values() if record.klass not in {VmClass.ADMIN, VmClass.DISP}]
    names = [record.name for record in guests if record.value("provides_network") != "yes"]
    halted = [name for name in names if not session.records[name].running]
    assert len(names) > 250, "the others are net qubes, disposables and dom0"
    watchdog = Watchdog(session)
    watchdog.start()

    async def drive() -> None:
        async with asyncio.TaskGroup() as group:
            for name in halted:
                group.create_task(session.client.send(calls.VM_START(name)))
        async with asyncio.TaskGroup() as group:
            for name in names:
                group.create_task(session.client.send(calls.VM_SHUTDOWN(name)))

    task = session.tasks.start("Start and halt everything", drive())
    queries = ("", "state:running", "mail", "mem>500M -template:fedora", "tag:work")
    turn = 0
    while not task.done():
        window.query.set_query(queries[turn % len(queries)])
        window.view.sortByColumn(turn % 7, Qt.SortOrder(turn % 2))
        turn += 1
        await asyncio.sleep(0.05)
    window.query.set_query("")
    await clicker.until(lambda: all(not session.records[name].running for name in names), limit=300)
    watchdog.stop()

    assert len(window.table_text()) == len(session.records) + 1
    shown = [row[0] for row in window.table_text()[1:]]
    assert sorted(shown) == sorted(session.records)
    with capsys.disabled():
        gap = f"{watchdog.longest * 1000:.0f} ms"
        print(f"\n{len(halted)} qubes started, {len(names)} halted; the loop's longest gap {gap}")
