# SPDX-License-Identifier: GPL-3.0-or-later
"""The choices for a new qube, as read from the daemon, and the widgets that the dialogs for one share."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from PyQt5.QtCore import QCoreApplication, QSize
from PyQt5.QtGui import QIcon
from PyQt5.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QPushButton, QWidget

from qubesmanager.models.texts import whole_size_text
from qubesmanager.rules.facts import whole_number
from qubesmanager.rules.volumes import KERNEL_DRIVER
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.widgets.button_box import button_box
from qubesmanager.wire import calls
from qubesmanager.wire.names import DOM0


@dataclass(frozen=True, slots=True)
class Offers:
    """The choices of a new qube: the system's properties, labels with their colours, pools with their free bytes."""

    system: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    pools: dict[str, int] = field(default_factory=dict)


async def ask_offers(session: Session) -> Offers:
    """Read the choices from the daemon. Raises `Mgmt1Error` and `TransportError`."""
    send = session.client.send
    system = {row.name: row.value for row in await send(calls.PROPERTY_GET_ALL(DOM0))}
    labels = {row.name: row.color for row in await send(calls.LABEL_LIST(DOM0))}
    pools: dict[str, int] = {}
    for pool in await send(calls.POOL_LIST(DOM0)):
        info = await send(calls.POOL_INFO(DOM0, pool))
        if info.get("driver") == KERNEL_DRIVER:
            continue
        pools[pool] = max(0, whole_number(info.get("size", "")) - whole_number(info.get("usage", "")))
    return Offers(system, labels, pools)


def choice(parent: QWidget, values: Iterable[tuple[str, str]], chosen: str, icons: dict[str, QIcon]) -> QComboBox:
    """A combo box of these (value, text) pairs; `chosen` returns the value of its current line."""
    box = QComboBox(parent)
    box.setIconSize(QSize(16, 16))
    for value, text in values:
        box.addItem(icons.get(value, QIcon()), text, value)
    box.setCurrentIndex(max(0, box.findData(chosen)))
    return box


def chosen(box: QComboBox) -> str:
    """The value of the current line of such a box; empty if it has none."""
    value = box.currentData()
    return value if isinstance(value, str) else ""


def pool_lines(pools: Mapping[str, int]) -> list[tuple[str, str]]:
    """A line of a box for each pool of these free bytes: its name, and that with its free space."""
    text = QCoreApplication.translate("Offers", "{0} ({1} free)")
    return [(pool, text.format(pool, whole_size_text(free))) for pool, free in pools.items()]


def confirm_buttons(dialog: QDialog, text: str) -> tuple[QDialogButtonBox, QPushButton]:
    """A row of buttons, Cancel and one with this text, that close the dialog; and the second button, its default."""
    buttons = button_box(dialog, QDialogButtonBox.StandardButton.Cancel)
    yes = QPushButton(text, dialog)
    yes.setObjectName("yes")
    yes.setDefault(True)
    buttons.addButton(yes, QDialogButtonBox.ButtonRole.AcceptRole)
    buttons.accepted.connect(dialog.accept)
    buttons.rejected.connect(dialog.reject)
    return buttons, yes
