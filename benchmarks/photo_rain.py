"""A search by vector while bad photos rain: its time, and what became of the photos.

A site of synthetic products is served by a process of its own (`pocketshelf-server serve`) with the bundle
that ships. One client searches by vector, one search after the other: first alone; then beside two processes
that only count, as a measure of the machine; then while others, in a process of their own, send photos as
fast as they are answered: bombs, broken files, noise, and real ones.

    python benchmarks/photo_rain.py [--seconds 30] [--senders 8] [--products 10000] [--print]
"""

from __future__ import annotations

import argparse
import http.client
import io
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from PIL import Image

from common import record
from pocketshelf.formats import Product, Space, load_bundle, quantize_vectors, space_of
from pocketshelf_server.catalogue import Upsert, open_catalogue
from pocketshelf_server.making import make_site

BOUNDARY, NICENESS = "rain", 10
CALM_SHARE = BUSY_SHARE = 0.2  # Of the time, before the rain.


def bad_photos() -> dict[str, bytes]:
    """One of each kind: small files that cost much, files that are none, and one good photo."""
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 256, (1500, 2000, 3), dtype=np.uint8))
    return {
        "16-bit PNG, 8,000 x 8,000": _png(8000, 8000, depth=16, colour=0),
        "RGBA PNG, 7,900 x 7,900": _png(7900, 7900, depth=8, colour=6),
        "progressive JPEG": _saved(noise.resize((3600, 2700)), "JPEG", progressive=True),
        "CMYK JPEG": _saved(noise.convert("CMYK"), "JPEG"),
        "cut off": _saved(noise, "JPEG")[:50_000],
        "no photo": rng.bytes(2_000_000),
        "good": _saved(noise, "JPEG"),
    }


def _png(width: int, height: int, depth: int, colour: int) -> bytes:
    """A PNG of zeros: tens of kilobytes that become hundreds of megabytes."""
    row = 1 + width * {0: 1, 6: 4}[colour] * depth // 8
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(bytes(row)) for _ in range(height)) + packer.flush()
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([depth, colour, 0, 0, 0])
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")
        for kind, body in chunks
    )


def _saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


@contextmanager
def served(folder: Path, products: int) -> Iterator[tuple[str, Space]]:
    """The address of a server over random products, and their space."""
    space = space_of(load_bundle())
    site = make_site(folder / "site", space)
    drawn = quantize_vectors(np.random.default_rng(0).standard_normal((products, space.dimension)))
    with closing(open_catalogue(site)) as catalogue:
        rows = (Product(f"p{i}", 0, f"c{i % 20}", f"T{i}", None, v[None], {}) for i, v in enumerate(drawn))
        catalogue.apply([Upsert(product) for product in rows])
    command = [sys.executable, "-m", "pocketshelf_server", "serve", str(site.folder), "--port", "0"]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"], space
    finally:
        process.terminate()
        process.wait()


@contextmanager
def busy_machine() -> Iterator[None]:
    """As many processes as the rain has, of the same niceness, that have nothing to do with the server."""
    count = [sys.executable, "-c", f"import os; os.nice({NICENESS})\nwhile True: pass"]
    processes = [subprocess.Popen(count) for _ in range(2)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def keep_sending(url: str, senders: int, stop: Any, results: Any) -> None:
    """Send photos until told to stop; puts a count by kind and status. Runs in a process of its own."""
    os.nice(NICENESS)  # It stands for other machines: its work is not the server's.
    photos, counts, guard = bad_photos(), Counter[tuple[str, str]](), threading.Lock()

    def send(number: int) -> None:
        kinds = list(photos)
        while not stop.is_set():
            number += 1
            kind = kinds[number % len(kinds)]
            status = _post_photo(url, photos[kind])
            with guard:
                counts[kind, status] += 1
            if status == "503":
                time.sleep(0.05)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(senders)]
    results.put(None)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put(counts)


def _post_photo(url: str, photo: bytes) -> str:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="photo"; filename="p"\r\n\r\n'
    body = head.encode() + photo + f"\r\n--{BOUNDARY}--\r\n".encode()
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)
    try:
        headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        connection.request("POST", "/v1/search/photo", body, headers)
        return str(connection.getresponse().status)
    except OSError as error:
        return type(error).__name__
    finally:
        connection.close()


def search_for(url: str, space: Space, seconds: float) -> list[float]:
    """Milliseconds of each search by vector, one after the other, with a short pause between."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    rng, times, until = np.random.default_rng(1), [], time.perf_counter() + seconds
    while time.perf_counter() < until:
        body = json.dumps({"vector": rng.standard_normal(space.dimension).tolist(), "space": space.name})
        started = time.perf_counter()
        connection.request("POST", "/v1/search", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        assert answer.status == 200 and len(json.loads(answer.read())["hits"]) == 20
        times.append(1000 * (time.perf_counter() - started))
        time.sleep(0.005)
    return times


def measure(url: str, space: Space, seconds: float, senders: int) -> dict[str, Any]:
    """The searches' times in calm, on a busy machine and in rain, and the answers to the photos."""
    search_for(url, space, 0.5)
    calm = search_for(url, space, seconds * CALM_SHARE)
    with busy_machine():
        busy = search_for(url, space, seconds * BUSY_SHARE)
    context = multiprocessing.get_context("spawn")
    stop, results = context.Event(), context.Queue()
    sender = context.Process(target=keep_sending, args=(url, senders, stop, results), daemon=True)
    sender.start()
    results.get()  # Its photos are made: that is not the rain.
    rain = search_for(url, space, seconds * (1 - CALM_SHARE - BUSY_SHARE))
    stop.set()
    photos: Counter[tuple[str, str]] = results.get()
    sender.join()
    answers: dict[str, dict[str, int]] = {}
    for (kind, status), count in sorted(photos.items()):
        answers.setdefault(kind, {})[status] = count
    return {"calm": _summary(calm), "busy": _summary(busy), "rain": _summary(rain), "photos": answers}


def _summary(times: list[float]) -> dict[str, float]:
    p50, p99 = np.percentile(times, [50, 99])
    return {
        "searches": len(times),
        "median_ms": round(float(p50), 2),
        "p99_ms": round(float(p99), 2),
        "max_ms": round(max(times), 2),
    }


def main() -> int:
    """Measure and write ``results/photo_rain.json``, or print it."""
    parser = record.parser(__doc__)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--senders", type=int, default=8, help="photos on their way at once")
    parser.add_argument("--products", type=int, default=10_000)
    parser.add_argument("--print", action="store_true", help="print the figures as JSON, write nothing")
    arguments: argparse.Namespace = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="pocketshelf-rain-") as folder,
        served(Path(folder), arguments.products) as (url, space),
    ):
        figures = measure(url, space, arguments.seconds, arguments.senders)
    if arguments.print:
        print(json.dumps(figures))
    else:
        record.write("photo_rain", {**vars(arguments), **figures})
    return 0


if __name__ == "__main__":
    record.run(main)
