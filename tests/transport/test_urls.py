# SPDX-License-Identifier: GPL-3.0-or-later
"""Connection URLs, and the search when there is none."""

import socket
from pathlib import Path

import pytest

from qubesmanager.transport import urls
from qubesmanager.transport.base import TransportError
from qubesmanager.transport.urls import Connection, open_transport, parse, search


@pytest.mark.parametrize(
    ("url", "connection"),
    [
        ("unix:/run/x.sock", Connection("unix", "/run/x.sock")),
        ("qrexec:", Connection("qrexec", "")),
        ("ssh://user@host", Connection("ssh", "//user@host")),
        ("demo:", Connection("demo", "")),
        ("qubesd:/var/run/qubesd.sock", Connection("qubesd", "/var/run/qubesd.sock")),
    ],
)
def test_a_url_is_taken_apart_and_put_together(url: str, connection: Connection) -> None:
    assert parse(url) == connection
    assert connection.url == url


@pytest.mark.parametrize("url", ["", "unix", "unix:", "ssh://", "http://x", "qrexec:work", "/run/x.sock"])
def test_an_invalid_connection_url_is_refused(url: str) -> None:
    with pytest.raises(TransportError):
        parse(url)


def test_a_transport_knows_its_url() -> None:
    assert open_transport("unix:/run/x.sock").url == "unix:/run/x.sock"
    assert open_transport("qrexec:").url == "qrexec:"
    assert open_transport("ssh://me@host:2222").url == "ssh://me@host:2222"
    assert open_transport("ssh://[::1]").url == "ssh://[::1]"


@pytest.mark.parametrize(
    "address", ["-oProxyCommand=x", "a b", "me@-x", "-l@host", "host:0", "host:x", "host/x", "a'b", "me@", "@h", "h\n"]
)
def test_an_address_that_ssh_could_take_for_an_option_is_refused(address: str) -> None:
    with pytest.raises(TransportError, match="Not a machine to connect to"):
        open_transport(f"ssh://{address}")


def test_a_connection_that_this_machine_cannot_make_is_refused_with_the_reason() -> None:
    with pytest.raises(TransportError, match="A connection by demo cannot be made from here"):
        open_transport("demo:")


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(urls, "SYSTEM_SOCKET", tmp_path / "system.sock")
    monkeypatch.setattr(urls, "QUBESD_SOCKET", tmp_path / "qubesd.sock")


def test_the_search_says_what_it_looked_at(tmp_path: Path) -> None:
    found = search({"PATH": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)})

    assert found.connection is None
    assert len(found.trail) == 5
    assert "qubes-mgmt1/mgmt1.sock is not there" in found.trail[1]


def test_the_variable_comes_first() -> None:
    assert search({"MGMT1_CONNECT": "unix:/x"}).connection == Connection("unix", "/x")


def test_the_first_socket_that_is_there_is_taken(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as qubesd, socket.socket(socket.AF_UNIX) as system:
        qubesd.bind(str(tmp_path / "qubesd.sock"))
        assert search({"PATH": ""}).connection == Connection("qubesd", str(tmp_path / "qubesd.sock"))

        system.bind(str(tmp_path / "system.sock"))
        assert search({"PATH": ""}).connection == Connection("unix", str(tmp_path / "system.sock"))


def test_a_management_qube_is_known_by_its_client_program(tmp_path: Path) -> None:
    program = tmp_path / "qrexec-client-vm"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)

    assert search({"PATH": str(tmp_path)}).connection == Connection("qrexec", "")
