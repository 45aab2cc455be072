# SPDX-License-Identifier: GPL-3.0-or-later
"""Work that many changes ask for, and that is done once for all of them."""

from collections.abc import Callable

from PyQt5.QtCore import QObject, QTimer


class Soon(QTimer):
    """Runs the work once, `pause` milliseconds after it was asked for; asking again until then changes nothing."""

    def __init__(self, pause: int, work: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self.setSingleShot(True)
        self.setInterval(pause)
        self.timeout.connect(work)

    def ask(self, *_values: object) -> None:
        """A slot of any signal. Unlike `start`, it never puts off work that is due: that could go on for ever."""
        if not self.isActive():
            self.start()
