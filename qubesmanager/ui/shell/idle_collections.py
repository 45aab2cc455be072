# SPDX-License-Identifier: GPL-3.0-or-later
"""Full garbage collections while the user does nothing: one of a plan of 10,000 qubes takes 0.1 s.

Most objects are freed without: few are in circles of references, such as windows that were closed.
"""

import gc

from PyQt5.QtCore import QEvent, QObject, QTimer
from PyQt5.QtGui import QWindow
from PyQt5.QtWidgets import QApplication

PAUSE = 3000
"""Milliseconds without a key, click or movement after which the user does nothing."""
DUE = 10
"""Collections of the middle generation, as many as before Python's own full ones, after which there is a full one."""
NEVER = 1_000_000_000
"""A threshold of Python that is not reached."""

INPUT = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.KeyRelease,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseButtonRelease,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
        QEvent.Type.TouchUpdate,
        QEvent.Type.TouchEnd,
        QEvent.Type.TabletMove,
        QEvent.Type.InputMethod,
    }
)


class IdleCollections(QObject):
    """Replaces Python's own full collections from its start on, until `stop`."""

    def __init__(self, application: QApplication) -> None:
        super().__init__(application)
        self._application = application
        self._is_used = False
        """The user did something since the last look."""
        self._thresholds = gc.get_threshold()
        self._timer = QTimer(self)
        self._timer.setInterval(PAUSE)
        self._timer.timeout.connect(self.look)

    def start(self) -> None:
        """Let Python collect what is young, and the rest in pauses."""
        gc.enable()
        if self._timer.isActive():
            return
        young, middle, _old = self._thresholds
        gc.set_threshold(young, middle, NEVER)
        self._application.focusWindowChanged.connect(self._watch)
        self._watch(self._application.focusWindow())
        self._timer.start()

    def stop(self) -> None:
        """Leave full collections to Python again."""
        if self._timer.isActive():
            self._timer.stop()
            self._application.focusWindowChanged.disconnect(self._watch)
            gc.set_threshold(*self._thresholds)

    def look(self) -> None:
        """Collect if it is due, and the user has done nothing since the last look."""
        is_used, self._is_used = self._is_used or QApplication.activePopupWidget() is not None, False
        if not is_used and gc.get_count()[2] >= DUE:
            gc.collect()

    def _watch(self, window: QWindow | None) -> None:
        """Notice what the user does in a window. A filter of the application would be called for every event."""
        self._is_used = True
        if window is not None:
            window.installEventFilter(self)  # once more changes nothing

    # Qt overrides

    def eventFilter(self, _watched: QObject | None, event: QEvent | None) -> bool:
        if event is not None and event.type() in INPUT:
            self._is_used = True
        return False
