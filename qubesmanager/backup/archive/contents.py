# SPDX-License-Identifier: GPL-3.0-or-later
"""qubes.xml: the settings of the qubes in a backup, as values and as text.

    <qubes><labels><label id="label-1" color="0xcc0000">red</label>...</labels>
    <properties><property name="default_netvm">sys-firewall</property>...</properties>
    <domains><domain id="domain-1" class="AppVM">
      <properties><property name="name">work</property><property name="label">red</property>...</properties>
      <features><feature name="backup-content">True</feature><feature name="backup-path">vm1/</feature>
        <feature name="backup-size">1024</feature>...</features>
      <tags><tag name="mine"/>...</tags>
      <devices class="block"><device backend-domain="sys-usb" id="sda" required="yes"><option name="n">v</option>
      </device></devices></domain>...</domains></qubes>

Ours also has `<mgmt1-summary rules="2"><rule>action=accept</rule>...<notes>text</notes></mgmt1-summary>` in a domain:
its firewall and notes in short, since they are in full only behind its volumes. Readers of Qubes ignore it.

A property or feature without text is the empty text here. A qube is in the backup iff `backup-content` is not empty.
The path of dom0 is `dom0-home/` and the name of a user. Qubes 4.3 writes a device with `mode="required|auto-attach|
ask-to-attach"` instead of `required`, and with `identity`: which device it must be, `*` for any at that port.
Source: Qubes OS 4.x, the store that its backup tool reads (backup format v4).
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from qubesmanager.backup.errors import BackupDamagedError
from qubesmanager.wire import limits
from qubesmanager.wire.names import CLASS_NAME, DOM0, VM_NAME, shown
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import error_for, reason_of, refusal
from qubesmanager.wire.restores import NOTES_SHOWN

ADMIN_CLASS = "AdminVM"
REMOTE_CLASS = "RemoteVM"
"""A class without volumes: a backup may have only the settings of such a qube."""
XML_LIMIT = limits.BACKUP_XML_BYTES
"""The most bytes of a qubes.xml that are read."""
QUBES_LIMIT = limits.BACKUP_QUBES

SUMMARY_RULES = 20
"""The first rules of a firewall that a summary has."""

_PATH = re.compile(r"vm[0-9]{1,9}/", re.ASCII)
_HOME = "dom0-home/"
"""The prefix of dom0's path; the tool of Qubes OS adds the name of the user whose home it is."""
_SIZE = re.compile(r"[0-9]{1,18}", re.ASCII)
_REQUIRED, _AUTO = "required", "auto-attach"
"""The modes in which a device is attached at each start."""
_ANY = "*"
_SUMMARY = "mgmt1-summary"
_TRUE = frozenset({"yes", "true", "on", "1"})
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Label:
    """A colour by name; `color` is `0xRRGGBB`. What was read may be of a custom label with a name not allowed here."""

    index: int
    name: str
    color: str


@dataclass(frozen=True, slots=True)
class Device:
    """A device assigned persistently. `device_class` as on the wire: `block`, `usb`, `pci`, `mic`.

    `required`: the qube does not start without it. `identity` is what the device at that port must be, empty for any.
    `mode` is empty, or the name of a mode in which the device is not attached at each start, such as `ask-to-attach`.
    `unsaid`: the backup is older than modes, and does not say whether it is required.
    """

    device_class: str
    backend: str
    ident: str
    required: bool = True
    options: Mapping[str, str] = field(default_factory=dict)
    identity: str = ""
    mode: str = ""
    unsaid: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Summary:
    """The firewall and notes of a qube in short: the number of rules, the first ones, the beginning of the notes."""

    rules: int
    first_rules: tuple[str, ...] = ()
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Qube:
    """The settings of one qube. Names and values of properties, features, tags and devices are not checked here.

    `properties` are those that were set, without `name` and `label`; references are names, none is the empty text.
    `path` is the qube's folder in the backup, `vm1/`, or empty if only its settings are there. dom0's is written as
    `dom0-home/USER` and read as `dom0-home/`, with USER as `user`, which is not checked. `size` is the number of bytes
    that its files hold at most, holes not counted. `summary` is None in a backup of another program. `problem` is why
    the qube cannot be read; its name may then be an invented one.
    """

    name: str
    klass: str
    label: str
    properties: Mapping[str, str] = field(default_factory=dict)
    features: Mapping[str, str] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    devices: tuple[Device, ...] = ()
    path: str = ""
    size: int = 0
    problem: Reason | None = None
    user: str = field(default="", compare=False)
    summary: Summary | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Contents:
    """The system and its qubes in the backup; `qubes` begins with dom0. `properties` are the system's own.

    A qube with a `problem` has data in the backup, and its settings are not valid.
    """

    labels: tuple[Label, ...]
    properties: Mapping[str, str]
    qubes: tuple[Qube, ...]

    @property
    def stored(self) -> tuple[Qube, ...]:
        """The qubes that have a folder in the backup."""
        return tuple(qube for qube in self.qubes if qube.path)

    @property
    def kept(self) -> tuple[Qube, ...]:
        """The qubes whose data and settings are in the backup."""
        return tuple(qube for qube in self.stored if not qube.problem)

    @property
    def unreadable(self) -> tuple[Qube, ...]:
        """The qubes that are in the backup and whose settings are not valid."""
        return tuple(qube for qube in self.qubes if qube.problem)


# -- to text ----------------------------------------------------------------------------------------------------------


def to_xml(contents: Contents) -> bytes:
    """The text of qubes.xml.

    Raises `QubesValueError` if a value has a character that XML cannot hold, a label is not declared or dom0 missing.
    """
    declared = {label.name for label in contents.labels}
    for qube in contents.qubes:
        if qube.label not in declared:
            raise refusal("xml-label-undeclared", qube.label, qube.name)
    if not any(qube.name == DOM0 for qube in contents.qubes):
        raise refusal("xml-no-dom0")
    return "\n".join(_system_lines(contents)).encode()


def _system_lines(contents: Contents) -> Iterator[str]:
    yield "<?xml version='1.0' encoding='utf-8'?>"
    yield "<qubes><labels>"
    for label in contents.labels:
        yield f'<label id="label-{label.index}" color={_attribute(label.color)}>{_text(label.name)}</label>'
    yield "</labels>"
    yield from _named("properties", "property", contents.properties)
    yield "<domains>"
    for number, qube in enumerate(contents.qubes):
        yield f'<domain id="domain-{number}" class={_attribute(qube.klass)}>'
        yield from _qube_lines(qube)
        yield "</domain>"
    yield "</domains></qubes>"


def _qube_lines(qube: Qube) -> Iterator[str]:
    own_name = {} if qube.klass == ADMIN_CLASS else {"name": qube.name}
    yield from _named("properties", "property", own_name | {"label": qube.label} | dict(qube.properties))
    kept = {"backup-content": "True", "backup-path": qube.path, "backup-size": str(qube.size)} if qube.path else {}
    yield from _named("features", "feature", dict(qube.features) | kept)
    yield "<tags>" + "".join(f"<tag name={_attribute(tag)}/>" for tag in sorted(qube.tags)) + "</tags>"
    for kind in sorted({device.device_class for device in qube.devices}):
        yield f"<devices class={_attribute(kind)}>"
        for device in qube.devices:
            if device.device_class == kind:
                yield (
                    f"<device backend-domain={_attribute(device.backend)} id={_attribute(device.ident)}{_mode(device)}>"
                )
                yield from (_item("option", name, value) for name, value in device.options.items())
                yield "</device>"
        yield "</devices>"
    if (summary := qube.summary) is not None:
        yield f'<{_SUMMARY} rules="{summary.rules}">'
        yield from (f"<rule>{_text(rule)}</rule>" for rule in summary.first_rules)
        yield f"<notes>{_text(summary.notes)}</notes></{_SUMMARY}>"


def summary_of(rules: Sequence[object], notes: str) -> Summary:
    """The summary of these rules and notes, without characters that XML does not allow."""
    first = [_cut(str(rule)) for rule in rules[:SUMMARY_RULES]]
    return Summary(len(rules), tuple(first), _cut(notes))


def _cut(text: str) -> str:
    return _NOT_XML.sub("", text[:NOTES_SHOWN])


def _mode(device: Device) -> str:
    identity = f" identity={_attribute(device.identity)}" if device.identity else ""
    if device.mode:
        return f" mode={_attribute(device.mode)}{identity}"
    return f' required="{"yes" if device.required else "no"}"{identity}'


def _named(outer: str, inner: str, values: Mapping[str, str]) -> Iterator[str]:
    yield f"<{outer}>"
    yield from (_item(inner, name, value) for name, value in values.items())
    yield f"</{outer}>"


def _item(tag: str, name: str, value: str) -> str:
    return f"<{tag} name={_attribute(name)}>{_text(value)}</{tag}>"


# Not those of xml.sax.saxutils, which load the HTTP client. A bare carriage return would come back as a line feed.
_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_ATTRIBUTE = _TEXT | str.maketrans({'"': "&quot;", "\n": "&#10;", "\t": "&#9;"})


def xml_text(text: str) -> str:
    """The text between two tags, escaped. Characters that XML does not have are left in it."""
    return text.translate(_TEXT)


def _text(text: str) -> str:
    return xml_text(_allowed(text))


def _attribute(text: str) -> str:
    return f'"{_allowed(text).translate(_ATTRIBUTE)}"'


def _allowed(text: str) -> str:
    if _NOT_XML.search(text):
        raise refusal("xml-character", shown(text))
    return text


# -- from text --------------------------------------------------------------------------------------------------------


def from_xml(untrusted: bytes) -> Contents:
    """The contents that the text describes; a qube whose settings are not valid gets a `problem`.

    Raises `BackupDamagedError` for any other text and if no qube is left, `BackupLimitError` for too much of it.
    """
    root = parse(untrusted, XML_LIMIT, "qubes.xml")
    labels = tuple(_label(element) for element in root.findall("./labels/label"))
    names = {f"label-{label.index}": label.name for label in labels} | {label.name: label.name for label in labels}
    domains = root.findall("./domains/domain")
    if len(domains) > QUBES_LIMIT:
        raise refusal("xml-too-many-qubes", len(domains), QUBES_LIMIT)
    qubes: list[Qube] = []
    problems: list[BackupDamagedError] = []
    for number, element in enumerate(domains):
        try:
            qubes.append(_qube(element, names))
        except BackupDamagedError as error:
            problems.append(error)
            if _feature(element, "backup-content"):
                qubes.append(_unreadable(element, number, {qube.name for qube in qubes}, reason_of(error)))
    if (twice := _twice(qube.name for qube in qubes)) is not None:
        raise refusal("xml-qube-twice", twice)
    if (twice := _twice(qube.path for qube in qubes if qube.path)) is not None:
        raise refusal("xml-folder-twice", twice)
    if not any(qube.name == DOM0 for qube in qubes):
        raise problems[0] if problems else refusal("xml-dom0-missing")
    contents = Contents(labels, _values(root.findall("./properties/property")), tuple(qubes))
    problem = next((qube.problem for qube in contents.unreadable), None)
    if problem is not None and not contents.kept:
        raise error_for(problem)
    return contents


def parse(untrusted: bytes, limit: int, name: str) -> Element:
    """The root of an XML text without entities and document type; `name` is what messages call it."""
    if len(untrusted) > limit:
        raise refusal("xml-too-long", name, limit)
    try:
        root: Any = fromstring(untrusted, forbid_dtd=True)
    except DefusedXmlException as error:
        raise refusal("xml-entities", name) from error
    except (ParseError, ValueError, LookupError) as error:
        raise refusal("xml-no-xml", name, str(error)) from error
    if not isinstance(root, Element):
        raise refusal("xml-empty", name)
    return root


def _qube(element: Element, labels: Mapping[str, str]) -> Qube:
    klass = element.get("class", "")
    properties = _values(element.findall("./properties/property"))
    name = properties.pop("name", "")
    name = DOM0 if klass == ADMIN_CLASS else name
    if not CLASS_NAME.matches(klass) or not VM_NAME.matches(name) or (name == DOM0) != (klass == ADMIN_CLASS):
        raise refusal("xml-bad-qube", shown(name), shown(klass))
    label = labels.get(properties.pop("label", ""))
    if label is None:
        raise refusal("xml-no-label", name)
    features = _values(element.findall("./features/feature"))
    content, path, size = (features.pop(f"backup-{key}", "") for key in ("content", "path", "size"))
    is_home = name == DOM0 and path.startswith(_HOME)
    if content and not ((is_home or _PATH.fullmatch(path)) and _SIZE.fullmatch(size)):
        raise refusal("xml-no-place", name)
    return Qube(
        name,
        klass,
        label,
        properties,
        features,
        frozenset(tag.get("name", "") for tag in element.findall("./tags/tag")),
        tuple(
            _device(group.get("class", ""), device)
            for group in element.findall("./devices")
            for device in group.findall("./device")
        ),
        (_HOME if is_home else path) if content else "",
        int(size) if content else 0,
        user=path.removeprefix(_HOME).strip("/") if content and is_home else "",
        summary=_summary(element.find(f"./{_SUMMARY}")),
    )


def _summary(element: Element | None) -> Summary | None:
    """The summary; None if there is none that makes sense: it is only shown."""
    rules = "" if element is None else element.get("rules", "")
    if element is None or not _SIZE.fullmatch(rules):
        return None
    first = [rule.text or "" for rule in element.findall("./rule")[:SUMMARY_RULES]]
    # The text of a rule is printable ASCII, its comment included: other texts could look like other rules.
    if not all(rule.isascii() and rule.isprintable() for rule in first):
        return None
    return Summary(int(rules), tuple(map(_cut, first)), _cut(element.findtext("./notes") or ""))


def _unreadable(element: Element, number: int, taken: Collection[str], problem: Reason) -> Qube:
    """The `number`-th domain, as far as its data can be attributed to it, under a unique name."""
    name = _values(element.findall("./properties/property")).get("name", "")
    path = _feature(element, "backup-path")
    if not VM_NAME.matches(name) or name == DOM0 or name in taken:
        name = f"domain-{number}"
    return Qube(name, "", "", path=path if _PATH.fullmatch(path) else "", problem=problem)


def _feature(element: Element, name: str) -> str:
    return _values(element.findall("./features/feature")).get(name, "")


def _label(element: Element) -> Label:
    ident, color, name = element.get("id", ""), element.get("color", ""), element.text or ""
    index = ident.removeprefix("label-")
    if not _SIZE.fullmatch(index) or not name:
        raise refusal("xml-bad-label", shown(name))
    return Label(int(index), name, color)


def _device(device_class: str, element: Element) -> Device:
    required, mode = element.get("required", ""), element.get("mode", "")
    identity = element.get("identity", "")
    if not mode:
        mode = _REQUIRED if not required or required.lower() in _TRUE else _AUTO
    return Device(
        device_class,
        element.get("backend-domain", ""),
        element.get("id", ""),
        mode == _REQUIRED,
        _values(element.findall("./option")),
        "" if identity == _ANY else identity,
        "" if mode in {_REQUIRED, _AUTO} else mode,
        unsaid=not (element.get("mode") or required),
    )


def _values(elements: Iterable[Element]) -> dict[str, str]:
    return {element.get("name", ""): element.text or "" for element in elements}


def _twice(names: Iterable[str]) -> str | None:
    """The first name that occurs again; None if there is no such name."""
    known: set[str] = set()
    for name in names:
        if name in known:
            return name
        known.add(name)
    return None
