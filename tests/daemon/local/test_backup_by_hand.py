# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups without this program: ours restored by hand as documented, and one made by hand, as Qubes does, restored."""

import asyncio
import os
import random
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest
import yaml
from backup_daemon import MIB, WORDS, data_of, everything, file_stream, make_qube
from backup_samples import in_english
from pool_tools import content

from qubesmanager.client.client import Client
from qubesmanager.daemon.local.system import System
from qubesmanager.wire import calls
from qubesmanager.wire.backups import encode_info
from qubesmanager.wire.codecs import CreateSpec

DOCS = Path(__file__).parents[3] / "docs/backup.md"
QUBES_CHUNK = 100 << 20
GIB = 1 << 30


@pytest.fixture(autouse=True)
def tools() -> None:
    for program in ("tar", "scrypt", "gzip", "zstd", "split"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")


async def backed_up(client: Client, folder: Path, *names: str, compression: str = "gzip") -> Path:
    profile = {"include": list(names), "destination_path": str(folder), "kdf": "generated", "verify": True}
    text = yaml.safe_dump({**profile, "compression": compression})
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "nightly", text))
    await client.send(calls.BACKUP_EXECUTE("dom0", "nightly", {"passphrase": WORDS}))
    return only(folder)


def only(folder: Path) -> Path:
    (file,) = folder.iterdir()
    return file


async def restored(client: Client, file: Path, **options: str) -> list[str]:
    head = "\n".join(f"{key}={value}" for key, value in {"passphrase": WORDS, "devices": "yes", **options}.items())
    async with aclosing(file_stream(head, file)) as stream:
        return in_english(await client.send(calls.BACKUP_RESTORE("dom0", None, stream)))


async def runs(*given: tuple[int, bytes]) -> AsyncIterator[tuple[int, bytes]]:
    for run in given:
        yield run


async def make_sparse(client: Client, system: System, name: str) -> None:
    """A qube with a private volume of 10 GiB that has data at its beginning, in its middle and at its end."""
    await client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec(name, "red")))
    await client.send(calls.VM_VOLUME_EXTEND(name, "private", 10 * GIB))
    data = [(at, random.randbytes(300_000)) for at in (0, 5 * GIB + 4096, 10 * GIB - 300_000)]
    await system.pools.driver("default").import_runs(f"{name}/private", 10 * GIB, runs(*data))


async def test_every_byte_and_setting_comes_back_of_full_sparse_and_empty_volumes(
    client: Client, system: System, folder: Path
) -> None:
    await make_qube(client, "lab", random.randbytes(3 * MIB) + bytes(2 * MIB) + b"end", b"root" * 1000, device="sdb")
    await make_sparse(client, system, "wide")
    await client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("hollow", "red")))
    pool = system.pools.driver("default")
    names = ("lab", "wide", "hollow")
    before = {name: await everything(client, pool, name) for name in names}
    file = await backed_up(client, folder, *names)
    for name in names:
        await client.send(calls.VM_REMOVE(name))

    rows = await restored(client, file)

    assert sorted(rows) == [f"{name} restored-as={name} result=ok" for name in sorted(names)]
    assert {name: await everything(client, pool, name) for name in names} == before
    assert before["lab"].devices
    size, data = await data_of(pool, "wide/private")
    assert size == 10 * GIB
    assert len(data) >= 3
    (volume,) = [one for one in (await client.send(calls.VM_GET_ALL("dom0", "wide"))).volumes if one.name == "private"]
    assert volume.usage < 4 * MIB, "holes stay holes"


# -- ours, by hand -----------------------------------------------------------------------------------------------------


def documented() -> str:
    """The shell lines of the documentation."""
    found = re.search(r"## By hand\n.*?```bash\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert found
    return found[1]


def by_hand(file: Path, place: Path, passphrase: str = WORDS) -> "subprocess.CompletedProcess[str]":
    place.mkdir()
    return subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", documented()],
        cwd=place,
        env={**os.environ, "BACKUP": str(file)},
        input=f"{passphrase}\n",
        text=True,
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize("compression", ["gzip", "zstd", "none"])
async def test_the_documented_commands_restore_every_byte(
    client: Client, system: System, folder: Path, tmp_path: Path, compression: str
) -> None:
    await make_qube(client, "lab", random.randbytes(3 * MIB), b"root" * 1000)
    await make_sparse(client, system, "wide")
    file = await backed_up(client, folder, "lab", "wide", compression=compression)

    done = await asyncio.to_thread(by_hand, file, tmp_path / "place")

    assert done.returncode == 0, done.stderr
    place = tmp_path / "place/restored"
    pool = system.pools.driver("default")
    assert (place / "vm1/private.img").read_bytes() == await content(pool, "lab/private")
    assert (place / "vm1/root.img").read_bytes() == await content(pool, "lab/root")
    assert (place / "vm1/notes.txt").read_text() == "Zeile 1\n<b>zwei</b>\n"
    assert "192.0.2.0" in (place / "vm1/firewall.xml").read_text()
    for name in ("lab", "wide", "escaped", "key &lt;&amp;"):
        assert name in (place / "qubes.xml").read_text()
    wide = place / "vm2/private.img"
    size, data = await data_of(pool, "wide/private")
    assert (wide.stat().st_size, wide.stat().st_blocks * 512 < 4 * MIB) == (size, True)
    with wide.open("rb") as image:
        for number, block in data.items():
            image.seek(number * MIB)
            assert image.read(MIB) == block


async def test_by_hand_a_wrong_passphrase_or_a_damaged_file_stops_at_once(
    client: Client, folder: Path, tmp_path: Path
) -> None:
    await make_qube(client, "lab", random.randbytes(MIB), b"root")
    file = await backed_up(client, folder, "lab")
    assert (await asyncio.to_thread(by_hand, file, tmp_path / "wrong", "another")).returncode != 0

    damaged = bytearray(file.read_bytes())
    damaged[damaged.index(b"vm1/private.img.000.enc") + 512 + 5000] ^= 1
    file.write_bytes(damaged)
    done = await asyncio.to_thread(by_hand, file, tmp_path / "damaged")

    assert done.returncode != 0
    assert "scrypt" in done.stderr


# -- Qubes' own, made by hand ------------------------------------------------------------------------------------------

QUBES_XML = """<?xml version='1.0' encoding='utf-8'?>
<qubes>
  <labels>
    <label id="label-1" color="0xcc0000">red</label>
    <label id="label-8" color="0x000000">black</label>
  </labels>
  <properties>
    <property name="default_netvm">sys-firewall</property>
  </properties>
  <domains>
    <domain id="domain-0" class="AdminVM">
      <properties><property name="label">black</property></properties>
      <features>
        <feature name="backup-content">True</feature>
        <feature name="backup-path">dom0-home/user</feature>
        <feature name="backup-size">100000</feature>
      </features>
      <devices class="pci"/><tags/>
    </domain>
    <domain id="domain-7" class="StandaloneVM">
      <properties>
        <property name="label">label-1</property>
        <property name="qid">7</property>
        <property name="name">diary</property>
        <property name="memory">777</property>
        <property name="netvm">sys-firewall</property>
        <property name="kernel">an-old-one</property>
      </properties>
      <features>
        <feature name="service.meminfo-writer">1</feature>
        <feature name="backup-content">True</feature>
        <feature name="backup-path">vm7/</feature>
        <feature name="backup-size">{size}</feature>
      </features>
      <devices class="block"/>
      <tags><tag name="created-by-dom0"/><tag name="mine"/></tags>
    </domain>
    <domain id="domain-8" class="AppVM">
      <properties>
        <property name="label">red</property>
        <property name="name">leaked</property>
        <property name="template">debian-13</property>
      </properties>
      <features/><tags/>
    </domain>
  </domains>
</qubes>
"""
HEADER = """version=4
encrypted=True
compressed=True
compression-filter=gzip
hmac-algorithm=scrypt
backup-id=20250102T030405-4711
"""


def as_qubes_does(place: Path, backup: Path, private: bytes, cost: int) -> None:
    """A backup out of tar, gzip, split and scrypt alone: an archive for each member, pieces of 100 MiB.

    The keys of the header and of the volume are derived with N = 2^cost, those of the small members with 2^10.
    """

    def run(*arguments: str, text: str = "") -> None:
        subprocess.run(arguments, cwd=place, input=text.encode(), check=True, capture_output=True)

    def sealed(name: str, target: str, secret: str) -> None:
        log_n = cost if name == "header" or name.startswith("vm7/") else 10
        run("scrypt", "enc", "-P", "--logN", str(log_n), "-r", "8", "-p", "1", name, target, text=f"{secret}\n")
        (place / name).unlink(missing_ok=name != "backup-header")
        run("tar", "-cf", "one.tar", "--format=posix", target)
        with backup.open("ab") as out:
            out.write((place / "one.tar").read_bytes())

    (place / "vm7").mkdir(parents=True)
    (place / "vm7/private.img").write_bytes(private)
    (place / "dom0-home/user/.config").mkdir(parents=True)
    (place / "dom0-home/user/.config/settings").write_text("of dom0")
    (place / "qubes.xml").write_text(QUBES_XML.format(size=len(private)))
    (place / "backup-header").write_text(HEADER)
    run("tar", "-cf", "one.tar", "--format=posix", "backup-header")
    shutil.copy(place / "one.tar", backup)
    shutil.copy(place / "backup-header", place / "header")
    sealed("header", "backup-header.hmac", f"backup-header!{WORDS}")
    for name in ("qubes.xml", "dom0-home/user", "vm7/private.img"):
        run("tar", "-cSf", "inner.tar", "--format=posix", name)
        run("gzip", "-1", "inner.tar")
        run("split", "-b", str(QUBES_CHUNK), "-d", "-a", "3", "inner.tar.gz", f"{name}.")
        (place / "inner.tar.gz").unlink()
        for chunk in sorted(path for path in place.glob(f"{name}.*") if path.suffix[1:].isdigit()):
            part = str(chunk.relative_to(place))
            sealed(part, f"{part}.enc", f"20250102T030405-4711!{part}!{WORDS}")


@pytest.mark.parametrize(
    ("cost", "size"),
    [
        (10, 4 * MIB),
        pytest.param(20, 4 * MIB, marks=[pytest.mark.slow, pytest.mark.unmeasured]),
        pytest.param(10, 104 * MIB, marks=[pytest.mark.slow, pytest.mark.unmeasured]),
    ],
)
async def test_a_backup_in_qubes_own_style_is_restored(
    client: Client, system: System, tmp_path: Path, cost: int, size: int
) -> None:
    private = bytearray(size + 8 * MIB)
    private[: size // 2] = random.randbytes(size // 2)
    private[-(size // 2) :] = random.randbytes(size // 2)
    backup = tmp_path / "qubes-backup"
    await asyncio.to_thread(as_qubes_does, tmp_path / "place", backup, bytes(private), cost)
    assert (tmp_path / "place/vm7/private.img.001.enc").exists() == (size > QUBES_CHUNK)

    info = encode_info(await client.send(calls.BACKUP_INFO("dom0", None, file_stream(f"passphrase={WORDS}", backup))))
    rows = await restored(client, backup)

    assert "ours=no" in info
    assert [row.split()[0] for row in info.partition("\n\n")[2].splitlines()] == ["dom0", "diary"]
    assert (
        rows[0]
        == "dom0 restored-as=- result=skipped The home of dom0 is restored only when it is asked for (dom0-home)."
    )
    assert rows[1].startswith("diary restored-as=diary result=ok kernel is the default: There is no kernel an-old-one")
    record = await client.send(calls.VM_GET_ALL("dom0", "diary"))
    assert (record.value("memory"), record.value("netvm"), record.value("label")) == ("777", "sys-firewall", "red")
    assert record.features == {"service.meminfo-writer": "1"}
    assert record.tags >= {"mine"}
    # Not compared inside of the assertion: it would print megabytes of difference.
    same = await content(system.pools.driver("default"), "diary/private") == private
    assert same
    if cost < 20 and size < QUBES_CHUNK:
        done = await asyncio.to_thread(by_hand, backup, tmp_path / "by-hand")
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "by-hand/restored/dom0-home/user/.config/settings").read_text() == "of dom0"
        assert (tmp_path / "by-hand/restored/vm7/private.img").read_bytes() == private
