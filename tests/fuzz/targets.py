# SPDX-License-Identifier: GPL-3.0-or-later
"""What is fuzzed: each parser of bytes that the program does not control, with what must hold for any input.

A target takes bytes and returns, whatever they are. It lets through only the errors that its parser documents, so any
other exception is a fault, and it checks what the parser promises about a value it accepted: most often that the
value's own text is read back as the same value.
"""

import asyncio
import io
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from backup_samples import DOM0, LABELS, TINY, WORDS, Memory, Restored, rich_qube, sample_qubes, written
from sysfs_tree import SysfsTree

from qubesmanager.admin import calls as admin_calls
from qubesmanager.backup.archive import (
    backup_tar,
    compression,
    contents,
    dom0_config,
    header,
    manifest,
    scrypt_container,
    tar,
    volume_tar,
)
from qubesmanager.backup.archive.backup_tar import ChunkName, Damage, Member
from qubesmanager.backup.archive.compression import Compression
from qubesmanager.backup.archive.contents import Contents
from qubesmanager.backup.archive.home_unpacking import Attributes, unpack
from qubesmanager.backup.archive.qube_files import firewall_of, firewall_xml, notes_of
from qubesmanager.backup.archive.reader import open_backup
from qubesmanager.backup.errors import BackupDamagedError, BackupError, BackupLimitError
from qubesmanager.backup.profile import parse_profile, profile_text
from qubesmanager.backup.schedule import parse_schedule
from qubesmanager.daemon.guest_channel import OUTPUT_BYTES, GuestChannel, Stream
from qubesmanager.daemon.local.drivers.devices import sysfs
from qubesmanager.daemon.local.drivers.hypervisor.guest_pipe import MemoryPipe
from qubesmanager.daemon.local.drivers.pools import qcow2
from qubesmanager.guest import applications, frames
from qubesmanager.guest.filecopy import HEADER, RESULT, Receiver
from qubesmanager.host.sparse_file import Extent
from qubesmanager.policy import folder, grammar
from qubesmanager.policy.engine import Engine, Request, Result
from qubesmanager.policy.reading import Files, Reader
from qubesmanager.policy.system_info import Domain, SystemInfo
from qubesmanager.wire import calls, codecs, framing, names
from qubesmanager.wire.call import AnyCall
from qubesmanager.wire.codecs import Codec
from qubesmanager.wire.errors import (
    Mgmt1Error,
    PolicyAdminSyntaxException,
    ProtocolError,
    QubesValueError,
    StoragePoolException,
)
from qubesmanager.wire.event import Event, EventDecoder, encode_event
from qubesmanager.wire.events import apply_event
from qubesmanager.wire.firewall import parse_rule
from qubesmanager.wire.records import VmRecord, decode_record, encode_record
from qubesmanager.wire.values import DeviceClass, PowerState, VmClass

LONGEST = 4096
"""Bytes of one input: enough for every structure here, and quick."""


@dataclass(frozen=True, slots=True)
class Target:
    """`seeds` are valid inputs to begin from; `words` are what the format is spelled with; `longest` in bytes."""

    name: str
    check: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    words: tuple[bytes, ...] = ()
    longest: int = LONGEST


# -- the channel of a guest --------------------------------------------------------------------------------------------

_HELLO = frames.encode(frames.Type.HELLO, 0, b"\0\x01" + b"g" * 16 + b"h" * 16)
_CALL = frames.encode_call(frames.Call("mgmt1.vm.List", "+", "dom0"))
_GUEST_SEED = b"".join(
    (
        *(frames.encode(frames.Type.OPEN, 1, _CALL), frames.encode(frames.Type.PING, 0, b"12345678")),
        *(frames.encode(frames.Type.DATA, 1, b"payload"), frames.encode(frames.Type.END, 1)),
        *(frames.encode(frames.Type.CREDIT, 1, b"\0\0\1\0"), frames.encode(frames.Type.RESET, 1)),
    )
)


def _host_session() -> frames.Session:
    """A host's session with a guest."""
    host = frames.Session(is_host=True, nonce=lambda: b"h" * 16)
    host.receive(_HELLO)
    host.output()
    return host


def _received(pieces: Iterable[bytes]) -> tuple[list[frames.Event], bytes]:
    """What a guest's bytes mean, and the answer of a host that accepts each stream."""
    host = _host_session()
    events: list[frames.Event] = []
    for piece in pieces:
        more = host.receive(piece)
        while more or host.has_more:
            events += more
            for event in more:
                if isinstance(event, frames.Opened):
                    with suppress(frames.StreamGoneError):
                        host.accept(event.stream)
            more = host.receive()
    return events, host.output()


def _guest_frames(data: bytes) -> None:
    events, _answer = _received([data])
    assert sum(len(event.data) for event in events if isinstance(event, frames.Data)) <= len(data)
    with suppress(frames.BrokenError):
        call = frames.decode_call(data)
        assert frames.encode_call(call) == data


def _guest_channel(data: bytes) -> None:
    """Whatever a guest sends, the host's end goes on, and ends with its pipe."""
    asyncio.run(_served(data))


async def _served(data: bytes) -> None:
    host, guest = MemoryPipe.pair()
    tasks: list[asyncio.Task[None]] = []

    def spawn(_name: str, coroutine: Any) -> asyncio.Task[None]:
        tasks.append(asyncio.get_running_loop().create_task(coroutine))
        return tasks[-1]

    async def answer(stream: Stream, _call: frames.Call) -> None:
        stream.accept()
        while isinstance(item := await stream.next(), frames.Data):
            await stream.write(item.data)
        stream.exit(0)

    channel = GuestChannel("fuzzed", host, answer, spawn)
    channel.session = _host_session()
    channel.up.set()
    running = spawn("run", channel.run())
    guest.write(data)
    guest.close()
    await running
    await asyncio.wait(tasks)
    assert not channel.is_up
    assert guest.pending <= OUTPUT_BYTES
    for task in tasks:
        assert task.cancelled() or task.exception() is None


# -- the wire ----------------------------------------------------------------------------------------------------------


def _framing(data: bytes) -> None:
    with suppress(ProtocolError):
        header = framing.decode_header(data)
        assert header.source
        assert header.untrusted_target
    with suppress(Mgmt1Error):
        framing.content(data)
    assert isinstance(framing.decode_error(data), Mgmt1Error)


_RECORD = VmRecord("work", VmClass.APP, PowerState.HALTED)


def _events(data: bytes) -> None:
    """The same events in whatever pieces the stream arrives; a record takes each of them or refuses it by name."""
    whole, end = _decoded([data])
    cut = data[0] % (len(data) + 1) if data else 0
    assert (whole, end) == _decoded([data[:cut], data[cut:]])
    assert whole == _decoded([bytes([each]) for each in data])[0]
    record: VmRecord | None = _RECORD
    for event in whole:
        with suppress(ProtocolError):
            record = apply_event(record or _RECORD, event)
        if all(event.fields) and "" not in {event.subject, event.name}:
            assert list(EventDecoder().feed(encode_event(event))) == [event]


def _decoded(pieces: list[bytes]) -> tuple[list[Event], str]:
    decoder = EventDecoder()
    events: list[Event] = []
    try:
        for piece in pieces:
            events.extend(decoder.feed(piece))
        decoder.finish()
    except Mgmt1Error as error:
        return events, type(error).__name__
    return events, ""


def _codecs_of(table: Iterable[AnyCall]) -> list[Codec[Any]]:
    found: dict[int, Codec[Any]] = {}
    for row in table:
        for codec in (row.arg, row.payload, row.result):
            if codec is not codecs.STREAM:
                found[id(codec)] = codec
    return list(found.values())


_CODECS = _codecs_of(calls.TABLE)
_ADMIN_CODECS = _codecs_of(admin_calls.TABLE)


def _codec(data: bytes) -> None:
    """The first byte chooses the codec. What it decodes, it encodes to bytes that mean the same."""
    if not data:
        return
    codec = _CODECS[data[0] % len(_CODECS)]
    try:
        value = codec.decode(data[1:])
    except Mgmt1Error:
        return
    assert codec.decode(codec.encode(value)) == value


def _admin_codec(data: bytes) -> None:
    """As `_codec`. What Qubes OS cannot write is written as `_`, so what comes back may differ."""
    if data:
        codec = _ADMIN_CODECS[data[0] % len(_ADMIN_CODECS)]
        with suppress(Mgmt1Error):
            codec.encode(codec.decode(data[1:]))


def _record(data: bytes) -> None:
    try:
        record = decode_record(data)
    except ProtocolError:
        return
    assert decode_record(encode_record(record)) == record


def _firewall_rule(data: bytes) -> None:
    try:
        rule = parse_rule(data)
    except Mgmt1Error:
        return
    assert parse_rule(str(rule)) == rule


def _escape(data: bytes) -> None:
    with suppress(ProtocolError):
        plain = codecs.unescape(data.decode("latin-1"))
        assert codecs.unescape(codecs.escape(plain)) == plain
    assert names.shown(data).isprintable()


# -- files that users and other programs write -------------------------------------------------------------------------


_QUBES = SystemInfo.of([Domain("dom0", "AdminVM"), Domain("work", "AppVM", frozenset({"a"}), default_dispvm="gone")])


def _policy(data: bytes) -> None:
    """Files are separated by NUL; the first line of each is its name."""
    files: dict[str, str] = {}
    for part in data.split(b"\0"):
        name, _, text = part.decode("utf-8", "surrogateescape").partition("\n")
        files[name] = text
    for path, text in files.items():
        for kind in grammar.Kind:
            with suppress(PolicyAdminSyntaxException):
                grammar.parse(path, text, kind)
    folder.problems(files)
    decision = Engine(Reader().read(Files(files), Files(files))).decide(Request("svc", "+", "work", "@default"), _QUBES)
    assert decision.result in set(Result)


def _profile(data: bytes) -> None:
    try:
        profile = parse_profile(data.decode("utf-8", "replace"))
    except Mgmt1Error:
        return
    assert parse_profile(profile_text(profile)) == profile


def _schedule(data: bytes) -> None:
    with suppress(QubesValueError):
        parse_schedule(data.decode("utf-8", "replace"))


# -- backups -----------------------------------------------------------------------------------------------------------

_DAMAGED = (BackupDamagedError, BackupLimitError)


def _qubes_xml(data: bytes) -> None:
    try:
        read = contents.from_xml(data)
    except (*_DAMAGED, BackupError):
        return
    with suppress(QubesValueError):
        assert contents.from_xml(contents.to_xml(read)) is not None


def _small_files(data: bytes) -> None:
    rules, problem = firewall_of(data)
    assert not problem or str(rules[-1]) == "action=drop"
    assert firewall_of(firewall_xml(rules)) == (rules, None)
    with suppress(*_DAMAGED):
        notes_of(data)


def _backup_tar(data: bytes) -> None:
    reader = backup_tar.Reader(io.BytesIO(data))
    size = 0
    for member in reader:
        if isinstance(member, Member):
            assert backup_tar.chunk_name(member.name) is not None or member.name in {
                backup_tar.HEADER,
                backup_tar.HEADER_MAC,
            }
            size += sum(map(len, reader.body()))
        else:
            assert isinstance(member, Damage)
    assert size <= len(data)


class _Sink:
    def __init__(self, size: int) -> None:
        self.size = size
        self.end = 0

    def write(self, offset: int, data: memoryview) -> None:
        assert self.end <= offset < offset + len(data) <= self.size
        self.end = offset + len(data)

    def finish(self) -> None: ...

    def abort(self) -> None: ...


class _Tree:
    """A home that is unpacked: what `Tree` promises of the paths holds, whatever the archive says."""

    def __init__(self) -> None:
        self.folders: set[bytes] = set()
        self.files: set[bytes] = set()
        self.others: set[bytes] = set()

    def _new(self, path: bytes) -> None:
        assert path not in self.folders | self.files | self.others
        names = path.split(b"/") if path else []
        assert all(name and name not in {b".", b".."} and b"\0" not in name for name in names)
        assert not path or path.rpartition(b"/")[0] in self.folders

    def folder(self, path: bytes, attributes: Attributes) -> None:
        self._new(path)
        assert attributes.mode <= 0o777
        self.folders.add(path)

    def file(self, path: bytes, attributes: Attributes, size: int) -> _Sink:
        self._new(path)
        assert path
        assert attributes.mode <= 0o777
        self.files.add(path)
        return _Sink(size)

    def link(self, path: bytes, _attributes: Attributes, target: bytes) -> None:
        self._new(path)
        assert path
        assert target
        self.others.add(path)

    def hard_link(self, path: bytes, file: bytes) -> None:
        self._new(path)
        assert file in self.files
        self.others.add(path)

    def finish(self) -> None: ...

    def abort(self) -> None: ...


def _home_tar(data: bytes) -> None:
    with suppress(*_DAMAGED):
        content = unpack(iter([data]), "dom0-home/user", 1 << 20, _Tree(), [])
        assert content.stored == len(data)


def _home_seeds() -> tuple[bytes, ...]:
    """A home with an entry of each kind, and one with a sparse file and a long name."""

    def entry(
        name: bytes, kind: bytes, body: bytes = b"", link: bytes = b"", more: tuple[tuple[str, str], ...] = ()
    ) -> bytes:
        header = tar.entry(b"dom0-home/user" + name, kind, size=len(body), mode=0o755, mtime=1, link=link, more=more)
        return header + body + bytes(tar.padding(len(body)))

    top = entry(b"/", tar.FOLDER)
    plain = entry(b"/a", tar.REGULAR, b"data") + entry(b"/l", tar.LINK, link=b"/etc")
    hard = entry(b"/h", tar.HARD_LINK, link=b"dom0-home/user/a")
    extents = [Extent(512, 512)]
    sparse = volume_tar.sparse_map(2048, extents) + bytes(512)
    records = tuple(volume_tar.sparse_records("dom0-home/user/sparse", 2048))
    return (
        top + plain + hard + tar.END,
        top + entry(b"/x", tar.REGULAR, sparse, more=records) + tar.END,
        top + entry(b"/" + b"n" * 120, tar.REGULAR) + tar.END,
    )


def _volume_tar(data: bytes) -> None:
    with suppress(*_DAMAGED):
        content = volume_tar.restore(iter([data]), "vm1/private.img", 1 << 20, _Sink)
        assert content.stored <= len(data)


def _compressed(data: bytes) -> None:
    filters = [*sorted(compression.FILTERS), None]
    if data:
        with suppress(*_DAMAGED, BackupError):
            for _ in compression.decompressed(iter([data[1:]]), filters[data[0] % len(filters)]):
                pass


def _head_files(data: bytes) -> None:
    with suppress(*_DAMAGED, BackupError):
        read = header.from_text(data)
        assert header.from_text(header.to_text(read)) == read
    with suppress(*_DAMAGED, BackupError):
        made = manifest.from_json(data)
        assert manifest.from_json(manifest.to_json(made)) == made
    with suppress(BackupError):
        config = dom0_config.from_json(data)
        assert dom0_config.from_json(dom0_config.to_json(config)) == config
    with suppress(*_DAMAGED):
        scrypt_container.params_of(data[:96])


@dataclass(frozen=True, slots=True)
class _Member:
    name: str
    chunk: ChunkName | None
    body: bytes


def _members(backup: bytes) -> list[_Member]:
    reader = backup_tar.Reader(io.BytesIO(backup))
    return [
        _Member(member.name, member.chunk, b"".join(reader.body())) for member in reader if isinstance(member, Member)
    ]


_BACKUP = written()
_BACKUP_MEMBERS = _members(_BACKUP)
_BACKUP_VOLUMES = {
    (data.qube.name, volume): source.whole()
    for data in sample_qubes()
    for volume, source in data.volumes.items()
    if isinstance(source, Memory)
}


def _putter(out: io.BytesIO) -> Callable[[bytes], None]:
    def put(data: bytes) -> None:
        out.write(data)

    return put


def _sealed_backup(data: bytes) -> None:
    """A backup in which one member holds the input, sealed with the right passphrase: what its author could write.

    The first byte chooses the member; the others are its content, compressed if the second byte is odd.
    """
    if len(data) < 2:
        return
    out = io.BytesIO()
    writer = backup_tar.Writer(_putter(out), 0)
    chosen = 2 + data[0] % (len(_BACKUP_MEMBERS) - 2)
    body = compression.compress(Compression.GZIP, data[2:]) if data[1] % 2 else data[2:]
    made = header.from_text(_BACKUP_MEMBERS[0].body)
    for number, member in enumerate(_BACKUP_MEMBERS):
        if number == chosen:
            keys = scrypt_container.new_keys(header.chunk_secret(made.backup_id, member.name, WORDS), TINY)
            writer.add(member.name, scrypt_container.seal(keys, body))
        else:
            writer.add(member.name, member.body)
    writer.end()
    with suppress(Mgmt1Error):
        open_backup(io.BytesIO(out.getvalue()), WORDS).verify()


def _salvaged(data: bytes) -> None:
    """A backup over which the input is written, at the offset that its first two bytes choose: nothing else comes out.

    A qube that is called whole holds exactly what was written.
    """
    if len(data) < 3:
        return
    changed = bytearray(_BACKUP)
    at = int.from_bytes(data[:2], "big") * len(changed) >> 16
    changed[at : at + len(data) - 2] = data[2:]
    sinks = Restored()
    with suppress(Mgmt1Error):
        report = open_backup(io.BytesIO(changed), WORDS, salvage=True).restore(sinks)
        whole = {result.qube.name for result in report.results if result.ok}
        for (name, volume), sink in sinks.volumes.items():
            assert name not in whole or sink.data == _BACKUP_VOLUMES[name, volume]


def _volume_seeds() -> tuple[bytes, ...]:
    plain = tar.header("vm1/private.img", 600, 0) + bytes(1024) + tar.END
    sparse = tar.pax([("GNU.sparse.map", "0,100,512,100"), ("GNU.sparse.size", "1024")])
    return plain, sparse + tar.header("vm1/private.img", 200, 0) + b"x" * 200 + bytes(312) + tar.END


def _head_seeds() -> tuple[bytes, ...]:
    sealed = next(member.body for member in _BACKUP_MEMBERS if member.name == backup_tar.HEADER_MAC)
    return _BACKUP_MEMBERS[0].body, sealed[:96], b'{"version": 1, "qubes": [], "policy": {}}'


def _sealed_seeds() -> tuple[bytes, ...]:
    return (
        b"\0\1" + _XML[: LONGEST - 2],
        *(bytes([number, 1]) + plain for number, plain in enumerate(_volume_seeds())),
    )


# -- files of other programs and devices -------------------------------------------------------------------------------


def _temporary_folder() -> Path:
    """A new folder. `scripts/fuzz` and pytest name the folder of temporary files, and remove it when they end."""
    return Path(tempfile.mkdtemp(prefix="qm-fuzz-"))


def _guest_files(data: bytes) -> None:
    """Files from another qube: whatever comes, nothing is written outside of the folder, or through a link."""
    with tempfile.TemporaryDirectory(prefix="qm-fuzz-") as name:
        folder = Path(name, "in")
        folder.mkdir()
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            receiver = Receiver(io.BytesIO(data), descriptor)
            assert len(receiver.result(receiver.receive() & 0xFF)) >= RESULT.size
        finally:
            os.close(descriptor)
        assert [path.name for path in Path(name).iterdir()] == ["in"]
        for path in folder.rglob("*"):
            if path.is_symlink():
                top = folder / path.relative_to(folder).parts[0]
                assert Path(os.path.normpath(path.parent / path.readlink())).is_relative_to(top)


def _guest_applications(data: bytes) -> None:
    """A desktop entry of a guest: a command of plain words, or a refusal."""
    entry = applications.parse(data.decode("utf-8", "replace"))
    with suppress(applications.ApplicationError):
        assert applications.command_of(entry, "/x.desktop")[0]


def _copied(name: bytes, mode: int, content: bytes = b"") -> bytes:
    return HEADER.pack(len(name) + 1, mode, len(content), 1, 2, 3, 4) + name + b"\0" + content


_COPY = (
    _copied(b"d", 0o40755)
    + _copied(b"d/f", 0o100644, b"text")
    + _copied(b"d/l", 0o120777, b"f")
    + _copied(b"d", 0o40700)
    + bytes(HEADER.size)
)
_ENTRY = b'[Desktop Entry]\nType=Application\nName=N\nExec="a b" %U\\s%c\nIcon=i\nTerminal=true\n'


@cache
def _image() -> Path:
    return _temporary_folder() / "image.qcow2"


_RUNS = 100
"""Runs of an image that are looked at: a small file may have a million of them."""


def _qcow2(data: bytes) -> None:
    """The header and the tables of an image, as a whole chain of one layer is read."""
    with _image().open("wb") as file:
        file.write(data)
        file.truncate(max(len(data), 1 << 20))
    _image().chmod(0o600)
    with suppress(StoragePoolException), qcow2.Chain([_image()]) as chain:
        for number, run in enumerate(chain.table()):
            assert 0 <= run.offset < chain.size
            if number == _RUNS:
                break


def _qcow2_seed() -> bytes:
    path = _image()
    qcow2.create(path, 1 << 30)
    data = path.read_bytes()
    path.unlink()
    return data[:LONGEST]


@cache
def _tree() -> Path:
    tree = SysfsTree(_temporary_folder() / "machine")
    tree.add_disk("sda", on=tree.add_usb("1-2"))
    tree.add_partition("sda", 1)
    tree.add_pci("0000:00:1f.6")
    tree.add_microphone()
    return tree.root


_SYSFS_FILES = (
    "sys/block/sda/size",
    "sys/block/sda/ro",
    "sys/block/sda/dev",
    "sys/block/sda/device/vendor",
    "sys/block/sda/device/model",
    "sys/block/sda/sda1/partition",
    "sys/block/sda/sda1/uevent",
    "sys/bus/usb/devices/1-2/busnum",
    "sys/bus/usb/devices/1-2/devnum",
    "sys/bus/usb/devices/1-2/idVendor",
    "sys/bus/usb/devices/1-2/product",
    "sys/bus/usb/devices/1-2/manufacturer",
    "sys/bus/usb/devices/1-2/serial",
    "sys/bus/pci/devices/0000:00:1f.6/class",
    "sys/bus/pci/devices/0000:00:1f.6/vendor",
    "proc/swaps",
    "proc/self/mountinfo",
)


def _sysfs_seed() -> bytes:
    return b"\0".join((_tree() / name).read_bytes() for name in _SYSFS_FILES)


def _sysfs(data: bytes) -> None:
    """NUL separates the contents of the files; what is listed is printable ASCII of a bounded length."""
    for name, content in zip(_SYSFS_FILES, data.split(b"\0"), strict=False):
        (_tree() / name).write_bytes(content)
    for device_class in DeviceClass:
        for ident, device in sysfs.devices(_tree(), device_class).items():
            assert names.DEVICE_IDENT.matches(ident)
            assert device.description.isascii()
            assert device.description.isprintable()
            assert len(device.description) <= LONGEST


# -- the table ---------------------------------------------------------------------------------------------------------

_RULES = b"action=accept dsthost=www.example.com proto=tcp dstports=443-443 expire=1800000000 comment=a b"
_POLICY = (
    b"30-mine.policy\n!include include/x\nqubes.Filecopy * work @default ask default_target=vault notify=yes\n"
    b"mgmt1.vm.List + @tag:a @adminvm allow target=@adminvm user=root\0include/x\n* * @anyvm @anyvm deny\n"
)
_PROFILE = (
    b"include: [work, $type:AppVM, $tag:mine]\nexclude: [vault]\ndestination_path: /backup\ncompression: zstd\n"
    b"passphrase_file: /etc/p\nverify: true\nkeep: {last: 3, daily: 7}\nschedule: daily 03:00\n"
)
_RECORD_SEED = encode_record(_RECORD)
_EVENT_SEEDS = (
    encode_event(Event("work", "domain-state", {"state": "Running"})),
    encode_event(Event("work", "property-set:memory", {"newvalue": "400", "default": "no"})),
    encode_event(Event("work", "device-attach:block", {"backend": "sys-usb", "ident": "sda", "attached": "yes"})),
    encode_event(Event("work", "tag-add:x", {})) + framing.encode_error(QubesValueError("no")),
)
_ADMIN_SEEDS = (
    b"work class=AppVM state=Halted uuid=00000000-0000-0000-0000-000000000000\n",
    b"default=True type=int 400",
    b"sys-usb+sda:0951:1666:A1:u080650 mode='auto-attach' _read-only='yes'\n",
    b"name=work label=red pool:root=default",
    b"action=accept proto=tcp dstports=443-443\n",
    b"wait+force",
    b"u03****u08****",
)
_XML = contents.to_xml(Contents(LABELS, {"updatevm": ""}, (DOM0, rich_qube())))
_FIREWALL_XML = firewall_xml([parse_rule(_RULES)])

TARGETS: Mapping[str, Target] = {
    target.name: target
    for target in (
        Target(
            "framing",
            _framing,
            (
                b"mgmt1.vm.Start+ dom0 name work",
                framing.encode_error(QubesValueError("100 %")),
                b"2\0QubesException\0\0%s of %d\0a\x001\0",
            ),
            (b"keyword", b"name", b"+"),
        ),
        Target("guest-frames", _guest_frames, (_GUEST_SEED, _CALL), (b"\xa7\7\0\0\0\1", b"\xa7\4", _HELLO)),
        Target("guest-channel", _guest_channel, (_GUEST_SEED,), (b"\xa7\7\0\0\0\1", b"\xa7\4", _HELLO)),
        Target("guest-files", _guest_files, (_COPY,), (b"../", b"/", b"d/l/x\0", b"\xff\xa1\0\0")),
        Target("guest-applications", _guest_applications, (_ENTRY,), (b'"', b"\\", b"%", b"[Desktop Entry]\n")),
        Target("events", _events, _EVENT_SEEDS, (b"domain-add", b"volume-set", b"feature-set", b"notes-set")),
        Target(
            "codecs",
            _codec,
            tuple(bytes([number]) + b"name=work label=red\n" for number in range(len(_CODECS))),
            (b"default=yes ", b"pool=", b"vid=", b"class=", b"state=", b"0x", b"\n", b"yes", b"description="),
        ),
        Target(
            "admin-codecs",
            _admin_codec,
            tuple(bytes([number]) + _ADMIN_SEEDS[number % len(_ADMIN_SEEDS)] for number in range(len(_ADMIN_CODECS))),
            (b"default=True type=", b"mode='required' ", b"frontend_domain='", b" uuid=", b"pool:root=", b"action="),
        ),
        Target("record", _record, (_RECORD_SEED,), (b'"features"', b'"volumes"', b"null", b"true")),
        Target("escape", _escape, (b"lvm-3Aqubes-2Fvm--work",), (b"--", b"-3A")),
        Target(
            "firewall",
            _firewall_rule,
            (_RULES, b"action=drop dst4=192.0.2.0/24 proto=icmp icmptype=8", b"action=accept specialtarget=dns"),
            (b"dst6=", b"dst4=", b"dstports=", b"specialtarget=dns", b"proto=udp", b"expire=", b"comment="),
        ),
        Target("policy", _policy, (_POLICY,), (b"!include-dir ", b"!include-service ", b"@dispvm:@tag:", b"uuid:")),
        Target(
            "profile", _profile, (_PROFILE,), (b"&a ", b"*a", b"!!python/", b"- ", b"[[[", b"{", b"destination_vm:")
        ),
        Target("schedule", _schedule, (b"daily 03:00", b"weekly Mon 12:30", b"monthly 31 00:00", b"hourly")),
        Target(
            "qubes-xml",
            _qubes_xml,
            (_XML[:LONGEST],),
            (b"<domain ", b"<device ", b"<feature ", b"<!ENTITY", b"backup-path", b"&#13;", b"frontend-dev"),
        ),
        Target(
            "small-files", _small_files, (_FIREWALL_XML, b"Notes: gr\xc3\xbcn"), (b'version="1"', b"<rule", b"policy=")
        ),
        Target("backup-tar", _backup_tar, (_BACKUP[:LONGEST], _BACKUP[1024 : 1024 + LONGEST]), (b"ustar", b"vm1/")),
        Target("home-tar", _home_tar, _home_seeds(), (b"dom0-home/user/", b"/../", b"ustar", b"path=", b"linkpath=")),
        Target("volume-tar", _volume_tar, _volume_seeds(), (b"GNU.sparse.map=", b"GNU.sparse.realsize=", b"ustar")),
        Target(
            "compression",
            _compressed,
            tuple(
                bytes([number]) + compression.compress(method, b"data " * 50)
                for number, method in enumerate(Compression)
            ),
        ),
        Target(
            "backup-head", _head_files, _head_seeds(), (b"version=4", b"hmac-algorithm=", b"encrypted=", b'"qubes"')
        ),
        Target("sealed-backup", _sealed_backup, _sealed_seeds(), (b"<domain ", b"ustar", b'"files"')),
        Target(
            "salvage", _salvaged, (b"\0\0version=4", b"\x40\0ustar", b"\x80\0vm1/"), (b"scrypt\0", b"ustar", b"vm1/")
        ),
        Target("qcow2", _qcow2, (_qcow2_seed(),), (b"QFI\xfb", b"qcow2")),
        Target("sysfs", _sysfs, (_sysfs_seed(),), (b"\0", b"PARTNAME=", b"MAJOR=")),
    )
}
"""In the order in which they are run."""
