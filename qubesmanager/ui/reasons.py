# SPDX-License-Identifier: GPL-3.0-or-later
"""Sentences that the rules give in English, in the user's language; and small pieces of text that windows share.

A rule's sentence that is not listed here is shown as it is; a test compares the lists.
"""

from collections.abc import Container

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from qubesmanager.models.daemon_texts import refusal_text
from qubesmanager.models.reason_texts import reason_text
from qubesmanager.models.sentences import Sentences
from qubesmanager.wire.errors import Mgmt1Error
from qubesmanager.wire.names import why_not_new_vm_name
from qubesmanager.wire.reason import Reason

REASONS = (
    QT_TRANSLATE_NOOP("Reason", "dom0 runs as long as the machine does."),
    QT_TRANSLATE_NOOP("Reason", "It is paused; unpause it."),
    QT_TRANSLATE_NOOP("Reason", "It is already running."),
    QT_TRANSLATE_NOOP("Reason", "It is paused; unpause or kill it."),
    QT_TRANSLATE_NOOP("Reason", "It is already shutting down."),
    QT_TRANSLATE_NOOP("Reason", "A disposable is gone once it halts."),
    QT_TRANSLATE_NOOP("Reason", "It is already paused."),
    QT_TRANSLATE_NOOP("Reason", "It is not running yet."),
    QT_TRANSLATE_NOOP("Reason", "It is not paused."),
    QT_TRANSLATE_NOOP("Reason", "dom0 cannot be removed."),
    QT_TRANSLATE_NOOP("Reason", "It is running; shut it down first."),
    QT_TRANSLATE_NOOP("Reason", "It came from a package; remove it with the package manager."),
    QT_TRANSLATE_NOOP("Reason", "dom0 cannot be cloned."),
    QT_TRANSLATE_NOOP("Reason", "It is running; a qube is cloned while it is halted."),
    QT_TRANSLATE_NOOP("Reason", "dom0 keeps its name."),
    QT_TRANSLATE_NOOP("Reason", "It is running; a qube is renamed while it is halted."),
    QT_TRANSLATE_NOOP("Reason", "It is not running."),
    QT_TRANSLATE_NOOP("Reason", "dom0 has no template."),
    QT_TRANSLATE_NOOP("Reason", "Programs run in qubes, not in dom0."),
    QT_TRANSLATE_NOOP("Reason", "dom0 is updated by its own tool."),
    QT_TRANSLATE_NOOP("Reason", "It is updated with its template."),
    QT_TRANSLATE_NOOP("Reason", "It is not based on a template."),
    QT_TRANSLATE_NOOP("Reason", "It is running; a template is changed while it is halted."),
    QT_TRANSLATE_NOOP("Reason", "dom0 has no network."),
    QT_TRANSLATE_NOOP("Reason", "dom0 keeps its label."),
    QT_TRANSLATE_NOOP("Reason", "There is no systemctl here to shut the computer down with."),
    QT_TRANSLATE_NOOP("Reason", "dom0 has what it does not give away."),
    QT_TRANSLATE_NOOP("Reason", "A template is given no devices; its qubes are."),
    QT_TRANSLATE_NOOP("Reason", "A qube needs a name."),
    QT_TRANSLATE_NOOP("Reason", "A name starts with a letter (A to Z)."),
    QT_TRANSLATE_NOOP("Reason", "A name has at most 31 characters."),
    QT_TRANSLATE_NOOP("Reason", "A name holds only letters, digits and . _ -"),
    QT_TRANSLATE_NOOP("Reason", "A name cannot end in -dm."),
    QT_TRANSLATE_NOOP("Reason", "It is fresh at each start of the qube."),
    QT_TRANSLATE_NOOP("Reason", "A volume can only grow."),
    QT_TRANSLATE_NOOP("Reason", "A volume has at most 64 TiB."),
    QT_TRANSLATE_NOOP("Reason", "The qube is running; a volume is reverted while it is halted."),
    QT_TRANSLATE_NOOP("Reason", "It belongs to the qube; only extra disks are detached."),
    QT_TRANSLATE_NOOP("Reason", "The qube has no net qube: these rules have nothing to filter."),
    QT_TRANSLATE_NOOP("Reason", "Not enforced: qubes have user networking."),
    QT_TRANSLATE_NOOP("Reason", "Not enforced: qubes have the hypervisor's own network."),
    QT_TRANSLATE_NOOP("Reason", "A qube with PCI devices cannot have its memory balanced: set maxmem to 0 first."),
)

PATTERNS = (
    QT_TRANSLATE_NOOP("Reason", "It changes only while the qube is halted."),
    QT_TRANSLATE_NOOP("Reason", "There is no qube {0}."),
    QT_TRANSLATE_NOOP("Reason", "There is already a qube {0}."),
    QT_TRANSLATE_NOOP("Reason", "{0} does not provide network."),
    QT_TRANSLATE_NOOP("Reason", "That would be a loop: {0}."),
    QT_TRANSLATE_NOOP("Reason", "{0} is not running, so these running qubes would lose the network: {1}."),
    QT_TRANSLATE_NOOP("Reason", "{0} is the netvm of {1}."),
    QT_TRANSLATE_NOOP("Reason", "{0} is the disposable template of {1}."),
    QT_TRANSLATE_NOOP("Reason", "{0} is not a template for disposables (template_for_dispvms)."),
    QT_TRANSLATE_NOOP("Reason", "{0} is not a TemplateVM."),
    QT_TRANSLATE_NOOP("Reason", "Memory is between {0} and {1} MiB."),
    QT_TRANSLATE_NOOP("Reason", "The initial memory ({0} MiB) is above the maximum ({1} MiB)."),
    QT_TRANSLATE_NOOP("Reason", "The maximum is at most {0} MiB."),
    QT_TRANSLATE_NOOP("Reason", "The maximum ({0} MiB) is below the initial memory ({1} MiB)."),
    QT_TRANSLATE_NOOP("Reason", "What refers to it follows: {0}."),
    QT_TRANSLATE_NOOP("Reason", "Its network would go around {0}."),
    QT_TRANSLATE_NOOP("Reason", "It is running: its open connections end."),
    QT_TRANSLATE_NOOP("Reason", "Its network would go around {0}. It is running: its open connections end."),
    QT_TRANSLATE_NOOP(
        "Reason", "The maximum is more than {0} times the initial memory: the qube may start slowly or not."
    ),
    QT_TRANSLATE_NOOP("Reason", "The name {0} is reserved."),
    QT_TRANSLATE_NOOP("Reason", "{0} enforces no firewall: these rules have no effect."),
    QT_TRANSLATE_NOOP(
        "Reason", "The firewall is kept, not enforced: the netvm {0} has no network namespace of its own."
    ),
    QT_TRANSLATE_NOOP("Reason", "{0}: {1}"),
)
"""Sentences with names and numbers in them; the first that fits a sentence is its translation's."""

USED_BY = QT_TRANSLATE_NOOP("Reason", "It is used by {0}.")


def reason(said: Reason | str) -> str:
    """A reason, or the sentence of a rule, in the user's language."""
    if isinstance(said, Reason):
        return reason_text(said)
    start, _, rest = USED_BY.partition("{0}")
    if said.startswith(start):
        return translated(USED_BY).format(said.removeprefix(start).removesuffix(rest))
    return _SENTENCES.translated(said)


def error_text(error: Exception) -> str:
    """Why a call failed, in the user's language."""
    return reason(error.reason or str(error)) if isinstance(error, Mgmt1Error) else str(error)


_SENTENCES = Sentences("Reason", (*REASONS, *PATTERNS), refusal_text)


def translated(sentence: str) -> str:
    return QCoreApplication.translate("Reason", sentence)


def why_not_name(name: str, taken: Container[str]) -> str | None:
    """Why a new qube cannot have this name, in the user's language; None if it can."""
    why = why_not_new_vm_name(name)
    if why is None and name in taken:
        why = Reason("name-taken", name)
    return None if why is None else reason_text(why)
