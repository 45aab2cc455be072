# SPDX-License-Identifier: GPL-3.0-or-later
"""Mentions of a qube outside of its settings, as a text for the dialogs that rename and remove it."""

from collections.abc import Sequence

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from qubesmanager.models.texts import number_text
from qubesmanager.wire.codecs import Mention

SHOWN = 8
"""Lines of policy that are shown."""
LINE = 100
"""Characters of a line of policy that are shown."""
_POLICY = QT_TRANSLATE_NOOP("Mentions", "These policy lines stay, and apply to any later qube of this name:")
_MORE = QT_TRANSLATE_NOOP("Mentions", "and {0} more")
_PROFILES = QT_TRANSLATE_NOOP("Mentions", "Backup profiles that name it: {0}")
_PROFILES_OF_SEVERAL = QT_TRANSLATE_NOOP("Mentions", "Backup profiles that name them: {0}")


def mention_text(mentions: Sequence[Mention], number: int = 1) -> str:
    """Several lines of plain text; empty if nothing names the qubes. `number`: how many qubes it is about.

    What names several of them is shown once.
    """
    policy = list(dict.fromkeys(mention for mention in mentions if mention.kind == "policy"))
    keys: dict[str, list[str]] = {}
    for mention in mentions:
        if mention.kind == "profile":
            keys.setdefault(mention.place, []).extend(mention.text.split())
    profiles = [f"{place} ({' '.join(dict.fromkeys(words))})" for place, words in keys.items()]
    lines = [_translated(_POLICY)] if policy else []
    lines += [f"{mention.place}  {_cut(mention.text)}" for mention in policy[:SHOWN]]
    if len(policy) > SHOWN:
        lines.append(_translated(_MORE).format(number_text(len(policy) - SHOWN)))
    if profiles:
        lines.append(_translated(_PROFILES if number == 1 else _PROFILES_OF_SEVERAL).format(", ".join(profiles)))
    return "\n".join(lines)


def _cut(text: str) -> str:
    return text if len(text) <= LINE else f"{text[:LINE]}…"


def _translated(text: str) -> str:
    return QCoreApplication.translate("Mentions", text)
