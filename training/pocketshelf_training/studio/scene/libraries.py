"""Where 3D models come from: Sweet Home 3D's libraries, and folders of scanned goods.

**Libraries** (``*.sh3f``, Debian's package ``sweethome3d-furniture``) are zip files with a catalogue that
names each model, its licence and its makers. **Scans** are folders, one of each thing, as Google Scanned
Objects has them (Downs et al., ICRA 2022; CC BY 4.0): a mesh, and a texture made of photographs; z is up.
"""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pocketshelf.errors import UsageError
from pocketshelf_training.studio.scene.solids import Solid, read_solid

__all__ = ["FOLDER", "Model", "models_in", "of_split"]

FOLDER = Path("/usr/share/sweethome3d/furniture")
CATALOGUE = "PluginFurnitureCatalog.properties"
# People, who wear what others sell.
LEFT_OUT = ("Characters",)
# Of a scan's folder, as it is published and as simulators keep it.
MESHES = ("meshes/model.obj", "model.obj", "model_0.obj")
TEXTURES = ("materials/textures/texture.png", "texture.png")
SCANS_LICENCE = "CC BY 4.0"
# One material, whatever the file of materials says: some copies have it on one line.
MATERIAL = b"newmtl material_0\nmap_Kd texture.png\n"
# A thing scanned again has its first name and a code.
AGAIN = re.compile(r"(?P<first>.+)_[A-Za-z0-9]{11}")
# Every so many makers one is of val, but of those with more things than MANY none, that val is of many; every
# so many models, where a library names no makers.
HELD, MANY = 5, 10


@dataclass(frozen=True)
class Model:
    """One thing: where it lies, what it is, and who may do what with it.

    Attributes:
        library: the zip file, or a scan's folder.
        file: the mesh there.
        maker: things of one maker are of one split; "" where it is not known.
    """

    library: Path
    file: str
    name: str
    category: str
    licence: str
    maker: str = ""

    def solid(self, rng: np.random.Generator) -> Solid:
        """Its surface; y is up.

        Raises:
            SolidError: it shows nothing.
        """
        if self.library.is_dir():
            scan = read_solid(self.file, self._read, rng)
            return replace(scan, points=_upright(scan.points), normals=_upright(scan.normals))
        with zipfile.ZipFile(self.library) as library:
            return read_solid(self.file, library.read, rng)

    def _read(self, name: str) -> bytes:
        if name.endswith(".mtl"):
            return MATERIAL
        if name.endswith("texture.png"):
            name = next((each for each in TEXTURES if (self.library / each).is_file()), name)
        try:
            return (self.library / name).read_bytes()
        except OSError as error:
            raise KeyError(name) from error


def _upright(vectors: np.ndarray) -> np.ndarray:
    return np.stack([vectors[:, 0], vectors[:, 2], -vectors[:, 1]], axis=1)


def models_in(folder: Path) -> list[Model]:
    """All models of a folder: of its libraries, but people, or its scans; in a fixed order.

    Raises:
        UsageError: there are none.
    """
    found = [model for path in sorted(folder.glob("*.sh3f")) for model in _of_library(path)]
    found += _scans(folder)
    if not found:
        raise UsageError(
            f"{folder}: no models (*.sh3f, or folders of scans with {' or '.join(MESHES)}); "
            "apt-get install sweethome3d-furniture, or name --models"
        )
    return found


def of_split(models: list[Model], split: str) -> list[Model]:
    """Those of split "train" or "val": what one maker made is of one."""
    things = Counter(model.maker for model in models if model.maker)
    held = set(sorted(maker for maker, count in things.items() if count <= MANY)[::HELD])
    return [
        model
        for number, model in enumerate(models)
        if ((model.maker in held) if model.maker else number % HELD == 0) == (split == "val")
    ]


def _of_library(path: Path) -> Iterator[Model]:
    with zipfile.ZipFile(path) as library:
        there = set(library.namelist())
        said = dict(_properties(library.read(CATALOGUE).decode("iso-8859-1")))
    for key, file in said.items():
        word, _, number = key.partition("#")
        category = said.get(f"category#{number}", "")
        name = file.removeprefix("/")
        if word == "model" and name in there and name.endswith(".obj") and category not in LEFT_OUT:
            yield Model(path, name, said.get(f"name#{number}", ""), category, said.get("license", ""))


def _properties(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            yield key.strip(), value.strip()


def _scans(folder: Path) -> Iterator[Model]:
    """Each thing once: of those that were scanned again, the first."""
    there = sorted(each for each in folder.glob("*") if each.is_dir())
    names = {each.name for each in there}
    for scan in there:
        if (again := AGAIN.fullmatch(scan.name)) and again["first"] in names:
            continue
        mesh = next((each for each in MESHES if (scan / each).is_file()), None)
        if mesh and any((scan / each).is_file() for each in TEXTURES):
            name = scan.name.replace("_", " ")
            yield Model(scan, mesh, name, "", SCANS_LICENCE, name.split()[0].casefold())
