"""What `adapt` tried and what came of it, as JSON and as a page of Markdown."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pocketshelf_training.metrics.intervals import Figure

__all__ = ["Report"]


@dataclass
class Report:
    """Filled while the work goes on.

    Attributes:
        shipped: whether the adapted bundle is better on the products held back, and was written.
        verdict: that in a sentence.
        counts: of products, pictures, photos, categories, and of those held back.
        questions: who asks what.
        tried: candidate → R@1 and mean reciprocal rank by cross-validation, float.
        before, after: `Outcome.to_json`; int8, products held back.
        against: name of the bundle that ``before`` is of: the one begun with, or the one that a search uses.
        gain: difference in R@1, paired.
    """

    catalogue: str
    model: str
    seed: int
    shipped: bool = False
    verdict: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    questions: str = ""
    tried: dict[str, dict[str, float]] = field(default_factory=dict)
    chosen: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    gain: Figure | None = None
    against: str = ""
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """One JSON object."""
        return asdict(self) | {"gain": self.gain._asdict() if self.gain else None}

    def markdown(self) -> str:
        """A page."""
        lines = [
            f"# {self.catalogue}: {'adapted' if self.shipped else 'kept as it is'}",
            "",
            self.verdict,
            "",
        ]
        lines += ["; ".join(f"{count} {name}" for name, count in self.counts.items()) + ".", ""]
        if self.before:
            lines += [f"Products held back, {self.questions}; int8 files through the SDK.", ""]
            lines += ["| | R@1 | R@5 | R@10 | mean reciprocal rank |", "|---|---|---|---|---|"]
            lines += [_row(self.against, self.before), *([_row("adapted", self.after)] if self.after else [])]
        lines += ["", "Chosen on the other products, by cross-validation (float):", ""]
        lines += ["| candidate | R@1 | mean reciprocal rank |", "|---|---|---|"]
        lines += [f"| {name} | {s['R@1']:.3f} | {s['mrr']:.3f} |" for name, s in self.tried.items()]
        lines += ["", f"Seed {self.seed}, {self.seconds / 60:.1f} minutes.", ""]
        return "\n".join(lines)

    def write(self, folder: Path) -> None:
        """``report.json`` and ``report.md``."""
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.to_json(), indent=1, ensure_ascii=False)
        (folder / "report.json").write_text(text + "\n", encoding="utf-8")
        (folder / "report.md").write_text(self.markdown(), encoding="utf-8")


def _row(name: str, figures: dict[str, Any]) -> str:
    cells = [str(Figure(**figures[f"R@{k}"])) for k in (1, 5, 10)]
    return f"| {name} | {' | '.join(cells)} | {figures['mrr']:.3f} |"
