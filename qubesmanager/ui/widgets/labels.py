# SPDX-License-Identifier: GPL-3.0-or-later
"""Labels, buttons and tooltips whose text is shown as it is, and their colours."""

from functools import lru_cache

from PyQt5.QtCore import Qt
from PyQt5.QtGui import QColor, QGuiApplication, QPalette
from PyQt5.QtWidgets import QLabel, QPushButton, QWidget

from qubesmanager.ui.icons import ColorOf, either
from qubesmanager.ui.widgets.fonts import bold_font, scaled
from qubesmanager.ui.widgets.palette_colors import put_colors


def plain_label(text: str, parent: QWidget | None = None) -> QLabel:
    """A label that shows its text as it is, wraps, and lets it be selected."""
    label = QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setAlignment(leading() | Qt.AlignmentFlag.AlignVCenter)
    label.setText(text)
    return label


def leading() -> Qt.Alignment:
    """The side at which lines begin on this desktop.

    Without it a text that is not translated would begin at the left of a window that reads from right to left.
    """
    if QGuiApplication.layoutDirection() == Qt.LayoutDirection.RightToLeft:
        return Qt.Alignment() | Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignAbsolute
    return Qt.Alignment() | Qt.AlignmentFlag.AlignLeft


def redden(button: QPushButton) -> None:
    """Mark a button that destroys something. Red has no other meaning, except as a label of a qube."""
    put_colors(button, {QPalette.ColorRole.ButtonText: destroying_color})


def embolden(widget: QWidget) -> None:
    """Make the text of a widget bold."""
    widget.setFont(bold_font(widget.font()))


def subdue(widget: QWidget) -> None:
    """Make the text of a widget less prominent but readable: a mix of the palette's text and window colours."""
    put_colors(widget, {QPalette.ColorRole.WindowText: subdued, QPalette.ColorRole.Text: subdued})


def subdued(palette: QPalette) -> QColor:
    """The colour of subdued text in this palette."""
    return mixed(palette, QPalette.ColorRole.WindowText, QPalette.ColorRole.Window, TEXT_SHARE)


def text_color(palette: QPalette) -> QColor:
    """The colour of text in lists and fields."""
    return palette.color(QPalette.ColorRole.Text)


def mixed(palette: QPalette, first: QPalette.ColorRole, second: QPalette.ColorRole, share: float) -> QColor:
    """A mix of two colours of a palette, with this share of the first one."""
    return blended(palette.color(first), palette.color(second), share)


def blended(first: QColor, second: QColor, share: float) -> QColor:
    """A mix of two colours, with this share of the first one."""
    return QColor(_blend(first.rgb(), second.rgb(), share))


@lru_cache(maxsize=256)
def _blend(first: int, second: int, share: float) -> int:
    """The same as numbers; a window mixes the same few colours for each of its widgets."""
    channels = ((first >> shift & 0xFF, second >> shift & 0xFF, shift) for shift in (16, 8, 0))
    return sum(round(a * share + b * (1 - share)) << shift for a, b, shift in channels)


def over_window(color: ColorOf, share: float) -> ColorOf:
    """This share of a colour over the ground of windows."""
    return lambda palette: blended(color(palette), palette.color(QPalette.ColorRole.Window), share)


TEXT_SHARE = 0.62
"""How much of the text's colour is in subdued text: enough for a contrast of 4.5 to 1 in the usual palettes."""


def show_problem(label: QLabel, problem: str | None) -> None:
    """Show a problem beside its field, or nothing. The space is kept, so that nothing moves."""
    label.setText(problem or "")
    label.setAccessibleName(problem or "")


warning_color = either("#8a5a00", "#e3b04b")
"""The colour of a warning's icon on the ground of text in this palette."""

good_color = either("#126b33", "#5cc47e")
"""The colour of what is verified or allowed, on the ground of text in this palette."""

fault_color = either("#b0400a", "#ff9d66")
"""The colour of a run that failed, and of what blocks, on the ground of text in this palette."""

destroying_color = either("#b3261e", "#ff8a80")
"""The colour of what is removed, on the ground of text in this palette."""

info_color = either("#1d5fa8", "#86b7f2")
"""The colour of news and ways back in this palette; the link colour of some desktops is unreadable in dark."""

cpu_color = either("#3a72c4", "#6ea4ea")
"""The colour of graphs of processor time in this palette."""

memory_color = either("#8a5a86", "#c08fbb")
"""The colour of graphs of memory in this palette."""


def title_label(text: str, parent: QWidget | None = None) -> QLabel:
    """The one title of a window or pane: bold, a quarter larger than text."""
    label = plain_label(text, parent)
    label.setFont(scaled(label.font(), 1.25, bold=True))
    return label


def problem_label(parent: QWidget) -> QLabel:
    """A label, in a warning colour, for what is wrong with a field."""
    label = plain_label("", parent)
    put_colors(label, {QPalette.ColorRole.WindowText: warning_color})
    return label


HALF = 128
"""Half of the scale of lightness: below is dark."""
