# SPDX-License-Identifier: GPL-3.0-or-later
"""Qubes that a backup profile names: found, renamed and taken out in its text, whose comments stay."""

from dataclasses import replace

import yaml

from qubesmanager.backup.profile import REMOVED, TAG, Profile, marked, owner_of, parse_profile
from qubesmanager.wire.names import TAGS_OF_QUBES
from qubesmanager.wire.reasons import refusal

LISTS = ("include", "exclude")
QUBES = ("destination_vm", "passphrase_vm")
_TAGS = tuple(f"{TAG}{kind}" for kind in TAGS_OF_QUBES)
"""Patterns of tags that are renamed with the qube in their name."""


def keys_naming(profile: Profile, name: str) -> list[str]:
    """The keys whose values name the qube, itself or in a tag created-by-* or managed-by-*."""
    patterns = {name, *(f"{prefix}{name}" for prefix in _TAGS)}
    lists = [key for key in LISTS if not patterns.isdisjoint(getattr(profile, key))]
    return lists + [key for key in QUBES if getattr(profile, key) == name]


def qubes_named(profile: Profile) -> set[str]:
    """The qubes that the profile names, also in a tag created-by-* or managed-by-*, whether there are such qubes."""
    patterns = [pattern for key in LISTS for pattern in getattr(profile, key)]
    in_tags = {pattern.removeprefix(tag) for pattern in patterns for tag in _TAGS if pattern.startswith(tag)}
    named = {pattern for pattern in patterns if not pattern.startswith("$")}
    return named | in_tags | {getattr(profile, key) for key in QUBES} - {""}


def renamed(text: str, old: str, new: str) -> str:
    """The profile's text with another name of a qube, also of the one that set it; else the same text.

    Raises as `parse_profile`, also where the text cannot be edited.
    """
    names = {old: new, **{f"{prefix}{old}": f"{prefix}{new}" for prefix in _TAGS}}
    profile = parse_profile(text)
    lists = {key: tuple(names.get(pattern, pattern) for pattern in getattr(profile, key)) for key in LISTS}
    qubes = {key: new if getattr(profile, key) == old else getattr(profile, key) for key in QUBES}
    spans = []
    for key, node in _values(text):
        nodes = node.value if key in LISTS else [node] if key in QUBES else []
        known = names if key in LISTS else {old: new}
        spans += [
            (each.start_mark.index, each.end_mark.index, f'"{known[each.value]}"')
            for each in nodes
            if each.value in known
        ]
    expected = replace(
        profile,
        include=lists["include"],
        exclude=lists["exclude"],
        destination_vm=qubes["destination_vm"],
        passphrase_vm=qubes["passphrase_vm"],
    )
    return _owned(_checked(_edited(text, spans), expected), old, new)


def without(text: str, name: str) -> str:
    """The profile's text without a qube in `include` and `exclude`.

    The last pattern of `include` stays: a profile without any takes every qube that is included in backups. If the qube
    set the profile, it loses its owner. Raises as `renamed`.
    """
    profile = parse_profile(text)
    lists = {key: tuple(pattern for pattern in getattr(profile, key) if pattern != name) for key in LISTS}
    if not lists["include"]:
        lists["include"] = profile.include
    spans = []
    for key, node in _values(text):
        if isinstance(node, yaml.SequenceNode) and key in LISTS and node.value and lists[key] != getattr(profile, key):
            flow = ", ".join(f'"{pattern}"' for pattern in lists[key])
            end = node.end_mark.index if node.flow_style else node.value[-1].end_mark.index
            # A list of lines begins in the column of its key; one in brackets has to be indented.
            spans.append((node.start_mark.index, end, f"{'' if node.flow_style else '  '}[{flow}]"))
    text = _checked(_edited(text, spans), replace(profile, include=lists["include"], exclude=lists["exclude"]))
    return _owned(text, name, f"{name}{REMOVED}")


def _owned(text: str, old: str, new: str) -> str:
    """The text with another owner where it is the qube `old`."""
    return marked(text, new) if text and owner_of(text) == old else text


def _values(text: str) -> "list[tuple[str, yaml.Node]]":
    root = yaml.compose(text, yaml.SafeLoader)
    return [(key.value, value) for key, value in root.value] if isinstance(root, yaml.MappingNode) else []


def _edited(text: str, spans: list[tuple[int, int, str]]) -> str:
    for start, end, value in sorted(spans, reverse=True):
        text = text[:start] + value + text[end:]
    return text


def _checked(text: str, expected: Profile) -> str:
    """The text, if it is the profile that is expected. Raises `ProtocolError`."""
    if parse_profile(text) != expected:
        raise refusal("profile-not-editable")
    return text
