#!/bin/bash
# SPDX-License-Identifier: MIT
# The small part of the fault lab: six faults and four confounders on a booted web host. Each fault has to alert at
# HIGH or worse within 10 s, each confounder has to stay quiet; the exit status says so. Needs root, mmdebstrap and
# systemd-nspawn; says so and ends with 0 where it cannot run. Two to four minutes, once the root is made.
#
#   tests/system/fault_lab_test.sh [BUILD]    the build to install (build/dev)
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${1:-build/dev}

faults="database-down app-error-trace crash-loop burst-403 backup-fails upstream-hangs"
confounders="app-restart nginx-reload one-404 deploy"
# What does not hold yet. Its outcome is printed and decides nothing.
known=""

[ "$(id -u)" -eq 0 ] || { echo "fault lab: skipped: it needs root (mmdebstrap and systemd-nspawn)"; exit 0; }
scripts/install-packages package || { echo "fault lab: skipped: its packages cannot be installed"; exit 0; }

tree=$PWD/build/fault_lab/tree
rm -rf "$tree"
mkdir -p "$tree"
DESTDIR=$tree cmake --install "$build" --prefix /usr >/dev/null

options=()
for name in $faults $confounders; do options+=(--only "$name"); done
for name in $known; do options+=(--known "$name"); done
status=0
bench/fault_lab/fault_lab --install "$tree" --role web --runs 1 --days 1.5 --gap 1 --quiet-time 5 --check 10 --verbose \
  "${options[@]}" || status=$?
rm -rf "$tree"
[ "$status" -ne 77 ] || exit 0
exit "$status"
