# SPDX-License-Identifier: GPL-3.0-or-later
"""One libvirtd and one guest for all tests of this folder."""

from collections.abc import Iterator

import guest
import pytest

from qubesmanager.systems.guest_image import GuestImage


@pytest.fixture(scope="session")
def libvirtd() -> Iterator[guest.Libvirtd]:
    with guest.libvirtd() as daemon:
        yield daemon


@pytest.fixture(scope="session")
def image(libvirtd: guest.Libvirtd) -> GuestImage:
    return guest.image_for(libvirtd)
