# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of backups are made of: qubes, and small values of every kind."""

from qubesmanager.backup.contents import ADMIN_CLASS, Contents, Device, Label, Qube

LABELS = (Label(1, "red", "0xcc0000"), Label(8, "black", "0x000000"))
DOM0 = Qube("dom0", ADMIN_CLASS, "black")


def contents(*qubes: Qube) -> Contents:
    return Contents(LABELS, {"default_netvm": "sys-firewall", "updatevm": ""}, (DOM0, *qubes))


def rich_qube(name: str = "work", path: str = "vm1/") -> Qube:
    """A qube that has something of everything, with characters that XML has to escape."""
    return Qube(
        name,
        "AppVM",
        "red",
        {"template": "debian-12", "netvm": "", "memory": "400", "kernelopts": 'a<b & "c"\r\n\tд'},
        {"service.cups": "1", "empty": "", "menu-items": "a.desktop b.desktop"},
        frozenset({"mine", "created-by-dom0"}),
        (
            Device("block", "sys-usb", "sda", required=False, options={"frontend-dev": "xvdi"}),
            Device("pci", "dom0", "00_1f.2", options={"no-strict-reset": "True"}),
        ),
        path,
        1 << 20,
    )
