# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of the policy, by the policy calls of Qubes OS: programs in dom0 that a management qube may be allowed.

They check a change against the whole policy. That a change would deny dom0 its management calls is checked here.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import TypeVar

from qubesmanager.admin import policy_calls as q
from qubesmanager.daemon.admission.policy_files import file_of, include_of
from qubesmanager.daemon.bridge.context import Context, answers
from qubesmanager.policy.engine import Engine
from qubesmanager.policy.folder import problems
from qubesmanager.policy.lockout import check_lockout
from qubesmanager.policy.reading import Files, Reader
from qubesmanager.wire import calls as m
from qubesmanager.wire.call import Request
from qubesmanager.wire.codecs import PolicyRow, TokenContent
from qubesmanager.wire.errors import Mgmt1Error, PermissionDenied, ProtocolError
from qubesmanager.wire.names import DOM0
from qubesmanager.wire.policy_files import INCLUDES, POLICY, SUFFIX, PolicyFile
from qubesmanager.wire.reason import Reason
from qubesmanager.wire.reasons import refusal

T = TypeVar("T")

_FOLDERS = frozenset({INCLUDES.rstrip("/")})


async def _answer(context: Context, request: Request[T], answer: Awaitable[T]) -> T:
    """Raises `QubesNotImplementedError` where the programs of these calls are not installed."""
    try:
        return await answer
    except ProtocolError as error:
        if context.bridge.channel.lacks(request):
            raise refusal("call-not-in-qubes", context.call.name, Reason("instead-policy")) from error
        raise


async def _ask(context: Context, request: Request[T]) -> T:
    return await _answer(context, request, context.ask(request))


async def _names(context: Context, listing: Request[list[str]]) -> list[str]:
    """The names of the files; one that no call can use is left out."""
    return await _answer(context, listing, context.rows(listing))


async def _files(context: Context) -> tuple[dict[str, TokenContent], dict[str, str]]:
    """By its path each file, and why others cannot be read: `policy.Get` takes fewer names than qrexec."""
    gets = {f"{name}{SUFFIX}": q.POLICY_GET(DOM0, name) for name in await _names(context, q.POLICY_LIST(DOM0))}
    includes = await _names(context, q.INCLUDE_LIST(DOM0))
    gets |= {f"{INCLUDES}{name}": q.INCLUDE_GET(DOM0, name) for name in includes}
    results = await asyncio.gather(*(_ask(context, get) for get in gets.values()), return_exceptions=True)
    files: dict[str, TokenContent] = {}
    unread: dict[str, str] = {}
    for path, result in zip(gets, results, strict=True):
        if isinstance(result, TokenContent):
            files[path] = result
        elif isinstance(result, Mgmt1Error) and not isinstance(result, PermissionDenied):
            unread[path] = str(result)
        else:
            raise result
    return files, unread


async def _problems(files: Mapping[str, TokenContent]) -> dict[str, str]:
    """By the path of a file: why qrexec denies every call because of it."""
    texts = {path: file.content for path, file in files.items()}
    reasons: dict[str, str] = {}
    for problem in await asyncio.to_thread(problems, texts, _FOLDERS):
        for path in problem.files:
            reasons.setdefault(path, problem.reason)
    return reasons


async def _rows(context: Context, *, are_includes: bool) -> list[PolicyRow]:
    files, unread = await _files(context)
    reasons = await _problems(files) | unread
    return sorted(
        PolicyRow(path.removeprefix(INCLUDES) if are_includes else path.removesuffix(SUFFIX), reasons.get(path, ""))
        for path in (*files, *unread)
        if path.startswith(INCLUDES) == are_includes
    )


async def _check_dom0(context: Context, path: str, content: str | None) -> None:
    """Raises `QubesValueError` for a change by which dom0 loses a management call. `content`: None for no file."""
    files, _unread = await _files(context)
    before = {name: file.content for name, file in files.items()}
    after = {name: text for name, text in before.items() if name != path}
    if content is not None:
        after[path] = content
    reader = Reader()
    engines = [Engine(await asyncio.to_thread(reader.read, Files(files, _FOLDERS))) for files in (before, after)]
    await asyncio.to_thread(check_lockout, *engines)


async def _change(context: Context, request: Request[None]) -> None:
    await context.bridge.to_the_end(_ask(context, request))
    context.mirror.tags_changed()  # the policy may show other qubes to this caller now


@answers(m.POLICY_LIST)
async def list_files(context: Context, _arg: None, _payload: None) -> list[PolicyRow]:
    return await _rows(context, are_includes=False)


@answers(m.POLICY_GET_ALL)
async def get_all(context: Context, _arg: None, _payload: None) -> list[PolicyFile]:
    """The files that can be read; qrexec's folder in /run has no call."""
    files, _unread = await _files(context)
    reasons = await _problems(files)
    return [PolicyFile(POLICY, path, file.token, file.content, reasons.get(path, "")) for path, file in files.items()]


@answers(m.POLICY_GET)
async def get_file(context: Context, name: str, _payload: None) -> TokenContent:
    file_of(name)
    return await _ask(context, q.POLICY_GET(DOM0, name))


@answers(m.POLICY_REPLACE)
async def replace_file(context: Context, name: str, change: TokenContent) -> None:
    await _check_dom0(context, file_of(name), change.content)
    await _change(context, q.POLICY_REPLACE(DOM0, name, change))


@answers(m.POLICY_REMOVE)
async def remove_file(context: Context, name: str, token: str) -> None:
    await _check_dom0(context, file_of(name), None)
    await _change(context, q.POLICY_REMOVE(DOM0, name, token))


@answers(m.POLICY_INCLUDE_LIST)
async def list_includes(context: Context, _arg: None, _payload: None) -> list[PolicyRow]:
    return await _rows(context, are_includes=True)


@answers(m.POLICY_INCLUDE_GET)
async def get_include(context: Context, name: str, _payload: None) -> TokenContent:
    return await _ask(context, q.INCLUDE_GET(DOM0, name))


@answers(m.POLICY_INCLUDE_REPLACE)
async def replace_include(context: Context, name: str, change: TokenContent) -> None:
    await _check_dom0(context, include_of(name), change.content)
    await _change(context, q.INCLUDE_REPLACE(DOM0, name, change))


@answers(m.POLICY_INCLUDE_REMOVE)
async def remove_include(context: Context, name: str, token: str) -> None:
    await _check_dom0(context, include_of(name), None)
    await _change(context, q.INCLUDE_REMOVE(DOM0, name, token))
