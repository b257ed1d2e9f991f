"""Who may import whom: the table in ARCHITECTURE.md, enforced on source and in a process; no circles."""

from __future__ import annotations

import ast
import graphlib
import itertools
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = {
    "pocketshelf": ROOT / "sdk/pocketshelf",
    "pocketshelf_server": ROOT / "server/pocketshelf_server",
    "pocketshelf_training": ROOT / "training/pocketshelf_training",
    "converters": ROOT / "converters",
}
OURS = set(SOURCES)

# package → prefixes of ours that it may import besides itself.
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "pocketshelf": (),
    "pocketshelf_server": ("pocketshelf",),
    "pocketshelf_training": ("pocketshelf",),
    "converters": ("pocketshelf", "pocketshelf_training"),
}
# package → third-party modules that it may import at import time; imports inside functions are free.
EAGER = {"pocketshelf": {"numpy", "usearch", "PIL"}}
NEVER = {
    "pocketshelf_server": {"torch", "torchvision", "pocketshelf_training", "converters"},
    "pocketshelf": {"flask", "pocketshelf_training", "pocketshelf_server"},
}
# Parts of the SDK that are only loaded by their own command may need its extra.
OWN_NEEDS = {"sdk/pocketshelf/kiosk": {"flask", "werkzeug", "waitress"}, "sdk/pocketshelf/wsgi": {"waitress"}}
BLOCKED = (
    "torch",
    "flask",
    "tensorflow",
    "executorch",
    "coremltools",
    "tuf",
    "cryptography",
)


def sources(package: str) -> Iterator[Path]:
    yield from SOURCES[package].rglob("*.py")


def imports(path: Path, eager_only: bool) -> Iterator[tuple[str, int]]:
    """(dotted name, line) of every import, or only of those that run when the module is imported."""
    pending: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)
        elif eager_only and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        elif eager_only and isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            pending.extend(node.orelse)
            continue
        pending.extend(ast.iter_child_nodes(node))


@pytest.mark.parametrize("package", sorted(OURS))
def test_packages_import_of_ours_only_what_the_table_allows(package: str) -> None:
    allowed = (package, *MAY_IMPORT[package])
    found = list(sources(package))
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {module}"
        for path in found
        for module, line in imports(path, eager_only=False)
        if module.split(".")[0] in OURS - set(allowed)
    ]
    assert found, f"no sources of {package}"
    assert wrong == []


def test_sdk_imports_at_import_time_only_its_light_core() -> None:
    allowed = {*EAGER["pocketshelf"], *sys.stdlib_module_names, "pocketshelf"}
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {module}"
        for path in sources("pocketshelf")
        for module, line in imports(path, eager_only=True)
        if module.split(".")[0] not in allowed | own_needs(path)
    ]
    assert wrong == []


def own_needs(path: Path) -> set[str]:
    name = path.relative_to(ROOT).as_posix()
    return {module for folder, needs in OWN_NEEDS.items() if name.startswith(folder) for module in needs}


@pytest.mark.parametrize("package", sorted(NEVER))
def test_packages_never_import_what_is_barred(package: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {module}"
        for path in sources(package)
        for module, line in imports(path, eager_only=False)
        if module.split(".")[0] in NEVER[package] - own_needs(path)
    ]
    assert wrong == []


def test_the_architecture_page_shows_the_table_that_is_enforced() -> None:
    rows = re.findall(r"^\| `[\w/]+/` \| `(\w+)` \|(.*)\|$", (ROOT / "ARCHITECTURE.md").read_text(), re.M)
    shown = {
        package: [set(re.findall(r"`(\w+)`", cell)) for cell in rest.split("|")] for package, rest in rows
    }
    assert {package: cells[1] for package, cells in shown.items()} == {
        package: set(allowed) for package, allowed in MAY_IMPORT.items()
    }
    assert shown["pocketshelf"][2] == {"numpy", "pillow", "usearch"} and EAGER["pocketshelf"] == {
        "numpy",
        "PIL",
        "usearch",
    }


Edges = dict[str, dict[str, str]]


def edges(root: Path, package: str) -> dict[str, Edges]:
    """Folder → child → child that it imports → an import that does; children are files and folders.

    A file's import of another is an edge between the two children of the deepest folder that holds both.
    """
    found: dict[str, Edges] = {}
    for path in sorted(root.rglob("*.py")):
        for module, line in imports(path, eager_only=False):
            target = _file_of(root, package, module)
            if target is None or target == path:
                continue
            here, there = path.relative_to(root).parts, target.relative_to(root).parts
            depth = next(i for i, (a, b) in enumerate(zip(here, there, strict=False)) if a != b)
            folder = found.setdefault("/".join((package, *here[:depth])), {})
            folder.setdefault(here[depth], {}).setdefault(
                there[depth], f"{path.relative_to(root)}:{line} imports {module}"
            )
    return found


def _file_of(root: Path, package: str, module: str) -> Path | None:
    """The file that ``module`` is in ``root``; of a name in a module, the module's."""
    if module != package and not module.startswith(f"{package}."):
        return None
    path = root.joinpath(*module.split(".")[1:])
    files = [
        each for place in (path, path.parent) for each in (place / "__init__.py", place.with_suffix(".py"))
    ]
    return next((file for file in files if file.is_file() and file.is_relative_to(root)), None)


def circle(children: Mapping[str, Mapping[str, str]]) -> list[str]:
    """The imports that close a circle; none if there is none."""
    try:
        graphlib.TopologicalSorter({name: set(there) for name, there in children.items()}).prepare()
    except graphlib.CycleError as error:
        ring = error.args[1]  # Each is imported by the next.
        return [children[b][a] for a, b in itertools.pairwise(ring)]
    return []


@pytest.mark.parametrize("package", sorted(OURS))
def test_no_files_and_no_folders_import_each_other_in_a_circle(package: str) -> None:
    found = edges(SOURCES[package], package)
    assert found
    assert {folder: ring for folder, children in found.items() if (ring := circle(children))} == {}


def test_the_search_for_circles_finds_one_between_folders_and_one_between_files(tmp_path: Path) -> None:
    files = {
        "a/x.py": "import p.b.y",
        "b/y.py": "y = 1",
        "b/z.py": "def f():\n    from p.a import x",
        "c/u.py": "from p.c import v",
        "c/v.py": "from p.c.u import nothing",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    found = edges(tmp_path, "p")
    assert sorted(circle(found["p"])) == ["a/x.py:1 imports p.b.y", "b/z.py:2 imports p.a.x"]
    assert len(circle(found["p/c"])) == 2
    assert circle({"a": {"b": ""}, "b": {"c": ""}}) == []


def test_the_scan_sees_a_forbidden_import(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text("if True:\n    import flask\ndef f():\n    import torch\n")
    assert sorted(imports(path, eager_only=False)) == [("flask", 2), ("torch", 4)]
    assert list(imports(path, eager_only=True)) == [("flask", 2)]


# Runs in a fresh interpreter: any import of a blocked module fails there.
_PROBE = """
import sys
blocked = set(sys.argv[1].split(","))
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in blocked:
            raise ImportError(f"{name} is blocked")
sys.meta_path.insert(0, Block())
import pocketshelf
for name in pocketshelf.__all__:
    getattr(pocketshelf, name)
import pocketshelf.cli as cli
assert cli.main(["search", "x.jpg", "--store", "does-not-exist"]) == 1
loaded = sorted(blocked & {name.split(".")[0] for name in sys.modules})
assert not loaded, loaded
assert "pocketshelf.retriever" in sys.modules
"""


def test_the_whole_public_api_imports_without_torch_flask_and_toolchains() -> None:
    result = subprocess.run(
        [sys.executable, "-c", _PROBE, ",".join(BLOCKED)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    assert "no store here" in result.stderr


def test_import_pocketshelf_alone_loads_nothing_heavy() -> None:
    code = (
        "import pocketshelf, sys; print(','.join(m for m in ('numpy', 'usearch', 'PIL') if m in sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert (result.returncode, result.stdout.strip()) == (0, ""), result.stderr


def test_pytorch_may_be_loaded_after_us() -> None:
    """USearch's own C++ library would keep a PyTorch that is loaded later from printing numbers."""
    code = (
        "import pocketshelf.retriever, pocketshelf.cli.search, pocketshelf_server.search.graph; import torch;"
        "print(torch.ops.aten.sub.Tensor._schema)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert result.stdout.strip().endswith("Scalar alpha=1) -> Tensor"), result.stdout + result.stderr


def test_public_names_are_all_there() -> None:
    import pocketshelf

    assert sorted(set(pocketshelf.__all__)) == list(pocketshelf.__all__)
    assert all(getattr(pocketshelf, name) is not None for name in pocketshelf.__all__)
    assert set(pocketshelf.__all__) <= set(dir(pocketshelf))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = pocketshelf.nothing
