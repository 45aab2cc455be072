# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether memory is balanced, as a tick beside the maximum: a maximum of 0 turns it off."""

from PyQt5.QtWidgets import QCheckBox, QWidget

from qubesmanager.models.draft import Draft
from qubesmanager.models.reason_texts import reason_text
from qubesmanager.plans.plan import PROPERTY
from qubesmanager.rules.devices import why_not_balanced
from qubesmanager.wire.values import DeviceClass

MAXMEM = (PROPERTY, "maxmem")
TIMES = 10
"""The maximum of a qube whose own default is not to be balanced, by its first memory."""


class Balancing(QCheckBox):
    """Ticked again it goes back to the maximum that there was, or to the default one."""

    def __init__(self, draft: Draft, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draft = draft
        self.setText(self.tr("Bal&ance memory with other qubes"))
        self.clicked.connect(self._choose)
        draft.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show what the draft says; with a PCI device there is no choice."""
        back = self._draft.is_edited(MAXMEM) and self._draft.value(MAXMEM) is None
        self.setChecked(back or self._draft.shown("maxmem") not in {"", "0"})
        controllers = sum(device.device_class is DeviceClass.PCI for device in self._draft.record.devices)
        why = None if self.isChecked() else why_not_balanced(1, controllers)
        self.setEnabled(why is None)
        self.setToolTip(reason_text(why) if why else "")

    def _choose(self) -> None:
        if not self.isChecked():
            self._draft.edit(MAXMEM, "0")
            return
        self._draft.revert(MAXMEM)
        if self._draft.shown("maxmem") != "0":
            return
        if self._draft.base(MAXMEM) == "0":
            self._draft.edit(MAXMEM, None)
        else:
            self._draft.edit(MAXMEM, str(TIMES * int(self._draft.shown("memory") or 0)))
