r"""The Python client by the commands of the public suite tuf-conformance: init, refresh and download.

    python_client.py --metadata-dir D init ROOT
    python_client.py --metadata-dir D --metadata-url U refresh
    python_client.py --metadata-dir D --metadata-url U --target-name N --target-base-url B --target-dir T \
        download

What answers is the sync's own: `pocketshelf.sync.trust`, the resumable download and the HTTP fetcher. Only
the addresses are the suite's. What `pocketshelf.sync.metadata_rules` asks of a shop of this project besides
The Update Framework's rules is left out unless ``--shop-rules`` is given: the suite's repositories are of any
kind. See https://github.com/theupdateframework/tuf-conformance
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

from tuf.api.exceptions import RepositoryError

from pocketshelf.errors import PocketshelfError
from pocketshelf.store.filesystem import FileSystem
from pocketshelf.sync import Answer, Limits, trust
from pocketshelf.sync.download import Downloader
from pocketshelf.sync.http import HttpFetcher
from pocketshelf.sync.limits import Pace
from pocketshelf.sync.trust import Target, Trust, Trusted

# Where the sync believes the repository to be.
_HERE = "http://conformance.invalid"


class SuitesAddresses:
    """A fetcher that asks the suite's addresses for what the sync asks a shop's."""

    def __init__(self, metadata_url: str, targets_url: str | None) -> None:
        self._bases = {f"{_HERE}/v1/metadata/": metadata_url, f"{_HERE}/v1/targets/": targets_url}
        self._http = HttpFetcher()

    def get(self, url: str, *, offset: int = 0, etag: str | None = None, seconds: float) -> Answer:
        for ours, theirs in self._bases.items():
            if theirs is not None and url.startswith(ours):
                path = quote(url.removeprefix(ours), safe="/%")
                return self._http.get(
                    f"{theirs.rstrip('/')}/{path}", offset=offset, etag=etag, seconds=seconds
                )
        raise AssertionError(f"nothing is asked at {url}")


class Client:
    """One run of the command."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options, self._files, self._limits = options, FileSystem(), Limits()
        self._pace = Pace(self._limits)
        self._trust = Trust(Path(options.metadata_dir), self._files)

    def init(self) -> None:
        """Trust the root given."""
        self._trust.establish(Path(self._options.trusted_root).read_bytes())

    def refresh(self) -> Trusted:
        """Get what the repository says now."""
        return self._trust.refresh(self._fetcher(), _HERE, self._pace, self._limits)

    def download(self) -> None:
        """Get the files named, one after another; what is there already is not fetched."""
        trusted = self.refresh()
        for name in self._options.target_name:
            self._get(trusted.target(name), Path(self._options.target_dir) / quote(name, safe=""))

    def _get(self, target: Target, path: Path) -> None:
        if path.is_file():
            with path.open("rb") as stream:
                if target.matches(stream):
                    return
        with tempfile.TemporaryDirectory() as folder:
            downloader = Downloader(
                Path(folder), self._fetcher(), self._files, self._pace, self._limits, lambda done, total: None
            )
            shutil.copyfile(downloader.get(target), path)

    def _fetcher(self) -> SuitesAddresses:
        return SuitesAddresses(self._options.metadata_url, self._options.target_base_url)


@contextlib.contextmanager
def any_repository(folder: Path) -> Iterator[None]:
    """Leave out a shop's rules, and keep the metadata of roles that are delegated to, which no shop has."""
    scratches: list[Path] = []
    rules, shutil_there = trust.check_metadata, trust.shutil
    trust.check_metadata = lambda data, where: None
    # The workflow's folder is removed after a refresh; delegated roles are asked for only later.
    trust.shutil = SimpleNamespace(rmtree=lambda path, ignore_errors: scratches.append(Path(path)))
    try:
        yield
    finally:
        trust.check_metadata, trust.shutil = rules, shutil_there
        for scratch in scratches:
            for path in scratch.glob("*.json"):
                if not (folder / path.name).exists():
                    shutil.copyfile(path, folder / path.name)
            shutil.rmtree(scratch)


def main() -> int:
    """Exit status 0: done; 1: refused, with one line on standard error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metadata-dir", required=True)
    parser.add_argument("--metadata-url", default="")
    parser.add_argument("--target-name", action="append", default=[])
    parser.add_argument("--target-base-url")
    parser.add_argument("--target-dir")
    parser.add_argument("--shop-rules", action="store_true")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("init").add_argument("trusted_root")
    commands.add_parser("refresh")
    commands.add_parser("download")
    options = parser.parse_args()
    try:
        with contextlib.nullcontext() if options.shop_rules else any_repository(Path(options.metadata_dir)):
            getattr(Client(options), options.command)()
    except (PocketshelfError, RepositoryError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
