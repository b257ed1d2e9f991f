"""``contract/sql``: run by SQLite alone, as on any platform, it makes, checks and applies golden files."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SQL, GOLDEN = ROOT / "contract/sql", ROOT / "contract/golden/formats"


def schema(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
        return {"".join(sql.split()) for (sql,) in rows}


@pytest.mark.parametrize("kind", ["shard", "delta"])
def test_the_tables_are_those_of_the_golden_files(tmp_path: Path, kind: str) -> None:
    with closing(sqlite3.connect(tmp_path / "new")) as connection:
        connection.executescript((SQL / f"{kind}.sql").read_text())
    assert schema(tmp_path / "new") == schema(GOLDEN / f"{kind}-v1.sqlite")


def test_the_statements_apply_a_delta(tmp_path: Path) -> None:
    shard = shutil.copy(GOLDEN / "shard-v1.sqlite", tmp_path / "shard.sqlite")
    with closing(sqlite3.connect(shard)) as connection:
        connection.execute("ATTACH DATABASE ? AS delta", (str(GOLDEN / "delta-v1.sqlite"),))
        connection.executescript(f"BEGIN; {(SQL / 'apply_delta.sql').read_text()} COMMIT;")
        rows = connection.execute("SELECT product_id, sequence FROM products ORDER BY 1").fetchall()
        (sequence,) = connection.execute("SELECT value FROM meta WHERE key = 'sequence'").fetchone()
    assert (rows, sequence) == ([("10", 1), ("11", 4)], "5")


@pytest.mark.parametrize("kind", ["shard", "delta"])
def test_the_checks_find_nothing_in_the_golden_files(kind: str) -> None:
    text = "\n".join(
        line for line in (SQL / f"check_{kind}.sql").read_text().splitlines() if not line.startswith("--")
    )
    statements = [part for part in text.split(";") if part.strip()]
    with closing(sqlite3.connect(GOLDEN / f"{kind}-v1.sqlite")) as connection:
        values = {"max_text": 4096, **dict(connection.execute("SELECT key, value FROM meta"))}
        numbers = {key: int(value) if str(value).isdigit() else value for key, value in values.items()}
        assert [connection.execute(statement, numbers).fetchall() for statement in statements] == [
            [] for _ in statements
        ]
    assert len(statements) == {"shard": 2, "delta": 5}[kind]
