# SPDX-License-Identifier: GPL-3.0-or-later
"""Boxes of choices that follow what there is."""

from collections.abc import Callable, Sequence

from PyQt5.QtGui import QIcon
from PyQt5.QtWidgets import QComboBox


def _no_picture(_value: str) -> None:
    return None


def refill(
    box: QComboBox, rows: Sequence[tuple[str, str]], picture: Callable[[str], QIcon | None] = _no_picture
) -> None:
    """Put these texts and values into the box, without a signal. The same choice stays, or else the first one comes.

    `picture` gives the icon of a value; it is asked only if the rows are others than before.
    """
    if [(box.itemText(at), box.itemData(at)) for at in range(box.count())] == list(rows):
        return
    chosen = box.currentData()
    box.blockSignals(True)
    box.clear()
    for text, value in rows:
        box.addItem(picture(value) or QIcon(), text, value)
    box.setCurrentIndex(max(0, box.findData(chosen)))
    box.blockSignals(False)
