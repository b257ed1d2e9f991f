"""What the review page saves is read back; what is none of it, or contradicts itself, is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pocketshelf_training.data.plain_csv import load
from pocketshelf_training.mine.decisions import DecisionsDamaged, Identity, read_decisions, write_identities
from pocketshelf_training.mine.pictures import list_pictures
from pocketshelf_training.samplers.pools import learnable


def saved(path: Path, *clusters: dict, **more: object) -> Path:
    document = {"format": "pocketshelf-decisions", "version": 1, "clusters": clusters, **more}
    path.write_text(json.dumps(document))
    return path


def cluster(*members: str, state: str = "accepted", category: str = "Red things") -> dict:
    return {"members": members, "state": state, "category": category, "origin": [0], "note": ""}


def reds(count: int) -> list[str]:
    return [f"seller-{n % 2}/red{n}.png" for n in range(count)]


def test_only_the_accepted_become_identities(photo_folder, tmp_path):
    pictures = list_pictures(photo_folder)
    one, two = reds(4)[:2], reds(4)[2:]
    path = saved(
        tmp_path / "d.json", cluster(*one), cluster(*two, state="rejected"), cluster(*two, state="open")
    )
    assert read_decisions([path], pictures) == [Identity("Red things", tuple(one))]


def test_several_pages_are_read_as_one(photo_folder, tmp_path):
    files = [saved(tmp_path / f"{n}.json", cluster(name)) for n, name in enumerate(reds(2))]
    assert [each.names for each in read_decisions(files, list_pictures(photo_folder))] == [
        (n,) for n in reds(2)
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "not the decisions"),
        ('{"format": "pocketshelf-decisions", "version": 2, "clusters": []}', "not the decisions"),
        ('{"format": "pocketshelf-decisions", "version": 1, "clusters": {}}', "no list of clusters"),
        ('{"format": "pocketshelf-decisions", "version": 1, "clusters": [7]}', "cluster 1: its state"),
    ],
)
def test_what_is_no_such_file_is_refused(tmp_path, text, said):
    path = tmp_path / "d.json"
    path.write_text(text)
    with pytest.raises(DecisionsDamaged, match=said):
        read_decisions([path], [])


@pytest.mark.parametrize(
    ("clusters", "said"),
    [
        ([cluster("elsewhere.png")], "'elsewhere.png' is not among those mined"),
        ([cluster(*reds(2)), cluster(*reds(3)[1:])], "cluster 2: picture .* in another accepted cluster"),
        ([cluster(reds(1)[0], reds(1)[0])], "in another accepted cluster"),
        ([cluster()], "no list of pictures"),
        ([{**cluster(*reds(1)), "members": [3]}], "no list of pictures"),
        ([{**cluster(*reds(1)), "category": None}], "its category is no text"),
        ([cluster(*reds(1), state="perhaps")], "its state is none of"),
    ],
)
def test_decisions_that_contradict_the_pictures_are_refused(photo_folder, tmp_path, clusters, said):
    with pytest.raises(DecisionsDamaged, match=said):
        read_decisions([saved(tmp_path / "d.json", *clusters)], list_pictures(photo_folder))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DecisionsDamaged, match=r"nowhere\.json: cannot be read"):
        read_decisions([tmp_path / "nowhere.json"], [])


def test_identities_are_what_the_training_of_embedders_takes(photo_folder, tmp_path):
    pictures = list_pictures(photo_folder)
    path = tmp_path / "elsewhere" / "identities.csv"
    write_identities(path, [Identity("Red things", tuple(reds(5)))], pictures)
    samples = load(path)
    assert {s.identity for s in samples} == {"mined-00001"} and {s.category for s in samples} == {
        "Red things"
    }
    assert [s.image.resolve() for s in samples] == [(photo_folder / name).resolve() for name in reds(5)]
    # Needs a shop's picture of each product, and photos of split train and val: else it refuses.
    assert [(s.domain, s.split) for s in learnable("csv", samples)] == [
        ("shop", "train"), ("street", "train"), ("street", "val"), ("street", "train"), ("street", "train")
    ]  # fmt: skip
