# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs that virtual machines of QEMU need, and the packages that bring them."""

import os
import shutil

PACKAGES = (
    "Install libvirt-daemon, libvirt-daemon-driver-qemu and qemu-system-x86 (apt), libvirt-daemon-driver-qemu and"
    " qemu-kvm (dnf), or libvirt and qemu-base (pacman)."
)

_PROGRAMS = {
    "libvirt's daemon": ("libvirtd", "virtqemud"),
    "QEMU": (f"qemu-system-{os.uname().machine}", "qemu-kvm"),
}


def missing_programs() -> str | None:
    """Sentences about the packages that are missing on this machine; None if there are all."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin:/usr/libexec"
    missing = [what for what, names in _PROGRAMS.items() if not any(shutil.which(name, path=path) for name in names)]
    return f"Missing for virtual machines of QEMU: {', '.join(missing)}. {PACKAGES}" if missing else None
