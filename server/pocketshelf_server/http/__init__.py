"""The server's HTTP face: a Flask application, and the WSGI server that runs it."""

from pocketshelf_server.http.app import create_app

__all__ = ["create_app"]
