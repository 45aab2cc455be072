# SPDX-License-Identifier: GPL-3.0-or-later
"""English sentences of the rules and the daemon, which contain names and numbers, in the user's language."""

import re
from collections.abc import Callable, Iterable

from PyQt5.QtCore import QCoreApplication

_BETWEEN = re.compile(r"(?<=[.?]) (?=[A-Z])")
_INNER = r"((?:(?!\. [A-Z]).)+?)"
"""What a hole inside of a text matches: never the end of one sentence and the begin of the next."""


class Sentences:
    """A table of texts with holes, `{0}` and `{1}` in this order; the first text that a sentence fits is its own.

    A part that fits into a hole may be a sentence too, as in "It has no netvm: There is no qube x.". `otherwise`
    translates a sentence that is not in the table.
    """

    def __init__(self, context: str, texts: Iterable[str], otherwise: Callable[[str], str] = str) -> None:
        self._context = context
        self._otherwise = otherwise
        self._patterns = tuple((text, _pattern(text)) for text in texts)

    def translated(self, said: str) -> str:
        """One or more sentences in the user's language; one that is in no table stays as it is."""
        for text, pattern in self._patterns:
            if match := pattern.fullmatch(said):
                parts = [self.translated(part) for part in match.groups()]
                return QCoreApplication.translate(self._context, text).format(*parts)
        sentences = _BETWEEN.split(said)
        return self._otherwise(said) if len(sentences) == 1 else " ".join(map(self.translated, sentences))


def _pattern(text: str) -> "re.Pattern[str]":
    """What a text with `{0}` and `{1}` matches. A hole at its end takes all that follows."""
    parts = re.split(r"\{\d\}", text)
    holes = [_INNER] * (len(parts) - 1)
    if holes and not parts[-1]:
        holes[-1] = "(.+)"
    return re.compile(
        "".join(re.escape(part) + hole for part, hole in zip(parts, [*holes, ""], strict=True)), re.DOTALL
    )
