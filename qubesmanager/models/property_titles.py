# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of properties in words, with the mnemonics that they have as fields of the settings."""

from PyQt5.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

TITLES: dict[str, str] = {
    "name": QT_TRANSLATE_NOOP("SettingsFields", "&Name"),
    "label": QT_TRANSLATE_NOOP("SettingsFields", "&Label"),
    "template": QT_TRANSLATE_NOOP("SettingsFields", "&Template"),
    "netvm": QT_TRANSLATE_NOOP("SettingsFields", "Net &qube"),
    "include_in_backups": QT_TRANSLATE_NOOP("SettingsFields", "&Include in backups"),
    "autostart": QT_TRANSLATE_NOOP("SettingsFields", "Start with the s&ystem"),
    "memory": QT_TRANSLATE_NOOP("SettingsFields", "Initial &memory"),
    "maxmem": QT_TRANSLATE_NOOP("SettingsFields", "Ma&ximum memory"),
    "vcpus": QT_TRANSLATE_NOOP("SettingsFields", "&VCPUs"),
    "kernel": QT_TRANSLATE_NOOP("SettingsFields", "&Kernel"),
    "kernelopts": QT_TRANSLATE_NOOP("SettingsFields", "Kernel &options"),
    "bootmode": QT_TRANSLATE_NOOP("SettingsFields", "Boot mode"),
    "appvm_default_bootmode": QT_TRANSLATE_NOOP("SettingsFields", "Boot mode of its qubes"),
    "virt_mode": QT_TRANSLATE_NOOP("SettingsFields", "Virtualisation mo&de"),
    "default_dispvm": QT_TRANSLATE_NOOP("SettingsFields", "Default dis&posable"),
    "template_for_dispvms": QT_TRANSLATE_NOOP("SettingsFields", "Template for disposa&bles"),
    "provides_network": QT_TRANSLATE_NOOP("SettingsFields", "Provid&es network"),
    "devices_denied": QT_TRANSLATE_NOOP("SettingsFields", "Denied device interfaces"),
    "debug": QT_TRANSLATE_NOOP("SettingsFields", "Debu&g"),
    "default_user": QT_TRANSLATE_NOOP("SettingsFields", "Default &user"),
    "qrexec_timeout": QT_TRANSLATE_NOOP("SettingsFields", "Time to sta&rt"),
    "shutdown_timeout": QT_TRANSLATE_NOOP("SettingsFields", "Time to s&hut down"),
}
"""By the name of a property of a qube."""

SYSTEM_TITLES: dict[str, str] = {
    "default_template": QT_TRANSLATE_NOOP("SettingsFields", "Default &template"),
    "default_netvm": QT_TRANSLATE_NOOP("SettingsFields", "Default net &qube"),
    "default_dispvm": QT_TRANSLATE_NOOP("SettingsFields", "Default dis&posable"),
    "management_dispvm": QT_TRANSLATE_NOOP("SettingsFields", "&Management disposable"),
    "default_pool": QT_TRANSLATE_NOOP("SettingsFields", "Default po&ol"),
    "default_pool_root": QT_TRANSLATE_NOOP("SettingsFields", "Pool of root volumes"),
    "default_pool_private": QT_TRANSLATE_NOOP("SettingsFields", "Pool of private volumes"),
    "default_pool_volatile": QT_TRANSLATE_NOOP("SettingsFields", "Pool of volatile volumes"),
    "default_kernel": QT_TRANSLATE_NOOP("SettingsFields", "Default &kernel"),
    "clockvm": QT_TRANSLATE_NOOP("SettingsFields", "&Clock qube"),
    "updatevm": QT_TRANSLATE_NOOP("SettingsFields", "&Update qube"),
    "check_updates_vm": QT_TRANSLATE_NOOP("SettingsFields", "Qubes check for updates"),
    "default_guivm": QT_TRANSLATE_NOOP("SettingsFields", "Default &GUI qube"),
    "default_audiovm": QT_TRANSLATE_NOOP("SettingsFields", "Default &audio qube"),
    "default_qrexec_timeout": QT_TRANSLATE_NOOP("SettingsFields", "Time to sta&rt"),
    "default_shutdown_timeout": QT_TRANSLATE_NOOP("SettingsFields", "Time to shut &down"),
    "stats_interval": QT_TRANSLATE_NOOP("SettingsFields", "Between two statist&ics"),
}
"""By the name of a system-wide property."""


def property_title(name: str, *, of_system: bool = False) -> str:
    """The property in words, in the user's language; its name if it has no words."""
    titles = SYSTEM_TITLES if of_system else TITLES
    if name not in titles:
        return name
    return QCoreApplication.translate("SettingsFields", titles[name]).replace("&", "")
