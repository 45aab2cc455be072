# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of a qubesd that are broken, without end, or of no known form cost at most what they are about."""

import logging
from collections.abc import Callable

import pytest
from mirror_listener import followed, truth
from qubesd_model import Faulty, Model
from until import until

from qubesmanager.daemon.bridge import channel
from qubesmanager.transport.base import Answer, Payload

pytestmark = pytest.mark.whole

QUBE = "app-0000"
ABOUT = (
    f"admin.vm.property.GetAll+ {QUBE}",
    f"admin.vm.feature.List+ {QUBE}",
    f"admin.vm.feature.Get+menu-items {QUBE}",
    f"admin.vm.tag.List+ {QUBE}",
    f"admin.vm.volume.List+ {QUBE}",
    f"admin.vm.volume.Info+private {QUBE}",
    f"admin.vm.device.block.Assigned+ {QUBE}",
    f"admin.vm.device.usb.Attached+ {QUBE}",
    f"admin.vm.notes.Get+ {QUBE}",
    f"admin.vm.List+ {QUBE}",
    "admin.property.GetAll+ dom0",
    "admin.label.List+ dom0",
)
DIGITS = b"9" * 5000
HOSTILE = {
    "not UTF-8": b"0\x00\xff\xfe\n",
    "NUL": b"0\x00a\x00b\n",
    "no line end": b"0\x00abc",
    "nothing": b"0\x00",
    "empty lines": b"0\x00\n\n\n",
    "another type": b"1\x00\x00connection-established\x00\x00",
    "no frame": b"\x07" * 40,
    "half an error": b"2\x00QubesEx",
    "an unknown error": b"2\x00Later\x00\x00%s %(a)s \xff\x00",
    "blanks": b"0\x00 = = \n==\n  \n",
    "numbers": b"0\x00memory default=True type=int %s\nsize=%s\nrevisions_to_keep=\xc2\xb2\nusage=-%s\n"
    % ((DIGITS,) * 3),
    "revisions": b"0\x00pool=p\nvid=v\nsize=1\nusage=0\nrevisions_to_keep=-%s\n" % DIGITS,
    "a device": b"0\x00sys-net+sdb1:\xff device_id='\\' port_id='sdb1\nsys-net+: devclass='x' mode='\x1b[31m'\n+ =\n",
    "names": "0\x00../../etc\n-x\n<b>é</b>\n\u202e\n".encode(),
    "pool": b"0\x00pool=\npool=x\nvid=\nsize=\nis_outdated=maybe\nrw=\n",
}


class Answering:
    """A transport to a qubesd of which one request gets these bytes; `is_endless`: again and again, without an end."""

    url = "answering:"

    def __init__(self, qubesd: Faulty, is_hostile: Callable[[str], bool], answer: bytes, *, is_endless: bool) -> None:
        self._qubesd = qubesd
        self._is_hostile = is_hostile
        self._answer = answer
        self._is_endless = is_endless

    async def exchange(self, service: str, argument: str, dest: str, payload: Payload) -> Answer:
        if not self._is_hostile(f"{service}+{argument} {dest}"):
            async for piece in self._qubesd.exchange(service, argument, dest, payload):
                yield piece
            return
        yield self._answer
        while self._is_endless:
            yield self._answer[2:]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("is_endless", [False, True])
async def test_a_hostile_answer_costs_what_it_is_about(
    name: str, *, is_endless: bool, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "ANSWER_BYTES", 1 << 16)
    caplog.set_level(logging.ERROR)
    for request in ABOUT:
        model = Model(6)
        expected = await truth(model)
        answer = HOSTILE[name]
        if is_endless and len(answer) == 2:
            continue
        wire = Answering(Faulty(model), request.__eq__, answer, is_endless=is_endless)
        async with followed(wire) as (mirror, listener):
            await mirror.settled()

            await until(lambda: listener.copy == mirror.records)
            assert mirror.records.keys() == expected.keys()
            assert all(mirror.records[each] == expected[each] for each in expected if each != QUBE)
            assert not mirror.records["sys-net"].properties.keys() ^ expected["sys-net"].properties.keys()
        assert not caplog.records, request


@pytest.mark.parametrize(
    "frame",
    [
        b"1\x00app-0000\x00domain-tag-add:\xff\x00tag\x00\xff\x00\x00",
        b"1\x00\xff\x00domain-add\x00vm\x00x\x00\x00",
        b"1\x00app-0000\x00odd\x00key\x00\x00\x00",
        b"0\x00",
        b"\x00" * 100,
        b"1\x00" + b"x" * (2 << 20),
        b"1\x00app-0000\x00property-set:memory\x00name\x00memory\x00newvalue\x00" + DIGITS + b"\x00\x00",
    ],
)
async def test_a_hostile_frame_of_the_events_ends_at_most_the_connection(frame: bytes) -> None:
    model = Model(6)
    qubesd = Faulty(model)
    async with followed(qubesd) as (mirror, listener):
        await mirror.settled()
        model.frames(frame)
        model.qubes["app-0001"].features["new"] = "1"
        model.event("app-0001", "domain-feature-set:new", "feature", "new", "value", "1")

        await until(lambda: "new" in listener.copy["app-0001"].features and qubesd.listeners)
        model.qubes["app-0001"].features["later"] = "1"
        model.event("app-0001", "domain-feature-set:later", "feature", "later", "value", "1")
        await until(lambda: "later" in listener.copy["app-0001"].features)
        assert listener.copy.keys() == model.qubes.keys()


async def test_a_list_with_hostile_rows_has_the_others() -> None:
    model = Model(5)
    rows = b"\xff class=AppVM state=Running\n../x class=AppVM state=Halted uuid=1\n \nx\nclass= state=\n"
    answer = model.answer("admin.vm.List", "", "dom0") + rows
    wire = Answering(Faulty(model), "admin.vm.List+ dom0".__eq__, answer, is_endless=False)
    async with followed(wire) as (mirror, listener):
        await mirror.settled()

        assert mirror.records.keys() == model.qubes.keys()
        await until(lambda: listener.copy == mirror.records)
