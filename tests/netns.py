# SPDX-License-Identifier: GPL-3.0-or-later
"""Real probes between network namespaces: sockets that live in a namespace while the test stays where it is.

All is loopback and veth inside namespaces of the test's own; nothing leaves them.
"""

import ctypes
import errno
import itertools
import os
import select
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

BOUND = 5.0
"""Seconds until a probe counts as lost. A probe that passes or is rejected ends at once."""
SILENCE = 0.3
"""Seconds to wait where the expectation is that nothing at all comes."""

_CLONE_NEWNET = 0x40000000
_REJECTED = {errno.EHOSTUNREACH, errno.EACCES, errno.ENETUNREACH}
_ECHO = {socket.AF_INET: (8, 0, 3), socket.AF_INET6: (128, 129, 1)}
"""By family: the types of echo request, echo reply, destination unreachable."""


# Each its own, or conntrack would take a ping for one of an earlier, open exchange.
_IDENTS = itertools.count(1)


class Fate(Enum):
    PASSED = "passed"
    REJECTED = "rejected"
    LOST = "lost"


@contextmanager
def within(place: str) -> Iterator[None]:
    """Sockets made inside belong to the namespace `place`. Never await inside."""
    libc = ctypes.CDLL(None, use_errno=True)
    here = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = os.open(place, os.O_RDONLY)
    try:
        if libc.setns(there, _CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"setns {place}")
        yield
    finally:
        libc.setns(here, _CLONE_NEWNET)
        os.close(here)
        os.close(there)


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def listen(place: str, address: str, port: int) -> socket.socket:
    """A TCP server; the kernel itself takes connections up to the backlog."""
    with within(place):
        server = socket.socket(_family(address), socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((address, port))
    server.listen(64)
    server.settimeout(BOUND)
    return server


def connect(place: str, address: str, port: int, bound: float = BOUND) -> socket.socket:
    """A TCP connection out of the namespace; OSError as the kernel says."""
    with within(place):
        client = socket.socket(_family(address), socket.SOCK_STREAM)
    client.settimeout(bound)
    try:
        client.connect((address, port))
    except OSError:
        client.close()
        raise
    return client


def tcp(place: str, address: str, port: int, bound: float = BOUND) -> Fate:
    try:
        connect(place, address, port, bound).close()
    except TimeoutError:
        return Fate.LOST
    except OSError as error:
        if error.errno not in _REJECTED:
            raise
        return Fate.REJECTED
    return Fate.PASSED


def udp(place: str, server_place: str, address: str, port: int) -> Fate:
    """One datagram, looked for at the server's end."""
    with within(server_place):
        server = socket.socket(_family(address), socket.SOCK_DGRAM)
    with within(place):
        client = socket.socket(_family(address), socket.SOCK_DGRAM)
    with server, client:
        server.bind((address, port))
        client.connect((address, port))
        client.send(b"probe")
        readable, _, _ = select.select([server, client], [], [], BOUND)
        if server in readable:
            return Fate.PASSED
        if client in readable:
            assert client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) in _REJECTED
            return Fate.REJECTED
    return Fate.LOST


def ping(place: str, address: str, source: str | None = None, bound: float = BOUND) -> Fate:
    """One echo request, answered by the kernel that has the address."""
    family = _family(address)
    request, reply, unreachable = _ECHO[family]
    protocol = socket.IPPROTO_ICMP if family == socket.AF_INET else socket.IPPROTO_ICMPV6
    ident = next(_IDENTS)
    with within(place):
        client = socket.socket(family, socket.SOCK_RAW, protocol)
    with client:
        if source is not None:
            client.bind((source, 0))
        header = struct.pack("!BBHHH", request, 0, 0, ident, 1)
        client.sendto(struct.pack("!BBHHH", request, 0, _checksum(header), ident, 1), (address, 0))
        while select.select([client], [], [], bound)[0]:
            packet = client.recv(2048)
            # IPv4's raw socket gives the IP header too, and both carry the refused packet's header inside.
            message = packet[20:] if family == socket.AF_INET else packet
            if message[0] == reply and struct.unpack_from("!H", message, 4)[0] == ident:
                return Fate.PASSED
            if message[0] == unreachable and _refused_ping(family, message) == ident:
                return Fate.REJECTED
    return Fate.LOST


def _refused_ping(family: socket.AddressFamily, message: bytes) -> int | None:
    """The ident of the echo request that an unreachable message carries; None if it carries something else."""
    inner, protocol_at, protocol = (20, 9, 1) if family == socket.AF_INET else (40, 6, 58)
    refused = message[8:]
    if len(refused) < inner + 6 or refused[protocol_at] != protocol:
        return None
    ident: int = struct.unpack_from("!H", refused, inner + 4)[0]
    return ident


def _checksum(message: bytes) -> int:
    """RFC 1071; the kernel fills in ICMPv6's by itself."""
    total: int = sum(struct.unpack(f"!{len(message) // 2}H", message))
    total = (total >> 16) + (total & 0xFFFF)
    return ~total & 0xFFFF
