# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of a rule that mean nothing now: qubes that are gone, tags and classes that no qube has."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from qubesmanager.policy.engine import ANY, DISPVM_TAG_PREFIX, TAG_PREFIX, TYPE_PREFIX
from qubesmanager.policy.grammar import EXACT, Rule
from qubesmanager.policy.system_info import DISPVM_PREFIX, SystemInfo, is_dom0
from qubesmanager.wire.names import TAGS_OF_QUBES


class Missing(Enum):
    """What a word names that there is not."""

    QUBE = "qube"
    DISPOSABLE_TEMPLATE = "template for disposables"
    TAG = "tag"
    CLASS = "class"


@dataclass(frozen=True, slots=True)
class GoneWord:
    """`field` is `source`, `target`, or the option that holds the word. `name` is the qube, tag or class."""

    field: str
    word: str
    missing: Missing
    name: str


def gone_words(rule: Rule, info: SystemInfo) -> tuple[GoneWord, ...]:
    """The words of a rule that name what there is not, in their order."""
    options = ((key, value) for key, value in rule.options.items() if key in {"target", "default_target"})
    words = (("source", rule.source), ("target", rule.target), *options)
    return tuple(word for field, text in words for word in _gone(field, text, info))


def _gone(field: str, word: str, info: SystemInfo) -> Iterator[GoneWord]:
    if word == ANY or word in EXACT or is_dom0(word):
        return
    if word.startswith((TAG_PREFIX, DISPVM_TAG_PREFIX)):
        tag = word.removeprefix(DISPVM_TAG_PREFIX).removeprefix(TAG_PREFIX)
        if not (info.tagged(tag) if word.startswith(TAG_PREFIX) else info.tagged_disposables(tag)):
            owner = next((tag.removeprefix(prefix) for prefix in TAGS_OF_QUBES if tag.startswith(prefix)), "")
            is_gone = bool(owner) and info.find(owner) is None
            yield GoneWord(field, word, Missing.QUBE if is_gone else Missing.TAG, owner if is_gone else tag)
    elif word.startswith(TYPE_PREFIX):
        klass = word.removeprefix(TYPE_PREFIX)
        if not info.of_class(klass):
            yield GoneWord(field, word, Missing.CLASS, klass)
    else:
        name = word.removeprefix(DISPVM_PREFIX)
        domain = info.find(name)
        if domain is None:
            yield GoneWord(field, word, Missing.QUBE, name)
        elif name != word and not domain.template_for_dispvms:
            yield GoneWord(field, word, Missing.DISPOSABLE_TEMPLATE, name)
