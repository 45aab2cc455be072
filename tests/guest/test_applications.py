# SPDX-License-Identifier: GPL-3.0-or-later
"""The applications of a guest: what is listed, and which command starts one."""

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from until import LIMIT

from qubesmanager.guest import applications
from qubesmanager.guest.applications import ApplicationError, command_of, listing, parse, start_command, words

ROOT = Path(__file__).parents[2]
FILES = """\
# a comment
[Desktop Entry]
Type=Application
Name=Files
Name[de]=Dateien
Comment=Browse the file system
Exec=nautilus --new-window %U
Icon=org.gnome.Nautilus
Terminal=false

[Desktop Action new]
Name=Another window
Exec=evil
"""


def install(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_an_application_is_listed_as_qubes_os_lists_it(tmp_path: Path) -> None:
    install(tmp_path, "files.desktop", FILES)
    install(tmp_path, "kde/konsole.desktop", "[Desktop Entry]\nType=Application\nName=Konsole\nExec=konsole\n")

    assert listing([tmp_path]).splitlines() == [
        "files.desktop:Name=Files",
        "files.desktop:Comment=Browse the file system",
        "files.desktop:Icon=org.gnome.Nautilus",
        "files.desktop:Exec=nautilus --new-window %U",
        "files.desktop:Terminal=false",
        "kde-konsole.desktop:Name=Konsole",
        "kde-konsole.desktop:Exec=konsole",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no entry",
        "[Desktop Entry]\nType=Link\nName=x\nExec=x\n",
        FILES.replace("Terminal=false", "NoDisplay=true"),
        FILES.replace("Terminal=false", "Hidden=true"),
        FILES.replace("Exec=nautilus --new-window %U", ""),
        "x" * (applications.FILE_BYTES + 1),
    ],
)
def test_what_belongs_in_no_menu_is_left_out(tmp_path: Path, text: str) -> None:
    install(tmp_path, "x.desktop", text)

    assert listing([tmp_path]) == ""


def test_a_file_of_the_user_hides_that_of_the_system(tmp_path: Path) -> None:
    install(tmp_path / "user", "files.desktop", FILES.replace("Terminal=false", "Hidden=true"))
    install(tmp_path / "system", "files.desktop", FILES)

    assert listing([tmp_path / "user", tmp_path / "system"]) == ""


def test_pipes_and_odd_names_and_values_are_left_out(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.desktop")
    install(tmp_path, "a name.desktop", FILES)
    install(tmp_path, "x.desktop", FILES.replace("Browse the file system", "a\x1bb"))

    assert "Comment" not in listing([tmp_path])
    assert {line.partition(".desktop:")[0] for line in listing([tmp_path]).splitlines()} == {"x"}


def test_the_list_ends_before_it_is_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        install(tmp_path, f"{number}.desktop", "[Desktop Entry]\nType=Application\nName=x\nExec=x\n")
    monkeypatch.setattr(applications, "LIST_BYTES", 60)

    assert {line[0] for line in listing([tmp_path]).splitlines()} == {"0"}


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("nautilus --new-window %U", ["nautilus", "--new-window"]),
        ("a %i b", ["a", "--icon", "pic", "b"]),
        ("a %c", ["a", "My name"]),
        ("a --at=%k", ["a", "--at=/x.desktop"]),
        ("a 100%%", ["a", "100%"]),
        ('"a b" c', ["a b", "c"]),
        (r'a "q\\"x\\\\y"', ["a", r'q"x\y']),
        (r"a\sb", ["a", "b"]),
        ("a file=%f", ["a", "file="]),
        ('a ""', ["a", ""]),
    ],
)
def test_the_command_is_that_of_the_entry_without_files(command: str, arguments: list[str]) -> None:
    assert command_of({"Exec": command, "Icon": "pic", "Name": "My name"}, "/x.desktop") == arguments


@pytest.mark.parametrize("command", ["", " ", "%f", 'a "open', r'a "\\n"', "a %z", "a %", '""', "A=b x"])
def test_other_commands_are_refused(command: str) -> None:
    with pytest.raises(ApplicationError):
        command_of({"Exec": command}, "/x.desktop")


@given(st.text(max_size=60))
def test_any_command_is_words_or_refused(command: str) -> None:
    try:
        assert all("\0" not in word or "\0" in command for word in words(command))
        command_of({"Exec": command}, "/x")
    except ApplicationError:
        pass


@given(st.text(max_size=300))
def test_any_text_is_an_entry(text: str) -> None:
    assert all(key.isascii() and value == value.strip() for key, value in parse("[Desktop Entry]\n" + text).items())


@pytest.fixture
def desktop(tmp_path: Path) -> dict[str, str]:
    install(tmp_path / "applications", "files.desktop", FILES + "")
    install(tmp_path / "applications", "top.desktop", FILES.replace("Terminal=false", "Terminal=true\nPath=/var"))
    install(tmp_path / "applications", "gone.desktop", FILES.replace("Terminal=false", "Hidden=true"))
    return {"XDG_DATA_HOME": str(tmp_path), "XDG_DATA_DIRS": "/nowhere", "DISPLAY": ":0"}


def test_an_application_is_started_by_its_name(desktop: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}" if name == "xterm" else None)

    assert start_command("files", desktop) == (["nautilus", "--new-window"], "")
    assert start_command("top", desktop) == (["/usr/bin/xterm", "-e", "nautilus", "--new-window"], "/var")
    assert start_command("qubes-run-terminal", desktop) == (["/usr/bin/xterm"], "")


@pytest.mark.parametrize("name", ["", "none", "gone", "../files", "/etc/passwd"])
def test_an_application_that_is_not_there_is_refused(desktop: dict[str, str], name: str) -> None:
    with pytest.raises(ApplicationError, match="no such application"):
        start_command(name, desktop)


def test_without_a_desktop_nothing_is_started(desktop: dict[str, str]) -> None:
    del desktop["DISPLAY"]

    with pytest.raises(ApplicationError, match="logged in"):
        start_command("files", desktop)


def test_the_services_list_and_start_what_is_installed(
    desktop: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mark = tmp_path / "started"
    install(
        tmp_path / "applications", "mark.desktop", f"[Desktop Entry]\nType=Application\nName=M\nExec=touch {mark}\n"
    )
    for name, value in desktop.items():
        monkeypatch.setenv(name, value)

    assert applications.list_main() == 0
    assert f"mark.desktop:Exec=touch {mark}\n" in capsys.readouterr().out
    assert started("mark") == (0, "")
    wait_for(mark)
    assert started("none") == (1, "There is no such application in this qube.\n")


def started(name: str) -> tuple[int, str]:
    """Exit status and errors of the service, as a process: it ends before what it starts."""
    code = "from qubesmanager.guest.applications import start_main; raise SystemExit(start_main())"
    done = subprocess.run([sys.executable, "-c", code, name], cwd=ROOT, stderr=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stderr


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + LIMIT
    while not path.exists():
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)
