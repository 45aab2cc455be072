# SPDX-License-Identifier: GPL-3.0-or-later
"""A part of a window that takes no input while something is sent."""

from collections.abc import Iterator
from contextlib import contextmanager

from PyQt5 import sip
from PyQt5.QtWidgets import QWidget


@contextmanager
def disabled(widget: QWidget) -> Iterator[None]:
    """Disable the widget while the body runs. The window may be closed and deleted meanwhile."""
    widget.setEnabled(False)
    try:
        yield
    finally:
        if not sip.isdeleted(widget):
            widget.setEnabled(True)
