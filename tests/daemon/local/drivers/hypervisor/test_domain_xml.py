# SPDX-License-Identifier: GPL-3.0-or-later
"""The XML says what the spec says, whatever the texts in it are."""

import re
from dataclasses import replace
from pathlib import Path
from uuid import UUID
from xml.etree import ElementTree as ET

import libvirt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qubesmanager.daemon.local.drivers.devices.base import BlockDevice, Microphone, PciDevice, UsbDevice
from qubesmanager.daemon.local.drivers.hypervisor import domain_xml
from qubesmanager.daemon.local.drivers.hypervisor.base import DiskFormat, DiskSpec, DomainSpec, NicKind, NicSpec
from qubesmanager.daemon.local.drivers.hypervisor.domain_xml import FLAVOURS
from qubesmanager.wire.errors import Mgmt1Error, QubesValueError

SPEC = DomainSpec(UUID(int=7), "work", "AppVM", memory_mib=400, maxmem_mib=4000, vcpus=2, max_vcpus=4)

FULL = replace(
    SPEC,
    kernel=Path("/boot/vmlinuz"),
    initrd=Path("/boot/initrd"),
    kernelopts="quiet",
    disks=(DiskSpec("xvda", Path("/d/root"), serial="root", read_only=True, boot=True),),
    nics=(
        NicSpec("00:16:3e:00:00:01", NicKind.USER),
        NicSpec("00:16:3e:00:00:02", NicKind.TAP, "tap1"),
        NicSpec("00:16:3e:00:00:03", NicKind.BRIDGE, "br0"),
    ),
    devices=(UsbDevice(1, 4, 0x1D6B, 2), PciDevice(0, 3, 0, 1), Microphone()),
    console_log=Path("/log/work"),
    agent=True,
    channel=True,
    debug=True,
)


def _tree(spec: DomainSpec, flavour: str = "qemu", owner: str = "me") -> ET.Element:
    return ET.fromstring(domain_xml.domain(spec, FLAVOURS[flavour], owner))


@given(text=st.text(max_size=40), flavour=st.sampled_from(sorted(FLAVOURS)))
def test_any_text_comes_back_as_it_was_or_is_refused(text: str, flavour: str) -> None:
    spec = replace(SPEC, name=text, klass=text, kernel=Path("/k"), kernelopts=text)
    try:
        tree = _tree(spec, flavour, owner=text)
    except QubesValueError:
        assert re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", text)
        return

    # A parser turns a carriage return into a line feed, as the standard asks; attributes keep theirs escaped.
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    assert (tree.findtext("name") or "").replace("\r", "\n") in {plain, text.replace("\r", "\n")}
    owner = tree.find(f"metadata/{{{domain_xml.METADATA_NAMESPACE}}}qube")
    assert owner is not None
    assert len(tree.findall("name")) == 1


@pytest.mark.parametrize("name", ['<name>"', "a&b", "]]>", "' or 1", "é日本", "--"])
def test_hostile_names_stay_names(name: str) -> None:
    spec = replace(SPEC, name=name, disks=(DiskSpec("xvda", Path("/d") / name),))

    tree = _tree(spec)

    assert tree.findtext("name") == name
    source = tree.find("devices/disk/source")
    assert source is not None
    assert source.get("file") == f"/d/{name}"


@pytest.mark.parametrize("serial", ["a b", "x" * 37, "a,b", "ü", "a\n"])
def test_a_serial_is_plain_or_refused(serial: str) -> None:
    with pytest.raises(QubesValueError):
        _tree(replace(SPEC, disks=(DiskSpec("xvda", Path("/d"), serial=serial),)))


@pytest.mark.parametrize("target", ["sda", "xvdA", "xvd", "xvdaaa", "xvda1"])
def test_a_disk_has_a_place_or_is_refused(target: str) -> None:
    with pytest.raises(QubesValueError):
        _tree(replace(SPEC, disks=(DiskSpec(target, Path("/d")),)))


@pytest.mark.parametrize("flavour", ["test", "qemu"])
def test_libvirts_own_parser_takes_everything_we_write(flavour: str) -> None:
    libvirt.registerErrorHandler(lambda _context, _error: None, None)
    connection = libvirt.open("test:///default")
    # The test driver defines only its own type, and checks everything else.
    text = domain_xml.domain(FULL, FLAVOURS[flavour], "me").replace('type="qemu"', 'type="test"')
    text = text.replace(' arch="x86_64" machine="q35"', "")
    try:
        domain = connection.defineXML(text)
        element = domain.metadata(libvirt.VIR_DOMAIN_METADATA_ELEMENT, domain_xml.METADATA_NAMESPACE)
        live = domain.XMLDesc()
    finally:
        connection.close()

    assert domain_xml.metadata_owner(element) == "me"
    assert domain_xml.find_disk(live, "xvda", FLAVOURS[flavour]) is not None
    assert domain_xml.find_disk(live, "xvdb", FLAVOURS[flavour]) is None
    assert domain_xml.find_nic(live, "00:16:3E:00:00:02") is not None
    assert domain_xml.find_nic(live, "00:16:3e:00:00:09") is None
    assert domain_xml.has_host_device(live, UsbDevice(1, 4, 0, 0))
    assert not domain_xml.has_host_device(live, UsbDevice(1, 5, 0, 0))
    assert domain_xml.has_host_device(live, PciDevice(0, 3, 0, 1))
    assert not domain_xml.has_host_device(live, PciDevice(0, 3, 0, 2))


def _texts(alphabet: str) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=1, max_size=8)


SPECS = st.builds(
    DomainSpec,
    uuid=st.uuids(),
    name=_texts("ab-<&"),
    klass=st.sampled_from(["AppVM", "StandaloneVM", "DispVM", "TemplateVM"]),
    memory_mib=st.integers(1, 9999),
    virt_mode=st.sampled_from(["pvh", "hvm", "pv"]),
    disks=st.lists(
        st.builds(
            DiskSpec,
            st.sampled_from(["xvda", "xvdi", "xvdaa"]),
            st.just(Path("/d")),
            st.sampled_from(DiskFormat),
            cdrom=st.booleans(),
            is_device=st.booleans(),
        ),
        max_size=3,
    ).map(tuple),
    nics=st.lists(st.builds(NicSpec, st.just("00:16:3e:00:00:01"), st.sampled_from(NicKind), _texts("ab1"))).map(tuple),
    devices=st.lists(st.just(Microphone())).map(tuple),
    console_log=st.none() | st.just(Path("/log")),
    agent=st.booleans(),
    channel=st.booleans(),
    debug=st.booleans(),
)


@given(spec=SPECS, flavour=st.sampled_from(sorted(FLAVOURS)))
def test_no_domain_listens_on_a_port(spec: DomainSpec, flavour: str) -> None:
    tree = _tree(spec, flavour)

    for element in tree.iter():
        assert not {"autoport", "tlsPort", "websocket", "service"} & element.attrib.keys()
        assert element.tag not in {"serial", "parallel", "redirdev", "smartcard", "commandline"}
        if element.tag == "graphics":
            assert not {"port", "listen", "socket"} & element.attrib.keys()
            assert [listen.attrib for listen in element] == [{"type": "none"}]
        if element.tag in {"console", "channel"}:
            assert element.get("type") in {"pty", "unix"}


def test_the_whole_chain_of_an_overlay_is_named_with_its_formats() -> None:
    disk = DiskSpec("xvda", Path("/d/top"), DiskFormat.QCOW2, backing=(Path("/d/middle"), Path("/d/base")))

    element = domain_xml.disk(disk, FLAVOURS["qemu"])

    below = element.find("backingStore")
    for path in ("/d/middle", "/d/base"):
        assert below is not None
        assert below.get("type") == "file"
        assert [child.attrib for child in below][:2] == [{"type": "qcow2"}, {"file": path}]
        below = below.find("backingStore")
    assert below is not None
    assert (below.attrib, list(below)) == ({}, [])


@pytest.mark.parametrize(("mode", "kind"), [("hvm", "hvm"), ("pvh", "xenpvh"), ("pv", "linux")])
def test_xen_has_its_modes(mode: str, kind: str) -> None:
    assert _tree(replace(SPEC, virt_mode=mode), "xen").findtext("os/type") == kind


def test_a_block_device_is_attached_as_a_disk() -> None:
    with pytest.raises(Mgmt1Error, match="as a disk"):
        domain_xml.host_device(BlockDevice("/dev/sdz", 1, read_only=False))


def test_memory_is_what_it_starts_with_and_what_it_may_have() -> None:
    tree = _tree(SPEC)

    assert (tree.findtext("memory"), tree.findtext("currentMemory")) == ("4000", "400")
    assert tree.findtext("vcpu") == "4"


def test_only_qemu_has_a_guest_channel_and_its_socket_is_read_from_the_domain() -> None:
    for flavour in FLAVOURS:
        names = [
            target.get("name")
            for target in _tree(replace(SPEC, channel=True), flavour).iterfind("devices/channel/target")
        ]
        assert names == (["org.qubes.mgmt1.0"] if FLAVOURS[flavour].emulated else [])
    live = domain_xml.domain(replace(SPEC, agent=True, channel=True), FLAVOURS["qemu"], "me")
    assert domain_xml.channel_path(live, "org.qubes.mgmt1.0") is None

    live = live.replace('<source mode="bind" />', '<source mode="bind" path="/run/other" />', 1)
    live = live.replace('<source mode="bind" />', '<source mode="bind" path="/run/ours" />', 1)

    assert domain_xml.channel_path(live, "org.qubes.mgmt1.0") == Path("/run/ours")
