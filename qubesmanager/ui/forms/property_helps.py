# SPDX-License-Identifier: GPL-3.0-or-later
"""What dom0 says of its properties, in the user's language.

dom0 speaks English. What it says that is not listed here (another dom0 has other texts) is shown as it is; a test
compares the list with what ours says.
"""

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

# pylupdate5 takes no text that a comma follows, which the formatter would add.
HELPS = (
    QT_TRANSLATE_NOOP(
        "PropertyHelp",
        "The name of the qube. Setting it renames a halted qube together with everything that refers to it."
    ),
    QT_TRANSLATE_NOOP(
        "PropertyHelp",
        "The class: ``AdminVM``, ``TemplateVM``, ``AppVM``, ``StandaloneVM`` or ``DispVM``."
    ),
    QT_TRANSLATE_NOOP("PropertyHelp", "The number of the qube on this machine; addresses are derived from it."),
    QT_TRANSLATE_NOOP("PropertyHelp", "The identity of the qube, which stays when it is renamed."),
    QT_TRANSLATE_NOOP(
        "PropertyHelp",
        "The label. Its colour frames each window of the qube and says how far the qube is trusted."
    ),
    QT_TRANSLATE_NOOP("PropertyHelp", "The qube whose root volume this one starts from."),
    QT_TRANSLATE_NOOP("PropertyHelp", "Whether other qubes may use this one as their netvm."),
    QT_TRANSLATE_NOOP(
        "PropertyHelp",
        "The qube that gives this one network; empty for none. The default is the system's ``default_netvm``, for"
        " a disposable its template's netvm, for a template none."
    ),
    QT_TRANSLATE_NOOP("PropertyHelp", "Memory at the start, in MiB."),
    QT_TRANSLATE_NOOP(
        "PropertyHelp",
        "The most memory that balancing may give the qube, in MiB; ``0`` turns balancing off."
    ),
    QT_TRANSLATE_NOOP("PropertyHelp", "Virtual processors."),
    QT_TRANSLATE_NOOP(
        "PropertyHelp",
        "The kernel that the qube boots with, by its name in dom0; empty to boot what its root volume holds."
    ),
    QT_TRANSLATE_NOOP("PropertyHelp", "Options on the kernel's command line."),
    QT_TRANSLATE_NOOP("PropertyHelp", "``pvh``, ``hvm`` (needed for PCI devices and foreign systems) or ``pv``."),
    QT_TRANSLATE_NOOP("PropertyHelp", "Whether the qube starts with the system."),
    QT_TRANSLATE_NOOP("PropertyHelp", "Show the console and more messages, for finding out why a qube does not start."),
    QT_TRANSLATE_NOOP("PropertyHelp", "The user that commands run as."),
    QT_TRANSLATE_NOOP("PropertyHelp", "Whether a backup includes the qube unless told otherwise."),
    QT_TRANSLATE_NOOP("PropertyHelp", "When the qube was last backed up, in Unix seconds; empty for never."),
    QT_TRANSLATE_NOOP("PropertyHelp", "Whether disposables can be made from this qube."),
    QT_TRANSLATE_NOOP("PropertyHelp", "The template of disposables that are started from this qube; empty for none."),
    QT_TRANSLATE_NOOP("PropertyHelp", "The template of the disposable that configures this qube; empty for none."),
    QT_TRANSLATE_NOOP("PropertyHelp", "The qube that shows this one's windows; empty for none."),
    QT_TRANSLATE_NOOP("PropertyHelp", "The qube that plays this one's sound; empty for none."),
    QT_TRANSLATE_NOOP("PropertyHelp", "Seconds that a starting qube may take until its agent answers."),
    QT_TRANSLATE_NOOP("PropertyHelp", "Seconds that a clean shutdown may take."),
    QT_TRANSLATE_NOOP("PropertyHelp", "The IPv4 address inside the virtual network."),
    QT_TRANSLATE_NOOP(
        "PropertyHelp",
        "The IPv6 address inside the virtual network; empty unless the feature ``ipv6`` is set here or on the"
        " netvm."
    ),
    QT_TRANSLATE_NOOP("PropertyHelp", "The MAC address of the first network interface."),
    QT_TRANSLATE_NOOP("PropertyHelp", "The IPv4 address of the netvm."),
    QT_TRANSLATE_NOOP("PropertyHelp", "The IPv6 address of the netvm."),
    QT_TRANSLATE_NOOP("PropertyHelp", "The netmask: a qube sees its netvm only."),
    QT_TRANSLATE_NOOP("PropertyHelp", "The addresses of the DNS servers, separated by blanks."),
    QT_TRANSLATE_NOOP(
        "PropertyHelp",
        "Whether the firewall rules hold: ``enforced``, or a sentence that says why not; empty without a netvm."
    ),
    QT_TRANSLATE_NOOP(
        "PropertyHelp",
        "Why the qube cannot be used, such as a missing pool or a damaged volume; empty if it can. For dom0: the"
        " fault of the store that the daemon found at its start."
    ),
    QT_TRANSLATE_NOOP("PropertyHelp", "Whether software is updated in this qube itself: its root volume is its own."),
    QT_TRANSLATE_NOOP(
        "PropertyHelp",
        "Whether the template came from a package; such a one is removed by the package manager."
    ),
    QT_TRANSLATE_NOOP(
        "PropertyHelp",
        "Whether the qube is removed when it halts. No keeps a disposable that has a task, such as ``sys-usb``:"
        " its volumes are still fresh at each start."
    ),
    QT_TRANSLATE_NOOP("PropertyHelp", "The name of the icon of the qube."),
    QT_TRANSLATE_NOOP("PropertyHelp", "When the qube was started, in Unix seconds; empty while it is halted."),
    QT_TRANSLATE_NOOP("PropertyHelp", "The keyboard as ``layout+variant+options``."),
    QT_TRANSLATE_NOOP(
        "PropertyHelp",
        "Memory of the device model's own domain on Xen, in MiB; empty for Xen's default."
    ),
    QT_TRANSLATE_NOOP("PropertyHelp", "The netvm of each qube that does not say its own."),
    QT_TRANSLATE_NOOP("PropertyHelp", "The template of a new AppVM that does not name one."),
    QT_TRANSLATE_NOOP("PropertyHelp", "The template of disposables, where a qube does not say its own."),
    QT_TRANSLATE_NOOP("PropertyHelp", "The template of the disposables that configure qubes."),
    QT_TRANSLATE_NOOP("PropertyHelp", "The pool of new volumes."),
    QT_TRANSLATE_NOOP(
        "PropertyHelp",
        "The kernel of each qube that does not say its own; empty boots the root volume."
    ),
    QT_TRANSLATE_NOOP("PropertyHelp", "The qube that shows windows."),
    QT_TRANSLATE_NOOP("PropertyHelp", "The qube that plays sound."),
    QT_TRANSLATE_NOOP("PropertyHelp", "The qube that the others take the time from."),
    QT_TRANSLATE_NOOP("PropertyHelp", "The qube that fetches dom0's updates."),
    QT_TRANSLATE_NOOP("PropertyHelp", "Seconds between two statistics of the running qubes."),
    QT_TRANSLATE_NOOP("PropertyHelp", "It can be set at any time."),
    QT_TRANSLATE_NOOP("PropertyHelp", "It can be set while the qube is halted."),
    QT_TRANSLATE_NOOP("PropertyHelp", "It can be read, and never set."),
)  # fmt: skip


def help_text(english: str) -> str:
    """The answer of a `Help` call as it is shown: each paragraph by itself, without the marks around values."""
    paragraphs = english.strip().split("\n\n")
    return "\n\n".join(QCoreApplication.translate("PropertyHelp", text) for text in paragraphs).replace("``", "")
