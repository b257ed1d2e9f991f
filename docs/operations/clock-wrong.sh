#!/usr/bin/env bash
# The clock of the machine that signs was wrong, and is right again.
#
#   clock-wrong.sh SITE [OFFLINE]      OFFLINE: needed only if the root was signed meanwhile
#
# Signed while the clock was behind, metadata had expired before devices saw it; signed while it was ahead, it
# would be valid for years. Both are signed again.
set -euo pipefail
site=${1:?SITE} offline=${2:-}
date -u
[ -z "$offline" ] || pocketshelf-server keys renew "$site" --offline "$offline"
pocketshelf-server keys refresh "$site" --all
pocketshelf-server doctor "$site"
