# SPDX-License-Identifier: GPL-3.0-or-later
"""The edits of a draft in words: what it is now, what it is then, when that takes effect, and what is wrong with it."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from PyQt5.QtCore import QCoreApplication

from qubesmanager.models.draft import Draft
from qubesmanager.models.firewall_table import destination_text, duration_text, service_text
from qubesmanager.models.reason_texts import reason_text
from qubesmanager.models.texts import date_text, size_text
from qubesmanager.plans.devices import key_device
from qubesmanager.plans.plan import DEVICE, FEATURE, NOTES, PROPERTY, RULES, TAG, VOLUME, Key
from qubesmanager.plans.settings import RULES_KEY
from qubesmanager.rules.facts import Facts
from qubesmanager.rules.properties import AT_START, PROPERTIES, Changeable
from qubesmanager.ui.forms.editors import WITHOUT_DEFAULT, value_text
from qubesmanager.ui.forms.field import CONTEXT, Field
from qubesmanager.ui.forms.merge_bar import key_text
from qubesmanager.ui.forms.number_box import default_text
from qubesmanager.wire.firewall import Action, Rule, read_rule

translate = QCoreApplication.translate
LONGEST = 60
"""Characters of a note that are shown."""
NOTHING = "\u2013"


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change. `when` says what is wrong if it `is_fault`. `part` tells apart rows of one key."""

    key: Key
    name: str
    now: str
    then: str
    when: str
    is_fault: bool = False
    part: int = 0

    @property
    def identity(self) -> Hashable:
        """What distinguishes the row from others."""
        return self.key, self.part


def change_rows(draft: Draft, facts: Facts, field_of: Callable[[str], Field]) -> list[ChangeRow]:
    """The edits in the order in which they were made, the rules of the firewall last."""
    problems, warnings = draft.problems(facts), draft.warnings(facts)
    rows = []
    for key in draft.edited_keys():
        row = _row(draft, facts, key, field_of)
        name = key[1] if key[0] == PROPERTY else "devices" if key[0] == DEVICE else ""
        if problem := problems.get(name):
            row = replace(row, when=reason_text(problem), is_fault=True)
        elif warning := warnings.get(name):
            row = replace(row, when=f"{row.when}. {reason_text(warning)}")
        rows.append(row)
    return [*rows, *_rule_rows(draft)]


def title_of(field: Field) -> str:
    """The title of the field, without its mnemonic."""
    return translate(CONTEXT, field.title).replace("&", "")


def _now() -> str:
    return translate("ChangeRows", "now")


def _row(draft: Draft, facts: Facts, key: Key, field_of: Callable[[str], Field]) -> ChangeRow:
    before, after = draft.base(key), draft.value(key)
    if key[0] == PROPERTY:
        return _property_row(draft, facts, key, field_of(key[1]))
    return ChangeRow(key, *_WORDS[key[0]](key, before, after), _when(key))


def _when(key: Key) -> str:
    if key[0] == VOLUME:
        return translate("ChangeRows", "now; it cannot shrink later")
    return translate("ChangeRows", "at each start, from the next one on") if key[0] == DEVICE else _now()


def _property_row(draft: Draft, facts: Facts, key: Key, field: Field) -> ChangeRow:
    name = field.name

    def words(value: str, *, is_default: bool) -> str:
        return (
            default_text(value_text(field, value))
            if is_default and name not in WITHOUT_DEFAULT
            else value_text(field, value)
        )

    before, was_default = draft.before(name)
    after = draft.value(key)
    if after is None:
        default = draft.default(facts, name)
        then = default_text(None if default is None else value_text(field, default))
    else:
        then = words(after, is_default=False)
    return ChangeRow(key, title_of(field), words(before, is_default=was_default), then, when_text(draft, name))


def when_text(draft: Draft, name: str) -> str:
    """When an edited property takes effect."""
    row = PROPERTIES.get(name)
    if draft.record.running and name in AT_START:
        return translate("ChangeRows", "after a restart")
    if row is not None and row.change is Changeable.HALTED and name != "name":
        return translate("ChangeRows", "from the next start")
    return _now()


# -- what is no property: the title, and the values in words -----------------------------------------------------------

Words = tuple[str, str, str]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _feature(key: Key, before: str | None, after: str | None) -> Words:
    return _capital(key_text(key)), _set(before), _set(after)


def _set(value: str | None) -> str:
    if value is None:
        return translate("ChangeRows", "not set")
    return value or translate("ChangeRows", "empty")


def _tag(key: Key, before: str | None, after: str | None) -> Words:
    return _capital(key_text(key)), _there(before), _there(after)


def _there(value: str | None) -> str:
    return translate("ChangeRows", "does not exist") if value is None else translate("ChangeRows", "there")


def _volume(key: Key, before: str | None, after: str | None) -> Words:
    titles = {"private": translate("ChangeRows", "Private storage"), "root": translate("ChangeRows", "System storage")}
    title = titles.get(key[1]) or _capital(key_text(key))
    return title, size_text(int(before or 0)) or NOTHING, size_text(int(after or 0)) or NOTHING


def _device(key: Key, before: str | None, after: str | None) -> Words:
    device_class, backend, ident = key_device(key)
    title = translate("ChangeRows", "Device {0} of {1} ({2})").format(ident, backend, device_class)
    return title, _assigned(before), _assigned(after)


def _assigned(options: str | None) -> str:
    if options is None:
        return translate("ChangeRows", "not assigned")
    words = options.replace("=yes", "")
    assigned = translate("ChangeRows", "assigned")
    return f"{assigned} ({words})" if words else assigned


def _notes(_key: Key, before: str | None, after: str | None) -> Words:
    return translate("ChangeRows", "Notes"), _shortened(before or ""), _shortened(after or "")


def _shortened(text: str) -> str:
    first = text.strip().partition("\n")[0]
    return (first if len(first) <= LONGEST else f"{first[:LONGEST]}…") or translate("ChangeRows", "empty")


_WORDS: Mapping[str, Callable[[Key, str | None, str | None], Words]] = {
    FEATURE: _feature,
    TAG: _tag,
    VOLUME: _volume,
    DEVICE: _device,
    NOTES: _notes,
}


# -- the firewall ------------------------------------------------------------------------------------------------------


def _rule_rows(draft: Draft) -> list[ChangeRow]:
    """A row for each rule that comes or goes."""
    if not draft.is_edited((RULES, "")):
        return []
    before, after = [row.rule for row in draft.rules], list(draft.rule_texts())
    rows: list[ChangeRow] = []
    title = translate("ChangeRows", "Firewall rule")
    removed = translate("ChangeRows", "removed")
    for tag, start, end, first, last in SequenceMatcher(None, before, after, False).get_opcodes():
        if tag == "equal":
            continue
        rows += [
            ChangeRow(RULES_KEY, title, rule_words(draft, read_rule(text)), removed, _now(), part=len(rows) + at)
            for at, text in enumerate(before[start:end])
        ]
        rows += [
            ChangeRow(RULES_KEY, title, NOTHING, rule_words(draft, read_rule(text)), _now(), part=len(rows) + at)
            for at, text in enumerate(after[first:last])
        ]
    return rows


def rule_words(draft: Draft, rule: Rule) -> str:
    """A rule in words: what it does, where to, and how long."""
    if rule.action is Action.ACCEPT:
        text = translate("ChangeRows", "accept {0}, {1}")
    else:
        text = translate("ChangeRows", "drop {0}, {1}")
    text = text.format(destination_text(rule), service_text(rule))
    if rule.expire is None:
        return text
    seconds = draft.durations.get(rule.expire)
    if seconds is None:
        return translate("ChangeRows", "{0}, until {1}").format(text, date_text(rule.expire))
    return translate("ChangeRows", "{0}, for {1}").format(text, duration_text(seconds))
