# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of Qubes OS about the files of its policy: programs of qubes-core-qrexec, not of qubesd.

A token names a version of a file: `sha256:…`, `new` if it must not exist, `any`.
"""

from qubesmanager.wire import codecs as c
from qubesmanager.wire import names
from qubesmanager.wire.call import Call
from qubesmanager.wire.limits import POLICY_BYTES
from qubesmanager.wire.values import Dest, Tier

POLICY_LIST = Call(
    "policy.List", Dest.DOM0, Tier.GLOBAL_RO, c.NOTHING, c.NOTHING, c.id_rows(names.FILE_NAME),
    "The names of the policy files, without the suffix.",
)  # fmt: skip
POLICY_GET = Call(
    "policy.Get", Dest.DOM0, Tier.GLOBAL_RO, c.FILE_NAME, c.NOTHING, c.TOKEN_CONTENT,
    "The token and the text of a file.",
)  # fmt: skip
POLICY_REPLACE = Call(
    "policy.Replace", Dest.DOM0, Tier.GLOBAL_RWX, c.FILE_NAME, c.TOKEN_CONTENT, c.NOTHING,
    "Replace a file that still has the token.",
    limit=POLICY_BYTES,
)  # fmt: skip
POLICY_REMOVE = Call(
    "policy.Remove", Dest.DOM0, Tier.GLOBAL_RWX, c.FILE_NAME, c.LINE, c.NOTHING,
    "Remove a file that still has the token.",
)  # fmt: skip
INCLUDE_LIST = Call(
    "policy.include.List", Dest.DOM0, Tier.GLOBAL_RO, c.NOTHING, c.NOTHING, c.id_rows(names.FILE_NAME),
    "The names of the include files.",
)  # fmt: skip
INCLUDE_GET = Call(
    "policy.include.Get", Dest.DOM0, Tier.GLOBAL_RO, c.FILE_NAME, c.NOTHING, c.TOKEN_CONTENT,
    "The token and the text of an include file.",
)  # fmt: skip
INCLUDE_REPLACE = Call(
    "policy.include.Replace", Dest.DOM0, Tier.GLOBAL_RWX, c.FILE_NAME, c.TOKEN_CONTENT, c.NOTHING,
    "Replace an include file that still has the token.",
    limit=POLICY_BYTES,
)  # fmt: skip
INCLUDE_REMOVE = Call(
    "policy.include.Remove", Dest.DOM0, Tier.GLOBAL_RWX, c.FILE_NAME, c.LINE, c.NOTHING,
    "Remove an include file that still has the token.",
)  # fmt: skip
