# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions and answers as JSON lines, for scripts and tests: a policy, a system and a call in; the decision out.

A question is `{"id", "files": {path: text}, "runtime": {path: text}, "system_info": {"domains": {name: {"type",
"tags", "template_for_dispvms", "default_dispvm", "power_state", "uuid", …}}}, "source", "service", "argument",
"target"}`; `runtime` and `id` may be absent, and `argument` begins with `+`. The answer holds what applies of `{"id",
"result", "target", "rule", "notify", "autostart", "user", "targets", "default_target", "reason"}`.
"""

import json
from collections.abc import Mapping
from typing import Any

from qubesmanager.policy.engine import Decision, Engine, Request, Result
from qubesmanager.policy.reading import Files, Reader
from qubesmanager.policy.system_info import SystemInfo, from_mapping
from qubesmanager.wire.errors import Mgmt1Error, ProtocolError

Answer = dict[str, Any]


class Batch:
    """Answers lines one by one; what consecutive questions share is read once."""

    def __init__(self) -> None:
        self._reader = Reader()
        self._engine: tuple[tuple[Files, Files], Engine] | None = None
        self._info: tuple[Any, SystemInfo] | None = None

    def answer(self, untrusted_line: str) -> str:
        """The answer to one line, as one line. Total: a question that cannot be read is answered with `error`."""
        ident: object = None
        try:
            question = json.loads(untrusted_line)
            if not isinstance(question, dict):
                raise ProtocolError("A question is a JSON object.")
            ident = question.get("id")
            answer = _as_json(self._decide(question))
        except (ValueError, RecursionError):
            answer = {"result": Result.ERROR, "reason": "The question is not JSON."}
        except Mgmt1Error as error:
            answer = {"result": Result.ERROR, "reason": str(error)}
        return json.dumps({"id": ident, **answer})

    def _decide(self, question: Mapping[str, Any]) -> Decision:
        files = Files(_texts(question, "files")), Files(_texts(question, "runtime"))
        if self._engine is None or self._engine[0] != files:
            self._engine = files, Engine(self._reader.read(*files))
        given = question.get("system_info")
        if self._info is None or self._info[0] != given:
            if not isinstance(given, dict):
                raise ProtocolError("system_info is not an object.")
            self._info = given, from_mapping(given)
        request = Request(
            _text(question, "service"),
            _text(question, "argument") or "+",
            _text(question, "source"),
            _text(question, "target"),
        )
        if not request.argument.startswith("+"):
            raise ProtocolError("The argument begins with +.")
        return self._engine[1].decide(request, self._info[1])


def _text(question: Mapping[str, Any], key: str) -> str:
    value = question.get(key, "")
    if not isinstance(value, str):
        raise ProtocolError(f"{key} is not a text.")
    return value


def _texts(question: Mapping[str, Any], key: str) -> Mapping[str, str]:
    value = question.get(key) or {}
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise ProtocolError(f"{key} is not an object of texts.")
    return value


def _as_json(decision: Decision) -> Answer:
    answer: Answer = {"result": decision.result}
    if decision.result is Result.ALLOW:
        answer["target"] = decision.target
    if decision.result is Result.ASK:
        answer |= {"targets": list(decision.targets)}
        if decision.default_target:
            answer["default_target"] = decision.default_target
    if decision.place is not None:
        answer["rule"] = str(decision.place)
    if decision.result is not Result.ERROR:
        answer["notify"] = decision.notify
    if decision.result in {Result.ALLOW, Result.ASK}:
        answer["autostart"] = decision.autostart
        if decision.user:
            answer["user"] = decision.user
    answer["reason"] = decision.reason
    return answer
