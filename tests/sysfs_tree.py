# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine's devices as files: what sysfs and /proc show, in a folder. Devices come and go, with events.

Laid out as the kernel does it: devices below `sys/devices`, symlinks to them from `sys/block`, `sys/bus` and
`sys/class`. It is a `Trigger` too: its user is called at every change that has an event in the kernel.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

from qubesmanager.wire.values import DeviceClass

Notify = Callable[[DeviceClass], None]


class SysfsTree:
    def __init__(self, root: Path) -> None:
        self.root = root
        self._devices = root / "sys/devices"
        self._notify: Notify | None = None
        self._mounts: dict[str, str] = {}
        self._numbers: dict[str, str] = {}
        for folder in ("sys/block", "sys/class/block", "sys/class/sound", "sys/bus/usb/devices", "sys/bus/pci/devices"):
            (root / folder).mkdir(parents=True)
        (root / "proc/self").mkdir(parents=True)
        (root / "proc/swaps").write_text("Filename\tType\tSize\tUsed\tPriority\n")
        self._write_mounts()

    # -- what a Trigger has

    @property
    def listened_to(self) -> bool:
        return self._notify is not None

    def start(self, notify: Notify) -> None:
        self._notify = notify

    def stop(self) -> None:
        self._notify = None

    # -- devices that come

    def add_disk(
        self, name: str, size: int = 2**30, *, on: str = "virtual", model: bytes = b"Model", read_only: bool = False
    ) -> None:
        """`size` in bytes; `on`: the device that carries it, as a path below sys/devices."""
        disk = self._block(self._devices / on / "block" / name, size, read_only)
        self._file(disk / "device/vendor", b"Vendor  \n")
        self._file(disk / "device/model", model + b"\n")
        self._link(f"sys/block/{name}", disk)
        self._tell(DeviceClass.BLOCK)

    def add_partition(self, disk: str, number: int, size: int = 2**20, label: bytes = b"") -> str:
        name = f"{disk}p{number}" if disk[-1].isdigit() else f"{disk}{number}"
        part = self._block((self.root / "sys/block" / disk).resolve() / name, size, read_only=False)
        self._file(part / "partition", b"%d\n" % number)
        self._file(part / "uevent", b"MAJOR=8\n" + (b"PARTNAME=" + label + b"\n" if label else b""))
        self._tell(DeviceClass.BLOCK)
        return name

    def add_loop(self, number: int, file: str, size: int = 2**20) -> str:
        """A loop device with a file; `file` empty and `size` 0 for one that stands ready."""
        name = f"loop{number}"
        loop = self._block(self._devices / "virtual/block" / name, size, read_only=False)
        if file:
            self._file(loop / "loop/backing_file", file.encode() + b"\n")
        self._link(f"sys/block/{name}", loop)
        self._tell(DeviceClass.BLOCK)
        return name

    def add_usb(
        self,
        name: str,
        product: bytes = b"Stick",
        *,
        hub: bool = False,
        number: int = 0,
        serial: bytes = b"A 1",
        interface: str = "",
    ) -> str:
        """Gives the path below sys/devices, for `add_disk`. `number` is the bus's own for it.

        `interface`: class, subclass and protocol of its only interface, as six hex digits.
        """
        usb = self._devices / "usb" / name
        number = number or len(list((self.root / "sys/bus/usb/devices").iterdir())) + 1
        contents = {"busnum": name.partition("-")[0].encode(), "devnum": b"%d" % number, "idVendor": b"0951"}
        contents |= {"idProduct": b"1666", "bDeviceClass": b"09" if hub else b"00", "product": product}
        contents |= {"manufacturer": b"Maker", "serial": serial}
        for at, word in enumerate(("Class", "SubClass", "Protocol")) if interface else ():
            self._file(usb / f"{name}:1.0" / f"bInterface{word}", interface[2 * at : 2 * at + 2].encode() + b"\n")
        for file, content in contents.items():
            self._file(usb / file, content + b"\n")
        self._link(f"sys/bus/usb/devices/{name}", usb)
        self._tell(DeviceClass.USB)
        return f"usb/{name}"

    def add_pci(self, address: str, kind: int = 0x020000) -> str:
        """Gives the path below sys/devices, for `add_disk`."""
        pci = self._devices / "pci0000:00" / address
        for file, content in {"class": b"0x%06x" % kind, "vendor": b"0x8086", "device": b"0x10d3"}.items():
            self._file(pci / file, content + b"\n")
        (self.root / "sys/drivers/e1000e").mkdir(parents=True, exist_ok=True)
        (pci / "driver").symlink_to(self.root / "sys/drivers/e1000e")
        self._link(f"sys/bus/pci/devices/{address}", pci)
        self._tell(DeviceClass.PCI)
        return f"pci0000:00/{address}"

    def add_microphone(self) -> None:
        card = self._devices / "sound/pcmC0D0c"
        card.mkdir(parents=True)
        self._link("sys/class/sound/pcmC0D0c", card)
        self._tell(DeviceClass.MIC)

    def add_holder(self, disk: str, holder: str) -> None:
        (self.root / "sys/class/block" / disk / "holders" / holder).mkdir(parents=True)

    # -- devices that go, and what the host does with them

    def remove(self, device_class: DeviceClass, name: str) -> None:
        """The device and all that hangs on it."""
        folders = {
            DeviceClass.BLOCK: "sys/class/block",
            DeviceClass.USB: "sys/bus/usb/devices",
            DeviceClass.PCI: "sys/bus/pci/devices",
            DeviceClass.MIC: "sys/class/sound",
        }
        shutil.rmtree((self.root / folders[device_class] / name).resolve())
        for link in self.root.glob("sys/*/**/*"):
            if link.is_symlink() and not link.exists():
                link.unlink()
        self._tell(*DeviceClass)

    def mount(self, name: str, at: str) -> None:
        """As in the kernel, no event is sent."""
        self._mounts[name] = at
        self._write_mounts()

    def unmount(self, name: str) -> None:
        del self._mounts[name]
        self._write_mounts()

    def swap_on(self, name: str) -> None:
        with (self.root / "proc/swaps").open("a") as swaps:
            swaps.write(f"/dev/{name}                partition\t1\t0\t-2\n")

    # -- parts

    def _block(self, folder: Path, size: int, read_only: bool) -> Path:
        number = self._numbers.setdefault(folder.name, f"8:{len(self._numbers)}")
        (folder / "holders").mkdir(parents=True)
        self._file(folder / "size", b"%d\n" % (size // 512))
        self._file(folder / "ro", b"%d\n" % read_only)
        self._file(folder / "dev", number.encode() + b"\n")
        self._link(f"sys/class/block/{folder.name}", folder)
        return folder

    def _write_mounts(self) -> None:
        lines = ["22 1 0:20 / /proc rw - proc proc rw"]
        lines += [f"30 1 {self._numbers[name]} / {at} rw - ext4 /dev/{name} rw" for name, at in self._mounts.items()]
        (self.root / "proc/self/mountinfo").write_text("".join(f"{line}\n" for line in lines))

    def _file(self, path: Path, content: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def _link(self, path: str, target: Path) -> None:
        (self.root / path).symlink_to(target)

    def _tell(self, *classes: DeviceClass) -> None:
        if self._notify is not None:
            for device_class in classes:
                self._notify(device_class)


def machine_with_a_stick(root: Path) -> SysfsTree:
    """A machine with a stick at the port 2-1, and its disk sdb."""
    tree = SysfsTree(root)
    stick = tree.add_usb("2-1", b"Stick", serial=b"A1", interface="080650")
    tree.add_disk("sdb", on=f"{stick}/2-1:1.0")
    return tree
