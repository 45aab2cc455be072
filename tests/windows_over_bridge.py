# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the windows that also run over the bridge, and what is otherwise there, with the reason.

Each name is that of a folder, a file or a test below `tests/ui/`.
"""

BOTH_WAYS = (
    "devices/test_attach.py::test_a_qube_is_given_a_device_from_its_context_menu",
    "manager/test_main_window.py::test_start_shows_the_qube_running_by_its_event",
    "manager/test_main_window.py::test_a_change_by_another_client_is_shown_in_the_window",
    "map/test_map_window.py::test_an_action_from_the_map_is_carried_out_and_the_map_follows",
    "settings/test_settings.py::test_the_opposites_of_properties_features_tags_rules_and_notes_bring_all_back",
    "settings/test_multi_window.py::test_a_tag_is_given_to_all_and_taken_from_all",
    "storage/test_storage.py::test_pools_are_shown_with_their_users",
    "system/test_system.py::test_a_property_that_another_client_sets_is_shown",
    "system/test_system.py::test_a_label_is_made_and_removed",
    "tray/test_tray.py::test_a_device_is_given_from_the_menu",
)
"""What always runs both ways: each window once."""

DIFFERENCES = {
    "actions/test_plan_dialog.py::test_qubes_without_enough_memory_are_left_out_of_a_start": (
        "Qubes OS has no call for the memory of the computer."
    ),
    "devices/test_feed.py::test_a_volume_of_a_halted_qube_is_offered_as_soon_as_there_is_one": (
        "Qubes OS has no call for volume.Attach."
    ),
    "devices/test_feed.py::test_a_device_pulled_while_it_is_attached_is_in_the_end_nowhere": (
        "The error of Qubes OS does not say that the device was removed."
    ),
    "devices/test_panel.py::test_a_failure_is_shown_with_its_reason_and_a_button": (
        "The error of Qubes OS does not name the device."
    ),
    "manager/test_main_window.py::test_a_device_that_is_asked_for_is_attached_by_a_button": (
        "Qubes OS asks by a program of its own, and sends no event of it."
    ),
    "settings/test_multi_window.py::test_a_refusal_is_shown_in_the_language_of_the_user": (
        "The errors of Qubes OS are texts without a code, so they are not translated."
    ),
    "settings/test_settings.py::test_a_qube_that_another_client_renames_is_followed": (
        "A qube of Qubes OS cannot be renamed; a copy with the new name is another qube."
    ),
    "settings/test_settings.py::test_a_rename_is_sent_last_and_the_window_follows_it": (
        "A qube of Qubes OS cannot be renamed; a copy with the new name is another qube."
    ),
    "settings/test_volumes_page.py::test_a_snapshot_is_taken_and_gone_back_to": "Qubes OS takes snapshots itself.",
    "settings/test_volumes_page.py::test_a_snapshot_of_another_client_is_shown": "Qubes OS takes snapshots itself.",
    "settings/test_volumes_page.py::test_a_volume_without_a_qube_is_attached_and_detached": (
        "Qubes OS has no call for volume.Attach."
    ),
    "storage/test_storage.py::test_a_pool_is_added_with_its_drivers_fields_and_removed": (
        "The drivers of Qubes OS have other options, in their order."
    ),
    "storage/test_storage.py::test_a_refused_pool_leaves_the_dialog_open_with_the_reason": (
        "The drivers of Qubes OS have other options, and their errors do not name them."
    ),
    "storage/test_storage.py::test_a_volume_of_no_qube_is_found_and_removed": (
        "Qubes OS has no call that removes a volume which is no qube's."
    ),
    "storage/test_storage.py::test_snapshots_of_all_qubes_are_listed_and_gone_back_to": (
        "Qubes OS takes snapshots itself."
    ),
    "storage/test_storage.py::test_the_snapshots_keep_qts_contract": "Qubes OS takes snapshots itself.",
    "system/test_system.py::test_each_property_of_the_system_has_a_field_with_its_help": (
        "Qubes OS has other system-wide properties besides."
    ),
    "system/test_system.py::test_a_label_that_the_system_needs_stays_and_the_refusal_is_shown": (
        "The refusal of Qubes OS is another text."
    ),
    "tray/test_tray.py::test_the_tray_asks_whether_a_qube_gets_a_device": (
        "Qubes OS asks by a program of its own, and sends no event of it."
    ),
}
"""What does not run over the bridge, and why."""


def why_not(node: str) -> str:
    """Why the test does not run over the bridge; empty if it does."""
    return next((why for name, why in DIFFERENCES.items() if is_below(node, name)), "")


def is_both_ways(node: str) -> bool:
    return any(is_below(node, name) for name in BOTH_WAYS) and not why_not(node)


def is_below(node: str, name: str) -> bool:
    """Whether the test, named from `tests/ui/` on, is the one of that name, or in the file or folder of that name."""
    return node == name or node.startswith((f"{name}/", f"{name}::", f"{name}["))
