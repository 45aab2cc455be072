# SPDX-License-Identifier: GPL-3.0-or-later
"""The local backend's system: its runtime and its services, built in the order in which they need each other."""

from collections.abc import Callable
from typing import BinaryIO

from qubesmanager.daemon.admission.gate import Gate
from qubesmanager.daemon.admission.live_policy import LivePolicy
from qubesmanager.daemon.admission.policy_files import Policies
from qubesmanager.daemon.admission.policy_sight import PolicySight
from qubesmanager.daemon.admission.questions import Questions
from qubesmanager.daemon.local.drivers.backups.profiles import Profiles
from qubesmanager.daemon.local.drivers.firewall.apply import Firewalls, NftFirewall
from qubesmanager.daemon.local.drivers.firewall.resolve import Resolver
from qubesmanager.daemon.local.drivers.hypervisor.base import Hypervisor
from qubesmanager.daemon.local.runtime import Places, Runtime
from qubesmanager.daemon.local.services.autostart import Autostart
from qubesmanager.daemon.local.services.backup_destinations import BackupDestinations
from qubesmanager.daemon.local.services.backup_history import BackupHistory
from qubesmanager.daemon.local.services.backup_preview import BackupPreviews
from qubesmanager.daemon.local.services.backup_run import BackupRuns
from qubesmanager.daemon.local.services.backup_schedule import BackupSchedule
from qubesmanager.daemon.local.services.backup_sources import BackupSources
from qubesmanager.daemon.local.services.backups import Backups
from qubesmanager.daemon.local.services.creation import Creation
from qubesmanager.daemon.local.services.descriptions import Descriptions
from qubesmanager.daemon.local.services.devices import Devices
from qubesmanager.daemon.local.services.disposables import Disposables
from qubesmanager.daemon.local.services.firewall_rules import FirewallRules
from qubesmanager.daemon.local.services.guest_channels import GuestChannels
from qubesmanager.daemon.local.services.history import History
from qubesmanager.daemon.local.services.hypervisor_events import HypervisorEvents
from qubesmanager.daemon.local.services.leases import Leases
from qubesmanager.daemon.local.services.lifecycle import Lifecycle
from qubesmanager.daemon.local.services.mentions import Mentions
from qubesmanager.daemon.local.services.naming import Naming
from qubesmanager.daemon.local.services.network import USER_NETWORKING, Network
from qubesmanager.daemon.local.services.policy_facts import PolicyFacts
from qubesmanager.daemon.local.services.pools import Pools
from qubesmanager.daemon.local.services.rename import Renaming
from qubesmanager.daemon.local.services.restored_config import RestoredConfig
from qubesmanager.daemon.local.services.restores import Restores
from qubesmanager.daemon.local.services.settings import Settings
from qubesmanager.daemon.local.services.statistics import Statistics
from qubesmanager.daemon.local.services.volume_lifecycle import Volumes
from qubesmanager.daemon.local.services.volume_operations import VolumeOperations
from qubesmanager.daemon.local.store.store import Store

NetworkMaker = Callable[[Runtime], Network]


def user_network(runtime: Runtime) -> Network:
    """The hypervisor's own network, without a firewall."""
    return Network(runtime, Firewalls(NftFirewall(), Resolver()), None, why=USER_NETWORKING)


class System:
    """A runtime and its services, each built on those above it. `network` makes the network of the qubes."""

    def __init__(
        self,
        store: Store,
        hypervisor: Hypervisor,
        places: Places,
        lock: BinaryIO | None = None,
        network: NetworkMaker = user_network,
    ) -> None:
        self.runtime = runtime = Runtime(store, hypervisor, places, lock)
        self.history = History(runtime)
        self.statistics = Statistics(runtime)
        self.policies = Policies(places.policy, places.policy_hiding)
        live_policy, facts = LivePolicy(self.policies), PolicyFacts(runtime)
        self.questions = Questions()
        self.gate = Gate(live_policy, facts.info, self.questions)
        self.policy_sight = PolicySight(live_policy, facts, (runtime.hub, self.statistics.hub))
        self.leases = Leases(runtime, places.kernels.parent)
        self.pools = Pools(runtime, self.leases)
        self.volumes = Volumes(runtime, self.pools)
        self.devices = Devices(runtime, self.pools)
        self.backup_history = history = BackupHistory(runtime)
        destinations = BackupDestinations(runtime, history)
        self.backups = Backups(runtime, Profiles(places.profiles), destinations, self.policy_sight)
        self.backup_sources = BackupSources(runtime, self.pools, self.volumes)
        self.backup_runs = BackupRuns(runtime, self.backups, destinations, self.backup_sources, history, self.policies)
        self.backup_schedule = BackupSchedule(runtime, self.backups, self.backup_runs, history)
        self.backup_previews = BackupPreviews(runtime, self.backups, destinations, self.backup_runs, history)
        self.network = network(runtime)
        self.naming = Naming(runtime, self.policies, self.backups)
        self.mentions = Mentions(self.policies, self.backups)
        self.settings = Settings(runtime, self.network)
        self.renaming = Renaming(runtime, self.volumes, self.devices, self.naming, self.backups)
        self.creation = Creation(runtime, self.pools, self.volumes, self.devices, self.naming, self.backups)
        self.lifecycle = Lifecycle(runtime, self.volumes, self.devices, self.network, self.creation)
        self.disposables = Disposables(runtime, self.naming, self.creation, self.lifecycle, self.settings)
        self.guest_channels = GuestChannels(runtime, self.gate, self.lifecycle, self.disposables)
        self.hypervisor_events = HypervisorEvents(runtime, self.devices, self.lifecycle)
        self.autostart = Autostart(runtime, self.lifecycle)
        self.volume_operations = VolumeOperations(runtime, self.pools, self.volumes, self.devices)
        restored_config = RestoredConfig(runtime, self.pools, self.settings, self.policies, self.backups)
        self.restores = Restores(runtime, self.pools, self.volumes, self.naming, restored_config)
        self.firewall_rules = FirewallRules(runtime, self.network)
        self.descriptions = Descriptions(runtime, self.pools)
