-- SPDX-License-Identifier: GPL-3.0-or-later

-- The boot of the machine (the kernel's boot_id) in which the qubes that start with it were started last: one row.
CREATE TABLE started_in (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    boot TEXT NOT NULL
) STRICT;
