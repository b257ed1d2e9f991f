"""Sockets of a server: waitress with bounds on what a connection may hold, and for how long.

The catalogue's server and the kiosk share it; it needs waitress, which both of their extras bring.
"""

from pocketshelf.wsgi.access import AccessLog
from pocketshelf.wsgi.refusal import SMALL, Bodies, Refused
from pocketshelf.wsgi.server import WebServer

__all__ = ["SMALL", "AccessLog", "Bodies", "Refused", "WebServer"]
