# SPDX-License-Identifier: GPL-3.0-or-later
"""LVM as far as the lvm-thin driver uses it: volumes are sparse files, and a command line it does not know fails.

What it checks is what LVM(8) checks: names, sizes, that a volume exists or does not. It cannot run out of space.
"""

import argparse
import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from qubesmanager.wire.errors import StoragePoolException

EXTENT = 4 << 20


@dataclass
class Lv:
    uuid: str
    tags: set[str] = field(default_factory=set)
    thin_pool: str = "tp"


class DiedError(BaseException):
    """The daemon is killed: this command and each later one, also of its cleaning up, does not happen."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]  # argparse's own would end the process
        raise StoragePoolException(f"unknown command line: {message}")


def _parser(*flags: str, values: tuple[str, ...] = (), lists: tuple[str, ...] = ()) -> _Parser:
    parser = _Parser(add_help=False, allow_abbrev=False)
    for flag in flags:
        parser.add_argument(flag, action="store_true")
    for value in values:
        parser.add_argument(value)
    for name in lists:
        parser.add_argument(name, action="append", default=[])
    parser.add_argument("rest", nargs="*")
    return parser


PARSERS = {
    "lvs": _parser("--nosuffix", values=("--reportformat", "--units", "-o")),
    "lvcreate": _parser("-y", "-q", "-s", values=("-V", "-T", "-n", "-k", "-a"), lists=("--addtag",)),
    "lvremove": _parser("-f", "-y", "-q"),
    "lvrename": _parser("-q"),
    "lvextend": _parser("-y", "-q", values=("-L",)),
    "lvreduce": _parser("-y", "-q", "-f", values=("-L",)),
    "lvchange": _parser("-q", lists=("--addtag", "--deltag")),
}


class FakeLvm:
    """One volume group `vg` with the thin pool `tp`, its devices below `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "vg").mkdir(parents=True)
        self.lvs: dict[str, Lv] = {}
        self.pool = Lv("uuid-of-tp")
        self.metadata_percent = "43.75"
        self.count = 0
        self._lock = asyncio.Lock()
        self.dies_at: int | None = None

    async def __call__(self, *arguments: str) -> bytes:
        if self.dies_at is not None:
            self.dies_at -= 1
            if self.dies_at < 0:
                raise DiedError
        command, *rest = arguments
        async with self._lock:  # LVM locks the volume group for each command
            return await asyncio.to_thread(self._do, command, rest)

    def _do(self, command: str, rest: list[str]) -> bytes:
        parsed = PARSERS[command].parse_args(rest)
        result: object = COMMANDS[command](self, parsed)
        return json.dumps(result).encode() if result is not None else b""

    def _device(self, name: str) -> Path:
        return self.folder / "vg" / name

    def _known(self, path: str) -> str:
        group, _, name = path.partition("/")
        if group != "vg" or name not in self.lvs:
            raise StoragePoolException(f'Failed to find logical volume "{path}"')
        return name

    def _fresh(self, name: str) -> Lv:
        if not re.fullmatch(r"[A-Za-z0-9_.+][A-Za-z0-9_.+-]{0,126}", name) or name in self.lvs:
            raise StoragePoolException(f'Logical volume name "{name}" is invalid or exists')
        self.count += 1
        self.lvs[name] = Lv(f"uuid{self.count}")
        return self.lvs[name]

    @staticmethod
    def _bytes(text: str) -> int:
        if not text.endswith("b") or int(text[:-1]) % EXTENT or int(text[:-1]) <= 0:
            raise StoragePoolException(f"Invalid size {text}")
        return int(text[:-1])

    def rows(self, names: list[str]) -> list[dict[str, str]]:
        found = []
        for name in names:
            status = self._device(name).stat()
            percent = f"{min(100, status.st_blocks * 51200 / status.st_size):.2f}"
            lv = self.lvs[name]
            found.append({"lv_name": name, "lv_size": str(status.st_size), "data_percent": percent,
                         "lv_uuid": lv.uuid, "lv_tags": ",".join(sorted(lv.tags)),
                         "pool_lv": lv.thin_pool})  # fmt: skip
        return found

    def report(self, parsed: argparse.Namespace) -> object:
        if parsed.reportformat != "json" or parsed.units != "b" or not parsed.nosuffix:
            raise StoragePoolException("the report cannot be read")
        if parsed.rest == ["vg/tp"]:
            row = {"lv_size": str(1 << 40), "data_percent": "12.50", "lv_tags": ",".join(sorted(self.pool.tags)),
                   "lv_metadata_size": str(4 << 30), "metadata_percent": self.metadata_percent}  # fmt: skip
            return {"report": [{"lv": [row]}]}
        return {"report": [{"lv": self.rows(list(self.lvs))}]}

    def lvcreate(self, parsed: argparse.Namespace) -> None:
        if parsed.s:
            source = self._known(*parsed.rest)
            if (parsed.k, parsed.a) != ("n", "y"):
                raise StoragePoolException("the snapshot would have no device")
            self._fresh(parsed.n).tags = set(parsed.addtag)
            subprocess.run(
                ["cp", "--sparse=always", str(self._device(source)), str(self._device(parsed.n))], check=True
            )
            return
        if parsed.T != "vg/tp":
            raise StoragePoolException(f"Thin pool {parsed.T} not found.")
        size = self._bytes(parsed.V)
        self._fresh(parsed.n).tags = set(parsed.addtag)
        with self._device(parsed.n).open("wb") as file:
            file.truncate(size)

    def lvremove(self, parsed: argparse.Namespace) -> None:
        for path in parsed.rest:
            name = self._known(path)
            self._device(name).unlink()
            del self.lvs[name]

    def lvrename(self, parsed: argparse.Namespace) -> None:
        group, old, new = parsed.rest
        self._known(f"{group}/{old}")
        lv = self.lvs[old]
        self._fresh(new)
        self.lvs[new] = lv
        del self.lvs[old]
        shutil.move(self._device(old), self._device(new))

    def lvextend(self, parsed: argparse.Namespace) -> None:
        self._resize(parsed, grows=True)

    def lvreduce(self, parsed: argparse.Namespace) -> None:
        self._resize(parsed, grows=False)

    def _resize(self, parsed: argparse.Namespace, *, grows: bool) -> None:
        device = self._device(self._known(*parsed.rest))
        size, present = self._bytes(parsed.L), device.stat().st_size
        if size == present or (size > present) != grows:
            raise StoragePoolException(f"New size {size} is not on the right side of {present}")
        with device.open("r+b") as file:
            file.truncate(size)

    def lvchange(self, parsed: argparse.Namespace) -> None:
        lv = self.pool if parsed.rest == ["vg/tp"] else self.lvs[self._known(*parsed.rest)]
        if any(not re.fullmatch(r"[A-Za-z0-9_+.-]{1,1024}", tag) for tag in parsed.addtag):
            raise StoragePoolException("A tag is invalid.")
        lv.tags = (lv.tags - set(parsed.deltag)) | set(parsed.addtag)


COMMANDS: dict[str, Callable[[FakeLvm, argparse.Namespace], object]] = {
    "lvs": FakeLvm.report,
    "lvcreate": FakeLvm.lvcreate,
    "lvremove": FakeLvm.lvremove,
    "lvrename": FakeLvm.lvrename,
    "lvextend": FakeLvm.lvextend,
    "lvreduce": FakeLvm.lvreduce,
    "lvchange": FakeLvm.lvchange,
}
