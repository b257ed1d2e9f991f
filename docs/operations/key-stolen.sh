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

pocketshelf-server token renew "$site" # Of /v1/changes, and the console's first.
pocketshelf-server publish "$site" --jump-ahead
pocketshelf-server doctor "$site"
