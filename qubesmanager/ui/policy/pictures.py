# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures of what a policy speaks of: cubes of qubes, tags, answers."""

from PyQt5.QtGui import QIcon

from qubesmanager.models.policy_words import Kind, Word
from qubesmanager.policy.grammar import Action
from qubesmanager.ui.icons import label_icon, tinted_icon
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.labels import good_color, info_color, subdued, text_color, warning_color

_KINDS = {
    Kind.TAG: "tag",
    Kind.CLASS: "template",
    Kind.MANY: "qube",
    Kind.DISPOSABLE: "disposable",
    Kind.UNKNOWN: "help",
    Kind.GONE: "warning",
}


def word_icon(word: Word, session: Session) -> QIcon:
    """The cube of a qube in its label's colour; a quiet picture for other words."""
    if word.kind is Kind.QUBE:
        return label_icon(session.color_of_qube(word.name))
    color = warning_color if word.kind is Kind.GONE else subdued
    return tinted_icon(_KINDS[word.kind], color)


def action_icon(action: Action) -> QIcon:
    """The shape of an answer in its colour."""
    if action is Action.ALLOW:
        return tinted_icon("done", good_color)
    if action is Action.ASK:
        return tinted_icon("ask", info_color)
    return tinted_icon("refused", text_color)
