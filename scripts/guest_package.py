# SPDX-License-Identifier: GPL-3.0-or-later
"""The Debian package for guests on libvirt: the agent, the client, and the services that every guest has.

The same files give the same package, byte by byte. It is written here, without Debian's tools, so that it can be built
on any machine. The format: https://manpages.debian.org/deb.5
"""

import gzip
import hashlib
import io
import os
import re
import sys
import tarfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
NAME = "qubes-mgmt1-client"
LIBRARY = "usr/lib/qubes-mgmt1"
PROGRAMS = {
    f"usr/bin/{NAME}": "client.main",
    "usr/sbin/qubes-mgmt1-agent": "agent.main",
    f"{LIBRARY}/rpc/qubes.Filecopy": "filecopy.main",
    f"{LIBRARY}/rpc/qubes.GetAppmenus": "applications.list_main",
    f"{LIBRARY}/rpc/qubes.InstallUpdates": "updates.main",
    f"{LIBRARY}/rpc/qubes.InstallUpdatesGUI": "updates.main",
    f"{LIBRARY}/rpc/qubes.StartApp": "applications.start_main",
}
"""The path of each program in the guest, and the function of `qubesmanager.guest` that it runs."""
LINKS = {"usr/bin/qrexec-client-vm": NAME}
SHELL = '#!/bin/sh\n# SPDX-License-Identifier: GPL-3.0-or-later\nexec "${SHELL:-/bin/sh}"\n'

_PROGRAM = """\
#!/usr/bin/python3 -IS
# SPDX-License-Identifier: GPL-3.0-or-later
import sys

sys.path.insert(0, "/{library}")

from qubesmanager.guest.{module} import {function}

sys.exit({function}())
"""
_CONTROL = """\
Package: {name}
Version: {version}
Architecture: all
Maintainer: qubesmanager-mgmt1 <root@localhost>
Installed-Size: {size}
Depends: python3 (>= 3.9)
Conflicts: qubes-core-agent, qubes-core-qrexec
Section: admin
Priority: optional
Description: Connection of a guest on libvirt with its qubes-mgmt1 daemon
 The agent owns the virtio-serial port to the daemon of the host, and runs the
 services that dom0 and other qubes start here, as the policy of dom0 lets them.
 qubes-mgmt1-client, also named qrexec-client-vm, calls services of dom0 and of
 other qubes.
"""
_COPYRIGHT = """\
Part of qubesmanager-mgmt1. License: GPL-3.0-or-later.
On Debian systems, the text is in /usr/share/common-licenses/GPL-3.
"""
_TIME = 1_577_836_800
"""Of all files, unless SOURCE_DATE_EPOCH says another one: the begin of 2020."""


class File(NamedTuple):
    """A file of the package, or a link if `target` is not empty."""

    mode: int
    content: bytes = b""
    target: str = ""


def version() -> str:
    """That of the project."""
    match = re.search(r'__version__ = "([^"]+)"', (ROOT / "qubesmanager/__init__.py").read_text("utf-8"))
    if match is None:
        raise SystemExit("guest_package.py: qubesmanager/__init__.py has no version.")
    return match[1]


def files() -> dict[str, File]:
    """What the package installs, by path."""
    library = f"{LIBRARY}/qubesmanager"
    result = {f"{library}/__init__.py": File(0o644, (ROOT / "qubesmanager/__init__.py").read_bytes())}
    for path in sorted((ROOT / "qubesmanager/guest").glob("*.py")):
        result[f"{library}/guest/{path.name}"] = File(0o644, path.read_bytes())
    for place, entry in PROGRAMS.items():
        module, _dot, function = entry.partition(".")
        text = _PROGRAM.format(library=LIBRARY, module=module, function=function)
        result[place] = File(0o755, text.encode())
    for place, target in LINKS.items():
        result[place] = File(0o777, target=target)
    result[f"{LIBRARY}/rpc/qubes.VMShell"] = File(0o755, SHELL.encode())
    result["lib/systemd/system/qubes-mgmt1-agent.service"] = File(0o644, _share("qubes-mgmt1-agent.service"))
    result[f"usr/share/man/man1/{NAME}.1.gz"] = File(0o644, gzip.compress(_share(f"{NAME}.1"), mtime=0))
    result["usr/share/man/man1/qrexec-client-vm.1.gz"] = File(0o777, target=f"{NAME}.1.gz")
    result[f"usr/share/doc/{NAME}/copyright"] = File(0o644, _COPYRIGHT.encode())
    return result


def _share(name: str) -> bytes:
    return (ROOT / "share/guest" / name).read_bytes()


def package() -> bytes:
    """The bytes of the package."""
    time = int(os.environ.get("SOURCE_DATE_EPOCH", _TIME))
    installed = files()
    size = sum(-(-len(file.content) // 1024) for file in installed.values())
    sums = "".join(
        f"{hashlib.md5(file.content, usedforsecurity=False).hexdigest()}  {path}\n"
        for path, file in sorted(installed.items())
        if not file.target
    )
    control = {
        "control": File(0o644, _CONTROL.format(name=NAME, version=version(), size=size).encode()),
        "md5sums": File(0o644, sums.encode()),
        "postinst": File(0o755, _share("postinst")),
        "prerm": File(0o755, _share("prerm")),
    }
    members = {
        "debian-binary": b"2.0\n",
        "control.tar.gz": _archive(control, time),
        "data.tar.gz": _archive(installed, time),
    }
    return b"!<arch>\n" + b"".join(_member(name, content, time) for name, content in members.items())


def _archive(content: dict[str, File], time: int) -> bytes:
    """A compressed tar archive, with the folders of the files before them."""
    folders = {str(parent) for path in content for parent in Path(path).parents if parent != Path()}
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for path in sorted({*folders, *content}):
            file = content.get(path)
            info = tarfile.TarInfo(f"./{path}")
            info.uname = info.gname = "root"
            info.mtime = time
            if file is None:
                info.type, info.mode = tarfile.DIRTYPE, 0o755
            elif file.target:
                info.type, info.mode, info.linkname = tarfile.SYMTYPE, file.mode, file.target
            else:
                info.mode, info.size = file.mode, len(file.content)
            archive.addfile(info, io.BytesIO(file.content) if file else None)
    return gzip.compress(output.getvalue(), mtime=0)


def _member(name: str, content: bytes, time: int) -> bytes:
    head = f"{name:<16}{time:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n"
    return head.encode("ascii") + content + b"\n" * (len(content) % 2)


def build(folder: Path) -> Path:
    """Write the package into the folder; its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{NAME}_{version()}_all.deb"
    path.write_bytes(package())
    return path


if __name__ == "__main__":
    print(build(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build"))
