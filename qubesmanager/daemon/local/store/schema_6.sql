-- SPDX-License-Identifier: GPL-3.0-or-later

-- The file systems (see drivers/backups/file_systems.py) that backups of a profile go to: when another one is at the
-- path, the disk is not connected.
CREATE TABLE destination (
    profile     TEXT NOT NULL,
    path        TEXT NOT NULL,
    file_system TEXT NOT NULL,
    PRIMARY KEY (profile, path, file_system)
) STRICT, WITHOUT ROWID;
