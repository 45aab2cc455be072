-- SPDX-License-Identifier: GPL-3.0-or-later

-- What is pending is known by the identity of its volume: a name alone could be that of a volume which was there before.
-- Rows of an earlier version have no identity, so nothing may be removed for them; their volumes belong to no qube.
DROP TABLE pending_volume;
CREATE TABLE pending_volume (
    pool     TEXT NOT NULL,
    vid      TEXT NOT NULL,
    identity TEXT NOT NULL,
    PRIMARY KEY (pool, vid, identity)
) STRICT, WITHOUT ROWID;

-- `identities`: a JSON list of those of the volumes that are being renamed.
DROP TABLE pending_rename;
CREATE TABLE pending_rename (
    pool       TEXT NOT NULL,
    old        TEXT NOT NULL,
    new        TEXT NOT NULL,
    identities TEXT NOT NULL,
    PRIMARY KEY (pool, old)
) STRICT, WITHOUT ROWID;

-- What the place of a pool is known by: another disk may be mounted there, or none. Empty until the pool was opened once.
ALTER TABLE pool ADD COLUMN identity TEXT NOT NULL DEFAULT '';
