"""On which machine a figure was measured: what decides how fast an int8 network is, is said."""

from pathlib import Path

import pytest

from pocketshelf_training.pages import provenance


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ("fpu sse2 avx2", "EPYC (AVX2), "),
        ("fpu avx2 avx512f", "EPYC (AVX-512), "),
        ("avx512f avx2 avx512_vnni", "EPYC (AVX-512 VNNI), "),
        ("avx2 avx_vnni", "EPYC (AVX VNNI), "),
        ("fpu sse2", "EPYC, "),
    ],
)
def test_the_widest_instructions_are_named(
    flags: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "cpuinfo"
    info.write_text(f"processor\t: 0\nmodel name\t: EPYC\nflags\t\t: {flags}\n\nprocessor\t: 1\n")
    monkeypatch.setattr(provenance, "CPUINFO", info)
    assert provenance.machine().startswith(said)


def test_where_linux_says_nothing_the_machine_still_has_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provenance, "CPUINFO", tmp_path / "none")
    name, cores, python = provenance.machine().split(", ")
    assert name
    assert cores.endswith(" cores")
    assert python.startswith("Python 3.")
