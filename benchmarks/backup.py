# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing, verifying and restoring a backup, beside what cannot be gone below in the same run.

The bound is the slower of two: the disk alone (the file's bytes written and synced), and the processor alone (all
of the compression and all of the key derivations, in threads, with nothing read, sealed or written).
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event
from time import perf_counter

from _harness import Bench, Spread

from qubesmanager.backup.compression import BLOCK, Compression, compress
from qubesmanager.backup.container import LEVELS, Params, new_keys
from qubesmanager.backup.contents import ADMIN_CLASS, Contents, Label, Qube
from qubesmanager.backup.partial import partial
from qubesmanager.backup.reader import open_backup
from qubesmanager.backup.streams import FdInput, FdOutput
from qubesmanager.backup.volumes import FileSink, FileSource
from qubesmanager.backup.writer import Options, QubeData, write
from qubesmanager.wire.firewall import parse_rule

MIB = 1 << 20
GIB = 1 << 30
WORDS = "a passphrase for the benchmark"
CORES = os.cpu_count() or 1
KEYS_AT_ONCE = 2
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


def on_disk(folder: Path, size: int) -> float:
    """Seconds to write and sync so many bytes."""
    block = os.urandom(MIB)
    start = perf_counter()
    with (folder / "disk").open("wb", buffering=0) as file:
        for _ in range(max(1, size // MIB)):
            file.write(block)
        os.fsync(file.fileno())
    seconds = perf_counter() - start
    (folder / "disk").unlink()
    return seconds


def blocks_of(qubes: list[QubeData]) -> Iterator[bytes]:
    for data in qubes:
        for source in data.volumes.values():
            for offset, length in source.extents():
                for at in range(offset, offset + length, BLOCK):
                    yield source.read(at, min(BLOCK, offset + length - at))


def of_compressor(qubes: list[QubeData], pool: ThreadPoolExecutor) -> list[object]:
    return [pool.submit(compress, Compression.GZIP, block) for block in blocks_of(qubes)]


def of_keys(count: int, params: Params, pool: ThreadPoolExecutor) -> list[object]:
    return [pool.submit(new_keys, WORDS.encode(), params) for _ in range(count)]


def in_threads(*works: tuple[Callable[[ThreadPoolExecutor], object], int]) -> float:
    """Seconds that all of it takes together, each work with so many threads."""
    start = perf_counter()
    with ExitStack() as stack:
        for work, threads in works:
            work(stack.enter_context(ThreadPoolExecutor(threads)))
    return perf_counter() - start


# -- memory ------------------------------------------------------------------------------------------------------------


def memory_reset() -> None:
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def memory_peak() -> float:
    """The most MB that were resident since the reset."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) / 1000 for line in status.splitlines() if line.startswith("VmHWM:"))


# -- the runs ----------------------------------------------------------------------------------------------------------


def written(folder: Path, qubes: list[QubeData], level: str) -> tuple[float, int, int]:
    """Seconds, bytes of the file, and chunks that were sealed, the head's included."""
    (folder / "backup").unlink(missing_ok=True)
    start = perf_counter()
    with partial(folder / "backup") as fd:
        report = write(FdOutput(fd, Event()), WORDS, SYSTEM, qubes, Options(LEVELS[level]))
    seconds = perf_counter() - start
    assert report.ok
    assert report.manifest is not None
    chunks = 3 + sum(file.chunks for qube in report.manifest.qubes for file in qube.files)
    return seconds, (folder / "backup").stat().st_size, chunks


def read(folder: Path, *, to_disk: bool) -> float:
    start = perf_counter()
    with (folder / "backup").open("rb") as file, ExitStack() as stack:
        backup = open_backup(FdInput(file.fileno(), Event()), WORDS)

        def sink(qube: Qube, volume: str, size: int) -> FileSink:
            return FileSink(stack.enter_context((folder / f"{qube.name}-{volume}").open("wb")).fileno(), size)

        assert (backup.restore(sink) if to_disk else backup.verify()).ok
    seconds = perf_counter() - start
    for path in folder.glob("qube-*"):
        path.unlink()
    return seconds


def measure(bench: Bench, folder: Path, name: str, qubes: list[QubeData], level: str) -> None:
    """All lines of one kind of backup."""
    runs = bench.runs(3)
    memory_reset()
    results = [written(folder, qubes, level) for _ in range(runs)]
    peak = memory_peak()
    _, size, chunks = results[0]
    params = LEVELS[level]
    at_once = min(CORES, KEYS_AT_ONCE) if params.memory < GIB else 1

    def compressing(pool: ThreadPoolExecutor) -> object:
        return of_compressor(qubes, pool)

    def deriving(pool: ThreadPoolExecutor) -> object:
        return of_keys(chunks, params, pool)

    disk = on_disk(folder, size)
    compressor = in_threads((compressing, CORES))
    keys = in_threads((deriving, at_once))
    both = in_threads((compressing, CORES), (deriving, at_once))
    bound, bound_name = max((disk, "disk alone"), (both, "compressor and keys alone"))
    title = f"{name}, {level}"
    tool = QUBES_TOOL.get(name.partition(" ")[0])
    bench.line(
        f"{title}: write",
        Spread.of([seconds for seconds, _, _ in results]),
        "s",
        reference=bound,
        reference_name=bound_name,
    )
    if tool and not bench.smoke:
        bench.line(
            f"{title}: write",
            Spread.of([seconds for seconds, _, _ in results]),
            "s",
            reference=tool,
            reference_name="Qubes' tool",
        )
    for part, seconds in (("disk", disk), ("compressor", compressor), (f"{chunks} keys", keys)):
        bench.line(f"  {part} alone", Spread.of([seconds]), "s")
    bench.line(
        "  verify",
        Spread.of([read(folder, to_disk=False) for _ in range(runs)]),
        "s",
        reference=keys,
        reference_name="keys alone",
    )
    bench.line(
        "  restore",
        Spread.of([read(folder, to_disk=True) for _ in range(runs)]),
        "s",
        reference=keys,
        reference_name="keys alone",
    )
    bench.line("  most memory while writing", Spread.of([peak]), "MB")


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
            ("compressible 1 GiB", [folder / "text"], ("standard", "strong", "generated")),
            ("random 1 GiB", [folder / "noise"], ("standard", "strong")),
            ("sparse 10 GiB", [folder / "sparse"], ("standard",)),
            ("30 qubes", many, ("standard", "generated")),
        ]
        for title, paths, levels in kinds:
            for level in ("generated",) if bench.smoke else levels:
                with qubes_of(paths, small_files=len(paths) > 1) as qubes:
                    measure(bench, folder, title, qubes, level)
    bench.done()


main()
