"""A bundle: a folder with ``bundle.json`` and the model files that it names. Format, version 1.

    {"format": "pocketshelf-bundle", "version": 1, "name": "first", "space": "<space id>",
     "embedder": {"file": "embedder.tflite", "sha256": "<64 hex>", "bytes": n, "precision": "int8",
       "preprocessing": {"size": [224, 224], "margin": 0.05, "max_aspect": 1.333,
                         "filter": "bilinear-antialias", "version": 1},
       "preprocessing_hash": "<16 hex>",
       "outputs": {"embedding": 0, "categories": 1}, "dimension": 128,
       "categories": ["Apple", …], "temperature": 1.0,
       "attributes": {"sleeve": {"output": 2, "labels": ["short", "long"], "categories": ["Shirt", …]}}},
     "detector": {"file", "sha256", "bytes", "precision", "preprocessing", "preprocessing_hash",
       "outputs": {"scores": 0, "distances": 1}, "strides": [8, 16, 32], "groups": ["upper", …],
       "score_threshold": 0.3, "nms_iou": 0.55, "frame_weight": {"goods": 0.5},
       "categories": {"upper": ["T-Shirt", …]}},
     "groups": {"space", "names", "weights", "scales", "bias"},
     "turned": {"space", "names", "weights", "scales", "bias", "threshold"},
     "recall": {…}, "enrolment": {"file": "enrolment.npz", "sha256", "bytes"},
     "outfit": {"file": "outfit.npz", "sha256", "bytes"},
     "quality": {"file", "sha256", "bytes", "precision", "preprocessing", "preprocessing_hash",
       "faults": ["too_dark", …], "rules": {"too_dark": {"bias", "likely", "sure", "weights": {…}}, …}},
     "card": "CARD.md"}

``detector`` (with ``frame_weight`` and ``categories`` in it), ``attributes`` (and ``categories`` in one),
``groups``, ``turned``, ``recall``, ``enrolment``, ``outfit``, ``quality`` and ``card`` may be absent. A model
"file" may be a folder (``.mlpackage``); its sha256 is then that of the sorted lines
``<sha256>  <relative path>\\n`` of the files within and ``bytes`` is their sum. Unknown keys are ignored, so
that a minor addition needs no new version; a change of meaning does.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pocketshelf.errors import BundleError, reason
from pocketshelf.files import atomic_write
from pocketshelf.formats import strict_json
from pocketshelf.formats.fields import Fields
from pocketshelf.formats.group_head import GroupHead
from pocketshelf.formats.preprocessing import parse_preprocessing
from pocketshelf.formats.specs import (
    AttributeSpec,
    DetectorSpec,
    EmbedderSpec,
    FileSpec,
    ModelSpec,
    QualitySpec,
)
from pocketshelf.formats.turned_head import TurnedHead
from pocketshelf.shipped import shipped

__all__ = [
    "FORMAT",
    "VERSION",
    "AttributeSpec",
    "Bundle",
    "DetectorSpec",
    "EmbedderSpec",
    "FileSpec",
    "ModelSpec",
    "QualitySpec",
    "bundle_folder",
    "default_bundle",
    "digest",
    "load_bundle",
    "write_bundle",
]

FORMAT, VERSION = "pocketshelf-bundle", 1
FILE_NAME = "bundle.json"
DEFAULT_NAME = "universal"


@dataclass(frozen=True)
class Bundle:
    """The models that belong together, and the space that their vectors live in.

    Attributes:
        folder: where the files are.
        space: id of the embedding space; stores of another space are refused.
        recall: calibration of the local-recall estimate, if any (see `pocketshelf.recall`).
        enrolment: what adjusts the vectors of a gallery's pictures, if anything does
            (see `pocketshelf.formats.enrolment`).
        outfit: what says which garments go together, if anything does (see `pocketshelf.outfit.head`).
        quality: what looks for a photo's faults, if anything does (see `pocketshelf.quality`).
        card: name of the model card's file, if any.
        groups: what tells a category's groups from its products, if anything does (see
            `pocketshelf.formats.group_head`).
        turned: what tells a photo that is not the right way up, if anything does (see
            `pocketshelf.formats.turned_head`).
    """

    folder: Path
    name: str
    space: str
    embedder: EmbedderSpec
    detector: DetectorSpec | None = None
    recall: Mapping[str, Any] | None = None
    enrolment: FileSpec | None = None
    outfit: FileSpec | None = None
    quality: QualitySpec | None = None
    card: str | None = None
    groups: Mapping[str, Any] | None = None
    turned: Mapping[str, Any] | None = None

    @property
    def files(self) -> list[FileSpec]:
        """Every file but the card."""
        parts = (self.embedder, self.detector, self.enrolment, self.outfit, self.quality)
        return [spec for spec in parts if spec is not None]

    @property
    def group_head(self) -> GroupHead | None:
        """The parsed `groups`; None where there is none of this space.

        Raises:
            BundleError: it is not the format.
        """
        part = self._of_its_space("groups", self.groups)
        if part is None or self.detector is None:
            return None
        return GroupHead.parse(part, self.embedder.dimension, self.detector.groups)

    @functools.cached_property
    def turned_head(self) -> TurnedHead | None:
        """The parsed `turned`; None where there is none of this space.

        Raises:
            BundleError: it is not the format.
        """
        part = self._of_its_space("turned", self.turned)
        return None if part is None else TurnedHead.parse(part, self.embedder.dimension)

    def _of_its_space(self, name: str, head: Mapping[str, Any] | None) -> Fields | None:
        if head is None:
            return None
        part = Fields(head, f"{self.folder / FILE_NAME}: {name}", BundleError)
        return part if part.text("space") == self.space else None

    @property
    def preprocessing_hash(self) -> str:
        """The embedder's preprocessing hash, which a store must share."""
        return self.embedder.preprocessing.hash

    @property
    def embedder_path(self) -> Path:
        """The embedder's model file."""
        return self.folder / self.embedder.file

    @property
    def enrolment_path(self) -> Path | None:
        """The enrolment's file, if the bundle has one."""
        return None if self.enrolment is None else self.folder / self.enrolment.file

    @property
    def outfit_path(self) -> Path | None:
        """The outfit head's file, if the bundle has one."""
        return None if self.outfit is None else self.folder / self.outfit.file

    @property
    def detector_path(self) -> Path | None:
        """The detector's model file, if the bundle has a detector."""
        return None if self.detector is None else self.folder / self.detector.file


def default_bundle() -> Path:
    """Folder of the bundle that is used when none is named.

    ``POCKETSHELF_BUNDLE``, else the one inside the installed package, else ``models/universal`` beside
    the packages. It need not exist.
    """
    if named := os.environ.get("POCKETSHELF_BUNDLE"):
        return Path(named)
    return shipped(f"models/{DEFAULT_NAME}")


def bundle_folder(folder: Path) -> Path:
    """``folder``, or what ships as ``models/<name>`` where there is no such folder."""
    named = len(folder.parts) == 1 and not folder.exists()
    return there if named and (there := shipped(f"models/{folder}")).is_dir() else folder


def load_bundle(folder: str | Path | None = None, check_hashes: bool = True) -> Bundle:
    """Read and validate the bundle in ``folder``, or the one that ships by that name (the default if None).

    Args:
        check_hashes: compare every model file with its recorded length and SHA-256.

    Raises:
        BundleError: missing, malformed, of an unknown version, or its files are not those recorded.
    """
    folder = default_bundle() if folder is None else bundle_folder(Path(folder))
    path = folder / FILE_NAME
    try:
        document = strict_json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError) as error:
        ships = ", ".join(sorted(file.parent.name for file in shipped("models").glob(f"*/{FILE_NAME}")))
        raise BundleError(
            f"{folder}: no bundle here ({FILE_NAME} is missing); name one with --bundle or POCKETSHELF_BUNDLE"
            + (f"; what ships: {ships}" if ships else "")
        ) from error
    except (OSError, ValueError) as error:
        raise BundleError(f"{path}: cannot be read as JSON ({reason(error)})") from error
    bundle = _parse(folder, Fields(document, str(path), BundleError))
    _ = bundle.group_head, bundle.turned_head  # Malformed, they are refused here.
    for spec in bundle.files:
        _check_file(folder / spec.file, spec, check_hashes)
    return bundle


def write_bundle(bundle: Bundle) -> Bundle:
    """Write ``bundle.json`` into ``bundle.folder``, whose model files must be there already.

    Lengths and hashes are computed here. Returns the bundle as `load_bundle` reads it back.

    Raises:
        BundleError: a model file is missing, or the folder cannot be written.
    """
    try:
        text = json.dumps(_to_json(bundle), indent=1, ensure_ascii=False) + "\n"
        with atomic_write(bundle.folder / FILE_NAME) as temporary:
            temporary.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BundleError(f"{bundle.folder}: the bundle cannot be written ({reason(error)})") from error
    return load_bundle(bundle.folder)


def digest(path: Path) -> tuple[str, int]:
    """(SHA-256, bytes) of a model file or folder, as the module's description defines them.

    Raises:
        OSError: it cannot be read.
    """
    if not path.is_dir():
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest(), path.stat().st_size
    lines, total = [], 0
    for file in sorted(p for p in path.rglob("*") if p.is_file()):
        sha, size = digest(file)
        lines.append(f"{sha}  {file.relative_to(path).as_posix()}\n")
        total += size
    return hashlib.sha256("".join(lines).encode()).hexdigest(), total


def _to_json(bundle: Bundle) -> dict[str, Any]:
    """The document, with the files' digests; what the bundle lacks is left out."""
    parts = {
        "embedder": _spec_to_json(bundle.folder, bundle.embedder),
        "detector": bundle.detector and _spec_to_json(bundle.folder, bundle.detector),
        "groups": bundle.groups,
        "turned": bundle.turned,
        "recall": bundle.recall,
        "enrolment": bundle.enrolment and _spec_to_json(bundle.folder, bundle.enrolment),
        "outfit": bundle.outfit and _spec_to_json(bundle.folder, bundle.outfit),
        "quality": bundle.quality and _spec_to_json(bundle.folder, bundle.quality),
        "card": bundle.card,
    }
    document = {"format": FORMAT, "version": VERSION, "name": bundle.name, "space": bundle.space}
    return document | {key: part for key, part in parts.items() if part is not None}


def _spec_to_json(folder: Path, spec: FileSpec) -> dict[str, Any]:
    sha256, size = digest(folder / spec.file)
    document = {**asdict(spec), "sha256": sha256, "bytes": size}
    if isinstance(spec, ModelSpec):
        document["preprocessing_hash"] = spec.preprocessing.hash
    for head in document.get("attributes", {}).values():
        if not head["categories"]:
            del head["categories"]
    if isinstance(spec, DetectorSpec) and not spec.categories:
        del document["categories"]
    return document


def _parse(folder: Path, top: Fields) -> Bundle:
    if top.text("format") != FORMAT:
        raise top.error("format", f"is not {FORMAT!r}")
    version = top.integer("version")
    if version != VERSION:
        raise BundleError(
            f"{top.where}: bundle version {version} is not known here (only {VERSION}); "
            "update pocketshelf, or export the bundle again"
        )
    return Bundle(
        folder=folder,
        name=top.text("name"),
        space=top.text("space"),
        embedder=_parse_embedder(top.child("embedder")),
        detector=_parse_detector(top.child("detector")) if top.has("detector") else None,
        groups=top.mapping("groups") if top.has("groups") else None,
        turned=top.mapping("turned") if top.has("turned") else None,
        recall=top.mapping("recall") if top.has("recall") else None,
        enrolment=FileSpec(**_parse_file(top.child("enrolment"))) if top.has("enrolment") else None,
        outfit=FileSpec(**_parse_file(top.child("outfit"))) if top.has("outfit") else None,
        quality=_parse_quality(top.child("quality")) if top.has("quality") else None,
        card=top.optional_text("card"),
    )


def _parse_embedder(part: Fields) -> EmbedderSpec:
    categories, heads = part.texts("categories"), part.optional_child("attributes")
    temperature = part.number("temperature", 1.0)
    if temperature <= 0:
        raise part.error("temperature", "must be above 0")
    return EmbedderSpec(
        **_parse_model(part),
        outputs=_parse_outputs(part, "embedding", "categories"),
        dimension=part.integer("dimension", low=1),
        categories=categories,
        temperature=temperature,
        attributes={name: _parse_attribute(heads.child(name), categories) for name in heads},
    )


def _parse_attribute(head: Fields, known: tuple[str, ...]) -> AttributeSpec:
    categories = head.texts("categories") if head.has("categories") else ()
    if unknown := [name for name in categories if name not in known]:
        raise head.error("categories", f"names {unknown[0]!r}, which is none of the model's")
    return AttributeSpec(head.integer("output", low=0), head.texts("labels"), categories)


def _parse_detector(part: Fields) -> DetectorSpec:
    groups, weights = part.texts("groups"), part.optional_child("frame_weight")
    frame_weight = {name: weights.number(name, low=0, high=1) for name in weights}
    if unknown := [name for name in frame_weight if name not in groups]:
        raise part.error("frame_weight", f"names {unknown[0]!r}, which is none of the groups")
    shelves = part.optional_child("categories")
    if unknown := [name for name in shelves if name not in groups]:
        raise part.error("categories", f"names {unknown[0]!r}, which is none of the groups")
    return DetectorSpec(
        **_parse_model(part),
        outputs=_parse_outputs(part, "scores", "distances"),
        groups=groups,
        strides=part.integers("strides", low=1),
        score_threshold=part.number("score_threshold", 0.3, low=0, high=1),
        nms_iou=part.number("nms_iou", 0.55, low=0, high=1),
        frame_weight=frame_weight,
        categories={name: shelves.texts(name) for name in shelves},
    )


def _parse_quality(part: Fields) -> QualitySpec:
    return QualitySpec(**_parse_model(part), faults=part.texts("faults"), rules=part.mapping("rules"))


def _parse_file(part: Fields) -> dict[str, Any]:
    """What every file has: name, hash, length."""
    name, sha256 = part.text("file"), part.text("sha256")
    if len(PurePosixPath(name).parts) != 1 or name.startswith(".") or "\\" in name or ":" in name:
        raise part.error("file", "must be a plain name inside the bundle")
    if not re.fullmatch("[0-9a-f]{64}", sha256):
        raise part.error("sha256", "must be 64 hexadecimal digits")
    return {"file": name, "sha256": sha256, "bytes": part.integer("bytes", low=0)}


def _parse_model(part: Fields) -> dict[str, Any]:
    """What both models share: the file, precision, preprocessing."""
    file = _parse_file(part)
    preprocessing = parse_preprocessing(part.child("preprocessing"))
    if part.text("preprocessing_hash") != preprocessing.hash:
        raise part.error("preprocessing_hash", f"is not that of its preprocessing ({preprocessing.hash})")
    return {**file, "precision": part.text("precision"), "preprocessing": preprocessing}


def _parse_outputs(part: Fields, *names: str) -> dict[str, int]:
    outputs = part.child("outputs")
    return {name: outputs.integer(name, low=0) for name in names}


def _check_file(path: Path, spec: FileSpec, check_hashes: bool) -> None:
    if not path.exists():
        raise BundleError(f"{path}: the model file is missing; export or download the bundle again")
    if not check_hashes:
        return
    try:
        found = digest(path)
    except OSError as error:
        raise BundleError(f"{path}: cannot be read ({reason(error)})") from error
    if found != (spec.sha256, spec.bytes):
        raise BundleError(f"{path}: not the file that {FILE_NAME} records; export or download it again")
