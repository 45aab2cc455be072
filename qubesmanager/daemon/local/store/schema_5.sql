-- SPDX-License-Identifier: GPL-3.0-or-later

-- Qubes that were renamed or removed (`new` is empty), written in the transaction that did it and deleted once the
-- backup profiles, which are files, have followed.
CREATE TABLE pending_name (
    change INTEGER PRIMARY KEY AUTOINCREMENT,
    old    TEXT NOT NULL,
    new    TEXT NOT NULL
) STRICT;
