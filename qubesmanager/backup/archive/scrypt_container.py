# SPDX-License-Identifier: GPL-3.0-or-later
"""The scrypt container: bytes under a passphrase, as the `scrypt` command writes and reads them.

    0   "scrypt", a zero byte, log2 N (1 byte), r (4, big endian), p (4), salt (32)
    48  the first 16 bytes of SHA-256 of bytes 0..47
    64  HMAC-SHA-256 of bytes 0..63
    96  the body under AES-256-CTR, from counter 0
    end HMAC-SHA-256 of everything before (32)

Both keys come from one derivation: scrypt(passphrase, salt, N, r, p) gives 64 bytes, the cipher's key and the MAC's.
Source: FORMAT of the scrypt utility (tarsnap.com/scrypt.html). A body is streamed: nothing here holds it.
"""

import hashlib
import hmac
import os
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from qubesmanager.host.priority import computing
from qubesmanager.wire import limits
from qubesmanager.wire.reasons import refusal

HEAD_SIZE = 96
MAC_SIZE = 32
OVERHEAD = HEAD_SIZE + MAC_SIZE
"""Bytes that a container is longer than its body."""

MEMORY_LIMIT = limits.BACKUP_KEY_BYTES
"""Bytes that a key derivation may take: N = 2^21 with r = 8."""
WORK_LIMIT = 1 << 27
"""The largest N * r * p: eight times the memory limit's work done once, about a minute."""

KEY_MEMORY = 256 << 20
"""Bytes that key derivations at the same time may take, if one alone does not take more."""

_FIELDS = struct.Struct(">6sBBII32s")
_MAGIC = b"scrypt"
_SALT_SIZE = 32


@dataclass(frozen=True, slots=True)
class Params:
    """The cost of a key derivation: N = 2^`log_n` steps in blocks of 128 * `r` bytes, `p` times."""

    log_n: int
    r: int = 8
    p: int = 1

    @property
    def memory(self) -> int:
        """Bytes that one derivation takes."""
        return 128 * self.r << self.log_n

    def check(self) -> None:
        """Raise `BackupLimitError` beyond the limits of memory and time, `BackupDamagedError` for what cannot be."""
        if not (1 <= self.log_n <= 63 and self.r >= 1 and self.p >= 1 and self.r * self.p < 1 << 30):  # noqa: PLR2004
            raise refusal("backup-key-params")
        if self.memory > MEMORY_LIMIT:
            raise refusal("backup-key-memory", self.memory >> 20, self.log_n, MEMORY_LIMIT >> 20)
        if self.r * self.p << self.log_n > WORK_LIMIT:
            raise refusal("backup-key-work", self.log_n, self.r, self.p)


LEVELS: dict[str, Params] = {"standard": Params(17), "strong": Params(20), "generated": Params(14)}
"""The parameters that a profile can choose. `generated` is for passphrases of 128 random bits or more."""


def at_once(params: Params, most: int) -> int:
    """How many such derivations may run at the same time: `most`, or as many as memory allows, but always one."""
    return max(1, min(most, KEY_MEMORY // params.memory))


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one container, and its first 96 bytes."""

    head: bytes
    cipher: bytes = field(repr=False)
    mac: bytes = field(repr=False)


def _ctr(key: bytes) -> Callable[[bytes], bytes]:
    """AES-256-CTR from counter 0: what encrypts the next piece, or decrypts it, which is the same."""
    # Loaded by the first backup: the library takes 7 MB, and the daemon needs it for nothing else.
    from cryptography.hazmat.primitives.ciphers import Cipher  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.ciphers.algorithms import AES  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.ciphers.modes import CTR  # noqa: PLC0415 - as above

    return Cipher(AES(key), CTR(bytes(16))).encryptor().update


def _derive(passphrase: bytes, salt: bytes, params: Params) -> tuple[bytes, bytes]:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt  # noqa: PLC0415 - see `_ctr`

    with computing():
        both = Scrypt(salt=salt, length=64, n=1 << params.log_n, r=params.r, p=params.p).derive(passphrase)
    return both[:32], both[32:]


def new_keys(passphrase: bytes, params: Params) -> Keys:
    """Keys for a container to be written, with a new salt. Takes its time, without the interpreter lock."""
    params.check()
    salt = os.urandom(_SALT_SIZE)
    fields = _FIELDS.pack(_MAGIC, 0, params.log_n, params.r, params.p, salt)
    fields += hashlib.sha256(fields).digest()[:16]
    cipher, mac = _derive(passphrase, salt, params)
    return Keys(fields + hmac.digest(mac, fields, "sha256"), cipher, mac)


def params_of(untrusted_head: bytes) -> Params:
    """The cost that the first 96 bytes of a container name, within the limits.

    Raises `BackupDamagedError` for bytes that begin no container, `BackupLimitError` beyond a limit.
    """
    if len(untrusted_head) != HEAD_SIZE or not untrusted_head.startswith(_MAGIC + b"\0"):
        raise refusal("container-missing")
    if not hmac.compare_digest(hashlib.sha256(untrusted_head[:48]).digest()[:16], untrusted_head[48:64]):
        raise refusal("container-header-changed")
    _, _, log_n, r, p, _ = _FIELDS.unpack_from(untrusted_head)
    params = Params(log_n, r, p)
    params.check()
    return params


def keys_of(untrusted_head: bytes, passphrase: bytes) -> Keys:
    """The keys of a container that is there, from its first 96 bytes.

    Raises `BackupPassphraseError` if the passphrase is not the container's, and what `params_of` raises.
    """
    params = params_of(untrusted_head)
    cipher, mac = _derive(passphrase, untrusted_head[16:48], params)
    if not hmac.compare_digest(hmac.digest(mac, untrusted_head[:64], "sha256"), untrusted_head[64:]):
        raise refusal("passphrase-wrong")
    return Keys(untrusted_head, cipher, mac)


class Sealer:
    """The container around a body that comes in pieces: `keys.head`, each `update`, then `finish`."""

    def __init__(self, keys: Keys) -> None:
        self._cipher = _ctr(keys.cipher)
        self._mac = hmac.new(keys.mac, keys.head, "sha256")

    def update(self, piece: bytes) -> bytes:
        sealed = self._cipher(piece)
        self._mac.update(sealed)
        return sealed

    def finish(self) -> bytes:
        """The container's last 32 bytes."""
        return self._mac.digest()


def seal(keys: Keys, body: bytes) -> bytes:
    """The whole container of a small body. Keys are used for one container only."""
    sealer = Sealer(keys)
    return keys.head + sealer.update(body) + sealer.finish()


def mac_of(keys: Keys, pieces: Iterable[bytes]) -> bytes:
    """The MAC of a container, its last 32 bytes, for these sealed pieces of a body in their order."""
    ours = hmac.new(keys.mac, keys.head, "sha256")
    for piece in pieces:
        ours.update(piece)
    return ours.digest()


class Opener:
    """The plain bytes of the pieces of a body whose MAC was found right."""

    def __init__(self, keys: Keys) -> None:
        self.update = _ctr(keys.cipher)


def open_container(untrusted: bytes, passphrase: bytes) -> bytes:
    """The body of a small container that is wholly there. Raises `BackupDamagedError` and what `keys_of` raises."""
    if len(untrusted) < OVERHEAD:
        raise refusal("container-cut")
    keys = keys_of(untrusted[:HEAD_SIZE], passphrase)
    body = untrusted[HEAD_SIZE:-MAC_SIZE]
    if not hmac.compare_digest(mac_of(keys, (body,)), untrusted[-MAC_SIZE:]):
        raise refusal("container-changed")
    return Opener(keys).update(body)
