"""The review page, by keyboard in a real browser: split, merge, accept, reject, undo, save and resume."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pocketshelf_training.mine import review
from pocketshelf_training.mine.decisions import read_decisions
from pocketshelf_training.mine.pictures import Picture
from pocketshelf_training.mine.review import write_pages
from pocketshelf_training.mine.rules import Cluster
from pocketshelf_training.mine.vectors import Embedded, embedded_of

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
NAMES = [f"{letter}{n}.png" for letter in "abc" for n in range(3)]
# Keys pressed one after the other; the states that the page would save are put into the document.
PRESS = """<script>
const states = [], begun = clusters;
for (const keys of %s) {
  clusters = begun; history = []; go(0);
  for (const key of keys) document.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  states.push(document_().clusters);
}
const out = document.createElement("pre");
out.id = "out";
out.textContent = btoa(unescape(encodeURIComponent(JSON.stringify(states))));
document.body.append(out);
</script></body>"""
OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=3000", "--dump-dom")


def shown(folder: Path, page: Path) -> str:
    """The document after its scripts have run."""
    if not BROWSER:
        pytest.skip("needs chromium")
    command = [BROWSER, *OPTIONS, f"--user-data-dir={folder / 'profile'}", page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


def pressed(folder: Path, page: Path, *sequences: tuple[str, ...]) -> list[list[dict]]:
    """The clusters as the page has them after each of the sequences of keys, from the state it opens with."""
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page.read_text())
    tried = folder / "tried.html"
    tried.write_text(text.replace("</body>", PRESS % json.dumps(sequences)))
    (found,) = re.findall(r'<pre id="out">([^<]+)</pre>', shown(folder, tried))
    return json.loads(base64.b64decode(found))


@pytest.fixture
def mined(tmp_path: Path) -> tuple[Embedded, list[Cluster]]:
    """Clusters a, b and c of three pictures each, c dropped by a rule; b is nearer to a than c."""
    for name in NAMES:
        Image.new("RGB", (40, 40), (200, 40, 40)).save(tmp_path / name)
    centres = np.array([[1, 0, 0], [0.9, 0.44, 0], [0, 0, 1.0]])
    pictures = [Picture(tmp_path / name, name) for name in NAMES]
    embedded = embedded_of(
        pictures, np.repeat(centres, 3, axis=0), np.ones((9, 1), np.float32), ["<b>Thing</b>"]
    )
    rows = np.arange(9).reshape(3, 3)
    drops = ("", "", "variance of distance: 1 > 0")
    return embedded, [
        Cluster(r, "<b>Thing</b>", 0.1, 0.0, 0, drop) for r, drop in zip(rows, drops, strict=True)
    ]


def short(clusters: list[dict]) -> list[tuple[str, str]]:
    return [(" ".join(name[:2] for name in each["members"]), each["state"]) for each in clusters]


A, B, C = ("a0 a1 a2", "open"), ("b0 b1 b2", "open"), ("c0 c1 c2", "rejected")


KEYS = {
    (): [A, B, C],
    ("a", "r"): [("a0 a1 a2", "accepted"), ("b0 b1 b2", "rejected"), C],
    ("ArrowRight", " ", "s"): [("a0 a2", "open"), ("a1", "open"), B, C],
    ("s",): [A, B, C],  # Nothing is selected.
    (" ", "Escape", "s"): [A, B, C],
    ("1",): [("a0 a1 a2 b0 b1 b2", "open"), C],
    ("1", "u"): [A, B, C],
    ("a", "1", "u", "u", "u"): [A, B, C],
    ("ArrowDown", "ArrowDown", "a"): [A, B, ("c0 c1 c2", "accepted")],
    ("a", "n", "n", "a"): [("a0 a1 a2", "accepted"), ("b0 b1 b2", "accepted"), C],
    # What is near is still found once it was split.
    ("ArrowDown", " ", "s", "ArrowUp", "1", "a"): [("a0 a1 a2 b1 b2", "accepted"), ("b0", "open"), C],
}


def test_keys_do_what_the_page_says(tmp_path, mined):
    (page,) = write_pages(tmp_path, *mined, "again")
    found = pressed(tmp_path, page, *KEYS)
    assert dict(zip(KEYS, map(short, found), strict=True)) == KEYS


def test_a_page_that_is_opened_again_goes_on_where_it_was_left(tmp_path, mined):
    (page,) = write_pages(tmp_path, *mined, "again")
    pressed(tmp_path, page, ("a",))
    (again,) = pressed(tmp_path, page, ("ArrowDown", "r"))
    assert short(again) == [("a0 a1 a2", "accepted"), ("b0 b1 b2", "rejected"), C]


def test_what_the_page_saves_is_what_the_command_reads(tmp_path, mined):
    (page,) = write_pages(tmp_path, *mined, "again")
    (clusters,) = pressed(tmp_path, page, ("1", "a"))
    saved = tmp_path / "decisions.json"
    saved.write_text(json.dumps({"format": "pocketshelf-decisions", "version": 1, "clusters": clusters}))
    (identity,) = read_decisions([saved], mined[0].pictures)
    assert identity.names == tuple(NAMES[:6])


def test_the_page_runs_its_own_script_alone_and_escapes_names(tmp_path, mined):
    (page,) = write_pages(tmp_path, *mined, "a --command <script>")
    text = page.read_text()
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    assert "default-src 'none'" in policy.replace("&#39;", "'") and "script-src" in policy
    assert "unsafe-inline" not in policy.split("script-src")[1] and "http" not in policy
    assert "<b>Thing" not in text and "--command <script>" not in text
    assert "&lt;b&gt;Thing&lt;/b&gt;: 1 of 3" in shown(tmp_path, page), "the policy lets the script run"


def test_many_pictures_are_spread_over_pages(tmp_path, mined, monkeypatch):
    monkeypatch.setattr(review, "MOST_PICTURES", 6)
    pages = write_pages(tmp_path, *mined, "again")
    assert [page.name for page in pages] == ["review-1.html", "review-2.html"]
    first, second = (page.read_text() for page in pages)
    assert all(name in first for name in NAMES[:6]) and all(name in second for name in NAMES[6:])
    assert all("again --decisions decisions-1.json decisions-2.json" in text for text in (first, second))
    assert "save decisions-2.json" in second and NAMES[8] not in first
