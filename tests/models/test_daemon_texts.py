# SPDX-License-Identifier: GPL-3.0-or-later
"""What the daemon records about qubes and backups, as the window shows it."""

import inspect
import re

import pytest

from qubesmanager.backup import partial
from qubesmanager.daemon.local.drivers.backups import file_systems, targets
from qubesmanager.daemon.local.drivers.pools import (
    beneath,
    disk,
    file_qcow2,
    file_reflink,
    folder,
    lease,
    lvm_thin,
    manifest,
)
from qubesmanager.daemon.local.services import backups, devices, lifecycle, pools, volume_lifecycle
from qubesmanager.models.daemon_texts import PROBLEMS, REFUSALS, RUNS, problem_text, run_text

SPEAKERS = (
    backups, devices, lifecycle, pools, volume_lifecycle, partial, targets, file_systems, beneath, disk, folder,
    file_qcow2,
    file_reflink, lease, lvm_thin, manifest,
)  # fmt: skip


@pytest.mark.parametrize("sentence", PROBLEMS + RUNS + REFUSALS)
def test_the_daemon_says_each_sentence(sentence: str) -> None:
    source = re.sub(r'"\n\s+f?"', "", "".join(map(inspect.getsource, SPEAKERS)))

    assert all(part.strip() in source for part in re.split(r"\{\d\}", sentence))


def test_what_is_not_listed_stays() -> None:
    assert problem_text("The store was damaged. Somehow.") == "The store was damaged. Somehow."
    assert run_text("work: gone") == "work: gone"
    assert not problem_text("")
