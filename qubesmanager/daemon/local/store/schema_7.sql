-- SPDX-License-Identifier: GPL-3.0-or-later

-- Rows that could not be read at a start, as they were (see screening.py). `qube` is the qid of the qube that such a row
-- belongs to, where that exists. `blocks`: the qube cannot be used until it was recovered. `cells`: a JSON object, by
-- column, of the type of a cell and its value. `settled`: --recover has dealt with it.
CREATE TABLE unreadable (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    origin TEXT NOT NULL,
    name   TEXT NOT NULL,
    qube   INTEGER,
    blocks INTEGER NOT NULL,
    reason TEXT NOT NULL,
    cells  TEXT NOT NULL,
    settled INTEGER NOT NULL DEFAULT 0
) STRICT;
