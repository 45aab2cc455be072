# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts about qubes for a policy decision: names, uuids, classes, tags, disposable templates.

A qube goes by its name and by `uuid:` with its uuid. The sets of qubes that tokens match are computed once; a
`SystemInfo` is made again when a qube, its tags or its class change.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from qubesmanager.wire.errors import ProtocolError
from qubesmanager.wire.names import DOM0, UUID_PREFIX

DISPVM_PREFIX = "@dispvm:"
ADMINVM = "@adminvm"
DISPVM = "@dispvm"
DOM0_UUID = f"{UUID_PREFIX}00000000-0000-0000-0000-000000000000"

RUNNING = "Running"
REMOTE_CLASS = "RemoteVM"


@dataclass(frozen=True, slots=True)
class Domain:
    """One qube as the policy sees it. `uuid` is without prefix, or empty where it is not known.

    `klass` is the class (`AppVM`, …); `default_dispvm` is a name or empty. `relay` and `transport` are of a RemoteVM:
    the qube that carries calls to it and the service it uses for that. `internal` qubes are never offered as a choice.
    """

    name: str
    klass: str = ""
    tags: frozenset[str] = frozenset()
    template_for_dispvms: bool = False
    default_dispvm: str = ""
    power_state: str = ""
    uuid: str = ""
    internal: bool = False
    relay: str = ""
    transport: str = ""


def is_dom0(word: str) -> bool:
    """Whether a token or a name is dom0."""
    return word in {ADMINVM, DOM0, DOM0_UUID}


@dataclass(frozen=True)
class SystemInfo:
    """All qubes, by name."""

    domains: Mapping[str, Domain]
    _tagged: dict[str, frozenset[str]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def of(cls, domains: Iterable[Domain]) -> "SystemInfo":
        return cls({domain.name: domain for domain in domains})

    @cached_property
    def _by_uuid(self) -> Mapping[str, Domain]:
        return {UUID_PREFIX + domain.uuid: domain for domain in self.domains.values() if domain.uuid}

    def find(self, word: str) -> Domain | None:
        """The qube of a name or of `uuid:…`; None for one that does not exist and for tokens."""
        return self.domains.get(word) or self._by_uuid.get(word)

    def same(self, first: str, second: str) -> bool:
        """Whether two words, each a name, a uuid or a token, mean the same qube."""
        if first.startswith(UUID_PREFIX) == second.startswith(UUID_PREFIX):
            return first == second
        name, uuid = (second, first) if first.startswith(UUID_PREFIX) else (first, second)
        domain = self.find(name)
        return domain is not None and bool(domain.uuid) and uuid == UUID_PREFIX + domain.uuid

    def with_name(self, word: str) -> str | None:
        """The word with a uuid in it replaced by the name; None if there is no such qube."""
        prefix = DISPVM_PREFIX if word.startswith(DISPVM_PREFIX) else ""
        uuid = word.removeprefix(prefix)
        if not uuid.startswith(UUID_PREFIX):
            return word
        domain = self._by_uuid.get(uuid)
        return None if domain is None else prefix + domain.name

    def disposable_of(self, source: str) -> str | None:
        """The `@dispvm:NAME` that `@dispvm` means for a source; None where it has none."""
        domain = self.find(source)
        return DISPVM_PREFIX + domain.default_dispvm if domain is not None and domain.default_dispvm else None

    # -- the qubes of tokens, as choices of a question

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset(self.domains)

    @cached_property
    def disposables(self) -> frozenset[str]:
        """`@dispvm` and each `@dispvm:NAME` that there can be."""
        templates = (DISPVM_PREFIX + domain.name for domain in self.domains.values() if domain.template_for_dispvms)
        return frozenset({DISPVM, *templates})

    @cached_property
    def internal(self) -> frozenset[str]:
        return frozenset(domain.name for domain in self.domains.values() if domain.internal)

    def tagged(self, tag: str) -> frozenset[str]:
        return self._remembered(f"tag:{tag}", lambda domain: tag in domain.tags)

    def of_class(self, klass: str) -> frozenset[str]:
        return self._remembered(f"type:{klass}", lambda domain: domain.klass == klass)

    def tagged_disposables(self, tag: str) -> frozenset[str]:
        """Each `@dispvm:NAME` whose template has the tag."""
        return frozenset(DISPVM_PREFIX + name for name in self.tagged(tag) if self.domains[name].template_for_dispvms)

    def _remembered(self, key: str, test: Callable[[Domain], bool]) -> frozenset[str]:
        if key not in self._tagged:
            self._tagged[key] = frozenset(domain.name for domain in self.domains.values() if test(domain))
        return self._tagged[key]


def from_mapping(untrusted: Mapping[str, Any]) -> SystemInfo:
    """The qubes of an answer to `internal.GetSystemInfo`, or of JSON of that form: `{"domains": {name: {…}}}`.

    Raises `ProtocolError` for anything of another shape. What is not given has the value of a `Domain` without it.
    """
    domains = untrusted.get("domains")
    if not isinstance(domains, dict):
        raise ProtocolError("system_info has no domains.")
    return SystemInfo.of(_domain(str(name), entry) for name, entry in domains.items())


def _domain(name: str, entry: Any) -> Domain:
    if not isinstance(entry, dict):
        raise ProtocolError(f"The qube {name!a} of system_info is not an object.")
    tags = entry.get("tags") or ()
    if not isinstance(tags, list | tuple) or not all(isinstance(tag, str) for tag in tags):
        raise ProtocolError(f"The tags of {name!a} are not a list of texts.")
    return Domain(
        name,
        _text(entry, "type"),
        frozenset(tags),
        bool(entry.get("template_for_dispvms")),
        _text(entry, "default_dispvm"),
        _text(entry, "power_state"),
        _text(entry, "uuid"),
        bool(entry.get("internal")),
        _text(entry, "relayvm"),
        _text(entry, "transport_rpc"),
    )


def _text(entry: Mapping[str, Any], key: str) -> str:
    value = entry.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ProtocolError(f"{key} is not a text.")
    return value
