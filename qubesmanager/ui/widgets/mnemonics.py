# SPDX-License-Identifier: GPL-3.0-or-later
"""Mnemonics that are the only ones of their letter, whatever the translations chose."""

from collections.abc import Sequence

from PyQt5.QtWidgets import QAbstractButton, QLabel, QMenu, QWidget


def distinct(texts: Sequence[str]) -> list[str]:
    """The texts, of which a later one whose letter is taken gets another letter of it, or none.

    Letters that a text chose itself are given away only if no text needs them.
    """
    taken: set[str] = set()
    chosen = {letter for text in texts if (letter := _letter(text))}
    result = []
    for text in texts:
        letter = _letter(text)
        if letter and letter in taken:
            text, letter = _with_other_letter(text, taken | chosen)  # noqa: PLW2901 - the text with another letter
        taken.add(letter)
        result.append(text)
    return result


def distinct_in_menu(menu: QMenu) -> None:
    """Give the lines of the menu distinct mnemonics."""
    actions = [action for action in menu.actions() if action.isVisible() and not action.isSeparator()]
    before = [action.text() for action in actions]
    for action, old, text in zip(actions, before, distinct(before), strict=True):
        if text != old:
            action.setText(text)


def distinct_on(window: QWidget) -> None:
    """Give what is visible on the window distinct mnemonics: buttons, and labels of fields."""
    widgets: list[QAbstractButton | QLabel] = [
        button for button in window.findChildren(QAbstractButton) if button.isVisibleTo(window)
    ]
    labels = window.findChildren(QLabel)
    widgets += [label for label in labels if label.buddy() is not None and label.isVisibleTo(window)]
    before = [widget.text() for widget in widgets]
    for widget, old, text in zip(widgets, before, distinct(before), strict=True):
        if text != old:
            widget.setText(text)


def _letter(text: str) -> str:
    """The letter of a text in lower case; empty for none."""
    plain = text.replace("&&", "\0\0")
    at = plain.find("&")
    return plain[at + 1].casefold() if 0 <= at < len(plain) - 1 else ""


def _with_other_letter(text: str, taken: set[str]) -> tuple[str, str]:
    escaped = text.replace("&&", "\0\0").replace("&", "")
    for at, char in enumerate(escaped):
        if char.isalpha() and char.casefold() not in taken:
            return f"{escaped[:at]}&{escaped[at:]}".replace("\0\0", "&&"), char.casefold()
    return escaped.replace("\0\0", "&&"), ""
