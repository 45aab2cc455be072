# SPDX-License-Identifier: GPL-3.0-or-later
"""Imported once by the process that workers are forked from: to instrument all modules takes seconds."""

import contextlib
import io

from fuzz import worker

# atheris names each module there.
with contextlib.redirect_stderr(io.StringIO()):
    worker.load()
