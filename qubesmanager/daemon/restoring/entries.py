# SPDX-License-Identifier: GPL-3.0-or-later
"""The payload of a restore, which qubes of the backup it is about, and the rows that say what became of them."""

import asyncio
import secrets
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice

from qubesmanager.backup.archive.contents import ADMIN_CLASS, Contents, Qube
from qubesmanager.backup.archive.header import Head
from qubesmanager.backup.archive.home_unpacking import NoTree
from qubesmanager.backup.archive.reader import Backup, Nowhere, open_backup
from qubesmanager.backup.archive.report import QubeResult, Report
from qubesmanager.backup.archive.streams import FdInput
from qubesmanager.backup.engine import Readable, Teller, in_engine
from qubesmanager.backup.passphrases import GIVEN, passphrase_text
from qubesmanager.rules.texts import why_not_notes
from qubesmanager.rules.volumes import KEPT_VOLUMES
from qubesmanager.wire import limits
from qubesmanager.wire.backups import CANCELLED, OK
from qubesmanager.wire.codecs import ByteStream
from qubesmanager.wire.errors import BackupCancelledError, Mgmt1Error
from qubesmanager.wire.firewall import Action, Rule
from qubesmanager.wire.limits import RULES
from qubesmanager.wire.names import PROPERTY_NAME, QUBES_TAG, shown
from qubesmanager.wire.reason import Field, Reason
from qubesmanager.wire.reasons import joined, refusal
from qubesmanager.wire.restores import (
    DEFAULT_NETVM,
    THE_FILE,
    Restored,
    RestoreOptions,
    StoredDetails,
    StoredHome,
    StoredItem,
    StoredQube,
    decode_options,
)
from qubesmanager.wire.restores import Contents as StoredContents
from qubesmanager.wire.values import VmClass

HEAD_LIMIT = limits.RESTORE_OPTIONS_BYTES
"""Bytes of options before the backup."""
_DIGITS = 19
SHOWN_VALUES = 100
"""The most properties, and the most tags, in the contents of a backup for each qube."""
SHOWN_CHARACTERS = 500
"""The longest value of a property in the contents of a backup."""
NOTES = 100
"""The most notes in the row of a restored qube; a hostile backup could cause any number."""

# -- the payload ------------------------------------------------------------------------------------------------------


def parse_options(untrusted: bytes, passphrase: str = "") -> RestoreOptions:
    """As `decode_options`, with this passphrase if the options have none, and with a new id if they have none.

    Raises `ProtocolError` without a passphrase, `BackupError` for one that is not valid.
    """
    options = decode_options(untrusted)
    passphrase = options.passphrase or passphrase
    if not passphrase:
        raise refusal("restore-no-passphrase")
    run = options.run or secrets.token_hex(8)
    return replace(options, passphrase=passphrase_text(passphrase, GIVEN), run=run)


async def head_of(stream: ByteStream) -> tuple[bytes, ByteStream]:
    """The option lines up to the empty one, and what follows it. Raises `ProtocolError` if there is no empty line."""
    head = bytearray(b"\n")
    async for piece in stream:
        looked_at = len(head) - 1
        head += piece
        end = head.find(b"\n\n", looked_at)
        if end >= 0:
            return bytes(head[1:end]), _rest(bytes(head[end + 2 :]), stream)
        if len(head) > HEAD_LIMIT:
            break
    raise refusal("restore-options-end")


async def _rest(first: bytes, stream: ByteStream) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for piece in stream:
        yield piece


# -- the qubes --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Entry:
    """A qube of the backup and its new name, or why it is left out or failed."""

    kept: Qube
    name: str
    is_home: bool = False
    """It is dom0, whose home is to be unpacked: no qube is made."""
    skipped: Field = ""
    failed: Field = ""
    notes: list[Field] = field(default_factory=list)

    @property
    def is_going(self) -> bool:
        """Whether the qube is restored: neither left out nor failed."""
        return not self.skipped and not self.failed

    def row(self) -> Restored:
        if self.skipped:
            return Restored.because(self.kept.name, "", "skipped", self.skipped)
        if self.failed:
            return Restored.because(self.kept.name, "", "failed", self.failed)
        left = len(self.notes) - NOTES
        more = [Reason("restore-more-notes", left)] if left > 0 else []
        return Restored.because(self.kept.name, self.name, "ok", *self.notes[:NOTES], *more)


def home_in(contents: Contents) -> Qube | None:
    """dom0, if the backup holds its home."""
    return next((qube for qube in contents.kept if qube.klass == ADMIN_CLASS), None)


def stored_home(backup: Backup) -> StoredHome | None:
    home = home_in(backup.contents)
    if home is None:
        return None
    files = backup.config.home.get("files", "") if backup.config is not None else ""
    return StoredHome(home.size, int(files) if files.isascii() and files.isdigit() and len(files) <= _DIGITS else None)


def stored_contents(
    backup: Backup, exists: Callable[[str], bool], items: tuple[StoredItem, ...] | None, *, with_home: bool
) -> StoredContents:
    """The contents of the backup. `items` are those of dom0's configuration, None if the caller gets none of them."""
    return StoredContents(
        backup_id=backup.head.backup_id,
        compression=backup.head.compression or "none",
        ours=backup.head.has_manifest,
        qubes=tuple(
            StoredQube(
                name=qube.name,
                klass=qube.klass,
                label=qube.label,
                size=qube.size,
                template=qube.properties.get("template", ""),
                netvm=qube.properties.get("netvm", DEFAULT_NETVM),
                exists=exists(qube.name),
                details=_details(qube),
            )
            for qube in backup.contents.kept
        ),
        unreadable=tuple(qube.name for qube in backup.contents.unreadable),
        dom0=items,
        home=stored_home(backup) if with_home else None,
        made=made_at(backup.head),
    )


def made_at(head: Head) -> int | None:
    """When a backup was made, by its id, in Unix seconds: of ours in UTC, of Qubes OS in the time of this computer."""
    try:
        moment = datetime.strptime(head.backup_id.partition("-")[0], "%Y%m%dT%H%M%S")  # noqa: DTZ007 - next line
        return max(0, int((moment.replace(tzinfo=UTC) if head.has_manifest else moment).timestamp()))
    except (ValueError, OverflowError, OSError):
        return None


def _details(qube: Qube) -> StoredDetails:
    """What is shown of its settings; names and values that no qube of ours can have are left out."""
    properties = {
        name: value
        for name, value in sorted(qube.properties.items())
        if PROPERTY_NAME.matches(name) and value.isprintable() and len(value) <= SHOWN_CHARACTERS
    }
    tags = sorted(tag for tag in qube.tags if QUBES_TAG.matches(tag))
    known = qube.summary
    return StoredDetails(
        dict(islice(properties.items(), SHOWN_VALUES)),
        tuple(tags[:SHOWN_VALUES]),
        len(qube.devices),
        *(() if known is None else (known.rules, known.first_rules, known.notes)),
    )


def opened(backup_file: Readable, options: RestoreOptions, stop: threading.Event) -> Backup:
    """In the engine's thread."""
    salvage = options.plan.salvage
    return open_backup(FdInput(backup_file.fd, stop), options.passphrase, cancelled=stop, salvage=salvage)


def chosen(contents: Contents, options: RestoreOptions) -> list[Entry]:
    qubes = (*contents.kept, *contents.unreadable)
    names = {qube.name for qube in qubes}
    if options.plan.home and home_in(contents) is None:
        raise refusal("backup-without-home")
    plan = options.plan
    for name in (*plan.include, *plan.rename, *plan.template, *plan.netvm, *plan.pools):
        if name not in names:
            raise refusal("backup-without-qube", shown(name))
    included, excluded = frozenset(options.plan.include), frozenset(options.plan.exclude)
    chosen = []
    for qube in qubes:
        entry = Entry(qube, options.plan.rename.get(qube.name, qube.name))
        is_home = qube.klass == ADMIN_CLASS and not qube.problem and qube.name not in excluded
        if is_home and (options.plan.home or (options.plan.verify_only and not included)):
            entry.is_home = True
        elif (included and qube.name not in included) or qube.name in excluded:
            entry.skipped = Reason("restore-not-asked")
        elif qube.problem:
            entry.failed = qube.problem
        elif qube.klass == ADMIN_CLASS:
            entry.skipped = Reason("restore-home-not-asked")
        elif qube.klass not in set(VmClass):
            entry.skipped = Reason("restore-no-class", qube.klass)
        chosen.append(entry)
    return chosen


def looked_at(kept: Qube, volume: str, size: int) -> Nowhere:
    """A sink for a volume that is only verified; refuses what a restore would refuse."""
    if volume not in kept_volumes(kept.klass):
        raise no_such_volume(kept, volume)
    return Nowhere(kept, volume, size)


def kept_volumes(klass: str) -> frozenset[str]:
    """The volumes that a backup has of a qube of that class."""
    return KEPT_VOLUMES.get(VmClass(klass), frozenset()) if klass in set(VmClass) else frozenset()


def no_such_volume(kept: Qube, volume: str) -> Mgmt1Error:
    return refusal("class-keeps-no-volume", kept.klass, shown(volume))


def rows_of(report: Report, entries: list[Entry]) -> list[Restored]:
    """The rows after a verification, which makes nothing."""
    results = {result.qube.name: result for result in report.results}
    for entry in entries:
        if not entry.skipped and entry.kept.name in results:
            judge(entry, report, results[entry.kept.name])
            entry.notes += results[entry.kept.name].lost
            entry.name = ""
    return [*(entry.row() for entry in entries), *of_file(report)]


def judge(entry: Entry, report: Report, result: QubeResult) -> None:
    """Set whether the qube is whole, and its notes; the same for a verification and for a restore."""
    entry.failed = entry.failed or result.reason or _lacking(result)
    if entry.failed:
        return
    if result.cut:
        entry.notes.append(result.cut)
        return
    if result.doubt:
        entry.notes.append(result.doubt)
    if report.problems:
        entry.notes.append(Reason("restore-damaged-elsewhere", joined(report.problems) or ""))


def _lacking(result: QubeResult) -> Field:
    """The volume that a salvaged qube should have and the file does not; empty for none."""
    if not result.doubt:
        return ""
    files = {file.removesuffix(".img") for file in result.files if file.endswith(".img")}
    missing = sorted(kept_volumes(result.qube.klass) - files)
    return Reason("restore-no-volume", ", ".join(missing), result.qube.name) if missing else ""


def of_file(report: Report) -> list[Restored]:
    """A row about the file itself, named `-`, if something is wrong that concerns no single qube."""
    return [Restored.because(THE_FILE, "", "failed", *report.problems)] if report.problems else []


async def announced(restoring: Awaitable[list[Restored]], emit: Callable[[str], object]) -> list[Restored]:
    """The rows of a restore or a verification. `emit` gets its result: `ok`, `failed` or `cancelled`."""
    try:
        rows = await restoring
    except (asyncio.CancelledError, BackupCancelledError):
        emit(CANCELLED)
        raise
    except Exception:
        emit("failed")
        raise
    emit("failed" if any(row.result == "failed" for row in rows) else OK)
    return rows


async def verified(
    backup: Backup, entries: list[Entry], stop: threading.Event, progress: Callable[[str, int, int], None]
) -> Report:
    """Verify a backup as a restore would read it; nothing is written."""
    names = {entry.kept.name for entry in entries if entry.is_going}
    tell = Teller(progress)
    return await in_engine(lambda: backup.restore(looked_at, names, progress=tell, home=NoTree()), stop)


def rules_of(entry: Entry, result: QubeResult) -> list[Rule] | None:
    """The firewall rules of the backup as far as a call may set them, None for none; notes what is left out."""
    if result.firewall is None:
        return None
    rules = list(result.firewall)
    if len(rules) > RULES:
        rules = [*rules[: RULES - 1], Rule(Action.DROP)]
        entry.notes.append(Reason("restore-rules-cut", RULES, len(rules) - 1))
    return rules


def notes_of(entry: Entry, result: QubeResult) -> str:
    """The notes of the backup; empty for those that a call may not set, which is noted."""
    notes = result.notes or ""
    if reason := why_not_notes(notes):
        entry.notes.append(Reason("restore-no-notes", reason))
        return ""
    return notes
