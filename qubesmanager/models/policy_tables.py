# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of the tables beside the rules: why a call is decided so, what a change alters, what a qube may do."""

from dataclasses import dataclass

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from qubesmanager.models.policy_words import call_text, near_text, place_text, result_text, rule_text, word_of
from qubesmanager.models.row_table import Mark, TableColumn
from qubesmanager.policy.engine import Result
from qubesmanager.policy.explain import Explanation
from qubesmanager.policy.grammar import Rule
from qubesmanager.policy.impact import Alteration
from qubesmanager.policy.rights import Right
from qubesmanager.policy.system_info import SystemInfo

NEAR, LATER = 4, 4
"""Rules that nearly decide, and that come too late, that are listed."""
NAMES = 6
"""Qubes of a right that are named."""

translate = QCoreApplication.translate


# -- why a call is decided so ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WhyRow:
    """A rule about a call, and why it does or does not decide."""

    rule: Rule
    text: str
    why: str
    mark: Mark


def why_rows(explanation: Explanation, info: SystemInfo) -> list[WhyRow]:
    """The rule that decides, those before it that nearly do, and those that fit and come later."""

    def row(rule: Rule, why: str, mark: Mark) -> WhyRow:
        return WhyRow(rule, rule_text(rule, info), why, mark)

    rows = [row(near.rule, near_text(near, info), Mark.QUIET) for near in explanation.near[-NEAR:]]
    if explanation.decision.rule is not None:
        rows.append(row(explanation.decision.rule, translate("Policy", "decides"), Mark.DONE))
    later = translate("Policy", "matches, but comes later")
    return rows + [row(rule, later, Mark.QUIET) for rule in explanation.shadowed[:LATER]]


WHY_COLUMNS: tuple[TableColumn[WhyRow], ...] = (
    TableColumn(QT_TRANSLATE_NOOP("Policy", "Line"), lambda row: place_text(row.rule.place)),
    TableColumn(QT_TRANSLATE_NOOP("Policy", "Rule for this call"), lambda row: row.text),
    TableColumn(QT_TRANSLATE_NOOP("Policy", "Why"), lambda row: row.why, mark=lambda row: row.mark),
)


# -- what a change alters ----------------------------------------------------------------------------------------------

_MARKS = {
    Result.ALLOW: Mark.DONE,
    Result.ASK: Mark.ASKED,
    Result.DENY: Mark.STOPPED,
    Result.ERROR: Mark.STOPPED,
}

ALTERED_COLUMNS: tuple[TableColumn[Alteration], ...] = (
    TableColumn(QT_TRANSLATE_NOOP("Policy", "From"), lambda row: row.request.source),
    TableColumn(QT_TRANSLATE_NOOP("Policy", "To"), lambda row: target_text(row.request.target)),
    TableColumn(
        QT_TRANSLATE_NOOP("Policy", "Call"),
        lambda row: call_text(row.request.service, row.request.argument).removeprefix("qubes."),
        tip=lambda row: call_text(row.request.service, row.request.argument),
    ),
    TableColumn(QT_TRANSLATE_NOOP("Policy", "Now"), lambda row: result_text(row.before), mark=lambda _row: Mark.QUIET),
    TableColumn(
        QT_TRANSLATE_NOOP("Policy", "Then"),
        lambda row: result_text(row.after),
        mark=lambda row: _MARKS[row.after.result],
        tip=lambda row: row.after.reason,
    ),
)


def target_text(target: str) -> str:
    """A target of a call as the tables name it: a qube's name, or words for what is none."""
    return word_of(target, SystemInfo({})).text


# -- rights ------------------------------------------------------------------------------------------------------------


def others_text(right: Right) -> str:
    """The first qubes that a right is about, and how many others."""
    names = ", ".join(target_text(other) for other in right.others[:NAMES])
    more = len(right.others) - NAMES
    return translate("Policy", "{0} and %n more", "", more).format(names) if more > 0 else names


def right_columns(others: str) -> tuple[TableColumn[Right], ...]:
    """The columns of a table of rights; `others` is the title of the qubes at the other end."""
    return (
        TableColumn(QT_TRANSLATE_NOOP("Policy", "Call"), lambda right: call_text(right.service, right.argument)),
        TableColumn(
            others,
            others_text,
            tip=lambda right: ", ".join(target_text(other) for other in right.others),
        ),
        TableColumn(
            QT_TRANSLATE_NOOP("Policy", "Answer"),
            lambda right: result_text(right.decision),
            mark=lambda right: _MARKS[right.decision.result],
        ),
        TableColumn(
            QT_TRANSLATE_NOOP("Policy", "Line"),
            lambda right: place_text(right.decision.place) if right.decision.place else "",
            mark=lambda _right: Mark.QUIET,
        ),
    )
