# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the dialect differs from qubesd: exchanges, and the reason of each, which docs/admin.md gives, too.

Not listed: an answer where qubesd sends no bytes, and another text in an error of the same type.
"""

EPHEMERAL = "no driver encrypts volumes"
HOST = "mgmt1 does not know it"
HELP = "it describes this system"
CHECKED = "mgmt1 checks more, before the qube fails to start"
TYPES = "mgmt1 refuses it as a value of a property"
FROM_PACKAGES = "only templates come from packages"
CREATOR = "mgmt1 protects who created a qube"
NAMES = "mgmt1's names are narrower"
ORDER = "as in mgmt1"
SHRINK = "it would cut off data"
FRESH = "it is fresh at each start"
SOCKET = "the socket takes them, too"
TEMPLATES = "the clients know this type, and the text says more"

KNOWN = "what mgmt1 knows of a device"
CDROM = "it is attached"
OLD_CLIENTS = "clients of Qubes 4.2 send it"
FLAGS = "mgmt1 has one spelling"
NAMED = "the text names the option"
NOT_PVH = "no qube is paravirtualized"
SOUND = "sound is added at the next start"
UNCHANGED = "it would be the same as the volume"
RUNNING = "the guest would write into it"

DESTINATION = "the destination is checked first"
PCI = "dom0+00_00.0+0x8086+0x153a++p020000"

EVERYWHERE: dict[str, str] = {
    r" frontend_domain='[^']*'": "a client need not send it",
    r" _frontend-dev='xvdX'|, 'frontend-dev': 'xvdX'|'frontend-dev': 'xvdX'": "mgmt1 gives a disk its place then",
    r" (?:name|manufacturer|serial|vendor|product|parent_devclass|_sbdf)='(?:\\'|[^'])*'": KNOWN,
}
"""Parts of answers and events that are not compared, and why they differ."""

DIFFERENT: dict[str, dict[str, str]] = {
    "properties": {
        "admin.vm.property.GetAll+ dom0": HOST,
        "admin.property.GetAll+ dom0": HOST,
        "admin.vm.property.Get+kernelopts app-0001": HOST,
        "admin.vm.property.Get+xid app-0001": HOST,
        "admin.vm.property.GetDefault+kernelopts app-0001": HOST,
        "admin.vm.property.Help+memory app-0001": HELP,
        "admin.vm.property.Help+netvm app-0001": HELP,
        "admin.vm.property.Set+memory app-0000  5": CHECKED,
        "admin.vm.property.Set+netvm app-0000 app-0000": TYPES,
        "admin.vm.property.Set+kernelopts app-0000 a\nb": CHECKED,
        "admin.vm.property.Set+uuid app-0000 x": TYPES,
        "admin.vm.property.Set+ip app-0000 999": TYPES,
        "admin.vm.property.Set+vcpus app-0000 9999": CHECKED,
        "admin.vm.property.Set+maxmem app-0000 100": CHECKED,
        "admin.vm.property.Set+installed_by_rpm app-0000 True": FROM_PACKAGES,
        "admin.vm.property.Reset+template_for_dispvms app-0000": CHECKED,
    },
    "tags": {
        f"admin.vm.tag.Set+{'t' * 200} app-0000": NAMES,
        "admin.vm.tag.Set+created-by-dom0 app-0000": CREATOR,
        "admin.vm.tag.Remove+created-by-dom0 app-0000": CREATOR,
    },
    "firewall": {"admin.vm.firewall.Set+ app-0000 action=accept dsthost=1.2.3": CHECKED},
    "labels": {"admin.label.Create+Bad.Name dom0 0xff00aa": NAMES},
    "pools": {"admin.pool.List+ dom0": ORDER, "admin.pool.Info+linux-kernel dom0": ORDER},
    "volumes": {
        "admin.vm.volume.Resize+private app-0000 2147483648": SHRINK,
        "admin.vm.volume.Resize+private app-0000 1000": SHRINK,
        "admin.vm.volume.Resize+root app-0000 99999999999": FRESH,
        "admin.vm.volume.Set.ephemeral+volatile app-0000 True": EPHEMERAL,
        "admin.vm.volume.Import+private app-0002 x": SOCKET,
        "admin.vm.volume.ImportWithSize+private app-0002 5\nhello": SOCKET,
    },
    "lifecycle": {
        "admin.vm.CurrentState+ dom0": HOST,
    },
    "create and remove": {
        "admin.vm.Create.AppVM+app-0000 dom0 name=w3 label=red": TEMPLATES,
        "admin.vm.Create.AppVM+fedora-41 dom0 name=w3 label=nosuch": TEMPLATES,
        "admin.vm.Create.AppVM+fedora-41 dom0 name=w3 label=red": TEMPLATES,
        "admin.vm.CreateInPool.AppVM+fedora-41 dom0 name=w6 label=red pool=nosuch": TEMPLATES,
        "admin.vm.property.GetAll+ rem1": ORDER,
        "admin.vm.CreateDisposable+ app-0000": TEMPLATES,
        "admin.vm.Create.DispVM+app-0000 dom0 name=named-disp2 label=red": TEMPLATES,
        "admin.vm.property.Set+installed_by_rpm w2 True": FROM_PACKAGES,
        "admin.vm.Remove+ w2": FROM_PACKAGES,
    },
    "properties of running qubes and templates": {
        "admin.vm.property.Set+provides_network sys-firewall False": TYPES,
    },
    "more properties": {
        "admin.vm.property.Set+default_user app-0000": CHECKED,
        "admin.vm.property.Set+keyboard_layout dom0 de++": HOST,
        "admin.vm.property.Set+label dom0 red": ORDER,
    },
    "system properties": {"admin.property.GetAll+ dom0": HOST},
    "pools of files": {
        "admin.pool.Set.ephemeral_volatile+p3 dom0 True": EPHEMERAL,
        "admin.pool.Info+p3 dom0": EPHEMERAL,
    },
    "disposables": {
        "admin.vm.CreateDisposable+ app-0000": TEMPLATES,
        "admin.vm.Create.DispVM+app-0000 dom0 name=named-disp2 label=red": TEMPLATES,
    },
    "devices": {
        "admin.vm.device.pci.Available+ dom0": KNOWN,
        "admin.vm.device.block.Attached+ app-0001": CDROM,
        "admin.vm.device.block.Detach+sys-net+sr0 app-0001": CDROM,
        "admin.vm.device.block.Attach+sys-net+sdb1 app-0001 read-only=yes": OLD_CLIENTS,
    },
    "devices of a start": {"admin.vm.device.block.Attached+ app-0001": CDROM},
    "backup": {"admin.backup.Execute+pbad dom0": DESTINATION},
    "usb and pci devices": {
        "admin.vm.device.usb.Attach+sys-net+1-2.1 app-0001 _x='y'": NAMED,
        "admin.vm.device.pci.Assigned+ app-0000": FLAGS,
        "admin.vm.device.pci.Attach+dom0+00_00.0 app-0001": NOT_PVH,
    },
    "microphone and denied interfaces": {
        f"admin.vm.device.mic.{call} {qube}": SOUND
        for call, qube in (
            ("Attach+dom0+mic", "app-0001"),
            ("Attached+", "app-0001"),
            ("Detach+dom0+mic", "app-0001"),
            ("Attach+dom0+mic", "app-0011"),
            ("Attached+", "app-0011"),
            ("Attach+dom0+mic", "app-0021"),
        )
    },
    "snapshots": {
        "admin.vm.volume.ListSnapshots+root fedora-41": UNCHANGED,
        "admin.vm.volume.ListSnapshots+private fedora-41": UNCHANGED,
        "admin.vm.volume.ListSnapshots+private app-0002": UNCHANGED,
        "admin.vm.volume.Revert+private app-0002 1": UNCHANGED,
        "admin.vm.volume.Clear+private app-0001": RUNNING,
    },
}
"""By section and exchange (method, destination, first bytes of the payload): why the answer differs."""

NO_CHANGE = "nothing changes"
NOT_SENT = "it names a qube that the listener may not see"
CHANGES = "the value changes"
FROM_START = "the qube has the device from then on"
FIRST = "the net qube is started before the qube, not during its start"

SENT_OTHERWISE: dict[str, dict[str, str]] = {
    "properties": {
        "admin.vm.property.Set+memory app-0000 500": NO_CHANGE,
        "admin.vm.property.Set+include_in_backups app-0000 False": NO_CHANGE,
        "admin.vm.property.Reset+memory app-0000": NO_CHANGE,
        "admin.vm.property.Reset+installed_by_rpm app-0000": NO_CHANGE,
    },
    "features": {"admin.vm.feature.Set+service.cups app-0000 1": NO_CHANGE},
    "firewall": {
        "admin.vm.firewall.Set+ app-0001 action=accept": NO_CHANGE,
    },
    "volumes": {
        "admin.vm.volume.CloneTo+private app-0002 RK0lNyBPzpJ0fLVDA5SDHryVKWQE7cgH": NOT_SENT,
    },
    "properties of running qubes and templates": {
        f"admin.vm.property.Reset+{name} fedora-41": CHANGES
        for name in ("memory", "vcpus", "qrexec_timeout", "kernel", "maxmem")
    },
    "more properties": {
        "admin.vm.property.Set+template app-0000 fedora-41": NO_CHANGE,
        "admin.vm.property.Set+default_dispvm dom0": CHANGES,
    },
    "system properties": {
        "admin.property.Set+default_template dom0 fedora-41": NO_CHANGE,
        "admin.property.Reset+default_dispvm dom0": NO_CHANGE,
    },
    "usb and pci devices": {
        f"admin.vm.device.pci.Assign+{PCI} app-0000 mode='required' _no-strict-reset='True'": FLAGS,
        "admin.vm.Start+ app-0000": FROM_START,
    },
    "lifecycle": {"admin.vm.Pause+ app-0000": NO_CHANGE, "admin.vm.Start+ app-0005": FIRST},
}
"""By section and exchange: why other events are sent."""
