# SPDX-License-Identifier: GPL-3.0-or-later
"""The window of a small policy, and what a user sees in it."""

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from until import until

from qubesmanager.daemon.local.system import System
from qubesmanager.ui.policy.policy_window import PolicyWindow
from qubesmanager.ui.session.session import Session

USER = """# Keys
qubes.Gpg * @tag:work vault ask default_target=vault
qubes.Gpg * @anyvm vault deny notify=yes
qubes.Gpg * personal vault allow

# Files and links
qubes.Filecopy * @anyvm @anyvm ask
qubes.OpenURL * old-mail @dispvm allow
"""
LATE = "qubes.Filecopy * work vault allow\nqubes.VMShell * @adminvm @anyvm allow\n"


def policy_folder(system: System) -> Path:
    return system.runtime.places.policy


def write(system: System, path: str, text: str) -> None:
    """Write a file as another program does, without a call."""
    file = policy_folder(system) / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


@pytest.fixture
def files() -> dict[str, str]:
    """The files of the policy."""
    return {"30-user.policy": USER, "50-late.policy": LATE}


@pytest.fixture
async def window(session: Session, system: System, qtbot: QtBot, files: dict[str, str]) -> PolicyWindow:
    """The window, its first file checked."""
    for path, text in files.items():
        write(system, path, text)
    session.follow()
    await until(lambda: session.is_synced)
    window = PolicyWindow(session)
    qtbot.addWidget(window, before_close_func=lambda _widget: window.draft.discard())
    window.show()
    await checked(window)
    return window


async def checked(window: PolicyWindow) -> None:
    """Wait until what is shown is that of the files and edits that there are."""
    await until(lambda: window.watch.is_current and window.tester.explanation is not None)
