# SPDX-License-Identifier: GPL-3.0-or-later
"""THE SERVICES that a qube's features switch (`service.<name>`), with what each is for."""

from dataclasses import dataclass

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QCoreApplication


@dataclass(frozen=True, slots=True)
class Service:
    """A service by its name in the qube, and a sentence about it."""

    name: str
    text: str

    def shown_text(self) -> str:
        """The sentence in the user's language."""
        return QCoreApplication.translate("Services", self.text)


ROWS = (
    Service("network-manager", QT_TRANSLATE_NOOP("Services", "Network connections are set up in it.")),
    Service("clocksync", QT_TRANSLATE_NOOP("Services", "It gets the time from the network, for the others.")),
    Service("qubes-firewall", QT_TRANSLATE_NOOP("Services", "It enforces the firewall rules of the qubes behind it.")),
    Service("qubes-network", QT_TRANSLATE_NOOP("Services", "It forwards the network of the qubes behind it.")),
    Service("qubes-updates-proxy", QT_TRANSLATE_NOOP("Services", "It fetches updates for other qubes.")),
    Service("updates-proxy-setup", QT_TRANSLATE_NOOP("Services", "It gets its updates through another qube.")),
    Service("qubes-update-check", QT_TRANSLATE_NOOP("Services", "It checks for updates.")),
    Service("meminfo-writer", QT_TRANSLATE_NOOP("Services", "It reports its use of memory, for balancing.")),
    Service("shutdown-idle", QT_TRANSLATE_NOOP("Services", "It shuts down when no window has been open for a while.")),
    Service("minimal-netvm", QT_TRANSLATE_NOOP("Services", "It is a net qube from a minimal template.")),
    Service("disable-default-route", QT_TRANSLATE_NOOP("Services", "It reaches its net qube, and nothing beyond.")),
    Service("disable-dns-server", QT_TRANSLATE_NOOP("Services", "It has no name servers.")),
    Service("cups", QT_TRANSLATE_NOOP("Services", "It can print.")),
    Service("crond", QT_TRANSLATE_NOOP("Services", "It runs commands at set times.")),
    Service("lightdm", QT_TRANSLATE_NOOP("Services", "It has its own login screen.")),
    Service("guivm-gui-agent", QT_TRANSLATE_NOOP("Services", "It shows its own windows as a GUI qube.")),
)  # fmt: skip
KNOWN = {row.name: row for row in ROWS}
