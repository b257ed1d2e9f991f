"""Run the public suite tuf-conformance against the three clients, and write the table of what came of it.

    python tests/conformance/run.py SUITE [--client NAME]… [--table docs/conformance.md]

SUITE is a checkout of https://github.com/theupdateframework/tuf-conformance, which is no part of this
project. Two of its tests need the command ``faketime``. Exit status 1: a client failed a test that
`DIFFERENCES` does not explain.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent


_PYTHON = f"{sys.executable} {HERE / 'python_client.py'}"
# Name → its command, which the suite splits at blanks.
CLIENTS = {
    "Python": _PYTHON,
    "Kotlin": str(ROOT / "android_demo/build/pocketshelf-core"),
    "Swift": str(ROOT / "ios_demo/build/pocketshelf-core"),
    "Python, as it syncs": f"{_PYTHON} --shop-rules",
}
DELEGATIONS = "A shop's files have one signer: as it syncs, a client refuses metadata with delegations."
HASHES = "Every file of a shop is signed with a SHA-256: one that has a SHA-512 alone is refused."
THRESHOLD = (
    "As it syncs, a client refuses a root whose threshold its own keys cannot meet; the suite has it taken."
)
KEYS = "The iPhone's core verifies Ed25519 and ECDSA alone: shops of this project sign with Ed25519."
_PYTHON_SYNCS = "Python, as it syncs"
# Failed and meant so, or known: test (with its case, or without) → client → why.
DIFFERENCES: dict[str, dict[str, str]] = {
    "test_unusual_role_name": {_PYTHON_SYNCS: DELEGATIONS},
    "test_targets_role_removal": {_PYTHON_SYNCS: DELEGATIONS},
    "test_targets_fast_forward_recovery": {_PYTHON_SYNCS: DELEGATIONS},
    "test_static_repository": {_PYTHON_SYNCS: DELEGATIONS},
    "test_graph_traversal": {_PYTHON_SYNCS: DELEGATIONS},
    "test_targetfile_search": {_PYTHON_SYNCS: DELEGATIONS},
    "test_delegation_not_in_snapshot": {_PYTHON_SYNCS: DELEGATIONS},
    "test_cached_role_is_verified_against_current_delegator": {_PYTHON_SYNCS: DELEGATIONS},
    "test_download_with_hash_algorithms[hashes1]": {_PYTHON_SYNCS: HASHES, "Python": HASHES},
    "test_snapshot_has_too_few_keys": {_PYTHON_SYNCS: THRESHOLD},
    "test_keytype_and_scheme[rsa/rsassa-pss-sha256]": {"Swift": KEYS},
}
_INTRODUCTION = """\
# Conformance of the three clients

The public suite [tuf-conformance](https://github.com/theupdateframework/tuf-conformance) drives a client of
The Update Framework by three commands, `init`, `refresh` and `download`. Here it is at {commit}. The suite is
no part of this project: `python tests/conformance/run.py SUITE --table docs/conformance.md` ran it from
outside and wrote this page.

A cell says how many tests passed of those that ran. *n refused*: failed for a reason
that is told below. **n failed** would be a fault.

The suite's repositories are of any kind. "Python", "Kotlin" and "Swift" are the clients' workflow without
what they ask of a shop of this project besides (`sdk/pocketshelf/sync/metadata_rules.py`, and the same in the
phones' cores); "Python, as it syncs" is with it. The cores ran on Linux: on a JVM, where Ed25519 is
BouncyCastle's as on Android, and by Debian's Swift, where it is libsodium's and ECDSA OpenSSL's, not
CryptoKit's.
"""


@dataclass(frozen=True)
class Outcome:
    """What came of one test.

    Attributes:
        result: "passed", "refused" (by a difference that is meant), "failed" or "skipped".
    """

    test: str
    case: str
    result: str


def run_suite(suite: Path, client: str, report: Path) -> list[Outcome]:
    """Run every test of ``suite`` against ``client``; one outcome each.

    Args:
        report: pytest's report as it is written; where there is one already, it is taken instead.

    Raises:
        RuntimeError: the suite did not run.
    """
    if not report.exists():
        _run(suite, client, report)
    return [_outcome(case, client) for case in ET.parse(report).getroot().iter("testcase")]


def _run(suite: Path, client: str, report: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, f"--rootdir={suite}"]
    command += ["-p", "patient_server", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=short"]
    command += [f"--entrypoint={CLIENTS[client]}"]
    paths = [str(suite), str(HERE), *(str(ROOT / name) for name in ("sdk", ""))]
    print(f"{client}: {CLIENTS[client]}", file=sys.stderr)
    part = report.with_suffix(".part")
    with tempfile.TemporaryDirectory(prefix="conformance-") as scratch:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "TMPDIR": scratch}
        done = subprocess.run(
            [*command, f"--junitxml={part}", "tuf_conformance"], cwd=suite, env=environment, check=False
        )
    if done.returncode not in (0, 1) or not part.exists():
        raise RuntimeError(f"{client}: the suite did not run (pytest ended with {done.returncode})")
    part.replace(report)


def _outcome(element: ET.Element, client: str) -> Outcome:
    name = element.attrib["name"]
    test, _, case = name.partition("[")
    if element.find("skipped") is not None:
        result = "skipped"
    elif element.find("failure") is None and element.find("error") is None:
        result = "passed"
    else:
        meant = DIFFERENCES.get(name, DIFFERENCES.get(test, {}))
        result = "refused" if client in meant else "failed"
    return Outcome(test, case.removesuffix("]"), result)


def table(columns: dict[str, list[Outcome]], commit: str) -> str:
    """The page: a row a test, a column a run."""
    tests = list(dict.fromkeys(outcome.test for outcomes in columns.values() for outcome in outcomes))
    lines = [
        *_INTRODUCTION.format(commit=commit).splitlines(),
        "",
        "| test | " + " | ".join(columns) + " |",
        "|---|" + "---|" * len(columns),
    ]
    for test in tests:
        cells = [_cell([o for o in outcomes if o.test == test]) for outcomes in columns.values()]
        lines.append(f"| `{test.removeprefix('test_')}` | " + " | ".join(cells) + " |")
    lines.append("| **all** | " + " | ".join(_cell(outcomes) for outcomes in columns.values()) + " |")
    lines += ["", "## What is refused on purpose", ""]
    found = [(f"{client}: {why}", test) for test, by in DIFFERENCES.items() for client, why in by.items()]
    for title in dict.fromkeys(title for title, _ in found):
        names = [f"`{test.removeprefix('test_')}`" for said, test in found if said == title]
        lines.append(f"- {title} {', '.join(names)}")
    return "\n".join(lines) + "\n"


def _cell(outcomes: list[Outcome]) -> str:
    if not outcomes:
        return "–"
    counts = {
        name: sum(o.result == name for o in outcomes) for name in ("passed", "refused", "failed", "skipped")
    }
    cell = f"{counts['passed']} of {len(outcomes)}"
    if counts["refused"]:
        cell += f", *{counts['refused']} refused*"
    if counts["failed"]:
        cell += f", **{counts['failed']} failed**"
    return cell + (f", {counts['skipped']} skipped" if counts["skipped"] else "")


def _commit(suite: Path) -> str:
    """How the suite calls its version."""
    text = (suite / "tuf_conformance" / "__init__.py").read_text(encoding="utf-8")
    version = text.partition('"')[2].partition('"')[0]
    return f"version {version}" if version else "an unnamed version"


def _run_all(options: argparse.Namespace, suite: Path, reports: Path) -> dict[str, list[Outcome]]:
    """Column → its outcomes."""
    columns: dict[str, list[Outcome]] = {}
    reports.mkdir(parents=True, exist_ok=True)
    for name in options.client or CLIENTS:
        command = Path(CLIENTS[name].split(" ")[0])
        if command.exists():
            columns[name] = run_suite(suite, name, reports / f"{name}.xml")
        else:
            print(f"{name}: not built ({command}); left out", file=sys.stderr)
    return columns


def main() -> int:
    """See the module's description."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("suite", type=Path)
    parser.add_argument(
        "--client", action="append", choices=list(CLIENTS), help="run this one only; may be repeated"
    )
    parser.add_argument("--table", type=Path, help="write the page here")
    parser.add_argument("--reports", type=Path, help="keep reports here; what is there is not run again")
    options = parser.parse_args()
    suite = options.suite.resolve()
    if not (suite / "tuf_conformance" / "conftest.py").is_file():
        parser.error(f"{suite}: no checkout of tuf-conformance")
    with tempfile.TemporaryDirectory() as scratch:
        columns = _run_all(options, suite, options.reports or Path(scratch))
    page = table(columns, _commit(suite))
    if options.table:
        options.table.write_text(page, encoding="utf-8")
    else:
        print(page)
    failed = {
        name: sorted(f"{o.test}[{o.case}]" for o in found if o.result == "failed")
        for name, found in columns.items()
    }
    for name, tests in failed.items():
        for test in tests:
            print(f"{name}: {test} failed", file=sys.stderr)
    return 1 if any(failed.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
