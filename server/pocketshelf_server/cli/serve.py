"""``serve``: the site over HTTP."""

from __future__ import annotations

import argparse
import logging
import socket
import sys
import threading

from pocketshelf.cli import values
from pocketshelf.cli.output import print_json
from pocketshelf.closely import FeaturesWanted, is_available
from pocketshelf.errors import PocketshelfError, ServerError
from pocketshelf.formats import load_bundle, space_of
from pocketshelf_server import logs
from pocketshelf_server.catalogue import Catalogue, open_catalogue
from pocketshelf_server.cli.options import add_site, open_site
from pocketshelf_server.health import HealthWatch
from pocketshelf_server.photos import Limits, PhotoPool
from pocketshelf_server.photos.pool import WAITING
from pocketshelf_server.search import SearchService, make_index
from pocketshelf_server.search.apart import ApartIndex, can_be_apart
from pocketshelf_server.settings import is_name
from pocketshelf_server.site import Site, SiteConfig
from pocketshelf_server.trust import SignedRepository, open_repository

__all__ = ["DESCRIPTION", "JSON", "SUMMARY", "add_arguments", "run"]

SUMMARY = "serve the site over HTTP"
JSON = False  # It always prints JSON.
DESCRIPTION = """\
Serve the site: signed files for devices, full-catalogue search, metrics. With --port 0 a free port is
taken. When it is ready, one JSON line says where on standard output: {"url": …, "port": …}.

  /v1/metadata/…  /v1/targets/…   what devices sync
  POST /v1/search                 nearest products to a vector
  POST /v1/search/photo           the same for a photo (needs a bundle; off with "photo_search": false)
  /v1/pictures                    a product's picture, made small (off with "product_pictures": false)
  /v1/changes                     read and write the catalogue (bearer token in SITE/keys/admin.token)
  /v1/openapi.json  /healthz  /metrics
  /                               the console (off with "console": false): sign in with the admin token to
                                  read; `token make` makes one that may import and publish

/healthz answers 503, with the reasons, while devices cannot sync: a signature has expired (the root's is
renewed by `keys renew`), or signed files are missing. The log says so every hour, /metrics at any time
(pocketshelf_healthy, pocketshelf_signature_expiry_timestamp_seconds). Searches are answered all the same.

Put a TLS proxy in front of it. Devices need no TLS for integrity, the metadata is signed; searches and
the admin token do.
"""
BACKLOG = 1024
# A thread that takes a photo's form apart keeps a search by vector waiting no longer than this at a time.
SWITCH_SECONDS = 0.001
log = logging.getLogger("pocketshelf.server")
REFRESH_EVERY_SECONDS = 3600.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own options."""
    add_site(parser)
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on; :: for all, IPv4 and IPv6 (default 127.0.0.1)",
    )
    parser.add_argument(
        "--port", type=values.integer(0, 65_535), default=8000, help="0: any free port (default 8000)"
    )
    parser.add_argument(
        "--threads", type=values.threads, default=16, help="requests answered at once (default 16)"
    )
    parser.add_argument(
        "--trusted-proxies",
        type=values.whole,
        default=0,
        metavar="N",
        help="proxies before this server, each of which adds the address it sees to X-Forwarded-For; rate "
        "limits then count by the N-th address from its end (default 0: the header is ignored)",
    )
    parser.add_argument(
        "--name", dest="names", type=_name, action="append", default=[], metavar="NAME",
        help='a name that the site goes by, as in shelf.shop.example, beside "names" in config.json; may '
        "repeat. Any other one is then refused, but addresses and local names",
    )  # fmt: skip
    parser.add_argument("--bundle", metavar="DIR", help="bundle for photo search (default: as `import`)")
    parser.add_argument(
        "--access-log",
        metavar="FILE",
        help="a line for each request, in five files of 20 MB at most; - for standard error (default: none)",
    )
    parser.add_argument(
        "--no-refresh", action="store_true", help="leave expiring signatures to `keys refresh`"
    )


def run(args: argparse.Namespace) -> int:
    """Serve until interrupted; returns the exit code."""
    from pocketshelf.wsgi import AccessLog, WebServer
    from pocketshelf_server.console import Console
    from pocketshelf_server.console.folders import pictures_of
    from pocketshelf_server.http import create_app
    from pocketshelf_server.http.files import is_file
    from pocketshelf_server.http.lengths import Lengths

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    site = open_site(args)
    catalogue = open_catalogue(site)
    config = site.config()
    wish = _wish(args.bundle, config)
    photos = _photos(args.bundle, catalogue, config, args.threads, wish)
    searched = photos if config.photo_search else None
    pictures = pictures_of(site, config)
    console = Console(site, catalogue, searched, args.bundle, shown=pictures) if config.console else None
    rooms = [console] if console else []
    service = _service(config.index, catalogue, site)
    app = create_app(
        site, catalogue, photos, args.trusted_proxies, rooms, service, wish, pictures, names=args.names
    )
    listener = _listen(args.host, args.port)
    lengths = Lengths(config, searched, console.doors() if console else None)
    access = AccessLog(args.access_log, config.token_sha256) if args.access_log else None
    server = WebServer(app, listener, lengths, args.threads, access, args.trusted_proxies > 0, waits=is_file)
    logs.install()
    sys.setswitchinterval(SWITCH_SECONDS)
    service.start()
    if console is not None:
        console.start()
    _keep_watch(site, None if args.no_refresh else open_repository(site))
    port = listener.getsockname()[1]
    print_json({"url": _url(args.host, port), "port": port})
    try:
        server.run()
    finally:
        server.close()
        if console is not None:
            console.close()
        pictures.close()
        if photos is not None:
            photos.close()
        service.close()
        catalogue.close()
    return 0


def _name(text: str) -> str:
    if not is_name(text):
        raise argparse.ArgumentTypeError("must be a name as in shelf.shop.example, without a port")
    return text


def _service(kind: str, catalogue: Catalogue, site: Site) -> SearchService:
    """The search, whose index a process beside reads where that can be."""
    apart = can_be_apart(kind)
    return SearchService(
        catalogue, ApartIndex(kind, catalogue, site) if apart else make_index(kind, catalogue, site)
    )


def _url(host: str, port: int) -> str:
    return f"http://[{host.strip('[]')}]:{port}" if ":" in host else f"http://{host}:{port}"


def _listen(host: str, port: int) -> socket.socket:
    name = host.removeprefix("[").removesuffix("]")
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        # A name of both families is listened to where clients of before look; "::" is both.
        family, *_, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
        dual = name == "::" and socket.has_dualstack_ipv6()
        return socket.create_server(address[:2], family=family, backlog=BACKLOG, dualstack_ipv6=dual)
    except (OSError, OverflowError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ServerError(f"cannot listen on {host}:{port} ({reason}); choose --host and --port") from error


def _wish(folder: str | None, config: SiteConfig) -> FeaturesWanted:
    """Of which pictures local features are kept; of none, with a line in the log, if they cannot be."""
    if config.closely and not is_available():
        log.warning("no local features are kept of pictures: pip install 'pocketshelf[closely]'")
    return FeaturesWanted(config.closely if is_available() else False, folder)


def _photos(
    folder: str | None, catalogue: Catalogue, config: SiteConfig, threads: int, wish: FeaturesWanted
) -> PhotoPool | None:
    """Workers with the bundle's models; None, with a line in the log, when there is none for this space."""
    try:
        bundle = load_bundle(folder)
        catalogue.require_space(space_of(bundle))
    except PocketshelfError as error:
        if folder is not None:
            raise
        log.info("no photo search: %s", error)
        return None
    limits = Limits(config.photo_memory_bytes, config.photo_seconds, 3.0 * config.photo_seconds)
    # Photos never take all threads: searches by vector go on beside them.
    workers = min(config.photo_workers, max(1, threads // 2))
    waiting = max(0, min(WAITING, threads // 2 - workers))
    return PhotoPool(str(bundle.folder.resolve()), workers, waiting, limits, closely=wish.asked is not False)


def _keep_watch(site: Site, repository: SignedRepository | None) -> None:
    """Every hour: sign again what is half-way to its expiry, and log what devices would be refused for.

    Args:
        repository: None to leave the signing to others.
    """
    watch = HealthWatch(site)

    def refresh(repository: SignedRepository) -> None:
        try:
            if signed := repository.refresh():
                log.info("signed again: %s", ", ".join(signed))
        except PocketshelfError as error:
            # Devices go on until the expiry; the operator must know long before.
            log.error("the signatures could not be refreshed: %s", error)
        except Exception:
            log.exception("the signatures could not be refreshed")

    def loop() -> None:
        while True:
            if repository is not None:
                refresh(repository)
            for problem in watch.look().problems:
                log.error("%s", problem)
            wait.wait(REFRESH_EVERY_SECONDS)

    wait = threading.Event()
    threading.Thread(target=loop, name="refresh", daemon=True).start()
