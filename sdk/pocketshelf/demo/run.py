"""The demo from end to end: material, shelf, searches, figures, page."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from pocketshelf.demo.answers import answer_queries, detect_examples
from pocketshelf.demo.output import OutputFolder
from pocketshelf.demo.page import render_page
from pocketshelf.demo.report import Report, recall_rows, stage_times
from pocketshelf.demo.shelf import make_shelf
from pocketshelf.demo.sources.choice import Choice, choose_dataset, data_folder
from pocketshelf.formats.bundle import load_bundle
from pocketshelf.printable import counted
from pocketshelf.progress import ProgressBar
from pocketshelf.retriever import Retriever

__all__ = ["Options", "run_demo"]


@dataclass(frozen=True)
class Options:
    """What a demo does.

    Attributes:
        out: folder that it writes.
        bundle: folder of the models; the default bundle if None.
        use_server: run a server and sync from it, where it is installed.
        drop_in: address that the page links to for photos of one's own; None: it says how they are searched.
    """

    choice: Choice = field(default_factory=Choice)
    out: str = "demo-out"
    bundle: str | None = None
    use_server: bool = True
    drop_in: str | None = None


def run_demo(options: Options, say: Callable[[str], None] = lambda message: None) -> Report:
    """Run it; ``say`` is told what goes on. The folder then holds index.html and report.json.

    Raises:
        PocketshelfError: one line says what is missing or wrong.
    """
    started = time.perf_counter()
    bundle = load_bundle(options.bundle)
    output = OutputFolder(options.out)
    output.prepare(data_folder(options.choice))
    dataset = choose_dataset(options.choice, say)
    say(f"{dataset.name}: {counted(len(dataset.queries), 'photo')} to search. {dataset.source}")
    shelf = make_shelf(dataset, bundle, output, options.use_server)
    say(f"{counted(shelf.products, 'product')} on the shelf. {shelf.note}".rstrip())
    with Retriever.open(output.store, bundle) as retriever:
        with ProgressBar("search", "photo") as bar:
            answers = answer_queries(retriever, dataset.queries, bar.update)
        examples = detect_examples(retriever, dataset)
        report = Report(
            dataset=dataset,
            shelf=shelf,
            bundle=bundle.name,
            space=bundle.space,
            seed=options.choice.seed,
            recall=recall_rows(answers, boxes_known=dataset.drawn, detects=bundle.detector is not None),
            times=stage_times(answers),
            seconds=time.perf_counter() - started,
            page=str(output.page),
            shelf_store=str(output.store),
            drop_in=options.drop_in,
        )
        output.write(output.page, render_page(report, answers, examples, retriever))
    output.write(output.report, json.dumps(report.to_json(), indent=1, ensure_ascii=False) + "\n")
    return report
