# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tools of Qubes OS do, against a real daemon process: over its socket, and through `qrexec-client-vm`."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cheap_keys
import pytest
from admin_tools import QubesError, Tools, by_qrexec, by_socket
from daemon_process import DaemonProcess, raw

HANDLER = Path(__file__).parents[3] / "rpc-handlers/mgmt1-handler"

QREXEC = """\
#!/bin/sh
link={folder}/${{2%%+*}}
[ -L "$link" ] || ln -s "{handler}" "$link"
export QREXEC_SERVICE_FULL_NAME="$2" QREXEC_REMOTE_DOMAIN={source}
export QREXEC_REQUESTED_TARGET_TYPE=name QREXEC_REQUESTED_TARGET="$1"
exec "$link" "${{2#*+}}"
"""
"""What dom0's qrexec does with a call that policy allows: it starts the service's program as its caller's."""


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaemonProcess]:
    folder = tmp_path_factory.mktemp("d")
    gate = cheap_keys.Gate(folder / "gate")
    gate.open()
    with DaemonProcess(folder, "--demo", "3", environment=gate.environment, program=cheap_keys.PROGRAM) as process:
        # What a qube can create others from that does not see it.
        assert raw(process.socket, b"mgmt1.property.Set+default_template dom0 name dom0\x00debian-13") == b"0\x00"
        yield process


@pytest.fixture(scope="module")
def handler(daemon: DaemonProcess, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program of the services, connected to the daemon of the test."""
    text = HANDLER.read_text("utf-8").replace("/run/qubes-mgmt1/mgmt1.sock", str(daemon.socket))
    program = tmp_path_factory.mktemp("h") / "mgmt1-handler"
    program.write_text(text.replace("/usr/bin/python3", sys.executable, 1))
    program.chmod(0o755)
    return program


@pytest.fixture(params=["socket", pytest.param("qrexec", marks=pytest.mark.slow)])
def tools(request: pytest.FixtureRequest, daemon: DaemonProcess, handler: Path, tmp_path: Path) -> Tools:
    """dom0's tools on the socket; those of the qube sys-mgmt through qrexec."""
    if request.param == "socket":
        return Tools(by_socket(daemon.socket))
    program = tmp_path / "qrexec-client-vm"
    program.write_text(QREXEC.format(folder=handler.parent, source="sys-mgmt", handler=handler))
    program.chmod(0o755)
    return Tools(by_qrexec(program))


@pytest.fixture
def qube(request: pytest.FixtureRequest, tools: Tools) -> str:
    """A new qube of the caller's."""
    name = f"q{abs(hash(request.node.name)) % 100_000_000}"
    tools.create(name, "debian-13", memory="500", netvm="")
    return name


def test_a_created_qube_is_listed_with_what_was_set(tools: Tools, qube: str) -> None:
    listed = tools.ls()

    assert listed[qube]["memory"] == "500"
    assert listed[qube]["netvm"] == ""
    assert listed[qube]["state"] == "Halted"
    assert listed["dom0"]["klass"] == "AdminVM"


def test_a_clone_has_all_that_the_tool_copies(tools: Tools, qube: str) -> None:
    tools.call("vm.tag.Set+mine", qube)
    tools.call("vm.feature.Set+service.cups", qube, b"1")
    tools.call("vm.notes.Set", qube, "Nötes\n".encode())
    tools.firewall_add(qube, "action=drop proto=icmp", before=0)
    tools.call("vm.volume.ImportWithSize+private", qube, b"5\nhello")

    tools.clone(qube, f"{qube}-2")

    copy = f"{qube}-2"
    assert tools.get(copy, "memory") == (False, "500")
    assert "mine" in tools.lines("vm.tag.List", copy)
    assert tools.call("vm.feature.Get+service.cups", copy) == "1"
    assert tools.call("vm.notes.Get", copy) == "Nötes\n"
    assert tools.lines("vm.firewall.Get", copy) == ["action=drop proto=icmp", "action=accept"]
    assert int(tools.volume(copy, "private")["usage"]) > 0
    tools.call("vm.Remove", copy)


def test_a_clone_that_fails_is_removed(tools: Tools, qube: str) -> None:
    tools.call("vm.Start", qube)

    with pytest.raises(QubesError) as refused:
        tools.clone(qube, f"{qube}-2")

    assert refused.value.kind == "QubesVMNotHaltedError"
    assert f"{qube}-2" not in tools.ls()
    tools.call("vm.Shutdown+wait", qube)


def test_a_qube_is_started_extended_and_shut_down(tools: Tools, qube: str) -> None:
    tools.call("vm.Start", qube)
    assert "power_state=Running" in tools.call("vm.CurrentState", qube).split(" ")
    tools.extend(qube, "private", 3 << 30)
    tools.call("vm.Shutdown+wait", qube)

    assert int(tools.volume(qube, "private")["size"]) == 3 << 30
    with pytest.raises(QubesError) as refused:
        tools.call("vm.Shutdown+wait", qube)
    assert refused.value.kind == "QubesVMNotStartedError"


def test_a_device_is_attached_by_its_identity(tools: Tools, qube: str) -> None:
    tools.call("vm.Start", qube)

    tools.attach("block", qube, "dom0", "sdb1", **{"read-only": "yes"})

    (row,) = tools.lines("vm.device.block.Attached", qube)
    assert row.startswith("dom0+sdb1:")
    assert "_read-only='yes'" in row
    assert tools.device("block", "dom0", "sdb1")["attachment"] == qube
    tools.call("vm.device.block.Detach+dom0+sdb1", qube)
    tools.call("vm.Kill", qube)


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"admin.nosuch+ dom0 name dom0\0", b"ProtocolError\0\0no such method: 'admin.nosuch'"),
        (b"admin.vm.List+ dom0 name nosuch\0", b"QubesVMNotFoundError\0\0No such domain: 'nosuch'"),
        (
            b"admin.vm.List+ dom0 name 9x\0",
            b"QubesValueError\0\0VM name cannot start with hyphen, underscore, dot or numbers",
        ),
        (
            b"admin.vm.property.Get+name dom0 name uuid:00000000-0000-0000-0000-00000000000\0",
            b"QubesVMInvalidUUIDError\0\0VM UUID is not valid: '00000000-0000-0000-0000-00000000000'",
        ),
        (b"admin.vm.property.Get+ dom0 name dom0\0", b"ProtocolError\0\0expected an argument"),
        (b"admin.label.List+x dom0 name dom0\0", b"ProtocolError\0\0unexpected argument"),
        (b"admin.label.List+ dom0 name dom0\0x", b"ProtocolError\0\0unexpected payload"),
        (b"admin.label.Create+x dom0 name dom0\0", b"ProtocolError\0\0expected payload"),
        (b"admin.label.List+ dom0 name vault\0", b"ProtocolError\0\0expected destination to be AdminVM"),
        (b"admin.vm.notes.Get+ dom0 name dom0\0", b"ProtocolError\0\0expected destination to not be AdminVM"),
    ],
)
def test_a_request_is_refused_in_the_bytes_of_qubesd(daemon: DaemonProcess, sent: bytes, answer: bytes) -> None:
    assert raw(daemon.socket, sent) == b"2\0" + answer + b"\0"


@pytest.mark.parametrize(
    "sent",
    [
        b"admin.label.List+ dom0 name dom0",
        b"admin.label.List+ dom0 name\0",
        b"admin.label.List+ dom0 keyword default\0",
        "admin.label.Get+é dom0 name dom0\0".encode(),
        "admin.label.List+ dom0 name é\0".encode(),
        b"admin.vm.notes.Set+ dom0 name vault\0" + b"x" * (257 << 10),
    ],
)
def test_a_request_that_qubesd_does_not_answer_is_refused(daemon: DaemonProcess, sent: bytes) -> None:
    assert raw(daemon.socket, sent).startswith(b"2\0")


@pytest.mark.parametrize(
    "sent",
    [
        b"admin.label.List+ dom0 keyword adminvm\0",
        b"admin.label.List dom0 name dom0\0",
        b"admin.label.List+ dom0 name uuid:00000000-0000-0000-0000-000000000000\0",
    ],
)
def test_each_form_of_a_header_is_taken(daemon: DaemonProcess, sent: bytes) -> None:
    assert raw(daemon.socket, sent).startswith(b"0\0red\norange\n")


def test_settings_are_shown_set_and_given_back(tools: Tools, qube: str) -> None:
    assert tools.call("vm.property.Help+memory", qube)
    tools.call("vm.property.Reset+memory", qube)
    assert tools.get(qube, "memory")[0] is True
    with pytest.raises(QubesError) as refused:
        tools.get(qube, "nosuch")
    assert refused.value.kind == "QubesNoSuchPropertyError"
    tools.call("vm.tag.Set+t1", qube)
    assert tools.call("vm.tag.Get+t1", qube) == "1"
    tools.call("vm.tag.Remove+t1", qube)
    assert tools.call("vm.tag.Get+t1", qube) == "0"
    tools.call("vm.feature.Set+service.cups", qube)
    assert "service.cups" in tools.lines("vm.feature.List", qube)
    tools.call("vm.feature.Remove+service.cups", qube)
    with pytest.raises(QubesError) as refused:
        tools.call("vm.feature.Get+service.cups", qube)
    assert refused.value.kind == "QubesFeatureNotFoundError"
    tools.call("vm.notes.Set", qube, b"first\nsecond")
    assert tools.call("vm.notes.Get", qube) == "first\nsecond"


def test_rules_are_added_removed_and_reset(tools: Tools, qube: str) -> None:
    tools.firewall_add(qube, "action=accept proto=tcp dsthost=example.com dstports=443-443")
    tools.firewall_add(qube, "action=accept proto=udp dsthost=1.2.3.4 dstports=53", before=0)
    assert tools.lines("vm.firewall.Get", qube) == [
        "action=accept dst4=1.2.3.4/32 proto=udp dstports=53-53",
        "action=accept",
        "action=accept dsthost=example.com proto=tcp dstports=443-443",
    ]

    tools.firewall_remove(qube, 0)

    assert len(tools.lines("vm.firewall.Get", qube)) == 2
    tools.call("vm.firewall.Set", qube, b"action=accept\n")
    tools.call("vm.firewall.Reload", qube)
    assert tools.lines("vm.firewall.Get", qube) == ["action=accept"]


def test_a_volume_is_configured_imported_cleared_and_reverted(tools: Tools, qube: str) -> None:
    tools.call("vm.volume.Set.revisions_to_keep+private", qube, b"2")
    assert tools.volume(qube, "private")["revisions_to_keep"] == "2"

    tools.imported(qube, "private", b"content" * 1000)

    assert int(tools.volume(qube, "private")["usage"]) > 0
    before = tools.lines("vm.volume.ListSnapshots+private", qube)
    tools.call("vm.volume.Clear+private", qube)
    if before:
        tools.call("vm.volume.Revert+private", qube, before[-1].encode())
    with pytest.raises(QubesError) as refused:
        tools.call("vm.volume.Info+nosuch", qube)
    assert refused.value.kind == "PermissionDenied"


def test_qubes_of_other_classes_are_made(tools: Tools, qube: str) -> None:
    made = [f"{qube}-s", f"{qube}-t"]
    tools.standalone(made[0], "debian-13", "blue")
    tools.call("vm.Create.TemplateVM", payload=f"name={made[1]} label=black".encode())
    tools.imported(made[1], "root", b"image" * 1000)
    tools.call("vm.property.Set+template_for_dispvms", qube, b"True")
    disposable = tools.call("vm.CreateDisposable", qube)
    tools.call("vm.Start", disposable)

    listed = tools.ls()

    assert {listed[name]["klass"] for name in made} == {"StandaloneVM", "TemplateVM"}
    assert listed[made[0]]["label"] == "blue"
    assert listed[disposable]["state"] == "Running"
    tools.call("vm.Kill", disposable)
    assert disposable not in {line.split()[0] for line in tools.lines("vm.List")}
    for name in (*made, qube):
        tools.call("vm.Remove", name)


def test_a_template_is_installed_and_one_of_a_package_is_kept(tools: Tools, qube: str) -> None:
    name = f"{qube}-p"

    tools.template(name, b"image" * 1000)

    assert tools.call("vm.feature.Get+template-name", name) == name
    assert tools.get(name, "netvm")[0]
    tools.call("vm.property.Set+installed_by_rpm", name, b"True")
    with pytest.raises(QubesError) as refused:
        tools.call("vm.Remove", name)
    assert refused.value.kind == "QubesVMInUseError"
    tools.call("vm.property.Set+installed_by_rpm", name, b"False")
    tools.call("vm.Remove", name)


def test_a_qube_of_a_backup_is_restored_although_some_of_it_is_refused(tools: Tools, qube: str) -> None:
    name = f"{qube}-r"

    tools.restored(name, "debian-13", ["work", "created-by-dom0"], b"data" * 5000)

    assert tools.get(name, "memory") == (False, "400")
    assert "work" in tools.lines("vm.tag.List", name)
    assert tools.call("vm.feature.Get+empty", name) == ""
    assert int(tools.volume(name, "private")["usage"]) > 0


def test_a_device_is_assigned_in_each_mode_and_a_cdrom_given_for_one_start(tools: Tools, qube: str) -> None:
    for mode in ("auto-attach", "ask-to-attach", "required"):
        argument = tools.assign("block", qube, "dom0", "sdb1", mode, **{"read-only": "True"})
        (row,) = tools.lines("vm.device.block.Assigned", qube)
        assert f"mode='{mode}'" in row
        tools.call(f"vm.device.block.Unassign+{argument}", qube)
    assert tools.lines("vm.device.block.Assigned", qube) == []
    cdrom = b"device_id='*' mode='required' _devtype='cdrom' _read-only='True'"

    tools.call("vm.device.block.Assign+dom0+sdb1+_", qube, cdrom)
    tools.call("vm.Start", qube)
    tools.call("vm.device.block.Unassign+dom0+sdb1+_", qube)

    (row,) = tools.lines("vm.device.block.Attached", qube)
    assert "_devtype='cdrom'" in row
    tools.call("vm.Kill", qube)


def test_a_qube_that_is_used_is_not_removed(daemon: DaemonProcess) -> None:
    tools = Tools(by_socket(daemon.socket))

    with pytest.raises(QubesError) as refused:
        tools.call("vm.Remove", "debian-13")

    assert refused.value.kind == "QubesVMInUseError"


def test_a_management_qube_sees_only_its_own_qubes(daemon: DaemonProcess, tools: Tools, qube: str) -> None:
    everything = Tools(by_socket(daemon.socket)).ls()

    seen = tools.ls()

    assert qube in seen
    assert seen == everything or seen.keys() < everything.keys()
    assert ("vault" in seen) is (seen == everything)


def test_a_stream_goes_through_the_program_that_the_tools_in_dom0_start(daemon: DaemonProcess, handler: Path) -> None:
    tools = Tools(by_socket(daemon.socket))
    program = handler.with_name("admin.vm.volume.ImportWithSize")
    if not program.is_symlink():
        program.symlink_to(handler.name)
    environment = {**os.environ, "QREXEC_REMOTE_DOMAIN": "dom0", "QREXEC_REQUESTED_TARGET": "vault"}
    data = os.urandom(1 << 20) * 5

    done = subprocess.run(
        [str(program), "private"],
        input=f"{len(data)}\n".encode() + data,
        env=environment,
        capture_output=True,
        check=True,
    )

    assert done.stdout == b"0\x00"
    assert int(tools.volume("vault", "private")["size"]) == 8 << 20


def test_a_backup_is_shown_and_made_by_the_profile_that_the_tool_wrote(daemon: DaemonProcess, tmp_path: Path) -> None:
    tools = Tools(by_socket(daemon.socket))
    folder = tmp_path / "backups"
    folder.mkdir()
    profile = daemon.socket.parent / "state/backup/backup-run-1.conf"
    profile.parent.mkdir(exist_ok=True)
    profile.write_text(f"include: [vault]\ndestination_path: {folder}\npassphrase_text: words\ncompression: false\n")
    # The first backup at a new destination is confirmed once, which the tools cannot do.
    assert raw(daemon.socket, b"mgmt1.backup.Execute+backup-run-1 dom0 name dom0\x00new-disk=yes\n") == b"0\x00"

    table = tools.backup("backup-run-1")

    assert "            vault |           VM |" in table
    assert len(list(folder.iterdir())) == 2
    profile.unlink()
