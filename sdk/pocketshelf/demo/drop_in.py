"""Photos of one's own, dropped into a page: the kiosk over the shelf that the demo leaves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pocketshelf.demo.report import Report
from pocketshelf.errors import UsageError
from pocketshelf.kiosk.kiosk import Kiosk, KioskConfig
from pocketshelf.kiosk.serving import Address, KioskServer, ends_on_signals, listen

__all__ = ["address_of", "choose_port", "serve"]

HOST = "127.0.0.1"
USUAL_PORT = 8080


def choose_port(asked: int | None) -> int:
    """``asked`` if it is free (0: any that is); the usual one, else any, if None.

    Raises:
        UsageError: the port that was asked for is taken.
    """
    if asked is not None:
        return _free(asked)
    try:
        return _free(USUAL_PORT)
    except UsageError:
        return _free(0)


def _free(port: int) -> int:
    with listen(Address(HOST, port)) as listener:
        return int(listener.getsockname()[1])


def address_of(port: int) -> str:
    """Where the page is, for a browser on this machine."""
    return f"http://{HOST}:{port}/"


def serve(report: Report, bundle: str | None, port: int, ready: Callable[[str], None]) -> None:
    """Serve the kiosk's page over the demo's shelf until Ctrl-C or SIGTERM. No photo is kept.

    Args:
        bundle: as the demo's.
        ready: is told the address once photos can be searched.

    Raises:
        UsageError: the port was taken meanwhile.
        StoreError: the shelf or the models cannot be opened.
    """
    store = Path(report.shelf_store)
    kiosk = Kiosk(KioskConfig(store, store / "kiosk", bundle=bundle, images=report.dataset.images))
    server = KioskServer(kiosk, Address(HOST, port))
    with ends_on_signals():
        try:
            kiosk.start()
            ready(address_of(server.port))
            server.run()
        except KeyboardInterrupt:
            return
        finally:
            server.close()
            kiosk.close()
