# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of pool drivers: what `pool.ListDrivers` answers, what the dialog offers, and how a pool is opened."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from qubesmanager.daemon.local.drivers.pools.base import DriverOption, PoolDriver
from qubesmanager.daemon.local.drivers.pools.file_qcow2 import FileQcow2
from qubesmanager.daemon.local.drivers.pools.file_reflink import FileReflink
from qubesmanager.daemon.local.drivers.pools.lvm_thin import LvmThin
from qubesmanager.rules.volumes import MOST_REVISIONS, REVISIONS_TO_KEEP, is_revisions
from qubesmanager.wire.reasons import refusal

DEFAULT = "file-qcow2"


@dataclass(frozen=True, slots=True)
class DriverRow:
    """A driver: its name, what it is good for, its options, and how a pool of it is made of checked options."""

    name: str
    help: str
    options: tuple[DriverOption, ...]
    build: Callable[[str, Mapping[str, str]], PoolDriver]


ROWS = (
    DriverRow(
        "file-qcow2",
        "Images in a folder of any file system.",
        FileQcow2.options,
        lambda pool, options: FileQcow2(pool, Path(options["dir_path"])),
    ),
    DriverRow(
        "file-reflink",
        "Files in a folder on xfs or btrfs; copies take neither time nor room.",
        FileReflink.options,
        lambda pool, options: FileReflink(pool, Path(options["dir_path"])),
    ),
    DriverRow(
        "lvm-thin",
        "Volumes in a thin pool of LVM; needs root and the device mapper.",
        LvmThin.options,
        lambda pool, options: LvmThin(pool, options["volume_group"], options["thin_pool"]),
    ),
)
DRIVERS = {row.name: row for row in ROWS}


def checked_options(driver: str, options: Mapping[str, str]) -> dict[str, str]:
    """The options with the defaults filled in; `QubesValueError` naming the driver or option that is wrong.

    Every driver also takes `revisions_to_keep`, of the pool.
    """
    row = DRIVERS.get(driver)
    if row is None:
        raise refusal("no-such-driver", driver, ", ".join(DRIVERS))
    known = {option.name: option for option in row.options}
    for name in options:
        if name not in {*known, REVISIONS_TO_KEEP}:
            raise refusal("driver-option-unknown", driver, name, ", ".join(known))
    result: dict[str, str] = {}
    if REVISIONS_TO_KEEP in options:
        if not is_revisions(options[REVISIONS_TO_KEEP]):
            raise refusal("pool-configure-options", MOST_REVISIONS)
        result[REVISIONS_TO_KEEP] = options[REVISIONS_TO_KEEP]
    for name, option in known.items():
        value = options.get(name, option.default)
        if not value:
            raise refusal("driver-option-missing", driver, name)
        if option.type == "path" and not Path(value).is_absolute():
            raise refusal("driver-option-path", name)
        if option.type == "int" and not (value.isascii() and value.isdigit()):
            raise refusal("driver-option-number", name)
        result[name] = value
    return result


def open_pool(pool: str, driver: str, options: Mapping[str, str]) -> PoolDriver:
    """The pool's driver; nothing on the disk is touched before its `setup`."""
    checked = checked_options(driver, options)
    return DRIVERS[driver].build(pool, checked)
