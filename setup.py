# SPDX-License-Identifier: GPL-3.0-or-later
"""All project data in one call; pyproject.toml holds only tool settings."""

from pathlib import Path

from setuptools import find_packages, setup

LOCAL = ["libvirt-python>=9.0", "pyudev>=0.24.3"]

setup(
    name="qubesmanager-mgmt1",
    version="0.1.0",
    description="Manage the qubes of a Qubes OS or libvirt machine through the mgmt1 management API",
    long_description=Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="GPL-3.0-or-later",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    packages=find_packages(include=["qubesmanager", "qubesmanager.*"]),
    package_data={"qubesmanager": ["py.typed", "**/*.svg", "**/*.sql", "**/*.qm"]},
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
        ("share/man/man8", ["docs/man/qubes-mgmt1d.8"]),
    ],
    install_requires=[
        "PyQt5>=5.15.10",
        "qasync>=0.28",
        "cryptography>=45",
        "isal>=1.7; platform_machine == 'x86_64' or platform_machine == 'aarch64'",
        "zstandard>=0.23",
        "defusedxml>=0.7.1",
        "PyYAML>=6.0.1",
        "zxcvbn>=4.5",
        "argcomplete>=3.5",
    ],
    extras_require={
        "local": LOCAL,
        "dev": [
            *LOCAL,
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
