# SPDX-License-Identifier: GPL-3.0-or-later
"""A queue of chunks, bounded in memory, between the thread that reads the stream and the one that uses them.

The reading thread reads each chunk to its end, since none of it may be used before its MAC was checked. It asks for the
key as soon as the first bytes are there, and reads ahead while there is room.
"""

import hmac
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Condition
from threading import Event as Cancelled

from qubesmanager.backup.archive import backup_tar, scrypt_container
from qubesmanager.backup.archive.backup_tar import ChunkName, Damage
from qubesmanager.backup.archive.scrypt_container import HEAD_SIZE, MAC_SIZE, OVERHEAD, Keys, Opener, mac_of
from qubesmanager.backup.archive.streams import awaited
from qubesmanager.backup.errors import BackupPassphraseError
from qubesmanager.host.workers import Workers
from qubesmanager.wire.reasons import refusal

ROOM = 272 << 20
"""Bytes of chunks that are held; a longer chunk is held alone.

A chunk of ours and the beginning of the next one, whose key is derived meanwhile.
"""
_EVENTS = 16
"""Chunks that are held, however small."""
_KEY_THREADS = 4


class Closed(Exception):  # noqa: N818 - says what happened to the feed
    """The consumer has closed the queue."""


@dataclass(slots=True)
class Chunk:
    """A chunk as it was read. `sealed` has its keys once its MAC is checked, or the error if it is wrong."""

    name: ChunkName
    pieces: list[bytes]
    size: int
    sealed: "Future[Keys]"


@dataclass(frozen=True, slots=True)
class End:
    """The stream is at its end; `zero_blocks` came last."""

    zero_blocks: int


Event = Chunk | Damage | End


class Feed:
    """A bounded queue between the reader thread and its consumer; it counts the bytes it holds."""

    def __init__(self, cancelled: Cancelled) -> None:
        self._cancelled = cancelled
        self._changed = Condition()
        self._events: deque[Event | BaseException] = deque()
        self._bytes_held = 0
        self._deriving = 0
        self._extra = 0
        """Bytes of the derivations beside the first: there is one always, more only while little is held."""
        self._closed = False

    # -- for the reading thread; each method raises `Closed` once the consumer has closed the queue

    def hold(self, size: int, own: int) -> None:
        """Wait for room for `size` more bytes and take it. `own` of the bytes held are of the same chunk."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._fits(size) or self._bytes_held <= own)
            self._check()
            self._bytes_held += size

    def put(self, event: Event | BaseException) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._events) < _EVENTS)
            self._check()
            self._events.append(event)
            self._changed.notify_all()

    @contextmanager
    def deriving(self, memory: int) -> Iterator[None]:
        """Wait for the room of a key derivation, `memory` bytes, and hold it in the block. Called in a thread."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or not self._deriving or self._fits(memory))
            self._check()
            extra = memory if self._deriving else 0
            self._deriving += 1
            self._extra += extra
        try:
            yield
        finally:
            with self._changed:
                self._deriving -= 1
                self._extra -= extra
                self._changed.notify_all()

    def _fits(self, size: int) -> bool:
        return self._bytes_held + self._extra + size <= ROOM

    def _check(self) -> None:
        if self._closed:
            raise Closed

    # -- for the consumer

    def take(self) -> Event:
        """The next event; an exception that was put is raised as `ReadFailed`."""
        with self._changed:
            self._changed.wait_for(lambda: self._events)
            event = self._events.popleft()
            self._changed.notify_all()
        if isinstance(event, BaseException):
            raise ReadFailed from event
        return event

    def free(self, size: int) -> None:
        """Give back the room of `size` bytes."""
        with self._changed:
            self._bytes_held -= size
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def plain(self, chunk: Chunk) -> Iterator[bytes]:
        """The decrypted bytes. Raises `BackupDamagedError` or `BackupLimitError` before the first of them."""
        try:
            opener = Opener(awaited(chunk.sealed, self._cancelled))
            chunk.pieces.reverse()
            while chunk.pieces:
                piece = chunk.pieces.pop()
                self.free(len(piece))
                chunk.size -= len(piece)
                yield opener.update(piece)
        except BackupPassphraseError as error:
            raise refusal("chunk-changed-or-foreign", str(chunk.name)) from error
        finally:
            self.drop(chunk)

    def drop(self, chunk: Chunk) -> None:
        """Give back the room of a chunk that is not needed."""
        self.free(chunk.size)
        chunk.size = 0
        chunk.pieces.clear()


class ReadFailed(Exception):  # noqa: N818 - says what happened
    """Reading the stream failed; the cause is the error."""


class KeyPool:
    """Derives and checks keys in its own threads: as many at a time as memory allows."""

    def __init__(self, params: scrypt_container.Params, *, all_alike: bool) -> None:
        """`params` are those of the backup's head; `all_alike`: no chunk may have others, so their memory is known."""
        count = scrypt_container.at_once(params, _KEY_THREADS) if all_alike else 1
        self._params = params if all_alike else None
        self._keys = Workers(count, "backup-keys")
        self._macs = Workers(1, "backup-check")

    def chunk(self, feed: Feed, reader: backup_tar.Reader, name: ChunkName, size: int, secret: bytes) -> Chunk:
        """Read the current member as the chunk `name`. Raises `BackupDamagedError` if it is none or is cut off."""
        if size < OVERHEAD:
            raise refusal("chunk-not-sealed")
        first = reader.take(HEAD_SIZE)
        params = scrypt_container.params_of(first)
        if self._params not in {None, params}:
            raise refusal("chunk-other-params")
        keys = self._keys.submit(_derived, feed, params.memory, first, secret)
        # The MAC grows while the rest is read: the pieces, nothing, and the end marker.
        payload: SimpleQueue[bytes | None] = SimpleQueue()
        chunk = Chunk(name, [], 0, self._macs.submit(_checked, keys, payload, name))
        mac, left = b"", size - OVERHEAD
        try:
            while left:
                step = min(backup_tar.STEP, left)
                feed.hold(step, chunk.size)
                chunk.size += step
                piece = reader.take(step)
                chunk.pieces.append(piece)
                payload.put(piece)
                if len(piece) < step:
                    break
                left -= step
            mac = reader.take(MAC_SIZE)
        finally:
            payload.put(None)
            payload.put(mac)
        if len(mac) < MAC_SIZE:
            keys.cancel()
            feed.drop(chunk)
            raise refusal("chunk-cut")
        return chunk

    def close(self, *, wait: bool) -> None:
        for pool in (self._macs, self._keys):
            pool.shutdown(wait, cancel_futures=True)


def _derived(feed: Feed, memory: int, first: bytes, secret: bytes) -> Keys:
    with feed.deriving(memory):
        return scrypt_container.keys_of(first, secret)


def _checked(keys: "Future[Keys]", payload: "SimpleQueue[bytes | None]", name: ChunkName) -> Keys:
    derived = keys.result()
    ours = mac_of(derived, iter(payload.get, None))
    if not hmac.compare_digest(ours, payload.get() or b""):
        raise refusal("chunk-changed", str(name))
    return derived
