# SPDX-License-Identifier: GPL-3.0-or-later
"""Backup profiles: the YAML of Qubes 4.x with keys of our own, checked completely before any of it is used.

    include: ["$type:AppVM", "$tag:work", "personal"]
    exclude: ["untrusted"]
    destination_vm: dom0
    destination_path: /var/backups/qubes
    compression: gzip

Source: the backup profiles of Qubes OS 4.x (/etc/qubes/backup/*.conf).
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import dropwhile
from pathlib import PurePosixPath
from typing import Any

import yaml

from qubesmanager.backup.archive.compression import Compression
from qubesmanager.backup.archive.scrypt_container import LEVELS
from qubesmanager.backup.errors import BackupError
from qubesmanager.backup.passphrases import passphrase_text
from qubesmanager.backup.retention import Keep
from qubesmanager.backup.schedule import Schedule, parse_schedule
from qubesmanager.wire.errors import QubesValueError
from qubesmanager.wire.limits import PROFILE_BYTES, PROFILE_DEPTH, PROFILE_NODES
from qubesmanager.wire.names import DOM0, TAG_NAME, VM_NAME, shown, tag_today
from qubesmanager.wire.reasons import error_for, reason_of, refusal
from qubesmanager.wire.values import VmClass

MOST_KEPT = 10_000

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The loader in C, where PyYAML has it: it takes a twentieth of the time."""

_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}", re.ASCII)

TYPE = "$type:"
TAG = "$tag:"


@dataclass(frozen=True, slots=True)
class Profile:
    """A parsed profile. Empty `include`: the qubes whose include_in_backups is on.

    `destination_command` is an argument list; exactly one of it and `destination_path` is there. At most one of the
    three passphrases is.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    destination_vm: str = DOM0
    destination_path: str = ""
    destination_command: tuple[str, ...] = ()
    compression: Compression = Compression.GZIP
    passphrase_text: str = field(default="", repr=False)
    passphrase_file: str = ""
    passphrase_vm: str = ""
    kdf: str = "standard"
    verify: bool = False
    keep: Keep | None = None
    schedule: Schedule | None = None
    dom0_home: bool | str | None = None
    """Whether dom0's home is in it, or a user whose home; None leaves it to the daemon."""

    @property
    def passphrase_kind(self) -> str:
        """Where the passphrase comes from: `text`, `file`, `vm` or `none`."""
        kinds = (kind for kind in ("text", "file", "vm") if getattr(self, f"passphrase_{kind}"))
        return next(kinds, "none")

    @property
    def has_passphrase(self) -> bool:
        return bool(self.passphrase_text or self.passphrase_file or self.passphrase_vm)


def matches(patterns: Collection[str], name: str, klass: str, tags: Collection[str]) -> bool:
    """Whether one of the patterns of `include` or `exclude`, as a set, matches the qube."""
    return name in patterns or f"{TYPE}{klass}" in patterns or any(f"{TAG}{tag}" in patterns for tag in tags)


@lru_cache(maxsize=64)
def parse_profile(untrusted: str) -> Profile:
    """The profile of a text. The parsed form of the last texts is kept; a long new one takes some tenths of a second.

    Raises `ProtocolError` for text that is no such YAML or is too large, nested or has aliases, and `QubesValueError`
    naming the key for a value that is not allowed.
    """
    values = _mapping(untrusted)
    for key in values:
        if key not in _KEYS:
            raise refusal("profile-key", shown(str(key)), ", ".join(_KEYS))
    profile = Profile(**{key: _KEYS[key](key, value) for key, value in values.items() if value is not None})
    if bool(profile.destination_path) == bool(profile.destination_command):
        raise refusal("profile-two-destinations")
    if sum(bool(values.get(f"passphrase_{kind}")) for kind in ("text", "file", "vm")) > 1:
        raise refusal("profile-two-passphrases")
    away = profile.destination_vm != DOM0 or profile.destination_command
    if profile.destination_command and profile.destination_vm != DOM0:
        raise refusal("profile-command-vm")
    if away and (profile.verify or profile.keep):
        raise refusal("profile-verify-path")
    if profile.destination_vm == DOM0 and profile.destination_path:
        _absolute("destination_path", profile.destination_path)
    if profile.dom0_home and not {DOM0, f"{TYPE}{VmClass.ADMIN}"} & set(profile.include):
        raise refusal("profile-home-include", DOM0)
    if profile.keep is not None and not profile.verify:
        raise refusal("profile-keep-verify")
    return profile


def profile_text(profile: Profile) -> str:
    """The profile as YAML, without the keys that have their defaults."""
    values: dict[str, Any] = {}
    for key in _KEYS:
        value = getattr(profile, key)
        if value == getattr(_USUAL, key):
            continue
        match value:
            case tuple():
                values[key] = list(value)
            case Keep():
                values[key] = {name: count for name in Keep.__slots__ if (count := getattr(value, name))} or {"last": 0}
            case Schedule():
                values[key] = value.text
            case Compression():
                values[key] = value.value
            case _:
                values[key] = value
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True)


_USUAL = Profile()


SET_BY = "# Set by the qube "
"""The first line of a profile that a qube has set, before the name of the qube."""


REMOVED = " (removed)"
"""The suffix of the name of an owner that was removed: a new qube of that name does not own the profile."""


def marked(text: str, source: str) -> str:
    """The text with a first line that names the qube that set it; without such a line where dom0 did."""
    lines = text.split("\n")
    text = "\n".join(dropwhile(lambda line: line.startswith(SET_BY), lines))
    return text if source == DOM0 else f"{SET_BY}{source}.\n{text}"


def owner_of(text: str) -> str:
    """The owner of the profile: dom0, or the qube that set it, whose backups go only where dom0 allows it."""
    if not text.startswith(SET_BY):
        return DOM0
    return text.splitlines()[0].removeprefix(SET_BY).removesuffix(".")


def without_passphrase(text: str) -> str:
    """The profile's text for the user to see, without its passphrase."""
    values = _mapping(text)
    if "passphrase_text" not in values:
        return text
    del values["passphrase_text"]
    head = f"{text.splitlines()[0]}\n" if text.startswith(SET_BY) else ""
    return head + yaml.safe_dump(values, sort_keys=False, allow_unicode=True)


def _mapping(untrusted: str) -> dict[str, Any]:
    if len(untrusted.encode("utf-8", "replace")) > PROFILE_BYTES:
        raise refusal("profile-too-large", PROFILE_BYTES >> 10)
    try:
        _check_plain(untrusted)
        _check_once(yaml.compose(untrusted, _LOADER))
        values = yaml.load(untrusted, _LOADER)  # noqa: S506 - both are safe loaders
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        where = getattr(error, "problem_mark", None)
        if where is None:
            raise refusal("profile-no-yaml") from error
        raise refusal("profile-no-yaml-line", where.line + 1) from error
    if values is None:
        values = {}
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise refusal("profile-no-keys")
    return values


def _check_plain(untrusted: str) -> None:
    """Raise `ProtocolError` for aliases, which may expand to trees of aliases, and for deep nesting.

    It reads event by event, so that a text that would take YAML long is refused before.
    """
    depth = nodes = 0
    for event in yaml.parse(untrusted, _LOADER):
        nodes += isinstance(event, yaml.NodeEvent)
        if nodes > PROFILE_NODES:
            raise refusal("profile-too-many", PROFILE_NODES)
        if isinstance(event, yaml.AliasEvent):
            raise refusal("profile-aliases")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > PROFILE_DEPTH:
            raise refusal("profile-too-deep")


def _check_once(node: "yaml.Node | None") -> None:
    """Raise `ProtocolError` for a key that is there twice: YAML would take the last one silently."""
    if isinstance(node, yaml.MappingNode):
        keys: set[str] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in keys:
                    raise refusal("profile-key-twice", shown(key.value))
                keys.add(key.value)
            _check_once(value)


# -- values -----------------------------------------------------------------------------------------------------------


def _is_secret(key: str) -> bool:
    """Whether the user may have written the passphrase itself as the value, so that no error quotes it."""
    return key.startswith("passphrase_")


def _line(key: str, value: Any) -> str:
    if not isinstance(value, str) or not value or not value.isprintable():
        raise refusal("profile-one-line", key)
    return value


def _patterns(key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise refusal("profile-qube-list", key, TYPE, TAG)
    return tuple(_pattern(key, each) for each in value)


def _pattern(key: str, value: Any) -> str:
    text = _line(key, value)
    if text.startswith(TYPE):
        good = text.removeprefix(TYPE) in set(VmClass)
    elif text.startswith(TAG):
        tag = tag_today(text.removeprefix(TAG))
        good, text = TAG_NAME.matches(tag), TAG + tag
    else:
        good = VM_NAME.matches(text)
    if not good:
        raise refusal("profile-no-qube-name", key, shown(text), TYPE, TAG)
    return text


def _vm(key: str, value: Any) -> str:
    if not VM_NAME.matches(_line(key, value)):
        raise refusal("profile-qube", key) if _is_secret(key) else refusal("profile-qube-not", key, shown(str(value)))
    return str(value)


def _absolute(key: str, value: Any) -> str:
    path = _line(key, value)
    if not PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
        raise refusal("profile-path", key) if _is_secret(key) else refusal("profile-path-not", key, shown(path))
    return path


def _arguments(key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise refusal("profile-command", key)
    words = tuple(_line(key, word) for word in value)
    _absolute(key, words[0])
    return words


_COMPRESSIONS: Mapping[object, Compression] = {
    True: Compression.GZIP,
    False: Compression.NONE,
    **{method.value: method for method in Compression},
}


def _compression(key: str, value: Any) -> Compression:
    chosen = _COMPRESSIONS.get(value) if isinstance(value, bool | str) else None
    if chosen is None:
        raise refusal("restore-choice", key, ", ".join(method.value for method in Compression))
    return chosen


def _passphrase(key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise refusal("profile-one-line", key)
    try:
        return passphrase_text(value, key)
    except BackupError as error:
        raise error_for(reason_of(error), QubesValueError) from error


def _level(key: str, value: Any) -> str:
    if not isinstance(value, str) or value not in LEVELS:
        raise refusal("restore-choice", key, ", ".join(LEVELS))
    return str(value)


def _flag(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise refusal("profile-flag", key)
    return value


def _home(key: str, value: Any) -> bool | str:
    if isinstance(value, bool):
        return value
    if not isinstance(value, str) or not _USER.fullmatch(value):
        raise refusal("profile-user", key)
    return value


def _keep(key: str, value: Any) -> Keep:
    known = set(Keep.__slots__)
    if not isinstance(value, dict) or not value or not set(value) <= known:
        raise refusal("profile-keep", key)
    for name, count in value.items():
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= MOST_KEPT:
            raise refusal("profile-keep-number", key, name, MOST_KEPT)
    return Keep(**value)


def _schedule(key: str, value: Any) -> Schedule:
    return parse_schedule(_line(key, value))


_KEYS: Mapping[str, Callable[[str, Any], Any]] = {
    "include": _patterns,
    "exclude": _patterns,
    "destination_vm": _vm,
    "destination_path": _line,
    "destination_command": _arguments,
    "compression": _compression,
    "passphrase_text": _passphrase,
    "passphrase_file": _absolute,
    "passphrase_vm": _vm,
    "kdf": _level,
    "verify": _flag,
    "keep": _keep,
    "schedule": _schedule,
    "dom0_home": _home,
}
