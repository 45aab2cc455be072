# SPDX-License-Identifier: GPL-3.0-or-later
"""A plugin of mypy: in a text of the windows a number goes through `number_text`, which has the user's separators.

It rejects `"{0} of {1}".format(3, 1000)` and `f"{number} MiB"` below `qubesmanager/ui` and `qubesmanager/models`. A
number that is no text for people, such as a port, is written `{port!s}`.
"""

from collections.abc import Callable
from itertools import chain

from mypy.nodes import CallExpr, Context, MemberExpr, StrExpr
from mypy.plugin import MethodContext, Plugin
from mypy.types import Instance, Type, UnionType, get_proper_type

FOLDERS = ("qubesmanager/ui/", "qubesmanager/models/")
FORMAT = "builtins.str.format"
"""mypy sees the values of an f-string as arguments of this, too."""
NUMBERS = frozenset({"builtins.int", "builtins.float"})
FAULT = "A number in a text has no separators of the user's language: use number_text(), or {0!s} where it is no text"


class NumberCheck(Plugin):
    def get_method_hook(self, fullname: str) -> Callable[[MethodContext], Type] | None:
        return _check if fullname == FORMAT else None


def _check(context: MethodContext) -> Type:
    path, call = context.api.path, context.context
    is_for_people = any(path.startswith(folder) or f"/{folder}" in path for folder in FOLDERS)
    if is_for_people and not _is_converted(call) and any(map(_is_number, chain.from_iterable(context.arg_types))):
        context.api.fail(FAULT, call)
    return context.default_return_type


def _is_converted(call: Context) -> bool:
    """Whether the call is what mypy makes of `{number!s}` in an f-string."""
    if not isinstance(call, CallExpr) or not isinstance(call.callee, MemberExpr):
        return False
    text = call.callee.expr
    return isinstance(text, StrExpr) and text.value.startswith("{!s")


def _is_number(given: Type) -> bool:
    proper = get_proper_type(given)
    if isinstance(proper, UnionType):
        return any(map(_is_number, proper.items))
    return isinstance(proper, Instance) and proper.type.fullname in NUMBERS


def plugin(_version: str) -> type[Plugin]:
    return NumberCheck
