# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of `admin.*` that makes the calls of the tools of Qubes OS, and reads the answers as they do.

It knows the wire only: nothing of the product is used. The calls are those that the tools were seen to make.
"""

import re
import socket
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

Channel = Callable[[str, str, bytes], bytes]
"""A way to dom0: method with argument, destination and payload to the bytes of the answer."""

TYPES = {"vm", "int", "bool", "label", "str"}
CLASSES = {"AdminVM", "AppVM", "DispVM", "RemoteVM", "StandaloneVM", "TemplateVM"}
NOT_CLONED = {"name", "label", "template", "klass", "qid", "uuid"}


def by_socket(path: Path) -> Channel:
    """As the client in dom0 connects: one connection a call, the header with `dom0` as source."""

    def call(method: str, dest: str, payload: bytes) -> bytes:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(path))
            connection.sendall(f"{method} dom0 name {dest}\0".encode() + payload)
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(1 << 16), b""))

    return call


def by_qrexec(program: Path) -> Channel:
    """As the client in another qube: `qrexec-client-vm DEST METHOD+ARG`."""

    def call(method: str, dest: str, payload: bytes) -> bytes:
        return subprocess.run([str(program), dest, method], input=payload, capture_output=True, check=True).stdout

    return call


class QubesError(Exception):
    """An answer that is an error: its type, and the text with the fields in place."""

    def __init__(self, answer: bytes) -> None:
        kind, _traceback, text, *fields = answer[2:].decode().split("\0")[:-1]
        super().__init__(text % tuple(fields))
        self.kind = kind


@dataclass(frozen=True)
class Tools:
    """Each method is a tool, named as it without `qvm-`."""

    channel: Channel

    def call(self, method: str, dest: str = "dom0", payload: bytes = b"") -> str:
        """The content of an answer. Raises `QubesError`."""
        answer = self.channel(f"admin.{method}" if "+" in method else f"admin.{method}+", dest, payload)
        if answer.startswith(b"2\0"):
            raise QubesError(answer)
        assert answer.startswith(b"0\0"), answer
        return answer[2:].decode()

    def lines(self, method: str, dest: str = "dom0") -> list[str]:
        content = self.call(method, dest)
        assert not content or content.endswith("\n")
        return content.splitlines()

    # -- lists and preferences --

    def ls(self) -> dict[str, dict[str, str]]:
        """All qubes with their properties."""
        qubes = {}
        for line in self.lines("vm.List"):
            name, *words = line.split(" ")
            info = dict(word.split("=", 1) for word in words)
            assert info["class"] in CLASSES
            assert re.fullmatch(r"[0-9a-f-]{36}", info["uuid"])
            qubes[name] = {"state": info["state"], **self.properties(name)}
        return qubes

    def properties(self, name: str) -> dict[str, str]:
        values = {}
        for line in self.lines("vm.property.GetAll", name):
            prop, default, kind, value = line.split(" ", 3)
            assert default in {"default=True", "default=False"}
            assert kind.removeprefix("type=") in TYPES
            assert kind != "type=bool" or value in {"True", "False"}
            assert kind != "type=int" or not value or int(value) >= -1
            values[prop] = re.sub(r"\\(.)", lambda match: {"n": "\n"}.get(match[1], match[1]), value)
        return values

    def get(self, name: str, prop: str) -> tuple[bool, str]:
        """Whether a property is the default, and its value."""
        default, _kind, value = self.call(f"vm.property.Get+{prop}", name).split(" ", 2)
        return default == "default=True", value

    # -- create and clone --

    def create(self, name: str, template: str, label: str = "red", **properties: str) -> None:
        assert label in self.lines("label.List")
        self.call(f"vm.Create.AppVM+{template}", payload=f"name={name} label={label}".encode())
        assert name in {line.split()[0] for line in self.lines("vm.List")}
        for prop, value in properties.items():
            self.call(f"vm.property.Set+{prop}", name, value.encode())

    def clone(self, source: str, name: str) -> None:
        """The clone is removed if a step fails."""
        states = {prop: self.get(source, prop) for prop in self.lines("vm.property.List", source)}
        spec = f"name={name} label={states['label'][1]}".encode()
        klass = states["klass"][1]
        based = f"+{states['template'][1]}" if "template" in states else "+"
        self.call(f"vm.Create.{klass}{based}", payload=spec)
        try:
            self._copy(source, name, {prop: value for prop, (default, value) in states.items() if not default})
        except QubesError:
            self.call("vm.Remove", name)
            raise

    def _copy(self, source: str, name: str, properties: dict[str, str]) -> None:
        settable = set(self.lines("vm.property.List", name)) - NOT_CLONED
        for prop in properties.keys() & settable:
            self.call(f"vm.property.Set+{prop}", name, properties[prop].encode())
        for tag in self.lines("vm.tag.List", source):
            if not tag.startswith("created-by-"):
                self.call(f"vm.tag.Set+{tag}", name)
        for feature in self.lines("vm.feature.List", source):
            self.call(f"vm.feature.Set+{feature}", name, self.call(f"vm.feature.Get+{feature}", source).encode())
        if notes := self.call("vm.notes.Get", source):
            self.call("vm.notes.Set", name, notes.encode())
        self.call("vm.firewall.Set", name, self.call("vm.firewall.Get", source).encode())
        for volume in self.lines("vm.volume.List", source):
            info = self.volume(source, volume)
            if info["save_on_stop"] == "True":
                token = self.call(f"vm.volume.CloneFrom+{volume}", source)
                assert re.fullmatch(r"[A-Za-z0-9]{32}", token)
                self.call(f"vm.volume.CloneTo+{volume}", name, token.encode())
        for klass in self.lines("deviceclass.List"):
            self.lines(f"vm.device.{klass}.Assigned+", source)

    # -- volumes, firewall, devices --

    def volume(self, name: str, volume: str) -> dict[str, str]:
        info = dict(line.split("=", 1) for line in self.lines(f"vm.volume.Info+{volume}", name))
        assert info["rw"] in {"True", "False"}
        return info

    def extend(self, name: str, volume: str, size: int) -> None:
        assert int(self.volume(name, volume)["size"]) <= size
        self.call(f"vm.volume.Resize+{volume}", name, str(size).encode())

    def imported(self, name: str, volume: str, data: bytes) -> None:
        """The content of a volume, with its size, as `volume import` sends it."""
        assert volume in self.lines("vm.volume.List", name)
        self.call(f"vm.volume.ImportWithSize+{volume}", name, f"{len(data)}\n".encode() + data)

    def standalone(self, name: str, template: str, label: str = "red") -> None:
        """A StandaloneVM of a template: made empty, and given what the template has."""
        assert label in self.lines("label.List")
        source_label = self.get(template, "label")[1]
        self.call("vm.Create.StandaloneVM", payload=f"name={name} label={source_label}".encode())
        self._copy(template, name, {})
        token = self.call("vm.volume.CloneFrom+root", template)
        self.call("vm.volume.CloneTo+root", name, token.encode())
        self.call("vm.property.Set+label", name, label.encode())

    def template(self, name: str, root: bytes) -> None:
        """A template of a package: its root is imported, it is started once without network, and said to be managed."""
        self.call("vm.Create.TemplateVM", payload=f"name={name} label=black".encode())
        self.imported(name, "root", root)
        self.call("vm.property.Set+installed_by_rpm", name, b"False")
        self.call("vm.property.Set+netvm", name, b"")
        self.call("vm.feature.Set+qrexec", name, b"1")
        self.call("vm.Start", name)
        self.call("vm.Shutdown+wait", name)
        self.call("vm.property.Reset+netvm", name)
        for feature, value in (("template-name", name), ("template-buildtime", "2026-01-01 10:00:00")):
            self.call(f"vm.feature.Set+{feature}", name, value.encode())

    def restored(self, name: str, template: str, tags: list[str], private: bytes) -> None:
        """A qube of a backup: refused properties and tags are passed over, the volume is imported."""
        self.call(f"vm.Create.AppVM+{template}", payload=f"name={name} label=red".encode())
        for prop, value in (("memory", "400"), ("installed_by_rpm", "True"), ("backup_timestamp", "1700000000")):
            with suppress(QubesError):
                self.call(f"vm.property.Set+{prop}", name, value.encode())
        for tag in tags:
            try:
                self.call(f"vm.tag.Set+{tag}", name)
            except QubesError:
                assert self.call(f"vm.tag.Get+{tag}", name) in {"0", "1"}
        self.call("vm.feature.Set+empty", name, b"")
        self.imported(name, "private", private)
        self.call("vm.firewall.Set", name, b"action=accept\n")

    def firewall_remove(self, name: str, number: int) -> None:
        rules = self.lines("vm.firewall.Get", name)
        del rules[number]
        self.call("vm.firewall.Set", name, "".join(f"{rule}\n" for rule in rules).encode())

    def firewall_add(self, name: str, rule: str, *, before: int | None = None) -> None:
        rules = self.lines("vm.firewall.Get", name)
        rules.insert(len(rules) if before is None else before, rule)
        self.call("vm.firewall.Set", name, "".join(f"{rule}\n" for rule in rules).encode())

    def device(self, klass: str, backend: str, port: str) -> dict[str, str]:
        """An offered device, by the keys of its row."""
        for line in self.lines(f"vm.device.{klass}.Available", backend):
            fields = dict(re.findall(r"([\w-]+)='((?:\\'|[^'])*)'", line))
            assert line.startswith(f"{fields['port_id']}:{fields['device_id']} ")
            if fields["port_id"] == port:
                return fields
        raise LookupError(port)

    def attach(self, klass: str, name: str, backend: str, port: str, **options: str) -> None:
        fields = self.device(klass, backend, port)
        words = {
            **{key: fields[key] for key in ("device_id", "port_id", "devclass", "backend_domain")},
            "mode": "manual",
            "frontend_domain": name,
            **{f"_{key}": value for key, value in options.items()},
        }
        payload = " ".join(f"{key}='{value}'" for key, value in words.items()).encode()
        argument = f"{backend}+{port}+{fields['device_id'].replace(':', '+')}"
        self.call(f"vm.device.{klass}.Attach+{argument}", name, payload)

    def assign(self, klass: str, name: str, backend: str, port: str, mode: str, **options: str) -> str:
        """The argument by which the assignment is named again."""
        fields = self.device(klass, backend, port)
        words = {
            **{key: fields[key] for key in ("device_id", "port_id", "devclass", "backend_domain")},
            "mode": mode,
            "frontend_domain": name,
            **{f"_{key}": value for key, value in options.items()},
        }
        argument = f"{backend}+{port}+{fields['device_id'].replace(':', '+')}"
        payload = " ".join(f"{key}='{value}'" for key, value in words.items()).encode()
        self.call(f"vm.device.{klass}.Assign+{argument}", name, payload)
        return argument

    # -- backup --

    def backup(self, profile: str) -> str:
        """The table that the user sees before the backup is made."""
        table = self.call(f"backup.Info+{profile}")
        self.call(f"backup.Execute+{profile}")
        return table
