# SPDX-License-Identifier: GPL-3.0-or-later
"""THE LIMITS: how much one caller, one qube or one listener may ask for. docs/security.md shows this table.

A limit is a row: `NAME: Final = _limit(...)`. Both sides of the API import it from here, so a record that the daemon
accepts is a record that the client takes.
"""

from typing import NamedTuple


class Limit(NamedTuple):
    """One row. `value` in `unit`; `what` it bounds, as a phrase for the documentation."""

    value: int
    unit: str
    what: str


_ROWS: list[Limit] = []


def _limit(value: int, unit: str, what: str) -> int:
    _ROWS.append(Limit(value, unit, what))
    return value


# -- one call ---------------------------------------------------------------------------------------------------------

HEADER_BYTES = _limit(4096, "bytes", "a request header, its NUL included")
ARGUMENT_BYTES = _limit(255, "bytes", "an argument; a longer one can hang a caller's qrexec agent")
PAYLOAD_BYTES = _limit(64 << 10, "bytes", "a payload that is not streamed and has no other limit")
RULES_BYTES = _limit(1 << 20, "bytes", "the rules of a firewall that are set at once")
POLICY_BYTES = _limit(1 << 20, "bytes", "a policy file")
HEADER_SECONDS = _limit(
    10, "seconds", "a caller's request header to arrive, and for a caller to go after an early answer"
)
IDLE_SECONDS = _limit(60, "seconds", "between two pieces of a payload")

SERVICE_OUTPUT_BYTES = _limit(1 << 20, "bytes", "what a service that runs in a qube writes, as one answer")

# -- callers ----------------------------------------------------------------------------------------------------------

DOM0_CALLS = _limit(512, "calls", "of dom0 at the same time; no other source can take these")
OWN_CALLS = _limit(4, "calls", "of one other source at the same time that no third source can take")
SOURCE_CALLS = _limit(64, "calls", "of one other source at the same time, event streams included")
SHARED_CALLS = _limit(448, "calls", "of all other sources together at the same time, beyond their own")
SOURCE_WAITING = _limit(64, "calls", "of one other source that wait for a free place; more are refused")
SHARED_WAITING = _limit(512, "calls", "of all other sources together that wait for a free place; more are refused")

# -- one listener -----------------------------------------------------------------------------------------------------

LISTENER_EVENTS = _limit(20_000, "events", "that wait for one listener; more cut it off with events-lost")
LISTENER_BYTES = _limit(16 << 20, "bytes", "of events that wait for one listener; more cut it off with events-lost")
EVENT_BYTES = _limit(1 << 20, "bytes", "one event; a client leaves out a longer one")

# -- one qube ---------------------------------------------------------------------------------------------------------

RECORD_BYTES = _limit(896 << 10, "bytes", "all that a listener knows of one qube, as one JSON line")
FEATURES = _limit(512, "features", "of one qube")
FEATURE_BYTES = _limit(4096, "bytes", "the value of a feature")
RESTORED_FEATURE_BYTES = _limit(64 << 10, "bytes", "the value of a feature that a backup of Qubes OS brings")
TAGS = _limit(512, "tags", "of one qube")
DEVICES = _limit(256, "devices", "attached or assigned to one qube")
NOTES_BYTES = _limit(256 << 10, "bytes", "the notes of a qube")
PROPERTY_CHARACTERS = _limit(4096, "characters", "the value of a property")
RULES = _limit(1000, "rules", "in the firewall of one qube")

# -- the system -------------------------------------------------------------------------------------------------------

LABELS = _limit(256, "labels", "of the system")

# -- the history of changes -------------------------------------------------------------------------------------------

HISTORY_DAYS = _limit(
    30, "days", "that a change stays in the history; days on which the daemon does not run count as one"
)
HISTORY_ROWS = _limit(10_000, "changes", "in the history; older ones go")
HISTORY_BYTES = _limit(32 << 20, "bytes", "of values in the history; older ones go")
HISTORY_VALUE_BYTES = _limit(16 << 10, "bytes", "of a value in the history; a longer one is cut")
HISTORY_PAGE = _limit(500, "changes", "in one answer of mgmt1.History")

# -- what a client takes ----------------------------------------------------------------------------------------------

ROW_BYTES = _limit(4 << 20, "bytes", "one row of a streamed answer; a client leaves out a longer one")
ANSWER_BYTES = _limit(64 << 20, "bytes", "an answer that a client reads as a whole")

# -- profiles ---------------------------------------------------------------------------------------------------------

PROFILE_BYTES = _limit(64 << 10, "bytes", "a backup profile")
PROFILE_NODES = _limit(10_000, "values", "in a backup profile")
PROFILE_DEPTH = _limit(4, "levels", "of lists and mappings in a backup profile; aliases are refused")

# -- backups ----------------------------------------------------------------------------------------------------------

RESTORE_OPTIONS_BYTES = _limit(256 << 10, "bytes", "the options before the backup in a restore")
BACKUP_QUBES = _limit(10_000, "qubes", "in a backup; one with more is not read")
BACKUP_XML_BYTES = _limit(64 << 20, "bytes", "the qubes.xml of a backup")
BACKUP_FILE_BYTES = _limit(16 << 20, "bytes", "each small file of a qube in a backup (firewall, notes)")
BACKUP_CONFIG_BYTES = _limit(16 << 20, "bytes", "the configuration of dom0 in a backup")
BACKUP_HOME_ENTRIES = _limit(1_000_000, "files", "folders and links in dom0's home in a backup")
BACKUP_HOME_NAME_BYTES = _limit(128 << 20, "bytes", "all paths in dom0's home in a backup")
BACKUP_HOME_PATH_BYTES = _limit(4000, "bytes", "one path in dom0's home in a backup")
BACKUP_HOME_FOLDERS = _limit(200, "folders", "above a file in dom0's home in a backup")
BACKUP_KEY_BYTES = _limit(2 << 30, "bytes", "of memory to make a backup's key of its passphrase")
DESTINATION_SECONDS = _limit(20, "seconds", "for the disk or mount that backups go to, to say what is there")
DESTINATION_THREADS = _limit(4, "threads", "that look at where backups go; one that hangs holds up nothing else")

# -- policy -----------------------------------------------------------------------------------------------------------

POLICY_FILES = _limit(2000, "files", "in the folder of the policy; with more the policy calls are refused")
POLICY_ALL = _limit(16 << 20, "bytes", "all files of the policy together as JSON, when they are read at once")
PROMPT_SECONDS = _limit(60, "seconds", "for the user to answer a question of the policy; then the call is denied")
PROMPTS = _limit(8, "questions", "of the policy that wait for the user; a call that asks more is denied")
PROMPT_PAUSE_SECONDS = _limit(
    60, "seconds", "at most that a source asks nothing after questions that were not allowed; 1 after the first"
)
PAUSED_SOURCES = _limit(256, "sources", "whose questions were not allowed that are remembered")
SOURCE_PROMPTS = _limit(2, "questions", "of the policy about calls of one source that wait for the user")
MENTION_LINES = _limit(1000, "lines", "of policy that are listed as naming a qube")

# -- pool folders -----------------------------------------------------------------------------------------------------

MANIFEST_BYTES = _limit(4 << 20, "bytes", "the manifest of a volume in a pool folder")
LAYERS = _limit(200, "layers", "of a volume that need one another; libvirt takes no more")
LEASE_SECONDS = _limit(300, "seconds", "until the lease of a pool that another machine does not write again is over")

TABLE: tuple[Limit, ...] = tuple(_ROWS)
"""All rows, in the order above."""
