#!/usr/bin/env bash
# Make a site from a backup, on a new disk or a new machine.
#
#   restore.sh BACKUP SITE             SITE must not exist; move a damaged one away, with its logs
#   restore.sh BACKUP SITE --newest    only if you know that nothing was published since the backup
#
# Signed files are not in the backup: they are made again. Without --newest the site jumps ahead of
# everything that devices may have seen since; each device takes one snapshot.
set -euo pipefail
backup=${1:?BACKUP} site=${2:?SITE} newest=${3:-}
[ ! -e "$site" ] || { echo "$site: exists already; move it away" >&2; exit 1; }
mkdir -p "$(dirname "$site")"
cp -rp "$backup" "$site"
# A backup is its owner's alone; a site is as open as this umask: nginx's user must get to repository/.
chmod +rx "$site" "$site/repository" "$site/repository/metadata"

if [ "$newest" = --newest ]; then
    pocketshelf-server publish "$site"
else
    pocketshelf-server publish "$site" --jump-ahead
fi
pocketshelf-server doctor "$site"
