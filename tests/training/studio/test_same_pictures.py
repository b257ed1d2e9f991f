"""A seed gives the pictures that it always gave: what was made once from it can be made again.

``same_pictures.json`` holds the mean red, green and blue of each; this file, run as a script, writes it anew.
Then raise `VERSION` of the command whose pictures changed.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from studio_folders import real_folder

from pocketshelf_training.studio.prepare import composites, hard_cases, studio

KNOWN = Path(__file__).with_name("same_pictures.json")


def _means(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): " ".join(
            f"{mean:.1f}" for mean in np.asarray(Image.open(path)).mean((0, 1))
        )
        for path in sorted(folder.rglob("*.jpg"))
    }


def _made(folder: Path) -> dict[str, dict[str, str]]:
    """By command, the means of what it makes of tiny drawn inputs."""
    data = real_folder(folder / "data")
    studio.prepare(folder / "studio", 19, 2, 5, data)
    composites.prepare(folder / "composites", 20, 2, 3, data)
    hard_cases.prepare(folder / "hard-cases", 0, str(data))
    return {name: _means(folder / name) for name in ("studio", "composites", "hard-cases")}


def test_a_seed_gives_the_pictures_that_it_always_gave(tmp_path: Path) -> None:
    known, made = json.loads(KNOWN.read_text(encoding="utf-8")), _made(tmp_path)
    for command, pictures in known.items():
        assert list(made[command]) == list(pictures)
        for name, means in pictures.items():
            then, now = (np.array(text.split(), float) for text in (means, made[command][name]))
            assert np.abs(now - then).max() < 1, (command, name)  # Other JPEG libraries round otherwise.


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        made = _made(Path(folder))
    KNOWN.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
