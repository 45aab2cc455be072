# SPDX-License-Identifier: GPL-3.0-or-later
"""The lexical rules: what a name, a tag, a label or an argument may look like before anything is believed.

Source: the "Lexical rules" of the mgmt1 specification (docs/api.md carries them). Each rule is a row; `check` is the
one way to apply it.
"""

import re
from dataclasses import dataclass

from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import refusal, text

DOM0 = "dom0"
"""The admin qube, which every system has and which no rule of a qube restricts."""
UUID_PREFIX = "uuid:"
"""The prefix of a destination that names a qube by its UUID."""
RESERVED_VM_NAMES = frozenset({"none", "default", DOM0, "Domain-0"})
"""Names that no new qube may have."""
CREATED_BY = "created-by-"
"""The prefix of the tag that names the qube which created this one; it is neither set nor removed by a call."""
MANAGED_BY = "managed-by-"
TAGS_OF_QUBES = (CREATED_BY, MANAGED_BY)
"""The prefixes of tags that end in the name of a qube and give rights to it."""


@dataclass(frozen=True, slots=True)
class NameRule:
    """One kind of name: the `noun` for it in messages, the pattern that must match it whole."""

    noun: Reason
    pattern: re.Pattern[str]

    @property
    def what(self) -> str:
        """The noun in English."""
        return text(self.noun)

    def matches(self, text: str) -> bool:
        return self.pattern.fullmatch(text) is not None


VM_NAME = NameRule(Reason("what-qube-name"), re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,30}", re.ASCII))
PROPERTY_NAME = NameRule(Reason("what-property-name"), re.compile(r"[a-z_][a-z0-9_]{0,63}", re.ASCII))
FEATURE_NAME = NameRule(Reason("what-feature-name"), re.compile(r"(?![.-])[A-Za-z0-9_.-]{1,128}", re.ASCII))
QUBES_TAG = NameRule(Reason("what-tag-of-qubes"), re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII))
"""The tags of Qubes OS: its restore tool stops at any other."""
TAG_NAME = NameRule(
    Reason("what-tag"),
    re.compile(r"[A-Za-z0-9_-]{1,128}|(?:created|managed)-by-[A-Za-z][A-Za-z0-9_.-]{0,30}", re.ASCII),
)
"""The tags of a qube here: those of Qubes OS, and two kinds that end in the name of a qube, which may have a dot."""
LABEL_NAME = NameRule(Reason("what-label"), re.compile(r"[a-z0-9-]{1,32}", re.ASCII))
POOL_NAME = NameRule(Reason("what-pool-name"), re.compile(r"(?![.-])[A-Za-z0-9_.-]{1,128}", re.ASCII))
PROFILE_ID = NameRule(Reason("what-profile-id"), re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII))
VOLUME_NAME = NameRule(Reason("what-volume-name"), re.compile(r"[a-z][a-z0-9_-]{0,31}", re.ASCII))
VOLUME_ID = NameRule(Reason("what-volume-id"), re.compile(r"(?!/)(?!.*//)[A-Za-z0-9_.@+:/-]{1,200}(?<!/)", re.ASCII))
SNAPSHOT_ID = NameRule(Reason("what-snapshot-id"), re.compile(r"[A-Za-z0-9_.:+-]{1,64}", re.ASCII))
RULE_ID = NameRule(Reason("what-rule-id"), re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII))
DEVICE_IDENT = NameRule(Reason("what-device-id"), re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", re.ASCII))
DEVICE_INTERFACE = NameRule(Reason("what-device-interface"), re.compile(r"[bupm?*][0-9a-f*]{6}", re.ASCII))
DEVICE_IDENTITY = NameRule(Reason("what-device-identity"), re.compile(r"[A-Za-z0-9_.:-]{1,200}", re.ASCII))
SERVICE_CALL = NameRule(
    Reason("what-service"), re.compile(r"(?=.{1,255}$)[A-Za-z0-9_.-]+(?:\+[A-Za-z0-9_.+-]*)?", re.ASCII)
)
"""A service in a qube, with its argument."""
LOG_NAME = NameRule(Reason("what-log-name"), re.compile(r"(?![.-])[A-Za-z0-9_.-]{1,64}", re.ASCII))
FILE_NAME = NameRule(Reason("what-policy-file-name"), re.compile(r"(?![.])[a-z0-9_.-]{1,100}", re.ASCII))
CLASS_NAME = NameRule(Reason("what-class-name"), re.compile(r"[A-Z][A-Za-z]{0,30}", re.ASCII))
# What qrexec lets through. A literal `:`, which a direct socket can carry, marks a plain `pool:vid` pair.
ARGUMENT = NameRule(
    Reason("what-argument"), re.compile(r"[A-Za-z0-9_.+-]{0,255}|(?=[^:]*:)[A-Za-z0-9_.@+:/-]{1,255}", re.ASCII)
)


def check(rule: NameRule, untrusted: str) -> str:
    """The text itself, once it fits its rule. Raises `ProtocolError` naming the kind of name and the text, escaped."""
    if not rule.matches(untrusted):
        raise refusal("not-valid", rule.noun, shown(untrusted))
    if rule is VOLUME_ID and any(part in {".", ".."} for part in untrusted.split("/")):
        raise refusal("not-valid", rule.noun, shown(untrusted))
    return untrusted


def manager_tag(manager: str) -> str:
    """The tag of the qubes that a source manages."""
    return f"{MANAGED_BY}{manager}"


def tag_today(tag: str) -> str:
    """The name that a tag has now: tags once could contain dots, and Qubes OS takes none."""
    return tag if TAG_NAME.matches(tag) else tag.replace(".", "_")


def why_not_new_vm_name(name: str) -> Reason | None:
    """Why a new qube cannot have this name, as a sentence; None if it can (a taken name is not looked at)."""
    if not name:
        return Reason("name-empty")
    if not name[0].isascii() or not name[0].isalpha():
        return Reason("name-first-letter")
    if len(name) > 31:  # noqa: PLR2004 - the length of VM_NAME
        return Reason("name-too-long")
    if not VM_NAME.matches(name):
        return Reason("name-characters")
    if name in RESERVED_VM_NAMES:
        return Reason("name-reserved", name)
    if name.endswith("-dm"):
        return Reason("name-ends-dm")
    return None


def shown(untrusted: str | bytes, limit: int = 80) -> str:
    """Untrusted text for a message or a log: quoted, printable ASCII only, cut at `limit` characters."""
    text = ascii(untrusted[:limit])
    return text if len(text) <= limit and len(untrusted) <= limit else text[: limit - 4] + "...'"


def printable(untrusted: str) -> str:
    """One line of untrusted text for a terminal: control characters are shown as escapes, not obeyed."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in untrusted)
