# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of windows that show devices: a feed that is filled with what the demonstration offers."""

import pytest
from device_samples import CAMERA, MIC, SDB, STICK, WaitingHypervisor
from until import until

from qubesmanager.models.device_catalog import DeviceCatalog
from qubesmanager.ui.devices.device_feed import DeviceFeed, feed_of
from qubesmanager.ui.session.session import Session


@pytest.fixture
def hypervisor() -> WaitingHypervisor:
    return WaitingHypervisor()


@pytest.fixture
async def feed(session: Session) -> DeviceFeed:
    session.follow()
    feed = feed_of(session)
    await until(lambda: session.labels and {SDB, STICK, CAMERA, MIC} <= set(feed.catalog.devices()))
    return feed


@pytest.fixture
def catalog(feed: DeviceFeed) -> DeviceCatalog:
    return feed.catalog
