-- SPDX-License-Identifier: GPL-3.0-or-later

-- Whether a qube has the device now, not only at its next start: written before the hypervisor is told, and compared
-- with the hypervisor at the next start of the daemon.
ALTER TABLE device ADD COLUMN attached INTEGER NOT NULL DEFAULT 0;

-- Runs of backup profiles; `told` is the object that mgmt1.backup.History answers, with result `running` until it ended.
CREATE TABLE backup_run (
    run     INTEGER PRIMARY KEY AUTOINCREMENT,
    profile TEXT NOT NULL,
    told    TEXT NOT NULL
) STRICT;

-- When the qube halted last, in Unix seconds: what was backed up before has changed since.
ALTER TABLE qube ADD COLUMN last_stop INTEGER;
