# SPDX-License-Identifier: GPL-3.0-or-later
"""Warnings about the network, in the user's language: as sentences, and as the few words of a badge."""

from PyQt5.QtCore import QCoreApplication

from qubesmanager.rules.topology import Mark, Remark


def remark_text(remark: Remark) -> str:
    """A warning on a qube as a sentence."""
    translate = QCoreApplication.translate
    if remark.mark is Mark.ENFORCES_NOTHING:
        count = int(remark.about)
        return translate("Map", "It enforces no firewall: the rules of %n qube(s) behind it have no effect.", "", count)
    text = {
        Mark.LOOP: translate("Map", "A loop: {0}."),
        Mark.MISSING: translate("Map", "There is no qube {0}, which it refers to."),
        Mark.NO_ROUTER: translate("Map", "Its net qube {0} does not provide network."),
        Mark.AROUND: translate("Map", "Its network goes around {0}."),
        Mark.NO_FIREWALL: translate("Map", "Around the firewall: {0} enforces no rules."),
        Mark.LEAK: translate("Map", "It has no network, but its disposables have: {0}."),
    }[remark.mark]
    return text.format(remark.about)


def badge_text(remark: Remark) -> str:
    """The same in a few words."""
    translate = QCoreApplication.translate
    text = {
        Mark.LOOP: translate("Map", "in a loop"),
        Mark.MISSING: translate("Map", "net qube is missing"),
        Mark.NO_ROUTER: translate("Map", "no network from {0}"),
        Mark.AROUND: translate("Map", "around {0}"),
        Mark.NO_FIREWALL: translate("Map", "no firewall"),
        Mark.ENFORCES_NOTHING: translate("Map", "enforces no firewall"),
        Mark.LEAK: translate("Map", "its disposables have network"),
    }[remark.mark]
    return text.format(remark.about)
