-- SPDX-License-Identifier: GPL-3.0-or-later
-- The first schema. References between qubes are by name: a rename updates them in the same transaction.

CREATE TABLE qube (
    qid   INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid  TEXT NOT NULL UNIQUE,
    name  TEXT NOT NULL UNIQUE,
    class TEXT NOT NULL,
    notes TEXT NOT NULL DEFAULT '',
    start_time INTEGER
) STRICT;

CREATE TABLE property (
    qid   INTEGER NOT NULL REFERENCES qube (qid) ON DELETE CASCADE,
    name  TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (qid, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE feature (
    qid   INTEGER NOT NULL REFERENCES qube (qid) ON DELETE CASCADE,
    name  TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (qid, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE tag (
    qid  INTEGER NOT NULL REFERENCES qube (qid) ON DELETE CASCADE,
    name TEXT NOT NULL,
    PRIMARY KEY (qid, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE rule (
    qid      INTEGER NOT NULL REFERENCES qube (qid) ON DELETE CASCADE,
    rule_id  TEXT NOT NULL,
    position INTEGER NOT NULL,
    text     TEXT NOT NULL,
    PRIMARY KEY (qid, rule_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE volume (
    qid               INTEGER NOT NULL REFERENCES qube (qid) ON DELETE CASCADE,
    name              TEXT NOT NULL,
    pool              TEXT NOT NULL,
    vid               TEXT NOT NULL,
    size              INTEGER NOT NULL,
    rw                INTEGER NOT NULL,
    save_on_stop      INTEGER NOT NULL,
    snap_on_start     INTEGER NOT NULL,
    revisions_to_keep INTEGER NOT NULL,
    extra             INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (qid, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX volume_place ON volume (pool, vid);

-- Written before a volume is made and removed in the transaction that makes it belong to a qube: what is left here
-- after a crash is removed at the next start.
CREATE TABLE pending_volume (
    pool TEXT NOT NULL,
    vid  TEXT NOT NULL,
    PRIMARY KEY (pool, vid)
) STRICT, WITHOUT ROWID;

-- Written before a qube's volumes get its new name and removed in the transaction that renames it: what is left here
-- after a crash is taken back at the next start.
CREATE TABLE pending_rename (
    pool TEXT NOT NULL,
    old  TEXT NOT NULL,
    new  TEXT NOT NULL,
    PRIMARY KEY (pool, old)
) STRICT, WITHOUT ROWID;

CREATE TABLE device (
    qid     INTEGER NOT NULL REFERENCES qube (qid) ON DELETE CASCADE,
    class   TEXT NOT NULL,
    backend TEXT NOT NULL,
    ident   TEXT NOT NULL,
    options TEXT NOT NULL,
    PRIMARY KEY (qid, class, backend, ident)
) STRICT, WITHOUT ROWID;

CREATE TABLE label (
    name  TEXT PRIMARY KEY,
    color TEXT NOT NULL
) STRICT;

CREATE TABLE system_property (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE pool (
    name    TEXT PRIMARY KEY,
    driver  TEXT NOT NULL,
    options TEXT NOT NULL
) STRICT, WITHOUT ROWID;
