# SPDX-License-Identifier: GPL-3.0-or-later
"""The lease of a pool folder: a file that says which daemon uses the folder, so that no second one does.

    <pool>/.mgmt1-lease     JSON of `Holder`, padded to one block; blank once the daemon has left

On one machine a lock of the kernel decides (flock): it goes with its process, so a daemon that was killed starts again
at once. Another machine may reach the same folder without seeing that lock, and a disk may be unplugged under a daemon.
So a daemon also writes the lease again every few seconds. A lease of another machine is stale when it is older than
`LEASE_SECONDS` by the clock of its own file system, or when it was watched that long and was not written.
"""

import errno
import fcntl
import hashlib
import json
import os
import secrets
import socket
import stat
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from qubesmanager.daemon.local.drivers.pools.beneath import check_folders
from qubesmanager.daemon.local.drivers.pools.disk import disk_errors, staging
from qubesmanager.wire.errors import StoragePoolException
from qubesmanager.wire.limits import LEASE_SECONDS
from qubesmanager.wire.names import shown
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import refusal, text

FILE = ".mgmt1-lease"
_BLOCK = 4096
_ENDED = frozenset("ZX")
"""States of a process that has ended, while its parent has not asked for its status yet."""
_NO_LOCKS = {errno.EOPNOTSUPP, errno.ENOSYS, errno.ENOLCK, errno.EINVAL}


@dataclass(frozen=True, slots=True)
class Holder:
    """Who uses a folder. `machine` tells hosts of one name apart; `state` is the daemon's folder; `key` is one lease's.

    `started`: when the process began, in ticks after the boot `boot`, as the kernel says.
    """

    host: str
    machine: str
    boot: str
    pid: int
    started: int
    state: str
    key: str

    def __str__(self) -> str:
        return f"the daemon of {shown(self.state, 200)} on {shown(self.host)} (process {self.pid})"


class InUseError(StoragePoolException, named=False):
    """Another daemon has the folder.

    `written` is when that daemon wrote its lease, in nanoseconds of the file system's clock.
    """

    def __init__(self, folder: Path, holder: Holder | None, written: int) -> None:
        who = holder or "another daemon"
        why = Reason("pool-folder-leased", folder, str(who), LEASE_SECONDS // 60)
        super().__init__(text(why), why)
        self.written = written


def this_process(state: Path) -> Holder:
    """This daemon, with a separate key for one lease."""
    return Holder(
        socket.gethostname(), _machine(), _boot(), os.getpid(), _started(os.getpid()), str(state), secrets.token_hex(16)
    )


class Lease:
    """A lease that was taken. `made`: the file and folders that were made for it. Blocking; for a thread."""

    def __init__(self, fd: int, folder: Path, holder: Holder, made: Sequence[Path]) -> None:
        self._fd = fd
        self._folder = folder
        self._holder = holder
        self._made = made

    def why_lost(self) -> Reason | None:
        """Write the lease again; the reason if another daemon has it, None if all is well. Raises `OSError`."""
        present = _read(self._folder / FILE)
        if present is not None and present.key == self._holder.key:
            _write(self._fd, self._holder)
            return None
        return Reason("pool-folder-taken", self._folder, str(present) if present else Reason("another-daemon"))

    def release(self) -> None:
        """Leave the folder to others."""
        try:
            if (present := _read(self._folder / FILE)) is not None and present.key == self._holder.key:
                os.pwrite(self._fd, b" " * _BLOCK, 0)  # it keeps its block, for a disk that is full by then
        finally:
            os.close(self._fd)

    def withdraw(self) -> None:
        """Leave the folder as it was before the lease, if nothing else was made in it since."""
        try:
            for path in self._made:
                if path.name == FILE:
                    path.unlink()
                else:
                    path.rmdir()
        except OSError:
            self.release()
        else:
            os.close(self._fd)


def take(
    pool: str,
    folder: Path,
    holder: Holder,
    *,
    watched: tuple[int, float] = (0, 0.0),
    by_force: bool,
    check: Callable[[Path], None] = lambda _folder: None,
) -> Lease:
    """Take the lease of the folder, which is made if it is not there. No daemon has a folder above or below it.

    `check` may refuse the folder, before anything is written.
    `watched`: when the lease was written, as in an `InUseError`, and for how many seconds it has been watched since.
    `by_force` takes it over from a daemon of another machine. Raises `InUseError`, or `StoragePoolException`.
    """
    with disk_errors(pool):
        _check_nested(folder.resolve(), by_force=by_force)
        check(folder)
        made = [path for path in (folder / FILE, folder, *folder.parents) if not os.path.lexists(path)]
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        check_folders(folder)
        fd, locked = _opened_and_locked(folder)
        try:
            _check_over(fd, folder, watched, locked=locked, by_force=by_force)
            _write(fd, holder)
        except BaseException:
            os.close(fd)
            raise
    return Lease(fd, folder, holder, made)


def _opened_and_locked(folder: Path) -> tuple[int, bool]:
    """The file of the lease, and whether it is locked, as `_lock` says; it may have been withdrawn in between."""
    while True:
        fd = _open(folder / FILE)
        try:
            locked = _lock(fd, folder)
            if os.fstat(fd).st_nlink:
                return fd, locked
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)


def _open(path: Path) -> int:
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise refusal("not-regular-file", path)
    return fd


def _check_nested(folder: Path, *, by_force: bool) -> None:
    """Raises `InUseError` if a daemon has a folder above, or one where the volumes of a new pool would lie."""
    below = [] if os.path.lexists(folder / FILE) else [*folder.glob(f"*/{FILE}"), *folder.glob(f"*/*/{FILE}")]
    for path in (*(parent / FILE for parent in folder.parents), *below):
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            continue  # there is none, or none that this user may read
        try:
            if stat.S_ISREG(os.fstat(fd).st_mode):
                locked = _lock(fd, path.parent, fcntl.LOCK_SH)
                _check_over(fd, path.parent, (0, 0.0), locked=locked, by_force=by_force)
        finally:
            os.close(fd)


def _lock(fd: int, folder: Path, kind: int = fcntl.LOCK_EX) -> bool:
    """Whether no process that this kernel knows has the lease; False where the file system has no locks."""
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InUseError(folder, _decode(os.pread(fd, _BLOCK, 0)), os.fstat(fd).st_mtime_ns) from None
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return False
    return True


def _check_over(fd: int, folder: Path, watched: tuple[int, float], *, locked: bool, by_force: bool) -> None:
    """Raises `InUseError` if the lease that is written there may be a running daemon's."""
    present = _decode(os.pread(fd, _BLOCK, 0))
    written = os.fstat(fd).st_mtime_ns
    if present is None:
        return
    if present.machine == _machine():
        # Through an overlay or a file system of FUSE, a lock of the same file is not seen: the process decides.
        is_over = present.boot != _boot() or _is_gone(present) or (locked and _is_this(present))
    else:
        is_over = (
            by_force
            or (watched[0] == written and watched[1] >= LEASE_SECONDS)
            or _age(folder, written) >= LEASE_SECONDS
        )
    if not is_over:
        raise InUseError(folder, present, written)


def _is_this(present: Holder) -> bool:
    return (present.pid, present.started) == (os.getpid(), _started(os.getpid()))


def _is_gone(present: Holder) -> bool:
    """Whether the process of this boot has ended; it may be one that /proc hides."""
    try:
        os.kill(present.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return _started(present.pid) not in {-1, present.started}


def _age(folder: Path, written: int) -> float:
    """Seconds since then, by the clock of the file system itself: that of another machine may be wrong."""
    with staging(folder) as probe:
        (probe / "now").touch()
        return ((probe / "now").stat().st_mtime_ns - written) / 1e9


def _read(path: Path) -> Holder | None:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    try:
        return _decode(os.pread(fd, _BLOCK, 0))
    finally:
        os.close(fd)


def _write(fd: int, holder: Holder) -> None:
    os.pwrite(fd, json.dumps(asdict(holder)).encode().ljust(_BLOCK), 0)
    os.fsync(fd)


def _decode(untrusted: bytes) -> Holder | None:
    """None for an empty file and for anything that is no lease."""
    try:
        values = json.loads(untrusted)
        holder = Holder(**values)
    except (ValueError, TypeError, RecursionError):
        return None
    texts = (holder.host, holder.machine, holder.boot, holder.state, holder.key)
    is_process = type(holder.pid) is int and 0 < holder.pid < 1 << 31 and type(holder.started) is int
    return holder if is_process and all(isinstance(text, str) for text in texts) else None


@cache
def _machine() -> str:
    """Names this machine without giving its id away; other for each boot where there is no id."""
    try:
        identity = Path("/etc/machine-id").read_text("ascii").strip()
    except OSError:
        identity = ""
    return hashlib.blake2s((identity or _boot()).encode(), digest_size=16, person=b"mgmt1-ls").hexdigest()


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()


def _started(pid: int) -> int:
    """When the process began, in clock ticks after boot; 0 if it has ended, -1 if /proc does not show it.

    Source: proc(5), "/proc/pid/stat".
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return -1
    words = text.rpartition(")")[2].split()
    return 0 if words[0] in _ENDED else int(words[19])
