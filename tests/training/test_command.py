"""``pocketshelf-train``: help without torch, one command loaded at a time."""

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from pocketshelf.shipped import version
from pocketshelf_training.__main__ import COMMANDS, build_parser, main

WITHOUT_TORCH = "import sys; sys.modules['torch'] = sys.modules['numpy'] = None; "
IMPORT = "import sys; from pocketshelf_training.__main__ import main; "


def test_help_needs_neither_torch_nor_numpy():
    done = subprocess.run(
        [sys.executable, "-c", f"{WITHOUT_TORCH}{IMPORT}main(['--help'])"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 and done.stderr == ""
    assert all(command.split()[0] in done.stdout for command in COMMANDS)


def test_only_the_named_command_is_loaded():
    code = f"{IMPORT}main(['systems', '--runs=/none']); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "False"
    first, *_ = done.stderr.splitlines()
    assert first.endswith("systems: loading") and "error: /none: no results" in done.stderr


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as ended:
        main([*command.split(), "--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert f"pocketshelf-train {command}" in out and len(out.splitlines()) > 5


def test_an_unknown_command_lists_those_there_are(capsys):
    for words in (["fly"], ["train", "fly"], []):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 2
    assert "'evaluate'" in capsys.readouterr().err


def test_all_commands_can_be_had_at_once():
    args = build_parser().parse_args(["train", "detector", "--run", "x"])
    assert args.run_command.__module__ == "pocketshelf_training.detector.train"


@pytest.mark.parametrize(
    "words",
    [
        ["adapt", "cat.csv", "--out", "file/adapted"],
        ["adapt", "cat.csv", "--out", "file"],
        ["adapt", "cat.csv", "--out", "new", "--cache", "file"],
        ["train", "detector", "--run", "file"],
        ["systems", "--write", "file/page.md"],
        ["recall", "--out", "file"],
        ["mine", "same-style", ".", "--out", "file"],
        ["mine", "categories", "words.toml", "--out", "file"],
        ["evaluate", "--data-set", "grocery", "--worst", "file"],
    ],
)
def test_what_cannot_be_written_is_said_before_the_work(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    assert main(words) == 1
    *_, last = capsys.readouterr().err.splitlines()
    assert last.startswith("error: --") and " file" in last and "; name " in last
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    "words",
    [
        ["systems", "--write", "folder"],
        ["enrolment", "--model", "universal", "--out", "folder"],
        ["train", "attributes", "--checkpoint", "none.pt", "--out", "folder"],
        ["train", "outfits", "--out", "folder"],
        ["ensemble", "--member", "none.pt", "--out", "folder"],
        ["pack-detector", "--out", "folder"],
        ["tagged-boxes", "--out", "folder"],
        ["draw", "--out", "folder"],
        ["average", "--from", "none.pt", "--to", "none.pt", "--out", "folder"],
        ["catalogue", "grocery", "--out", "folder"],
        ["catalogue", "grocery", "--out", "new.csv", "--photos", "folder"],
    ],
)
def test_a_folder_in_a_files_place_is_said_before_the_work(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    assert main(words) == 1
    assert "folder: a folder is there; name a file" in capsys.readouterr().err.splitlines()[-1]


def test_what_fails_within_the_work_is_one_line_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(args: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device", "runs/page.md")

    def stopped(args: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("pocketshelf_training.studies.systems.table.run", full)
    assert main(["systems"]) == 1
    assert "error: runs/page.md: No space left on device" in capsys.readouterr().err
    monkeypatch.setattr("pocketshelf_training.studies.systems.table.run", stopped)
    assert main(["systems"]) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_the_version_is_the_projects(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"pocketshelf-train {version()}\n"


def test_a_shell_completes_commands_of_two_words_and_their_options(capsys):
    pytest.importorskip("shtab")
    with pytest.raises(SystemExit) as ended:
        main(["--print-completion", "bash"])
    assert ended.value.code == 0
    script = capsys.readouterr().out
    function = "_shtab_pocketshelf_train"
    for words, wanted in (("mine same-s", "same-style"), ("mine same-style --rea", "--reach")):
        asked = f"COMP_WORDS=(pocketshelf-train {words}); COMP_CWORD={len(words.split())}; {function}"
        done = subprocess.run(
            ["bash"],
            input=f"{script}\n{asked}\necho ${{COMPREPLY[@]}}",
            text=True,
            capture_output=True,
            check=False,
        )
        assert done.stdout.split() == [wanted]


def test_completion_without_its_library_is_one_line(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["--print-completion", "bash"]) == 1
    err = capsys.readouterr().err
    assert "pip install 'pocketshelf[completion]'" in err and "Traceback" not in err
