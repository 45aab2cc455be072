# SPDX-License-Identifier: GPL-3.0-or-later
"""A daemon in a separate process whose keys cost nothing, and strong ones come when the test asks for it.

A profile with `kdf: strong` begins a run that goes on once `Gate.open` was called, however slow the machine is.
"""

import os
import sys
import threading
from pathlib import Path

from qubesmanager import entry
from qubesmanager.backup.archive import scrypt_container
from qubesmanager.backup.archive.scrypt_container import Params

PROGRAM = (sys.executable, "-m", "cheap_keys")
CHEAP, STRONG = Params(4), Params(5)
_GATE = "TEST_KEYS_GATE"


class Gate:
    """While it is closed, runs with strong keys wait. `environment` is the daemon's."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.environment = {_GATE: str(file), "PYTHONPATH": str(Path(__file__).parent)}

    def open(self) -> None:
        self._file.touch()

    def close(self) -> None:
        self._file.unlink(missing_ok=True)


def main() -> int:
    """Run the daemon."""
    gate, pause, derive = Path(os.environ[_GATE]), threading.Event(), scrypt_container._derive

    def gated(passphrase: bytes, salt: bytes, params: Params) -> tuple[bytes, bytes]:
        while params == STRONG and not gate.exists():
            pause.wait(0.02)
        return derive(passphrase, salt, params)

    scrypt_container.LEVELS.update(standard=CHEAP, generated=CHEAP, strong=STRONG)
    scrypt_container._derive = gated
    return entry.mgmt1d()


if __name__ == "__main__":
    raise SystemExit(main())
