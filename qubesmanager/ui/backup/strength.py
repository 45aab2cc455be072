# SPDX-License-Identifier: GPL-3.0-or-later
"""How hard a passphrase is to guess, in words: by zxcvbn, or by a plain estimate where that is not installed."""

import importlib
import math
import string
from bisect import bisect
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

try:
    zxcvbn: Any = importlib.import_module("zxcvbn").zxcvbn
except ImportError:
    zxcvbn = None

CONTEXT = "Strength"
LOOKED_AT = 40
"""Characters: what comes after them makes it only stronger, and looking takes the longer the more there are."""

WORDS = (
    QT_TRANSLATE_NOOP("Strength", "Very weak: guessed at once"),
    QT_TRANSLATE_NOOP("Strength", "Weak: guessed in a moment by anyone who has the file"),
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
    part = passphrase[:LOOKED_AT]
    return Strength(plain_score(part) if zxcvbn is None else int(zxcvbn(part)["score"]))


SCORES = (3, 6, 8, 10)
"""Powers of ten of guesses at which zxcvbn gives the next score."""


def plain_score(passphrase: str) -> int:
    """A score as zxcvbn's without its dictionaries, 0 to 4.

    A character that repeats or follows the one before ("aa", "ab", "21") is as good as none. The others count half of
    what random ones of the same kinds would, because users choose words.
    """
    kinds = (string.ascii_lowercase, string.ascii_uppercase, string.digits, string.punctuation + " ")
    pool = sum(len(kind) for kind in kinds if set(kind) & set(passphrase))
    pool += 100 * any(not character.isascii() for character in passphrase)
    counted = 1 + sum(abs(ord(after) - ord(before)) > 1 for before, after in pairwise(passphrase))
    return bisect(SCORES, min(counted, 2 * len(set(passphrase))) / 2 * math.log10(max(pool, 2)))
