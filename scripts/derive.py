# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the files that the tables of calls and events give: the API reference, the list of services, the policy.

`python scripts/derive.py --write` writes them, `--check` fails if one is stale. Run from the repository's
root.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from qubesmanager.admin import calls as admin
from qubesmanager.policy.installed import LICENCE, POLICY_HEAD, include, policy
from qubesmanager.wire import calls, codecs, events, limits, names
from qubesmanager.wire.call import CLASS_MARK, AnyCall, EventsCall, RowsCall
from qubesmanager.wire.codecs import Codec
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.event_row import AnyEventRow, Stream
from qubesmanager.wire.names import NameRule
from qubesmanager.wire.values import DeviceClass, Tier

FAMILIES: dict[str, str] = {
    "mgmt1.vm": "Qubes",
    "mgmt1.vm.property": "Properties of a qube",
    "mgmt1.property": "System-wide properties",
    "mgmt1.vm.feature": "Features",
    "mgmt1.vm.tag": "Tags",
    "mgmt1.vm.firewall": "Firewall",
    f"mgmt1.vm.device.{CLASS_MARK}": "Devices",
    "mgmt1.vm.device.denied": "Denied devices",
    "mgmt1.vm.microphone": "Microphone",
    "mgmt1.vm.volume": "Volumes of a qube",
    "mgmt1.pool": "Pools",
    "mgmt1.pool.volume": "Volumes of a pool",
    "mgmt1.vm.notes": "Notes",
    "mgmt1.vm.log": "Logs",
    "mgmt1.label": "Labels",
    "mgmt1.host": "The computer",
    "mgmt1.vmclass": "Classes of qubes",
    "mgmt1.deviceclass": "Classes of devices",
    "mgmt1": "Events",
    "mgmt1.backup": "Backup and restore",
    "mgmt1.backup.profile": "Backup profiles",
    "mgmt1.policy": "Policy files",
    "mgmt1.policy.include": "Include files of the policy",
}
"""Sections of the reference, in order, by what a call's name begins with; a call of no section is an error."""

ADMIN_FAMILIES: dict[str, str] = {
    "admin.vm": "Qubes",
    "admin.vm.Create": "Creating qubes",
    "admin.vm.CreateInPool": "Creating qubes in a pool",
    "admin.vm.property": "Properties of a qube",
    "admin.property": "System-wide properties",
    "admin.vm.feature": "Features",
    "admin.vm.tag": "Tags",
    "admin.vm.notes": "Notes",
    "admin.vm.firewall": "Firewall",
    f"admin.vm.device.{CLASS_MARK}": "Devices",
    f"admin.vm.device.{CLASS_MARK}.Set": "Settings of devices",
    "admin.vm.device.denied": "Denied devices",
    "admin.vm.volume": "Volumes",
    "admin.vm.volume.Set": "Settings of volumes",
    "admin.pool": "Pools",
    "admin.pool.Set": "Settings of pools",
    "admin.pool.volume": "Volumes of a pool",
    "admin.label": "Labels",
    "admin.vmclass": "Classes of qubes",
    "admin.deviceclass": "Classes of devices",
    "admin": "Events",
    "admin.backup": "Backup",
}
"""Sections of the reference of `admin.*`, as FAMILIES."""

ADMIN_INTRODUCTION = f"""\
<!-- {LICENCE} -->
<!-- Written by python scripts/derive.py --write from the table of calls in qubesmanager/admin. -->

# The admin.* calls of Qubes OS

The daemon answers these calls as the qubesd of Qubes 4.3 and 4.4 does, by calls of mgmt1 (docs/api.md). The framing of
requests and answers is the same. docs/admin.md says how to use them and what differs. A call that is not available here
is refused with a sentence.

"""

INTRODUCTION = f"""\
<!-- {LICENCE} -->
<!-- Written by python scripts/derive.py --write from the tables of calls and events in qubesmanager/wire. -->

# The mgmt1 API

A call is a qrexec service: `<service>[+<argument>]`, sent by a *source* qube to a *destination* (`dom0` or a qube),
with a *payload* on standard input that ends with it. Nothing is carried out before the payload has ended. One answer
comes back on each connection; closing it afterwards does not interrupt what was begun.

    $ mgmt1 vm.property.Get work netvm          from dom0 or any place the command can connect from
    default=yes sys-firewall

    $ qrexec-client-vm work mgmt1.vm.property.Get+netvm      from a management qube, once policy lets it
    0\\0default=yes sys-firewall

## Answers

| first bytes | meaning | what follows |
|---|---|---|
| `30 00` | done | the content, to the end |
| `31 00` | an event; only from calls that answer with events, any number of them \
| `<subject> 00 <event> 00 (<key> 00 <value> 00)* 00` |
| `32 00` | an error | `<type> 00 <traceback, normally empty> 00 \
<format string> 00 (<field> 00)*`; the fields replace the `%s` of the format string |

No bytes at all mean that no answer came. A call that policy refuses ends with exit status 126 and without bytes.

Rows end with a newline. A `List` call may carry the id of one entry as argument, where the table shows it, to ask for
that entry only. An argument `pool:vid` is escaped, because qrexec lets neither `:` nor `/` through: `-` becomes `--`,
any other byte outside `[A-Za-z0-9_.]` becomes `-XX` in upper-case hexadecimal digits: `lvm:qubes/vm-work-private`
is `lvm-3Aqubes-2Fvm--work--private`.

## Tiers

A call's tier says what it concerns (the destination qube, or the system) and whether it changes it. Each tier is a
policy include file, `/etc/qubes/policy.d/include/<tier>`, which the policy of each call of that tier pulls in. A call
that no line there allows is refused.

"""


def api() -> str:
    """The API reference, docs/api.md."""
    parts = [INTRODUCTION, *_tiers(), *_lexical_rules(), *_errors()]
    for prefix, title in FAMILIES.items():
        parts.append(f"## {title}\n\n")
        for row in calls.TABLE:
            if row.name.rpartition(".")[0] == prefix:
                parts += _section(row)
        if prefix == "mgmt1":
            parts += _events()
    _check_sections(calls.TABLE, FAMILIES)
    return "".join(parts).rstrip() + "\n"


def api_admin() -> str:
    """The reference of the `admin.*` calls, docs/api-admin.md."""
    parts = [ADMIN_INTRODUCTION]
    for prefix, title in ADMIN_FAMILIES.items():
        rows = [row for row in admin.TABLE if row.name.rpartition(".")[0] == prefix]
        parts += [f"## {title}\n\n"] * bool(rows)
        for row in rows:
            parts += _admin_section(row)
    _check_sections(admin.TABLE, ADMIN_FAMILIES)
    return "".join(parts).rstrip() + "\n"


def _check_sections(table: tuple[AnyCall, ...], families: dict[str, str]) -> None:
    """Raises `ValueError` for a call that no section of its reference holds."""
    if lost := [row.name for row in table if row.name.rpartition(".")[0] not in families]:
        raise ValueError(f"No section of the reference holds {', '.join(lost)}; add one.")


def _admin_section(row: AnyCall) -> Iterator[str]:
    tier = _admin_tier(row.tier)
    yield f"### {_shown(row.name)}\n\n{_shown(row.doc)}\n\n"
    yield f"| to | tier | argument | payload | answer |\n|---|---|---|---|---|\n| {row.dest.value} | `{tier}` "
    yield f"| {_cell(row.arg)} | {_payload(row)} | {_answer(row)} |\n\n"
    if row.classed:
        yield f"`{CLASS_MARK}` is one of {', '.join(DeviceClass)}.\n\n"
    yield f"Answered by {', '.join(f'`{_shown(each.name)}`' for each in row.uses)}.\n\n"


def _tiers() -> Iterator[str]:
    yield "| tier | calls |\n|---|---|\n"
    for tier in Tier:
        yield f"| `{tier}` | {sum(len(row.concrete()) for row in calls.TABLE if row.tier is tier)} |\n"
    yield "\n"


def _lexical_rules() -> Iterator[str]:
    yield "## Names\n\nChecked before anything is believed. An argument has at most "
    yield f"{limits.ARGUMENT_BYTES} bytes. A name has to match as a whole:\n\n| thing | pattern |\n|---|---|\n"
    for rule in vars(names).values():
        if isinstance(rule, NameRule):
            pattern = rule.pattern.pattern.replace("|", "\\|")
            yield f"| {rule.what} | `{pattern}` |\n"
    reserved = ", ".join(f"`{name}`" for name in sorted(names.RESERVED_VM_NAMES))
    yield f"\nA new qube is none of {reserved}, and its name does not end in `-dm`. A volume id has no `.` or `..`\n"
    yield "between its slashes. A number is ASCII digits without leading zeros. Text is UTF-8 without NUL.\n\n"


def _errors() -> Iterator[str]:
    yield "## Errors\n\nA program distinguishes errors by their type; the text is written for the user.\n"
    yield "`QubesException` is any other error that the user can act on, and an unexpected failure, whose traceback\n"
    yield "is in the daemon's log and never crosses the wire.\n\n| type | meaning |\n|---|---|\n"
    for name, kind in sorted(Mgmt1Error.known.items()):
        if kind.__module__ == Mgmt1Error.__module__:
            meaning = " ".join((kind.__doc__ or "").split())
            yield f"| `{name}` | {meaning} |\n"
    yield "\n"


def _section(row: AnyCall) -> Iterator[str]:
    yield f"### {_shown(row.name)}\n\n{_shown(row.doc)}\n\n"
    yield f"| to | tier | argument | payload | answer |\n|---|---|---|---|---|\n| {row.dest.value} | `{row.tiers}` "
    yield f"| {_cell(row.arg)} | {_payload(row)} | {_answer(row)} |\n\n"
    if row.classed:
        yield f"`{CLASS_MARK}` is one of {', '.join(DeviceClass)}.\n\n"
    if not row.draft:
        yield "Not in the draft of 2016.\n\n"


def _events() -> Iterator[str]:
    yield "An event has a subject, a name and text fields. A listener ignores names and fields that it does not know.\n"
    yield "An event that changes the record of a qube (mgmt1.vm.GetAll) carries the change.\n\n"
    yield "| event | subject | fields | sent to | changes in the record | meaning |\n|---|---|---|---|---|---|\n"
    for row in events.TABLE:
        meaning = _shown(row.doc) + _sent_by(row)
        cells = [f"`{row.name}`", row.subject.value, _event_fields(row), row.audience.value, _effect(row), meaning]
        yield f"| {' | '.join(cells)} |\n"
    yield "\n"


def _event_fields(row: AnyEventRow) -> str:
    repeated = [f"`{row.repeats}`: the {'detail' if row.has_detail else 'subject'} again"] if row.repeats else []
    return "; ".join([*repeated, *(f"`{key}`: {what}" for key, what in row.codec.what.items())]) or "-"


def _effect(row: AnyEventRow) -> str:
    return (row.effect.__doc__ or "").rstrip(".") if row.effect else "-"


def _sent_by(row: AnyEventRow) -> str:
    return f" Sent by {' and '.join(row.stream.value)}." if row.stream is not Stream.EVENTS else ""


def _payload(row: AnyCall) -> str:
    if row.limit == limits.POLICY_BYTES:
        return f"{_cell(row.payload)}, at most 1 MiB"
    return _cell(row.payload)


def _answer(row: AnyCall) -> str:
    if isinstance(row, EventsCall):
        return "events"
    return f"{_cell(row.result)}, as they are produced" if isinstance(row, RowsCall) else _cell(row.result)


def _cell(codec: Codec[Any]) -> str:
    if codec is codecs.NOTHING:
        return "-"
    return f"`{codec.what}`".replace("|", "\\|")


def _shown(text: str) -> str:
    """Text with its `<words>` kept from being read as HTML."""
    return text.replace("<", "&lt;").replace(">", "&gt;")


def services() -> str:
    """rpc-handlers/services.list: what is installed, a service and its tier a line."""
    head = f"# {LICENCE}\n# The services that dom0 installs, each with its tier. Written from the call table.\n"
    return head + "".join(f"{call.name} {call.tier}\n" for call in calls.BY_SERVICE.values())


def admin_services() -> str:
    """rpc-handlers/admin/services.list: what `install --admin` installs, a service and its tier a line."""
    head = (
        f"# {LICENCE}\n# The services of Qubes OS, each with its tier. Written from the table in qubesmanager/admin.\n"
    )
    return head + "".join(f"{call.name} {_admin_tier(call.tier)}\n" for call in admin.BY_SERVICE.values())


def _admin_tier(tier: Tier) -> str:
    """A tier's policy include of Qubes OS."""
    return tier.replace("mgmt1", "admin")


ADMIN_POLICY_HEAD = POLICY_HEAD.replace("mgmt1 API", "API of Qubes OS").replace("mgmt1-*", "admin-*")


def admin_policy() -> str:
    """rpc-handlers/admin/policy/90-mgmt1-admin.policy."""
    rows = admin.BY_SERVICE.values()
    return ADMIN_POLICY_HEAD + "".join(
        f"!include-service {call.name} * include/{_admin_tier(call.tier)}\n" for call in rows
    )


def admin_include(tier: Tier) -> str:
    """An include file of the services of Qubes OS as it is first installed: no qube is allowed anything."""
    return include(tier).replace("mgmt1-", "admin-")


FILES: dict[str, Callable[[], str]] = {
    "docs/api.md": api,
    "docs/api-admin.md": api_admin,
    "rpc-handlers/services.list": services,
    "rpc-handlers/policy/90-mgmt1-default.policy": policy,
    **{f"rpc-handlers/policy/include/{tier}": partial(include, tier) for tier in Tier},
    "rpc-handlers/admin/services.list": admin_services,
    "rpc-handlers/admin/policy/90-mgmt1-admin.policy": admin_policy,
    **{f"rpc-handlers/admin/policy/include/{_admin_tier(tier)}": partial(admin_include, tier) for tier in Tier},
}
"""Each derived file, by its path from the repository's root."""


def stale(root: Path) -> list[str]:
    """The derived files under `root` that are missing or not as the table says."""
    return [name for name, text in FILES.items() if _content(root / name) != text()]


def _content(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Write or check the files that come from the tables.")
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--write", action="store_true", help="write the files that are not fresh")
    mode.add_argument("--check", action="store_true", help="fail if a file is not fresh")
    options = parser.parse_args(argv)
    root = Path.cwd()
    stale_files = stale(root)
    if options.write:
        for name in stale_files:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(FILES[name](), encoding="utf-8")
    verb = "Written" if options.write else "Stale (python scripts/derive.py --write)"
    sys.stdout.writelines(f"{verb}: {name}\n" for name in stale_files)
    return 1 if stale_files and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
