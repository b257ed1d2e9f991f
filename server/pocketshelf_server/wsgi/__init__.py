"""The server's sockets: waitress with bounds on what a connection may hold, and for how long."""

from pocketshelf_server.wsgi.access import AccessLog
from pocketshelf_server.wsgi.server import WebServer

__all__ = ["AccessLog", "WebServer"]
