#!/usr/bin/env bash
# A key of targets, snapshot or timestamp is lost, or there was none in the backup.
#
#   online-key-lost.sh SITE OFFLINE ROLE...      OFFLINE: the folder of the root keys
#
# The root's key names a new key; devices follow by themselves.
set -euo pipefail
site=${1:?SITE} offline=${2:?OFFLINE} first=${3:?ROLE}
shift 2
pocketshelf-server keys rotate "$site" "$@" --offline "$offline"
pocketshelf-server publish "$site"
pocketshelf-server doctor "$site"
