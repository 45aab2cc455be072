# SPDX-License-Identifier: GPL-3.0-or-later
"""The help texts of dom0's properties in the user's language.

dom0 answers in English. The texts of THE PROPERTIES are translated; a text of another dom0 is shown as it is.
"""

from PyQt5.QtCore import QCoreApplication


def help_text(english: str) -> str:
    """The answer of a `Help` call as it is shown: each paragraph by itself, without the marks around values."""
    paragraphs = english.strip().split("\n\n")
    return "\n\n".join(QCoreApplication.translate("PropertyHelp", text) for text in paragraphs).replace("``", "")
