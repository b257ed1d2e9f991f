"""Debian's nginx before the server, as `docs/deploy/nginx-files.conf` has it: for `server_load.py`."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pocketshelf.errors import ServerError
from pocketshelf_server.site import Site

__all__ = ["nginx_before"]

FILES = Path(__file__).parents[2] / "docs/deploy/nginx-files.conf"
CONFIG = """pid {folder}/nginx.pid;
worker_processes 1;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port};
    {files}
    location / {{ proxy_pass http://127.0.0.1:{behind}; }}
  }}
}}
"""


@contextmanager
def nginx_before(site: Site, folder: Path, behind: int) -> Iterator[int]:
    """A port where nginx serves the site's files, and passes the rest on to port ``behind``.

    Raises:
        ServerError: it does not start.
    """
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    files = FILES.read_text().replace("/srv/pocketshelf", str(site.folder))
    config = folder / "nginx.conf"
    config.write_text(CONFIG.format(folder=folder, port=port, behind=behind, files=files))
    # Its worker is another user where this is run by root.
    for path in (folder, site.folder, site.folder / "repository", site.metadata, site.targets):
        path.chmod(0o755)
    command = ["nginx", "-p", str(folder), "-c", str(config), "-e", str(folder / "error.log")]
    with subprocess.Popen([*command, "-g", "daemon off;"]) as process:
        try:
            _wait(process, port, folder / "error.log")
            yield port
        finally:
            process.terminate()


def _wait(process: subprocess.Popen, port: int, log: Path) -> None:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise ServerError(f"nginx does not start: {log.read_text()[-300:]}")
