# SPDX-License-Identifier: GPL-3.0-or-later
"""A pool folder is one daemon's: the lease is refused with the owner's name, and a stale one is replaced."""

import errno
import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from killing import killed_on_failure

from qubesmanager.daemon.local.drivers.pools import lease
from qubesmanager.wire.errors import StoragePoolException
from qubesmanager.wire.limits import LEASE_SECONDS

HERE = lease.this_process(Path("/state/here"))
ELSEWHERE = replace(HERE, host="alpha", machine="0" * 32, boot="another", pid=7, state="/state/there", key="k")


def take(folder: Path, *, by_force: bool = False, watched: tuple[int, float] = (0, 0.0)) -> lease.Lease:
    return lease.take("pool", folder, HERE, watched=watched, by_force=by_force)


def write(folder: Path, holder: lease.Holder, age: float = 0.0) -> int:
    """Another daemon's lease, written `age` seconds ago; answers when, in nanoseconds."""
    path = folder / lease.FILE
    path.write_bytes(json.dumps(asdict(holder)).encode())
    written = path.stat().st_mtime_ns - int(age * 1e9)
    os.utime(path, ns=(written, written))
    return path.stat().st_mtime_ns


def test_a_folder_in_use_is_refused_with_the_name_of_its_daemon(tmp_path: Path) -> None:
    first = take(tmp_path)

    with pytest.raises(lease.InUseError, match=f"/state/here.*process {os.getpid()}"):
        take(tmp_path, by_force=True)
    first.release()
    take(tmp_path).release()


def test_a_daemon_that_was_killed_leaves_nothing_to_wait_for(tmp_path: Path) -> None:
    script = (
        "import signal, sys; from pathlib import Path; from qubesmanager.daemon.local.drivers.pools import lease;"
        "kept = lease.take('pool', Path(sys.argv[1]), lease.this_process(Path('/other')), by_force=False);"
        "print('taken', flush=True); signal.pause()"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with killed_on_failure(subprocess.Popen(command, stdout=subprocess.PIPE)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"taken\n"
        with pytest.raises(lease.InUseError, match=f"/other.*process {process.pid}"):
            take(tmp_path)
        process.send_signal(signal.SIGKILL)

    take(tmp_path).release()


def test_a_lease_of_another_machine_counts_until_it_is_stale(tmp_path: Path) -> None:
    written = write(tmp_path, ELSEWHERE, age=LEASE_SECONDS - 60)

    with pytest.raises(lease.InUseError, match="'/state/there' on 'alpha'") as refusal:
        take(tmp_path)
    assert refusal.value.written == written
    write(tmp_path, ELSEWHERE, age=LEASE_SECONDS + 60)
    take(tmp_path).release()


def test_a_lease_dated_in_the_future_is_stale_if_it_is_not_renewed_while_watched(tmp_path: Path) -> None:
    written = write(tmp_path, ELSEWHERE, age=-(5 * 365 * 86400))

    with pytest.raises(lease.InUseError):
        take(tmp_path, watched=(written, LEASE_SECONDS - 1))
    with pytest.raises(lease.InUseError):
        take(tmp_path, watched=(written - 1, LEASE_SECONDS + 1))
    take(tmp_path, watched=(written, LEASE_SECONDS + 1)).release()


def test_a_lease_of_another_machine_is_taken_over_by_force_and_its_daemon_notices(tmp_path: Path) -> None:
    fd = os.open(tmp_path / lease.FILE, os.O_RDWR | os.O_CREAT, 0o600)
    write(tmp_path, ELSEWHERE)
    theirs = lease.Lease(fd, tmp_path, ELSEWHERE, [])
    assert theirs.why_lost() is None

    ours = take(tmp_path, by_force=True)

    assert "/state/here" in str(theirs.why_lost())
    theirs.release()
    assert ours.why_lost() is None
    ours.release()


def test_without_locks_a_process_of_this_machine_is_known_by_its_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(_fd: int, _how: int) -> None:
        raise OSError(errno.EOPNOTSUPP, "no locks")

    monkeypatch.setattr("qubesmanager.daemon.local.drivers.pools.lease.fcntl.flock", none)
    write(tmp_path, HERE)
    with pytest.raises(lease.InUseError):
        take(tmp_path)

    for gone in (replace(HERE, started=HERE.started + 1), replace(HERE, boot="before"), replace(HERE, pid=1 << 22)):
        write(tmp_path, gone)
        take(tmp_path).release()


def test_a_daemon_that_runs_has_its_folder_also_where_its_lock_is_not_seen(tmp_path: Path) -> None:
    """Through an overlay, the lock of a lease in a lower layer is another one."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        started = int(Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[19])
        write(tmp_path, replace(HERE, pid=process.pid, started=started))
        with pytest.raises(lease.InUseError, match="in use by"):
            take(tmp_path)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and its parent does not know yet
        take(tmp_path).release()


def test_a_lease_that_is_withdrawn_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    take(tmp_path / "new" / "pool").withdraw()
    assert list(tmp_path.iterdir()) == []

    (tmp_path / "mine").mkdir()
    kept = take(tmp_path / "mine")
    (tmp_path / "mine" / "file").write_text("")
    kept.withdraw()
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["file"]
    take(tmp_path / "mine").release()


@pytest.mark.parametrize("pid", [0, -1, 1 << 31, 1 << 70, True, "7"])
def test_content_without_a_process_is_not_a_lease(tmp_path: Path, pid: object) -> None:
    (tmp_path / lease.FILE).write_text(json.dumps(asdict(ELSEWHERE) | {"pid": pid}))

    take(tmp_path).release()


def test_writing_it_again_makes_it_fresh(tmp_path: Path) -> None:
    kept = take(tmp_path)
    os.utime(tmp_path / lease.FILE, ns=(0, 0))

    assert kept.why_lost() is None

    assert (tmp_path / lease.FILE).stat().st_mtime_ns > 0
    kept.release()


def test_a_link_or_a_pipe_is_no_lease(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("of the host")
    (tmp_path / lease.FILE).symlink_to(tmp_path / "secret")
    with pytest.raises(StoragePoolException):
        take(tmp_path)
    (tmp_path / lease.FILE).unlink()
    os.mkfifo(tmp_path / lease.FILE)
    with pytest.raises(StoragePoolException):
        take(tmp_path)
    assert (tmp_path / "secret").read_text() == "of the host"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300) | st.builds(json.dumps, st.dictionaries(st.text(), st.integers())).map(str.encode))
def test_any_other_content_is_not_a_lease(tmp_path: Path, content: bytes) -> None:
    (tmp_path / lease.FILE).write_bytes(content)

    take(tmp_path, by_force=False).release()
