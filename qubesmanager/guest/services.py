# SPDX-License-Identifier: GPL-3.0-or-later
"""The services of a guest: where their programs are, and as which user and with which environment they run."""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from qubesmanager.guest.frames import NO_SERVICE, REFUSED, Call

OWN = Path("/usr/lib/qubes-mgmt1/rpc")
FOLDERS = (Path("/usr/local/etc/qubes-rpc"), Path("/etc/qubes-rpc"), OWN)
"""In the first of these that has a program of the service's name, with or without its argument, it is run."""
ROOT_SERVICES = frozenset({"qubes.InstallUpdates", "qubes.InstallUpdatesGUI"})
"""Services of ours that run as root if the caller names no user."""

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_UIDS = range(1000, 60000)
"""Of ordinary users."""
_NO_SHELLS = ("nologin", "false")


class RefusedError(Exception):
    """The service is not started. `code` is that of the REFUSE."""

    def __init__(self, text: str, code: int = REFUSED) -> None:
        super().__init__(text)
        self.code = code


class Account(NamedTuple):
    """A user of the guest; `groups` has all of its groups."""

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...]
    home: str
    shell: str


def find(call: Call, folders: Sequence[Path] = FOLDERS) -> Path:
    """The path of the program. Raises `RefusedError` if there is none, or if others than root could replace it."""
    for name in (call.service + call.argument, call.service):
        for folder in folders:
            path = folder / name
            try:
                file, parent = path.stat(), folder.stat()
            except OSError:
                continue
            if not stat.S_ISREG(file.st_mode):
                continue
            if not (_is_safe(file) and _is_safe(parent)):
                raise RefusedError("The program of this service can be changed by others than root.")
            if not file.st_mode & stat.S_IXUSR:
                raise RefusedError("The program of this service is not executable.")
            return path
    raise RefusedError("There is no such service in this qube.", NO_SERVICE)


def _is_safe(status: os.stat_result) -> bool:
    return status.st_uid in {0, os.geteuid()} and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def account(name: str) -> Account:
    """The user of that name. Raises `RefusedError`."""
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise RefusedError("There is no such user in this qube.") from None
    groups = os.getgrouplist(entry.pw_name, entry.pw_gid)
    return Account(
        entry.pw_name, entry.pw_uid, entry.pw_gid, tuple(groups), entry.pw_dir or "/", entry.pw_shell or "/bin/sh"
    )


def usual_user() -> str:
    """The name of the user that services run as: the ordinary one with the lowest number, or root without one."""
    users = [
        (entry.pw_uid, entry.pw_name)
        for entry in pwd.getpwall()
        if entry.pw_uid in _UIDS and not entry.pw_shell.endswith(_NO_SHELLS)
    ]
    return min(users)[1] if users else "root"


def user_of(call: Call, path: Path, usual: str) -> str:
    """The user that runs the program of a call."""
    if call.user:
        return call.user
    return "root" if path.parent == OWN and call.service in ROOT_SERVICES else usual


def environment(user: Account, call: Call) -> dict[str, str]:
    """All variables of a service: of its user, and those by which qrexec describes a call."""
    variables = {
        "HOME": user.home,
        "LANG": os.environ.get("LANG", "C.UTF-8"),
        "LOGNAME": user.name,
        "PATH": _PATH,
        "QREXEC_REMOTE_DOMAIN": call.name,
        "QREXEC_SERVICE_ARGUMENT": call.argument[1:],
        "QREXEC_SERVICE_FULL_NAME": call.service + call.argument,
        "SHELL": user.shell,
        "USER": user.name,
    }
    runtime = f"/run/user/{user.uid}"
    if _is_folder_of(runtime, user.uid):
        variables["XDG_RUNTIME_DIR"] = runtime
        variables["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={runtime}/bus"
    return variables


def _is_folder_of(path: str, uid: int) -> bool:
    try:
        status = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == uid


def start(call: Call, path: Path, user: Account) -> subprocess.Popen[bytes]:
    """Run the program as that user, in a separate session, with pipes. Raises `RefusedError`."""
    is_self = user.uid == os.geteuid()
    if not is_self and os.geteuid():
        raise RefusedError("The agent can run services as its own user only.")
    try:
        return subprocess.Popen(  # noqa: S603 - a program that only root can change
            [str(path), *([call.argument[1:]] if len(call.argument) > 1 else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd=user.home if Path(user.home).is_dir() else "/",
            env=environment(user, call),
            start_new_session=True,
            umask=0o022,
            user=None if is_self else user.uid,
            group=None if is_self else user.gid,
            extra_groups=None if is_self else user.groups,
        )
    except OSError as error:
        raise RefusedError(f"The program of this service cannot be run: {error.strerror or 'an error'}.") from None
