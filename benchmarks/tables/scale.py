"""The tables of docs/scale.md: what was measured, what is computed, what is simulated."""

from __future__ import annotations

from typing import Any

from pocketshelf_training.pages.page import table

__all__ = ["computed", "measured", "outage", "training"]

WAYS = {
    "kiosk": "kiosks (the client's back-off)",
    "timer, spread": "cron, `--if-due --spread 600`",
    "timer": "cron, `--if-due` alone",
    "fixed": "again every minute, at times of their own",
    "fixed, together": "again every minute, together",
    "doubling": "doubling without jitter, at times of their own",
    "doubling, together": "doubling without jitter, together",
}


def measured(figures: dict[str, Any]) -> str:
    """Bytes and requests; they do not depend on the machine."""
    found = figures["measured"]
    rows = [(name, f"{value:g} bytes") for name, value in found["bytes"].items()]
    rows += [
        (f"a sync, {name}", f"{cost['requests']} requests, {cost['bytes']:,} bytes")
        for name, cost in found["syncs"].items()
    ]
    said = f"Of {found['products']:,} synthetic products of 128 numbers in 200 categories;"
    taken = f"{said} commit {figures['commit']}; `python benchmarks/scale.py`."
    return table(["measured", ">"], rows) + "\n" + taken


def computed(figures: dict[str, Any]) -> str:
    """What was not run, by arithmetic on what was."""
    head = [
        "**computed**",
        ">products, on a shelf",
        ">devices, syncs a day",
        ">first sync",
        ">a device and day",
        ">requests a second",
        ">egress a day, on average",
        ">on the device",
        ">catalogue on disk",
        ">`scan` in memory",
    ]
    rows = []
    for row in figures["computed"]:
        each = f"{row['requests_a_device_and_day']} requests, {row['kilobytes_a_device_and_day']:,.0f} kB"
        egress = f"{_digits(row['egress_gb_a_day'])} GB, {_digits(row['egress_mbit_s'])} Mbit/s"
        cells = (
            row["name"],
            f"{row['catalogue']:,}, {row['shelf']:,}",
            f"{row['devices']:,}, {row['syncs_a_day']}",
            f"{row['first_sync_mb']:g} MB",
            each,
            _digits(row["requests_a_second"]),
            egress,
            f"{row['device_disk_mb']:g} MB",
            f"{_digits(row['catalogue_gb'])} GB",
            f"{_digits(row['scan_memory_gb'])} GB",
        )
        rows.append(cells)
    assumed = figures["assumed"]
    said = (
        f"Assumed: {100 * assumed['changed_a_day']:g} % of the products change in a day, "
        f"{assumed['generations_a_day']} generations are published, headers add {assumed['header_bytes']} "
        "bytes to a request (TLS left out), a device keeps two generations, "
        f"`scan` holds {assumed['scan_bytes_a_vector']} bytes a vector and a product has one."
    )
    most = figures["computed"][-1]
    installs = 1e5 * most["first_sync_mb"] / 1e6
    fresh = installs * 1e9 / most["kilobytes_a_device_and_day"] / 1e6
    first = (
        f"Computed as well: 100,000 first syncs of a shelf of {most['shelf']:,} are {installs:.1f} TB, "
        f"as much as {fresh:.0f} million phones fetch in a day that only stay fresh."
    )
    return table(head, rows) + f"\n{said}\n\n{first}"


def _digits(value: float) -> str:
    """Three digits, thousands set apart."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _time(seconds: int | None) -> str:
    if seconds is None:
        return "not in 18 h"
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def outage(figures: dict[str, Any]) -> str:
    """Peaks and times by way and outage; then the same before a server that is full."""
    text = ""
    for bound in (None, figures["capacity"]):
        rows = [row for row in figures["rows"] if row["capacity"] == bound]
        names = list(dict.fromkeys(row["outage"] for row in rows))
        if bound is not None:
            text += (
                f"\nThe same before a server that answers {bound:,} syncs a second and all others 503 with "
                f"`Retry-After: {figures['retry_after_s']:g}` (the last two ways do not heed it):\n\n"
            )
        head = ["simulated", *(f">after {name}: peak, 50 · 95 · 99 % up to date" for name in names)]
        found = []
        for way, title in WAYS.items():
            by_name = {row["outage"]: row for row in rows if row["way"] == way}
            if not by_name:
                continue
            cells = [title]
            for name in names:
                row = by_name[name]
                times = " · ".join(_time(row[f"up_to_date_{share}_s"]) for share in (50, 95, 99))
                cells.append(f"{row['peak_of_seeds']:,} a second, {times}")
            found.append(cells)
        text += table(head, found)
    usual = figures["devices"] / figures["every_s"]
    said = (
        f"{figures['devices']:,} devices, {figures['seeds']} seeds: the highest peak of all, medians of the "
        f"times. On a usual day they make {usual:,.0f} syncs a second, evenly. "
        f"`python benchmarks/outage.py`, commit {figures['commit']}."
    )
    return f"{text}\n{said}"


def training(figures: dict[str, Any]) -> str:
    """Pictures a second by training and device."""
    names = {
        "pairs": "`train universal`: all pictures on the device",
        "boxes": "`train detector`: read by workers",
        "universal": "`train universal` itself, real pictures, from its log",
    }
    head = ["training", "on", ">a batch", ">pictures a second", ">an epoch", ">waiting for pictures"]
    found = []
    for row in sorted(figures["rows"], key=lambda row: (row["training"] == "boxes", row["device"])):
        workers = f", {row['workers']} workers" if row["workers"] else ""
        where = (
            f"{row['chip']}{workers}"
            if row["device"] == "cuda"
            else f"{row['threads']} threads of {row['machine']}"
        )
        cells = (
            names[row["training"]],
            where,
            f"{row['pictures_a_batch']}",
            f"{row['pictures_a_second']:,.4g}",
            f"{row['seconds']:.3g} s of {row['steps_an_epoch']} steps",
            f"{100 * row['waiting']:.1f} %",
        )
        found.append(cells)
    said = "Drawn pictures (synthetic) but where real ones are said; `python benchmarks/training_speed.py`."
    return f"{table(head, found)}\n{said}"
