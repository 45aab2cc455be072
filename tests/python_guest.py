# SPDX-License-Identifier: GPL-3.0-or-later
"""The tiny guest with Debian's Python and our package for guests: it answers at its channel, and can call.

Besides what guest_image describes, its console obeys:

    qm call TARGET SERVICE   `STATUS OUTPUT`, with blanks for line ends and | for NUL

It has the services of the package, and `test.Name`, which writes `NAME of QREXEC_REMOTE_DOMAIN`, where NAME is the
`qm.name` of the kernel's command line.
"""

import asyncio
import hashlib
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from qubesmanager.systems import guest_image
from qubesmanager.systems.guest_image import GuestImage
from qubesmanager.wire.errors import Mgmt1Error
from scripts import guest_package

PACKAGES = ("python3-minimal", "libpython3-stdlib")
_NEEDED = re.compile(r"(lib)?python3.*|libc6|libcrypt1|libexpat1|zlib1g|libssl3.*|libbz2.*|liblzma5|libffi8|libuuid1")
"""Of all that these depend on, what the agent and the client load."""
_LEFT_OUT = ("usr/share/", "usr/lib/x86_64-linux-gnu/gconv/", "usr/lib/python3/dist-packages/")
_CACHE = Path.home() / ".cache" / "qubes-manager-tests"

_SETTING_UP = r"""
mkdir -p /run/qubes-mgmt1-agent /etc/qubes-rpc /root /tmp /dev/virtio-ports
echo 'root:x:0:0:root:/root:/bin/sh' > /etc/passwd
echo 'root:x:0:' > /etc/group
told name > /etc/name
mgmt1_agent() {
    while sleep 0.2; do
        for port in /sys/class/virtio-ports/*; do
            [ "$(cat "$port/name" 2>/dev/null)" = org.qubes.mgmt1.0 ] || continue
            ln -sf "/dev/${port##*/}" /dev/virtio-ports/org.qubes.mgmt1.0
            exec /usr/sbin/qubes-mgmt1-agent </dev/null >/tmp/agent.log 2>&1
        done
    done
}
mgmt1_agent &
"""
_CALLING = r"""
        call) shift
            /usr/bin/qrexec-client-vm "$@" </dev/null >/tmp/answer 2>&1
            echo "qm: $? $(tr '\000\n' '| ' < /tmp/answer)" ;;
"""
_SERVICE = '#!/bin/sh\necho "$(cat /etc/name) of $QREXEC_REMOTE_DOMAIN"\n'
_MARK = "grep -q 'qm\\.no-button'"


def _init() -> str:
    text = guest_image._INIT
    assert text.count(_MARK) == text.count('    case "$1" in\n        disks)') == 1
    text = text.replace(_MARK, _SETTING_UP + _MARK)
    return text.replace('    case "$1" in\n        disks)', f'    case "$1" in{_CALLING}        disks)')


async def build() -> GuestImage:
    """The guest, from a cache outside of the tests' home: 30 MB are fetched from Debian's archive the first time.

    Raises Mgmt1Error when they cannot be had.
    """
    tiny = await guest_image.build(_CACHE / guest_image.VERSION)
    version = hashlib.blake2s(repr((PACKAGES, _NEEDED, _LEFT_OUT)).encode(), digest_size=4).hexdigest()
    python = _CACHE / f"python-{version}"
    if not await asyncio.to_thread(python.exists):
        with tempfile.TemporaryDirectory(prefix="python-", dir=_CACHE) as folder:
            archive = await asyncio.to_thread(_archive, Path(folder))
            (Path(folder) / "archive").write_bytes(archive)
            (Path(folder) / "archive").replace(python)
    # The kernel unpacks both, and a later file wins.
    whole = tiny.initrd.read_bytes() + python.read_bytes() + guest_image.cpio(list(_own()))
    initrd = Path(tempfile.mkdtemp(prefix="qm-guest-")) / "initramfs"
    initrd.write_bytes(whole)
    return GuestImage(tiny.kernel, initrd, tiny.options)


def _archive(folder: Path) -> bytes:
    return guest_image.cpio(list(_entries(_unpacked(folder))))


def _run(*command: str) -> str:
    """The output of a command, which may take its time on a busy machine."""
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise Mgmt1Error(f"{command[0]} failed: {error}") from error


def _unpacked(folder: Path) -> Path:
    without = [f"--no-{kind}" for kind in ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")]
    listing = _run("apt-cache", "depends", "--recurse", *without, *PACKAGES)
    names = [line for line in listing.splitlines() if _NEEDED.fullmatch(line)]
    if not names:
        raise Mgmt1Error("apt does not know Debian's Python.")
    _run("env", f"--chdir={folder}", "apt-get", "download", "-q", *names)
    for package in sorted(folder.glob("*.deb")):
        _run("dpkg-deb", "-x", str(package), str(folder / "tree"))
    return folder / "tree"


def _entries(tree: Path) -> Iterator[tuple[str, int, bytes]]:
    """The files of the packages, with /lib and so on within /usr, and compiled where this machine's Python can."""
    merged = [name for name in ("lib", "lib64", "sbin") if (tree / name).is_dir() and not (tree / name).is_symlink()]
    for name in merged:
        shutil.copytree(tree / name, tree / "usr" / name, symlinks=True, dirs_exist_ok=True)
        shutil.rmtree(tree / name)
    for left_out in _LEFT_OUT:
        shutil.rmtree(tree / left_out, ignore_errors=True)
    _compile(tree)
    for name in ("lib", "lib64", "sbin"):
        yield name, stat.S_IFLNK | 0o777, f"usr/{name}".encode()
    for path in (tree / "usr", *sorted((tree / "usr").rglob("*"))):
        yield from _entry(str(path.relative_to(tree)), path)


def _compile(tree: Path) -> None:
    """Compile what the agent loads; only Debian's Python of the same version makes what the guest's Python reads."""
    for library in (tree / "usr/lib").glob("python3.*"):
        python = Path("/usr/bin", library.name)
        if python.exists():
            command = (str(python), "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", str(library))
            subprocess.run(command, check=False, stdout=subprocess.DEVNULL)


def _entry(name: str, path: Path) -> Iterator[tuple[str, int, bytes]]:
    if path.is_symlink():
        yield name, stat.S_IFLNK | 0o777, str(path.readlink()).encode()
    elif path.is_dir():
        yield name, stat.S_IFDIR | 0o755, b""
    else:
        yield name, stat.S_IFREG | (path.stat().st_mode & 0o755), path.read_bytes()


def _own() -> Iterator[tuple[str, int, bytes]]:
    """The files of our package, a service of the tests, and the script that starts everything."""
    files = guest_package.files()
    folders = {str(parent) for path in files for parent in Path(path).parents if parent != Path()} - {"lib"}
    for name in sorted({*folders, "etc", "etc/qubes-rpc"}):
        if not name.startswith("lib/"):
            yield name, stat.S_IFDIR | 0o755, b""
    for name, file in files.items():
        if not name.startswith("lib/"):
            kind = stat.S_IFLNK if file.target else stat.S_IFREG
            yield name, kind | file.mode, file.target.encode() or file.content
    yield "etc/qubes-rpc/test.Name", stat.S_IFREG | 0o755, _SERVICE.encode()
    yield "init", stat.S_IFREG | 0o755, _init().encode()
