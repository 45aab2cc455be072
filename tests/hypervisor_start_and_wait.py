# SPDX-License-Identifier: GPL-3.0-or-later
"""A daemon's part for tests: starts the domain pickled on stdin under the URI given, and waits to be killed."""

import asyncio
import pickle
import sys

from qubesmanager.daemon.local.drivers.hypervisor.libvirt_driver import LibvirtHypervisor


async def main() -> None:
    hypervisor = LibvirtHypervisor(sys.argv[1], owner="tests", accel_wish="tcg")
    await hypervisor.open()
    await hypervisor.start(pickle.load(sys.stdin.buffer))
    print("started", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
