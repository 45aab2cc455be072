# SPDX-License-Identifier: GPL-3.0-or-later
"""The backup engine: writes and reads archives of format v4 of Qubes 4.x. It knows no store, starts no process.

Everything blocks and belongs into a thread of the caller's; `cancelled` is a `threading.Event`, heard everywhere.

- `contents`: what is kept of the system and each qube (`Contents`, `Qube`, `Device`, `Label`), as values.
- `volumes`: what volumes are read from and written to (`Source`, `Sink`; `FileSource` and `FileSink` for raw images).
- `container`: `LEVELS`, the costs of key derivation that a profile may choose. `compression`: `Compression`.
- `writer`: `write(target, passphrase, system, [QubeData], Options) -> Report`; `measured` for the space it may take.
- `partial`: `partial(path)` gives the descriptor for a file that is there whole or not at all; `check_space`.
- `streams`: `FdOutput` and `FdInput` for files, pipes and sockets.
- `reader`: `open_backup(source, passphrase) -> Backup`: `head`, `contents`; once `verify` or `restore` -> `Report`.
- `report`: `Report` (`ok`, `problems`, `results`, `manifest`) and `QubeResult` (`qube`, `ok`, `reason`, ...).
- `errors`: `BackupPassphraseError`, `BackupDamagedError`, `BackupLimitError`, all of them `BackupError`; a cancel
  raises `BackupCancelledError` of the wire.
"""
