# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the windows that also run over the bridge, and those that cannot, each with the reason.

Each name is that of a test below `tests/ui/`, where only one of its cases differs with its parameters.
"""

BOTH_WAYS = (
    "devices/test_attach.py::test_a_qube_is_given_a_device_from_its_context_menu",
    "devices/test_panel.py::test_attach_by_search_and_enter",
    "manager/test_updates_page.py::test_what_must_be_restarted_is_restarted_by_a_plan_in_the_order_of_the_network",
    "manager/test_main_window.py::test_start_shows_the_qube_running_by_its_event",
    "manager/test_main_window.py::test_a_change_by_another_client_is_shown_in_the_window",
    "map/test_map_window.py::test_an_action_from_the_map_is_carried_out_and_the_map_follows",
    "settings/test_settings.py::test_the_opposites_of_properties_features_tags_rules_and_notes_bring_all_back",
    "settings/test_multi_window.py::test_a_tag_is_given_to_all_and_taken_from_all",
    "policy/test_policy_editing.py::test_saving_writes_the_file_and_offers_the_way_back",
    "policy/test_policy_window.py::test_the_tester_says_which_line_decides_and_why_others_do_not",
    "storage/test_storage.py::test_pools_are_shown_with_their_users",
    "system/test_system.py::test_a_property_that_another_client_sets_is_shown",
    "system/test_system.py::test_a_label_is_made_and_removed",
    "tray/test_tray.py::test_a_device_is_given_from_the_menu",
)
"""What always runs over the bridge too, and where it does not look into our daemon over the recorded qubesd."""

_PROFILES = "qubesd has no call that lists, reads or writes profiles of backups."
_PREVIEW = "qubesd has no call that says what a backup would hold before there is a profile of it in dom0."
_WIZARD = "The wizard has one page where qubesd has the qubes; test_over_bridge.py has it."
_RUNS = "qubesd runs only profiles in files of dom0, and has no call that gives the data of a volume to our own writer."
_SCHEDULES = "qubesd has no call for backups at set times."
_LOGS = "qubesd has no call that reads a log; test_over_bridge.py has what the window shows then."
_DOM0 = "qubesd has no call that changes the configuration or the home of dom0."

_ROWS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "backup/test_backup_of_others.py",
        _RUNS,
        (
            "test_a_backup_that_another_began_shows_with_progress_and_cancel",
            "test_a_window_that_opens_later_asks_for_running_backups",
            "test_a_second_start_shows_the_first",
            "test_after_a_lost_connection_it_is_unknown_until_the_state_was_asked_again",
        ),
    ),
    (
        "backup/test_backup_of_others.py",
        _SCHEDULES,
        (
            "test_a_failed_scheduled_backup_is_in_the_status_bar_with_reason_and_next_attempt",
            "test_a_scheduled_backup_that_fails_is_a_notification",
        ),
    ),
    (
        "backup/test_backup_wizard.py",
        _WIZARD,
        (
            "test_each_page_starts_in_the_field_that_it_lacks_or_else_its_first",
            "test_closing_the_wizard_empties_its_fields",
            "test_a_generated_passphrase_uses_the_quick_key_and_is_typed_again",
            "test_qubes_of_the_selection_are_ticked",
            "test_rules_decide_on_dom0_where_they_are_the_profile",
            "test_a_problem_is_below_its_field",
        ),
    ),
    ("test_wizard_sizes.py", _WIZARD, ("test_the_tab_key_scrolls_to_each_field",)),
    (
        "actions/test_manager.py",
        "The test has our daemon refuse a call that the bridge does not send.",
        ("test_a_policy_that_this_connection_may_not_read_is_an_error",),
    ),
    (
        "backup/test_backup_wizard.py",
        _PROFILES,
        (
            "test_nothing_is_saved_before_the_last_button",
            "test_settings_are_kept_as_a_profile_and_come_back",
            "test_a_profile_as_it_is_runs_with_the_passphrase_it_holds",
            "test_a_profile_is_removed_after_a_question",
            "test_a_kept_profile_keeps_its_dom0_and_its_home",
            "test_a_qube_cannot_tick_dom0",
            "test_qubes_that_are_new_since_the_profile_are_offered",
            "test_a_profile_that_may_not_be_read_is_not_shown_and_the_qubes_are",
        ),
    ),
    (
        "backup/test_backup_wizard.py",
        _PREVIEW,
        (
            "test_errors_of_a_page_are_shown_before_the_next_page",
            "test_a_full_target_is_reported_by_dom0_and_no_file_is_left",
            "test_older_backups_that_would_go_are_named_before",
        ),
    ),
    (
        "backup/test_backup_wizard.py",
        _RUNS,
        (
            "test_a_backup_is_made_verified_and_can_be_restored",
            "test_a_run_is_cancelled_and_leaves_nothing",
            "test_a_run_continues_without_its_window_and_can_be_opened_again",
            "test_shut_down_when_finished_survives_the_window",
            "test_the_passphrase_is_nowhere_afterwards",
            "test_dom0s_configuration_and_home_are_backed_up_once_they_are_ticked",
            "test_dom0s_configuration_alone_is_backed_up_without_the_home",
            "test_after_a_failure_back_and_retry_keep_what_was_typed",
            "test_retry_begins_again_with_the_same",
        ),
    ),
    (
        "logs/test_logs_window.py",
        _LOGS,
        (
            "test_a_qube_without_logs_shows_a_message_and_then_its_first_log",
            "test_new_lines_of_a_log_are_followed_until_the_user_turns_that_off",
            "test_a_log_is_searched_from_the_start_again_after_its_end",
            "test_the_text_of_a_guest_is_shown_plain_and_shortened",
            "test_a_closed_window_asks_no_more",
        ),
    ),
    (
        "policy/test_policy_editing.py",
        "Qubes OS has no call that reads a folder below those of the policy.",
        ("test_a_file_that_no_call_can_write_is_not_edited",),
    ),
    (
        "policy/test_policy_window.py",
        "Qubes OS has no call that reads a file of another name or folder.",
        ("test_a_name_that_qrexec_does_not_take_is_named", "test_a_file_of_run_hides_its_namesake"),
    ),
    (
        "policy/test_policy_window.py",
        "The test has the daemon refuse a call that the bridge does not send; test_over_bridge.py has the page.",
        ("test_a_daemon_without_these_calls_is_a_page_with_the_reason",),
    ),
    (
        "restore/test_restore_wizard.py",
        "Qubes OS has other properties, and changes comments and notes: test_bridge_restore.py compares the rest.",
        ("test_a_backup_is_restored_with_every_byte_and_setting",),
    ),
    (
        "restore/test_restore_wizard.py",
        _DOM0,
        (
            "test_dom0s_configuration_is_previewed_and_only_what_is_ticked_is_taken",
            "test_the_home_of_dom0_is_unpacked_into_a_new_folder_if_it_is_ticked",
        ),
    ),
    (
        "settings/test_devices_page.py",
        "qubesd assigns a device that is not there, for the time when it comes.",
        ("test_a_refused_device_is_marked",),
    ),
    (
        "actions/test_plan_dialog.py",
        "qubesd has no call for the memory of the computer.",
        ("test_qubes_without_enough_memory_are_left_out_of_a_start",),
    ),
    (
        "devices/test_feed.py",
        "qubesd has no call for volume.Attach.",
        ("test_a_volume_of_a_halted_qube_is_offered_as_soon_as_there_is_one",),
    ),
    (
        "devices/test_feed.py",
        "The error of Qubes OS does not say that the device was removed.",
        ("test_a_device_pulled_while_it_is_attached_is_in_the_end_nowhere",),
    ),
    (
        "devices/test_panel.py",
        "The error of Qubes OS does not name the device.",
        ("test_a_failure_is_shown_with_its_reason_and_a_button",),
    ),
    (
        "manager/test_main_window.py",
        "Qubes OS asks by a program of its own, and sends no event of it.",
        ("test_a_device_that_is_asked_for_is_attached_by_a_button",),
    ),
    (
        "settings/test_multi_window.py",
        "The errors of Qubes OS are texts without a code, so they are not translated.",
        ("test_a_refusal_is_shown_in_the_language_of_the_user",),
    ),
    (
        "settings/test_settings.py",
        "A qube of Qubes OS cannot be renamed; a copy with the new name is another qube.",
        (
            "test_a_qube_that_another_client_renames_is_followed",
            "test_a_rename_is_sent_last_and_the_window_follows_it",
        ),
    ),
    (
        "settings/test_volumes_page.py",
        "Qubes OS takes snapshots itself.",
        (
            "test_a_snapshot_is_taken_and_gone_back_to",
            "test_a_snapshot_of_another_client_is_shown",
        ),
    ),
    (
        "settings/test_volumes_page.py",
        "qubesd has no call for volume.Attach.",
        ("test_a_volume_without_a_qube_is_attached_and_detached",),
    ),
    (
        "storage/test_storage.py",
        "The drivers of Qubes OS have other options, in their order.",
        ("test_a_pool_is_added_with_its_drivers_fields_and_removed",),
    ),
    (
        "storage/test_storage.py",
        "The drivers of Qubes OS have other options, and their errors do not name them.",
        ("test_a_refused_pool_leaves_the_dialog_open_with_the_reason",),
    ),
    (
        "storage/test_storage.py",
        "qubesd has no call that removes a volume of no qube.",
        ("test_a_volume_of_no_qube_is_found_and_removed",),
    ),
    (
        "storage/test_storage.py",
        "Qubes OS takes snapshots itself.",
        (
            "test_snapshots_of_all_qubes_are_listed_and_gone_back_to",
            "test_the_snapshots_keep_qts_contract",
        ),
    ),
    (
        "system/test_system.py",
        "Qubes OS has other system-wide properties besides.",
        ("test_each_property_of_the_system_has_a_field_with_its_help",),
    ),
    (
        "system/test_system.py",
        "The refusal of Qubes OS is another text.",
        ("test_a_label_that_the_system_needs_stays_and_the_refusal_is_shown",),
    ),
    (
        "tray/test_tray.py",
        "Qubes OS asks by a program of its own, and sends no event of it.",
        ("test_the_tray_asks_whether_a_qube_gets_a_device",),
    ),
    (
        "manager/test_backups_page.py",
        _PROFILES,
        (
            "test_a_click_in_the_sidebar_shows_the_page_and_another_the_qubes",
            "test_a_page_that_was_hidden_offers_the_qubes_that_came_meanwhile",
            "test_profiles_and_runs_of_other_clients_are_shown_as_they_come",
            "test_a_failed_run_shows_its_reason_in_full_and_retry_opens_its_profile",
            "test_backups_that_hold_a_qube_are_listed_until_their_files_are_gone",
            "test_the_dry_run_of_retention_names_what_would_go_and_why_the_others_stay",
            "test_typing_in_the_search_and_choosing_a_result_filters_the_runs",
            "test_a_backup_of_another_client_shows_while_it_runs_and_can_be_cancelled",
            "test_what_is_refused_is_shown_instead_of_an_empty_page",
            "test_verify_a_file_opens_the_restore_wizard_at_that",
        ),
    ),
    (
        "resources/test_resources_page.py",
        "No call of qubesd gives the free memory.",
        ("test_memory_processors_and_the_largest_are_shown",),
    ),
    (
        "tray/test_policy_questions.py",
        "qrexec of Qubes OS asks the user by a program of its own.",
        (
            "test_a_call_is_allowed_once_and_asked_about_again",
            "test_several_questions_are_shown_one_after_the_other",
            "test_a_question_whose_time_is_over_is_taken_away",
        ),
    ),
    (
        "actions/test_inside_by_channel.py",
        "qubesd has no call that runs a program in a qube; tools of Qubes OS do it.",
        (),
    ),
    (
        "manager/test_updates_page.py",
        "qubesd has no call that runs a program in a qube; tools of Qubes OS do it.",
        ("test_without_the_updater_a_qube_that_runs_needs_its_agent",),
    ),
    (
        "timeline/test_timeline_page.py",
        "qubesd has no call for a history of changes.",
        (),
    ),
    (
        "backup/test_backup_of_others.py",
        "The bridge sends events of its own restores only.",
        ("test_a_failed_restore_of_any_client_is_a_notification_and_marks_the_window",),
    ),
)
"""The file, why, and its tests; none for all tests of the file."""

DIFFERENCES = {name: why for file, why, tests in _ROWS for name in ([f"{file}::{test}" for test in tests] or [file])}
"""What does not run over the bridge, and why."""


OUR_DAEMON = "The test looks into our daemon, or changes it without a call."

_NOT_RECORDED: tuple[tuple[str, str, tuple[str, ...]], ...] = ()

NOT_RECORDED = {f"{file}::{test}": why for file, why, tests in _NOT_RECORDED for test in tests}
"""What does not run over the recorded qubesd either, and why."""


def why_not_qubesd(node: str) -> str:
    """Why the test does not run over the recorded qubesd although it runs over the bridge; empty if it does."""
    return next((why for name, why in NOT_RECORDED.items() if is_below(node, name)), "")


def why_not(node: str) -> str:
    """Why the test does not run over the bridge; empty if it does."""
    return next((why for name, why in DIFFERENCES.items() if is_below(node, name)), "")


def is_both_ways(node: str) -> bool:
    return any(is_below(node, name) for name in BOTH_WAYS) and not why_not(node)


def is_below(node: str, name: str) -> bool:
    """Whether the test, named from `tests/ui/` on, is the one of that name, or in the file or folder of that name."""
    return node == name or node.startswith((f"{name}/", f"{name}::", f"{name}["))
