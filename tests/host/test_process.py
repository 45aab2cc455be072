# SPDX-License-Identifier: GPL-3.0-or-later
"""What a program gets as its input, on each event loop."""

import asyncio

import pytest

from qubesmanager.daemon.loops import ASYNCIO, UVLOOP, loop_factory
from qubesmanager.host import process


@pytest.mark.parametrize("loop", [ASYNCIO, UVLOOP])
@pytest.mark.parametrize("given", [b"", b"some\ninput", b"x" * 300_000], ids=["none", "some", "more than a pipe holds"])
@pytest.mark.parametrize("path", ["-", "/dev/stdin"])
def test_a_program_reads_its_input_and_may_open_it(path: str, given: bytes, loop: str) -> None:
    pytest.importorskip(loop)
    with asyncio.Runner(loop_factory=loop_factory(loop)) as runner:
        ended = runner.run(process.run("cat", path, given=given))

    assert ended == process.Ended(0, given, b"")
