# SPDX-License-Identifier: GPL-3.0-or-later
# The stubs that PyQt5 ships use `PyQt5.sipsimplewrapper` and define it nowhere, so every widget has a base of type Any
# and a misspelt method passes mypy. This stub of the package is read in place of its empty `__init__`.

from PyQt5.sip import simplewrapper

sipsimplewrapper = simplewrapper
