# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the windows of backups."""

from collections.abc import Iterator

import pytest
from PyQt5.QtWidgets import QApplication


@pytest.fixture(autouse=True)
def application_goes_on(qapp: QApplication) -> Iterator[None]:
    """The main window is not open, and the application does not end when the wizard is closed."""
    qapp.setQuitOnLastWindowClosed(False)
    yield
    qapp.setQuitOnLastWindowClosed(True)
