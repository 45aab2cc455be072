# SPDX-License-Identifier: GPL-3.0-or-later
"""Fonts of another size, where the desktop gives them in points and where in pixels."""

from PyQt5.QtGui import QFont

from qubesmanager.ui.widgets.fonts import scaled


def test_a_size_in_points_or_in_pixels_is_scaled_and_the_font_itself_stays(qapp: object) -> None:
    points, pixels = QFont(), QFont()
    points.setPointSizeF(10.0)
    pixels.setPixelSize(20)

    assert scaled(points, 1.5).pointSizeF() == 15.0
    assert scaled(pixels, 1.5, bold=True).pixelSize() == 30
    assert scaled(pixels, 1.5, bold=True).bold()
    assert (points.pointSizeF(), pixels.pixelSize(), pixels.bold()) == (10.0, 20, False)
