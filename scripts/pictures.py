# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the pictures of the guide: a real window over a demonstration's daemon, driven as a user would."""

import asyncio
import math
import os
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from PyQt5.QtCore import QPoint, QPointF, QRect, QSettings, Qt
from PyQt5.QtGui import QColor, QPainter, QPalette, QPixmap
from PyQt5.QtWidgets import QApplication, QDialog, QPushButton, QWidget

from qubesmanager.client.client import Client
from qubesmanager.client.live_copy import Lost
from qubesmanager.daemon.bridge.backend import BridgeBackend
from qubesmanager.daemon.dispatch import Dispatcher
from qubesmanager.models.device_catalog import Device
from qubesmanager.models.resources import Moment
from qubesmanager.models.usage_series import POOL, QUBE, UsageSeries
from qubesmanager.plans.devices import device_key
from qubesmanager.rules.forecast import DAY
from qubesmanager.transport.base import TransportError
from qubesmanager.transport.child import ChildTransport
from qubesmanager.transport.memory import MemoryTransport
from qubesmanager.transport.urls import QUBESD_SOCKET
from qubesmanager.ui.actions.plan_dialog import PlanDialog
from qubesmanager.ui.backup.backup_wizard import BackupWizard
from qubesmanager.ui.devices.attach_dialog import AttachDialog
from qubesmanager.ui.dialogs.applications_dialog import ApplicationsDialog
from qubesmanager.ui.dialogs.clone_dialog import CloneDialog
from qubesmanager.ui.dialogs.create_dialog import CreateDialog
from qubesmanager.ui.dialogs.manager_dialog import ManagerDialog
from qubesmanager.ui.manager.backups_page import BackupsPage
from qubesmanager.ui.manager.command_palette import CommandPalette
from qubesmanager.ui.manager.main_window import MainWindow
from qubesmanager.ui.manager.updates_page import UpdatesPage
from qubesmanager.ui.map.map_page import MapPage
from qubesmanager.ui.policy.policy_window import PolicyWindow
from qubesmanager.ui.policy.rights_window import RightsWindow
from qubesmanager.ui.resources.resources_page import ResourcesPage
from qubesmanager.ui.restore.restore_wizard import RestoreWizard
from qubesmanager.ui.session.session import Session
from qubesmanager.ui.session.tasks import report
from qubesmanager.ui.settings.devices_page import DevicesPage
from qubesmanager.ui.settings.firewall_page import FirewallPage
from qubesmanager.ui.settings.multi_window import MultiWindow
from qubesmanager.ui.settings.settings_window import SettingsWindow
from qubesmanager.ui.storage.storage_window import StorageWindow
from qubesmanager.ui.system.system_window import SystemWindow
from qubesmanager.ui.timeline.timeline_page import TimelinePage
from qubesmanager.ui.tray.policy_question import PolicyQuestionDialog
from qubesmanager.ui.tray.tray import Tray
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import CreateSpec, TokenContent, VolumeId
from qubesmanager.wire.events import PolicyQuestion
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.values import DeviceClass, PowerState
from scripts.picture_application import picture_application

OUT = Path("docs/pictures")
FEW, MANY = 2, 990
GIB = 1 << 30
TITLE = 26
WATCHED = 20
LATE = 75
SOUND_CARD = device_key(DeviceClass.PCI, "dom0", "00_1f.3")


def dark() -> QPalette:
    """A dark desktop's palette."""
    palette = QPalette(QColor("#2b2d31"))
    for role, color in (
        (QPalette.ColorRole.Window, "#2b2d31"),
        (QPalette.ColorRole.Base, "#1f2124"),
        (QPalette.ColorRole.AlternateBase, "#25272b"),
        (QPalette.ColorRole.Button, "#35383d"),
        (QPalette.ColorRole.ToolTipBase, "#3a3d42"),
        (QPalette.ColorRole.Highlight, "#2f65ab"),
    ):
        palette.setColor(role, QColor(color))
    for role in (
        QPalette.ColorRole.WindowText,
        QPalette.ColorRole.Text,
        QPalette.ColorRole.ButtonText,
        QPalette.ColorRole.ToolTipText,
        QPalette.ColorRole.HighlightedText,
    ):
        palette.setColor(role, QColor("#e8e8e8"))
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor("#8b8f96"))
    palette.setColor(QPalette.ColorRole.PlaceholderText, QColor("#8b8f96"))
    return palette


class Scene:
    """A window, its user and a camera."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window
        self.session = window.session

    async def until(self, reached: Callable[[], object]) -> None:
        async with asyncio.timeout(60):
            while not reached():  # noqa: ASYNC110 - anything may be waited for
                await asyncio.sleep(0.02)

    async def dialog(self, kind: type[QDialog]) -> QDialog:
        dialogs: list[QDialog] = []

        def look() -> bool:
            dialogs[:] = [
                each for each in QApplication.topLevelWidgets() if isinstance(each, kind) and each.isVisible()
            ]
            return bool(dialogs)

        await self.until(look)
        await asyncio.sleep(0.2)
        return dialogs[0]

    def take(self, name: str, *over: QWidget) -> None:
        """The window with what lies over it, in its middle unless it stands somewhere itself."""
        picture = self.window.grab()
        painter = QPainter(picture)
        for widget in over:
            place = QPoint((self.window.width() - widget.width()) // 2, (self.window.height() - widget.height()) // 3)
            painter.fillRect(picture.rect(), QColor(0, 0, 0, 40))
            # Offscreen there is no window manager, so the title is drawn here.
            title = QRect(place.x(), place.y() - TITLE, widget.width(), TITLE)
            painter.fillRect(title, widget.palette().color(QPalette.ColorRole.Midlight))
            painter.drawText(title, Qt.AlignmentFlag.AlignCenter, widget.windowTitle())
            painter.drawPixmap(place, widget.grab())
            painter.drawRect(title.adjusted(-1, -1, 0, widget.height()))
        painter.end()
        save(picture, name)


def save(picture: QPixmap, name: str) -> None:
    path = OUT / f"{name}.png"
    picture.toImage().convertToFormat(picture.toImage().Format.Format_RGB32).save(str(path), "PNG", 0)
    print(f"{path}  {path.stat().st_size // 1024} kB")


def enlarge(widget: QWidget, width: int, height: int) -> None:
    """As large as on a laptop: the offscreen screen has only 800x800."""
    widget.resize(max(width, widget.width()), max(height, widget.height()))


async def window_of(scene: Scene, name: str) -> None:
    scene.window.view.select_name("work")
    await asyncio.sleep(0.3)
    scene.take(name)


async def create(scene: Scene) -> None:
    scene.window.operations.create()
    dialog = await scene.dialog(CreateDialog)
    assert isinstance(dialog, CreateDialog)
    dialog.name.setText("work")
    dialog.tags.setText("work, clients")
    await asyncio.sleep(0.2)
    scene.take("create", dialog)
    dialog.reject()


async def applications(scene: Scene) -> None:
    """The applications of a qube, and the link to them beside it."""
    scene.window.view.select_name("work")
    await scene.until(lambda: scene.session.records["work"].flag("has_agent"))
    scene.window.operations.applications(["work"])
    dialog = await scene.dialog(ApplicationsDialog)
    assert isinstance(dialog, ApplicationsDialog)
    await scene.until(lambda: dialog.list.count() > 0)
    await asyncio.sleep(0.2)
    scene.take("applications", dialog)
    dialog.reject()


async def clone(scene: Scene) -> None:
    scene.window.operations.clone(["vault"])
    dialog = await scene.dialog(CloneDialog)
    scene.take("clone", dialog)
    dialog.reject()


async def confirm(scene: Scene) -> None:
    scene.window.view.select_name("sys-net")
    scene.window.operations.shutdown(["sys-net"])
    dialog = await scene.dialog(PlanDialog)
    enlarge(dialog, 980, 620)
    await asyncio.sleep(0.2)
    scene.take("confirm", dialog)
    dialog.reject()


async def plan(scene: Scene, suffix: str = "") -> None:
    """No net qube for any qube: the plan of it, and the window afterwards with the way back."""
    window = scene.window
    window.operations.set_property(list(scene.session.records), "netvm", "")
    dialog = await scene.dialog(PlanDialog)
    assert isinstance(dialog, PlanDialog)
    cells = dialog.table.match(
        dialog.table.index(0, 0, dialog.table.index(0, 0)), Qt.ItemDataRole.DisplayRole, "personal"
    )
    enlarge(dialog, 980, 620)
    dialog.table.setData(cells[0], Qt.CheckState.Unchecked, Qt.ItemDataRole.CheckStateRole)
    await asyncio.sleep(0.2)
    scene.take(f"plan{suffix}", dialog)
    dialog.accept()
    await scene.until(lambda: window.errors.notices)
    window.tasks.show()
    window.tasks.view.expandAll()
    await asyncio.sleep(0.3)
    scene.take(f"plan-after{suffix}")
    window.tasks.hide()
    await scene.until(lambda: window.errors.notices)
    window.errors.notices[0].findChildren(QPushButton)[0].click()
    await scene.until(lambda: scene.session.records["work"].value("netvm"))


async def remove(scene: Scene) -> None:
    scene.window.operations.remove(["vault"])
    dialog = await scene.dialog(PlanDialog)
    enlarge(dialog, 980, 560)
    await asyncio.sleep(0.2)
    scene.take("remove", dialog)
    dialog.reject()


async def palette(scene: Scene) -> None:
    scene.window.view.select_name("work")
    scene.window.open_palette()
    dialog = await scene.dialog(CommandPalette)
    assert isinstance(dialog, CommandPalette)
    dialog.edit.setText("wo")
    await asyncio.sleep(0.2)
    scene.take("palette", dialog)
    dialog.close()


async def tasks(scene: Scene) -> None:
    window = scene.window
    window.operations.start(["untrusted"])
    window.operations.set_property(["work"], "memory", "900")
    await scene.until(lambda: not scene.session.tasks.running)

    async def backing_up() -> None:
        report(62, "personal, 3 min")
        await asyncio.sleep(3600)

    scene.session.tasks.start("Back up 5 qubes", backing_up())
    window.tasks.show()
    await asyncio.sleep(0.3)
    scene.take("tasks")
    for entry in scene.session.tasks.running:
        scene.session.tasks.cancel(entry)
    await asyncio.sleep(0.1)
    window.tasks.hide()


async def error(scene: Scene) -> None:
    async def refused() -> None:
        await scene.session.client.send(calls.VM_PROPERTY_SET("work", "netvm", "vault"))

    scene.session.tasks.start("Give work the net qube vault", refused())
    await scene.until(lambda: scene.window.errors.notices)
    await asyncio.sleep(0.2)
    scene.take("error")
    for notice in list(scene.window.errors.notices):
        notice.dismiss()


async def nothing_found(scene: Scene) -> None:
    scene.window.query.set_query("netvm:sys-vpn")
    await asyncio.sleep(0.3)
    scene.take("nothing-found")
    scene.window.query.set_query("")


async def disconnected(scene: Scene) -> None:
    lost = Lost(TransportError("The connection to /run/qubes-mgmt1d.sock was closed."), 8.0)
    scene.session.is_synced, scene.session.trouble = False, lost
    scene.session.lost.emit(lost)
    await asyncio.sleep(0.3)
    scene.take("disconnected")
    scene.session.is_synced, scene.session.trouble = True, None
    scene.session.synced.emit()


async def settings_pages(scene: Scene, ending: str = "") -> None:
    """Each page of a qube's settings, with an edit and an answered question."""
    window = SettingsWindow(scene.session, "work", scene.session.labels)
    window.show()
    enlarge(window, 900, 700)
    await scene.until(lambda: window.draft.rules)
    window.draft.edit(("property", "memory"), "950")
    firewall, devices = window.pages["firewall"], window.pages["devices"]
    assert isinstance(firewall, FirewallPage)
    assert isinstance(devices, DevicesPage)
    firewall.destination.setText("mail.example.org")
    firewall.port.setValue(993)
    for name, page in window.pages.items():
        window.tabs.setCurrentWidget(page)
        window.show_preview.setChecked(name == "advanced")
        if name == "firewall":
            await asyncio.sleep(0.3)
            save(window.grab(), f"settings-firewall-simple{ending}")
            firewall.views.setCurrentWidget(firewall.full)
            firewall.ask.click()
        if name == "devices":
            await scene.until(lambda: len(devices.model.rows) > FEW)
            window.draft.edit(device_key(DeviceClass.BLOCK, "dom0", "sdb"), "read-only=yes")
            window.draft.edit(SOUND_CARD, "no-strict-reset=yes")
            devices.select(SOUND_CARD)
        await asyncio.sleep(0.3)
        save(window.grab(), f"settings-{name}{ending}")
        if name == "devices":
            window.draft.revert(SOUND_CARD)
    await scene.session.client.send(calls.VM_PROPERTY_SET("work", "memory", "1000"))
    await scene.session.client.send(calls.VM_PROPERTY_SET("work", "vcpus", "6"))
    await scene.until(lambda: window.draft.conflicts and len(window.draft.merged) > 0)
    window.show_page("advanced")
    await asyncio.sleep(1)
    save(window.grab(), f"settings-conflict{ending}")
    window.draft.discard()
    window.close()


async def several(scene: Scene, ending: str = "") -> None:
    """The settings of several qubes at once, with an edit."""
    window = MultiWindow(scene.session, ("banking", "personal", "work"))
    window.show()
    enlarge(window, 900, 700)
    window.draft.edit(("property", "netvm"), "sys-firewall")
    window.draft.edit(("property", "autostart"), "yes")
    window.draft.edit(("property", "label"), "yellow")
    await asyncio.sleep(0.3)
    save(window.grab(), f"settings-several{ending}")
    window.draft.discard()
    window.close()
    window = MultiWindow(scene.session, ("banking", "personal", "sys-firewall", "untrusted", "vault", "work"))
    window.show()
    enlarge(window, 900, 700)
    window.show_page("tags")
    window.draft.edit(("tag", "home"), "")
    await asyncio.sleep(0.3)
    save(window.grab(), f"settings-several-tags{ending}")
    window.draft.discard()
    window.close()


async def storage(scene: Scene, ending: str = "") -> None:
    """Each page of the storage window, with a snapshot to show."""
    await scene.session.client.send(calls.VM_VOLUME_SNAPSHOT("work", "private"))
    await scene.session.client.send(calls.VM_VOLUME_SNAPSHOT("vault", "private"))
    window = StorageWindow(scene.session)
    window.show()
    await scene.until(lambda: window.facts.is_known)
    for name, page in window.pages.items():
        window.tabs.setCurrentWidget(page)
        await asyncio.sleep(0.5)
        if name == "volumes":
            window.volumes.table.selectRow(window.volumes.filter.shown_row(VolumeId("default", "vault/private")))
        if name == "snapshots":
            window.snapshots.table.selectRow(0)
        await asyncio.sleep(0.5)
        save(window.grab(), f"storage-{name}{ending}")
    window.close()


async def system(scene: Scene, ending: str = "") -> None:
    """Each page of the system-wide settings, with an edit."""
    window = SystemWindow(scene.session)
    window.show()
    enlarge(window, 850, 700)
    await scene.until(lambda: window.form is not None)
    await asyncio.sleep(0.5)
    assert window.draft is not None
    window.draft.edit(("property", "default_shutdown_timeout"), "90")
    window.foot.show_preview.setChecked(True)
    for name, page in window.pages.items():
        window.tabs.setCurrentWidget(page)
        window.foot.show_preview.setChecked(name == "properties")
        window.labels.table.selectRow(0)
        await asyncio.sleep(0.3)
        save(window.grab(), f"system-{name}{ending}")
    window.draft.discard()
    window.close()


async def map_of(scene: Scene, ending: str = "") -> None:
    """The page with a path around the firewall, and a qube that is dragged to another net qube; then the trees."""
    client = scene.session.client
    await client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("sys-vpn", "green")))
    await client.send(calls.VM_PROPERTY_SET("sys-vpn", "provides_network", "yes"))
    await client.send(calls.VM_PROPERTY_SET("sys-vpn", "netvm", "sys-firewall"))
    await client.send(calls.VM_START("sys-vpn"))
    await client.send(calls.VM_PROPERTY_SET("work", "netvm", "sys-vpn"))
    await client.send(calls.VM_PROPERTY_SET("untrusted", "netvm", "sys-net"))
    scene.window.sidebar.choose("page:map")
    page = scene.window.pages.currentWidget()
    assert isinstance(page, MapPage)
    picture = page.picture
    await scene.until(lambda: scene.session.records["untrusted"].value("netvm") == "sys-net")
    page.fill()
    page.choose("personal")
    personal, vpn = (picture.layout_of_qubes.by_qube[name] for name in ("personal", "sys-vpn"))
    beside = QPointF(12, 12)
    picture.start_drag(personal, picture.place_rect(personal).topLeft() + beside)
    picture.drag_to(picture.place_rect(vpn).bottomRight() - beside)
    await asyncio.sleep(0.4)
    save(scene.window.grab(), f"map{ending}")
    picture.end_drag(is_drop=False)
    page.show_page("network")
    await asyncio.sleep(0.4)
    save(scene.window.grab(), f"map-tree{ending}")
    page.show_page("picture")
    scene.window.sidebar.choose("all")
    await client.send(calls.VM_PROPERTY_RESET("untrusted", "netvm"))
    await client.send(calls.VM_PROPERTY_RESET("work", "netvm"))
    await client.send(calls.VM_KILL("sys-vpn"))
    await scene.until(lambda: scene.session.records["sys-vpn"].state is PowerState.HALTED)
    await client.send(calls.VM_REMOVE("sys-vpn"))


async def devices(scene: Scene, ending: str = "") -> None:
    """The tray's menu and both pages of its window, with a stick in a qube and a camera that has just come."""
    tray = Tray(scene.session, scene.window.raise_)
    catalog = tray.window.actions_of.feed.catalog

    def named(text: str) -> Device | None:
        return next((device for device in catalog.devices().values() if text in device.name), None)

    await scene.until(lambda: named("Stick"))
    stick = named("Stick")
    assert stick is not None
    if not stick.holder:
        tray.window.actions_of.operations.attach(stick, "work", {})
        await scene.until(lambda: (device := named("Stick")) is not None and device.holder)
    tray.show_window()
    await asyncio.sleep(0.5)
    tray.window.devices.view.select(stick.key)
    save(tray.window.grab(), f"devices{ending}")
    tray.window.tabs.setCurrentWidget(tray.window.qubes)
    tray.window.qubes.view.select_name("work")
    await asyncio.sleep(2.5)
    save(tray.window.grab(), f"devices-qubes{ending}")
    tray.menu.popup(QPoint(0, 0))
    await asyncio.sleep(0.3)
    save(tray.menu.grab(), f"devices-menu{ending}")
    tray.menu.close()
    dialog = AttachDialog(tray.window, scene.session, catalog, device=named("Webcam"))
    dialog.open()
    await asyncio.sleep(0.3)
    save(dialog.grab(), f"devices-attach{ending}")
    dialog.close()
    tray.stop()


async def over_qubes(scene: Scene, ending: str = "") -> None:
    """The windows over the bridge to Qubes OS: the manager, settings, devices, storage, and the backup wizard."""
    await window_of(scene, f"qubes{ending}")
    window = SettingsWindow(scene.session, "work", scene.session.labels)
    window.show()
    await scene.until(lambda: window.draft.rules)
    devices_page = window.pages["devices"]
    assert isinstance(devices_page, DevicesPage)
    for name in ("basic", "devices", "volumes"):
        window.show_page(name)
        if name == "devices":
            await scene.until(lambda: devices_page.model.rows)
        await asyncio.sleep(0.3)
        save(window.grab(), f"qubes-settings-{name}{ending}")
    window.draft.discard()
    window.close()
    wizard = BackupWizard(scene.session)
    wizard.show()
    await asyncio.sleep(0.3)
    save(wizard.grab(), f"qubes-backup{ending}")
    wizard.close()
    pools = StorageWindow(scene.session)
    pools.show()
    await scene.until(lambda: pools.facts.is_known)
    for name in ("pools", "volumes"):
        pools.show_page(name)
        await asyncio.sleep(0.5)
        save(pools.grab(), f"qubes-storage-{name}{ending}")
    pools.close()
    tray = Tray(scene.session, scene.window.raise_)
    await scene.until(tray.window.actions_of.feed.catalog.devices)
    tray.show_window()
    await asyncio.sleep(0.5)
    save(tray.window.grab(), f"qubes-tray{ending}")
    tray.stop()


async def random_bytes(count: int) -> AsyncIterator[bytes]:
    """Random bytes, which no compression makes smaller."""
    for _ in range(count >> 20):
        yield os.urandom(1 << 20)


def renamed(folder: Path, name: str) -> Path:
    """The only file of the folder, under a name that does not tell when the pictures were taken."""
    (only,) = folder.iterdir()
    return only.rename(folder / name)


async def restore(scene: Scene, ending: str = "") -> None:
    """Each page of the restore wizard, over a backup whose qubes are here, are gone, or have lost their template."""
    client = scene.session.client
    with TemporaryDirectory() as folder:
        await client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("photos", "yellow")))
        await client.send(calls.VM_CREATE("debian-13", "StandaloneVM", CreateSpec("builds", "gray")))
        for name in ("photos", "builds"):
            await client.send(calls.VM_VOLUME_IMPORT(name, "private", random_bytes(96 << 20)))
        profile = (
            f"include: [work, vault, photos, builds]\ndestination_path: {folder}\nkdf: generated\ncompression: none\n"
        )
        await client.send(calls.BACKUP_PROFILE_SET("dom0", "weekly", profile))
        await client.send(calls.BACKUP_EXECUTE("dom0", "weekly", {"passphrase": "correct horse"}))
        for name in ("photos", "builds"):
            await client.send(calls.VM_REMOVE(name))
        file = renamed(Path(folder), "qubes-backup-weekly-20261121T030000")
        window = RestoreWizard(scene.session)
        window.show()
        window.file_page.file.setText(str(file))
        window.file_page.passphrase.setText("correct hors")
        window.next.click()
        await scene.until(window.file_page.passphrase_problem.isVisible)
        await asyncio.sleep(0.3)
        window.file_page.file.setText(f"/media/disk/{file.name}")
        save(window.grab(), f"restore-file{ending}")
        window.file_page.file.setText(str(file))
        window.file_page.passphrase.setText("correct horse")
        window.next.click()
        await scene.until(lambda: window.stack.currentWidget() is window.qubes_page)
        row = next(row for row in window.model.rows if row.stored.name == "work")
        window.model.choose("work", replace(row.choice, restored=True))
        row = next(row for row in window.model.rows if row.stored.name == "photos")
        window.model.choose("photos", replace(row.choice, template="fedora-43"))
        window.qubes_page.table.selectRow([row.stored.name for row in window.model.rows].index("work"))
        await asyncio.sleep(0.3)
        save(window.grab(), f"restore-qubes{ending}")
        window.next.click()
        await asyncio.sleep(0.3)
        save(window.grab(), f"restore-summary{ending}")
        window.next.click()
        await scene.until(lambda: window.run is not None and (window.run.progress.percent > LATE or window.run.is_over))
        save(window.grab(), f"restore-progress{ending}")
        await scene.until(lambda: window.run is not None and window.run.is_over)
        await asyncio.sleep(0.3)
        save(window.grab(), f"restore-report{ending}")
        for name in ("photos", "builds", "work-2"):
            await client.send(calls.VM_REMOVE(name))
        window.close()


async def backup(scene: Scene, ending: str = "") -> None:
    """Each page of the backup wizard, its run, and how it ends."""
    folder = Path(tempfile.mkdtemp(prefix="qubes-backups-"))
    window = BackupWizard(scene.session)
    window.show()
    await scene.until(lambda: any(row.changed is not None for row in window.qubes.model.rows) or window.qubes.names())
    await asyncio.sleep(0.5)
    window.qubes.profile.setEditText("usb-disk")
    save(window.grab(), f"backup-qubes{ending}")
    window.next.click()
    window.target.path.setText(str(folder))
    window.target.keep.setChecked(True)
    window.target.when.setCurrentIndex(2)
    await asyncio.sleep(0.3)
    save(window.grab(), f"backup-target{ending}")
    window.next.click()
    window.passphrase.first.setText("correct horse battery staple")
    window.passphrase.second.setText("correct horse battery staple")
    await asyncio.sleep(0.5)
    save(window.grab(), f"backup-passphrase{ending}")
    window.next.click()
    await scene.until(window.next.isEnabled)
    save(window.grab(), f"backup-summary{ending}")
    window.next.click()
    assert window.run_page is not None
    run = window.run_page.run
    await scene.until(lambda: len(run.progress.qubes) > len(window.qubes.names()) // 2 or not run.running)
    save(window.grab(), f"backup-run{ending}")
    await scene.until(lambda: not run.running)
    await asyncio.sleep(0.3)
    save(window.grab(), f"backup-done{ending}")
    window.close()
    shutil.rmtree(folder)
    await scene.session.client.send(calls.BACKUP_PROFILE_REMOVE("dom0", "usb-disk"))


async def timeline(scene: Scene, ending: str = "") -> None:
    """The page of the timeline, with the week of the demonstration and a plan that is open."""
    scene.window.sidebar.choose("page:timeline")
    page = scene.window.pages.currentWidget()
    assert isinstance(page, TimelinePage)
    await scene.until(lambda: page.feed.is_known and page.model.entries)
    page.tree.expandAll()
    net = next(entry for entry in page.model.entries if entry.detail == "netvm" and entry.qube == "personal")
    page.tree.setCurrentIndex(page.model.index_of(net.id).parent())
    page.tree.scrollToTop()
    await asyncio.sleep(0.5)
    save(scene.window.grab(), f"timeline{ending}")
    scene.window.sidebar.choose("all")


async def updates(scene: Scene, ending: str = "") -> None:
    """The update centre after the root volume of a template has changed; the template with updates is selected."""

    async def content() -> AsyncIterator[bytes]:
        yield b"updated" * 1000

    await scene.session.client.send(calls.VM_VOLUME_IMPORT("fedora-43", "root", content()))
    scene.window.sidebar.choose("page:updates")
    page = scene.window.pages.currentWidget()
    assert isinstance(page, UpdatesPage)
    await scene.until(lambda: page.is_known and page.restarts.rows)
    page.enter(["fedora-43"])
    await asyncio.sleep(0.5)
    save(scene.window.grab(), f"updates{ending}")
    scene.window.sidebar.choose("all")


POLICY = {
    "10-local.policy": """qubes.PdfConvert * @anyvm @dispvm allow
qubes.GetDate    * @anyvm sys-net allow
qubes.InputKeyboard * sys-usb @adminvm deny
qubes.InputMouse * sys-usb @adminvm ask default_target=@adminvm
""",
    "30-user.policy": """# What the qubes of this computer may do to each other.
# The first line that fits decides.

# Keys
qubes.Gpg * @tag:work vault deny
qubes.Gpg * @anyvm    vault deny notify=yes
qubes.Gpg * personal  vault allow

# Files and links
qubes.Filecopy * @tag:work @tag:work allow
qubes.Filecopy * @anyvm    @anyvm    ask
qubes.OpenURL  * old-mail  @dispvm   allow
qubes.OpenURL  * @anyvm    @dispvm   ask
""",
    "50-split.policy": "qubes.Filecopy * work vault allow\nqubes.SshAgent * work vault ask\n",
    "90-default.policy": "!include include/admin-local-ro\nqubes.VMShell * @adminvm @anyvm allow\n",
    "include/admin-local-ro": "# Qubes that may see others\n",
}
"""The policy of the pictures."""
EDITED = ("vault deny\n", "vault ask default_target=vault\nqubes.Gpg * banking   vault allow\n")
"""The first text of the second file, and what is there instead of it."""


async def policy(scene: Scene, ending: str = "") -> None:
    """The policy with two edits; its text; what a qube may do."""
    client = scene.session.client
    if "work-mail" not in scene.session.records:
        await client.send(calls.VM_CREATE("debian-13", "AppVM", CreateSpec("work-mail", "blue")))
    for name in ("work", "work-mail"):
        await client.send(calls.VM_TAG_SET(name, "work"))
    for path, text in sorted(POLICY.items(), reverse=True):
        name, is_include = path.removesuffix(".policy").removeprefix("include/"), path.startswith("include/")
        row = calls.POLICY_INCLUDE_REPLACE if is_include else calls.POLICY_REPLACE
        await client.send(row(DOM0, name, TokenContent("any", text)))
    window = PolicyWindow(scene.session)
    window.show()
    window.resize(1364, 739)
    window.show_file("30-user.policy")
    await scene.until(lambda: window.watch.is_current and window.tester.explanation is not None)
    text = POLICY["30-user.policy"]
    text = text.replace(*EDITED, 1)
    window.draft.edit("30-user.policy", text)
    window.tester.choose("work", "qubes.Gpg", "", "vault")
    await scene.until(lambda: window.watch.is_current and window.tester.answer.text() == "Ask")
    window.table.select_number(5)
    await asyncio.sleep(0.5)
    save(window.grab(), f"policy{ending}")
    window.actions_of["text"].trigger()
    window.draft.edit("30-user.policy", text.replace("vault allow", "vault allows"))
    await scene.until(lambda: window.watch.is_current and bool(window.text.errors))
    await asyncio.sleep(0.5)
    save(window.grab(), f"policy-text{ending}")
    window.leave()
    rights = RightsWindow(scene.session, "vault")
    rights.show()
    await scene.until(lambda: rights.stack.currentIndex() == 1)
    await asyncio.sleep(0.3)
    save(rights.grab(), f"policy-rights{ending}")
    rights.close()
    await question(scene, ending)
    await manager(scene, ending)


async def question(scene: Scene, ending: str) -> None:
    """A question of the policy, once it takes an answer."""
    asked = PolicyQuestion(
        question=1, source="laptop", call="mgmt1.vm.Start", target="work", choices="dom0", default="dom0",
        rule="policy.d/30-user.policy:14", seconds=60,
    )  # fmt: skip
    dialog = PolicyQuestionDialog(asked)
    dialog.show()
    dialog.activateWindow()
    await scene.until(lambda: dialog.is_armed)
    await asyncio.sleep(0.3)
    save(dialog.grab(), f"policy-question{ending}")
    dialog.reject()


async def manager(scene: Scene, ending: str) -> None:
    """The plan that makes a qube the manager of others."""
    scene.window.operations.manage(["vault", "work", "banking"])
    first = await scene.dialog(ManagerDialog)
    assert isinstance(first, ManagerDialog)
    first.field.setCurrentIndex(first.field.findData("personal"))
    await asyncio.sleep(0.3)
    save(first.grab(), f"manager{ending}")
    first.accept()
    plan = await scene.dialog(PlanDialog)
    enlarge(plan, 980, 620)
    await asyncio.sleep(0.3)
    save(plan.grab(), f"manager-plan{ending}")
    plan.reject()


async def resources(scene: Scene, ending: str = "") -> None:
    """The page of resources after a few minutes, with measurements of four weeks."""
    session = scene.session
    scene.window.sidebar.choose("page:resources")
    page = scene.window.pages.currentWidget()
    assert isinstance(page, ResourcesPage)
    await scene.until(lambda: session.usage.is_known and page.resources.total and page.resources.histories)
    now, series = int(time.time()), UsageSeries()
    weekly = {"work": 2.6, "personal": 0.9, "mail": 0.3}
    for day in range(28, -1, -1):
        pools = {
            f"{POOL}{row.name}": max(0, int(row.usage - day * (row.size - row.usage) / 100))
            for row in session.usage.pools
        }
        qubes = {f"{QUBE}{name}": int((9 - day / 7) * size * GIB) for name, size in weekly.items()}
        series.put({**pools, **qubes}, now - day * DAY)
    session.usage.keep(series)
    now_in_page = page.resources.hour[-1]
    page.resources.hour.clear()
    for at in range(120, -1, -1):
        wave = math.sin(at / 9) + math.sin(at / 3.7) / 2 + math.sin(at * 2.1) / 4
        memory = int(now_in_page.memory * (1 + wave / 40))
        page.resources.hour.append(Moment(now - at * 30, (now_in_page.cpu or 0) + 12 * wave, memory))
    await scene.until(lambda: len(page.resources.histories["work"].cpus) > WATCHED)
    page.uses_table.selectRow(1)
    session.labels_changed.emit()
    await asyncio.sleep(0.5)
    save(scene.window.grab(), f"resources{ending}")
    scene.window.sidebar.choose("all")


async def backups(scene: Scene, ending: str = "") -> None:
    """The page of backups: the week of the demonstration, whose last run has failed."""
    scene.window.sidebar.choose("page:backups")
    page = scene.window.pages.currentWidget()
    assert isinstance(page, BackupsPage)
    await scene.until(lambda: page.feed.is_known and len(page.feed.previews) == len(page.feed.names) > 0)
    page.profiles_table.selectRow(page.shown_profiles.shown_row("nightly"))
    page.qube.setCurrentIndex(page.qube.findData("work"))
    page.retained.setCurrentIndex(page.retained.findData("nightly"))
    await asyncio.sleep(0.5)
    save(scene.window.grab(), f"backups{ending}")
    scene.window.sidebar.choose("all")


ENGLISH: dict[str, Callable[[Scene], Awaitable[None]]] = {
    "window-light": lambda scene: window_of(scene, "window-light"),
    "timeline": timeline,
    "backups": backups,
    "create": create,
    "applications": applications,
    "clone": clone,
    "confirm": confirm,
    "plan": plan,
    "remove": remove,
    "palette": palette,
    "tasks": tasks,
    "error": error,
    "nothing-found": nothing_found,
    "disconnected": disconnected,
    "settings": settings_pages,
    "several": several,
    "storage": storage,
    "system": system,
    "devices": devices,
    "restore": restore,
    "map": map_of,
    "backup": backup,
    "policy": policy,
    "updates": updates,
    "resources": resources,
}


async def over(
    qubes: int, settings: Path, act: Callable[[Scene], Awaitable[None]], *, is_bridged: bool = False
) -> None:
    """A window over a demonstration of so many more qubes, and what is done in it."""
    transport = ChildTransport("demo:", "--demo", str(qubes))
    bridge = BridgeBackend(transport) if is_bridged else None  # the demonstration's `admin.*` calls are the qubesd
    client = Client(transport if bridge is None else MemoryTransport(Dispatcher(bridge).answer))
    session = Session(client, f"qubesd:{QUBESD_SOCKET}" if is_bridged else "demo:")
    session.settings = QSettings(str(settings), QSettings.Format.IniFormat)
    ended = asyncio.Event()
    session.stats.connect(ended.set)
    window = MainWindow(session)
    window.resize(1440, 780)
    window.show()
    session.follow()
    scene = Scene(window)
    try:
        await scene.until(lambda: session.is_synced and session.labels)
        await session.client.send(calls.PROPERTY_SET("dom0", "stats_interval", "1"))
        async with asyncio.timeout(30):
            await ended.wait()
        await asyncio.sleep(WATCHED)  # many rounds of statistics, so that there is something to draw
        await act(scene)
    finally:
        await session.tasks.cancel_all()
        window.close()
        if bridge is not None:
            await bridge.close()
        transport.close()


async def main(language: str, names: list[str]) -> None:
    settings = Path(os.environ["XDG_CONFIG_HOME"]) / "pictures.ini"
    settings.unlink(missing_ok=True)

    async def every(scene: Scene) -> None:
        for name, act in ENGLISH.items():
            if not names or name in names:
                await act(scene)

    def asked(name: str) -> bool:
        return not names or name in names

    if language.startswith("de"):
        if asked("window-german"):
            await over(FEW, settings, lambda scene: window_of(scene, "window-german"))
        return
    if not names or set(names) & set(ENGLISH):
        await over(FEW, settings, every)
    if asked("window-1000"):
        await over(MANY, settings, lambda scene: window_of(scene, "window-1000"))
    if asked("qubes"):
        await over(FEW, settings, over_qubes, is_bridged=True)
    QApplication.setPalette(dark())
    if asked("qubes"):
        await over(FEW, settings, lambda scene: over_qubes(scene, "-dark"), is_bridged=True)
    if asked("window-dark"):
        await over(FEW, settings, lambda scene: window_of(scene, "window-dark"))
    if asked("plan"):
        await over(FEW, settings, lambda scene: plan(scene, "-dark"))
    if asked("settings"):
        await over(FEW, settings, lambda scene: settings_pages(scene, "-dark"))
    if asked("several"):
        await over(FEW, settings, lambda scene: several(scene, "-dark"))
    if asked("storage"):
        await over(FEW, settings, lambda scene: storage(scene, "-dark"))
    if asked("system"):
        await over(FEW, settings, lambda scene: system(scene, "-dark"))
    if asked("map"):
        await over(FEW, settings, lambda scene: map_of(scene, "-dark"))
    if asked("devices"):
        await over(FEW, settings, lambda scene: devices(scene, "-dark"))
    if asked("restore"):
        await over(FEW, settings, lambda scene: restore(scene, "-dark"))
    if asked("backup"):
        await over(FEW, settings, lambda scene: backup(scene, "-dark"))
    if asked("timeline"):
        await over(FEW, settings, lambda scene: timeline(scene, "-dark"))
    if asked("policy"):
        await over(FEW, settings, lambda scene: policy(scene, "-dark"))
    if asked("resources"):
        await over(FEW, settings, lambda scene: resources(scene, "-dark"))
    if asked("backups"):
        await over(FEW, settings, lambda scene: backups(scene, "-dark"))
    if asked("updates"):
        await over(FEW, settings, lambda scene: updates(scene, "-dark"))
    if asked("window-dark-1000"):
        await over(MANY, settings, lambda scene: window_of(scene, "window-dark-1000"))


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    with picture_application(sys.argv[1]) as loop:
        loop.run_until_complete(main(sys.argv[1], sys.argv[2:]))
