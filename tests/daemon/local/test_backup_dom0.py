# SPDX-License-Identifier: GPL-3.0-or-later
"""dom0's own configuration in a backup and out of it: previewed, added on request, and nothing replaced unnamed."""

import asyncio
import io
from pathlib import Path

import pytest
import yaml
from backup_daemon import WORDS, sent
from backup_samples import contents, in_english

from qubesmanager.backup.archive.contents import Contents, Label
from qubesmanager.backup.archive.dom0_config import Dom0Config
from qubesmanager.backup.archive.reader import open_backup
from qubesmanager.backup.archive.scrypt_container import Params
from qubesmanager.backup.archive.writer import Options, write
from qubesmanager.client.client import Client
from qubesmanager.daemon.local.system import System
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import TokenContent
from qubesmanager.wire.errors import PermissionDenied, QubesLabelNotFoundError, QubesValueError
from qubesmanager.wire.restores import Contents as StoredContents
from qubesmanager.wire.restores import StoredItem, decode_contents

POLICY = "!include include/group\n"
GROUP = "* * work @anyvm deny\n"
PROFILE = yaml.safe_dump({"include": ["vault"], "destination_path": "/media", "passphrase_text": "secret"})


async def configured(client: Client) -> None:
    await client.send(calls.POLICY_INCLUDE_REPLACE("dom0", "group", TokenContent("new", GROUP)))
    await client.send(calls.POLICY_REPLACE("dom0", "30-mine", TokenContent("new", POLICY)))
    await client.send(calls.LABEL_CREATE("dom0", "teal", "0x00AAAA"))
    await client.send(calls.PROPERTY_SET("dom0", "default_qrexec_timeout", "77"))
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "weekly", PROFILE))


async def removed(client: Client) -> None:
    await client.send(calls.POLICY_REMOVE("dom0", "30-mine", "any"))
    await client.send(calls.POLICY_INCLUDE_REMOVE("dom0", "group", "any"))
    await client.send(calls.LABEL_REMOVE("dom0", "teal"))
    await client.send(calls.PROPERTY_RESET("dom0", "default_qrexec_timeout"))
    await client.send(calls.BACKUP_PROFILE_REMOVE("dom0", "weekly"))


@pytest.fixture
async def file(client: Client, tmp_path: Path) -> Path:
    """A backup of dom0's configuration and of `vault`; all of the configuration is here, too."""
    await configured(client)
    text = {"include": ["dom0", "vault"], "destination_path": str(tmp_path / "backup"), "passphrase_text": WORDS}
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "all", yaml.safe_dump(text)))
    await client.send(calls.BACKUP_EXECUTE("dom0", "all", {}))
    return tmp_path / "backup"


async def preview(client: Client, file: Path) -> dict[str, str]:
    answer = await client.send(calls.BACKUP_INFO("dom0", None, sent(file)))
    assert isinstance(answer, StoredContents)
    return {item.word: item.fate for item in answer.dom0 or ()}


async def restored(client: Client, file: Path, **options: str) -> dict[str, str]:
    """The results of dom0's items; the qube is left out."""
    lines = [f"{key}={value}" for key, value in ({"exclude": "vault"} | options).items()]
    rows = in_english(await client.send(calls.BACKUP_RESTORE("dom0", None, sent(file, *lines))))
    found = [row.split(" ", 3) for row in rows if row.startswith("dom0:")]
    return {name.removeprefix("dom0:"): f"{result} {' '.join(said)}" for name, _, result, *said in found}


MINE = (
    "label:teal",
    "property:default_qrexec_timeout",
    "policy:30-mine.policy",
    "policy:include/group",
    "profile:weekly",
)


async def test_removed_configuration_is_restored_unchanged_and_only_on_request(client: Client, file: Path) -> None:
    assert {(await preview(client, file))[word] for word in MINE} == {"same"}
    await removed(client)

    before = await preview(client, file)
    nothing = await restored(client, file)
    with pytest.raises(QubesLabelNotFoundError):
        await client.send(calls.LABEL_GET("dom0", "teal"))
    rows = await restored(client, file, dom0="add")

    assert {before[word] for word in MINE} == {"add"}
    assert nothing == {}
    assert {word: rows[word] for word in MINE} == dict.fromkeys(MINE, "result=ok It is added.")
    assert (await client.send(calls.POLICY_GET("dom0", "30-mine"))).content == POLICY
    assert (await client.send(calls.POLICY_INCLUDE_GET("dom0", "group"))).content == GROUP
    assert await client.send(calls.LABEL_GET("dom0", "teal")) == "0x00AAAA"
    assert (await client.send(calls.PROPERTY_GET("dom0", "default_qrexec_timeout"))).value == "77"
    assert "vault" in await client.send(calls.BACKUP_PROFILE_GET("dom0", "weekly"))
    assert {(await preview(client, file))[word] for word in MINE} == {"same"}


async def test_configuration_that_differs_is_replaced_only_if_named(client: Client, file: Path) -> None:
    await client.send(calls.POLICY_REPLACE("dom0", "30-mine", TokenContent("any", "# mine is newer\n")))
    await client.send(calls.PROPERTY_SET("dom0", "default_qrexec_timeout", "88"))

    before = await preview(client, file)
    added = await restored(client, file, dom0="add")
    kept = (await client.send(calls.POLICY_GET("dom0", "30-mine"))).content
    named = await restored(client, file, dom0="policy:30-mine.policy")

    assert before["policy:30-mine.policy"] == before["property:default_qrexec_timeout"] == "differs"
    assert added == {}
    assert kept == "# mine is newer\n"
    assert named == {"policy:30-mine.policy": "result=ok It replaces the value here."}
    assert (await client.send(calls.POLICY_GET("dom0", "30-mine"))).content == POLICY
    assert (await client.send(calls.PROPERTY_GET("dom0", "default_qrexec_timeout"))).value == "88"


async def test_a_profile_of_dom0_alone_is_a_backup_of_its_configuration(client: Client, tmp_path: Path) -> None:
    text = {"include": ["dom0"], "destination_path": str(tmp_path / "own"), "passphrase_text": WORDS}
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "own", yaml.safe_dump(text)))

    await client.send(calls.BACKUP_EXECUTE("dom0", "own", {}))

    assert (await preview(client, tmp_path / "own"))["profile:own"] == "same"


async def test_a_backup_without_dom0_holds_none_of_its_files(client: Client, tmp_path: Path) -> None:
    await configured(client)
    text = {"include": ["vault"], "destination_path": str(tmp_path / "one"), "passphrase_text": WORDS}
    await client.send(calls.BACKUP_PROFILE_SET("dom0", "one", yaml.safe_dump(text)))

    await client.send(calls.BACKUP_EXECUTE("dom0", "one", {}))

    stream = io.BytesIO(await asyncio.to_thread((tmp_path / "one").read_bytes))
    assert open_backup(stream, WORDS).config is None


def files(folder: Path) -> set[Path]:
    """All of them, also beside the folder."""
    return {path for path in folder.parent.rglob("*") if path.is_file()}


def hostile(tmp_path: Path, config: Dom0Config, *labels: Label) -> Path:
    base = contents()
    out = io.BytesIO()
    system = Contents((*base.labels, *labels), {"default_netvm": "sys-net", "no_such": "1"}, base.qubes)
    write(out, WORDS, system, [], Options(Params(4)), config=config)
    (tmp_path / "hostile").write_bytes(out.getvalue())
    return tmp_path / "hostile"


async def test_each_item_passes_the_checks_of_its_call(client: Client, system: System, tmp_path: Path) -> None:
    config = Dom0Config(
        {
            "../../x.policy": "# outside\n",
            "plain": "# no policy\n",
            "40-broken.policy": "nonsense\n",
            "50-ok.policy": "# ok\n",
        },
        {"cmd": "include: [vault]\ndestination_command: [/bin/sh]\npassphrase_text: x\n", "../up": PROFILE},
        {"odd": {"driver": "no-such"}, "a b": {"driver": "file"}},
        files={"destinations": "relative/folder\n", "../cron": "* * * * * root id\n"},
    )
    file = hostile(tmp_path, config, Label(9, "UPPER", "0x000000"), Label(10, "fine", "0x123456"))
    before = files(tmp_path)

    seen = await preview(client, file)
    rows = await restored(client, file, exclude="", dom0="add")

    assert "pool:a b" not in seen
    assert "property:no_such" not in seen
    good = {word for word, row in rows.items() if row.startswith("result=ok")}
    assert good == {"policy:50-ok.policy", "label:fine"}
    assert {word for word in rows if word not in good} == {
        "policy:../../x.policy", "policy:plain", "policy:40-broken.policy", "profile:cmd", "profile:../up",
        "pool:odd", "label:UPPER", "file:destinations", "file:../cron",
    }  # fmt: skip
    assert {path.name for path in files(tmp_path) - before if "policy" in path.name} == {"50-ok.policy"}


async def test_only_dom0_restores_it_and_sees_what_it_would_do(client: Client, system: System, file: Path) -> None:
    with pytest.raises(PermissionDenied):
        await system.restores.restore("work", sent(file, "dom0=add"))
    contents_for_work = await system.restores.contents("work", sent(file))

    assert contents_for_work.dom0 is None
    with pytest.raises(QubesValueError, match="no-such"):
        await restored(client, file, dom0="policy:no-such")


async def test_a_restore_that_fails_leaves_no_label(client: Client, system: System, file: Path) -> None:
    await removed(client)
    with pytest.raises(QubesValueError, match="already a qube vault"):
        await client.send(calls.BACKUP_RESTORE("dom0", None, sent(file, "dom0=add", "conflict=fail")))

    assert "teal" not in system.runtime.state.labels
    assert (await preview(client, file))["label:teal"] == "add"


def test_an_item_is_read_with_its_fate() -> None:
    text = "backup-id=x\nours=yes\ndom0=policy:a.policy:add label:teal:same\n\n"

    assert decode_contents(text).dom0 == (StoredItem("policy", "a.policy", "add"), StoredItem("label", "teal", "same"))


async def test_the_list_of_destinations_comes_back_and_one_that_is_here_stays(
    client: Client, system: System, file: Path
) -> None:
    allowed = system.runtime.places.profiles / "destinations"
    allowed.write_text("/var/backups\nwork\n")
    await asyncio.to_thread(file.unlink)
    await client.send(calls.BACKUP_EXECUTE("dom0", "all", {}))
    assert (await preview(client, file))["file:destinations"] == "same"

    allowed.write_text("/elsewhere\n")
    assert (await preview(client, file))["file:destinations"] == "differs"
    assert "file:destinations" not in await restored(client, file, dom0="add")
    assert allowed.read_text() == "/elsewhere\n"
    assert (await restored(client, file, dom0="file:destinations"))["file:destinations"].startswith("result=ok")
    assert allowed.read_text() == "/var/backups\nwork\n"

    allowed.unlink()
    await restored(client, file, dom0="add")
    assert allowed.read_text() == "/var/backups\nwork\n"
    assert allowed.stat().st_mode & 0o777 == 0o600


async def test_a_list_of_destinations_that_cannot_be_used_is_not_replaced_unasked(
    client: Client, system: System, file: Path
) -> None:
    allowed = system.runtime.places.profiles / "destinations"
    allowed.write_text("/var/backups\n")
    await asyncio.to_thread(file.unlink)
    await client.send(calls.BACKUP_EXECUTE("dom0", "all", {}))
    allowed.write_text("/mine\n")
    allowed.chmod(0o666)

    rows = await restored(client, file, dom0="add")

    assert rows["file:destinations"].startswith("result=failed")
    assert allowed.read_text() == "/mine\n"
