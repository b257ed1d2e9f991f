"""Every command that a document names exists and takes the options shown: figures' commands, too."""

from __future__ import annotations

import argparse
import functools
import importlib.util
import re
import subprocess
import sys

import pytest
from pages import PAGES, ROOT, Command, commands

from pocketshelf.cli.entry import PROGRAM as DEVICE
from pocketshelf_server.cli import PROGRAM as SERVER

torch = pytest.importorskip("torch", reason="needs the extra 'train'")


@functools.cache
def parser_of(program: str) -> argparse.ArgumentParser:
    """The parser of one of our three commands."""
    if program == "pocketshelf":
        return DEVICE.parser()
    if program == "pocketshelf-server":
        return SERVER.parser()
    from pocketshelf_training.__main__ import build_parser

    return build_parser()


def leaf(parser: argparse.ArgumentParser, words: tuple[str, ...]) -> argparse.ArgumentParser:
    """The parser of the command that ``words`` begin with."""
    for word in words:
        choices = [a.choices for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
        if not choices:
            break
        assert word in choices[0], f"there is no command {word!r}; there are {', '.join(choices[0])}"
        parser = choices[0][word]
    return parser


@functools.cache
def help_of(module: str) -> str:
    """What ``python -m module --help`` prints."""
    done = subprocess.run(
        [sys.executable, "-m", module, "--help"], capture_output=True, text=True, cwd=ROOT, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def options(words: tuple[str, ...]) -> list[str]:
    return [word.partition("=")[0] for word in words if re.match(r"--\w", word)]


def check(command: Command) -> None:
    """Fails unless the command exists, knows its options and, if it stands in a block, can be parsed."""
    program, *rest = command.words
    if program == "./dev":
        assert re.search(rf"^    {rest[0]}\)", (ROOT / "dev").read_text(), re.M), f"./dev has no {rest[0]!r}"
    elif program in ("python", "python3") and rest[0] == "-m":
        if rest[1] not in ("pip", "venv"):
            assert [option for option in options(command.words) if option not in help_of(rest[1])] == []
    elif program == "python":
        assert (ROOT / rest[0]).is_file()
    else:
        parser = leaf(parser_of(program), tuple(rest))
        assert [o for o in options(command.words) if o not in parser._option_string_actions] == []
        if command.whole:
            parser_of(program).parse_args(rest)


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_exists_and_takes_its_options(page: str) -> None:
    wrong = []
    for command in commands(page):
        try:
            check(command)
        except (AssertionError, SystemExit) as error:
            wrong.append(f"{command}: {str(error).splitlines()[0]}")
    assert wrong == []


def test_what_the_entry_script_runs_is_there() -> None:
    text = (ROOT / "dev").read_text()
    modules = set(re.findall(r'"\$PY" -m ([\w.]+)', text))
    assert {"pytest", "pocketshelf", "pocketshelf_training"} <= modules
    specs = {name: importlib.util.find_spec(name) for name in modules}
    # A folder that is no package has no origin.
    assert [name for name, spec in specs.items() if spec is None or spec.origin is None] == []
    for words in (("pocketshelf", "demo"), ("pocketshelf_training", "evaluate")):
        assert " ".join(words) in text


def test_the_check_finds_what_is_wrong() -> None:
    for words in (
        ("pocketshelf", "fly"),
        ("pocketshelf", "search", "--nothing"),
        ("pocketshelf-server", "publish", "--nothing"),
        ("pocketshelf-train", "train", "nothing"),
        ("python", "benchmarks/nothing.py"),
        ("./dev", "nothing"),
    ):
        with pytest.raises(AssertionError):
            check(Command("x.md", words, whole=False))
    with pytest.raises(SystemExit):
        check(Command("x.md", ("pocketshelf", "search"), whole=True))
    assert len(list(commands("README.md"))) > 5
