# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide in the user's browser, from the pages that are installed with the program."""

from pathlib import Path

from PyQt5.QtCore import QUrl
from PyQt5.QtGui import QDesktopServices

import qubesmanager

PAGES = Path(qubesmanager.__file__).parent / "html"
"""Where setup.py puts the pages."""
FIRST = "guide/README.html"


def open_guide() -> bool:
    """Open the first page of the guide; False if it is not installed, or there is no browser."""
    page = PAGES / FIRST
    return page.is_file() and QDesktopServices.openUrl(QUrl.fromLocalFile(str(page)))
