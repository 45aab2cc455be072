# SPDX-License-Identifier: GPL-3.0-or-later
"""THE CALL TABLE: every call of the mgmt1 API, once.

Client requests, the daemon's dispatch, the installed services, the policy includes, the command line and docs/api.md
come from these rows or are compared with them by a test.
"""

from qubesmanager.wire import codecs as c
from qubesmanager.wire import framing, names
from qubesmanager.wire.backups import decode_info, decode_run, encode_info, encode_run
from qubesmanager.wire.call import AnyCall, Call, EventsCall, RowsCall
from qubesmanager.wire.event import Event, EventDecoder, encode_event
from qubesmanager.wire.guest_services import decode_result, encode_result
from qubesmanager.wire.history import QUERY, decode_entry, encode_entry
from qubesmanager.wire.limits import NOTES_BYTES, POLICY_BYTES, PROMPT_SECONDS, RULES_BYTES
from qubesmanager.wire.names import shown
from qubesmanager.wire.policy_files import decode_file, encode_file
from qubesmanager.wire.reasons import refusal
from qubesmanager.wire.records import decode_record, encode_record
from qubesmanager.wire.restores import decode_restored, encode_restored
from qubesmanager.wire.values import Dest, Tier

RECORD = c.Codec("one JSON object a line", decode_record, encode_record)
RESTORED_ROWS = c.rows_of(
    "<part> restored-as=<name|-> result=<ok|skipped|failed> [text\\t<reason in JSON>]\\n",
    decode_restored,
    encode_restored,
)
BACKUP_RUNS = c.rows_of("one JSON object a line", decode_run, encode_run)
POLICY_FILE_ROWS = c.rows_of("one JSON object a line", decode_file, encode_file)
ADMISSION = c.Codec(
    "<service>+[<argument>] <source> name <target>",
    framing.decode_header,
    lambda header: framing.encode_header(
        header.untrusted_service, header.untrusted_argument, header.source, header.untrusted_target
    )[:-1],
)
HISTORY_ROWS = c.rows_of("one JSON object a line", decode_entry, encode_entry)
SERVICE_RESULT = c.Codec(
    "exit=<code> stdout=<bytes> stderr=<bytes>\\n, then these bytes of both", decode_result, encode_result
)
BACKUP_INFO_TEXT = c.Codec(
    "<key>=<value>\\n, an empty line, <qube> <key=value …>\\n",
    lambda untrusted: decode_info(c.text(untrusted, c.ANSWER)),
    lambda info: encode_info(info).encode(),
)


def _decode_event(untrusted: bytes) -> Event:
    decoder = EventDecoder()
    events = list(decoder.feed(untrusted))
    decoder.finish()
    if len(events) != 1:
        raise refusal("not-one-event", shown(untrusted))
    return events[0]


EVENT = c.Codec("event frames", _decode_event, encode_event)

# -- qubes ------------------------------------------------------------------------------------------------------------

VM_LIST = Call(
    "mgmt1.vm.List", Dest.EITHER, Tier.GLOBAL_RO, c.optional(c.VM_NAME), c.NOTHING, c.VM_ROWS,
    "Each qube that the source may see, dom0 first, then by name; sent to a qube: its own row. With a name: that row.",
)  # fmt: skip
VM_CREATE = Call(
    "mgmt1.vm.Create", Dest.TEMPLATE, Tier.GLOBAL_RWX, c.CLASS_NAME, c.CREATE, c.NOTHING,
    "Create a qube of the class in the argument from the destination: AppVM from a TemplateVM, StandaloneVM from a"
    " TemplateVM whose root is copied (dom0: with an empty root), DispVM from an AppVM that is a template for"
    " disposables, RemoteVM from dom0. For the others dom0 means the default template or default disposable template."
    " The new qube gets the tag created-by-<source>. All or nothing.",
    time_limit=None,
)  # fmt: skip
VM_CREATE_IN_POOL = Call(
    "mgmt1.vm.CreateInPool", Dest.TEMPLATE, Tier.GLOBAL_RWX, c.CLASS_NAME, c.CREATE_IN_POOL, c.NOTHING,
    "As mgmt1.vm.Create, with all volumes or the named ones in the given pools.",
    time_limit=None,
)  # fmt: skip
VM_CREATE_TEMPLATE = Call(
    "mgmt1.vm.CreateTemplate", Dest.DOM0, Tier.GLOBAL_RWX, c.VM_NAME, c.STREAM, c.NOTHING,
    "Create a TemplateVM whose root volume holds the payload, rounded up to 4 MiB; runs of zeros stay sparse. A payload"
    " that looks like qcow2, VMDK, an archive or an optical disk is refused with what it looks like.",
    time_limit=None,
)  # fmt: skip

# -- properties -------------------------------------------------------------------------------------------------------

VM_PROPERTY_LIST = Call(
    "mgmt1.vm.property.List", Dest.VM, Tier.LOCAL_RO, c.NOTHING, c.NOTHING, c.id_rows(names.PROPERTY_NAME),
    "The properties that exist for the qube's class.",
)  # fmt: skip
VM_PROPERTY_GET = Call(
    "mgmt1.vm.property.Get", Dest.VM, Tier.LOCAL_RO, c.PROPERTY_NAME, c.NOTHING, c.PROPERTY_STATE,
    "A property's value and whether it is the default. References are names; none is the empty value.",
)  # fmt: skip
VM_PROPERTY_HELP = Call(
    "mgmt1.vm.property.Help", Dest.VM, Tier.LOCAL_RO, c.PROPERTY_NAME, c.NOTHING, c.TEXT,
    "What the property means, in reStructuredText.",
)  # fmt: skip
VM_PROPERTY_RESET = Call(
    "mgmt1.vm.property.Reset", Dest.VM, Tier.LOCAL_RWX, c.PROPERTY_NAME, c.NOTHING, c.NOTHING,
    "Give the property back its default.",
)  # fmt: skip
VM_PROPERTY_SET = Call(
    "mgmt1.vm.property.Set", Dest.VM, Tier.LOCAL_RWX, c.PROPERTY_NAME, c.TEXT, c.MENTION_ROWS,
    "Set a property, once its declaration accepts the value. The property name renames a halted qube with everything"
    " that refers to it, or not at all; that needs the tier of Create, and a name that others' tags, policy or backup"
    " profiles refer to is given by dom0 only. A property names only qubes that the source may see. A rename"
    " changes backup profiles, and answers dom0 with them and with the policy lines, which stay as they are.",
    argument_tiers=(("name", Tier.GLOBAL_RWX),),
)  # fmt: skip

# -- features and tags ------------------------------------------------------------------------------------------------

VM_FEATURE_LIST = Call(
    "mgmt1.vm.feature.List", Dest.VM, Tier.LOCAL_RO, c.NOTHING, c.NOTHING, c.id_rows(names.FEATURE_NAME),
    "The features set on the qube itself.",
)  # fmt: skip
VM_FEATURE_GET = Call(
    "mgmt1.vm.feature.Get", Dest.VM, Tier.LOCAL_RO, c.FEATURE_NAME, c.NOTHING, c.TEXT,
    "The value of a feature set on the qube itself.",
)  # fmt: skip
VM_FEATURE_CHECK_WITH_TEMPLATE = Call(
    "mgmt1.vm.feature.CheckWithTemplate", Dest.VM, Tier.LOCAL_RO, c.FEATURE_NAME, c.NOTHING, c.TEXT,
    "The qube's own value, else its template's, and so on up.",
)  # fmt: skip
VM_FEATURE_REMOVE = Call(
    "mgmt1.vm.feature.Remove", Dest.VM, Tier.LOCAL_RWX, c.FEATURE_NAME, c.NOTHING, c.NOTHING,
    "Remove a feature from the qube.",
)  # fmt: skip
VM_FEATURE_SET = Call(
    "mgmt1.vm.feature.Set", Dest.VM, Tier.LOCAL_RWX, c.FEATURE_NAME, c.TEXT, c.NOTHING,
    "Set a feature; empty is a value. At most 4 KiB of UTF-8.",
)  # fmt: skip
VM_TAG_LIST = Call(
    "mgmt1.vm.tag.List", Dest.VM, Tier.LOCAL_RO, c.optional(c.TAG_NAME), c.NOTHING, c.id_rows(names.TAG_NAME),
    "The qube's tags; with a tag: that row or nothing.",
)  # fmt: skip
VM_TAG_GET = Call(
    "mgmt1.vm.tag.Get", Dest.VM, Tier.LOCAL_RO, c.TAG_NAME, c.NOTHING, c.BIT,
    "Whether the qube has the tag.",
)  # fmt: skip
VM_TAG_REMOVE = Call(
    "mgmt1.vm.tag.Remove", Dest.VM, Tier.LOCAL_RWX, c.TAG_NAME, c.NOTHING, c.NOTHING,
    "Remove a tag. created-by-* may be neither set nor removed.",
)  # fmt: skip
VM_TAG_SET = Call(
    "mgmt1.vm.tag.Set", Dest.VM, Tier.LOCAL_RWX, c.TAG_NAME, c.NOTHING, c.NOTHING,
    "Give the qube a tag.",
)  # fmt: skip

# -- firewall ---------------------------------------------------------------------------------------------------------

VM_FIREWALL_GET = Call(
    "mgmt1.vm.firewall.Get", Dest.VM, Tier.LOCAL_RO, c.optional(c.INDEX), c.NOTHING, c.RULE_ROWS,
    "The qube's firewall rules in order; with a position (from 0): that row only.",
)  # fmt: skip
VM_FIREWALL_INSERT_RULE = Call(
    "mgmt1.vm.firewall.InsertRule", Dest.VM, Tier.LOCAL_RWX, c.POSITION, c.LINE, c.named(names.RULE_ID),
    "Insert a rule before the position; - or a position past the end appends. Answers the rule's id.",
)  # fmt: skip
VM_FIREWALL_REMOVE_RULE = Call(
    "mgmt1.vm.firewall.RemoveRule", Dest.VM, Tier.LOCAL_RWX, c.RULE_ID, c.NOTHING, c.NOTHING,
    "Remove the rule of that id.",
)  # fmt: skip
VM_FIREWALL_FLUSH = Call(
    "mgmt1.vm.firewall.Flush", Dest.VM, Tier.LOCAL_RWX, c.NOTHING, c.NOTHING, c.NOTHING,
    "Remove all rules: nothing passes.",
)  # fmt: skip

# -- devices ----------------------------------------------------------------------------------------------------------

VM_DEVICE_ATTACH = Call(
    "mgmt1.vm.device.<class>.Attach", Dest.VM, Tier.LOCAL_RWX, c.DEVICE_ID, c.OPTIONS, c.NOTHING,
    "Attach a device of the backend to the qube. Options: persistent=yes, read-only=yes, frontend-dev=xvdX,"
    " devtype=disk|cdrom, no-strict-reset=yes (pci).",
    time_limit=120.0,
)  # fmt: skip
VM_DEVICE_DETACH = Call(
    "mgmt1.vm.device.<class>.Detach", Dest.VM, Tier.LOCAL_RWX, c.DEVICE_ID, c.NOTHING, c.NOTHING,
    "Detach a device, and forget its persistent assignment.",
)  # fmt: skip
VM_DEVICE_LIST = Call(
    "mgmt1.vm.device.<class>.List", Dest.VM, Tier.LOCAL_RO, c.optional(c.DEVICE_ID), c.NOTHING, c.DEVICE_ROWS,
    "The devices attached to the qube, or assigned to it persistently.",
)  # fmt: skip
VM_DEVICE_AVAILABLE = Call(
    "mgmt1.vm.device.<class>.Available", Dest.VM, Tier.LOCAL_RO, c.optional(c.DEVICE_IDENT), c.NOTHING,
    c.AVAILABLE_ROWS,
    "What the qube offers as a backend; the description is last, reduced to printable ASCII.",
)  # fmt: skip
VM_MICROPHONE_ATTACH = Call(
    "mgmt1.vm.microphone.Attach", Dest.VM, Tier.LOCAL_RWX, c.NOTHING, c.NOTHING, c.NOTHING,
    "Attach dom0's microphone: the device mic dom0+mic.",
)  # fmt: skip
VM_MICROPHONE_DETACH = Call(
    "mgmt1.vm.microphone.Detach", Dest.VM, Tier.LOCAL_RWX, c.NOTHING, c.NOTHING, c.NOTHING,
    "Detach dom0's microphone.",
)  # fmt: skip

# -- pools and volumes ------------------------------------------------------------------------------------------------

POOL_LIST = Call(
    "mgmt1.pool.List", Dest.DOM0, Tier.GLOBAL_RO, c.optional(c.POOL_NAME), c.NOTHING, c.id_rows(names.POOL_NAME),
    "The storage pools.",
)  # fmt: skip
POOL_INFO = Call(
    "mgmt1.pool.Info", Dest.DOM0, Tier.GLOBAL_RO, c.POOL_NAME, c.NOTHING, c.KEY_VALUES,
    "A pool's name, driver, options, size and usage in bytes, revisions_to_keep, and its state: open, or missing with"
    " the reason in problem. A pool whose metadata has a separate limit, as thin pools of LVM, also has metadata_size"
    " and metadata_usage in bytes. A missing pool is looked for again first.",
)  # fmt: skip
POOL_ADD = Call(
    "mgmt1.pool.Add", Dest.DOM0, Tier.GLOBAL_RWX, c.POOL_NAME, c.KEY_VALUES, c.NOTHING,
    "Add a pool: driver=<driver> and its options, and revisions_to_keep=<number>. The place is checked by creating and"
    " removing a volume.",
)  # fmt: skip
POOL_REMOVE = Call(
    "mgmt1.pool.Remove", Dest.DOM0, Tier.GLOBAL_RWX, c.POOL_NAME, c.NOTHING, c.NOTHING,
    "Forget a pool that nothing uses.",
)  # fmt: skip
POOL_VOLUME_LIST = Call(
    "mgmt1.pool.volume.List", Dest.DOM0, Tier.GLOBAL_RO, c.POOL_NAME, c.NOTHING, c.id_rows(names.VOLUME_ID),
    "The volumes of a pool.",
)  # fmt: skip
POOL_VOLUME_INFO = Call(
    "mgmt1.pool.volume.Info", Dest.DOM0, Tier.GLOBAL_RO, c.VOLUME_ID, c.NOTHING, c.KEY_VALUES,
    "pool, vid, size, usage, rw, source, save_on_stop, snap_on_start, revisions_to_keep, is_outdated.",
)  # fmt: skip
POOL_VOLUME_LIST_SNAPSHOTS = Call(
    "mgmt1.pool.volume.ListSnapshots", Dest.DOM0, Tier.GLOBAL_RO, c.VOLUME_ID, c.NOTHING,
    c.id_rows(names.SNAPSHOT_ID),
    "The volume's snapshots, oldest first; an id names its time: <unix seconds>-<n>.",
)  # fmt: skip
POOL_VOLUME_SNAPSHOT = Call(
    "mgmt1.pool.volume.Snapshot", Dest.DOM0, Tier.GLOBAL_RWX, c.VOLUME_ID, c.NOTHING, c.SNAPSHOT_ID,
    "Take a snapshot now, also of a running qube.",
    time_limit=None,
)  # fmt: skip
POOL_VOLUME_REVERT = Call(
    "mgmt1.pool.volume.Revert", Dest.DOM0, Tier.GLOBAL_RWX, c.VOLUME_ID, c.SNAPSHOT_ID, c.NOTHING,
    "Go back to a snapshot; the state before is itself kept as a snapshot.",
    time_limit=None,
)  # fmt: skip
POOL_VOLUME_EXTEND = Call(
    "mgmt1.pool.volume.Extend", Dest.DOM0, Tier.GLOBAL_RWX, c.VOLUME_ID, c.optional(c.SIZE), c.SIZE,
    "Grow the volume, also while running; an empty payload answers the size.",
)  # fmt: skip
VM_VOLUME_LIST = Call(
    "mgmt1.vm.volume.List", Dest.VM, Tier.LOCAL_RO, c.optional(c.POOL_NAME), c.NOTHING, c.VOLUME_ROWS,
    "The qube's volumes; with a pool: those in it.",
)  # fmt: skip
VM_VOLUME_INFO = Call(
    "mgmt1.vm.volume.Info", Dest.VM, Tier.LOCAL_RO, c.VOLUME_NAME, c.NOTHING, c.KEY_VALUES,
    "As mgmt1.pool.volume.Info.",
)  # fmt: skip
VM_VOLUME_LIST_SNAPSHOTS = Call(
    "mgmt1.vm.volume.ListSnapshots", Dest.VM, Tier.LOCAL_RO, c.VOLUME_NAME, c.NOTHING, c.id_rows(names.SNAPSHOT_ID),
    "As mgmt1.pool.volume.ListSnapshots.",
)  # fmt: skip
VM_VOLUME_SNAPSHOT = Call(
    "mgmt1.vm.volume.Snapshot", Dest.VM, Tier.LOCAL_RWX, c.VOLUME_NAME, c.NOTHING, c.SNAPSHOT_ID,
    "As mgmt1.pool.volume.Snapshot.",
    time_limit=None,
)  # fmt: skip
VM_VOLUME_REVERT = Call(
    "mgmt1.vm.volume.Revert", Dest.VM, Tier.LOCAL_RWX, c.VOLUME_NAME, c.SNAPSHOT_ID, c.NOTHING,
    "As mgmt1.pool.volume.Revert.",
    time_limit=None,
)  # fmt: skip
VM_VOLUME_EXTEND = Call(
    "mgmt1.vm.volume.Extend", Dest.VM, Tier.LOCAL_RWX, c.VOLUME_NAME, c.optional(c.SIZE), c.SIZE,
    "As mgmt1.pool.volume.Extend.",
)  # fmt: skip
VM_VOLUME_ATTACH = Call(
    "mgmt1.vm.volume.Attach", Dest.VM, Tier.LOCAL_RWX, c.VOLUME_ID, c.OPTIONS, c.VOLUME_NAME,
    "Give the qube an existing volume as an extra disk, hot-plugged if it runs. Answers the name it got.",
)  # fmt: skip
VM_VOLUME_DETACH = Call(
    "mgmt1.vm.volume.Detach", Dest.VM, Tier.LOCAL_RWX, c.VOLUME_NAME, c.NOTHING, c.NOTHING,
    "Take an extra disk away; the volume stays in its pool.",
)  # fmt: skip

# -- lifecycle --------------------------------------------------------------------------------------------------------

VM_START = Call(
    "mgmt1.vm.Start", Dest.VM, Tier.LOCAL_RWX, c.NOTHING, c.NOTHING, c.NOTHING,
    "Start the qube, its netvm first; answers when it runs. A qube that runs already: OK.",
    time_limit=600.0,
)  # fmt: skip
VM_SHUTDOWN = Call(
    "mgmt1.vm.Shutdown", Dest.VM, Tier.LOCAL_RWX, c.NOTHING, c.NOTHING, c.NOTHING,
    "Shut the qube down cleanly; answers when it is halted, or with an error after its shutdown_timeout.",
    time_limit=None,
)  # fmt: skip
VM_PAUSE = Call(
    "mgmt1.vm.Pause", Dest.VM, Tier.LOCAL_RWX, c.NOTHING, c.NOTHING, c.NOTHING, "Pause the running qube."
)  # fmt: skip
VM_UNPAUSE = Call(
    "mgmt1.vm.Unpause", Dest.VM, Tier.LOCAL_RWX, c.NOTHING, c.NOTHING, c.NOTHING, "Let the paused qube go on."
)  # fmt: skip
VM_KILL = Call(
    "mgmt1.vm.Kill", Dest.VM, Tier.LOCAL_RWX, c.NOTHING, c.NOTHING, c.NOTHING, "End the qube at once, as by pulling"
    " its plug.",
)  # fmt: skip

# -- backup -----------------------------------------------------------------------------------------------------------

BACKUP_EXECUTE = Call(
    "mgmt1.backup.Execute", Dest.DOM0, Tier.GLOBAL_RWX, c.PROFILE_ID, c.KEY_VALUES, c.NOTHING,
    "Carry out a backup profile; answers when the file is complete and on disk. Payload:"
    " passphrase=<text>; give-up=<qubes>, from dom0: keep may remove the last backup of these;"
    " new-disk=yes, from dom0: the destination may be on a disk that the profile does not know.",
    time_limit=None,
    secret=True,
)  # fmt: skip
BACKUP_INFO = Call(
    "mgmt1.backup.Info", Dest.DOM0, Tier.GLOBAL_RO, c.optional(c.PROFILE_ID), c.STREAM, BACKUP_INFO_TEXT,
    "With a profile id: what it would contain, sizes, space at the target; with YAML as payload, the same"
    " for a profile with this content. Without an id, with content (passphrase=<text>, an empty line, the backup): what"
    " that backup holds.",
    time_limit=None,
    secret=True,
)  # fmt: skip
BACKUP_RESTORE = Call(
    "mgmt1.backup.Restore", Dest.DOM0, Tier.GLOBAL_RWX, c.optional(c.PROFILE_ID), c.STREAM, RESTORED_ROWS,
    "Restore from the backup that follows the options and an empty line. Options: passphrase=, include=, exclude=,"
    " rename=<old>:<new>, conflict=skip|rename|fail, pool=, pools=<qube>:<pool> (of single qubes),"
    " missing-template=default|skip,"
    " missing-netvm=default|none|skip, devices=yes (assign the devices again that the qubes had), verify-only=yes,"
    " salvage=yes (take what is whole by its chunks from a damaged file), run=<id> (for the events), dom0=add"
    " <kind>:<name> (from dom0: of its own configuration, what is not here and what is named), dom0-home=new|<path>"
    " (from dom0: unpack its home into a new folder). Answers one row a qube"
    " or item, and one named - if the file itself is damaged. Nothing that exists is overwritten.",
    time_limit=None,
    secret=True,
)  # fmt: skip

# -- beyond the draft -------------------------------------------------------------------------------------------------

EVENTS = EventsCall(
    "mgmt1.Events", Dest.EITHER, Tier.GLOBAL_RO, c.NOTHING, c.NOTHING, EVENT,
    "What happens, as it happens, in order; a listener that is too slow is cut off with events-lost.",
    draft=False, time_limit=None,
)  # fmt: skip
REFRESH = Call(
    "mgmt1.Refresh", Dest.DOM0, Tier.GLOBAL_RO, c.NOTHING, c.NOTHING, c.NOTHING,
    "Read all qubes again where the daemon keeps a copy of what qubesd knows; answers when that is done, and what was"
    " different has come as events. The daemon of another system keeps no copy, and answers at once.",
    draft=False, time_limit=None,
)  # fmt: skip
HISTORY = Call(
    "mgmt1.History", Dest.DOM0, Tier.GLOBAL_RO, c.optional(c.VM_NAME), QUERY, HISTORY_ROWS,
    "What changed, newest first, one JSON object a line: id, time, source, call, uuid, qube, event and detail of the"
    " table of events, old and new value, old-default, new-default, cut. Kept for 30 days, within the limits of"
    " docs/security.md. With a name: the changes of the qube that has it, under all its names; if no qube has it, those"
    " of removed ones. A source is answered with what it saw of the qube then and may see now. The next page:"
    " before=<id of the last row>; what is new: after=<id of the first>. An event reports each change as it happens.",
    draft=False,
)  # fmt: skip
VM_GET_ALL = RowsCall(
    "mgmt1.vm.GetAll", Dest.DOM0, Tier.GLOBAL_RO, c.optional(c.VM_NAME), c.NOTHING, RECORD,
    "All that the table and the settings show, one JSON object a line, one line a qube, sent as it is produced.",
    draft=False, time_limit=None,
)  # fmt: skip
VM_PROPERTY_GET_ALL = Call(
    "mgmt1.vm.property.GetAll", Dest.VM, Tier.LOCAL_RO, c.NOTHING, c.NOTHING, c.PROPERTY_ROWS,
    "All properties of the qube; a newline in a value is \\n, a backslash is doubled.",
    draft=False,
)  # fmt: skip
VM_PROPERTY_GET_DEFAULT = Call(
    "mgmt1.vm.property.GetDefault", Dest.VM, Tier.LOCAL_RO, c.PROPERTY_NAME, c.NOTHING, c.PROPERTY_ROWS,
    "The row that the property would have after mgmt1.vm.property.Reset.",
    draft=False,
)  # fmt: skip
PROPERTY_LIST = Call(
    "mgmt1.property.List", Dest.DOM0, Tier.GLOBAL_RO, c.NOTHING, c.NOTHING, c.id_rows(names.PROPERTY_NAME),
    "The system-wide properties.",
    draft=False,
)  # fmt: skip
PROPERTY_GET = Call(
    "mgmt1.property.Get", Dest.DOM0, Tier.GLOBAL_RO, c.PROPERTY_NAME, c.NOTHING, c.PROPERTY_STATE,
    "A system-wide property's value and whether it is the default.",
    draft=False,
)  # fmt: skip
PROPERTY_GET_ALL = Call(
    "mgmt1.property.GetAll", Dest.DOM0, Tier.GLOBAL_RO, c.NOTHING, c.NOTHING, c.PROPERTY_ROWS,
    "All system-wide properties.",
    draft=False,
)  # fmt: skip
PROPERTY_GET_DEFAULT = Call(
    "mgmt1.property.GetDefault", Dest.DOM0, Tier.GLOBAL_RO, c.PROPERTY_NAME, c.NOTHING, c.PROPERTY_ROWS,
    "The row that the system-wide property would have after mgmt1.property.Reset.",
    draft=False,
)  # fmt: skip
PROPERTY_SET = Call(
    "mgmt1.property.Set", Dest.DOM0, Tier.GLOBAL_RWX, c.PROPERTY_NAME, c.TEXT, c.NOTHING,
    "Set a system-wide property.",
    draft=False,
)  # fmt: skip
PROPERTY_RESET = Call(
    "mgmt1.property.Reset", Dest.DOM0, Tier.GLOBAL_RWX, c.PROPERTY_NAME, c.NOTHING, c.NOTHING,
    "Give a system-wide property back its default.",
    draft=False,
)  # fmt: skip
PROPERTY_HELP = Call(
    "mgmt1.property.Help", Dest.DOM0, Tier.GLOBAL_RO, c.PROPERTY_NAME, c.NOTHING, c.TEXT,
    "What a system-wide property means, in reStructuredText.",
    draft=False,
)  # fmt: skip
VM_FIREWALL_REPLACE = Call(
    "mgmt1.vm.firewall.Replace", Dest.VM, Tier.LOCAL_RWX, c.NOTHING, c.RULE_TEXTS, c.NOTHING,
    "Replace all rules by those of the payload, one a line, or nothing. A rule that stays keeps its id; one that has"
    " expired is left out.",
    limit=RULES_BYTES, draft=False,
)  # fmt: skip
VM_FIREWALL_RELOAD = Call(
    "mgmt1.vm.firewall.Reload", Dest.VM, Tier.LOCAL_RWX, c.NOTHING, c.NOTHING, c.NOTHING,
    "Apply the rules again: the host names in them are looked up again.",
    draft=False,
)  # fmt: skip
VM_SHUTDOWN_WITH = Call(
    "mgmt1.vm.ShutdownWith", Dest.VM, Tier.LOCAL_RWX, c.NOTHING, c.OPTIONS, c.NOTHING,
    "As mgmt1.vm.Shutdown, with options: wait=no answers as soon as the qube was asked to halt; force=yes also shuts"
    " down a qube that running qubes use.",
    draft=False, time_limit=None,
)  # fmt: skip
VM_DEVICE_ATTACHED = Call(
    "mgmt1.vm.device.<class>.Attached", Dest.VM, Tier.LOCAL_RO, c.optional(c.DEVICE_ID), c.NOTHING, c.DEVICE_ROWS,
    "The devices that the qube has now.",
    draft=False,
)  # fmt: skip
VM_DEVICE_ASSIGNED = Call(
    "mgmt1.vm.device.<class>.Assigned", Dest.VM, Tier.LOCAL_RO, c.optional(c.DEVICE_ID), c.NOTHING, c.DEVICE_ROWS,
    "The devices that are assigned to the qube, each with its mode; identity says which device it must be. The ident _"
    " means any port of the backend.",
    draft=False,
)  # fmt: skip
VM_DEVICE_DETACH_ONLY = Call(
    "mgmt1.vm.device.<class>.DetachOnly", Dest.VM, Tier.LOCAL_RWX, c.DEVICE_ID, c.NOTHING, c.NOTHING,
    "Detach a device that the qube has now; an assignment stays.",
    draft=False,
)  # fmt: skip
VM_DEVICE_ASSIGN = Call(
    "mgmt1.vm.device.<class>.Assign", Dest.VM, Tier.LOCAL_RWX, c.DEVICE_ID, c.OPTIONS, c.NOTHING,
    "Assign a device to the qube, which need not be there now; a running qube does not get it at once. Options:"
    " mode=auto-attach (at each start, and when it is plugged in), mode=ask-to-attach (the user is asked then) or"
    " mode=required (the qube does not start without it; the default for pci), identity=<id> (only this device, as"
    " Available shows it), and those of Attach. The ident _ means any port of the backend.",
    draft=False,
)  # fmt: skip
VM_DEVICE_UNASSIGN = Call(
    "mgmt1.vm.device.<class>.Unassign", Dest.VM, Tier.LOCAL_RWX, c.DEVICE_ID, c.OPTIONS, c.NOTHING,
    "Remove an assignment; a device that is attached stays attached. With the ident _: identity=<id> says which.",
    draft=False,
)  # fmt: skip
VM_DEVICE_SET_ASSIGNMENT = Call(
    "mgmt1.vm.device.<class>.SetAssignment", Dest.VM, Tier.LOCAL_RWX, c.DEVICE_ID, c.OPTIONS, c.NOTHING,
    "Change the mode of an assignment: mode=<mode>. With the ident _: identity=<id> says which.",
    draft=False,
)  # fmt: skip
VM_DEVICE_DENIED_LIST = Call(
    "mgmt1.vm.device.denied.List", Dest.VM, Tier.LOCAL_RO, c.NOTHING, c.NOTHING, c.INTERFACE_ROWS,
    "The interfaces of devices that the qube is never given: a letter (b block, u usb, p pci, m mic) and six hex digits"
    " or *.",
    draft=False,
)  # fmt: skip
VM_DEVICE_DENIED_ADD = Call(
    "mgmt1.vm.device.denied.Add", Dest.VM, Tier.LOCAL_RWX, c.NOTHING, c.LINE, c.NOTHING,
    "Deny interfaces of devices, one after the other without blanks: u03****u08****. A device that is attached stays.",
    draft=False,
)  # fmt: skip
VM_DEVICE_DENIED_REMOVE = Call(
    "mgmt1.vm.device.denied.Remove", Dest.VM, Tier.LOCAL_RWX, c.NOTHING, c.LINE, c.NOTHING,
    "Allow interfaces of devices again; all: every one.",
    draft=False,
)  # fmt: skip
VM_CREATE_EMPTY_TEMPLATE = Call(
    "mgmt1.vm.CreateEmptyTemplate", Dest.DOM0, Tier.GLOBAL_RWX, c.NOTHING, c.CREATE_ANYWHERE, c.NOTHING,
    "Create a TemplateVM whose root volume is empty, with all volumes or the named ones in the given pools. All or"
    " nothing.",
    draft=False, time_limit=None,
)  # fmt: skip
VM_CREATE_KEPT_DISPOSABLE = Call(
    "mgmt1.vm.CreateKeptDisposable", Dest.TEMPLATE, Tier.GLOBAL_RWX, c.NOTHING, c.CREATE, c.NOTHING,
    "Create a DispVM from the destination (dom0: the default disposable template) that stays when it halts: its"
    " auto_cleanup is no. All or nothing.",
    draft=False, time_limit=None,
)  # fmt: skip
VM_CREATE_DISPOSABLE = Call(
    "mgmt1.vm.CreateDisposable", Dest.TEMPLATE, Tier.GLOBAL_RWX, c.NOTHING, c.NOTHING, c.VM_NAME,
    "A disposable of the destination (dom0: the default disposable template) under a free name, which is the answer: a"
    " preloaded one, which runs, or a new one, which is halted.",
    draft=False, time_limit=None,
)  # fmt: skip
VM_SUSPEND = Call(
    "mgmt1.vm.Suspend", Dest.VM, Tier.LOCAL_RWX, c.NOTHING, c.NOTHING, c.NOTHING,
    "Suspend the running qube to its memory, if its guest can do that; else it is paused. Its state is Suspended.",
    draft=False,
)  # fmt: skip
VM_RESUME = Call(
    "mgmt1.vm.Resume", Dest.VM, Tier.LOCAL_RWX, c.NOTHING, c.NOTHING, c.NOTHING, "Let the suspended qube go on.",
    draft=False,
)  # fmt: skip
VM_CONSOLE = Call(
    "mgmt1.vm.Console", Dest.VM, Tier.LOCAL_RWX, c.NOTHING, c.NOTHING, c.LINE,
    "The terminal in dom0 that is the serial console of the running qube, such as /dev/pts/7. A reader takes"
    " the output from other readers; the log `console` has all of it.",
    draft=False,
)  # fmt: skip
VM_REMOVE = Call(
    "mgmt1.vm.Remove", Dest.VM, Tier.GLOBAL_RWX, c.NOTHING, c.NOTHING, c.MENTION_ROWS,
    "Remove a halted qube with its volumes; refused while something refers to it, naming each referrer. Backup profiles"
    " lose its name; dom0 is answered with them and with the policy lines that name the qube, which stay as they are.",
    draft=False, time_limit=None,
)  # fmt: skip
VM_MENTIONS = Call(
    "mgmt1.vm.Mentions", Dest.VM, Tier.GLOBAL_RO, c.NOTHING, c.NOTHING, c.MENTION_ROWS,
    "The lines of policy and the backup profiles that name the qube.",
    draft=False,
)  # fmt: skip
VM_CLONE = Call(
    "mgmt1.vm.Clone", Dest.VM, Tier.GLOBAL_RWX, c.NOTHING, c.CLONE, c.NOTHING,
    "A new qube with this one's volumes, properties, features, tags and firewall.",
    draft=False, time_limit=None,
)  # fmt: skip
VM_NOTES_GET = Call(
    "mgmt1.vm.notes.Get", Dest.VM, Tier.LOCAL_RO, c.NOTHING, c.NOTHING, c.TEXT, "The qube's notes.", draft=False,
)  # fmt: skip
VM_NOTES_SET = Call(
    "mgmt1.vm.notes.Set", Dest.VM, Tier.LOCAL_RWX, c.NOTHING, c.TEXT, c.NOTHING,
    "Replace the qube's notes, at most 256 KiB of UTF-8.",
    limit=NOTES_BYTES, draft=False,
)  # fmt: skip
VM_LOG_LIST = Call(
    "mgmt1.vm.log.List", Dest.VM, Tier.LOCAL_RO, c.NOTHING, c.NOTHING, c.id_rows(names.LOG_NAME),
    "The logs there are of the qube: console, hypervisor.",
    draft=False,
)  # fmt: skip
VM_LOG_GET = Call(
    "mgmt1.vm.log.Get", Dest.VM, Tier.LOCAL_RO, c.LOG_NAME, c.NOTHING, c.LOG,
    "The last 1 MiB of a log.",
    draft=False,
)  # fmt: skip
VM_CURRENT_STATE = Call(
    "mgmt1.vm.CurrentState", Dest.VM, Tier.LOCAL_RO, c.NOTHING, c.NOTHING, c.CURRENT_STATE,
    "Power state, memory in KiB, cpu time in milliseconds.",
    draft=False,
)  # fmt: skip
VM_STATS = EventsCall(
    "mgmt1.vm.Stats", Dest.EITHER, Tier.GLOBAL_RO, c.NOTHING, c.NOTHING, EVENT,
    "vm-stats events of the running qubes every stats_interval: memory_kb, cpu_time (ms), cpu_usage (percent of the"
    " qube's vcpus).",
    draft=False, time_limit=None,
)  # fmt: skip
HOST_MEMORY = Call(
    "mgmt1.host.Memory", Dest.DOM0, Tier.GLOBAL_RO, c.NOTHING, c.NOTHING, c.KEY_VALUES,
    "Memory of the computer in KiB: total, and free, what new qubes can take; free is left out where the hypervisor"
    " does not know it. cpus is the number of its processors.",
    draft=False,
)  # fmt: skip
VMCLASS_LIST = Call(
    "mgmt1.vmclass.List", Dest.DOM0, Tier.GLOBAL_RO, c.NOTHING, c.NOTHING, c.CLASS_ROWS,
    "The classes of qubes and the properties each has.",
    draft=False,
)  # fmt: skip
DEVICECLASS_LIST = Call(
    "mgmt1.deviceclass.List", Dest.DOM0, Tier.GLOBAL_RO, c.NOTHING, c.NOTHING, c.DEVICE_CLASS_ROWS,
    "The classes of devices.",
    draft=False,
)  # fmt: skip
POOL_LIST_DRIVERS = Call(
    "mgmt1.pool.ListDrivers", Dest.DOM0, Tier.GLOBAL_RO, c.NOTHING, c.NOTHING, c.DRIVER_ROWS,
    "The pool drivers and the options each takes.",
    draft=False,
)  # fmt: skip
POOL_VOLUME_REMOVE = Call(
    "mgmt1.pool.volume.Remove", Dest.DOM0, Tier.GLOBAL_RWX, c.VOLUME_ID, c.NOTHING, c.NOTHING,
    "Remove a volume that is no qube's, with its snapshots.",
    draft=False, time_limit=None,
)  # fmt: skip
LABEL_LIST = Call(
    "mgmt1.label.List", Dest.DOM0, Tier.GLOBAL_RO, c.optional(c.LABEL_NAME), c.NOTHING, c.LABEL_ROWS,
    "The labels and their colours.",
    draft=False,
)  # fmt: skip
LABEL_GET = Call(
    "mgmt1.label.Get", Dest.DOM0, Tier.GLOBAL_RO, c.LABEL_NAME, c.NOTHING, c.LINE,
    "A label's colour as 0xRRGGBB.",
    draft=False,
)  # fmt: skip
LABEL_CREATE = Call(
    "mgmt1.label.Create", Dest.DOM0, Tier.GLOBAL_RWX, c.LABEL_NAME, c.LINE, c.NOTHING,
    "Create a label; the payload is its colour as 0xRRGGBB.",
    draft=False,
)  # fmt: skip
LABEL_REMOVE = Call(
    "mgmt1.label.Remove", Dest.DOM0, Tier.GLOBAL_RWX, c.LABEL_NAME, c.NOTHING, c.NOTHING,
    "Remove a label that no qube has.",
    draft=False,
)  # fmt: skip
VM_VOLUME_IMPORT = Call(
    "mgmt1.vm.volume.Import", Dest.VM, Tier.LOCAL_RWX, c.VOLUME_NAME, c.STREAM, c.NOTHING,
    "Replace the content of a volume of a halted qube; it takes effect once the payload has ended.",
    draft=False, time_limit=None,
)  # fmt: skip
VM_VOLUME_CLEAR = Call(
    "mgmt1.vm.volume.Clear", Dest.VM, Tier.LOCAL_RWX, c.VOLUME_NAME, c.NOTHING, c.NOTHING,
    "Empty a volume of a halted qube.",
    draft=False,
)  # fmt: skip
VM_VOLUME_COPY = Call(
    "mgmt1.vm.volume.Copy", Dest.VM, Tier.GLOBAL_RWX, c.VOLUME_NAME, c.OPTIONS, c.NOTHING,
    "Replace the content of a volume of a halted qube by that of another volume: from=<qube> volume=<volume>. Both"
    " qubes are halted.",
    draft=False, time_limit=None,
)  # fmt: skip
VM_VOLUME_CONFIGURE = Call(
    "mgmt1.vm.volume.Configure", Dest.VM, Tier.LOCAL_RWX, c.VOLUME_NAME, c.OPTIONS, c.NOTHING,
    "Change how a volume of a halted qube is kept: revisions_to_keep=<number>, -1 for all; rw=yes|no.",
    draft=False,
)  # fmt: skip
POOL_CONFIGURE = Call(
    "mgmt1.pool.Configure", Dest.DOM0, Tier.GLOBAL_RWX, c.POOL_NAME, c.OPTIONS, c.NOTHING,
    "Change how many snapshots the new volumes of a pool keep: revisions_to_keep=<number>, -1 for all. Its volumes that"
    " have the number of the pool until now follow.",
    draft=False,
)  # fmt: skip
BACKUP_CANCEL = Call(
    "mgmt1.backup.Cancel", Dest.DOM0, Tier.GLOBAL_RWX, c.PROFILE_ID, c.NOTHING, c.NOTHING,
    "Stop the run of a profile; what it had written is removed.",
    draft=False,
)  # fmt: skip
BACKUP_PROFILE_LIST = Call(
    "mgmt1.backup.profile.List", Dest.DOM0, Tier.GLOBAL_RO, c.NOTHING, c.NOTHING, c.id_rows(names.PROFILE_ID),
    "The backup profiles.",
    draft=False,
)  # fmt: skip
BACKUP_PROFILE_GET = Call(
    "mgmt1.backup.profile.Get", Dest.DOM0, Tier.GLOBAL_RO, c.PROFILE_ID, c.NOTHING, c.TEXT,
    "A profile's YAML; passphrase_text is left out.",
    draft=False,
)  # fmt: skip
BACKUP_PROFILE_SET = Call(
    "mgmt1.backup.profile.Set", Dest.DOM0, Tier.GLOBAL_RWX, c.PROFILE_ID, c.TEXT, c.NOTHING,
    "Create or replace a profile, once its YAML is accepted. A source that is a qube writes backups only where dom0's"
    " list of destinations allows it.",
    secret=True,
    draft=False,
)  # fmt: skip
BACKUP_PROFILE_REMOVE = Call(
    "mgmt1.backup.profile.Remove", Dest.DOM0, Tier.GLOBAL_RWX, c.PROFILE_ID, c.NOTHING, c.NOTHING,
    "Remove a profile; its backups stay.",
    draft=False,
)  # fmt: skip
BACKUP_STATUS = Call(
    "mgmt1.backup.Status", Dest.DOM0, Tier.GLOBAL_RO, c.NOTHING, c.NOTHING, BACKUP_RUNS,
    "The latest run of each profile, one JSON object a line, as in History; of one that runs how far it is: phase,"
    " qube, done and total in bytes; of a scheduled one that failed next-attempt.",
    draft=False,
)  # fmt: skip
BACKUP_HISTORY = Call(
    "mgmt1.backup.History", Dest.DOM0, Tier.GLOBAL_RO, c.optional(c.PROFILE_ID), c.NOTHING, BACKUP_RUNS,
    "The runs there were, newest last, one JSON object a line: profile, file, start and end, size, result.",
    draft=False,
)  # fmt: skip
POLICY_LIST = Call(
    "mgmt1.policy.List", Dest.DOM0, Tier.GLOBAL_RO, c.NOTHING, c.NOTHING, c.POLICY_ROWS,
    "The policy files. While one has a problem, qrexec may deny every call.",
    draft=False,
)  # fmt: skip
POLICY_GET_ALL = Call(
    "mgmt1.policy.GetAll", Dest.DOM0, Tier.GLOBAL_RO, c.NOTHING, c.NOTHING, POLICY_FILE_ROWS,
    "Every policy file and include as they are now, those of /run/qubes/policy.d too: content, token, and what is wrong"
    " with it.",
    draft=False, large=True,
)  # fmt: skip
POLICY_GET = Call(
    "mgmt1.policy.Get", Dest.DOM0, Tier.GLOBAL_RO, c.FILE_NAME, c.NOTHING, c.TOKEN_CONTENT,
    "A policy file and the token of this version of it.",
    draft=False,
)  # fmt: skip
POLICY_REPLACE = Call(
    "mgmt1.policy.Replace", Dest.DOM0, Tier.GLOBAL_RWX, c.FILE_NAME, c.TOKEN_CONTENT, c.NOTHING,
    "Replace a policy file that still has the token (new: it must not exist; any: whatever it is). Content that does"
    " not parse, or denies dom0 its own management, is refused whole.",
    limit=POLICY_BYTES, draft=False,
)  # fmt: skip
POLICY_REMOVE = Call(
    "mgmt1.policy.Remove", Dest.DOM0, Tier.GLOBAL_RWX, c.FILE_NAME, c.LINE, c.NOTHING,
    "Remove a policy file that still has the token.",
    draft=False,
)  # fmt: skip
POLICY_INCLUDE_LIST = Call(
    "mgmt1.policy.include.List", Dest.DOM0, Tier.GLOBAL_RO, c.NOTHING, c.NOTHING, c.POLICY_ROWS,
    "The include files of the policy, and what is wrong with them.",
    draft=False,
)  # fmt: skip
POLICY_INCLUDE_GET = Call(
    "mgmt1.policy.include.Get", Dest.DOM0, Tier.GLOBAL_RO, c.FILE_NAME, c.NOTHING, c.TOKEN_CONTENT,
    "An include file and the token of this version of it.",
    draft=False,
)  # fmt: skip
POLICY_INCLUDE_REPLACE = Call(
    "mgmt1.policy.include.Replace", Dest.DOM0, Tier.GLOBAL_RWX, c.FILE_NAME, c.TOKEN_CONTENT, c.NOTHING,
    "Replace an include file that still has the token.",
    limit=POLICY_BYTES, draft=False,
)  # fmt: skip
POLICY_INCLUDE_REMOVE = Call(
    "mgmt1.policy.include.Remove", Dest.DOM0, Tier.GLOBAL_RWX, c.FILE_NAME, c.LINE, c.NOTHING,
    "Remove an include file that nothing includes and that still has the token.",
    draft=False,
)  # fmt: skip

POLICY_ADMIT = Call(
    "mgmt1.policy.Admit", Dest.DOM0, Tier.GLOBAL_RWX, c.NOTHING, ADMISSION, c.LINE,
    "Whether the policy admits a call that another way in than qrexec brings, such as the gateway. Only dom0 may ask."
    " The answer is the call's destination; a call that is not admitted is refused with PermissionDenied.",
    draft=False, time_limit=float(PROMPT_SECONDS + 30),
)  # fmt: skip

POLICY_QUESTIONS = EventsCall(
    "mgmt1.policy.Questions", Dest.DOM0, Tier.GLOBAL_RWX, c.NOTHING, c.NOTHING, EVENT,
    "The questions of the policy, for a program that shows them to the user; without one, a call that asks is denied."
    " Only dom0 may listen.",
    draft=False, time_limit=None,
)  # fmt: skip
POLICY_ANSWER = Call(
    "mgmt1.policy.Answer", Dest.DOM0, Tier.GLOBAL_RWX, c.NOTHING, c.OPTIONS, c.NOTHING,
    "Answer a question of the policy: question=<number>, and target=<choice> to allow the call; without it the call is"
    " denied. Only dom0 may answer.",
    draft=False,
)  # fmt: skip

VM_RUN_SERVICE = Call(
    "mgmt1.vm.RunService", Dest.VM, Tier.GLOBAL_RWX, c.SERVICE_CALL, c.BYTES, SERVICE_RESULT,
    "Start a service in the qube, with the payload as its standard input, and wait for its end. A halted qube is"
    " started. The qube has to run qubes-mgmt1-client. A source that is not dom0 also needs a line of the policy that"
    " allows it the service itself. The argument is SERVICE or SERVICE+ARGUMENT.",
    draft=False, time_limit=None,
)  # fmt: skip

TABLE: tuple[AnyCall, ...] = tuple(row for row in list(globals().values()) if isinstance(row, Call))
"""All rows, in the order above; a device row stands once for all classes."""

BY_SERVICE: dict[str, AnyCall] = {call.name: call for row in TABLE for call in row.concrete()}
"""Each concrete call by its service name."""
