# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a passphrase would hold out, by zxcvbn, in words."""

from dataclasses import dataclass

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QCoreApplication
from zxcvbn import zxcvbn

CONTEXT = "Strength"
LOOKED_AT = 40
"""Characters: what comes after them makes it only stronger, and looking takes the longer the more there are."""

WORDS = (
    QT_TRANSLATE_NOOP("Strength", "Very weak: guessed at once"),
    QT_TRANSLATE_NOOP("Strength", "Weak: guessed in a moment by who has the file"),
    QT_TRANSLATE_NOOP("Strength", "Fair: not for what must stay secret"),
    QT_TRANSLATE_NOOP("Strength", "Good"),
    QT_TRANSLATE_NOOP("Strength", "Strong"),
)
"""By zxcvbn's score."""


@dataclass(frozen=True, slots=True)
class Strength:
    """`score` 0 to 4."""

    score: int

    @property
    def text(self) -> str:
        return QCoreApplication.translate(CONTEXT, WORDS[self.score])


def strength(passphrase: str) -> Strength | None:
    """None for nothing at all."""
    if not passphrase:
        return None
    return Strength(int(zxcvbn(passphrase[:LOOKED_AT])["score"]))
