# SPDX-License-Identifier: GPL-3.0-or-later
"""THE PROPERTIES of qubes and of the system: type, default, limits, when each may change, its classes, its help.

The daemon reads and checks values by these rows, the window makes editors, warnings and help texts of them. What needs
the state of a system (a default that is computed, a check against other qubes) is a function of the daemon by the name
of the property.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from qubesmanager.wire.names import DOM0
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.values import VmClass

ALL = frozenset(VmClass)
HERE = ALL - {VmClass.REMOTE}
"""Classes whose qubes are on this machine."""
GUESTS = HERE - {VmClass.ADMIN}
BASED = frozenset({VmClass.APP, VmClass.DISP})
"""Classes whose qubes have a template."""

_APPS = frozenset({VmClass.APP})
_REMOTES = frozenset({VmClass.REMOTE})


def QT_TRANSLATE_NOOP(_context: str, text: str) -> str:  # noqa: N802 - the name that the translators' tool looks for
    """Mark a text for the translators. Returns the text."""
    return text


class Type(Enum):
    """The type of a property as `property.GetAll` names it."""

    STR = "str"
    INT = "int"
    BOOL = "bool"
    VM = "vm"
    LABEL = "label"


class Changeable(Enum):
    """When a property can be set, as a sentence."""

    ALWAYS = QT_TRANSLATE_NOOP("PropertyHelp", "It can be set at any time.")
    HALTED = QT_TRANSLATE_NOOP("PropertyHelp", "It can be set while the qube is halted.")
    NEVER = QT_TRANSLATE_NOOP("PropertyHelp", "It can be read, and never set.")


class Measure(Enum):
    """What the number of a property counts."""

    MIB = auto()
    SECONDS = auto()


class Limits(NamedTuple):
    """The least and the greatest value of a number; `what` names the value in the reason of a refusal."""

    least: int
    most: int
    what: str = ""


@dataclass(frozen=True, slots=True)
class PropertyRow:
    """A property of a qube.

    The default is the template's value if `from_template`, else the system property `from_system`, else `default`; or a
    function of the daemon computes it. `depends` names what such a function looks at, as `own:<property>`,
    `netvm:<property>` or `feature:<feature>`. `optional`: the value may be empty; `utf8`: it may be any line of UTF-8.
    `at_start`: a qube that runs uses a new value after a restart.
    """

    name: str
    type: Type
    help: str
    default: str = ""
    from_template: bool = False
    from_system: str = ""
    depends: tuple[str, ...] = ()
    classes: frozenset[VmClass] = GUESTS
    change: Changeable = Changeable.ALWAYS
    limits: Limits | None = None
    measure: Measure | None = None
    choices: tuple[str, ...] = ()
    optional: bool = False
    utf8: bool = False
    at_start: bool = False

    @property
    def all_depends(self) -> tuple[str, ...]:
        """The values the default depends on: `template:…` and `system:…` for its origins, and `depends`."""
        template = (f"template:{self.name}", "own:template") if self.from_template else ()
        return (*template, *((f"system:{self.from_system}",) if self.from_system else ()), *self.depends)


@dataclass(frozen=True, slots=True)
class SystemPropertyRow:
    """A system-wide property. The default is the value of the property `follows`, if it names one, else `default`."""

    name: str
    type: Type
    help: str
    default: str = ""
    follows: str = ""
    limits: Limits | None = None
    measure: Measure | None = None
    optional: bool = False


def why_not_in_row(row: PropertyRow | SystemPropertyRow, value: str) -> Reason | None:
    """Why a value, well formed for its type, is outside of the row's limits or choices; None if it is not."""
    choices = row.choices if isinstance(row, PropertyRow) else ()
    if choices and value not in choices:
        return Reason("property-choice", ", ".join(choices))
    limits = row.limits
    if limits is None or not value.isdigit() or limits.least <= int(value) <= limits.most:
        return None
    if not limits.what:
        return Reason("system-property-range", limits.least, limits.most)
    return Reason("property-range", limits.what, limits.least, limits.most)


# pylupdate5 takes no text that a comma follows, which the formatter would add.
_ROWS = (
    PropertyRow(
        "name", Type.STR,
        classes=ALL,
        change=Changeable.HALTED,
        help=QT_TRANSLATE_NOOP(
            "PropertyHelp",
            "The name of the qube. Setting it renames a halted qube together with everything that refers to it."
        ),
    ),
    PropertyRow(
        "klass", Type.STR,
        classes=ALL,
        change=Changeable.NEVER,
        help=QT_TRANSLATE_NOOP(
            "PropertyHelp",
            "The class: ``AdminVM``, ``TemplateVM``, ``AppVM``, ``StandaloneVM``, ``DispVM`` or ``RemoteVM``."
        ),
    ),
    PropertyRow(
        "qid", Type.INT,
        classes=ALL,
        change=Changeable.NEVER,
        help=QT_TRANSLATE_NOOP(
            "PropertyHelp",
            "The number of the qube on this machine; addresses are derived from it."
        ),
    ),
    PropertyRow(
        "uuid", Type.STR,
        classes=ALL,
        change=Changeable.NEVER,
        help=QT_TRANSLATE_NOOP("PropertyHelp", "The identity of the qube, which stays when it is renamed."),
    ),
    PropertyRow(
        "label", Type.LABEL,
        classes=ALL,
        help=QT_TRANSLATE_NOOP(
            "PropertyHelp",
            "The label. Its colour frames each window of the qube and says how far the qube is trusted."
        ),
    ),
    PropertyRow(
        "template", Type.VM,
        from_system="default_template",
        classes=BASED,
        change=Changeable.HALTED,
        help=QT_TRANSLATE_NOOP("PropertyHelp", "The qube whose root volume this one starts from."),
    ),
    PropertyRow(
        "provides_network", Type.BOOL,
        default="no",
        help=QT_TRANSLATE_NOOP("PropertyHelp", "Whether other qubes may use this one as their net qube."),
    ),
    PropertyRow(
        "netvm", Type.VM,
        from_template=True,
        from_system="default_netvm",
        depends=("own:provides_network",),
        optional=True,
        help=QT_TRANSLATE_NOOP(
            "PropertyHelp",
            "The qube that gives this one network; empty for none. The default is the system's ``default_netvm``,"
            " for a disposable its template's net qube, for a template none."
        ),
    ),
    PropertyRow(
        "memory", Type.INT,
        measure=Measure.MIB,
        at_start=True,
        default="400",
        from_template=True,
        help=QT_TRANSLATE_NOOP("PropertyHelp", "Memory at the start, in MiB."),
    ),
    PropertyRow(
        "maxmem", Type.INT,
        measure=Measure.MIB,
        at_start=True,
        from_template=True,
        depends=("own:memory",),
        help=QT_TRANSLATE_NOOP(
            "PropertyHelp",
            "The most memory that balancing may give the qube, in MiB; ``0`` turns balancing off."
        ),
    ),
    PropertyRow(
        "vcpus", Type.INT,
        at_start=True,
        default="2",
        from_template=True,
        limits=Limits(1, 128, "The number of vcpus"),
        help=QT_TRANSLATE_NOOP("PropertyHelp", "Virtual processors."),
    ),
    PropertyRow(
        "kernel", Type.STR,
        at_start=True,
        from_template=True,
        from_system="default_kernel",
        optional=True,
        help=QT_TRANSLATE_NOOP(
            "PropertyHelp",
            "The kernel that the qube boots with, by its name in dom0; empty to boot what its root volume holds."
        ),
    ),
    PropertyRow(
        "kernelopts", Type.STR,
        at_start=True,
        from_template=True,
        optional=True,
        help=QT_TRANSLATE_NOOP("PropertyHelp", "Options on the kernel's command line."),
    ),
    PropertyRow(
        "appvm_default_bootmode", Type.STR,
        default="default",
        depends=("feature:boot-mode.appvm-default",),
        classes=frozenset({VmClass.TEMPLATE}),
        help=QT_TRANSLATE_NOOP(
            "PropertyHelp",
            "The boot mode of the qubes that are based on this template, unless they have their own."
        ),
    ),
    PropertyRow(
        "bootmode", Type.STR,
        at_start=True,
        default="default",
        depends=(
            "own:template", "template:appvm_default_bootmode", "template:bootmode", "feature:boot-mode.active",
        ),
        help=QT_TRANSLATE_NOOP(
            "PropertyHelp",
            "The boot mode. The feature ``boot-mode.kernelopts.MODE`` of the qube or of its template adds options to"
            " the kernel's command line; ``default`` adds none."
        ),
    ),
    PropertyRow(
        "virt_mode", Type.STR,
        default="pvh",
        from_template=True,
        change=Changeable.HALTED,
        choices=("pvh", "hvm", "pv"),
        help=QT_TRANSLATE_NOOP(
            "PropertyHelp",
            "``pvh``, ``hvm`` (needed for PCI devices and foreign systems) or ``pv``."
        ),
    ),
    PropertyRow(
        "autostart", Type.BOOL,
        default="no",
        help=QT_TRANSLATE_NOOP("PropertyHelp", "Whether the qube starts with the system."),
    ),
    PropertyRow(
        "debug", Type.BOOL,
        at_start=True,
        default="no",
        help=QT_TRANSLATE_NOOP(
            "PropertyHelp",
            "Show the console and more messages, for finding out why a qube does not start."
        ),
    ),
    PropertyRow(
        "default_user", Type.STR,
        default="user",
        from_template=True,
        help=QT_TRANSLATE_NOOP("PropertyHelp", "The user that commands run as."),
    ),
    PropertyRow(
        "include_in_backups", Type.BOOL,
        classes=ALL,
        help=QT_TRANSLATE_NOOP("PropertyHelp", "Whether a backup includes the qube by default."),
    ),
    PropertyRow(
        "backup_timestamp", Type.INT,
        classes=ALL,
        optional=True,
        help=QT_TRANSLATE_NOOP("PropertyHelp", "When the qube was last backed up, in Unix seconds; empty for never."),
    ),
    PropertyRow(
        "template_for_dispvms", Type.BOOL,
        default="no",
        classes=_APPS,
        help=QT_TRANSLATE_NOOP("PropertyHelp", "Whether disposables can be made from this qube."),
    ),
    PropertyRow(
        "devices_denied", Type.STR,
        classes=HERE,
        optional=True,
        help=QT_TRANSLATE_NOOP(
            "PropertyHelp",
            "Interfaces of devices that the qube is never given, one after the other: a letter (``b``, ``u``, ``p``,"
            " ``m``) and six hex digits or ``*``, such as ``u03****`` for each keyboard and mouse; empty for none."
        ),
    ),
    PropertyRow(
        "default_dispvm", Type.VM,
        from_template=True,
        from_system="default_dispvm",
        classes=HERE,
        optional=True,
        help=QT_TRANSLATE_NOOP(
            "PropertyHelp",
            "The template of disposables that are started from this qube; empty for none."
        ),
    ),
    PropertyRow(
        "management_dispvm", Type.VM,
        from_template=True,
        from_system="management_dispvm",
        classes=HERE,
        optional=True,
        help=QT_TRANSLATE_NOOP(
            "PropertyHelp",
            "The template of the disposable that configures this qube; empty for none."
        ),
    ),
    PropertyRow(
        "guivm", Type.VM,
        at_start=True,
        from_system="default_guivm",
        optional=True,
        help=QT_TRANSLATE_NOOP("PropertyHelp", "The qube that shows this one's windows; empty for none."),
    ),
    PropertyRow(
        "audiovm", Type.VM,
        at_start=True,
        from_system="default_audiovm",
        optional=True,
        help=QT_TRANSLATE_NOOP("PropertyHelp", "The qube that plays this one's sound; empty for none."),
    ),
    PropertyRow(
        "qrexec_timeout", Type.INT,
        measure=Measure.SECONDS,
        from_template=True,
        from_system="default_qrexec_timeout",
        limits=Limits(1, 86_400, "A time-out in seconds"),
        help=QT_TRANSLATE_NOOP("PropertyHelp", "Seconds that a starting qube may take until its agent answers."),
    ),
    PropertyRow(
        "shutdown_timeout", Type.INT,
        measure=Measure.SECONDS,
        from_template=True,
        from_system="default_shutdown_timeout",
        limits=Limits(1, 86_400, "A time-out in seconds"),
        help=QT_TRANSLATE_NOOP("PropertyHelp", "Seconds that a clean shutdown may take."),
    ),
    PropertyRow(
        "ip", Type.STR,
        depends=("own:netvm", "own:provides_network"),
        change=Changeable.HALTED,
        help=QT_TRANSLATE_NOOP("PropertyHelp", "The IPv4 address inside the virtual network."),
    ),
    PropertyRow(
        "ip6", Type.STR,
        depends=("own:ip", "netvm:ip6", "feature:ipv6"),
        change=Changeable.NEVER,
        help=QT_TRANSLATE_NOOP(
            "PropertyHelp",
            "The IPv6 address inside the virtual network; empty unless the feature ``ipv6`` is set here or on the"
            " net qube."
        ),
    ),
    PropertyRow(
        "mac", Type.STR,
        change=Changeable.HALTED,
        help=QT_TRANSLATE_NOOP("PropertyHelp", "The MAC address of the first network interface."),
    ),
    PropertyRow(
        "gateway", Type.STR,
        depends=("own:netvm", "netvm:ip"),
        change=Changeable.NEVER,
        help=QT_TRANSLATE_NOOP("PropertyHelp", "The IPv4 address of the net qube."),
    ),
    PropertyRow(
        "gateway6", Type.STR,
        depends=("own:netvm", "netvm:ip6"),
        change=Changeable.NEVER,
        help=QT_TRANSLATE_NOOP("PropertyHelp", "The IPv6 address of the net qube."),
    ),
    PropertyRow(
        "netmask", Type.STR,
        depends=("own:ip",),
        change=Changeable.NEVER,
        help=QT_TRANSLATE_NOOP("PropertyHelp", "The netmask: a qube sees its net qube only."),
    ),
    PropertyRow(
        "dns", Type.STR,
        depends=("own:netvm", "own:provides_network"),
        change=Changeable.NEVER,
        help=QT_TRANSLATE_NOOP("PropertyHelp", "The addresses of the DNS servers, separated by blanks."),
    ),
    PropertyRow(
        "visible_ip", Type.STR,
        depends=("own:ip",),
        change=Changeable.NEVER,
        help=QT_TRANSLATE_NOOP("PropertyHelp", "The IPv4 address as the qube itself sees it: its ``ip``."),
    ),
    PropertyRow(
        "visible_ip6", Type.STR,
        depends=("own:ip6",),
        change=Changeable.NEVER,
        help=QT_TRANSLATE_NOOP("PropertyHelp", "The IPv6 address as the qube itself sees it: its ``ip6``."),
    ),
    PropertyRow(
        "visible_gateway", Type.STR,
        depends=("own:gateway",),
        change=Changeable.NEVER,
        help=QT_TRANSLATE_NOOP("PropertyHelp", "The IPv4 gateway as the qube itself sees it: its ``gateway``."),
    ),
    PropertyRow(
        "visible_gateway6", Type.STR,
        depends=("own:gateway6",),
        change=Changeable.NEVER,
        help=QT_TRANSLATE_NOOP("PropertyHelp", "The IPv6 gateway as the qube itself sees it: its ``gateway6``."),
    ),
    PropertyRow(
        "visible_netmask", Type.STR,
        depends=("own:netmask",),
        change=Changeable.NEVER,
        help=QT_TRANSLATE_NOOP("PropertyHelp", "The netmask as the qube itself sees it: its ``netmask``."),
    ),
    PropertyRow(
        "firewall_state", Type.STR,
        depends=("own:netvm",),
        change=Changeable.NEVER,
        utf8=True,
        help=QT_TRANSLATE_NOOP(
            "PropertyHelp",
            "Whether the firewall rules are enforced: ``enforced``, or a sentence that explains why not; empty"
            " without a net qube."
        ),
    ),
    PropertyRow(
        "problem", Type.STR,
        classes=ALL,
        change=Changeable.NEVER,
        utf8=True,
        help=QT_TRANSLATE_NOOP(
            "PropertyHelp",
            "Why the qube cannot be used, such as a missing pool or a damaged volume; empty if it can. For dom0:"
            " the fault of the store that the daemon detected at its start."
        ),
    ),
    PropertyRow(
        "updateable", Type.BOOL,
        classes=HERE,
        change=Changeable.NEVER,
        help=QT_TRANSLATE_NOOP(
            "PropertyHelp",
            "Whether software is updated in this qube itself: its root volume is its own."
        ),
    ),
    PropertyRow(
        "installed_by_rpm", Type.BOOL,
        default="no",
        classes=frozenset({VmClass.TEMPLATE}),
        help=QT_TRANSLATE_NOOP(
            "PropertyHelp",
            "Whether the template came from a package; the package manager removes it then."
        ),
    ),
    PropertyRow(
        "auto_cleanup", Type.BOOL,
        classes=frozenset({VmClass.DISP}),
        help=QT_TRANSLATE_NOOP(
            "PropertyHelp",
            "Whether the qube is removed when it halts. No keeps a disposable that has a task, such as"
            " ``sys-usb``: its volumes are still fresh at each start."
        ),
    ),
    PropertyRow(
        "is_preload", Type.BOOL,
        depends=("feature:internal",),
        classes=frozenset({VmClass.DISP}),
        change=Changeable.NEVER,
        help=QT_TRANSLATE_NOOP(
            "PropertyHelp",
            "Whether the disposable was started in advance and waits to be used; the feature"
            " ``preload-dispvm-max`` of its template is how many to keep."
        ),
    ),
    PropertyRow(
        "relayvm", Type.VM,
        classes=_REMOTES,
        optional=True,
        help=QT_TRANSLATE_NOOP(
            "PropertyHelp",
            "The qube that carries calls to this one, which is on another machine; empty for none."
        ),
    ),
    PropertyRow(
        "transport_rpc", Type.STR,
        classes=_REMOTES,
        optional=True,
        help=QT_TRANSLATE_NOOP("PropertyHelp", "The qrexec service of the relay that carries calls."),
    ),
    PropertyRow(
        "remote_name", Type.STR,
        classes=_REMOTES,
        optional=True,
        help=QT_TRANSLATE_NOOP("PropertyHelp", "The name of the qube on its own machine; empty for the same name."),
    ),
    PropertyRow(
        "icon", Type.STR,
        depends=("own:label", "feature:servicevm"),
        classes=ALL,
        change=Changeable.NEVER,
        help=QT_TRANSLATE_NOOP("PropertyHelp", "The name of the icon of the qube."),
    ),
    PropertyRow(
        "start_time", Type.INT,
        classes=HERE,
        change=Changeable.NEVER,
        help=QT_TRANSLATE_NOOP(
            "PropertyHelp",
            "When the qube was started, in Unix seconds; empty while it is halted."
        ),
    ),
    PropertyRow(
        "has_agent", Type.BOOL,
        default="no",
        change=Changeable.NEVER,
        help=QT_TRANSLATE_NOOP(
            "PropertyHelp",
            "Whether ``qubes-mgmt1-client`` in the qube answers, so that services can be started in it."
        ),
    ),
    PropertyRow(
        "keyboard_layout", Type.STR,
        at_start=True,
        default="us++",
        help=QT_TRANSLATE_NOOP("PropertyHelp", "The keyboard as ``layout+variant+options``."),
    ),
    PropertyRow(
        "stubdom_mem", Type.INT,
        measure=Measure.MIB,
        at_start=True,
        optional=True,
        help=QT_TRANSLATE_NOOP(
            "PropertyHelp",
            "Memory of the device model's own domain on Xen, in MiB; empty for Xen's default."
        ),
    ),
)  # fmt: skip

_SYSTEM_ROWS = (
    SystemPropertyRow(
        "default_netvm", Type.VM,
        optional=True,
        help=QT_TRANSLATE_NOOP("PropertyHelp", "The net qube of each qube without its own setting."),
    ),
    SystemPropertyRow(
        "default_template", Type.VM,
        optional=True,
        help=QT_TRANSLATE_NOOP("PropertyHelp", "The template of a new app qube that does not name one."),
    ),
    SystemPropertyRow(
        "default_dispvm", Type.VM,
        optional=True,
        help=QT_TRANSLATE_NOOP("PropertyHelp", "The template of disposables, for qubes without their own setting."),
    ),
    SystemPropertyRow(
        "management_dispvm", Type.VM,
        optional=True,
        help=QT_TRANSLATE_NOOP("PropertyHelp", "The template of the disposables that configure qubes."),
    ),
    SystemPropertyRow(
        "default_pool", Type.STR,
        default="default",
        help=QT_TRANSLATE_NOOP("PropertyHelp", "The pool of new volumes."),
    ),
    SystemPropertyRow(
        "default_pool_root", Type.STR,
        follows="default_pool",
        help=QT_TRANSLATE_NOOP("PropertyHelp", "The pool of the root volume of a new qube."),
    ),
    SystemPropertyRow(
        "default_pool_private", Type.STR,
        follows="default_pool",
        help=QT_TRANSLATE_NOOP("PropertyHelp", "The pool of the private volume of a new qube."),
    ),
    SystemPropertyRow(
        "default_pool_volatile", Type.STR,
        follows="default_pool",
        help=QT_TRANSLATE_NOOP("PropertyHelp", "The pool of the volatile volume of a new qube."),
    ),
    SystemPropertyRow(
        "default_pool_kernel", Type.STR,
        default="linux-kernel",
        help=QT_TRANSLATE_NOOP("PropertyHelp", "The pool of the kernels that qubes boot with."),
    ),
    SystemPropertyRow(
        "default_kernel", Type.STR,
        optional=True,
        help=QT_TRANSLATE_NOOP(
            "PropertyHelp",
            "The kernel of each qube without its own setting; empty boots the root volume."
        ),
    ),
    SystemPropertyRow(
        "default_guivm", Type.VM,
        default=DOM0,
        optional=True,
        help=QT_TRANSLATE_NOOP("PropertyHelp", "The qube that shows windows."),
    ),
    SystemPropertyRow(
        "default_audiovm", Type.VM,
        default=DOM0,
        optional=True,
        help=QT_TRANSLATE_NOOP("PropertyHelp", "The qube that plays sound."),
    ),
    SystemPropertyRow(
        "clockvm", Type.VM,
        optional=True,
        help=QT_TRANSLATE_NOOP("PropertyHelp", "The qube from which the others get the time."),
    ),
    SystemPropertyRow(
        "updatevm", Type.VM,
        optional=True,
        help=QT_TRANSLATE_NOOP("PropertyHelp", "The qube that fetches dom0's updates."),
    ),
    SystemPropertyRow(
        "check_updates_vm", Type.BOOL,
        default="yes",
        help=QT_TRANSLATE_NOOP(
            "PropertyHelp",
            "Whether qubes check for updates of their software by themselves; update tools read it."
        ),
    ),
    SystemPropertyRow(
        "default_qrexec_timeout", Type.INT,
        measure=Measure.SECONDS,
        default="60",
        limits=Limits(1, 86_400),
        help=QT_TRANSLATE_NOOP("PropertyHelp", "Seconds that a starting qube may take until its agent answers."),
    ),
    SystemPropertyRow(
        "default_shutdown_timeout", Type.INT,
        measure=Measure.SECONDS,
        default="60",
        limits=Limits(1, 86_400),
        help=QT_TRANSLATE_NOOP("PropertyHelp", "Seconds that a clean shutdown may take."),
    ),
    SystemPropertyRow(
        "stats_interval", Type.INT,
        measure=Measure.SECONDS,
        default="3",
        limits=Limits(1, 3600),
        help=QT_TRANSLATE_NOOP("PropertyHelp", "Seconds between two statistics of the running qubes."),
    ),
)  # fmt: skip

PROPERTIES = {row.name: row for row in _ROWS}
"""By name, in an order in which each default's own properties come before it."""

SYSTEM_PROPERTIES = {row.name: row for row in _SYSTEM_ROWS}


def row_of(name: str) -> PropertyRow | SystemPropertyRow | None:
    """The row of a property of qubes, else of the system; None for one that has none here."""
    return PROPERTIES.get(name) or SYSTEM_PROPERTIES.get(name)


AT_START = frozenset(row.name for row in _ROWS if row.at_start)
"""Properties of which a running qube uses a new value after a restart."""

READ_ONLY = frozenset(row.name for row in _ROWS if row.change is Changeable.NEVER)
"""Properties that the system computes."""
