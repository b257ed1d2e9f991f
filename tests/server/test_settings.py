"""``config.json``: every value's type and range, with one clear line; and a password in it stays in it."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from pocketshelf.errors import CatalogueError
from pocketshelf_server.cli import main
from pocketshelf_server.site import Site, SiteConfig

WITH_PASSWORD = "postgresql://shop:hunter2@127.0.0.1:1/none?connect_timeout=1"


@pytest.fixture
def written(tmp_path: Path) -> Site:
    return Site.create(tmp_path / "site", SiteConfig())


def put(site: Site, text: str) -> None:
    site.config_path.write_text(text, encoding="utf-8")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("name", SiteConfig.__dataclass_fields__)
@pytest.mark.parametrize(
    "value",
    [
        "-1",
        '"1000"',
        "1.5",
        "[]",
        "{}",
        "NaN",
        "Infinity",
        "1e999",
        str(10**30),
        "null",
        "true",
        '""',
        "[[1]]",
    ],
)
def test_a_value_of_another_type_or_out_of_range_is_one_clear_line(
    name: str, value: str, written: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads(written.config_path.read_text())
    default = getattr(SiteConfig(), name)
    if value == "true" and (isinstance(default, bool) or name == "closely"):
        return
    allowed = {"token_sha256": "null", "closely": "null", "picture_folders": "[]", "names": "null []"}
    if value in allowed.get(name, "").split():
        return
    if isinstance(default, float) and value == "1.5":
        return
    del document[name]
    put(written, json.dumps(document)[:-1] + f', "{name}": {value}}}')
    capsys.readouterr()
    assert main(["publish", str(written.folder)]) == 1
    (line,) = [text for text in capsys.readouterr().err.splitlines() if text]
    assert line.startswith("error: ") and len(line) < 300
    assert "config.json" in line and (name in line or "JSON number" in line or "number" in line)


@pytest.mark.parametrize(
    "changed",
    [
        {"shards": {"all": []}},
        {"shards": {"all": {"rule": "top", "column": "x", "count": "many"}}},
        {"shards": {"../all": {"rule": "all"}}},
        {"shards": {"all": {"rule": ["all"]}}},
        {"shards": {"all": {"rule": "top", "column": ["x"], "count": 5}}},
        {"shards": {"all": {"rule": "attribute", "column": 5, "values": ["x"]}}},
        {"shards": {"all": {"rule": "attribute", "column": "x", "values": [["x"]]}}},
        {"shards": {"all": {"rule": "category", "values": "Apple"}}},
        {"shards": {"all": {"rule": "category", "values": [None]}}},
        {"shards": {"all": {"rule": "assortment", "file": 5}}},
        {"shards": {"all": {"rule": "assortment", "file": ""}}},
        {"expiry_days": {"root": -1, "targets": 90, "snapshot": 14, "timestamp": 2}},
        {"expiry_days": {"root": 1e9, "targets": 90, "snapshot": 14, "timestamp": 2}},
        {"expiry_days": {"root": "365", "targets": 90, "snapshot": 14, "timestamp": 2}},
        {"expiry_days": {"root": 365}},
        {"token_sha256": "abc"},
        {"catalogue": "mysql://shop:hunter2@host/db"},
        {"index": "magic\u001b[2J"},
    ],
)
def test_what_lies_deeper_is_checked_as_well(
    changed: dict[str, Any], written: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    put(written, json.dumps({**json.loads(written.config_path.read_text()), **changed}))
    with pytest.raises(CatalogueError) as caught:
        config = written.config()
        from pocketshelf_server.publish.rules import parse_rule

        for name, rule in config.shards.items():
            parse_rule(name, rule, written.folder)
    assert "hunter2" not in str(caught.value) and str(caught.value).isprintable()


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "[" * 100_000, "\x00", '{"format": NaN}'])
def test_what_is_no_configuration_is_one_clear_line(text: str, written: Site) -> None:
    put(written, text)
    with pytest.raises(CatalogueError, match=r"config\.json"):
        written.config()


def test_the_defaults_and_what_was_written_are_read_back(written: Site) -> None:
    config = written.config()
    config.retain, config.expiry_days["timestamp"] = 3, 0.5
    written.write_config(config)
    assert written.config() == config


def test_a_configuration_with_a_password_is_its_owners_alone(tmp_path: Path) -> None:
    open_to_all = Site.create(tmp_path / "a", SiteConfig())
    assert mode(open_to_all.config_path) & 0o044
    # A killed writer's file must not lend its mode.
    for site in (Site(tmp_path / "b"), open_to_all):
        site.folder.mkdir(exist_ok=True)
        (site.folder / ".config.json.new").write_text("x")
        site.write_config(SiteConfig(catalogue=WITH_PASSWORD))
        assert mode(site.config_path) == 0o600 and site.config().catalogue == WITH_PASSWORD
    by_parameter = "postgresql://127.0.0.1/none?user=shop&password=hunter2"
    site.write_config(SiteConfig(catalogue=by_parameter))
    assert mode(site.config_path) == 0o600


def test_a_password_written_in_by_hand_closes_the_file(
    written: Site, caplog: pytest.LogCaptureFixture
) -> None:
    put(written, json.dumps({**json.loads(written.config_path.read_text()), "catalogue": WITH_PASSWORD}))
    written.config_path.chmod(0o644)
    written.config()
    assert mode(written.config_path) == 0o600
    assert "holds a password" in caplog.text and "hunter2" not in caplog.text


@pytest.mark.parametrize(
    "address",
    [
        WITH_PASSWORD,
        "postgresql://shop:hunter2@x@127.0.0.1:1/none",
        "postgresql://shop:x@hunter2@127.0.0.1:1/none",
        "postgresql://shop:hunter2/x@127.0.0.1:1/none",
        "postgresql://shop:hunter2#x@127.0.0.1:1/none",
        "postgresql://shop:%zzhunter2@127.0.0.1:1/none",
        "postgresql://127.0.0.1:hunter2/none",
        "postgresql://127.0.0.1:1/none?password=hunter2&connect_timeout=1",
        "postgresql://127.0.0.1:1/none?nonsense=hunter2",
        "mysql://shop:hunter2@127.0.0.1/none",
        "shop:hunter2@127.0.0.1/none",
    ],
)
def test_the_password_of_a_database_is_told_nowhere(
    address: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("psycopg")
    site = tmp_path / "site"
    options = ["--space", "s", "--preprocessing", "h", "--catalogue", address]
    assert main(["init", str(site), *options]) in (1, 2)
    made = Site.create(tmp_path / "other", SiteConfig())
    document = json.loads(made.config_path.read_text())
    put(made, json.dumps({**document, "catalogue": address}))
    for command in ("publish", "stats", "serve"):
        assert main([command, str(made.folder)]) == 1
    out, err = capfd.readouterr()
    assert "hunter2" not in out + err and err


@pytest.mark.parametrize(
    "options",
    [
        ["serve", "s", "--port", "-1"],
        ["serve", "s", "--port", "65536"],
        ["serve", "s", "--port", "1.5"],
        ["serve", "s", "--threads", "0"],
        ["serve", "s", "--threads", "1" + "0" * 30],
        ["import", "s", "x.csv", "--workers", "0"],
        ["import", "s", "x.csv", "--workers", "nan"],
        ["init", "s", "--dimension", "-1"],
        ["init", "s", "--root-keys", "0"],
        ["init", "s", "--threshold", "１"],
        ["init", "s", "--index", "magic"],
    ],
)
def test_an_options_value_out_of_range_is_wrong_usage(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(options)
    assert stop.value.code == 2 and options[-2] in capsys.readouterr().err.splitlines()[-1]


def test_every_number_of_every_command_is_bounded() -> None:
    """A new option's bare int or float would take 10**30, nan, or 1_000."""
    import ast

    root = Path(__file__).resolve().parents[2]
    bare = [
        f"{path.relative_to(root)}:{node.value.lineno}"
        for folder in ("sdk", "server", "training", "converters")
        for path in (root / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.keyword)
        and node.arg == "type"
        and ast.unparse(node.value) in ("int", "float")
    ]
    assert bare == []
