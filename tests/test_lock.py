"""What is installed: floors above advisories and what does not load; a server locked by hashes."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

packaging = pytest.importorskip("packaging.requirements")
from packaging.markers import default_environment  # noqa: E402
from packaging.requirements import Requirement  # noqa: E402
from packaging.utils import canonicalize_name  # noqa: E402
from packaging.version import Version  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "server/requirements.lock"
# Package → the first version above its advisories known in November 2026, and the last of those.
ADVISORIES = {
    "cryptography": ("50.0.0", "CVE-2026-69247"),
    "flask": ("3.1.3", "CVE-2026-27205"),
    "jinja2": ("3.1.6", "CVE-2025-27516"),
    "pillow": ("13.0.0", "CVE-2026-112403: a heap overflow in its JPEG decoder"),
    "pillow-heif": ("1.3.0", "CVE-2026-28231"),
    "tqdm": ("4.66.3", "CVE-2024-34062"),
    "urllib3": ("2.8.0", "CVE-2026-97689"),
    "waitress": ("3.0.1", "CVE-2024-49768"),
    "werkzeug": ("3.1.9", "CVE-2026-102598"),
}
# Package → the first version that loads beside the others' floors, and what ails those before it.
UNLOADABLE = {"opencv-python-headless": ("4.10.0.84", "built for NumPy 1, it does not load with NumPy 2")}


def project() -> dict[str, list[Requirement]]:
    """Extra ("" for none) → its requirements."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = {"": document["dependencies"], **document["optional-dependencies"]}
    return {name: [Requirement(line) for line in lines] for name, lines in groups.items()}


def locked() -> list[tuple[Requirement, list[str]]]:
    """Each requirement of the lock with its hashes."""
    blocks = re.split(r"\n(?=\S)", LOCK.read_text(encoding="utf-8"))
    found = []
    for block in blocks:
        if "==" in block and not block.startswith("#"):
            line = block.split(" \\\n", 1)[0]
            found.append((Requirement(line), re.findall(r"--hash=sha256:([0-9a-f]{64})\b", block)))
    return found


def versions(name: str) -> list[tuple[Requirement, Version]]:
    return [
        (each, Version(next(iter(each.specifier)).version))
        for each, _ in locked()
        if canonicalize_name(each.name) == canonicalize_name(name)
    ]


def applies(requirement: Requirement, **environment: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({**default_environment(), **environment})


def assert_floors(name: str, first: str, why: str) -> None:
    wanted = [each for group in project().values() for each in group if canonicalize_name(each.name) == name]
    assert wanted, f"{name} is not required by name, so that an old one could be installed"
    for requirement in wanted:
        floors = [Version(part.version) for part in requirement.specifier if part.operator in (">=", "==")]
        assert floors and max(floors) >= Version(first), f"{requirement}: {why}"


@pytest.mark.parametrize("name", ADVISORIES)
def test_floors_lie_above_known_advisories(name: str) -> None:
    assert_floors(name, *ADVISORIES[name])


@pytest.mark.parametrize("name", UNLOADABLE)
def test_floors_lie_above_what_does_not_load(name: str) -> None:
    assert_floors(name, *UNLOADABLE[name])


@pytest.mark.parametrize("python", ["3.11", "3.12"])
def test_the_lock_satisfies_the_projects_ranges(python: str) -> None:
    here = {"python_version": python, "python_full_version": f"{python}.7", "sys_platform": "linux"}
    here |= {"platform_machine": "x86_64"}
    for requirement in (*project()[""], *project()["server"]):
        if not applies(requirement, **here):
            continue
        (found,) = [version for each, version in versions(requirement.name) if applies(each, **here)]
        assert requirement.specifier.contains(found), f"{requirement} is locked as {found}: ./dev lock"


def test_whatever_is_locked_has_hashes() -> None:
    found = locked()
    assert len(found) > 20
    for requirement, hashes in found:
        assert hashes, f"{requirement} has no hash"
        assert [part.operator for part in requirement.specifier] == ["=="]
    assert "http" not in LOCK.read_text(encoding="utf-8").replace("https://pypi.org", "")
