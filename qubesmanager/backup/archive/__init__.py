# SPDX-License-Identifier: GPL-3.0-or-later
"""The backup format of Qubes OS, version 4: written, read and checked.

Everything blocks: call it in a thread. `cancelled` is a `threading.Event`, which every loop checks.

- `contents`: what is kept of the system and each qube (`Contents`, `Qube`, `Device`, `Label`), as values.
- `scrypt_container`: `LEVELS`, the costs of key derivation to choose from. `compression`: `Compression`.
- `writer`: `write(target, passphrase, system, [QubeData], Options) -> Report`; `measured` for the space it may take.
- `streams`: `FdOutput` and `FdInput` for files, pipes and sockets.
- `reader`: `open_backup(source, passphrase) -> Backup`: `head`, `contents`; once `verify` or `restore` -> `Report`.
- `report`: `Report` (`ok`, `problems`, `results`, `manifest`) and `QubeResult` (`qube`, `ok`, `reason`, ...).

Volumes are read from and written to a `Source` and a `Sink` of `host.sparse_file`. What goes wrong is a `BackupError`
of `backup.errors`; a cancel raises the `BackupCancelledError` of the wire.
"""
