# SPDX-License-Identifier: GPL-3.0-or-later
"""THE TABLE OF QUBES OS: every `admin.*` call that the daemon answers, with the mgmt1 rows that answer it.

The rows are of the same kind as those of `wire/calls.py`.
"""

from qubesmanager.admin import codecs as q
from qubesmanager.wire import calls as m
from qubesmanager.wire import codecs as c
from qubesmanager.wire import names
from qubesmanager.wire.call import AnyCall, Call, EventsCall
from qubesmanager.wire.calls import EVENT
from qubesmanager.wire.limits import PAYLOAD_BYTES
from qubesmanager.wire.values import Dest, Tier

NAMES = c.id_rows(names.PROPERTY_NAME)

# -- qubes ------------------------------------------------------------------------------------------------------------

VM_LIST = Call(
    "admin.vm.List", Dest.EITHER, Tier.GLOBAL_RO, c.NOTHING, c.NOTHING, q.VM_ROWS,
    "Each qube that the source may see, dom0 first, then by name; sent to a qube: its own row.",
    uses=(m.VM_LIST,),
)  # fmt: skip
VMCLASS_LIST = Call(
    "admin.vmclass.List", Dest.DOM0, Tier.GLOBAL_RO, c.NOTHING, c.NOTHING, c.id_rows(names.CLASS_NAME),
    "The classes of qubes, by name.",
    uses=(m.VMCLASS_LIST,),
)  # fmt: skip
DEVICECLASS_LIST = Call(
    "admin.deviceclass.List", Dest.DOM0, Tier.GLOBAL_RO, c.NOTHING, c.NOTHING, c.DEVICE_CLASS_ROWS,
    "The classes of devices.",
    uses=(m.DEVICECLASS_LIST,),
)  # fmt: skip

# -- properties -------------------------------------------------------------------------------------------------------

VM_PROPERTY_LIST = Call(
    "admin.vm.property.List", Dest.VM, Tier.LOCAL_RO, c.NOTHING, c.NOTHING, NAMES,
    "The properties of the qube's class.",
    uses=(m.VM_PROPERTY_GET,),
)  # fmt: skip
VM_PROPERTY_GET = Call(
    "admin.vm.property.Get", Dest.VM, Tier.LOCAL_RO, c.PROPERTY_NAME, c.NOTHING, q.PROPERTY,
    "A property with its type; a reference to nothing is empty, and the blank before it stays.",
    uses=(m.VM_PROPERTY_GET, m.VM_PROPERTY_GET_ALL),
)  # fmt: skip
VM_PROPERTY_GET_ALL = Call(
    "admin.vm.property.GetAll", Dest.VM, Tier.LOCAL_RO, c.NOTHING, c.NOTHING, q.PROPERTY_ROWS,
    "All properties of the qube; a newline in a value is \\n, a backslash is doubled.",
    uses=(m.VM_PROPERTY_GET_ALL,),
)  # fmt: skip
VM_PROPERTY_GET_DEFAULT = Call(
    "admin.vm.property.GetDefault", Dest.VM, Tier.LOCAL_RO, c.PROPERTY_NAME, c.NOTHING, q.DEFAULT,
    "The value that the property has when it is reset; nothing for a property without a default.",
    uses=(m.VM_PROPERTY_GET_DEFAULT, m.VM_PROPERTY_GET_ALL),
)  # fmt: skip
VM_PROPERTY_HELP = Call(
    "admin.vm.property.Help", Dest.VM, Tier.LOCAL_RO, c.PROPERTY_NAME, c.NOTHING, c.TEXT,
    "What the property means, as one line of plain text.",
    uses=(m.VM_PROPERTY_HELP,),
)  # fmt: skip
VM_PROPERTY_SET = Call(
    "admin.vm.property.Set", Dest.VM, Tier.LOCAL_RWX, c.PROPERTY_NAME, q.PROPERTY_VALUE, c.NOTHING,
    "Set the property. A name cannot be set: the tools of Qubes OS clone and remove.",
    uses=(m.VM_PROPERTY_SET,),
)  # fmt: skip
VM_PROPERTY_RESET = Call(
    "admin.vm.property.Reset", Dest.VM, Tier.LOCAL_RWX, c.PROPERTY_NAME, c.NOTHING, c.NOTHING,
    "Give the property back its default.",
    uses=(m.VM_PROPERTY_RESET,),
)  # fmt: skip
PROPERTY_LIST = Call(
    "admin.property.List", Dest.DOM0, Tier.GLOBAL_RO, c.NOTHING, c.NOTHING, NAMES,
    "The system-wide properties.",
    uses=(m.PROPERTY_LIST,),
)  # fmt: skip
PROPERTY_GET = Call(
    "admin.property.Get", Dest.DOM0, Tier.GLOBAL_RO, c.PROPERTY_NAME, c.NOTHING, q.PROPERTY,
    "A system-wide property with its type.",
    uses=(m.PROPERTY_GET_ALL,),
)  # fmt: skip
PROPERTY_GET_ALL = Call(
    "admin.property.GetAll", Dest.DOM0, Tier.GLOBAL_RO, c.NOTHING, c.NOTHING, q.PROPERTY_ROWS,
    "All system-wide properties.",
    uses=(m.PROPERTY_GET_ALL,),
)  # fmt: skip
PROPERTY_GET_DEFAULT = Call(
    "admin.property.GetDefault", Dest.DOM0, Tier.GLOBAL_RO, c.PROPERTY_NAME, c.NOTHING, q.DEFAULT,
    "The value that a system-wide property has when it is reset.",
    uses=(m.PROPERTY_GET_DEFAULT,),
)  # fmt: skip
PROPERTY_HELP = Call(
    "admin.property.Help", Dest.DOM0, Tier.GLOBAL_RO, c.PROPERTY_NAME, c.NOTHING, c.TEXT,
    "What a system-wide property means, as one line of plain text.",
    uses=(m.PROPERTY_HELP,),
)  # fmt: skip
PROPERTY_SET = Call(
    "admin.property.Set", Dest.DOM0, Tier.GLOBAL_RWX, c.PROPERTY_NAME, q.PROPERTY_VALUE, c.NOTHING,
    "Set a system-wide property.",
    uses=(m.PROPERTY_SET,),
)  # fmt: skip
PROPERTY_RESET = Call(
    "admin.property.Reset", Dest.DOM0, Tier.GLOBAL_RWX, c.PROPERTY_NAME, c.NOTHING, c.NOTHING,
    "Give a system-wide property back its default.",
    uses=(m.PROPERTY_RESET,),
)  # fmt: skip

# -- features, tags, notes, labels ------------------------------------------------------------------------------------

VM_FEATURE_LIST = Call(
    "admin.vm.feature.List", Dest.VM, Tier.LOCAL_RO, c.NOTHING, c.NOTHING, c.id_rows(names.FEATURE_NAME),
    "The features of the qube.",
    uses=(m.VM_FEATURE_LIST,),
)  # fmt: skip
VM_FEATURE_GET = Call(
    "admin.vm.feature.Get", Dest.VM, Tier.LOCAL_RO, q.FEATURE_NAME, c.NOTHING, q.FEATURE_VALUE,
    "A feature's value; a character that is not printable ASCII is answered as _.",
    uses=(m.VM_FEATURE_GET,),
)  # fmt: skip
VM_FEATURE_CHECK_WITH_TEMPLATE = Call(
    "admin.vm.feature.CheckWithTemplate", Dest.VM, Tier.LOCAL_RO, q.FEATURE_NAME, c.NOTHING, q.FEATURE_VALUE,
    "The feature of the qube, else of its template, and so on up.",
    uses=(m.VM_FEATURE_CHECK_WITH_TEMPLATE,),
)  # fmt: skip
VM_FEATURE_CHECK_WITH_NETVM = Call(
    "admin.vm.feature.CheckWithNetvm", Dest.VM, Tier.LOCAL_RO, q.FEATURE_NAME, c.NOTHING, q.FEATURE_VALUE,
    "The feature of the qube, else of its netvm, and so on, as far as the source sees these.",
    uses=(m.VM_FEATURE_GET, m.VM_PROPERTY_GET),
)  # fmt: skip
VM_FEATURE_CHECK_WITH_ADMIN_VM = Call(
    "admin.vm.feature.CheckWithAdminVM", Dest.VM, Tier.LOCAL_RO, q.FEATURE_NAME, c.NOTHING, q.FEATURE_VALUE,
    "The feature of the qube, else of dom0.",
    uses=(m.VM_FEATURE_GET,),
)  # fmt: skip
VM_FEATURE_CHECK_WITH_BOTH = Call(
    "admin.vm.feature.CheckWithTemplateAndAdminVM", Dest.VM, Tier.LOCAL_RO, q.FEATURE_NAME, c.NOTHING, q.FEATURE_VALUE,
    "The feature of the qube, else of its template, else of dom0.",
    uses=(m.VM_FEATURE_CHECK_WITH_TEMPLATE, m.VM_FEATURE_GET),
)  # fmt: skip
VM_FEATURE_SET = Call(
    "admin.vm.feature.Set", Dest.VM, Tier.LOCAL_RWX, q.FEATURE_NAME, q.FEATURE_VALUE, c.NOTHING,
    "Set a feature. Empty is a value.",
    uses=(m.VM_FEATURE_SET,),
)  # fmt: skip
VM_FEATURE_REMOVE = Call(
    "admin.vm.feature.Remove", Dest.VM, Tier.LOCAL_RWX, q.FEATURE_NAME, c.NOTHING, c.NOTHING,
    "Remove a feature.",
    uses=(m.VM_FEATURE_REMOVE,),
)  # fmt: skip
VM_TAG_LIST = Call(
    "admin.vm.tag.List", Dest.VM, Tier.LOCAL_RO, c.NOTHING, c.NOTHING, q.TAG_ROWS,
    "The tags of the qube; a dot in a tag is answered as _.",
    uses=(m.VM_TAG_LIST,),
)  # fmt: skip
VM_TAG_GET = Call(
    "admin.vm.tag.Get", Dest.VM, Tier.LOCAL_RO, q.TAG, c.NOTHING, c.BIT,
    "Whether the qube has the tag.",
    uses=(m.VM_TAG_LIST,),
)  # fmt: skip
VM_TAG_SET = Call(
    "admin.vm.tag.Set", Dest.VM, Tier.LOCAL_RWX, q.TAG, c.NOTHING, c.NOTHING,
    "Give the qube a tag.",
    uses=(m.VM_TAG_LIST, m.VM_TAG_SET),
)  # fmt: skip
VM_TAG_REMOVE = Call(
    "admin.vm.tag.Remove", Dest.VM, Tier.LOCAL_RWX, q.TAG, c.NOTHING, c.NOTHING,
    "Remove a tag from the qube.",
    uses=(m.VM_TAG_REMOVE,),
)  # fmt: skip
VM_NOTES_GET = Call(
    "admin.vm.notes.Get", Dest.VM, Tier.LOCAL_RO, c.NOTHING, c.NOTHING, q.NOTES_ANSWER,
    "The qube's notes.",
    uses=(m.VM_NOTES_GET,),
)  # fmt: skip
VM_NOTES_SET = Call(
    "admin.vm.notes.Set", Dest.VM, Tier.LOCAL_RWX, c.NOTHING, q.NOTES, c.NOTHING,
    "Replace the qube's notes, UTF-8. A character that is not safe to show becomes _.",
    uses=(m.VM_NOTES_SET,),
)  # fmt: skip
LABEL_LIST = Call(
    "admin.label.List", Dest.DOM0, Tier.GLOBAL_RO, c.NOTHING, c.NOTHING, c.id_rows(names.LABEL_NAME),
    "The labels.",
    uses=(m.LABEL_LIST,),
)  # fmt: skip
LABEL_GET = Call(
    "admin.label.Get", Dest.DOM0, Tier.GLOBAL_RO, c.LABEL_NAME, c.NOTHING, c.LINE,
    "A label's colour as 0xRRGGBB, in small letters.",
    uses=(m.LABEL_GET,),
)  # fmt: skip
LABEL_INDEX = Call(
    "admin.label.Index", Dest.DOM0, Tier.GLOBAL_RO, c.LABEL_NAME, c.NOTHING, c.INDEX,
    "A label's number, from 1 on.",
    uses=(m.LABEL_LIST, m.LABEL_GET),
)  # fmt: skip
LABEL_CREATE = Call(
    "admin.label.Create", Dest.DOM0, Tier.GLOBAL_RWX, c.LABEL_NAME, q.WORDS, c.NOTHING,
    "Create a label; the payload is its colour as 0xRRGGBB.",
    uses=(m.LABEL_CREATE,),
)  # fmt: skip
LABEL_REMOVE = Call(
    "admin.label.Remove", Dest.DOM0, Tier.GLOBAL_RWX, c.LABEL_NAME, c.NOTHING, c.NOTHING,
    "Remove a label that no qube has and that Qubes OS does not bring.",
    uses=(m.LABEL_REMOVE,),
)  # fmt: skip

# -- firewall ---------------------------------------------------------------------------------------------------------

VM_FIREWALL_GET = Call(
    "admin.vm.firewall.Get", Dest.VM, Tier.LOCAL_RO, c.NOTHING, c.NOTHING, q.RULES_ANSWER,
    "All rules, in order. A firewall without rules, which lets nothing pass, is answered as action=drop.",
    uses=(m.VM_FIREWALL_GET,),
)  # fmt: skip
VM_FIREWALL_SET = Call(
    "admin.vm.firewall.Set", Dest.VM, Tier.LOCAL_RWX, c.NOTHING, q.RULES, c.NOTHING,
    "Replace all rules at once, or nothing. The options of a rule come in any order, the comment last.",
    uses=(m.VM_FIREWALL_REPLACE,),
    limit=PAYLOAD_BYTES,
)  # fmt: skip
VM_FIREWALL_RELOAD = Call(
    "admin.vm.firewall.Reload", Dest.VM, Tier.LOCAL_RWX, c.NOTHING, c.NOTHING, c.NOTHING,
    "Apply the rules again: the host names in them are looked up again.",
    uses=(m.VM_FIREWALL_RELOAD,),
)  # fmt: skip

# -- create and remove ------------------------------------------------------------------------------------------------

VM_CREATE_APP = Call(
    "admin.vm.Create.AppVM", Dest.DOM0, Tier.GLOBAL_RWX, c.optional(c.VM_NAME), q.CREATE, c.NOTHING,
    "Create an AppVM from the template in the argument, else from default_template.",
    time_limit=None, uses=(m.VM_CREATE,),
)  # fmt: skip
VM_CREATE_STANDALONE = Call(
    "admin.vm.Create.StandaloneVM", Dest.DOM0, Tier.GLOBAL_RWX, c.optional(c.VM_NAME), q.CREATE, c.NOTHING,
    "Create a StandaloneVM with empty volumes.",
    time_limit=None, uses=(m.VM_CREATE,),
)  # fmt: skip
VM_CREATE_TEMPLATE = Call(
    "admin.vm.Create.TemplateVM", Dest.DOM0, Tier.GLOBAL_RWX, c.optional(c.VM_NAME), q.CREATE, c.NOTHING,
    "Create a TemplateVM with empty volumes.",
    time_limit=None, uses=(m.VM_CREATE_EMPTY_TEMPLATE,),
)  # fmt: skip
VM_CREATE_DISP = Call(
    "admin.vm.Create.DispVM", Dest.DOM0, Tier.GLOBAL_RWX, c.optional(c.VM_NAME), q.CREATE, c.NOTHING,
    "Create a disposable that stays when it halts, from the disposable template in the argument, else from the"
    " default_dispvm of dom0.",
    time_limit=None, uses=(m.VM_CREATE_KEPT_DISPOSABLE,),
)  # fmt: skip
VM_CREATE_REMOTE = Call(
    "admin.vm.Create.RemoteVM", Dest.DOM0, Tier.GLOBAL_RWX, c.optional(c.VM_NAME), q.CREATE, c.NOTHING,
    "Create a RemoteVM, a qube of another machine.",
    uses=(m.VM_CREATE,),
)  # fmt: skip
VM_CREATE_IN_POOL_APP = Call(
    "admin.vm.CreateInPool.AppVM", Dest.DOM0, Tier.GLOBAL_RWX, c.optional(c.VM_NAME), q.CREATE_IN_POOL, c.NOTHING,
    "As admin.vm.Create.AppVM, with all volumes or the named ones in the given pools.",
    time_limit=None, uses=(m.VM_CREATE_IN_POOL,),
)  # fmt: skip
VM_CREATE_IN_POOL_STANDALONE = Call(
    "admin.vm.CreateInPool.StandaloneVM", Dest.DOM0, Tier.GLOBAL_RWX, c.optional(c.VM_NAME), q.CREATE_IN_POOL,
    c.NOTHING,
    "As admin.vm.Create.StandaloneVM, with all volumes or the named ones in the given pools.",
    time_limit=None, uses=(m.VM_CREATE_IN_POOL,),
)  # fmt: skip
VM_CREATE_IN_POOL_TEMPLATE = Call(
    "admin.vm.CreateInPool.TemplateVM", Dest.DOM0, Tier.GLOBAL_RWX, c.optional(c.VM_NAME), q.CREATE_IN_POOL,
    c.NOTHING,
    "As admin.vm.Create.TemplateVM, with all volumes or the named ones in the given pools.",
    time_limit=None, uses=(m.VM_CREATE_EMPTY_TEMPLATE,),
)  # fmt: skip
VM_CREATE_DISPOSABLE = Call(
    "admin.vm.CreateDisposable", Dest.EITHER, Tier.GLOBAL_RWX, q.PRELOAD, c.LINE, c.LINE,
    "Create a disposable from the destination, else from the source's default_dispvm, and answer its name; with the"
    " payload uuid its uuid. It is removed when it halts. With the argument preload: nothing, the daemon preloads by"
    " itself.",
    time_limit=None, uses=(m.VM_CREATE_DISPOSABLE, m.VM_PROPERTY_GET),
)  # fmt: skip
VM_REMOVE = Call(
    "admin.vm.Remove", Dest.VM, Tier.GLOBAL_RWX, c.NOTHING, c.NOTHING, c.NOTHING,
    "Remove a halted qube that nothing refers to, with its volumes.",
    time_limit=None, uses=(m.VM_REMOVE,),
)  # fmt: skip

# -- lifecycle --------------------------------------------------------------------------------------------------------

VM_START = Call(
    "admin.vm.Start", Dest.VM, Tier.LOCAL_RWX, c.NOTHING, c.NOTHING, c.NOTHING,
    "Start the qube, its netvm first; answers when it runs. Nothing happens for one that is running or paused.",
    time_limit=600.0, uses=(m.VM_START,),
)  # fmt: skip
VM_SHUTDOWN = Call(
    "admin.vm.Shutdown", Dest.VM, Tier.LOCAL_RWX, q.ENDING, c.NOTHING, c.NOTHING,
    "Shut the qube down cleanly. Answers at once, with wait when it is halted. With force also a qube that running"
    " ones use.",
    time_limit=None, uses=(m.VM_SHUTDOWN_WITH,),
)  # fmt: skip
VM_KILL = Call(
    "admin.vm.Kill", Dest.VM, Tier.LOCAL_RWX, c.NOTHING, c.NOTHING, c.NOTHING,
    "End the qube at once.",
    uses=(m.VM_KILL,),
)  # fmt: skip
VM_PAUSE = Call(
    "admin.vm.Pause", Dest.VM, Tier.LOCAL_RWX, c.NOTHING, c.NOTHING, c.NOTHING, "Pause the running qube.",
    uses=(m.VM_PAUSE,),
)  # fmt: skip
VM_UNPAUSE = Call(
    "admin.vm.Unpause", Dest.VM, Tier.LOCAL_RWX, c.NOTHING, c.NOTHING, c.NOTHING, "Let the paused qube go on.",
    uses=(m.VM_UNPAUSE,),
)  # fmt: skip
VM_SUSPEND = Call(
    "admin.vm.Suspend", Dest.VM, Tier.LOCAL_RWX, c.NOTHING, c.NOTHING, c.NOTHING,
    "Suspend the running qube: its guest sleeps, and is woken by admin.vm.Resume. No event is sent.",
    uses=(m.VM_SUSPEND,),
)  # fmt: skip
VM_RESUME = Call(
    "admin.vm.Resume", Dest.VM, Tier.LOCAL_RWX, c.NOTHING, c.NOTHING, c.NOTHING,
    "Wake the suspended qube.",
    uses=(m.VM_RESUME,),
)  # fmt: skip
VM_CURRENT_STATE = Call(
    "admin.vm.CurrentState", Dest.VM, Tier.LOCAL_RO, c.NOTHING, c.NOTHING, q.CURRENT_STATE,
    "Power state, memory in KiB, cpu time in nanoseconds.",
    uses=(m.VM_CURRENT_STATE, m.VM_PROPERTY_GET),
)  # fmt: skip
VM_CONSOLE = Call(
    "admin.vm.Console", Dest.VM, Tier.LOCAL_RWX, c.NOTHING, c.NOTHING, c.LINE,
    "The terminal in dom0 that is the serial console of the running qube, such as /dev/pts/7. As a service of qrexec:"
    " what the terminal writes and reads.",
    uses=(m.VM_CONSOLE,),
)  # fmt: skip
VM_STATS = EventsCall(
    "admin.vm.Stats", Dest.EITHER, Tier.GLOBAL_RO, c.NOTHING, c.NOTHING, EVENT,
    "vm-stats events of the running qubes every stats_interval: memory in KiB, cpu_time in ms, cpu_usage in percent.",
    time_limit=None, uses=(m.VM_STATS, m.VM_CURRENT_STATE),
)  # fmt: skip
EVENTS = EventsCall(
    "admin.Events", Dest.EITHER, Tier.GLOBAL_RO, c.NOTHING, c.NOTHING, EVENT,
    "What happens, as it happens, under the names of Qubes OS.",
    time_limit=None, uses=(m.EVENTS, m.VM_LIST),
)  # fmt: skip

# -- devices ----------------------------------------------------------------------------------------------------------

VM_DEVICE_AVAILABLE = Call(
    "admin.vm.device.<class>.Available", Dest.VM, Tier.LOCAL_RO, c.optional(c.DEVICE_IDENT), c.NOTHING,
    q.AVAILABLE_ROWS,
    "What the qube offers as a backend, with the identity of each device and the qube that has it.",
    uses=(m.VM_DEVICE_AVAILABLE, m.VM_GET_ALL),
)  # fmt: skip
VM_DEVICE_ATTACHED = Call(
    "admin.vm.device.<class>.Attached", Dest.VM, Tier.LOCAL_RO, c.optional(q.PORT), c.NOTHING, q.ASSIGNMENT_ROWS,
    "The devices that the qube has now.",
    uses=(m.VM_DEVICE_ATTACHED, m.VM_DEVICE_AVAILABLE),
)  # fmt: skip
VM_DEVICE_ASSIGNED = Call(
    "admin.vm.device.<class>.Assigned", Dest.VM, Tier.LOCAL_RO, c.optional(q.PORT), c.NOTHING, q.ASSIGNMENT_ROWS,
    "The devices that are assigned to the qube, each with its mode; * is any port, or any device.",
    uses=(m.VM_DEVICE_ASSIGNED,),
)  # fmt: skip
VM_DEVICE_ATTACH = Call(
    "admin.vm.device.<class>.Attach", Dest.VM, Tier.LOCAL_RWX, q.PORT, q.DEVICE_OPTIONS, c.NOTHING,
    "Give the running qube a device. With a device id it must be that device. The payload of Qubes 4.2, without quotes,"
    " may assign it, too: persistent=yes.",
    time_limit=120.0, uses=(m.VM_DEVICE_ATTACH, m.VM_DEVICE_AVAILABLE),
)  # fmt: skip
VM_DEVICE_DETACH = Call(
    "admin.vm.device.<class>.Detach", Dest.VM, Tier.LOCAL_RWX, q.PORT, c.NOTHING, c.NOTHING,
    "Take an attached device from the qube; an assignment stays.",
    uses=(m.VM_DEVICE_ATTACHED, m.VM_DEVICE_ASSIGNED, m.VM_DEVICE_DETACH_ONLY),
)  # fmt: skip
VM_DEVICE_ASSIGN = Call(
    "admin.vm.device.<class>.Assign", Dest.VM, Tier.LOCAL_RWX, q.PORT, q.ASSIGNMENT, c.NOTHING,
    "Assign a device, which need not be there: mode auto-attach, ask-to-attach or required.",
    uses=(m.VM_DEVICE_ASSIGN,),
)  # fmt: skip
VM_DEVICE_UNASSIGN = Call(
    "admin.vm.device.<class>.Unassign", Dest.VM, Tier.LOCAL_RWX, q.PORT, c.NOTHING, c.NOTHING,
    "Remove an assignment, named by its port and device id; a device that is attached stays attached.",
    uses=(m.VM_DEVICE_ASSIGNED, m.VM_DEVICE_UNASSIGN),
)  # fmt: skip
VM_DEVICE_SET_ASSIGNMENT = Call(
    "admin.vm.device.<class>.Set.assignment", Dest.VM, Tier.LOCAL_RWX, q.PORT, q.WORDS, c.NOTHING,
    "Change the mode of an assignment; the payload is the mode.",
    uses=(m.VM_DEVICE_ASSIGNED, m.VM_DEVICE_SET_ASSIGNMENT),
)  # fmt: skip
VM_DEVICE_LIST = Call(
    "admin.vm.device.<class>.List", Dest.VM, Tier.LOCAL_RO, c.optional(c.DEVICE_ID), c.NOTHING, c.DEVICE_ROWS,
    "As in Qubes 4.2: the devices attached to the qube or assigned to it, with persistent=yes or no.",
    uses=(m.VM_DEVICE_LIST,),
)  # fmt: skip
VM_DEVICE_SET_PERSISTENT = Call(
    "admin.vm.device.<class>.Set.persistent", Dest.VM, Tier.LOCAL_RWX, c.DEVICE_ID, q.FLAG, c.NOTHING,
    "As in Qubes 4.2: assign an attached device, or remove its assignment.",
    uses=(m.VM_DEVICE_ATTACHED, m.VM_DEVICE_ATTACH, m.VM_DEVICE_UNASSIGN),
)  # fmt: skip
VM_DEVICE_DENIED_LIST = Call(
    "admin.vm.device.denied.List", Dest.VM, Tier.LOCAL_RO, c.NOTHING, c.NOTHING, q.INTERFACES,
    "The interfaces of devices that the qube is never given.",
    uses=(m.VM_DEVICE_DENIED_LIST,),
)  # fmt: skip
VM_DEVICE_DENIED_ADD = Call(
    "admin.vm.device.denied.Add", Dest.VM, Tier.LOCAL_RWX, c.NOTHING, q.WORDS, c.NOTHING,
    "Deny interfaces of devices, one after the other without blanks: u03****u08****.",
    uses=(m.VM_DEVICE_DENIED_ADD,),
)  # fmt: skip
VM_DEVICE_DENIED_REMOVE = Call(
    "admin.vm.device.denied.Remove", Dest.VM, Tier.LOCAL_RWX, c.NOTHING, q.WORDS, c.NOTHING,
    "Allow interfaces of devices again; all: every one.",
    uses=(m.VM_DEVICE_DENIED_REMOVE,),
)  # fmt: skip

# -- volumes ----------------------------------------------------------------------------------------------------------

VM_VOLUME_LIST = Call(
    "admin.vm.volume.List", Dest.VM, Tier.LOCAL_RO, c.NOTHING, c.NOTHING, c.id_rows(names.VOLUME_NAME),
    "root, private, volatile and kernel; none of dom0. Extra disks of mgmt1 are left out.",
    uses=(m.VM_VOLUME_LIST,),
)  # fmt: skip
VM_VOLUME_INFO = Call(
    "admin.vm.volume.Info", Dest.VM, Tier.LOCAL_RO, c.VOLUME_NAME, c.NOTHING, c.KEY_VALUES,
    "pool, vid, size, usage, rw, source, path (always empty), save_on_stop, snap_on_start, revisions_to_keep,"
    " ephemeral, is_outdated.",
    uses=(m.VM_VOLUME_LIST, m.VM_VOLUME_INFO),
)  # fmt: skip
VM_VOLUME_LIST_SNAPSHOTS = Call(
    "admin.vm.volume.ListSnapshots", Dest.VM, Tier.LOCAL_RO, c.VOLUME_NAME, c.NOTHING, c.id_rows(names.SNAPSHOT_ID),
    "The volume's snapshots, oldest first.",
    uses=(m.VM_VOLUME_LIST_SNAPSHOTS,),
)  # fmt: skip
VM_VOLUME_REVERT = Call(
    "admin.vm.volume.Revert", Dest.VM, Tier.LOCAL_RWX, c.VOLUME_NAME, c.SNAPSHOT_ID, c.NOTHING,
    "Go back to a snapshot; the state before is itself kept as a snapshot.",
    time_limit=None, uses=(m.VM_VOLUME_REVERT,),
)  # fmt: skip
VM_VOLUME_RESIZE = Call(
    "admin.vm.volume.Resize", Dest.VM, Tier.LOCAL_RWX, c.VOLUME_NAME, q.SIZE, c.NOTHING,
    "Grow the volume, also while the qube runs. A smaller size is refused.",
    uses=(m.VM_VOLUME_EXTEND,),
)  # fmt: skip
VM_VOLUME_CLEAR = Call(
    "admin.vm.volume.Clear", Dest.VM, Tier.LOCAL_RWX, c.VOLUME_NAME, c.NOTHING, c.NOTHING,
    "Empty a volume of a halted qube.",
    time_limit=None, uses=(m.VM_VOLUME_CLEAR,),
)  # fmt: skip
VM_VOLUME_CLONE_FROM = Call(
    "admin.vm.volume.CloneFrom", Dest.VM, Tier.LOCAL_RWX, c.VOLUME_NAME, c.NOTHING, q.TOKEN,
    "A token with which the same source can copy the volume, once.",
    uses=(m.VM_VOLUME_INFO, m.VM_PROPERTY_GET),
)  # fmt: skip
VM_VOLUME_CLONE_TO = Call(
    "admin.vm.volume.CloneTo", Dest.VM, Tier.LOCAL_RWX, c.VOLUME_NAME, q.TOKEN, c.NOTHING,
    "Replace the content of a volume of a halted qube by that of the volume of the token, whose qube is halted, too.",
    time_limit=None, uses=(m.VM_VOLUME_COPY,),
)  # fmt: skip
VM_VOLUME_IMPORT = Call(
    "admin.vm.volume.Import", Dest.VM, Tier.LOCAL_RWX, c.VOLUME_NAME, c.STREAM, c.NOTHING,
    "Replace the content of a volume of a halted qube. The payload has exactly the size of the volume.",
    time_limit=None, uses=(m.VM_VOLUME_INFO, m.VM_VOLUME_IMPORT),
)  # fmt: skip
VM_VOLUME_IMPORT_WITH_SIZE = Call(
    "admin.vm.volume.ImportWithSize", Dest.VM, Tier.LOCAL_RWX, c.VOLUME_NAME, c.STREAM, c.NOTHING,
    "As admin.vm.volume.Import, for any size: the payload is a line with the size in bytes, and exactly that many"
    " bytes.",
    time_limit=None, uses=(m.VM_VOLUME_IMPORT,),
)  # fmt: skip
VM_VOLUME_SET_REVISIONS = Call(
    "admin.vm.volume.Set.revisions_to_keep", Dest.VM, Tier.LOCAL_RWX, c.VOLUME_NAME, q.REVISIONS, c.NOTHING,
    "How many snapshots of the volume stay when its qube halts.",
    uses=(m.VM_VOLUME_CONFIGURE,),
)  # fmt: skip
VM_VOLUME_SET_RW = Call(
    "admin.vm.volume.Set.rw", Dest.VM, Tier.LOCAL_RWX, c.VOLUME_NAME, q.FLAG, c.NOTHING,
    "Whether the qube may write to the volume.",
    uses=(m.VM_VOLUME_CONFIGURE,),
)  # fmt: skip
VM_VOLUME_SET_EPHEMERAL = Call(
    "admin.vm.volume.Set.ephemeral", Dest.VM, Tier.LOCAL_RWX, c.VOLUME_NAME, q.FLAG, c.NOTHING,
    "False changes nothing. True is refused: volumes are not encrypted with a key of one session; put the pool on an"
    " encrypted disk.",
    uses=(m.VM_VOLUME_INFO,),
)  # fmt: skip

# -- pools ------------------------------------------------------------------------------------------------------------

POOL_LIST = Call(
    "admin.pool.List", Dest.DOM0, Tier.GLOBAL_RO, c.NOTHING, c.NOTHING, c.id_rows(names.POOL_NAME),
    "The storage pools.",
    uses=(m.POOL_LIST,),
)  # fmt: skip
POOL_LIST_DRIVERS = Call(
    "admin.pool.ListDrivers", Dest.DOM0, Tier.GLOBAL_RO, c.NOTHING, c.NOTHING, c.DRIVER_ROWS,
    "The pool drivers and the options each takes.",
    uses=(m.POOL_LIST_DRIVERS,),
)  # fmt: skip
POOL_INFO = Call(
    "admin.pool.Info", Dest.DOM0, Tier.GLOBAL_RO, c.POOL_NAME, c.NOTHING, c.KEY_VALUES,
    "A pool's driver, options, size and usage in bytes; of the pool of kernels its driver and folder.",
    uses=(m.POOL_INFO,),
)  # fmt: skip
POOL_USAGE_DETAILS = Call(
    "admin.pool.UsageDetails", Dest.DOM0, Tier.GLOBAL_RO, c.POOL_NAME, c.NOTHING, c.KEY_VALUES,
    "data_size and data_usage in bytes; of a thin pool of LVM metadata_size and metadata_usage, too.",
    uses=(m.POOL_INFO,),
)  # fmt: skip
POOL_ADD = Call(
    "admin.pool.Add", Dest.DOM0, Tier.GLOBAL_RWX, c.POOL_NAME, c.KEY_VALUES, c.NOTHING,
    "Add a pool of the driver in the argument: name=<pool> and the options of the driver.",
    uses=(m.POOL_ADD,),
)  # fmt: skip
POOL_REMOVE = Call(
    "admin.pool.Remove", Dest.DOM0, Tier.GLOBAL_RWX, c.POOL_NAME, c.NOTHING, c.NOTHING,
    "Forget a pool that nothing uses.",
    uses=(m.POOL_REMOVE,),
)  # fmt: skip
POOL_VOLUME_LIST = Call(
    "admin.pool.volume.List", Dest.DOM0, Tier.GLOBAL_RO, c.POOL_NAME, c.NOTHING, c.id_rows(names.VOLUME_ID),
    "The volumes of a pool.",
    uses=(m.POOL_VOLUME_LIST,),
)  # fmt: skip
POOL_SET_REVISIONS = Call(
    "admin.pool.Set.revisions_to_keep", Dest.DOM0, Tier.GLOBAL_RWX, c.POOL_NAME, q.REVISIONS, c.NOTHING,
    "How many snapshots the new volumes of the pool keep. Its volumes that have the number of the pool follow.",
    uses=(m.POOL_CONFIGURE,),
)  # fmt: skip
POOL_SET_EPHEMERAL = Call(
    "admin.pool.Set.ephemeral_volatile", Dest.DOM0, Tier.GLOBAL_RWX, c.POOL_NAME, q.FLAG, c.NOTHING,
    "False changes nothing. True is refused, as in admin.vm.volume.Set.ephemeral.",
    uses=(m.POOL_INFO,),
)  # fmt: skip

# -- backup -----------------------------------------------------------------------------------------------------------

BACKUP_INFO = Call(
    "admin.backup.Info", Dest.DOM0, Tier.GLOBAL_RO, c.PROFILE_ID, c.NOTHING, c.TEXT,
    "What a backup of the profile would contain, as a table for people.",
    time_limit=None, uses=(m.BACKUP_INFO, m.VM_LIST),
)  # fmt: skip
BACKUP_EXECUTE = Call(
    "admin.backup.Execute", Dest.DOM0, Tier.GLOBAL_RWX, c.PROFILE_ID, c.NOTHING, c.NOTHING,
    "Carry out a backup profile, whose passphrase is in it; answers when the backup is complete. Its progress comes as"
    " events.",
    time_limit=None, uses=(m.BACKUP_EXECUTE,),
)  # fmt: skip
BACKUP_CANCEL = Call(
    "admin.backup.Cancel", Dest.DOM0, Tier.GLOBAL_RWX, c.PROFILE_ID, c.NOTHING, c.NOTHING,
    "Stop the run of a profile; what it had written is removed.",
    uses=(m.BACKUP_CANCEL,),
)  # fmt: skip

TABLE: tuple[AnyCall, ...] = tuple(row for row in list(globals().values()) if isinstance(row, Call))
"""All rows, in the order above; a device row stands once for all classes."""

BY_SERVICE: dict[str, AnyCall] = {call.name: call for row in TABLE for call in row.concrete()}
"""Each concrete call by its service name."""
