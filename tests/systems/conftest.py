# SPDX-License-Identifier: GPL-3.0-or-later
"""A libvirt of the tests' own, with QEMU."""

from collections.abc import Iterator

import guest
import pytest


@pytest.fixture
def libvirtd() -> Iterator[guest.Libvirtd]:
    with guest.libvirtd(shared=True) as daemon:
        yield daemon
