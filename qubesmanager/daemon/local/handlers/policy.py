# SPDX-License-Identifier: GPL-3.0-or-later
"""The policy of qrexec: its files, and the files they include."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from qubesmanager.daemon.admission.policy_files import file_of, include_of
from qubesmanager.daemon.local.handlers.context import Context, answers
from qubesmanager.wire import calls
from qubesmanager.wire.codecs import PolicyRow, TokenContent
from qubesmanager.wire.event import Event
from qubesmanager.wire.framing import Header
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.policy_files import INCLUDES, PolicyFile
from qubesmanager.wire.reasons import refusal


@answers(calls.POLICY_LIST)
async def list_files(context: Context, _arg: None, _payload: None) -> list[PolicyRow]:
    return await context.system.policies.rows("")


@answers(calls.POLICY_GET_ALL)
async def get_all(context: Context, _arg: None, _payload: None) -> list[PolicyFile]:
    return await context.system.policies.files()


@answers(calls.POLICY_GET)
async def get_file(context: Context, name: str, _payload: None) -> TokenContent:
    return await context.system.policies.get(file_of(name))


@answers(calls.POLICY_REPLACE)
async def replace_file(context: Context, name: str, change: TokenContent) -> None:
    await context.system.policies.replace(file_of(name), change.token, change.content)


@answers(calls.POLICY_REMOVE)
async def remove_file(context: Context, name: str, token: str) -> None:
    await context.system.policies.remove(file_of(name), token)


@answers(calls.POLICY_INCLUDE_LIST)
async def list_includes(context: Context, _arg: None, _payload: None) -> list[PolicyRow]:
    return await context.system.policies.rows(INCLUDES)


@answers(calls.POLICY_INCLUDE_GET)
async def get_include(context: Context, name: str, _payload: None) -> TokenContent:
    return await context.system.policies.get(include_of(name))


@answers(calls.POLICY_INCLUDE_REPLACE)
async def replace_include(context: Context, name: str, change: TokenContent) -> None:
    await context.system.policies.replace(include_of(name), change.token, change.content)


@answers(calls.POLICY_INCLUDE_REMOVE)
async def remove_include(context: Context, name: str, token: str) -> None:
    await context.system.policies.remove(include_of(name), token)


@answers(calls.POLICY_QUESTIONS)
async def questions(context: Context, _arg: None, _payload: None) -> AsyncGenerator[Event, None]:
    if context.source != DOM0:
        raise refusal("questions-dom0-only")
    async with aclosing(context.system.questions.listen()) as stream:
        async for event in stream:
            yield event


@answers(calls.POLICY_ANSWER)
async def answer_question(context: Context, _arg: None, options: Mapping[str, str]) -> None:
    if context.source != DOM0:
        raise refusal("questions-dom0-only")
    context.system.questions.answer(options)


@answers(calls.POLICY_ADMIT)
async def admit(context: Context, _arg: None, header: Header) -> str:
    if context.source != DOM0:
        raise refusal("admit-dom0-only")
    return await context.system.gate.admit(header)
