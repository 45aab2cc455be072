# SPDX-License-Identifier: GPL-3.0-or-later
"""The query box: `state:running tag:work mem>2G -template:fedora free text` as a test of a record.

Words are combined by AND; `-` turns one around; a word without a key looks in the name. Parsing is total: what is not
understood is in `error`, and the rest still filters.
"""

import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from qubesmanager.wire.records import VmRecord

Test = Callable[[VmRecord], bool]

_WORD = re.compile(r"(?P<minus>-?)(?:(?P<key>[a-z_][a-z0-9_]*)(?P<sign>[:=<>]))?(?P<value>.*)", re.DOTALL)
_AMOUNT = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)([kmgt]?)i?b?", re.IGNORECASE | re.ASCII)
_UNITS = {"": 0, "k": 10, "m": 20, "g": 30, "t": 40}
_MIB = 20

TEXT_KEYS: Mapping[str, Callable[[VmRecord], Iterable[str]]] = {
    "name": lambda record: (record.name,),
    "state": lambda record: (record.state,),
    "class": lambda record: (record.klass,),
    "tag": lambda record: record.tags,
    "feature": lambda record: record.features,
    "label": lambda record: (record.value("label"),),
    "template": lambda record: (record.value("template"),),
    "netvm": lambda record: (record.value("netvm") or "none",),
    "ip": lambda record: (record.value("ip"),),
    "pool": lambda record: {volume.pool for volume in record.volumes},
    "notes": lambda record: (record.notes,),
    "device": lambda record: [device.ident for device in record.devices],
}
"""The texts that `key:value` searches; a value fits if it is part of one of them, without regard to case."""

NUMBER_KEYS: Mapping[str, Callable[[VmRecord], int]] = {
    "mem": lambda record: (record.number("memory") or 0) << _MIB,
    "memory": lambda record: (record.number("memory") or 0) << _MIB,
    "maxmem": lambda record: (record.number("maxmem") or 0) << _MIB,
    "disk": lambda record: record.disk_usage,
    "vcpus": lambda record: record.number("vcpus") or 0,
}
"""The numbers that `key>amount`, `key<amount` and `key=amount` compare; memory and disk in bytes."""


@dataclass(frozen=True, slots=True)
class Query:
    """`matches` is true for a record that passes all tests; `error` is one sentence, or empty."""

    tests: tuple[Test, ...] = ()
    error: str = ""

    def matches(self, record: VmRecord) -> bool:
        return all(test(record) for test in self.tests)


def parse(text: str) -> Query:
    """The query that a text means."""
    tests: list[Test] = []
    errors: list[str] = []
    for word in _words(text):
        test = _test(word)
        if isinstance(test, str):
            errors.append(test)
        else:
            tests.append(test)
    return Query(tuple(tests), " ".join(errors))


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        # An open quote: the user is still typing.
        return text.replace('"', " ").replace("'", " ").replace("\\", " ").split()


def _test(word: str) -> Test | str:
    match = _WORD.fullmatch(word)
    if match is None:
        return f"{word!a} is not understood."
    key, sign, value = match["key"], match["sign"], match["value"]
    test = _free(value) if key is None else _keyed(key, sign, value)
    if isinstance(test, str) or not match["minus"]:
        return test
    return lambda record: not test(record)


def _free(value: str) -> Test:
    folded = value.casefold()
    return lambda record: folded in record.name.casefold()


def _keyed(key: str, sign: str, value: str) -> Test | str:
    if key in NUMBER_KEYS:
        return _number(NUMBER_KEYS[key], sign, value) or f"{key} is compared with an amount, as in {key}>2G."
    if sign not in {":", "="}:
        return f"{key} is not a number."
    folded = value.casefold()
    if key in TEXT_KEYS:
        look = TEXT_KEYS[key]
        if sign == "=":
            return lambda record: any(folded == text.casefold() for text in look(record))
        return lambda record: any(folded in text.casefold() for text in look(record))
    return lambda record: folded in record.value(key).casefold() and key in record.properties


def _number(look: Callable[[VmRecord], int], sign: str, value: str) -> Test | None:
    match = _AMOUNT.fullmatch(value)
    if match is None:
        return None
    amount = int(float(match[1]) * (1 << _UNITS[match[2].lower()]))
    if sign == ">":
        return lambda record: look(record) > amount
    if sign == "<":
        return lambda record: look(record) < amount
    return lambda record: look(record) == amount


_KEYWORDS = (*(f"{name}:" for name in TEXT_KEYS), *(f"{name}>" for name in NUMBER_KEYS))


def last_word(text: str) -> tuple[str, str]:
    """The text before its last word, with the space between them, and the last word."""
    before, space, word = text.rpartition(" ")
    return before + space, word


def settled(text: str, names: Iterable[str]) -> str:
    """The text without a last word that is a keyword still being typed: `ta`, `tag:`, `mem>`.

    The beginning of a keyword that is part of one of the names is kept, since it finds them.
    """
    before, word = last_word(text)
    typed = word.removeprefix("-").casefold()
    if typed in _KEYWORDS or (typed[-1:] in set("<=>") and typed[:-1] in NUMBER_KEYS):
        return before.rstrip()
    is_keyword = bool(typed) and any(keyword.startswith(typed) for keyword in _KEYWORDS)
    if is_keyword and not any(typed in name.casefold() for name in names):
        return before.rstrip()
    return text


def completions(text: str, records: Iterable[VmRecord]) -> list[str]:
    """The completions of the last word of the text, best first: keys, then values of the records."""
    _before, word = last_word(text)
    minus = "-" if word.startswith("-") else ""
    key, colon, value = word.removeprefix("-").partition(":")
    if not colon:
        return [f"{minus}{name}" for name in _KEYWORDS if name.startswith(key)]
    look = TEXT_KEYS.get(key)
    if look is None:
        return []
    values = sorted({text for record in records for text in look(record) if text and "\n" not in text})
    return [f"{minus}{key}:{_quoted(text)}" for text in values if text.casefold().startswith(value.casefold())]


def _quoted(value: str) -> str:
    return shlex.quote(value)
