# SPDX-License-Identifier: GPL-3.0-or-later
"""THE PROPERTY TABLE: every property of a qube, once: type, default, which classes have it, when it may change, help.

Add a row, and `property.List`, `Get`, `Set`, `Help`, the settings dialog and the columns have it.
"""

from collections.abc import Callable

from qubesmanager.daemon.local.core.property import ALL, Change, Default, Facts, Property, Type
from qubesmanager.daemon.local.core.qube import Qube
from qubesmanager.daemon.local.core.sight import spoken
from qubesmanager.rules import edits
from qubesmanager.rules.creation import BASED
from qubesmanager.rules.firewall import VIRTUAL_DNS
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import as_reason, field_text
from qubesmanager.wire.values import VmClass

_APPS = frozenset({VmClass.APP})
MOST_VCPUS = 128
MOST_TIMEOUT = 86_400


# -- defaults ---------------------------------------------------------------------------------------------------------


def _template(qube: Qube, facts: Facts) -> Qube | None:
    return facts.qubes.get(qube.value("template"))


def _inherited(name: str, otherwise: str | Callable[[Facts, Qube], str]) -> Default:
    """The template's value; without a template (or if the template has no such property) `otherwise`."""

    def default(facts: Facts, qube: Qube) -> str:
        template = _template(qube, facts)
        held = template.view.get(name) if template else None
        if held is not None:
            return held.value
        return otherwise if isinstance(otherwise, str) else otherwise(facts, qube)

    return default


def _system(name: str) -> Default:
    return lambda facts, _qube: facts.system(name)


def _netvm(facts: Facts, qube: Qube) -> str:
    """None for templates; a disposable's comes from its template; default_netvm unless that would be a loop."""
    if qube.klass is VmClass.TEMPLATE:
        return ""
    template = _template(qube, facts)
    if qube.klass is VmClass.DISP and template:
        netvm = template.value("netvm")
        return "" if netvm == qube.name else netvm
    netvm = facts.system("default_netvm")
    return "" if qube.flag("provides_network") or netvm == qube.name else netvm


def _maxmem(facts: Facts, qube: Qube) -> str:
    memory = qube.own.get("memory")
    return str(max(min(facts.host_memory // 2, 4000), int(memory) if memory else 0))


def _maxmem_inherited(facts: Facts, qube: Qube) -> str:
    inherited = _inherited("maxmem", _maxmem)(facts, qube)
    memory = qube.own.get("memory")
    if memory and inherited != "0" and int(inherited) < int(memory):
        return memory
    return inherited


_ADDRESSES = 0xFFFF


def _ip(_facts: Facts, qube: Qube) -> str:
    if not qube.value("netvm") and not qube.flag("provides_network"):
        return ""
    number = qube.qid & _ADDRESSES
    network = 138 if qube.klass is VmClass.DISP else 137
    return f"10.{network}.{number >> 8}.{number & 255}"


def _ip6(facts: Facts, qube: Qube) -> str:
    if not qube.value("ip") or not _has_ipv6(facts, qube):
        return ""
    return f"fd09:24ef:4179::a{138 if qube.klass is VmClass.DISP else 137:x}:{qube.qid & _ADDRESSES:x}"


def _has_ipv6(facts: Facts, qube: Qube) -> bool:
    if "ipv6" in qube.features:
        return bool(qube.features["ipv6"])
    netvm = facts.qubes.get(qube.value("netvm"))
    return netvm is not None and bool(netvm.value("ip6"))


def _mac(_facts: Facts, qube: Qube) -> str:
    return f"00:16:3e:5e:{(qube.qid >> 8) & 255:02x}:{qube.qid & 255:02x}"


def _of_netvm(name: str) -> Default:
    def default(facts: Facts, qube: Qube) -> str:
        netvm = facts.qubes.get(qube.value("netvm"))
        return netvm.value(name) if netvm else ""

    return default


def _firewall_state(facts: Facts, qube: Qube) -> str:
    if not qube.value("netvm"):
        return ""
    return field_text(facts.firewall_note or qube.firewall_problem or "enforced")


def _why_no_firewall(facts: Facts, qube: Qube) -> Reason | None:
    return as_reason(facts.firewall_note or qube.firewall_problem) if qube.value("netvm") else None


def _dns(facts: Facts, qube: Qube) -> str:
    netvm = facts.qubes.get(qube.value("netvm"))
    return " ".join(VIRTUAL_DNS) if netvm or qube.flag("provides_network") else ""


def _icon(_facts: Facts, qube: Qube) -> str:
    if qube.klass is VmClass.ADMIN:
        return "adminvm-black"
    if qube.features.get("servicevm"):
        return f"servicevm-{qube.value('label')}"
    return f"{qube.klass.removesuffix('VM').lower()}vm-{qube.value('label')}"


# -- checks -----------------------------------------------------------------------------------------------------------


def _between(low: int, high: int, what: str) -> Callable[[Facts, Qube, str], Reason | None]:
    return lambda _facts, _qube, value: None if low <= int(value) <= high else Reason("property-range", what, low, high)


def _one_of(*choices: str) -> Callable[[Facts, Qube, str], Reason | None]:
    return lambda _facts, _qube, value: None if value in choices else Reason("property-choice", ", ".join(choices))


def _check_kernel(facts: Facts, _qube: Qube, value: str) -> Reason | None:
    if value and value not in facts.kernels:
        return Reason("no-such-kernel", value, ", ".join(sorted(facts.kernels)) or "none")
    return None


def _check_ip(facts: Facts, qube: Qube, value: str) -> Reason | None:
    parts = value.split(".")
    if len(parts) != 4 or not all(part.isdigit() and len(part) <= 3 and int(part) < 256 for part in parts):  # noqa: PLR2004
        return Reason("not-an-address", value)
    taken = sorted(other.name for other in facts.qubes.values() if other is not qube and other.value("ip") == value)
    return Reason("address-used", value, spoken(taken)[0]) if taken else None


def _check_mac(_facts: Facts, _qube: Qube, value: str) -> Reason | None:
    parts = value.split(":")
    good = len(parts) == 6 and all(len(part) == 2 and set(part) <= set("0123456789abcdef") for part in parts)  # noqa: PLR2004
    if not good or int(parts[0], 16) & 1:
        return Reason("not-a-mac")
    return None


# -- the table --------------------------------------------------------------------------------------------------------

_ROWS = (
    Property(
        "name", Type.STR, lambda _facts, qube: qube.name,
        "The name of the qube. Setting it renames a halted qube together with everything that refers to it.",
        classes=ALL, change=Change.HALTED, check=edits.why_not_name,
    ),
    Property(
        "klass", Type.STR, lambda _facts, qube: str(qube.klass),
        "The class: ``AdminVM``, ``TemplateVM``, ``AppVM``, ``StandaloneVM`` or ``DispVM``.",
        classes=ALL, change=Change.NEVER,
    ),
    Property(
        "qid", Type.INT, lambda _facts, qube: str(qube.qid),
        "The number of the qube on this machine; addresses are derived from it.",
        classes=ALL, change=Change.NEVER,
    ),
    Property(
        "uuid", Type.STR, lambda _facts, qube: str(qube.uuid),
        "The identity of the qube, which stays when it is renamed.",
        classes=ALL, change=Change.NEVER,
    ),
    Property(
        "label", Type.LABEL, lambda _facts, qube: "black" if qube.klass is VmClass.ADMIN else "red",
        "The label. Its colour frames each window of the qube and says how far the qube is trusted.",
        classes=ALL,
    ),
    Property(
        "template", Type.VM, _system("default_template"),
        "The qube whose root volume this one starts from.",
        classes=BASED, change=Change.HALTED, check=edits.why_not_template, depends=("system:default_template",),
    ),
    Property(
        "provides_network", Type.BOOL, "no",
        "Whether other qubes may use this one as their netvm.",
        check=edits.why_not_provides_network,
    ),
    Property(
        "netvm", Type.VM, _netvm,
        "The qube that gives this one network; empty for none. The default is the system's ``default_netvm``, for a"
        " disposable its template's netvm, for a template none.",
        check=edits.why_not_netvm, optional=True,
        depends=("system:default_netvm", "template:netvm", "own:provides_network", "own:template"),
    ),
    Property(
        "memory", Type.INT, _inherited("memory", "400"),
        "Memory at the start, in MiB.",
        check=edits.why_not_memory_of, depends=("template:memory", "own:template"),
    ),
    Property(
        "maxmem", Type.INT, _maxmem_inherited,
        "The most memory that balancing may give the qube, in MiB; ``0`` turns balancing off.",
        check=edits.why_not_maxmem_of, depends=("template:maxmem", "own:template", "own:memory"),
    ),
    Property(
        "vcpus", Type.INT, _inherited("vcpus", "2"),
        "Virtual processors.",
        check=_between(1, MOST_VCPUS, "The number of vcpus"), depends=("template:vcpus", "own:template"),
    ),
    Property(
        "kernel", Type.STR, _inherited("kernel", _system("default_kernel")),
        "The kernel that the qube boots with, by its name in dom0; empty to boot what its root volume holds.",
        check=_check_kernel, optional=True, depends=("template:kernel", "own:template", "system:default_kernel"),
    ),
    Property(
        "kernelopts", Type.STR, _inherited("kernelopts", ""),
        "Options on the kernel's command line.",
        optional=True, depends=("template:kernelopts", "own:template"),
    ),
    Property(
        "virt_mode", Type.STR, _inherited("virt_mode", "pvh"),
        "``pvh``, ``hvm`` (needed for PCI devices and foreign systems) or ``pv``.",
        change=Change.HALTED, check=_one_of("pvh", "hvm", "pv"), depends=("template:virt_mode", "own:template"),
    ),
    Property("autostart", Type.BOOL, "no", "Whether the qube starts with the system."),
    Property(
        "debug", Type.BOOL, "no",
        "Show the console and more messages, for finding out why a qube does not start.",
    ),
    Property(
        "default_user", Type.STR, _inherited("default_user", "user"),
        "The user that commands run as.",
        depends=("template:default_user", "own:template"),
    ),
    Property(
        "include_in_backups", Type.BOOL, lambda _facts, qube: "no" if qube.klass is VmClass.DISP else "yes",
        "Whether a backup includes the qube unless told otherwise.",
        classes=ALL,
    ),
    Property(
        "backup_timestamp", Type.INT, "",
        "When the qube was last backed up, in Unix seconds; empty for never.",
        classes=ALL, optional=True,
    ),
    Property(
        "template_for_dispvms", Type.BOOL, "no",
        "Whether disposables can be made from this qube.",
        classes=_APPS, check=edits.why_not_template_for_dispvms,
    ),
    Property(
        "default_dispvm", Type.VM, _inherited("default_dispvm", _system("default_dispvm")),
        "The template of disposables that are started from this qube; empty for none.",
        classes=ALL, check=edits.why_not_dispvm, optional=True,
        depends=("template:default_dispvm", "own:template", "system:default_dispvm"),
    ),
    Property(
        "management_dispvm", Type.VM, _inherited("management_dispvm", _system("management_dispvm")),
        "The template of the disposable that configures this qube; empty for none.",
        classes=ALL, check=edits.why_not_dispvm, optional=True,
        depends=("template:management_dispvm", "own:template", "system:management_dispvm"),
    ),
    Property(
        "guivm", Type.VM, _system("default_guivm"),
        "The qube that shows this one's windows; empty for none.",
        check=edits.why_not_gui, optional=True, depends=("system:default_guivm",),
    ),
    Property(
        "audiovm", Type.VM, _system("default_audiovm"),
        "The qube that plays this one's sound; empty for none.",
        check=edits.why_not_gui, optional=True, depends=("system:default_audiovm",),
    ),
    Property(
        "qrexec_timeout", Type.INT, _inherited("qrexec_timeout", _system("default_qrexec_timeout")),
        "Seconds that a starting qube may take until its agent answers.",
        check=_between(1, MOST_TIMEOUT, "A time-out in seconds"),
        depends=("template:qrexec_timeout", "own:template", "system:default_qrexec_timeout"),
    ),
    Property(
        "shutdown_timeout", Type.INT, _inherited("shutdown_timeout", _system("default_shutdown_timeout")),
        "Seconds that a clean shutdown may take.",
        check=_between(1, MOST_TIMEOUT, "A time-out in seconds"),
        depends=("template:shutdown_timeout", "own:template", "system:default_shutdown_timeout"),
    ),
    Property(
        "ip", Type.STR, _ip,
        "The IPv4 address inside the virtual network.",
        change=Change.HALTED, check=_check_ip, depends=("own:netvm", "own:provides_network"),
    ),
    Property(
        "ip6", Type.STR, _ip6,
        "The IPv6 address inside the virtual network; empty unless the feature ``ipv6`` is set here or on the netvm.",
        change=Change.NEVER, depends=("own:ip", "netvm:ip6", "feature:ipv6"),
    ),
    Property(
        "mac", Type.STR, _mac,
        "The MAC address of the first network interface.",
        change=Change.HALTED, check=_check_mac,
    ),
    Property(
        "gateway", Type.STR, _of_netvm("ip"),
        "The IPv4 address of the netvm.",
        change=Change.NEVER, depends=("own:netvm", "netvm:ip"),
    ),
    Property(
        "gateway6", Type.STR, _of_netvm("ip6"),
        "The IPv6 address of the netvm.",
        change=Change.NEVER, depends=("own:netvm", "netvm:ip6"),
    ),
    Property(
        "netmask", Type.STR, lambda _facts, qube: "255.255.255.255" if qube.value("ip") else "",
        "The netmask: a qube sees its netvm only.",
        change=Change.NEVER, depends=("own:ip",),
    ),
    Property(
        "dns", Type.STR, _dns,
        "The addresses of the DNS servers, separated by blanks.",
        change=Change.NEVER, depends=("own:netvm", "own:provides_network"),
    ),
    Property(
        "firewall_state", Type.STR, _firewall_state,
        "Whether the firewall rules hold: ``enforced``, or a sentence that says why not; empty without a netvm.",
        change=Change.NEVER, depends=("own:netvm",), utf8=True, why=_why_no_firewall,
    ),
    Property(
        "problem", Type.STR, lambda _facts, qube: field_text(qube.problem),
        "Why the qube cannot be used, such as a missing pool or a damaged volume; empty if it can. For dom0: the fault"
        " of the store that the daemon found at its start.",
        classes=ALL, change=Change.NEVER, utf8=True, why=lambda _facts, qube: as_reason(qube.problem),
    ),
    Property(
        "updateable", Type.BOOL,
        lambda _facts, qube: "yes" if qube.klass in {VmClass.ADMIN, VmClass.TEMPLATE, VmClass.STANDALONE} else "no",
        "Whether software is updated in this qube itself: its root volume is its own.",
        classes=ALL, change=Change.NEVER,
    ),
    Property(
        "installed_by_rpm", Type.BOOL, "no",
        "Whether the template came from a package; such a one is removed by the package manager.",
        classes=frozenset({VmClass.TEMPLATE}), change=Change.NEVER,
    ),
    Property(
        "auto_cleanup", Type.BOOL, lambda _facts, qube: "yes" if qube.klass is VmClass.DISP else "no",
        "Whether the qube is removed when it halts. No keeps a disposable that has a task, such as ``sys-usb``: its"
        " volumes are still fresh at each start.",
        classes=frozenset({VmClass.DISP}),
    ),
    Property(
        "icon", Type.STR, _icon,
        "The name of the icon of the qube.",
        classes=ALL, change=Change.NEVER, depends=("own:label", "feature:servicevm"),
    ),
    Property(
        "start_time", Type.INT, lambda _facts, qube: "" if qube.start_time is None else str(qube.start_time),
        "When the qube was started, in Unix seconds; empty while it is halted.",
        classes=ALL, change=Change.NEVER,
    ),
    Property(
        "keyboard_layout", Type.STR, "us++",
        "The keyboard as ``layout+variant+options``.",
    ),
    Property(
        "stubdom_mem", Type.INT, "",
        "Memory of the device model's own domain on Xen, in MiB; empty for Xen's default.",
        optional=True,
    ),
)  # fmt: skip

TABLE: dict[str, Property] = {row.name: row for row in _ROWS}
"""By name, in an order in which each default's own properties come before it."""

BY_CLASS: dict[VmClass, tuple[Property, ...]] = {
    klass: tuple(row for row in _ROWS if klass in row.classes) for klass in VmClass
}

DEPENDENTS: dict[str, tuple[Property, ...]] = {}
"""By `own:…`, `template:…`, `netvm:…`, `system:…`, `feature:…`: the properties whose default looks at that."""
for _row in _ROWS:
    for _on in _row.depends:
        DEPENDENTS[_on] = (*DEPENDENTS.get(_on, ()), _row)
