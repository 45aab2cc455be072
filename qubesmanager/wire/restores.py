# SPDX-License-Identifier: GPL-3.0-or-later
"""Restores: the options of a restore, the contents of a backup, and the result of each part of it."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal, TypeVar
from urllib.parse import quote, unquote

from qubesmanager.wire.errors import QubesValueError
from qubesmanager.wire.event import Event
from qubesmanager.wire.events import RESTORE_PROGRESS
from qubesmanager.wire.names import DOM0, VM_NAME, shown
from qubesmanager.wire.reason import Field, Reason
from qubesmanager.wire.reasons import error_for, from_json_text, joined, refusal, text, to_json_text
from qubesmanager.wire.records import NO, YES

ADMIN = "AdminVM"
DEFAULT_NETVM = "default"
"""The system's own choice, in the row of a qube whose netvm was never set."""

Conflict = Literal["skip", "rename", "fail"]
MissingTemplate = Literal["default", "skip"]
MissingNetvm = Literal["default", "none", "skip"]
RESULTS = ("ok", "skipped", "failed")
ADD, DIFFERS, SAME = FATES = ("add", "differs", "same")
NEW_HOME = "new"
"""A new folder in the home of dom0's user, for the one out of the backup."""
NOTES_SHOWN = 1000
"""The first characters of notes, and of a firewall rule, in the details of a qube of a backup."""
BACKUP_ID = "backup-id="
"""The prefix of the line that only the contents of a backup have."""
THE_FILE = "-"
"""Used instead of a qube's name in a row about the file itself."""


@dataclass(frozen=True, slots=True)
class StoredDetails:
    """The settings of a qube of a backup, as far as they are shown.

    `properties` are those that were set, references by name. `devices` is the number of assigned devices, `rules` that
    of the firewall rules, of which `first_rules` are some, and `notes` the first `NOTES_SHOWN` characters of its notes.
    These three have no meaning if `rules` is None, because the backup does not show them before it is restored.
    """

    properties: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    devices: int = 0
    rules: int | None = None
    first_rules: tuple[str, ...] = ()
    notes: str = ""


@dataclass(frozen=True, slots=True)
class StoredQube:
    """A qube of a backup, and whether there is one of its name here. `size` in bytes."""

    name: str
    klass: str
    label: str
    size: int
    template: str
    netvm: str
    exists: bool
    details: StoredDetails = StoredDetails()


@dataclass(frozen=True, slots=True)
class StoredItem:
    """A part of dom0's own configuration: a label, pool, property, policy file or backup profile.

    `fate` is `ADD` if there is none of its name here, `SAME`, or `DIFFERS`: then it stays unless it is named.
    """

    kind: str
    name: str
    fate: str

    @property
    def word(self) -> str:
        """Its name in a plan."""
        return f"{self.kind}:{self.name}"


@dataclass(frozen=True, slots=True)
class StoredHome:
    """The home of dom0 in a backup: the most bytes that it has, and how many files, None if that is not known."""

    size: int
    files: int | None


@dataclass(frozen=True, slots=True)
class Contents:
    """The contents of a backup. `ours`: it ends with a manifest, so that nothing can be missing from it unnoticed.

    `unreadable` are names of qubes that are in it and whose settings make no sense: they cannot be restored.
    """

    backup_id: str
    compression: str
    ours: bool
    qubes: tuple[StoredQube, ...]
    unreadable: tuple[str, ...] = ()
    dom0: tuple[StoredItem, ...] | None = None
    """dom0's own configuration; None if a qube asks."""
    home: StoredHome | None = None
    """dom0's home; None if the backup does not hold it, or a qube asks."""
    made: int | None = None
    """When it was made, in Unix seconds; None if its id does not tell."""


@dataclass(frozen=True, slots=True)
class RestorePlan:
    """The options of a restore. Empty maps and texts leave the choice to the daemon; no `include` means all qubes."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    rename: Mapping[str, str] = field(default_factory=dict)
    template: Mapping[str, str] = field(default_factory=dict)
    netvm: Mapping[str, str] = field(default_factory=dict)
    pool: str = ""
    pools: Mapping[str, str] = field(default_factory=dict)
    """By the name in the backup: the pool of a qube that does not go into `pool`."""
    conflict: Conflict = "fail"
    missing_template: MissingTemplate = "default"
    missing_netvm: MissingNetvm = "default"
    verify_only: bool = False
    devices: bool = False
    """Assign the devices again that the qubes had."""
    dom0: tuple[str, ...] = ()
    """Words of the items of dom0's configuration to take, `ADD` for all that are not here."""
    home: str = ""
    """Where to unpack dom0's home: an absolute path that does not exist, or `NEW_HOME`; empty to leave it out."""
    salvage: bool = False
    """Restore from a damaged file what is whole by its sealed chunks."""

    @property
    def named_pools(self) -> list[str]:
        """The pools that the plan names, sorted."""
        return sorted({self.pool, *self.pools.values()} - {""})


@dataclass(frozen=True, slots=True)
class Restored:
    """The result of a qube, or of another part of the backup.

    `name` is the name of the qube here, empty if it was not restored; `said` a reason or notes in English, or empty.
    """

    qube: str
    name: str
    result: str
    said: str
    why: Reason | None = None
    """The text of `said` as data."""

    @property
    def is_qube(self) -> bool:
        """Whether the row is about a qube; others are about the file, dom0's home, or a part of its configuration."""
        return self.qube not in {THE_FILE, DOM0} and ":" not in self.qube

    @classmethod
    def because(cls, qube: str, name: str, result: str, *fields: Field) -> "Restored":
        """A row with these reasons, one after the other."""
        why = joined(fields)
        return cls(qube, name, result, " ".join(text(why).split()) if why else "", why)


@dataclass(frozen=True, slots=True)
class RestoreOptions:
    """The options that precede a backup, as the daemon reads them."""

    passphrase: str = field(repr=False)
    """Empty where the daemon takes it from a profile."""
    plan: RestorePlan
    run: str = ""
    """The id that events about the restore carry; empty for none."""


# -- options ----------------------------------------------------------------------------------------------------------


def encode_options(passphrase: str, plan: RestorePlan | None = None, run: str = "") -> bytes:
    """The options as lines of `key=value`, then the empty line that precedes the backup.

    Without a plan each choice is left to the daemon. `run` is the id that events about the restore carry. Raises
    `QubesValueError` for a value that is not one word, or a passphrase that is not one line.
    """
    if {"\n", "\0"} & set(passphrase):
        raise refusal("passphrase-one-line")
    lines = [f"passphrase={passphrase}"]
    if plan is not None:
        lines += [f"{key}={value}" for key, value in _values(plan).items() if value]
    if run:
        lines.append(f"run={_word(run)}")
    return "\n".join([*lines, "", ""]).encode()


def _values(plan: RestorePlan) -> dict[str, str]:
    return {
        "include": _words(plan.include),
        "exclude": _words(plan.exclude),
        "rename": _pairs(plan.rename),
        "template": _pairs(plan.template),
        "netvm": _pairs(plan.netvm),
        "pool": _word(plan.pool) if plan.pool else "",
        "pools": _pairs({old: _word(pool) for old, pool in plan.pools.items()}),
        "conflict": plan.conflict,
        "missing-template": plan.missing_template,
        "missing-netvm": plan.missing_netvm,
        "devices": "yes" if plan.devices else "",
        "verify-only": "yes" if plan.verify_only else "",
        "salvage": "yes" if plan.salvage else "",
        "dom0": _words(plan.dom0),
        "dom0-home": _path(plan.home),
    }


def _word(untrusted: str) -> str:
    if not untrusted or not untrusted.isascii() or not untrusted.isprintable() or " " in untrusted:
        raise error_for(Reason("not-valid", VM_NAME.noun, shown(untrusted)), QubesValueError)
    return untrusted


def _path(untrusted: str) -> str:
    """A path as the rest of a line. Raises `QubesValueError` for one that is not absolute."""
    if untrusted and not _is_home(untrusted):
        raise error_for(Reason("home-folder-path", shown(untrusted)), QubesValueError)
    return untrusted


def _is_home(untrusted: str) -> bool:
    return untrusted == NEW_HOME or (untrusted.startswith("/") and untrusted.isprintable())


def _words(names: tuple[str, ...]) -> str:
    return " ".join(map(_word, names))


def _pairs(names: Mapping[str, str]) -> str:
    for old in names:
        if ":" in old:
            raise error_for(Reason("not-valid", VM_NAME.noun, shown(old)), QubesValueError)
    # The new name may be empty: no netvm.
    return " ".join(f"{_word(old)}:{_word(new) if new else ''}" for old, new in names.items())


KEYS = ("passphrase", "pool", "pools", "include", "exclude", "rename", "template", "netvm", "run", "dom0", "dom0-home")
_RUN = re.compile(r"[A-Za-z0-9-]{1,32}", re.ASCII)
_CONFLICTS: tuple[Conflict, ...] = ("skip", "rename", "fail")
_MISSING_TEMPLATE: tuple[MissingTemplate, ...] = ("default", "skip")
_MISSING_NETVM: tuple[MissingNetvm, ...] = ("default", "none", "skip")
_TRUTH = (NO, YES)
CHOICES: Mapping[str, tuple[str, ...]] = {
    "conflict": _CONFLICTS,
    "missing-template": _MISSING_TEMPLATE,
    "missing-netvm": _MISSING_NETVM,
    "devices": _TRUTH,
    "verify-only": _TRUTH,
    "salvage": _TRUTH,
}
"""Options with a few values; the first one is that of an option that is not there."""


def decode_options(untrusted: bytes) -> RestoreOptions:
    """The options in these lines, without the empty one.

    Raises `ProtocolError` for any other line, `QubesValueError` for a value that cannot be.
    """
    values: dict[str, str] = {}
    try:
        lines = untrusted.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise refusal("restore-options-utf8") from error
    for line in filter(None, lines):
        key, equals, value = line.partition("=")
        if not equals or key in values or key not in {*KEYS, *CHOICES}:
            raise refusal("restore-option", shown(key))
        values[key] = value
    if "run" in values and not _RUN.fullmatch(values["run"]):
        raise refusal("restore-run-id")
    home = values.get("dom0-home", "")
    if home and not _is_home(home):
        raise refusal("restore-home-path", NEW_HOME, shown(home))
    plan = RestorePlan(
        include=tuple(values.get("include", "").split()),
        exclude=tuple(values.get("exclude", "").split()),
        rename=_names(values, "rename"),
        template=_names(values, "template"),
        netvm=_names(values, "netvm"),
        pool=values.get("pool", ""),
        pools=_pools(values),
        conflict=_choice(values, "conflict", _CONFLICTS),
        missing_template=_choice(values, "missing-template", _MISSING_TEMPLATE),
        missing_netvm=_choice(values, "missing-netvm", _MISSING_NETVM),
        verify_only=_choice(values, "verify-only", _TRUTH) == YES,
        devices=_choice(values, "devices", _TRUTH) == YES,
        dom0=tuple(values.get("dom0", "").split()),
        home=home,
        salvage=_choice(values, "salvage", _TRUTH) == YES,
    )
    return RestoreOptions(values.get("passphrase", ""), plan, values.get("run", ""))


_Choice = TypeVar("_Choice", bound=str)


def _choice(untrusted: Mapping[str, str], key: str, choices: tuple[_Choice, ...]) -> _Choice:
    value = untrusted.get(key, choices[0])
    for choice in choices:
        if choice == value:
            return choice
    raise refusal("restore-choice", key, ", ".join(choices))


def _names(untrusted: Mapping[str, str], key: str) -> dict[str, str]:
    names: dict[str, str] = {}
    for word in untrusted.get(key, "").split():
        old, colon, new = word.partition(":")
        if not colon or not old or old in names:
            raise refusal("restore-names", key)
        names[old] = new
    return names


def _pools(untrusted: Mapping[str, str]) -> dict[str, str]:
    pools = _names(untrusted, "pools")
    if "" in pools.values():
        raise refusal("restore-names", "pools")
    return pools


# -- the contents of a backup -----------------------------------------------------------------------------------------


def encode_contents(contents: Contents) -> str:
    """Lines of `key=value`, an empty line, and a row for each qube. A value that is not one word is left out."""
    lines = [
        f"{BACKUP_ID}{contents.backup_id}",
        f"compression={contents.compression}",
        f"ours={YES if contents.ours else NO}",
    ]
    if contents.made is not None:
        lines.append(f"made={contents.made}")
    if contents.unreadable:
        lines.append(f"unreadable={' '.join(contents.unreadable)}")
    if contents.home is not None:
        files = "" if contents.home.files is None else contents.home.files
        lines.append(f"dom0-home={contents.home.size}:{files}")
    if contents.dom0 is not None:
        lines.append(f"dom0={' '.join(f'{item.word}:{item.fate}' for item in contents.dom0)}")
    return "\n".join([*lines, "", *map(_qube_row, contents.qubes), ""])


def _qube_row(qube: StoredQube) -> str:
    values = {
        "class": qube.klass,
        "label": qube.label,
        "size": str(qube.size),
        "template": qube.template,
        "netvm": qube.netvm,
        "exists": YES if qube.exists else NO,
    }
    words = [f"{key}={value}" for key, value in values.items() if value.isprintable() and " " not in value]
    if qube.details != StoredDetails():
        words.append(f"details={_quoted(qube.details)}")
    return " ".join([qube.name, *words])


def _quoted(details: StoredDetails) -> str:
    """The details as percent-encoded JSON, which is one word."""
    return quote(json.dumps(asdict(details), ensure_ascii=False, separators=(",", ":")), safe=_SAFE)


_SAFE = '{}[]:,"/+@'
"""What is not percent-encoded in the details of a qube, so that they stay short."""


def decode_contents(untrusted: str) -> Contents:
    """The contents of such a text. Raises `ProtocolError`."""
    head, empty, rows = untrusted.partition("\n\n")
    if not empty:
        raise refusal("answer-no-contents")
    values = dict(_pair(line) for line in head.split("\n"))
    qubes = tuple(_stored_qube(line) for line in rows.split("\n") if line)
    if len({qube.name for qube in qubes}) != len(qubes):
        raise refusal("answer-qube-twice")
    return Contents(
        values.get("backup-id", ""),
        values.get("compression", ""),
        values.get("ours") == "yes",
        qubes,
        tuple(values.get("unreadable", "").split()),
        tuple(map(_item, values["dom0"].split())) if "dom0" in values else None,
        _home(values["dom0-home"]) if "dom0-home" in values else None,
        int(values["made"]) if _is_number(values.get("made", "")) else None,
    )


def _home(untrusted: str) -> StoredHome:
    size, colon, files = untrusted.partition(":")
    if not colon or not _is_number(size) or (files and not _is_number(files)):
        raise refusal("not-a-home-size", shown(untrusted))
    return StoredHome(int(size), int(files) if files else None)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len(str(1 << 64))


def _item(untrusted: str) -> StoredItem:
    kind, _, rest = untrusted.partition(":")
    name, _, fate = rest.rpartition(":")
    if not kind or not name or fate not in FATES:
        raise refusal("not-a-config-item", shown(untrusted))
    return StoredItem(kind, name, fate)


def _pair(untrusted: str) -> tuple[str, str]:
    key, equals, value = untrusted.partition("=")
    if not equals:
        raise refusal("not-a-pair", shown(untrusted))
    return key, value


def _stored_qube(untrusted: str) -> StoredQube:
    name, *words = untrusted.split(" ")
    values = dict(map(_pair, words))
    size = values.get("size", "0")
    if not name or not _is_number(size):
        raise refusal("not-a-qube-size", shown(untrusted))
    return StoredQube(
        name=name,
        klass=values.get("class", ""),
        label=values.get("label", ""),
        size=int(size),
        template=values.get("template", ""),
        netvm=values.get("netvm", ""),
        exists=values.get("exists") == "yes",
        details=_details(values["details"]) if "details" in values else StoredDetails(),
    )


def _details(untrusted: str) -> StoredDetails:
    try:
        values = json.loads(unquote(untrusted, errors="strict"))
        details = StoredDetails(
            dict(values["properties"]),
            tuple(values["tags"]),
            values["devices"],
            values["rules"],
            tuple(values["first_rules"]),
            values["notes"],
        )
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise refusal("not-stored-details") from error
    texts = (*details.properties.values(), *details.properties, *details.tags, *details.first_rules, details.notes)
    numbers = (details.devices, 0 if details.rules is None else details.rules)
    if not all(isinstance(text, str) for text in texts) or not all(type(number) is int for number in numbers):
        raise refusal("not-stored-details")
    return details


# -- results --------------------------------------------------------------------------------------------------------


def encode_restored(row: Restored) -> str:
    """A row: the reasons in English, and after a tab as data."""
    said = f" {row.said}" if row.said else ""
    why = f"\t{to_json_text(row.why)}" if row.why else ""
    return f"{row.qube} restored-as={row.name or '-'} result={row.result}{said}{why}"


def decode_restored(untrusted: str) -> Restored:
    """A row of the answer to `mgmt1.backup.Restore`. Raises `ProtocolError`."""
    qube, _, rest = untrusted.partition(" ")
    named, _, rest = rest.partition(" ")
    result, _, said = rest.partition(" ")
    name = named.removeprefix("restored-as=")
    outcome = result.removeprefix("result=")
    said, _, why = said.partition("\t")
    if not qube or name == named or not name or outcome == result or outcome not in RESULTS:
        raise refusal("not-a-result", shown(untrusted))
    return Restored(qube, "" if name == "-" else name, outcome, said, from_json_text(why))


def qube_in_progress(event: Event, run: str) -> str:
    """The qube that the restore `run` works at, by an event; empty if the event is about something else."""
    progress = RESTORE_PROGRESS.of(event)
    return progress.qube if progress is not None and progress.run == run else ""
