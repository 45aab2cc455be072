# SPDX-License-Identifier: GPL-3.0-or-later
"""A name that is reserved by several at the same time while what an earlier qube left is removed."""

from contextlib import ExitStack

from qubesmanager.daemon.local.system import System


async def test_a_name_is_free_when_the_last_that_clears_it_has_ended(system: System) -> None:
    runtime = system.runtime
    removal, background = ExitStack(), ExitStack()
    background.enter_context(runtime.leaving_name("gone"))
    removal.enter_context(runtime.leaving_name("gone"))
    left = runtime.leaving["gone"]

    background.close()

    assert "gone" in runtime.reserved
    assert not left.is_set()
    removal.close()
    assert left.is_set()
    assert "gone" not in runtime.reserved
    assert not runtime.leaving
