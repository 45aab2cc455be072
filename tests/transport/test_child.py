# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon that a program starts itself, when that ends."""

from contextlib import closing

import pytest

from qubesmanager.transport.base import DaemonEndedError
from qubesmanager.transport.child import ChildTransport


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("INFO qubes-mgmt1d: Listening", "exit status 3."),
        ("qubes-mgmt1d: No room", "qubes-mgmt1d: No room"),
        ("ERROR store: No room\\nINFO qubes-mgmt1d: Ending", "ERROR store: No room"),
    ],
)
def test_the_reason_of_an_end_is_a_fault_and_no_other_line_of_the_log(lines: str, why: str) -> None:
    script = f"printf '{lines}\\n' >&2; exit 3"

    with (
        closing(ChildTransport("demo:", wrapper=("sh", "-c", script))) as daemon,
        pytest.raises(DaemonEndedError) as ended,
    ):
        daemon.wait()

    assert str(ended.value) == f"The daemon ended before it answered: {why}"
