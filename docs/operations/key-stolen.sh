#!/usr/bin/env bash
# Somebody had access to the site's machine: its online keys and the admin token are known.
#
#   key-stolen.sh BACKUP SITE OFFLINE
#
#   BACKUP    of a time before; the machine's own state is not to be trusted any more
#   SITE      on a machine that was set up anew; must not exist
#   OFFLINE   the folder of the root keys, which were not on that machine
#
# New keys for all three online roles, a new admin token, none of the console's further tokens, and a jump ahead
# of whatever the thief has published.
# What he signs from now on, no device takes. If a root key may be known as well, and the threshold is
# higher than what he has, add `root` to the roles; if it is not: root-lost.sh.
set -euo pipefail
backup=${1:?BACKUP} site=${2:?SITE} offline=${3:?OFFLINE}
[ ! -e "$site" ] || { echo "$site: exists already; take another folder" >&2; exit 1; }
mkdir -p "$(dirname "$site")"
cp -rp "$backup" "$site"
# A backup is its owner's alone; a site is as open as this umask: nginx's user must get to repository/.
chmod +rx "$site" "$site/repository" "$site/repository/metadata"
# Who signed in to the console showed that machine his token: all are made anew (`token make`).
rm -f "$site/keys/console-tokens.json"

pocketshelf-server keys rotate "$site" targets snapshot timestamp --offline "$offline"

# The token of /v1/changes: the file for its users, its digest for the server.
python3 - "$site" <<'PYTHON'
import hashlib
import json
import secrets
import sys
from pathlib import Path

site = Path(sys.argv[1])
token = secrets.token_urlsafe(32)
config = json.loads((site / "config.json").read_text(encoding="utf-8"))
config["token_sha256"] = hashlib.sha256(token.encode()).hexdigest()
(site / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
(site / "keys/admin.token").write_text(token + "\n", encoding="ascii")
PYTHON

pocketshelf-server publish "$site" --jump-ahead
pocketshelf-server doctor "$site"
