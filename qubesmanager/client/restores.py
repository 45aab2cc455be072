# SPDX-License-Identifier: GPL-3.0-or-later
"""Qubes out of a backup, as a client asks for it: what a backup holds, the plan of a restore, and its result."""

import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from qubesmanager.backup.errors import BackupError
from qubesmanager.backup.passphrases import passphrase_text
from qubesmanager.client.client import Client
from qubesmanager.host.file_stream import FileStream
from qubesmanager.wire import calls
from qubesmanager.wire.errors import ProtocolError, QubesValueError
from qubesmanager.wire.event import Event
from qubesmanager.wire.events import RESTORE_PROGRESS
from qubesmanager.wire.names import shown
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import from_json_text

DOM0 = "dom0"
ADMIN = "AdminVM"
DEFAULT_NETVM = "default"
"""The system's own choice, in the row of a qube whose netvm was never set."""

Conflict = Literal["skip", "rename", "fail"]
RESULTS = ("ok", "skipped", "failed")
ADD, DIFFERS, SAME = FATES = ("add", "differs", "same")
NEW_HOME = "new"
"""A new folder in the home of dom0's user, for the one out of the backup."""
THE_FILE = "-"
"""In place of a qube's name in a row about the file itself."""


@dataclass(frozen=True, slots=True)
class HeldQube:
    """A qube of a backup, and whether there is one of its name here. `size` in bytes."""

    name: str
    klass: str
    label: str
    size: int
    template: str
    netvm: str
    exists: bool


@dataclass(frozen=True, slots=True)
class HeldItem:
    """A part of dom0's own configuration: a label, pool, property, policy file or backup profile.

    `fate` is `ADD` if there is none of its name here, `SAME`, or `DIFFERS`: then it stays unless it is named.
    """

    kind: str
    name: str
    fate: str

    @property
    def word(self) -> str:
        """What a plan calls it."""
        return f"{self.kind}:{self.name}"


@dataclass(frozen=True, slots=True)
class HeldHome:
    """The home of dom0 in a backup: the most bytes that it has, and how many files, None if that is not known."""

    size: int
    files: int | None


@dataclass(frozen=True, slots=True)
class Contents:
    """What a backup holds. `ours`: it ends with a manifest, so that nothing can be missing from it unnoticed.

    `unreadable` are names of qubes that are in it and whose settings make no sense: they cannot be restored.
    """

    backup_id: str
    compression: str
    ours: bool
    qubes: tuple[HeldQube, ...]
    unreadable: tuple[str, ...] = ()
    dom0: tuple[HeldItem, ...] = ()
    """dom0's own configuration."""
    home: HeldHome | None = None
    """dom0's home; None if the backup does not hold it, or a qube asks."""


@dataclass(frozen=True, slots=True)
class RestorePlan:
    """What is asked for. Empty maps and texts leave the choice to the daemon; `include` empty means all qubes."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    rename: Mapping[str, str] = field(default_factory=dict)
    template: Mapping[str, str] = field(default_factory=dict)
    netvm: Mapping[str, str] = field(default_factory=dict)
    pool: str = ""
    conflict: Conflict = "fail"
    missing_template: Literal["default", "skip"] = "default"
    missing_netvm: Literal["default", "none", "skip"] = "default"
    verify_only: bool = False
    devices: bool = False
    """Assign the devices again that the qubes had."""
    dom0: tuple[str, ...] = ()
    """Words of the items of dom0's configuration to take, `ADD` for all that are not here."""
    home: str = ""
    """Where to unpack dom0's home: an absolute path that does not exist, or `NEW_HOME`; empty to leave it out."""
    salvage: bool = False
    """Restore from a damaged file what is whole by its sealed chunks."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What became of a qube. `name` is its name here, empty if it is not; `said` a reason or a note, maybe empty."""

    qube: str
    name: str
    result: str
    said: str
    why: Reason | None = None
    """What `said` says, as data."""

    @property
    def is_qube(self) -> bool:
        """Whether the row is about a qube; others are about the file, dom0's home, or a part of its configuration."""
        return self.qube not in {THE_FILE, DOM0} and ":" not in self.qube


@dataclass(frozen=True, slots=True)
class Progress:
    """Bytes of the file that the daemon has taken, and of all."""

    read: int
    size: int

    @property
    def percent(self) -> int:
        return min(100, self.read * 100 // self.size) if self.size else 0


# -- what goes over the wire ------------------------------------------------------------------------------------------


def options_head(plan: RestorePlan | None, passphrase: str, run: str = "") -> bytes:
    """The options as lines, then the empty line that precedes the backup.

    `run` is the id that events about the restore carry. Raises `QubesValueError` for an option, `BackupError` for a
    passphrase that cannot be sent.
    """
    lines = [f"passphrase={passphrase_text(passphrase, 'What was given')}"]
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
        raise QubesValueError(f"This is no name: {shown(untrusted)}")
    return untrusted


def _path(untrusted: str) -> str:
    """A path as the rest of a line. Raises `QubesValueError` for one that is not absolute."""
    if untrusted and untrusted != NEW_HOME and not (untrusted.startswith("/") and untrusted.isprintable()):
        raise QubesValueError(f"The new folder for the home of dom0 is an absolute path, not {shown(untrusted)}.")
    return untrusted


def _words(names: tuple[str, ...]) -> str:
    return " ".join(map(_word, names))


def _pairs(names: Mapping[str, str]) -> str:
    for old in names:
        if ":" in old:
            raise QubesValueError(f"This is no name: {shown(old)}")
    # The new name may be empty: no netvm.
    return " ".join(f"{_word(old)}:{_word(new) if new else ''}" for old, new in names.items())


def parse_contents(untrusted: str) -> Contents:
    """The answer to `mgmt1.backup.Info` with a backup. Raises `ProtocolError`."""
    head, empty, rows = untrusted.partition("\n\n")
    if not empty:
        raise ProtocolError("The answer does not say what is in the backup.")
    told = dict(_pair(line) for line in head.splitlines())
    qubes = tuple(_held(line) for line in rows.split("\n") if line)
    if len({qube.name for qube in qubes}) != len(qubes):
        raise ProtocolError("The answer names a qube twice.")
    return Contents(
        told.get("backup-id", ""),
        told.get("compression", ""),
        told.get("ours") == "yes",
        qubes,
        tuple(told.get("unreadable", "").split()),
        tuple(map(_item, told.get("dom0", "").split())),
        _home(told["dom0-home"]) if "dom0-home" in told else None,
    )


def _home(untrusted: str) -> HeldHome:
    size, colon, files = untrusted.partition(":")
    if not colon or not _is_number(size) or (files and not _is_number(files)):
        raise ProtocolError(f"Not the size of dom0's home: {shown(untrusted)}")
    return HeldHome(int(size), int(files) if files else None)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len(str(1 << 64))


def _item(untrusted: str) -> HeldItem:
    kind, _, rest = untrusted.partition(":")
    name, _, fate = rest.rpartition(":")
    if not kind or not name or fate not in FATES:
        raise ProtocolError(f"Not a part of dom0's configuration: {shown(untrusted)}")
    return HeldItem(kind, name, fate)


def _pair(untrusted: str) -> tuple[str, str]:
    key, equals, value = untrusted.partition("=")
    if not equals:
        raise ProtocolError(f"Not a key and a value: {shown(untrusted)}")
    return key, value


def _held(untrusted: str) -> HeldQube:
    name, *words = untrusted.split(" ")
    told = dict(map(_pair, words))
    size = told.get("size", "0")
    if not name or not _is_number(size):
        raise ProtocolError(f"Not a qube and its size: {shown(untrusted)}")
    return HeldQube(
        name=name,
        klass=told.get("class", ""),
        label=told.get("label", ""),
        size=int(size),
        template=told.get("template", ""),
        netvm=told.get("netvm", ""),
        exists=told.get("exists") == "yes",
    )


def parse_restored(untrusted: str) -> Restored:
    """A row of the answer to `mgmt1.backup.Restore`. Raises `ProtocolError`."""
    qube, _, rest = untrusted.partition(" ")
    named, _, rest = rest.partition(" ")
    result, _, said = rest.partition(" ")
    name = named.removeprefix("restored-as=")
    outcome = result.removeprefix("result=")
    said, _, why = said.partition("\t")
    if not qube or name == named or not name or outcome == result or outcome not in RESULTS:
        raise ProtocolError(f"Not what became of a qube: {shown(untrusted)}")
    return Restored(qube, "" if name == "-" else name, outcome, said, from_json_text(why))


def new_run() -> str:
    """An id for a restore, so that its events can be distinguished from those of another."""
    return secrets.token_hex(8)


def qube_in_progress(event: Event, run: str) -> str:
    """The qube that the restore `run` works at, by an event; empty if the event is about something else."""
    progress = RESTORE_PROGRESS.of(event)
    return progress.qube if progress is not None and progress.run == run else ""


# -- the calls --------------------------------------------------------------------------------------------------------


async def contents(client: Client, path: Path, passphrase: str, *, salvage: bool = False) -> Contents:
    """What the backup holds; only its head is read. Raises `BackupError`, `Mgmt1Error`, `TransportError`."""
    plan = RestorePlan(salvage=True) if salvage else None
    async with _payload(path, options_head(plan, passphrase)) as stream:
        return parse_contents(await client.send(calls.BACKUP_INFO(DOM0, None, stream)))


async def restore(
    client: Client,
    path: Path,
    passphrase: str,
    plan: RestorePlan,
    tell: Callable[[Progress], None] | None = None,
    *,
    run: str = "",
) -> list[Restored]:
    """Restore (or verify) as planned; a row for each qube of the backup. Raises as `contents` does.

    A row named `THE_FILE` says what is wrong with the file itself. `run` is an id of `new_run`; `tell` is called as the
    file is read. Cancelled, nothing of it stays.
    """
    async with _payload(path, options_head(plan, passphrase, run)) as stream:
        payload = stream if tell is None else _told(stream, tell)
        return [parse_restored(row) for row in await client.send(calls.BACKUP_RESTORE(DOM0, None, payload))]


@asynccontextmanager
async def _payload(path: Path, head: bytes) -> AsyncIterator[FileStream]:
    try:
        async with FileStream(path, head) as stream:
            yield stream
    except OSError as error:
        raise BackupError(f"The file {path} cannot be read: {error.strerror or error}.") from error


async def _told(stream: FileStream, tell: Callable[[Progress], None]) -> AsyncIterator[bytes]:
    async for piece in stream:
        yield piece
        tell(Progress(stream.read, stream.size))
