# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of the qubesd in memory (`qubesd_model.py`) that change qubes, with the events and errors as recorded.

`whole` makes a model that answers them, with the qubes of a daemon whose `admin.*` calls are read for it.
"""

import re
from collections.abc import Callable, Iterable

from dialect_fixtures import Caller, dispatcher_of
from qubesd_model import Model, Qube, SilentError, Value, lines, refused

from qubesmanager.daemon.local.system import System
from qubesmanager.wire.values import DeviceClass

Action = Callable[[Model, Qube, str, str], str]

BOOLS = {"true": "True", "yes": "True", "on": "True", "1": "True"} | dict.fromkeys(("false", "no", "off", "0"), "False")
INHERITED = ("memory", "maxmem", "vcpus", "kernel", "kernelopts", "qrexec_timeout", "default_user", "virt_mode")
"""Properties whose default is the value of the template."""
FROM_SYSTEM = {
    "netvm": "default_netvm",
    "default_dispvm": "default_dispvm",
    "kernel": "default_kernel",
    "qrexec_timeout": "default_qrexec_timeout",
    "shutdown_timeout": "default_shutdown_timeout",
    "management_dispvm": "management_dispvm",
    "guivm": "default_guivm",
    "audiovm": "default_audiovm",
}
REFERENCES = ("template", "netvm", "default_dispvm", "guivm", "audiovm", "management_dispvm")
COMPUTED = frozenset({"dns", "ip6", "gateway", "icon", "installed_by_rpm", "klass", "start_time", "updateable", "xid"})


class WholeModel(Model):
    """A model that also takes the changes, and has pools, snapshots and notes."""

    def __init__(self) -> None:
        super().__init__(4)
        self.qubes.clear()
        self.pools: dict[str, dict[str, str]] = {}
        self.drivers = ""
        self.classes = ""
        self.help: dict[str, str] = {}
        self.defaults: dict[tuple[str, str], str] = {}
        """By qube and property: the default that was read."""
        self.snapshots: dict[tuple[str, str], list[str]] = {}
        self.tokens: dict[str, tuple[str, str]] = {}
        self.numbers = iter(range(1, 10_000))
        self.attached: dict[tuple[str, str], dict[str, str]] = {}
        """By frontend and class: the attached rows by `BACKEND+PORT`."""
        self.assigned: dict[tuple[str, str], dict[str, str]] = {}
        """By frontend and class: the assigned rows by `BACKEND+PORT+ID`."""
        self.offered: dict[tuple[str, str], dict[str, str]] = {}
        """By backend and class: the rows of its devices by port."""

    # -- what a property is -------------------------------------------------------------------------------------------

    def default_of(self, qube: Qube, name: str) -> str:
        """The value that a reset gives."""
        template = qube.properties.get("template")
        above = self.qubes.get(template.text) if template is not None else None
        if name in INHERITED and above is not None and name in above.properties:
            return above.properties[name].text
        if name == "netvm" and qube.klass == "TemplateVM":
            return ""
        if name in FROM_SYSTEM and FROM_SYSTEM[name] in self.system:
            return self.system[FROM_SYSTEM[name]].text
        own = self.defaults.get((qube.klass, name))
        return qube.properties[name].text if own is None else own

    def follow_defaults(self, qube: Qube, name: str, *, silently: bool) -> None:
        """The qubes based on a template take its new value; a Set sends an event of each, a Reset none."""
        for based in self.qubes.values():
            template = based.properties.get("template")
            value = based.properties.get(name)
            if template is not None and template.text == qube.name and value is not None and value.is_default:
                value.text = qube.properties[name].text
                if not silently and name != "virt_mode":
                    self.event(based.name, f"property-reset:{name}", "name", name)

    def users(self, name: str) -> list[tuple[Qube, str]]:
        """The qubes that refer to this one, with the property."""
        return [
            (qube, key)
            for qube in self.qubes.values()
            for key in REFERENCES
            if qube.name != name and key in qube.properties and qube.properties[key].text == name
        ]

    # -- power --------------------------------------------------------------------------------------------------------

    def start(self, qube: Qube) -> None:
        if qube.state in {"Running", "Paused"}:
            return
        self.set_state(qube.name, "Transient", "domain-pre-start")
        netvm = qube.properties.get("netvm")
        if netvm is not None and (above := self.qubes.get(netvm.text)) is not None:
            self.start(above)
        self.event(qube.name, "domain-verify-files")
        self.event(qube.name, "domain-pre-spawn", "start_guid", "True")
        qube.state = "Running"
        if "root" in qube.volumes:
            qube.volumes["root"]["is_outdated"] = "False"
        qube.properties["start_time"].text = "1795691771.45"
        for name in ("xid", "stubdom_xid", "start_time"):
            self.event(qube.name, f"property-reset:{name}", "name", name)
        self.event(qube.name, "domain-spawn", "start_guid", "True")
        self.event(qube.name, "domain-unpaused")
        self.event(qube.name, "domain-start", "start_guid", "True")
        for kind in DeviceClass:
            for key, row in self.assigned.get((qube.name, kind), {}).items():
                backend, port, _id = key.split("+", 2)
                if "mode='auto-attach'" in row and port in self.offered.get((backend, kind), {}):
                    attach(self, qube, kind, f"{backend}+{port}", "")

    def stop(self, qube: Qube) -> None:
        qube.state = "Halted"
        qube.properties["start_time"].text = ""
        self.event(qube.name, "domain-stopped")
        for name in ("xid", "stubdom_xid", "start_time"):
            self.event(qube.name, f"property-reset:{name}", "name", name)
        self.event(qube.name, "domain-shutdown")
        for kind in DeviceClass:
            for device in list(self.attached.get((qube.name, kind), {})):
                detach(self, qube, kind, device)
        self.outdate(qube)
        for volume in qube.volumes:
            if volume == "private":
                self.snapshots.setdefault((qube.name, volume), []).append(str(next(self.numbers)))
        if qube.klass == "DispVM" and qube.properties["auto_cleanup"].text == "True":
            self.drop(qube)

    def outdate(self, qube: Qube) -> None:
        """Those that run on a template have an old root volume from now on, without an event; disposables, too."""
        if qube.klass == "TemplateVM" or qube.properties.get("template_for_dispvms") == Value("bool", "True", False):
            for user, key in self.users(qube.name):
                if key == "template" and user.state != "Halted":
                    user.volumes["root"]["is_outdated"] = "True"
                if key == "template":
                    self.outdate(user)

    def drop(self, qube: Qube) -> None:
        self.event("", "domain-pre-delete", "vm", qube.name)
        del self.qubes[qube.name]
        self.event("", "domain-delete", "vm", qube.name)

    # -- answers ------------------------------------------------------------------------------------------------------

    def answer(self, service: str, argument: str, dest: str, payload: bytes = b"") -> bytes:
        if service != "admin.vm.volume.ImportWithSize":
            return super().answer(service, argument, dest, payload)
        size, _, data = payload.partition(b"\n")
        return super().answer(service, argument, dest, b"%b %d" % (size, len(data)))

    def _answer(self, service: str, argument: str, dest: str, payload: str) -> str:
        if dest.startswith("uuid:"):
            uuid = dest.removeprefix("uuid:")
            dest = next((qube.name for qube in self.qubes.values() if qube.uuid == uuid), dest)
        if dest in self.qubes and service in CALLS:
            return CALLS[service](self, self.qubes[dest], argument, payload)
        return super()._answer(service, argument, dest, payload)

    def _devices(self, service: str, qube: Qube, argument: str, payload: str) -> str:
        _admin, _vm, _device, kind, method = service.split(".", 4)
        if kind == "denied":
            return denied(self, qube, method, payload)
        action = DEVICES.get(method)
        if action is None or kind not in set(DeviceClass):
            raise refused("ProtocolError", f"no such method: {service!r}")
        return action(self, qube, kind, argument, payload)


# -- properties -------------------------------------------------------------------------------------------------------


def _parsed(model: WholeModel, qube: Qube | None, name: str, value: Value, payload: str) -> str:
    """The text of a value that was sent. Raises as qubesd does."""
    if not payload.isascii():
        raise refused("QubesValueError", "Non-ASCII bytes in property value")
    match value.type:
        case "bool":
            if payload.strip().lower() not in BOOLS:
                raise refused("QubesValueError", f"Invalid literal for boolean property: {payload!r}")
            return BOOLS[payload.strip().lower()]
        case "int":
            try:
                number = int(payload)
            except ValueError:
                raise refused("QubesValueError", f"Failed to parse property {name} as int") from None
            if name in {"memory", "vcpus", "qrexec_timeout"} and number <= 0:
                raise refused("QubesPropertyValueError", f"{name} must be positive")
            return str(number)
        case "label":
            if payload not in model.labels:
                raise refused("QubesLabelNotFoundError", f"Label does not exist: {payload}")
        case "vm":
            _check_reference(model, qube, name, payload)
    return payload


def _check_reference(model: WholeModel, qube: Qube | None, name: str, payload: str) -> None:
    other = model.qubes.get(payload)
    if payload and other is None:
        where = "" if qube is None else f" of qube {qube.name}"
        raise refused("QubesPropertyValueError", f"Can't set {name}{where} to non-existing qube {payload}")
    if other is None:
        return
    if name == "netvm" and (other.properties.get("provides_network") or Value("bool", "False")).text != "True":
        raise refused("QubesValueError", f"The {payload} qube does not provide network")
    if name == "template" and qube is not None:
        if other.klass != "TemplateVM" and qube.klass == "AppVM":
            text = f"wrong VM class: domains['{payload}'] is of type {other.klass} and not TemplateVM"
            raise refused("QubesPropertyValueError", text)
        if qube.state != "Halted":
            raise refused("QubesVMNotHaltedError", "Cannot change template while qube is running")


def _property(qube: Qube, name: str) -> Value:
    if name not in qube.properties:
        raise refused("QubesNoSuchPropertyError", f"Invalid property {name!r} of {qube.name}")
    return qube.properties[name]


def set_property(model: Model, qube: Qube, name: str, payload: str) -> str:
    assert isinstance(model, WholeModel)
    if name in {"name", "qid"}:
        raise SilentError
    value = _property(qube, name)
    if name in COMPUTED:
        raise refused("QubesPropertyValueError", f"property {name!r} on {qube.klass} instance cannot be set")
    text = _parsed(model, qube, name, value, payload)
    if name == "provides_network" and text == "False" and any(key == "netvm" for _user, key in model.users(qube.name)):
        raise refused("QubesValueError", "The qube is still used by other qubes, change theirs 'netvm' first")
    model.set_property(qube.name, name, text)
    if name in INHERITED:
        model.follow_defaults(qube, name, silently=False)
    return ""


def reset_property(model: Model, qube: Qube, name: str, _payload: str) -> str:
    assert isinstance(model, WholeModel)
    if name in {"name", "qid"}:
        raise SilentError
    value = _property(qube, name)
    if name == "template":
        text = "Cannot unset template. You can set it to the current default (fedora-41) instead"
        raise refused("QubesValueError", text)
    old, new = value.text, model.default_of(qube, name)
    words = ("name", name, "oldvalue", old or "None")
    model.event(qube.name, f"property-pre-reset:{name}", *words)
    qube.properties[name] = Value(value.type, new)
    if name == "netvm":
        model.event(
            qube.name, "property-set:netvm", "name", "netvm", "newvalue", new or "None", "oldvalue", old or "None"
        )
    model.event(qube.name, f"property-reset:{name}", *words)
    model.event(qube.name, f"property-del:{name}", *words)
    if name in INHERITED:
        model.follow_defaults(qube, name, silently=True)
    return ""


def get_default(model: Model, qube: Qube, name: str, _payload: str) -> str:
    assert isinstance(model, WholeModel)
    value = _property(qube, name)
    if name in {"label", "template", "name", "qid", "uuid", "klass"}:
        return ""
    return f"type={value.type} {model.default_of(qube, name)}"


def set_system(model: Model, _qube: Qube, name: str, payload: str) -> str:
    assert isinstance(model, WholeModel)
    if name not in model.system:
        raise refused("QubesNoSuchPropertyError", f"Invalid property {name!r} of Qubes")
    value = model.system[name]
    if name == "default_pool" and payload not in model.pools:
        raise refused("QubesPropertyValueError", "No such storage pool")
    text = _parsed(model, None, name, value, payload)
    if name == "default_netvm":
        value.is_default = False
        model.set_default_netvm(text)
        return ""
    words = ("name", name, "newvalue", text or "None", "oldvalue", value.text or "None")
    model.system[name] = Value(value.type, text, is_default=False)
    model.event("", f"property-set:{name}", *words)
    _follow_system(model, name)
    return ""


def reset_system(model: Model, _qube: Qube, name: str, _payload: str) -> str:
    assert isinstance(model, WholeModel)
    if name == "default_kernel":  # and its store would be broken from now on
        raise SilentError
    if name not in model.system:
        raise refused("QubesNoSuchPropertyError", f"Invalid property {name!r} of Qubes")
    value = model.system[name]
    old, new = value.text, model.defaults.get(("", name), value.text)
    model.system[name] = Value(value.type, new)
    model.event("", f"property-reset:{name}", "name", name, "oldvalue", old or "None")
    _follow_system(model, name)
    return ""


def _follow_system(model: WholeModel, name: str) -> None:
    """The qubes on the default have another value, without an event."""
    for own, source in FROM_SYSTEM.items():
        for qube in model.qubes.values():
            value = qube.properties.get(own)
            if source == name and value is not None and value.is_default:
                value.text = model.default_of(qube, own)


def get_system(model: Model, _qube: Qube, name: str, _payload: str) -> str:
    if name not in model.system:
        raise refused("QubesNoSuchPropertyError", f"Invalid property {name!r} of Qubes")
    return str(model.system[name])


def get_system_default(model: Model, _qube: Qube, name: str, _payload: str) -> str:
    assert isinstance(model, WholeModel)
    value = model.system[name]
    default = model.defaults.get(("", name), value.text if value.is_default else "")
    return f"type={value.type} {default}"


# -- features, tags, notes, labels ------------------------------------------------------------------------------------


def set_feature(model: Model, qube: Qube, name: str, payload: str) -> str:
    if not payload.isascii() or not payload.replace(" ", "x").isprintable():
        raise refused("ProtocolError", "Feature value contains non-ASCII characters")
    if name.startswith("preload-dispvm") and name != "preload-dispvm-max":
        text = "changing this feature is prohibited by qubes.ext.admin.AdminExtension"
        raise refused("PermissionDenied", text)
    old = qube.features.get(name)
    qube.features[name] = payload
    words = ("feature", name, "value", payload) + (() if old is None else ("oldvalue", old))
    model.event(qube.name, f"domain-feature-set:{name}", *words)
    return ""


def remove_feature(model: Model, qube: Qube, name: str, _payload: str) -> str:
    if name not in qube.features:
        raise refused("QubesFeatureNotFoundError", f"Feature not set for domain {qube.name}: {name}")
    del qube.features[name]
    model.event(qube.name, f"domain-feature-delete:{name}", "feature", name)
    return ""


def check_with_template(model: Model, qube: Qube, name: str, _payload: str) -> str:
    template = qube.properties.get("template")
    above = model.qubes.get(template.text) if template is not None else None
    for each in (qube, above):
        if each is not None and name in each.features:
            return each.features[name]
    raise refused("QubesFeatureNotFoundError", f"Feature not set for domain {qube.name}: {name}")


def remove_tag(model: Model, qube: Qube, tag: str, _payload: str) -> str:
    if tag not in qube.tags:
        raise refused("QubesTagNotFoundError", f"Tag not set for domain {qube.name}: {tag}")
    qube.tags.remove(tag)
    model.event(qube.name, f"domain-tag-delete:{tag}", "tag", tag)
    return ""


def set_notes(_model: Model, qube: Qube, _argument: str, payload: str) -> str:
    if not payload:
        raise refused("ProtocolError", "expected payload")
    qube.notes = "".join(
        letter if letter in "\n\t" or letter.isprintable() else "_" for letter in payload if payload != " "
    )
    return ""


def create_label(model: Model, _qube: Qube, name: str, payload: str) -> str:
    if name in model.labels:
        raise refused("QubesLabelInUseError", f"Label is still in use: {name!r}")
    model.labels[name] = payload
    return ""


def remove_label(model: Model, _qube: Qube, name: str, _payload: str) -> str:
    if name not in model.labels:
        raise refused("QubesLabelNotFoundError", f"Label does not exist: {name}")
    if name in {"red", "orange", "yellow", "green", "gray", "blue", "purple", "black"}:
        raise refused("ProtocolError", "Can only remove custom labels")
    if any(qube.properties["label"].text == name for qube in model.qubes.values()):
        raise refused("QubesLabelInUseError", f"Label is still in use: Label(9, b'{model.labels[name]}', '{name}')")
    del model.labels[name]
    return ""


# -- power ------------------------------------------------------------------------------------------------------------


def start(model: Model, qube: Qube, _argument: str, _payload: str) -> str:
    assert isinstance(model, WholeModel)
    if qube.klass in {"AdminVM", "RemoteVM"}:
        raise refused("QubesVMNotHaltedError", f"Cannot start a {qube.klass}.")
    if why := qube.features.get("prohibit-start"):
        raise refused("QubesVMNotStartedError", f"Qube start is prohibited. Rationale: {why}")
    model.start(qube)
    return ""


def shutdown(model: Model, qube: Qube, argument: str, _payload: str) -> str:
    assert isinstance(model, WholeModel)
    if qube.klass == "AdminVM":
        raise SilentError
    if qube.state == "Halted":
        raise refused("QubesVMNotStartedError", f"Domain is powered off: {qube.name!r}")
    users = sorted(user.name for user, key in model.users(qube.name) if key == "netvm" and user.state != "Halted")
    if users and "force" not in argument:
        text = f"There are other VMs connected to this VM: {', '.join(users)}"
        model.event(qube.name, "domain-shutdown-failed", "reason", text)
        raise refused("QubesVMInUseError", text)
    model.event(qube.name, "domain-pre-shutdown", "force", str("force" in argument))
    model.stop(qube)
    return ""


def kill(model: Model, qube: Qube, _argument: str, _payload: str) -> str:
    assert isinstance(model, WholeModel)
    if qube.state == "Halted":
        raise refused("QubesVMNotStartedError", f"Domain is powered off: {qube.name!r}")
    model.stop(qube)
    return ""


def power(before: str, after: str, kind: str, *names: str) -> Action:
    """A change of the power state; `kind` is the error of another state."""

    def change(model: Model, qube: Qube, _argument: str, _payload: str) -> str:
        if qube.state != before:
            raise refused(kind, f"Domain is not {before.lower()}: {qube.name!r}")
        model.set_state(qube.name, after, *names)
        return ""

    return change


def current_state(_model: Model, qube: Qube, _argument: str, _payload: str) -> str:
    memory = 0 if qube.state == "Halted" else 409600
    return f"mem={memory} mem_static_max={memory * 10} cputime={memory * 1000} power_state={qube.state}"


# -- creating ---------------------------------------------------------------------------------------------------------


def create(klass: str) -> Action:
    def made(model: Model, _dom0: Qube, template: str, payload: str) -> str:
        assert isinstance(model, WholeModel)
        words = dict(word.split("=", 1) for word in payload.split(" "))
        name, label = words["name"], words.get("label", "")
        if name in model.qubes:
            raise refused("QubesVMAlreadyExistsError", f"Qube already exists: {name}")
        if label not in model.labels:
            raise refused("ProtocolError", "Creation requested without key: label")
        if template and klass in {"StandaloneVM", "TemplateVM"}:
            raise refused("ProtocolError", f"{klass} cannot be based on template")
        if template and template not in model.qubes:
            raise refused("QubesVMNotFoundError", f"No such domain: {template!r}")
        for pool in (text for key, text in words.items() if key.startswith("pool")):
            if pool not in model.pools:
                raise refused("QubesException", f"Unknown storage pool {pool}")
        _add(model, name, klass, label, template, words)
        return ""

    return made


def _add(model: WholeModel, name: str, klass: str, label: str, template: str, words: dict[str, str]) -> Qube:
    qube = model.add(name, klass)
    qube.properties["label"] = Value("label", label, is_default=False)
    qube.features.clear()
    if "template" in qube.properties:
        source = "default_dispvm" if klass == "DispVM" else "default_template"
        qube.properties["template"] = Value("vm", template or model.system[source].text, is_default=False)
    for key, value in qube.properties.items():
        if value.is_default and key not in COMPUTED:
            value.text = model.default_of(qube, key)
    pool = words.get("pool", model.system["default_pool"].text)
    for volume, info in qube.volumes.items():
        info["pool"] = words.get(f"pool:{volume}", pool)
    if klass == "DispVM":
        qube.properties["auto_cleanup"].text = "False"
    qube.tags.add("created-by-dom0")
    model.event("", "domain-add", "vm", name)
    model.event(name, "domain-tag-add:created-by-dom0", "tag", "created-by-dom0")
    model.event(name, "domain-create-on-disk")
    return qube


def create_disposable(model: Model, qube: Qube, _argument: str, _payload: str) -> str:
    assert isinstance(model, WholeModel)
    template = qube.name if qube.klass != "AdminVM" else model.system["default_dispvm"].text
    source = model.qubes[template]
    if source.properties["template_for_dispvms"].text != "True":
        text = "Refusing to create disposable out of app qube which has template_for_dispvms=False"
        raise refused("QubesException", text)
    made = _add(model, f"disp{next(model.numbers)}", "DispVM", source.properties["label"].text, template, {})
    made.properties["auto_cleanup"].text = "True"
    return made.name


def remove(model: Model, qube: Qube, _argument: str, _payload: str) -> str:
    assert isinstance(model, WholeModel)
    if qube.klass == "AdminVM":
        raise refused("QubesVMInUseError", "'dom0' cannot be removed")
    if qube.state != "Halted":
        raise refused("QubesVMNotHaltedError", f"Domain is not powered off: {qube.name!r}")
    if model.users(qube.name):
        model.event("", "domain-pre-delete", "vm", qube.name)
        text = f"Domain is in use: {qube.name!r};  see 'journalctl -u qubesd -e' in dom0 for details"
        raise refused("QubesVMInUseError", text)
    model.drop(qube)
    return ""


# -- pools and volumes ------------------------------------------------------------------------------------------------


def pool_info(model: Model, _qube: Qube, name: str, _payload: str) -> str:
    return lines([f"{key}={text}" for key, text in _pool(model, name).items()])


def _pool(model: Model, name: str) -> dict[str, str]:
    assert isinstance(model, WholeModel)
    if name not in model.pools:
        raise refused("PermissionDenied", "Argument not in 'pools'")
    return model.pools[name]


def add_pool(model: Model, _qube: Qube, driver: str, payload: str) -> str:
    assert isinstance(model, WholeModel)
    if driver not in {line.split(" ")[0] for line in model.drivers.splitlines()}:
        raise refused("PermissionDenied", "Argument not in 'available drivers'")
    words = dict(line.split("=", 1) for line in payload.splitlines())
    name = words.pop("name")
    if name in model.pools:
        raise refused("QubesPoolInUseError", f"Storage pool is in use: {name!r}")
    if driver in {"file", "file-reflink", "linux-kernel"} and "dir_path" not in words:
        raise refused("QubesException", "missing required driver options: dir_path")
    model.pools[name] = {**words, "driver": driver, "name": name, "revisions_to_keep": "1", "size": "1", "usage": "0"}
    model.event("", "pool-add", "pool", name)
    return ""


def remove_pool(model: Model, _qube: Qube, name: str, _payload: str) -> str:
    assert isinstance(model, WholeModel)
    pool = _pool(model, name)
    if any(info["pool"] == name for qube in model.qubes.values() for info in qube.volumes.values()):
        text = f"Storage pool is in use: <qubes.storage.reflink.ReflinkPool object at 0x7f> {pool['driver']}"
        raise refused("QubesPoolInUseError", text)
    model.event("", "pool-pre-delete", "pool", name)
    del model.pools[name]
    model.event("", "pool-delete", "pool", name)
    return ""


def set_pool(key: str) -> Action:
    def change(model: Model, _qube: Qube, name: str, payload: str) -> str:
        _pool(model, name)[key] = payload
        return ""

    return change


def pool_volumes(model: Model, _qube: Qube, name: str, _payload: str) -> str:
    _pool(model, name)
    infos = (info for qube in model.qubes.values() for info in qube.volumes.values())
    return lines({info["vid"] for info in infos if info["pool"] == name and info["vid"]})


def _of_volume(action: Action) -> Action:
    """For a volume that the qube has."""

    def checked(model: Model, qube: Qube, name: str, payload: str) -> str:
        if name not in qube.volumes:
            raise refused("PermissionDenied", f"Argument not in '{qube.name} volumes'")
        return action(model, qube, name, payload)

    return checked


def list_snapshots(model: Model, qube: Qube, name: str, _payload: str) -> str:
    assert isinstance(model, WholeModel)
    return lines(model.snapshots.get((qube.name, name), []))


def revert(model: Model, qube: Qube, name: str, payload: str) -> str:
    assert isinstance(model, WholeModel)
    if payload not in model.snapshots.get((qube.name, name), []):
        raise SilentError
    model.snapshots[qube.name, name].append(str(next(model.numbers)))
    return ""


def resize(_model: Model, qube: Qube, name: str, payload: str) -> str:
    if not payload.isdecimal():
        raise refused("ProtocolError", "Volume size contains non ASCII digits")
    qube.volumes[name]["size"] = payload
    return ""


def clear(model: Model, qube: Qube, name: str, _payload: str) -> str:
    qube.volumes[name]["usage"] = "0"
    model.event(qube.name, "domain-volume-import-begin", "volume", name, "size", qube.volumes[name]["size"])
    model.event(qube.name, "domain-volume-import-end", "volume", name, "success", "True")
    return ""


def import_with_size(model: Model, qube: Qube, name: str, payload: str) -> str:
    """`payload`: the size that was sent, and that of the data. In dom0 a program, which makes two other calls."""
    assert isinstance(model, WholeModel)
    size, arrived = payload.split(" ")
    if qube.state != "Halted":
        raise refused("QubesVMNotHaltedError", f"Domain is not powered off: {qube.name!r}")
    model.event(qube.name, "domain-volume-import-begin", "volume", name, "size", size)
    model.event(qube.name, "domain-volume-import-end", "volume", name, "success", str(size == arrived))
    if size != arrived:
        raise refused("QubesException", "Data import failed: not enough data")
    qube.volumes[name]["size"] = size
    if name == "root":
        model.outdate(qube)
    return ""


def set_volume(key: str) -> Action:
    def change(_model: Model, qube: Qube, name: str, payload: str) -> str:
        if qube.state != "Halted":
            raise refused("QubesVMNotHaltedError", f"Domain is not powered off: {qube.name!r}")
        qube.volumes[name][key] = payload
        return ""

    return change


def clone_from(model: Model, qube: Qube, name: str, _payload: str) -> str:
    assert isinstance(model, WholeModel)
    token = f"{next(model.numbers):032}"
    model.tokens[token] = (qube.name, name)
    return token


def clone_to(model: Model, qube: Qube, name: str, payload: str) -> str:
    assert isinstance(model, WholeModel)
    if payload not in model.tokens:
        raise refused("QubesVolumeCopyTokenNotFoundError", "Invalid volume copy token")
    source, volume = model.tokens.pop(payload)
    info = model.qubes[source].volumes[volume]
    qube.volumes[name] |= {"size": info["size"], "usage": info["usage"]}
    model.event(qube.name, "domain-import-volume", "name", name, "source", info["vid"])
    return ""


# -- devices ----------------------------------------------------------------------------------------------------------

_PAIR = re.compile(r"([a-z_-]+)='((?:[^'\\]|\\.)*)'")


def _pairs(payload: str) -> dict[str, str]:
    return {key: text.replace("\\'", "'") for key, text in _PAIR.findall(payload)}


def _taken(model: WholeModel, backend: str, kind: str, port: str) -> str:
    """The qube that has the device; empty for none."""
    return next((name for (name, of), rows in model.attached.items() if of == kind and f"{backend}+{port}" in rows), "")


def available(model: Model, qube: Qube, kind: str, argument: str, _payload: str) -> str:
    assert isinstance(model, WholeModel)
    rows = []
    for port, row in sorted(model.offered.get((qube.name, kind), {}).items()):
        if argument in {"", port}:
            owner = _taken(model, qube.name, kind, port)
            rows.append(row.replace(" interfaces=", f" attachment='{owner}' interfaces=") if owner else row)
    return lines(rows if qube.state != "Halted" else [])


def listed(table: str) -> Callable[[Model, Qube, str, str, str], str]:
    def answer(model: Model, qube: Qube, kind: str, _argument: str, _payload: str) -> str:
        assert isinstance(model, WholeModel)
        rows: dict[tuple[str, str], dict[str, str]] = getattr(model, table)
        return lines([row for _key, row in sorted(rows.get((qube.name, kind), {}).items())])

    return answer


def _id_of(model: WholeModel, backend: str, kind: str, port: str) -> str:
    row = model.offered.get((backend, kind), {}).get(port)
    if row is None:
        raise refused("ProtocolError", f"Cannot attach ambiguous {kind} device.")
    return row.split(" ")[0].removeprefix(f"{port}:")


def attach(model: Model, qube: Qube, kind: str, argument: str, payload: str) -> str:
    assert isinstance(model, WholeModel)
    backend, port, *_identity = argument.split("+")
    if backend not in model.qubes:
        raise SilentError
    if qube.state == "Halted":
        raise refused("QubesVMNotRunningError", "VM not running, cannot attach device, do you mean `assign`?")
    identity = _id_of(model, backend, kind, port)
    owner = _taken(model, backend, kind, port)
    if owner and kind != "mic":
        raise refused("DeviceAlreadyAttached", f"'Device {backend}:{port}:{identity} already attached to {owner}'")
    options = {key[1:]: text for key, text in _pairs(payload).items() if key.startswith("_")}
    if kind == "block":
        options = {"read-only": "no", "frontend-dev": "xvdi", **options}
    elif options:
        raise refused("QubesException", f"{kind} device attach does not support user options")
    shown = "".join(f" _{key}='{text}'" for key, text in options.items())
    model.attached.setdefault((qube.name, kind), {})[f"{backend}+{port}"] = (
        f"{backend}+{port}:{identity} device_id='{identity}' port_id='{port}' devclass='{kind}'"
        f" backend_domain='{backend}' mode='manual' frontend_domain='{qube.name}'{shown}"
    )
    device = f"{backend}:{port}:{identity}"
    model.event(qube.name, f"device-pre-attach:{kind}", "device", device, "options", "{}")
    model.event(qube.name, f"device-attach:{kind}", "device", device, "options", str(options))
    return ""


def detach(model: Model, qube: Qube, kind: str, argument: str, _payload: str = "") -> str:
    assert isinstance(model, WholeModel)
    backend, port, *_identity = argument.split("+")
    rows = model.attached.get((qube.name, kind), {})
    if f"{backend}+{port}" not in rows:
        raise refused("DeviceNotAssigned", f"'{kind} device {port} not attached to {qube.name}'")
    del rows[f"{backend}+{port}"]
    model.event(qube.name, f"device-pre-detach:{kind}", "port", f"{backend}:{port}")
    model.event(qube.name, f"device-detach:{kind}", "port", f"{backend}:{port}")
    return ""


def _assignment(argument: str) -> tuple[str, str, str]:
    """The backend, the port and the identity that an argument names; `_` is any."""
    backend, port, *rest = argument.split("+")
    identity = ":".join(rest) or "_"
    return backend, "*" if port == "_" else port, "*" if identity == "_" else identity


def assign(model: Model, qube: Qube, kind: str, argument: str, payload: str) -> str:
    assert isinstance(model, WholeModel)
    backend, port, identity = _assignment(argument)
    words = _pairs(payload)
    if words.get("mode") == "manual" or backend not in model.qubes:
        raise SilentError
    if not payload:
        raise refused("ProtocolError", "expected payload")
    key, device = f"{backend}+{port}+{identity}", f"{backend}:{port}:{identity}"
    rows = model.assigned.setdefault((qube.name, kind), {})
    if key in rows:
        raise refused("DeviceAlreadyAssigned", f"'{kind} device {device} already assigned to {qube.name}'")
    options = {key[1:]: text for key, text in words.items() if key.startswith("_")}
    shown = "".join(f" _{each}='{text}'" for each, text in options.items())
    rows[key] = (
        f"{backend}+{port}:{identity} device_id='{identity}' port_id='{port}' devclass='{kind}'"
        f" backend_domain='{backend}' mode='{words['mode']}'{shown}"
    )
    model.event(qube.name, f"device-pre-assign:{kind}", "device", device, "options", str(options))
    model.event(qube.name, f"device-assign:{kind}", "device", device, "options", str(options))
    return ""


def _assigned_row(model: WholeModel, qube: Qube, kind: str, argument: str) -> tuple[dict[str, str], str, str]:
    """The rows, the key of the one that the argument names, and its device in events."""
    backend, port, identity = _assignment(argument)
    rows = model.assigned.get((qube.name, kind), {})
    key = f"{backend}+{port}+{identity}"
    if key not in rows:
        raise refused("DeviceNotAssigned", f"'{kind} device {port} not assigned to {qube.name}'")
    return rows, key, f"{backend}:{port}:{identity}"


def unassign(model: Model, qube: Qube, kind: str, argument: str, _payload: str) -> str:
    assert isinstance(model, WholeModel)
    rows, key, device = _assigned_row(model, qube, kind, argument)
    del rows[key]
    model.event(qube.name, f"device-unassign:{kind}", "device", device)
    return ""


def set_assignment(model: Model, qube: Qube, kind: str, argument: str, payload: str) -> str:
    assert isinstance(model, WholeModel)
    rows, key, device = _assigned_row(model, qube, kind, argument)
    rows[key] = re.sub(r"mode='[a-z-]+'", f"mode='{payload}'", rows[key])
    model.event(qube.name, f"device-pre-assign:{kind}", "device", device, "options", "{}")
    model.event(qube.name, f"device-assignment-changed:{kind}", "device", device)
    return ""


def denied(model: Model, qube: Qube, method: str, payload: str) -> str:
    value = qube.properties["devices_denied"]
    interfaces = re.findall(".{7}", value.text)
    sent = re.findall(".{7}", payload)
    match method:
        case "List":
            return "\n".join(interfaces)
        case "Add":
            model.set_property(qube.name, "devices_denied", "".join(sorted({*interfaces, *sent})))
        case "Remove":
            left = [] if payload == "all" else [each for each in interfaces if each not in sent]
            model.set_property(qube.name, "devices_denied", "".join(left))
        case _:
            raise refused("ProtocolError", "no such method")
    return ""


DEVICES: dict[str, Callable[[Model, Qube, str, str, str], str]] = {
    "Available": available,
    "Attached": listed("attached"),
    "Assigned": listed("assigned"),
    "Attach": attach,
    "Detach": detach,
    "Assign": assign,
    "Unassign": unassign,
    "Set.assignment": set_assignment,
}


def _text(read: Callable[[WholeModel], Iterable[str] | str]) -> Action:
    """An answer that depends on nothing that was sent."""

    def answer(model: Model, _qube: Qube, _argument: str, _payload: str) -> str:
        assert isinstance(model, WholeModel)
        text = read(model)
        return text if isinstance(text, str) else lines(list(text))

    return answer


CALLS: dict[str, Action] = {
    "admin.vm.property.Set": set_property,
    "admin.vm.property.Reset": reset_property,
    "admin.vm.property.GetDefault": get_default,
    "admin.vm.property.List": lambda _model, qube, _argument, _payload: lines(list(qube.properties)),
    "admin.vm.property.Help": lambda _model, _qube, name, _payload: f"What {name} is.",
    "admin.property.Set": set_system,
    "admin.property.Reset": reset_system,
    "admin.property.Get": get_system,
    "admin.property.GetDefault": get_system_default,
    "admin.property.List": _text(lambda model: model.system),
    "admin.property.Help": lambda _model, _qube, name, _payload: f"What {name} is.",
    "admin.vm.feature.Set": set_feature,
    "admin.vm.feature.Remove": remove_feature,
    "admin.vm.feature.CheckWithTemplate": check_with_template,
    "admin.vm.tag.Remove": remove_tag,
    "admin.vm.tag.Get": lambda _model, qube, tag, _payload: str(int(tag in qube.tags)),
    "admin.vm.notes.Set": set_notes,
    "admin.vm.firewall.Reload": lambda _model, _qube, _argument, _payload: "",
    "admin.label.Create": create_label,
    "admin.label.Remove": remove_label,
    "admin.vmclass.List": _text(lambda model: model.classes),
    "admin.deviceclass.List": _text(lambda _model: [str(kind) for kind in DeviceClass]),
    "admin.vm.Start": start,
    "admin.vm.Shutdown": shutdown,
    "admin.vm.Kill": kill,
    "admin.vm.Pause": power("Running", "Paused", "QubesVMNotRunningError", "domain-pre-paused", "domain-paused"),
    "admin.vm.Unpause": power("Paused", "Running", "QubesVMNotPausedError", "domain-pre-unpaused", "domain-unpaused"),
    "admin.vm.Suspend": power("Running", "Suspended", "QubesVMNotRunningError"),
    "admin.vm.Resume": power("Suspended", "Running", "QubesVMNotSuspendedError", "domain-resumed"),
    "admin.vm.CurrentState": current_state,
    "admin.vm.Console": lambda _model, _qube, _argument, _payload: "/dev/pts/10",
    **{f"admin.vm.Create.{klass}": create(klass) for klass in ("AppVM", "TemplateVM", "StandaloneVM", "DispVM")},
    **{f"admin.vm.CreateInPool.{klass}": create(klass) for klass in ("AppVM", "TemplateVM", "StandaloneVM")},
    "admin.vm.Create.RemoteVM": create("RemoteVM"),
    "admin.vm.CreateDisposable": create_disposable,
    "admin.vm.Remove": remove,
    "admin.pool.List": _text(lambda model: model.pools),
    "admin.pool.ListDrivers": _text(lambda model: model.drivers),
    "admin.pool.Info": pool_info,
    "admin.pool.Add": add_pool,
    "admin.pool.Remove": remove_pool,
    "admin.pool.Set.revisions_to_keep": set_pool("revisions_to_keep"),
    "admin.pool.volume.List": pool_volumes,
    "admin.vm.volume.ListSnapshots": _of_volume(list_snapshots),
    "admin.vm.volume.Revert": _of_volume(revert),
    "admin.vm.volume.Resize": _of_volume(resize),
    "admin.vm.volume.Clear": _of_volume(clear),
    "admin.vm.volume.Set.revisions_to_keep": _of_volume(set_volume("revisions_to_keep")),
    "admin.vm.volume.Set.rw": _of_volume(set_volume("rw")),
    "admin.vm.volume.ImportWithSize": _of_volume(import_with_size),
    "admin.vm.volume.CloneFrom": _of_volume(clone_from),
    "admin.vm.volume.CloneTo": _of_volume(clone_to),
}


# -- with the qubes of a daemon ---------------------------------------------------------------------------------------


async def whole(system: System) -> WholeModel:
    """A qubesd that has what the daemon has now. What it answers and sends from then on is the model's."""
    caller, model = Caller(dispatcher_of(system)), WholeModel()
    model.drivers = await caller.content("admin.pool.ListDrivers+")
    model.classes = await caller.content("admin.vmclass.List+")
    model.system = _properties(await caller.content("admin.property.GetAll+"))
    model.defaults = {("", name): value.text for name, value in model.system.items() if value.is_default}
    model.labels = {
        name: await caller.content(f"admin.label.Get+{name}")
        for name in _names(await caller.content("admin.label.List+"))
    }
    for name in _names(await caller.content("admin.pool.List+")):
        model.pools[name] = _fields(await caller.content(f"admin.pool.Info+{name}"))
    for row in (await caller.content("admin.vm.List+")).splitlines():
        name, klass, state, uuid = row.replace("class=", "").replace("state=", "").replace("uuid=", "").split(" ")
        await _read(caller, model, Qube(name, klass, state, uuid, {}))
    return model


async def _read(caller: Caller, model: WholeModel, qube: Qube) -> None:
    """Read all of a qube into the model."""
    name = qube.name
    model.qubes[name] = qube
    qube.properties = _properties(await caller.content("admin.vm.property.GetAll+", name))
    for key, value in qube.properties.items():
        if value.is_default:
            model.defaults.setdefault((qube.klass, key), value.text)
    for feature in _names(await caller.content("admin.vm.feature.List+", name)):
        qube.features[feature] = await caller.content(f"admin.vm.feature.Get+{feature}", name)
    qube.tags = set(_names(await caller.content("admin.vm.tag.List+", name)))
    if qube.klass != "AdminVM":
        qube.notes = await caller.content("admin.vm.notes.Get+", name)
        qube.firewall = (await caller.content("admin.vm.firewall.Get+", name)).splitlines()
    for volume in _names(await caller.content("admin.vm.volume.List+", name)):
        qube.volumes[volume] = _fields(await caller.content(f"admin.vm.volume.Info+{volume}", name))
        if volume != "kernel":
            snapshots = _names(await caller.content(f"admin.vm.volume.ListSnapshots+{volume}", name))
            model.snapshots[name, volume] = [str(next(model.numbers)) for _ in snapshots]
    for kind in DeviceClass:
        rows = (await caller.content(f"admin.vm.device.{kind}.Available+", name)).splitlines()
        model.offered[name, kind] = {row.split(":", 1)[0]: re.sub(r" attachment='[^']*'", "", row) for row in rows}
        rows = (await caller.content(f"admin.vm.device.{kind}.Attached+", name)).splitlines()
        model.attached[name, kind] = {row.split(":", 1)[0]: row for row in rows}
        for row in (await caller.content(f"admin.vm.device.{kind}.Assigned+", name)).splitlines():
            port, _, identity = row.split(" ")[0].partition(":")
            model.assigned.setdefault((name, kind), {})[f"{port}+{identity}"] = row


def _names(answer: str) -> list[str]:
    return answer.splitlines()


def _fields(answer: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in answer.splitlines())


def _properties(answer: str) -> dict[str, Value]:
    """The rows of `property.GetAll`."""
    values: dict[str, Value] = {}
    for line in answer.splitlines():
        name, default, kind, text = line.split(" ", 3)
        unescaped = text.replace("\\n", "\n").replace("\\\\", "\\")
        values[name] = Value(kind.removeprefix("type="), unescaped, default == "default=True")
    return values
