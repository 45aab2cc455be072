-- SPDX-License-Identifier: GPL-3.0-or-later

-- What changed (see recording.py), newest last. `id`: microseconds of the clock then, or more than the last one. Three
-- columns only grow, so that the oldest rows are those to remove: `ordinal` counts the rows, `total` their bytes, and
-- `tick` is the time of history_clock. `sight`: the sources that saw the qube after the change, each in blanks. `flags`:
-- 1 the old value is the default, 2 the new one is, 4 a value was cut.
CREATE TABLE history (
    id      INTEGER PRIMARY KEY,
    ordinal INTEGER NOT NULL,
    total   INTEGER NOT NULL,
    tick    INTEGER NOT NULL,
    time    INTEGER NOT NULL,
    source  TEXT NOT NULL,
    call    TEXT NOT NULL,
    uuid    TEXT NOT NULL,
    qube    TEXT NOT NULL,
    sight   TEXT NOT NULL,
    event   TEXT NOT NULL,
    detail  TEXT NOT NULL,
    old     TEXT,
    new     TEXT,
    flags   INTEGER NOT NULL
) STRICT;

CREATE INDEX history_qube ON history (uuid, id);

-- Seconds that the history has aged, and when that was looked at last, in Unix seconds: one row. A clock that jumps
-- forward ages the history by a day at most, one that jumps back not at all.
CREATE TABLE history_clock (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    tick INTEGER NOT NULL,
    seen INTEGER NOT NULL
) STRICT;
