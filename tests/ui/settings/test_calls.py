# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings open in a few calls, however many qubes there are; benchmarks/settings.py says how long it takes."""

from collections.abc import Iterator
from functools import partial

import pytest
from pytestqt.qtbot import QtBot
from until import until
from windows import is_quiet

from qubesmanager.client.client import Client
from qubesmanager.transport.child import ChildTransport
from qubesmanager.ui.devices.device_feed import feed_of
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.settings.settings_window import SettingsWindow

QUBES, MOST = 200, 3
BASE = 11
PAGES = ("basic", "advanced", "firewall", "devices", "volumes", "services", "tags", "properties", "notes")


@pytest.fixture
def client() -> Iterator[Client]:
    """A daemon in a separate process."""
    transport = ChildTransport("demo:", "--demo", str(QUBES - BASE))
    yield Client(transport)
    transport.close()


def ready(window: SettingsWindow) -> bool:
    """It shows everything that its page asks for."""
    return bool(window.draft.rules) and is_quiet()


async def test_each_page_opens_in_three_calls_among_two_hundred_qubes(session: Session, qtbot: QtBot) -> None:
    session.follow()
    await until(lambda: session.is_synced and session.labels)
    assert len(session.records) == QUBES
    # Which devices there are is asked once a session, of those that offer some.
    feed = feed_of(session)
    await until(lambda: feed.catalog.devices() and is_quiet())
    made: dict[str, int] = {}

    for name in PAGES:
        before = session.client.calls_made
        window = SettingsWindow(session, "work", session.labels, name)
        qtbot.addWidget(window)
        window.show()
        await until(partial(ready, window))
        made[name] = session.client.calls_made - before
        assert set(window.pages) == set(PAGES)
        assert window.tabs.currentWidget() is window.pages[name]
        window.close()

    assert {name: count for name, count in made.items() if count > MOST} == {}
    assert made["basic"] == 1
