#!/usr/bin/env bash
# All of the root's keys are lost (or more than its threshold can bear, or stolen).
#
#   root-lost.sh SITE OFFLINE          OFFLINE: a new folder, on a medium to lock away
#
# Devices go on until the root's signature expires; nobody can sign it again. This makes a new root, which
# no device trusts by itself: ship SITE/repository/metadata/1.root.json with an update of the app, which
# removes STORE/trust and then syncs with it. Shelves stay.
set -euo pipefail
site=${1:?SITE} offline=${2:?OFFLINE}
[ ! -e "$offline" ] || { echo "$offline: exists already; the new root needs a folder of its own" >&2; exit 1; }
lost=$site/lost-$(date -u +%Y%m%dT%H%M%S)
mkdir "$lost"
mv "$site/repository/metadata" "$site/keys/online" "$lost/"
pocketshelf-server keys make "$site" --offline "$offline"
pocketshelf-server publish "$site" --jump-ahead
pocketshelf-server doctor "$site"
