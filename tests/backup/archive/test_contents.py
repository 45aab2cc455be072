# SPDX-License-Identifier: GPL-3.0-or-later
"""qubes.xml: every setting comes back; what cannot be is refused in words."""

import contextlib
from dataclasses import replace
from xml.etree.ElementTree import fromstring

import pytest
from backup_samples import DOM0, LABELS, contents, english, rich_qube
from hypothesis import given, settings
from hypothesis import strategies as st

from qubesmanager.backup.archive.contents import Contents, Qube, Summary, from_xml, summary_of, to_xml
from qubesmanager.backup.errors import BackupDamagedError, BackupError, BackupLimitError
from qubesmanager.wire.errors import QubesValueError

TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="￾￿") | st.sampled_from("\t\n\r"))


def test_every_setting_comes_back() -> None:
    backup = contents(rich_qube(), replace(rich_qube("left-out", ""), size=0))

    assert from_xml(to_xml(backup)) == backup
    assert [qube.name for qube in from_xml(to_xml(backup)).kept] == ["work"]


@given(st.dictionaries(TEXTS, TEXTS, max_size=5), st.frozensets(TEXTS, max_size=5))
@settings(max_examples=60, deadline=None)
def test_any_text_that_xml_can_hold_comes_back(values: dict[str, str], tags: frozenset[str]) -> None:
    features = {name: value for name, value in values.items() if not name.startswith("backup-")}
    backup = contents(Qube("work", "AppVM", "red", {}, features, tags, (), "vm1/", 5))

    assert from_xml(to_xml(backup)) == backup


def test_firewall_and_notes_come_back_in_short() -> None:
    rules = tuple(f"action=accept dst4=192.0.2.{number}" for number in range(30))
    qube = replace(rich_qube(), summary=summary_of(rules, "<b>\a" + "x" * 2000))

    (read,) = from_xml(to_xml(contents(qube))).kept

    assert read.summary == Summary(30, rules[:20], "<b>" + "x" * 996)
    assert from_xml(to_xml(contents(rich_qube()))).kept[0].summary is None


@pytest.mark.parametrize("odd", ['rules="-1"', 'rules="many"', 'rules="9999999999999999999"', ""])
def test_a_summary_that_makes_no_sense_is_as_if_it_were_not_there(odd: str) -> None:
    qube = replace(rich_qube(), summary=Summary(2))
    text = to_xml(contents(qube)).replace(b'rules="2"', odd.encode())

    assert from_xml(text).kept[0].summary is None


@pytest.mark.parametrize("odd", ["&#10;", "\u202e", "\u20ac"])
def test_a_summary_with_a_rule_that_no_rule_can_be_is_as_if_it_were_not_there(odd: str) -> None:
    qube = replace(rich_qube(), summary=Summary(1, ("action=drop",)))
    text = to_xml(contents(qube)).replace(b"<rule>action=", f"<rule>action={odd}".encode())

    assert from_xml(text).kept[0].summary is None


def test_the_form_is_the_one_that_the_qubes_tool_reads() -> None:
    root = fromstring(to_xml(contents(rich_qube())))

    domain = root.findall("./domains/domain")[1]
    assert domain.get("class") == "AppVM"
    properties = {node.get("name"): node.text for node in domain.findall("./properties/property")}
    assert (properties["name"], properties["label"], properties["netvm"]) == ("work", "red", None)
    features = {node.get("name"): node.text for node in domain.findall("./features/feature")}
    assert (features["backup-content"], features["backup-path"], features["backup-size"]) == ("True", "vm1/", "1048576")
    assert [node.get("id") for node in root.findall("./labels/label")] == ["label-1", "label-8"]


def test_a_label_may_be_named_by_its_id() -> None:
    text = to_xml(contents(rich_qube())).replace(b'"label">red<', b'"label">label-1<')

    assert from_xml(text).qubes[1].label == "red"


def test_a_character_that_xml_has_not_is_refused_before_anything_is_written() -> None:
    with pytest.raises(QubesValueError, match="XML does not allow"):
        to_xml(contents(replace(rich_qube(), features={"bell": "\a"})))


def test_an_undeclared_label_and_a_missing_dom0_are_refused() -> None:
    with pytest.raises(QubesValueError, match="label blue"):
        to_xml(contents(replace(rich_qube(), label="blue")))
    with pytest.raises(QubesValueError, match="dom0"):
        to_xml(Contents(LABELS, {}, (rich_qube(),)))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (b'"backup-path">vm1/<', b'"backup-path">vm1/../<', "where the data of work"),
        (b'"backup-path">vm1/<', b'"backup-path">/etc/<', "where the data of work"),
        (b'"backup-size">1048576<', b'"backup-size">-5<', "where the data of work"),
        (b'"name">work<', b'"name">../work<', "cannot be"),
        (b'"name">work<', b'"name">dom0<', "cannot be"),
        (b'"label">red<', b'"label">mauve<', "which label work"),
        (b'class="AdminVM"', b'class="AppVM"', "cannot be"),
        (b'id="label-1"', b'id="red"', "label 'red'"),
        (b"</qubes>", b"", "not the XML"),
    ],
)
def test_impossible_contents_are_refused(old: bytes, new: bytes, says: str) -> None:
    text = to_xml(contents(rich_qube()))
    assert old in text

    with pytest.raises(BackupDamagedError, match=says):
        from_xml(text.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "name", "path", "says"),
    [
        (b'"backup-path">vm1/<', b'"backup-path">vm1/../<', "work", "", "where the data of work"),
        (b'"backup-size">1048576<', b'"backup-size">-5<', "work", "vm1/", "where the data of work"),
        (b'"name">work<', b'"name">../work<', "domain-1", "vm1/", "'../work'"),
        (b'"name">work<', b'"name">dom0<', "domain-1", "vm1/", "'dom0'"),
        (b'class="AppVM"', b'class="App VM"', "work", "vm1/", "class 'App VM'"),
        (b'"label">red<', b'"label">mauve<', "work", "vm1/", "which label work"),
    ],
)
def test_an_invalid_qube_fails_no_other_qube(old: bytes, new: bytes, name: str, path: str, says: str) -> None:
    other = rich_qube("other", "vm2/")
    text = to_xml(contents(rich_qube(), other))
    assert old in text

    read = from_xml(text.replace(old, new, 1))

    assert read.kept == (other,)
    assert [(qube.name, qube.path) for qube in read.unreadable] == [(name, path)]
    assert says in english(read.unreadable[0].problem)


def test_a_qube_that_is_not_in_the_backup_may_be_anything() -> None:
    text = to_xml(contents(rich_qube(), replace(rich_qube("left-out", ""), size=0))).replace(b">left-out<", b">../x<")

    assert [qube.name for qube in from_xml(text).qubes] == ["dom0", "work"]


def test_the_home_of_dom0_is_a_folder_of_its_user() -> None:
    backup = contents(rich_qube())
    home = replace(backup.qubes[0], path="dom0-home/", size=5000)
    text = to_xml(replace(backup, qubes=(home, *backup.qubes[1:])))

    for path in (b"dom0-home/user", b"dom0-home/", b"dom0-home/some one"):
        assert from_xml(text.replace(b">dom0-home/<", b">" + path + b"<")).kept[0] == home
    with pytest.raises(BackupDamagedError, match="where the data of dom0"):
        from_xml(text.replace(b">dom0-home/<", b">home<"))


@pytest.mark.parametrize(
    ("attributes", "required", "identity", "mode"),
    [
        ('required="yes"', True, "", ""),
        ('required="True"', True, "", ""),
        ('required="no"', False, "", ""),
        ("", True, "", ""),
        ('mode="required" identity="*"', True, "", ""),
        ('mode="auto-attach" identity="0951:1666"', False, "0951:1666", ""),
        ('mode="ask-to-attach" required="yes"', False, "", "ask-to-attach"),
    ],
)
def test_an_assignment_is_read_in_the_forms_of_every_qubes(
    attributes: str, required: bool, identity: str, mode: str
) -> None:
    text = to_xml(contents(rich_qube())).replace(b'required="no"', attributes.encode(), 1)

    device = from_xml(text).qubes[1].devices[0]

    assert (device.required, device.identity, device.mode) == (required, identity, mode)
    assert from_xml(to_xml(from_xml(text))) == from_xml(text)


def test_the_same_name_or_folder_twice_is_refused() -> None:
    with pytest.raises(BackupDamagedError, match="qube work twice"):
        from_xml(to_xml(contents(rich_qube(), rich_qube("work", "vm2/"))))
    with pytest.raises(BackupDamagedError, match="folder vm1/ twice"):
        from_xml(to_xml(contents(rich_qube(), rich_qube("home"))))


def test_an_entity_bomb_is_refused_by_name() -> None:
    levels = b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10))
    bomb = b'<!DOCTYPE q [<!ENTITY a0 "ha">' + levels + b"]><qubes>&a9;</qubes>"

    with pytest.raises(BackupLimitError, match="entities"):
        from_xml(bomb)


def test_a_backup_without_labels_for_dom0_is_refused_with_a_reason() -> None:
    text = to_xml(contents()).replace(b'"label">black<', b'"label"><')

    with pytest.raises(BackupDamagedError, match=f"which label {DOM0.name} has"):
        from_xml(text)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_refused_in_words(untrusted: bytes) -> None:
    with pytest.raises(BackupError):
        from_xml(untrusted)


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_any_change_is_read_or_refused_in_words(data: st.DataObject) -> None:
    text = bytearray(to_xml(contents(rich_qube())))
    for _ in range(data.draw(st.integers(1, 5))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))

    with contextlib.suppress(BackupError):
        assert from_xml(bytes(text)).qubes
