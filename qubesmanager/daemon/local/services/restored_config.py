# SPDX-License-Identifier: GPL-3.0-or-later
"""Restoring dom0's own configuration.

An item is one label, pool, system property, policy file, backup profile or other file. A preview compares each with
what is here. What is not here is added on request; what differs stays unless it is named. Each item passes the checks
of the call that a user would make for it, and one that is refused costs no other.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from qubesmanager.backup.archive.dom0_config import Dom0Config
from qubesmanager.backup.archive.reader import Backup
from qubesmanager.backup.engine import off_loop
from qubesmanager.daemon.admission.policy_files import Policies, file_of, include_of
from qubesmanager.daemon.local.core.system_properties import TABLE
from qubesmanager.daemon.local.drivers.backups import destinations
from qubesmanager.daemon.local.runtime import Runtime
from qubesmanager.daemon.local.services.backups import Backups
from qubesmanager.daemon.local.services.dom0_config import config_of
from qubesmanager.daemon.local.services.pools import Pools
from qubesmanager.daemon.local.services.settings import Settings
from qubesmanager.wire.names import DOM0, LABEL_NAME, check, shown
from qubesmanager.wire.policy_files import ANY, INCLUDES, NEW, SUFFIX
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import refusal

ADD_ALL = "add"
"""Asks for every item that is not here."""


class Kind(StrEnum):
    """The kind of an item, in the order in which items take effect."""

    LABEL = "label"
    POOL = "pool"
    PROPERTY = "property"
    POLICY = "policy"
    FILE = "file"
    PROFILE = "profile"


class Fate(StrEnum):
    """How an item of a backup compares with what is here."""

    ADD = "add"
    DIFFERS = "differs"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Item:
    """`value` is the colour, options, value, text; it may hold a passphrase."""

    kind: Kind
    name: str
    value: str | Mapping[str, str] = field(repr=False)
    fate: Fate

    @property
    def word(self) -> str:
        """The name of the item in options and answers."""
        return f"{self.kind}:{self.name}"


class RestoredConfig:
    """Compares dom0's configuration in a backup with what is here, and takes it over."""

    def __init__(
        self, runtime: Runtime, pools: Pools, settings: Settings, policies: Policies, backups: Backups
    ) -> None:
        self._runtime = runtime
        self._pools = pools
        self._settings = settings
        self._policies = policies
        self._backups = backups

    async def items_of(self, backup: Backup) -> list[Item]:
        """The items of a backup, compared with what is here now, in the order in which they take effect.

        Names that are not one word are left out: no call could make such an item.
        """
        config = backup.config or Dom0Config()
        here = await config_of(self._runtime.state, self._policies, self._backups.profiles)
        state = self._runtime.state
        labels = {label.name: label.color for label in backup.contents.labels}
        pairs: tuple[tuple[Kind, Mapping[str, str | Mapping[str, str]], Mapping[str, str | Mapping[str, str]]], ...] = (
            (Kind.LABEL, labels, state.labels),
            (Kind.POOL, config.pools, here.pools),
            (Kind.PROPERTY, _known(backup.contents.properties), state.system_own),
            (Kind.POLICY, config.policy, here.policy),
            (Kind.FILE, config.files, here.files),
            (Kind.PROFILE, config.profiles, here.profiles),
        )
        return [
            Item(kind, name, value, _fate(value, ours.get(name)))
            for kind, theirs, ours in pairs
            # What policy files include comes before them.
            for name, value in sorted(theirs.items(), key=lambda pair: (not pair[0].startswith(INCLUDES), pair[0]))
            if name.isascii() and name.isprintable() and name and not set(name) & {" ", ":"}
        ]

    async def apply(self, item: Item) -> Reason:
        """Let the item take effect; answers what was done. Raises `Mgmt1Error`, with nothing changed."""
        if item.fate is Fate.SAME:
            return Reason("config-same")
        act = {
            Kind.LABEL: self._label,
            Kind.POOL: self._pool,
            Kind.PROPERTY: self._property,
            Kind.POLICY: self._policy_file,
            Kind.FILE: self._file,
            Kind.PROFILE: self._profile,
        }[item.kind]
        await act(item)
        return Reason("config-replaced") if item.fate is Fate.DIFFERS else Reason("config-added")

    async def remove_label(self, item: Item) -> None:
        """Undo `apply` of a label that was added."""
        await self._settings.remove_label(item.name)

    async def _label(self, item: Item) -> None:
        if item.fate is Fate.DIFFERS:
            raise refusal("config-label-differs", item.name)
        await self._settings.create_label(check(LABEL_NAME, item.name), _text(item))

    async def _pool(self, item: Item) -> None:
        if item.fate is Fate.DIFFERS:
            raise refusal("config-pool-differs", item.name)
        assert not isinstance(item.value, str)  # noqa: S101 - a pool has options
        await self._pools.create(item.name, item.value)

    async def _property(self, item: Item) -> None:
        await self._settings.set_system_property(item.name, _text(item))

    async def _policy_file(self, item: Item) -> None:
        path = item.name
        if path.endswith(SUFFIX):
            path = file_of(path.removesuffix(SUFFIX))
        elif path.startswith(INCLUDES):
            path = include_of(path.removeprefix(INCLUDES))
        else:
            raise refusal("config-no-policy-file", shown(path))
        await self._policies.replace(path, NEW if item.fate is Fate.ADD else ANY, _text(item))

    async def _file(self, item: Item) -> None:
        if item.name != destinations.NAME:
            raise refusal("config-unknown-file", shown(item.name))
        folder = self._backups.profiles.folder
        if item.fate is Fate.ADD and await off_loop(os.path.lexists, folder / item.name):
            raise refusal("config-file-unusable", folder / item.name)
        await off_loop(destinations.write_text, folder, _text(item))

    async def _profile(self, item: Item) -> None:
        # The disk of its destination may not be connected to this machine.
        await self._backups.set_profile(DOM0, item.name, _text(item), learn=False)


def chosen(items: Iterable[Item], words: Iterable[str]) -> list[Item]:
    """The items that the words ask for. Raises `QubesValueError` for one that the backup does not have."""
    by_word = {item.word: item for item in items}
    chosen: dict[str, Item] = {}
    for word in words:
        if word == ADD_ALL:
            chosen |= {name: item for name, item in by_word.items() if item.fate is Fate.ADD}
        elif word in by_word:
            chosen[word] = by_word[word]
        else:
            raise refusal("config-missing", shown(word))
    return [item for word, item in by_word.items() if word in chosen]


def _text(item: Item) -> str:
    assert isinstance(item.value, str)  # noqa: S101 - all but pools
    return item.value


def _fate(theirs: str | Mapping[str, str], ours: str | Mapping[str, str] | None) -> Fate:
    if ours is None:
        return Fate.ADD
    if isinstance(theirs, str) and isinstance(ours, str) and theirs.lower() == ours.lower() and _is_color(theirs):
        return Fate.SAME
    return Fate.SAME if theirs == ours else Fate.DIFFERS


def _is_color(text: str) -> bool:
    return text.startswith("0x")


def _known(properties: Mapping[str, str]) -> dict[str, str]:
    """The system properties that this system has; Qubes OS has others."""
    return {name: value for name, value in properties.items() if name in TABLE}
