# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose home is dom0's, where it is, and where one out of a backup is unpacked.

As in Qubes OS the local user is the first member of the group `qubes`. A daemon that does not run as root has only the
home of its own user. Source: Qubes OS 4.x, what its backup tool takes of dom0.
"""

import grp
import os
import pwd
import time
from contextlib import suppress
from pathlib import Path

from qubesmanager.wire.names import shown
from qubesmanager.wire.reasons import refusal

GROUP = "qubes"
NEW = "new"
"""Asks for a new folder in the home of the local user."""


def local_user() -> str:
    """The user whose home is dom0's; empty if there is none."""
    with suppress(KeyError):
        if os.geteuid():
            return pwd.getpwuid(os.geteuid()).pw_name
        members = grp.getgrnam(GROUP).gr_mem
        return members[0] if members else ""
    return ""


def home_of(*, asked: bool | str | None, usual: bool) -> Path | None:
    """The home that a profile's `dom0_home` asks for; None for no home. Blocks.

    `usual`: without the key, the home of the local user is backed up, if there is one. Raises `BackupError` if there is
    no such user, or it is another user than the daemon's and the daemon is not root's.
    """
    if asked is None:
        asked = usual and bool(local_user())
    if asked is False:
        return None
    user = local_user() if asked is True else asked
    try:
        entry = pwd.getpwnam(user) if user else None
    except KeyError:
        raise refusal("home-no-user", shown(user)) from None
    if entry is None:
        raise refusal("home-no-member", GROUP)
    if os.geteuid() not in {0, entry.pw_uid}:
        raise refusal("home-of-other", user, user)
    return Path(entry.pw_dir)


def new_home(asked: str) -> Path:
    """Where a home is unpacked: an absolute path, or a new folder in the local user's home for `NEW`. Blocks.

    Raises `BackupError` if there is no local user.
    """
    if asked != NEW:
        return Path(asked)
    home = home_of(asked=True, usual=False)
    assert home is not None  # noqa: S101 - of True
    return home / f"home-restore-{time.strftime('%Y-%m-%d-%H%M%S')}"
