"""``pocketshelf outfit``."""

from __future__ import annotations

import argparse
from pathlib import Path

from pocketshelf.cli.options import (
    INTERRUPTED,
    add_models,
    add_photos,
    add_store,
    add_where,
    each_photo,
    wished,
)
from pocketshelf.cli.output import print_json, print_table, say, tell
from pocketshelf.cli.unmet import unmet
from pocketshelf.cli.values import integer
from pocketshelf.cli.views import require_file, require_folders, require_with
from pocketshelf.files import atomic_write
from pocketshelf.outfit import ROLES, Looks, OutfitHit, OutfitResult
from pocketshelf.outfit.outfitter import MAX_PARTNERS
from pocketshelf.printable import counted
from pocketshelf.retriever import Retriever

__all__ = ["DESCRIPTION", "SUMMARY", "add_arguments", "run"]

SUMMARY = "find what goes with a garment in a photo"
DESCRIPTION = """\
Find what goes with a garment in a photo: products of the store, by what they do in an outfit.

The garment is the photo's most prominent one, or that of --garment. The bundle's outfit head says what goes
together; a library of looks (--looks), made by pocketshelf-train looks and synced as any store, adds what
people wear with something like it, and names the looks in which it was seen. A photo without a garment is one
line with its error; the others are answered all the same, and the exit code is 1.

What the catalogue states to be for children (age_group) is left out where the store has something else; it is
asked for by --where age_group=kids, and women's alone by --where gender=female --where gender=unisex. So is
what is for another weather (climate, season, or names such as Sandals and Coats): no sandals beside a jacket.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own options."""
    add_photos(parser)
    add_store(parser)
    parser.add_argument(
        "--looks",
        metavar="DIR",
        help="a store of looks (default: the store's folder with -looks behind its name, if it is there)",
    )
    parser.add_argument(
        "--garment", choices=ROLES, help="ask about this garment (default: the most prominent)"
    )
    parser.add_argument(
        "--with",
        dest="partners",
        choices=ROLES,
        action="append",
        help="only what does this in an outfit; may repeat (default: all that goes with the garment)",
    )
    parser.add_argument(
        "--top-k", type=integer(1, MAX_PARTNERS), default=5, metavar="K", help="products of each (default: 5)"
    )
    add_where(parser)
    parser.add_argument("--html", metavar="FILE", type=Path, help="write a page of what goes with what")
    parser.add_argument(
        "--images",
        metavar="DIR",
        type=Path,
        help="with --html: folder of the catalogue's pictures",
    )
    parser.add_argument(
        "--look-images",
        metavar="DIR",
        type=Path,
        help="with --html: folder of the looks' photos",
    )
    add_models(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    require_file("--html", args.html)
    if args.html is None:
        require_with("--html", {"--images": args.images, "--look-images": args.look_images})
    require_folders({"--images": args.images, "--look-images": args.look_images})
    with Retriever.open(args.store, args.bundle, args.threads) as retriever:
        beside = _beside(args.store)
        named = args.looks or (beside if beside.is_dir() else None)
        looks = None if named is None else Looks.open(named, retriever.encoder.bundle)

        where = wished(args)
        found: list[OutfitResult] = []

        def advise(name: str) -> None:
            wishes = {"garment": args.garment, "partners": args.partners, "where": where}
            result = retriever.outfit(name, args.top_k, looks, **wishes)
            print_json(result.to_json()) if args.json else _print(result)
            found.append(result)

        failures: list[tuple[str, str]] = []
        try:
            code = each_photo(args.photos, args.json, advise, lambda name, why: failures.append((name, why)))
        except KeyboardInterrupt:
            if args.html is None or not found:
                raise
            code = INTERRUPTED
            say("pocketshelf: interrupted; the page has what was found until then")
        met = any(each.hits for result in found for each in result.partners)
        if where and not met and code != INTERRUPTED:
            for line in unmet(retriever.store, where):
                say(f"pocketshelf: {line}")
    if args.html is not None:
        _write(args, found, failures)
    return code


def _write(args: argparse.Namespace, found: list[OutfitResult], failures: list[tuple[str, str]]) -> None:
    from pocketshelf.page.outfits import Outfits, render_outfits

    page, lacks = render_outfits(Outfits(found, failures, args.store, args.images, args.look_images))
    with atomic_write(args.html) as temporary:
        temporary.write_text(page, encoding="utf-8", errors="backslashreplace")
    say(f"{args.html}: {counted(len(found), 'photo')}")
    for said in lacks:
        say(said)


def _beside(store: str) -> Path:
    folder = Path(store).resolve()
    return folder.with_name(f"{folder.name}-looks")


def _print(result: OutfitResult) -> None:
    x, y, w, h = result.region.box
    looks = f", {counted(result.looks, 'look')} asked" if result.looks else ""
    tell(f"{result.photo}  {result.width} x {result.height}, {result.ms.total:.0f} ms{looks}")
    tell(f"  with the {result.role} at {x:.0f},{y:.0f} {w:.0f} x {h:.0f}:")
    for partners in result.partners:
        tell(f"  {partners.role}")
        if partners.hits:
            print_table([_row(rank, hit) for rank, hit in enumerate(partners.hits, start=1)], indent=4)
        else:
            tell("    nothing found")
    if not result.partners:
        tell("  nothing that goes with it")


def _row(rank: int, found: OutfitHit) -> tuple[str, ...]:
    hit = found.hit
    seen = ", ".join(look.image or look.look for look in found.looks)
    why = f"seen together in {seen}" if seen else ""
    return f"{rank:2}", f"{hit.score:+.2f}", hit.product_id, hit.title[:48], hit.category, why
