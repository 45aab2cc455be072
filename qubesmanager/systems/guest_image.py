# SPDX-License-Identifier: GPL-3.0-or-later
"""A tiny Linux guest: Debian's cloud kernel, and an initramfs of busybox and one script.

It says on its console when it is up, halts when the power button is pressed (not with `qm.no-button` on the kernel's
command line) or when it is asked through the channel of QEMU's guest agent, and obeys lines on its console:

    qm disks               one line a disk: `<serial> <bytes>`
    qm sum SERIAL [BYTES]  sha256 of the disk, or of its first bytes
    qm write SERIAL TEXT   puts the text at the disk's start
    qm reach ADDRESS PORT  opens a TCP connection: `reached` or `not reached`

Its network is configured by `qubes.ip=` and similar options on the kernel's command line.

Each answer is lines `qm: ...` and then `qm: end`. The archive format is cpio's `newc`:
https://www.kernel.org/doc/html/latest/driver-api/early-userspace/buffer-format.html
"""

import asyncio
import hashlib
import lzma
import re
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from qubesmanager.host.command import run
from qubesmanager.wire.errors import Mgmt1Error

KERNEL_PACKAGE = "linux-image-cloud-amd64"
READY = "qm: guest is up"
KERNEL_OPTIONS = "console=ttyS0 quiet panic=-1 reboot=acpi"

_MODULES = ("virtio_pci", "virtio_scsi", "sd_mod", "button", "evdev", "virtio_balloon", "virtio_net", "virtio_console")
_DEPENDS = re.compile(rb"\0depends=([^\0]*)\0")
_CONCRETE_PACKAGE = re.compile(r"Depends: (linux-image-[0-9][^\s]*)")

_INIT = f"""#!/bin/sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
while read -r module; do insmod "$module"; done < /modules/order
halt_by_button() {{
    # The event of a pressed power button: type 1, code 116, value 1.
    for input in /dev/input/event*; do
        [ -e "$input" ] || continue
        (while true; do
            case "$(dd if="$input" bs=24 count=1 2>/dev/null | od -An -tx2 -j16 -N8)" in
                *"0001 0074 0001"*) poweroff -f ;;
            esac
        done) &
    done
}}
agent_port() {{
    # Its name comes a moment after the port itself.
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        for port in /sys/class/virtio-ports/*; do
            [ "$(cat "$port/name" 2>/dev/null)" = org.qemu.guest_agent.0 ] && echo "/dev/${{port##*/}}" && return
        done
        sleep 1
    done
}}
agent() {{
    # What a hypervisor asks of QEMU's guest agent before and for a shutdown; a request is one line of JSON.
    port=$(agent_port)
    [ -n "$port" ] || return
    exec 3<>"$port"
    # Without a process at the other end, there is nothing to read.
    while read -r request <&3 || sleep 1; do
        case "$request" in
            *guest-sync*) echo "$request" | sed 's/.*"id": *\\([0-9]*\\).*/{{"return": \\1}}/' >&3 ;;
            *guest-shutdown*) poweroff -f ;;
            ?*) echo '{{"error": {{"class": "CommandNotFound", "desc": "not known to this guest"}}}}' >&3 ;;
        esac
    done
}}
disk_of() {{
    for disk in /sys/block/sd*; do
        [ "$(serial "$disk")" = "$1" ] && echo "/dev/${{disk##*/}}"
    done
}}
serial() {{ tail -c +5 "$1/device/vpd_pg80" | tr -d '\\0 '; }}
obey() {{
    case "$1" in
        disks) for disk in /sys/block/sd*; do
            [ -e "$disk" ] && echo "qm: $(serial "$disk") $(($(cat "$disk/size") * 512))"
        done ;;
        sum) if [ -n "$3" ]; then set -- "$(head -c "$3" "$(disk_of "$2")" | sha256sum)"
            else set -- "$(sha256sum < "$(disk_of "$2")")"; fi
            echo "qm: ${{1%% *}}" ;;
        reach) nc -w 3 "$2" "$3" -e true 2>/dev/null && echo "qm: reached" || echo "qm: not reached" ;;
        write) printf %s "$3" | dd of="$(disk_of "$2")" conv=notrunc 2>/dev/null; sync ;;
    esac
    echo "qm: end"
}}
told() {{ tr ' ' '\\n' < /proc/cmdline | sed -n "s/^qubes\\.$1=//p"; }}
connect() {{
    [ -n "$(told ip)" ] || return
    ip link set lo up
    ip link set eth0 up
    ip address add "$(told ip)/32" dev eth0
    ip route add "$(told gateway)" dev eth0
    ip route add default via "$(told gateway)" dev eth0
    told dns | tr ',' '\\n' | sed 's/^/nameserver /' > /etc/resolv.conf
}}
grep -q 'qm\\.no-button' /proc/cmdline || halt_by_button
agent &
connect
exec </dev/ttyS0 >/dev/ttyS0 2>&1
stty -echo
echo "{READY}"
while true; do
    read -r word request && [ "$word" = qm ] && obey $request
done
"""


VERSION = hashlib.blake2s(_INIT.encode(), digest_size=4).hexdigest()
"""Another word for another guest."""


@dataclass(frozen=True, slots=True)
class GuestImage:
    """Kernel and initial ramdisk of a guest; `options` belong on the kernel's command line."""

    kernel: Path
    initrd: Path
    options: str = KERNEL_OPTIONS


async def build(cache: Path) -> GuestImage:
    """The guest, built in the folder `cache` the first time: 27 MB are fetched from Debian's archive.

    Raises Mgmt1Error when the kernel cannot be had, its modules cannot be read, or busybox-static is not installed.
    """
    image = GuestImage(cache / "vmlinuz", cache / "initramfs")
    if await asyncio.to_thread(image.initrd.exists):
        return image
    busybox = shutil.which("busybox")
    if busybox is None:
        raise Mgmt1Error("The guest needs busybox; the package busybox-static has it.")
    await asyncio.to_thread(cache.mkdir, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="kernel-", dir=cache) as folder:
        tree = await _unpacked_kernel(Path(folder))
        await asyncio.to_thread(_assemble, tree, Path(busybox), image, Path(folder))
    return image


async def _unpacked_kernel(folder: Path) -> Path:
    listing = (await run("apt-cache", "depends", KERNEL_PACKAGE)).decode()
    match = _CONCRETE_PACKAGE.search(listing)
    if match is None:
        raise Mgmt1Error(f"apt does not know the package {KERNEL_PACKAGE}.")
    # apt-get downloads into its working directory, which only its child process can set.
    await run("env", f"--chdir={folder}", "apt-get", "download", "-q", match[1])
    package = await asyncio.to_thread(lambda: next(folder.glob("*.deb")))
    await run("dpkg-deb", "-x", str(package), str(folder / "tree"))
    return folder / "tree"


def _assemble(tree: Path, busybox: Path, image: GuestImage, folder: Path) -> None:
    kernel = next((tree / "boot").glob("vmlinuz-*"))
    modules = list(module_files(tree))
    entries: list[tuple[str, int, bytes]] = [
        *((name, stat.S_IFDIR | 0o755, b"") for name in ("bin", "dev", "etc", "proc", "sys", "modules")),
        ("bin/busybox", stat.S_IFREG | 0o755, busybox.read_bytes()),
        ("bin/sh", stat.S_IFLNK | 0o777, b"busybox"),
        ("init", stat.S_IFREG | 0o755, _INIT.encode()),
        *((f"modules/{name}.ko", stat.S_IFREG | 0o644, content) for name, content in modules),
        ("modules/order", stat.S_IFREG | 0o644, "".join(f"/modules/{name}.ko\n" for name, _ in modules).encode()),
    ]
    shutil.copyfile(kernel, folder / "vmlinuz")
    (folder / "initramfs").write_bytes(cpio(entries))
    (folder / "vmlinuz").replace(image.kernel)
    # The last: where it is, the rest is whole.
    (folder / "initramfs").replace(image.initrd)


_READERS: dict[str, Callable[[bytes], bytes]] = {".ko": lambda content: content, ".ko.xz": lzma.decompress}
"""The function that reads a module file, by its suffix: Debian compresses modules since version 13."""


def module_files(tree: Path) -> Iterator[tuple[str, bytes]]:
    """The names and contents of the modules that the guest loads, each after those it depends on.

    A module that the kernel has built in is left out. Raises Mgmt1Error if no module below `tree` can be read.
    """
    known = {
        path.name.partition(".")[0].replace("-", "_"): path
        for suffixes in _READERS
        for path in tree.rglob(f"*{suffixes}")
    }
    if not known:
        raise Mgmt1Error(f"The package {KERNEL_PACKAGE} has no modules that can be read ({', '.join(_READERS)}).")
    given: set[str] = set()

    def with_dependencies(name: str) -> Iterator[tuple[str, bytes]]:
        if name in given or name not in known:
            return  # built into the kernel, or here already
        given.add(name)
        content = _READERS["".join(known[name].suffixes)](known[name].read_bytes())
        match = _DEPENDS.search(content)
        for other in filter(None, match[1].decode("ascii").split(",") if match else ()):
            yield from with_dependencies(other.replace("-", "_"))
        yield name, content

    for name in _MODULES:
        yield from with_dependencies(name)


def cpio(entries: list[tuple[str, int, bytes]]) -> bytes:
    """An archive of `(path, mode, content)`, in order; a link's content is where it leads."""
    return b"".join(_member(number, *entry) for number, entry in enumerate([*entries, ("TRAILER!!!", 0, b"")], 1))


def _member(number: int, path: str, mode: int, content: bytes) -> bytes:
    name = path.encode() + b"\0"
    numbers = (number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name), 0)
    head = b"070701" + b"".join(b"%08X" % value for value in numbers) + name
    return _padded(head) + _padded(content)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)
