# SPDX-License-Identifier: GPL-3.0-or-later
"""All project data in one call; pyproject.toml holds only tool settings.

scripts/venv.py reads the requirements and the entry points of this file without running it.
"""

import runpy
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent

LOCAL = ["libvirt-python>=9.0", "pyudev>=0.24.0"]
"""What keeps qubes on this machine needs."""
FULL = ["isal>=1.7; platform_machine == 'x86_64' or platform_machine == 'aarch64'", "zstandard>=0.20", "zxcvbn>=4.4.28"]
"""What makes backups faster and smaller, and estimates passphrases better. The program runs without each of them."""


class BuildWithTranslations(build_py):
    """Also compiles the translations and makes the pages of the guide, so that no package is built without them."""

    def run(self) -> None:
        super().run()
        sources = sorted((HERE / "i18n").glob("qubesmanager_*.ts"))
        if not sources:
            raise SystemExit("setup.py: the translations, i18n/*.ts, are missing.")
        folder = Path("qubesmanager" if self.editable_mode else Path(self.build_lib, "qubesmanager"), "i18n")
        runpy.run_path(str(HERE / "scripts/translations.py"))["release"](sources, folder)
        runpy.run_path(str(HERE / "scripts/guide.py"))["build"](HERE / "docs", folder.parent / "html")


def beside(target: str, *folders: str) -> list[tuple[str, list[str]]]:
    """`data_files` for all files directly in folders of rpc-handlers."""
    handlers = HERE / "rpc-handlers"
    return [
        (
            f"{target}/{folder}".rstrip("/"),
            sorted(str(path.relative_to(HERE)) for path in (handlers / folder).iterdir() if path.is_file()),
        )
        for folder in folders
    ]


setup(
    cmdclass={"build_py": BuildWithTranslations},
    name="qubesmanager-mgmt1",
    version="0.1.0",
    description="Manage the qubes of a Linux machine with libvirt through the mgmt1 management API",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="GPL-3.0-or-later",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    packages=find_packages(include=["qubesmanager", "qubesmanager.*"]),
    package_data={"qubesmanager": ["py.typed", "**/*.svg", "**/*.sql", "**/*.qm", "html/**/*"]},
    data_files=[
        (
            "share/applications",
            [
                "share/applications/qubes-manager.desktop",
                "share/applications/qubes-devices.desktop",
                "share/applications/qubes-backup.desktop",
                "share/applications/qubes-restore.desktop",
            ],
        ),
        ("share/metainfo", ["share/metainfo/qubes-manager.metainfo.xml"]),
        ("share/icons/hicolor/scalable/apps", ["share/icons/qubes-manager.svg"]),
        (
            "share/man/man1",
            [
                "docs/man/qubes-manager.1",
                "docs/man/qubes-devices.1",
                "docs/man/qubes-backup.1",
                "docs/man/qubes-restore.1",
                "docs/man/mgmt1.1",
            ],
        ),
        ("share/man/man8", ["docs/man/qubes-mgmt1d.8", "docs/man/qubes-mgmt1-gateway.8"]),
        ("share/doc/qubesmanager-mgmt1", ["README.md", "CHANGELOG.md", "docs/install.md"]),
        *beside(
            "share/qubes-mgmt1/rpc-handlers",
            "",
            "policy",
            "policy/include",
            "systemd",
            "systemd/user",
            "sysusers.d",
            "admin",
            "admin/policy",
            "admin/policy/include",
        ),
    ],
    install_requires=[
        "PyQt5>=5.15.9",
        "qasync>=0.27",
        "cryptography>=38",
        "defusedxml>=0.7.1",
        "PyYAML>=6.0",
        "argcomplete>=2.0",
    ],
    extras_require={
        "local": LOCAL,
        "full": FULL,
        "dev": [
            *LOCAL,
            *FULL,
            "ruff==0.17.5",
            "mypy==2.4.1",
            "import-linter==2.16",
            "vulture==2.16",
            "pytest>=9.2",
            "pytest-qt>=4.5",
            "pytest-asyncio>=1.5",
            "pytest-randomly>=5.1",
            "pytest-timeout>=2.4",
            "pytest-xdist>=3.8",
            "hypothesis>=6.170",
            # Fuzzing led by coverage; elsewhere the fuzzer uses hypothesis.
            'atheris==3.0.0; sys_platform == "linux" and platform_machine == "x86_64" and python_version < "3.14"',
            "coverage>=7.17",
            "uv>=0.13",
            "setuptools>=77",
            "types-PyYAML",
            "types-defusedxml",
            "types-setuptools",
            "pre-commit>=4.7",
        ],
    },
    entry_points={
        "console_scripts": [
            "mgmt1=qubesmanager.entry:mgmt1",
            "qubes-backup=qubesmanager.entry:backup",
            "qubes-restore=qubesmanager.entry:restore",
            "qubes-mgmt1d=qubesmanager.entry:mgmt1d",
            "qubes-mgmt1-gateway=qubesmanager.daemon.gateway:main",
        ],
        "gui_scripts": [
            "qubes-manager=qubesmanager.entry:manager",
            "qubes-devices=qubesmanager.entry:devices",
        ],
    },
    classifiers=[
        "Environment :: X11 Applications :: Qt",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3",
        "Topic :: System :: Systems Administration",
    ],
)
