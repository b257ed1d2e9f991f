"""``python -m converters.sweep --out FOLDER``: every precision and backend of every target, once.

Each is an export of its own. What became of it is noted: passed, missed the gate (and what it reached),
lowered but not run here, or not available (and what to install).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from converters import parity
from converters.command import add_models, choose, exit_code, named_checkpoints, say
from converters.errors import ParityError, ToolchainMissing
from converters.networks import kinds
from converters.targets import find_target, target_names
from pocketshelf.cli.extras import says_what_to_install
from pocketshelf.cli.parser import Parser
from pocketshelf.errors import PocketshelfError
from pocketshelf.formats.bundle import digest
from pocketshelf.runtime.notices import owns_process

__all__ = ["FILE_NAME", "Outcome", "Variant", "main", "sweep", "variants"]

FILE_NAME = "sweep.json"


@dataclass(frozen=True)
class Variant:
    """One way to export one network."""

    target: str
    precision: str
    backend: str
    kind: str

    @property
    def folder(self) -> str:
        """Where its files go."""
        return "-".join(filter(None, (self.target, self.backend, self.precision, self.kind)))


@dataclass(frozen=True)
class Outcome(Variant):
    """What became of a variant.

    Attributes:
        result: "passed", "missed", "not run here", "not available" or "failed".
        message: the export's one line, where it failed.
        bytes: of the model file; 0 if there is none.
        measures: of the parity gate, name → value, a missed gate's, too.
        outside: operation → count of those outside the delegate or neural unit.
    """

    result: str
    message: str = ""
    bytes: int = 0
    measures: dict[str, float] = field(default_factory=dict)
    outside: dict[str, int] = field(default_factory=dict)


def variants(targets: Sequence[str], models: Sequence[str]) -> Iterator[Variant]:
    """Every precision of ``targets``, under every backend that runs it."""
    for name in targets:
        target = find_target(name)
        pairs = [(precision, backend) for backend, runs in target.backends.items() for precision in runs]
        for precision, backend in pairs or [(precision, "") for precision in target.precisions]:
            for kind in models:
                yield Variant(name, precision, backend, kind)


def sweep(
    chosen: Sequence[Variant], checkpoints: dict[str, Path], out: Path, keep: bool = False
) -> list[Outcome]:
    """Export each of ``chosen`` into a folder of its own in ``out``; `FILE_NAME` there lists the outcomes.

    The list is written after each, so that a sweep that was cut short leaves what it found.

    Args:
        keep: a variant whose files lie in ``out``, of the same checkpoints, is not exported again.

    Raises:
        OSError: ``out`` cannot be written.
    """
    out.mkdir(parents=True, exist_ok=True)
    outcomes: list[Outcome] = []
    for variant in chosen:
        say(f"{variant.folder}: {len(outcomes) + 1} of {len(chosen)}")
        folder = out / variant.folder
        known = _kept(variant, folder) if keep else None
        outcomes.append(known or _try(variant, checkpoints[variant.kind], folder))
        say(f"{variant.folder}: {outcomes[-1].result} {outcomes[-1].message}".rstrip())
        document = json.dumps([asdict(outcome) for outcome in outcomes], indent=1)
        (out / FILE_NAME).write_text(document + "\n", encoding="utf-8")
    return outcomes


def _kept(variant: Variant, folder: Path) -> Outcome | None:
    """What an earlier sweep found, where it left files: a variant that missed its gate leaves none."""
    path = folder / "parity.json"
    if not path.is_file():
        return None
    (report,) = json.loads(path.read_text(encoding="utf-8"))
    heading = report["heading"]
    return Outcome(
        **asdict(variant),
        result="not run here" if report["note"] else "passed",
        bytes=digest(folder / heading["file"])[1],
        measures={measure["name"]: measure["value"] for measure in report["measures"]},
        outside=heading["outside"],
    )


def _try(variant: Variant, checkpoint: Path, out: Path) -> Outcome:
    from converters.exporting import Request, export

    request = Request(
        targets=(variant.target,),
        checkpoints={variant.kind: checkpoint},
        out=out,
        precision=variant.precision,
        backend=variant.backend,
    )
    try:
        (report,) = export(request)
    except ParityError as error:
        return _outcome(variant, "missed", str(error), error.report)
    except ToolchainMissing as error:
        return _outcome(variant, "not available", str(error))
    except PocketshelfError as error:
        return _outcome(variant, "failed", str(error))
    found = _outcome(variant, "not run here" if report.note else "passed", report=report)
    return replace(found, bytes=digest(out / report.heading.file)[1])


def _outcome(
    variant: Variant, result: str, message: str = "", report: parity.Report | None = None
) -> Outcome:
    found = Outcome(**asdict(variant), result=result, message=message)
    if report is None:
        return found
    measures = {measure.name: measure.value for measure in report.measures}
    return replace(found, measures=measures, outside=report.heading.outside)


@owns_process
@says_what_to_install("export")
def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code. A variant that fails is a finding, not an error."""
    parser = Parser(prog="python -m converters.sweep", description=__doc__)
    parser.add_argument("--out", required=True, type=Path, help="one folder a variant goes in here")
    parser.add_argument("--target", default="all", help=f"{', '.join(target_names())}, or all (default)")
    parser.add_argument("--backend", default="all", help="of executorch, or all (default)")
    parser.add_argument(
        "--keep",
        action="store_true",
        help="go on: what lies in --out, of these checkpoints, is not exported again",
    )
    add_models(parser, kinds())
    parsed = parser.parse_args(arguments)

    def work() -> None:
        checkpoints = named_checkpoints(parsed, kinds())
        targets = choose(parsed.target, target_names(), "target")
        choose(parsed.backend, [b for name in targets for b in find_target(name).backends], "backend")
        every = variants(targets, list(checkpoints))
        chosen = [v for v in every if parsed.backend in ("all", v.backend)]
        sweep(chosen, checkpoints, parsed.out, parsed.keep)

    return exit_code(work)


if __name__ == "__main__":
    sys.exit(main())
