# SPDX-License-Identifier: GPL-3.0-or-later
"""A caller of `admin.*` calls on the demonstration's base system."""

import pytest
from dialect_fixtures import Caller, dispatcher_of

from qubesmanager.daemon.local.system import System


@pytest.fixture
def admin(system: System) -> Caller:
    """dom0's own client."""
    return Caller(dispatcher_of(system))
