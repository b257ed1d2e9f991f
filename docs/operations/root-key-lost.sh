#!/usr/bin/env bash
# Some of the root's keys are lost, and as many as its threshold asks for are left
# (`pocketshelf-server init SITE --root-keys 3 --threshold 2`: one may be lost).
#
#   root-key-lost.sh SITE OFFLINE      OFFLINE: a folder with the root keys that are left, and its roots/
#
# All root keys are made anew; devices follow by themselves. Copy OFFLINE to other media afterwards.
set -euo pipefail
site=${1:?SITE} offline=${2:?OFFLINE}
pocketshelf-server keys rotate "$site" root --offline "$offline"
pocketshelf-server doctor "$site"
