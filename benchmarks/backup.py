# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing, verifying and restoring a backup, beside what cannot be gone below in the same round.

The bound is the slowest of these: the disk alone (so many bytes written and synced, and the backup read, both past the
page cache), and the processor alone: all of the compression (or decompression) and all of the key derivations,
overlapped in threads, with nothing else done. "With seals" adds to the processor what the format asks for besides:
cipher and MAC of what is sealed, and the SHA-256 of each volume.

Each step runs in a separate process, so that its peak of memory is its own. The ratio of a line is the median of the
ratios of the rounds, since a shared machine is another one a minute later.
"""

import hashlib
import os
import statistics
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from mmap import mmap
from multiprocessing import get_context
from pathlib import Path
from threading import Event
from time import perf_counter
from typing import NamedTuple

from _harness import Bench, Spread
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from qubesmanager.backup.archive.compression import BLOCK, Compression, compress, decompressed
from qubesmanager.backup.archive.contents import ADMIN_CLASS, Contents, Label, Qube
from qubesmanager.backup.archive.reader import open_backup
from qubesmanager.backup.archive.scrypt_container import LEVELS, at_once, new_keys
from qubesmanager.backup.archive.streams import FdInput, FdOutput
from qubesmanager.backup.archive.writer import Options, QubeData, write
from qubesmanager.host.atomic_file import give_name, part_of, partial
from qubesmanager.host.sparse_file import FileSink, FileSource
from qubesmanager.wire.firewall import parse_rule

MIB = 1 << 20
GIB = 1 << 30
WORDS = "a passphrase for the benchmark"
CORES = os.cpu_count() or 1
QUBES_TOOL = {"compressible": 74.0, "random": 75.0, "sparse": 31.0}
"""Seconds of Qubes' own tool, on the machine the specification was measured on."""
SYSTEM = Contents((Label(8, "black", "0x000000"),), {}, (Qube("dom0", ADMIN_CLASS, "black"),))
RULES = tuple(parse_rule(f"action=accept dst4=192.0.2.{number}/32") for number in range(5))


def lines(size: int) -> Iterator[bytes]:
    """Text like a log's, a third of its size when compressed; each MiB another."""
    for block in range(size // MIB):
        text = "".join(f"{block}:{number} {os.urandom(8).hex()} started the unit\n" for number in range(MIB // 36))
        yield (text.encode() + bytes(MIB))[:MIB]


def noise(size: int) -> Iterator[bytes]:
    for _ in range(size // MIB):
        yield os.urandom(MIB)


def dense(path: Path, blocks: Iterator[bytes]) -> None:
    with path.open("wb") as file:
        for block in blocks:
            file.write(block)
        os.fsync(file.fileno())


def sparse(path: Path, size: int, data: int) -> None:
    """`data` bytes of text in runs of 1 MiB, spread over `size`."""
    with path.open("wb") as file:
        file.truncate(size)
        for number, block in enumerate(lines(data)):
            file.seek(number * (size // (data // MIB)))
            file.write(block)
        os.fsync(file.fileno())


@contextmanager
def qubes_of(paths: list[Path], *, small_files: bool = False) -> Iterator[list[QubeData]]:
    """A qube for each image."""
    with ExitStack() as stack:
        yield [
            QubeData(
                Qube(f"qube-{number}", "AppVM", "black"),
                {"private": FileSource(stack.enter_context(path.open("rb")).fileno())},
                RULES if small_files else None,
                "some notes" * 20 if small_files else "",
            )
            for number, path in enumerate(paths)
        ]


# -- what cannot be gone below -----------------------------------------------------------------------------------------


def opened(path: Path, flags: int) -> int:
    """The file past the page cache, where its file system can do that."""
    try:
        return os.open(path, flags | os.O_DIRECT)
    except OSError:
        return os.open(path, flags)


def on_disk(folder: Path, size: int) -> float:
    """Seconds to write and sync so many bytes."""
    block = mmap(-1, 4 * MIB)
    block.write(os.urandom(len(block)))
    start = perf_counter()
    file = opened(folder / "disk", os.O_WRONLY | os.O_CREAT)
    for number in range(max(1, size // len(block))):
        os.pwrite(file, block, number * len(block))
    os.fsync(file)
    os.close(file)
    seconds = perf_counter() - start
    (folder / "disk").unlink()
    return seconds


def off_disk(path: Path) -> float:
    """Seconds to read the file."""
    block = mmap(-1, 4 * MIB)
    start = perf_counter()
    file = opened(path, os.O_RDONLY)
    at = 0
    while read := os.preadv(file, [block], at):
        at += read
    os.close(file)
    return perf_counter() - start


def blocks_of(qubes: list[QubeData]) -> Iterator[bytes]:
    for data in qubes:
        for source in data.volumes.values():
            for offset, length in source.extents():
                for at in range(offset, offset + length, BLOCK):
                    yield source.read(at, min(BLOCK, offset + length - at))


Work = Callable[[], object]


def in_threads(*works: tuple[list[Work], int]) -> float:
    """The seconds for all lists together, each with its number of threads."""
    start = perf_counter()
    with ExitStack() as stack:
        for work, threads in works:
            pool = stack.enter_context(ThreadPoolExecutor(threads))
            for step in work:
                pool.submit(step)
    return perf_counter() - start


class Bounds(NamedTuple):
    """Seconds; `arithmetic` is compressor and keys together, `seals` the same with cipher, MAC and SHA-256."""

    written: float
    read: float
    compressor: float
    keys: float
    arithmetic: float
    seals: float

    @property
    def disk(self) -> float:
        return max(self.written, self.read)


def bounds(folder: Path, paths: list[Path], level: str, run: "Run", *, reading: bool, disk: int) -> Bounds:
    """The bounds of one direction, for the backup that the run wrote; `disk` bytes are written."""
    params = LEVELS[level]
    keys_at_once = at_once(params, CORES)
    keys: list[Work] = [lambda: new_keys(WORDS.encode(), params)] * run.chunks
    block = bytes(os.urandom(MIB))
    sealed = run.size // MIB
    macs: list[Work] = [lambda: hashlib.sha256(block)] * sealed
    cipher = Cipher(AES(bytes(32)), CTR(bytes(16))).encryptor()
    ciphers: list[Work] = [lambda: cipher.update(block)] * sealed
    with qubes_of(paths) as qubes:
        plain = list(blocks_of(qubes))
    shas: list[Work] = [lambda block=block: hashlib.sha256(block) for block in plain]  # type: ignore[misc]
    work: list[Work]
    if reading:
        packed = [compress(Compression.GZIP, block) for block in plain]
        # A stream is read in its order.
        work, threads = [lambda: [None for _ in decompressed(iter(packed), "gzip")]], 1
    else:
        work, threads = [lambda block=block: compress(Compression.GZIP, block) for block in plain], CORES  # type: ignore[misc]
    return Bounds(
        on_disk(folder, disk) if disk else 0.0,
        off_disk(folder / "backup") if reading else 0.0,
        in_threads((work, threads)),
        in_threads((keys, keys_at_once)),
        in_threads((work, threads), (keys, keys_at_once)),
        in_threads((work, threads), (keys, keys_at_once), (macs, 1), (shas, 1), (ciphers, 1)),
    )


# -- the runs ----------------------------------------------------------------------------------------------------------


class Run(NamedTuple):
    """`peak` in MB; `size` and `chunks` of the backup, those of its head included."""

    seconds: float
    peak: float
    size: int = 0
    chunks: int = 0


def peak() -> float:
    """The most MB that this process had resident; `getrusage` would count what its parent had when it was started."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) / 1000 for line in status.splitlines() if line.startswith("VmHWM:"))


def written(folder: Path, paths: list[Path], level: str) -> Run:
    (folder / "backup").unlink(missing_ok=True)
    with qubes_of(paths, small_files=len(paths) > 1) as qubes:
        start = perf_counter()
        part = part_of(folder / "backup")
        with partial(part) as fd:
            report = write(FdOutput(fd, Event()), WORDS, SYSTEM, qubes, Options(LEVELS[level]))
        give_name(part, folder / "backup")
        seconds = perf_counter() - start
    assert report.ok
    assert report.manifest is not None
    chunks = 3 + sum(file.chunks for qube in report.manifest.qubes for file in qube.files)
    return Run(seconds, peak(), (folder / "backup").stat().st_size, chunks)


def read(folder: Path, *, to_disk: bool) -> Run:
    start = perf_counter()
    with (folder / "backup").open("rb") as file, ExitStack() as stack:
        backup = open_backup(stack.enter_context(closing(FdInput(file.fileno(), Event()))), WORDS)

        def sink(qube: Qube, volume: str, size: int) -> FileSink:
            return FileSink(stack.enter_context((folder / f"{qube.name}-{volume}").open("wb")).fileno(), size)

        assert (backup.restore(sink) if to_disk else backup.verify()).ok
    seconds = perf_counter() - start
    for path in folder.glob("qube-*"):
        path.unlink()
    return Run(seconds, peak())


def alone(work: Callable[..., Run], *arguments: object, **named: object) -> Run:
    """The result of the work in a new process."""
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        return process.submit(work, *arguments, **named).result()


def measure(bench: Bench, folder: Path, name: str, paths: list[Path], level: str) -> None:
    """All lines of one kind of backup."""
    rounds = bench.runs(1 if level == "strong" else 3)
    runs: dict[str, list[Run]] = {"write": [], "verify": [], "restore": []}
    by_step: dict[str, list[Bounds]] = {"write": [], "verify": [], "restore": []}
    data = sum(path.stat().st_blocks * 512 for path in paths)
    for _ in range(rounds):
        runs["write"].append(alone(written, folder, paths, level))
        made = runs["write"][-1]
        by_step["write"].append(bounds(folder, paths, level, made, reading=False, disk=made.size))
        runs["verify"].append(alone(read, folder, to_disk=False))
        runs["restore"].append(alone(read, folder, to_disk=True))
        there = bounds(folder, paths, level, made, reading=True, disk=data)
        by_step["verify"].append(there._replace(written=0.0))
        by_step["restore"].append(there)
    title = f"{name}, {level}"
    for step, times in runs.items():
        seconds = Spread.of([run.seconds for run in times])
        pairs = list(zip(times, by_step[step], strict=True))
        for kind, figures in (
            ("bound", [run.seconds / max(there.disk, there.arithmetic, 1e-3) for run, there in pairs]),
            ("with seals", [run.seconds / max(there.disk, there.seals, 1e-3) for run, there in pairs]),
        ):
            reference = seconds.median / statistics.median(figures)
            bench.line(f"{title}: {step}", seconds, "s", reference=reference, reference_name=kind)
        if step == "write" and not bench.smoke and (tool := QUBES_TOOL.get(name.partition(" ")[0])):
            bench.line(f"{title}: {step}", seconds, "s", reference=tool, reference_name="Qubes' tool")
        bench.line("  most memory", Spread.of([run.peak for run in times]), "MB")
        for part in ("written", "read", "compressor", "keys"):
            alone_ = Spread.of([getattr(there, part) for there in by_step[step]])
            if alone_.most:
                bench.line(f"  {part} alone", alone_, "s")


def main() -> None:
    bench = Bench("Backups")
    scale = 64 if bench.smoke else 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        dense(folder / "text", lines(GIB // scale))
        dense(folder / "noise", noise(GIB // scale))
        sparse(folder / "sparse", 10 * GIB // scale, 128 * MIB // scale)
        many = [folder / f"many-{number}" for number in range(30)]
        for path in many:
            sparse(path, 256 * MIB, 2 * MIB)
        kinds: list[tuple[str, list[Path], tuple[str, ...]]] = [
            ("compressible 1 GiB", [folder / "text"], ("standard", "generated", "strong")),
            ("random 1 GiB", [folder / "noise"], ("standard", "generated")),
            ("sparse 10 GiB", [folder / "sparse"], ("standard",)),
            ("30 qubes", many, ("standard", "generated")),
        ]
        for title, paths, levels in kinds:
            for level in ("generated",) if bench.smoke else levels:
                if bench.wants(f"{title}, {level}"):
                    measure(bench, folder, title, paths, level)
    bench.done()


if __name__ == "__main__":
    main()
