-- SPDX-License-Identifier: GPL-3.0-or-later

-- An ident that begins with `*` means any port of the backend now. No call could store one before, only a hostile
-- backup; it assigned nothing, and must not begin to.
DELETE FROM device WHERE ident LIKE '*%';
