# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages of which one is shown, and which scrolls where the window is too small for it."""

from PyQt5.QtCore import QEvent, QSize, Qt
from PyQt5.QtGui import QPalette
from PyQt5.QtWidgets import QFrame, QScrollArea, QStackedWidget, QWidget


class PageStack(QStackedWidget):
    """Needs the room of the page that is shown, not that of the largest one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.currentChanged.connect(lambda _at: self.updateGeometry())

    # Qt overrides

    def minimumSizeHint(self) -> QSize:
        page = self.currentWidget()
        return super().minimumSizeHint() if page is None else page.minimumSizeHint().expandedTo(page.minimumSize())

    def heightForWidth(self, width: int) -> int:
        """The least height: a page with a table prefers more, and need not scroll to have less."""
        page = self.currentWidget()
        layout = page.layout() if page is not None else None
        if page is None or layout is None or not layout.hasHeightForWidth():
            return self.minimumSizeHint().height()
        return layout.minimumHeightForWidth(width)

    def sizeHint(self) -> QSize:
        page = self.currentWidget()
        return super().sizeHint() if page is None else page.sizeHint()


def scroll_down_only(area: QScrollArea) -> None:
    """Draw no frame, and give what is in the area its width: only the height may be too small."""
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)


class ScrolledStack(QScrollArea):
    """A `PageStack` as `stack`, in a frame that is not drawn."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.stack = PageStack(self)
        self._needs: tuple[QSize, int, int] | None = None
        """The least size of the page, its least height for a width, and that width, at the last request."""
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidget(self.stack)
        for part in (self.viewport(), self.stack):
            if part is not None:
                part.setAutoFillBackground(False)
                part.setBackgroundRole(QPalette.ColorRole.NoRole)
        bar = self.verticalScrollBar()
        self._follow_range(0, 0 if bar is None else bar.maximum())
        if bar is not None:
            bar.rangeChanged.connect(self._follow_range)

    def _follow_range(self, _least: int, most: int) -> None:
        """The Tab key reaches the area only while its arrow keys scroll something."""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if most > 0 else Qt.FocusPolicy.NoFocus)

    # Qt overrides

    def sizeHint(self) -> QSize:
        return self.stack.sizeHint()

    def event(self, event: QEvent | None) -> bool:
        """A page whose needs have changed, for example by a note below a field, may have to scroll."""
        if event is not None and event.type() == QEvent.Type.LayoutRequest:
            viewport = self.viewport()
            width = 0 if viewport is None else viewport.width()
            needs = (self.stack.minimumSizeHint(), self.stack.heightForWidth(width), width)
            # The update brings another request: without the comparison they would never end.
            if needs != self._needs:
                self._needs = needs
                self.stack.updateGeometry()
        return super().event(event)
