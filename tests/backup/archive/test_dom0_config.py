# SPDX-License-Identifier: GPL-3.0-or-later
"""dom0's configuration in a backup: it comes back as it was, costs no qube when it is damaged, and others ignore it."""

import io
import json
import tarfile

import pytest
from backup_samples import MADE, TINY, WORDS, contents, english, sample_qubes
from hypothesis import given
from hypothesis import strategies as st

from qubesmanager.backup.archive.dom0_config import Dom0Config, from_json, to_json
from qubesmanager.backup.archive.reader import open_backup
from qubesmanager.backup.archive.writer import Options, write
from qubesmanager.backup.errors import BackupError

CONFIG = Dom0Config(
    {"30-user.policy": "* * @anyvm @anyvm deny\n", "include/mine": "# grün\n"},
    {"nightly": "include: [work]\npassphrase_text: secret\n"},
    {"fast": {"driver": "xfs", "path": "/fast"}},
)


def written(config: Dom0Config | None = CONFIG) -> bytes:
    out = io.BytesIO()
    write(out, WORDS, contents(), sample_qubes(), Options(TINY, piece=8000), created=MADE, config=config)
    return out.getvalue()


def test_the_configuration_is_read_before_the_qubes_and_all_else_is_restored() -> None:
    backup = open_backup(io.BytesIO(written()), WORDS)

    assert backup.config == CONFIG
    assert backup.verify().ok
    assert open_backup(io.BytesIO(written(None)), WORDS).config is None


def test_its_member_has_a_name_that_no_qube_can_have() -> None:
    with tarfile.open(fileobj=io.BytesIO(written())) as archive:
        names = archive.getnames()

    assert names[:4] == ["backup-header", "backup-header.hmac", "qubes.xml.000.enc", "dom0-config.000.enc"]
    assert b"secret" not in written()


@pytest.mark.parametrize("salvage", [False, True])
def test_a_damaged_configuration_is_lost_alone(salvage: bool) -> None:
    stream = bytearray(written())
    stream[stream.index(b"dom0-config.000.enc") + 512 + 200] ^= 1

    backup = open_backup(io.BytesIO(stream), WORDS, salvage=salvage)
    report = backup.verify()

    assert backup.config is None
    assert all(result.ok for result in report.results)
    assert any("configuration of dom0" in problem for problem in map(english, report.problems))


@pytest.mark.parametrize("at", [0, 4, 100, 130, 150])
def test_its_header_is_put_right_by_salvage(at: int) -> None:
    stream = bytearray(written())
    stream[stream.index(b"dom0-config.000.enc") + at] ^= 1

    backup = open_backup(io.BytesIO(stream), WORDS, salvage=True)

    assert backup.config == CONFIG
    assert all(result.ok for result in backup.verify().results)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["version", "policy", "profiles", "pools"]), inner),
)


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_a_configuration_or_refused(text: bytes) -> None:
    try:
        config = from_json(text)
    except BackupError:
        return
    assert from_json(to_json(config)) == config
