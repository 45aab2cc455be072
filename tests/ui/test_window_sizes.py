# SPDX-License-Identifier: GPL-3.0-or-later
"""No window is larger than its screen, in whichever font: those of THE WINDOWS, and the dialogs about a qube."""

from collections.abc import Iterator

import pytest
from PyQt5.QtWidgets import QApplication, QWidget
from windows import Clicker

from qubesmanager.ui.session.windows import WINDOWS, OpenWindows

NAMES: dict[str, list[tuple[str, ...]]] = {
    "settings": [("work",), ("work", "vault", "personal")],
    "devices": [("work",)],
    "attach": [("work",)],
    "logs": [("work",)],
    "history": [("work",)],
    "rights": [("work",)],
}
"""The qubes that a window is about; the others are about none."""
PLACES = [(kind, names) for kind in WINDOWS for names in NAMES.get(kind, [()])]


@pytest.fixture(params=[1.0, 1.4])
def _font(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[None]:
    """The usual font, and one as a user with weak eyes chooses it."""
    usual = qapp.font()
    font = qapp.font()
    font.setPointSizeF(usual.pointSizeF() * request.param)
    qapp.setFont(font)
    yield
    qapp.setFont(usual)


@pytest.mark.usefixtures("_font")
@pytest.mark.parametrize(("kind", "names"), PLACES)
async def test_a_window_fits_on_its_screen(clicker: Clicker, kind: str, names: tuple[str, ...]) -> None:
    windows = OpenWindows(clicker.session)
    window: QWidget = windows.open(kind, names)
    screen = QApplication.primaryScreen()
    assert screen is not None
    room = screen.availableSize()
    await clicker.until(window.isVisible)

    size = window.size().expandedTo(window.minimumSizeHint())
    windows.close_all()

    assert (size.width() <= room.width(), size.height() <= room.height()) == (True, True), size
