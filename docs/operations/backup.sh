#!/usr/bin/env bash
# Back up a site while it serves and publishes.
#
#   backup.sh SITE FOLDER          FOLDER must not exist yet
#
# What is copied later may only be newer than what was copied before: a publication that comes in between
# is then finished by the next one, and nothing goes backwards. Not while keys are rotated.
# FOLDER holds the keys that are online: keep it as safe as the site.
set -euo pipefail
site=${1:?SITE} folder=${2:?FOLDER}
[ ! -e "$folder" ] || { echo "$folder: exists already" >&2; exit 1; }

part=$folder.part metadata=repository/metadata
rm -rf "$part"
mkdir -p "$part/$metadata"
chmod 700 "$part"

# Signed metadata: what says that it is the newest comes first.
cp -p "$site/$metadata/timestamp.json" "$part/$metadata/"
find "$site/$metadata" -name '[0-9]*.json' -exec cp -p {} "$part/$metadata/" \;

# config.json, and files of assortments that lie beside it.
find "$site" -maxdepth 1 -type f ! -name '*.sqlite*' ! -name '*.lock' -exec cp -p {} "$part/" \;
cp -rp "$site/keys" "$part/"

# Databases by SQLite's own online copy: a plain copy of one in use may lack what is in its log.
for name in published catalogue; do
    [ -e "$site/$name.sqlite" ] || continue # A catalogue in PostgreSQL: pg_dump, now.
    python3 - "$site/$name.sqlite" "$part/$name.sqlite" <<'PYTHON'
import sqlite3
import sys

source, target = map(sqlite3.connect, sys.argv[1:])
source.backup(target)
target.close()
PYTHON
done
sync
mv "$part" "$folder"
