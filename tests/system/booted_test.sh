#!/bin/bash
# SPDX-License-Identifier: MIT
# The package on a booted Debian: installs it in a container with systemd, breaks what may break, and purges it.
# A line a step; ends with 1 at the first that fails. Needs root, mmdebstrap and systemd-nspawn; says so and ends
# with 0 where it cannot run. The root file system is cached in build/booted.
#
#   tests/system/booted_test.sh [PACKAGE.deb]    without one, it is built by scripts/build-package
#   KEEP=1 tests/system/booted_test.sh           leaves the root in build/booted/root
set -euo pipefail
cd "$(dirname "$0")/../.."
out=$PWD/build/booted
root=$out/root

skip() { echo "booted test: skipped: $*"; exit 0; }
[ "$(id -u)" -eq 0 ] || skip "it needs root (mmdebstrap and systemd-nspawn)"
scripts/install-packages package || skip "its packages cannot be installed"

exec 9>"${TMPDIR:-/tmp}/alogd-booted-test.lock"
flock 9

# --- the container -------------------------------------------------------------------------------------------

nspawn=
leader=
cleanup() {
  if [ -n "$nspawn" ] && kill -0 "$nspawn" 2>/dev/null; then
    kill -TERM "$nspawn" 2>/dev/null || true
    for _ in $(seq 50); do kill -0 "$nspawn" 2>/dev/null || break; sleep 0.1; done
    kill -KILL "$nspawn" 2>/dev/null || true
    wait "$nspawn" 2>/dev/null || true
  fi
  [ -n "${KEEP:-}" ] || rm -rf "$root"
}
trap cleanup EXIT

within() {
  nsenter -t "$leader" -m -u -i -n -p -- \
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@" </dev/null
}

steps=0
step() { steps=$((steps + 1)); current=$*; }
ok() { printf 'ok %2d  %s\n' "$steps" "$current${*:+ ($*)}"; }
fail() {
  printf 'not ok %2d  %s: %s\n' "$steps" "$current" "$*"
  { within systemctl status --no-pager -l alogd; within journalctl --no-pager -n 40 -o short-precise; } 2>&1 | sed 's/^/    /' || true
  exit 1
}
# eventually SECONDS COMMAND...: until it succeeds
eventually() {
  local end=$((SECONDS + $1)); shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.2
  done
}

# Package sources of this machine that Debian signed.
apt_sources() {
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
    if [ -s "$file" ] && grep -q 'debian-archive-keyring\|^deb .*debian' "$file"; then echo "$file"; fi
  done
}

make_root() {
  local depends packages
  depends=$(dpkg-deb -f "$1" Depends | tr ',' '\n' | sed 's/|.*//; s/(.*//; s/ //g' | sort -u | paste -sd,)
  packages="systemd,systemd-sysv,dbus,apt,rsyslog,logrotate,sqlite3,$depends"
  base=$out/base-$(echo "$packages" | sha256sum | cut -c1-12).tar
  mkdir -p "$out"
  if [ ! -s "$base" ]; then
    echo "making a Debian 12 root (once) ..."
    # shellcheck disable=SC2046  # file names of apt's have no blanks
    mmdebstrap --quiet --format=tar --variant=minbase --include="$packages" bookworm "$base.new" $(apt_sources) ||
      skip "no Debian 12 root could be made from this machine's package sources"
    mv "$base.new" "$base"
  fi
  rm -rf "$root"
  mkdir -p "$root"
  tar -C "$root" -xf "$base"
  : >"$root/etc/machine-id"
}

boot() {
  systemd-nspawn --quiet -D "$root" --boot --register=no --keep-unit --private-network --console=pipe \
    </dev/null >"$out/console.log" 2>&1 9>&- &
  nspawn=$!
  for _ in $(seq 100); do
    leader=$(ps --ppid "$nspawn" -o pid= | head -1 | tr -d ' ' || true)
    if [ -n "$leader" ] && within systemctl is-system-running 2>/dev/null | grep -q 'running\|degraded'; then return; fi
    kill -0 "$nspawn" 2>/dev/null || break
    sleep 0.3
  done
  tail -5 "$out/console.log"
  skip "systemd-nspawn cannot boot a container here"
}

# --- what is asked of alogd ----------------------------------------------------------------------------------

rule_id=6944d6fe6ce7431f9aad95ae876ec035
started_id=1fe2358eb86e4632af859a929b6ba993
refused_id=25212bc5698e4b4ca928686cad70d97b

sql() { within sqlite3 -cmd '.timeout 10000' /var/lib/alogd/alogd.db "$1"; }
rows() { sql "SELECT count(*) FROM anomalies WHERE detector = 'rule' AND message LIKE '%$1%'"; }
has_rows() { [ "$(rows "$1")" -ge "$2" ]; }
main_pid() { within systemctl show -p MainPID --value alogd; }
# `kill 0` would end this test, and leave its container behind.
send() {
  [ "$2" -gt 1 ] || fail "alogd does not run"
  within sh -c "kill -$1 $2"
}
active() { within systemctl is-active --quiet alogd; }
# A service that was just killed is active until systemd hears of it, and has no process thereafter.
other_pid() {
  local pid
  pid=$(main_pid)
  [ "$pid" != 0 ] && [ "$pid" != "$1" ] && active
}
entries() { within journalctl -q --no-pager -o json MESSAGE_ID="$1"; }
said() { within journalctl -q --no-pager -o cat -u alogd | grep -q "$1"; }
in_status() { within alogctl --json status | grep -q "$1"; }
install_deb() { cp "$1" "$root/root/alogd.deb" && within apt-get install -y -q /root/alogd.deb >"$out/apt.log" 2>&1; }
# Everything but what other programs write by themselves.
files() {
  within find / -xdev \( -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path /dev -o -path /var/log \
    -o -path /var/cache -o -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/lib/systemd -o -path /root \
    -o -path /srv -o -path /var/tmp \) -prune -o -print | sort
}

install_it() {
  step "apt install ./alogd.deb starts the service"
  files >"$out/files-before"
  install_deb "$deb" || { cat "$out/apt.log"; fail "apt-get failed"; }
  eventually 60 active || fail "it is not active"
  [ "$(within systemctl show -p Type --value alogd)" = notify ] || fail "no Type=notify"
  within systemctl is-enabled --quiet alogd || fail "it is not enabled"
  eventually 60 sh -c "[ -n \"\$(nsenter -t $leader -m -p journalctl -q MESSAGE_ID=$started_id)\" ]" || fail "no entry says that it started"
  ok

  step "exposure is 0.4 or lower"
  within systemd-analyze security --no-pager --threshold=4 alogd.service >"$out/security" ||
    { grep '✗' "$out/security"; fail "$(tail -1 "$out/security")"; }
  ok "$(grep -o 'Overall exposure.*' "$out/security" | tr -s ' ')"

  step "it runs as alogd, without capabilities"
  grep -q "^CapEff:.*0000000000000000" <(within cat "/proc/$(main_pid)/status") || fail "capabilities"
  [ "$(within stat -c '%U %a' /var/lib/alogd /var/lib/alogd/alogd.db | paste -sd' ')" = "alogd 750 alogd 640" ] ||
    fail "$(within ls -la /var/lib/alogd)"
  ok
}

# The sh blocks of the README's service section, as a new user would type them, behind building and installing.
# The pauses are for a reader's slowness, which the journal relies on.
readme_commands() {
  sed -n '/^## Installing it as a service/,/^## Configuration/p' README.md | sed -n '/^```sh/,/^```/{/^```/d;p}' |
    sed '/build-package/d; /^apt install/d; s/^journalctl/sleep 3; &/'
}

documentation() {
  step "the README's service section, followed, ends with an alert and a trained bundle"
  within sh -c 'for i in $(seq 1500); do echo "order $i taken by customer $((i * 7))"; done | logger -t shopd'
  sleep 2
  { echo 'set -ex'; readme_commands; } >"$root/root/readme.sh"
  grep -q 'logger -t dairy' "$root/root/readme.sh" || fail "the section has no commands"
  within bash /root/readme.sh >"$out/readme.log" 2>&1 || { cat "$out/readme.log"; fail "a command failed"; }
  grep -q 'CRITICAL.*out of cheese error' "$out/readme.log" || { cat "$out/readme.log"; fail "no alert came"; }
  grep -q 'alogctl anomalies show' "$out/readme.log" || { cat "$out/readme.log"; fail "the catalog does not explain it"; }
  ok

  step "every command of the manual pages does what it says"
  local command status
  within alogctl --quiet generate --lines 20000 --seed 3 --anomaly-rate 0.001 --ends-ago 60 --out /var/log/app.log
  sed -n 's/^\.Dl //p' doc/man/*.[58] doc/man/*.in | sort -u >"$out/commands"
  # What needs a bundle comes behind the training.
  { grep 'alogctl train' "$out/commands"; grep -v 'alogctl train\|alogctl restore\|systemctl st[ao][rp]t* alogd' "$out/commands"; } >"$out/commands.sorted"
  [ "$(wc -l <"$out/commands.sorted")" -ge 12 ] || fail "no commands in the manual pages"
  while read -r command; do
    status=0
    within sh -c "$command" >"$out/command.log" 2>&1 || status=$?
    # doctor says with 3 that it found something, which in a container it does.
    [ "$status" = 0 ] || [ "$command $status" = "alogctl doctor 3" ] ||
      { cat "$out/command.log"; fail "$command: exit status $status"; }
    [ -s "$out/command.log" ] || [ "$command" = "alogctl reload --wait" ] || fail "$command prints nothing"
  done <"$out/commands.sorted"
  # What the manual says of a restore, in its order.
  within mkdir -p /srv/backup
  within systemctl stop alogd || fail "alogd did not stop"
  within cp /var/lib/alogd/alogd.db /srv/backup/alogd.db
  within alogctl restore /srv/backup/alogd.db >"$out/command.log" 2>&1 || { cat "$out/command.log"; fail "restore failed"; }
  within systemctl start alogd || fail "alogd did not start on what was restored"
  rm "$root/etc/alogd/conf.d/cheese.yaml" "$root/var/log/app.log"
  within systemctl reload alogd || fail "the reload was refused"
  ok "$(wc -l <"$out/commands.sorted") commands"
}

configure() {
  step "systemctl reload takes a new configuration"
  within mkdir -p /srv/shop/history
  mkdir -p "$root/etc/alogd/conf.d"
  cat >"$root/etc/alogd/conf.d/shop.yaml" <<'END'
alerts: {incident_gap: 1s}
rules:
  - {match: 'out of cheese', level: CRITICAL, name: cheese}
groups:
  - name: system
  - name: shop
    paths: ['/srv/shop/*.log']
    stream: source
END
  within systemctl reload alogd || fail "refused"
  eventually 60 in_status '"name":"shop"' || fail "the group is not there"
  ok
}

alert() {
  step "a line in syslog becomes an alert in the journal"
  within systemctl is-active --quiet rsyslog || fail "rsyslog does not run"
  sleep 2  # what came before is another incident
  within logger -t cheesed 'out of cheese in the cellar'
  eventually 60 has_rows 'in the cellar' 1 || fail "no anomaly is stored"
  eventually 60 sh -c "nsenter -t $leader -m -p journalctl -q -o json MESSAGE_ID=$rule_id | grep -q cellar" || fail "no entry"
  local entry
  entry=$(entries "$rule_id" | tail -1)
  for field in '"PRIORITY":"2"' '"ALOGD_LEVEL":"CRITICAL"' '"SYSLOG_IDENTIFIER":"alogd"' \
    '"ALOGD_GROUP":"system"' '"ALOGD_SOURCE":"/var/log/syslog"' '"ALOGD_ANOMALY_ID"' '"ALOGD_INCIDENT_ID"' '"ALOGD_RISK"'; do
    grep -qF "$field" <(tr -d ' ' <<<"$entry") || fail "no $field in $entry"
  done
  within alogctl --json anomalies list --since -1h | grep -q 'in the cellar' || fail "anomalies list lacks it"
  within journalctl -q --no-pager -x MESSAGE_ID=$rule_id | grep -q 'alogctl anomalies show' || fail "the catalog does not explain it"
  ok

  step "alogd's own words in syslog are not read again; logger -t alogd hides nothing"
  eventually 60 grep -q 'alogd\[.*cellar' "$root/var/log/syslog" || fail "the alert did not come to syslog"
  sleep 3
  [ "$(rows "in the cellar")" = 1 ] || fail "$(rows "in the cellar") rows of one line"
  within logger -t alogd 'out of cheese as an impostor'
  eventually 60 has_rows impostor 1 || fail "a line of another process was taken for ours"
  ok
}

bundles() {
  step "a trained bundle comes into force by systemctl reload"
  within alogctl --quiet generate --lines 20000 --seed 1 --anomaly-rate 0 --ends-ago 60 --out /srv/shop/history/old.log
  within runuser -u alogd -- alogctl --quiet train --group shop --detectors novelty,loganomaly --activate \
    /srv/shop/history/old.log >"$out/train.log" 2>&1 || { tail "$out/train.log"; fail "train failed"; }
  within systemctl reload alogd || fail "the reload was refused"
  local models=/var/lib/alogd/models/shop name
  name=$(within readlink $models/current)
  eventually 60 in_status "\"bundle\":\"$name\"" || fail "$name is not in force"
  ok "$name"

  step "a broken bundle is refused, and the old one stays"
  within cp -a "$models/$name" $models/20300101T000000Z
  within sh -c "for f in $models/20300101T000000Z/*.safetensors $models/20300101T000000Z/templates.json; do if [ -f \$f ]; then truncate -s -9 \$f; fi; done"
  within ln -sfn 20300101T000000Z $models/current
  ! within systemctl reload alogd >/dev/null 2>&1 || fail "systemctl reload said yes"
  active || fail "it ended"
  eventually 60 in_status "\"bundle\":\"$name\"" || fail "the old one does not run"
  [ -n "$(entries $refused_id)" ] || fail "no entry says so"
  within ln -sfn "$name" $models/current
  within rm -r $models/20300101T000000Z
  within systemctl reload alogd || fail "the old one is refused"
  ok
}

kills() {
  step "killed twice while a log grows: every line has its row, once"
  cat >"$root/root/writer" <<'END'
#!/bin/bash
for i in $(seq 1000); do
  printf '%(%Y-%m-%dT%H:%M:%S)T+00:00 host cheesed[7]: out of cheese number %04d\n' -1 "$i" >>/srv/shop/kill.log
  if [ $((i % 20)) = 0 ]; then sleep 0.2; fi
done
END
  within bash /root/writer &
  local writer=$! pid
  for _ in 1 2; do
    eventually 60 grep -q 'number 0100' "$root/srv/shop/kill.log" || fail "the writer does not write"
    pid=$(main_pid)
    send KILL "$pid"
    eventually 60 other_pid "$pid" || fail "systemd did not start it again"
  done
  wait "$writer"
  eventually 60 has_rows 'number' 1000 || fail "$(rows number) rows of 1000"
  sleep 1
  [ "$(sql "SELECT count(*) || ' ' || count(DISTINCT message) FROM anomalies WHERE detector = 'rule' AND message LIKE '%cheese number%'")" = "1000 1000" ] ||
    fail "$(rows number) rows of 1000"
  ok

  step "a rotated log that is deleted while alogd is down is read to its end"
  cat >"$root/root/rotate" <<'END'
#!/bin/bash
exec 3>>/srv/shop/rotated.log
echo "$(date -Is) host cheesed[8]: out of cheese before the rotation" >&3
sleep 2
mv /srv/shop/rotated.log /srv/shop/rotated.log.1
touch /srv/shop/rotated.log
sleep 4
pid=$(systemctl show -p MainPID --value alogd)
kill -STOP "$pid"
rm /srv/shop/rotated.log.1
echo "$(date -Is) host cheesed[8]: out of cheese behind the deletion" >&3
kill -KILL "$pid"
END
  within bash /root/rotate
  eventually 60 has_rows 'before the rotation' 1 || fail "what came before the rotation is not there"
  eventually 60 has_rows 'behind the deletion' 1 || fail "what came after it is lost"
  ok

  step "starved of its watchdog, systemd starts it again"
  mkdir -p "$root/etc/systemd/system/alogd.service.d"
  printf '[Service]\nWatchdogSec=4\n' >"$root/etc/systemd/system/alogd.service.d/test.conf"
  within systemctl daemon-reload
  within systemctl restart alogd
  eventually 60 active || fail "it is not active"
  pid=$(main_pid)
  send STOP "$pid"
  eventually 60 other_pid "$pid" || fail "it still stands"
  within journalctl -q --no-pager -u alogd | grep -qi watchdog || fail "nobody speaks of the watchdog"
  rm -r "$root/etc/systemd/system/alogd.service.d"
  within systemctl daemon-reload
  within systemctl restart alogd
  ok
}

wrong_configuration() {
  step "a start with a wrong configuration runs on the last good one, and says so"
  echo 'rulez: []' >"$root/etc/alogd/conf.d/typo.yaml"
  ! within systemctl reload alogd >/dev/null 2>&1 || fail "the reload was not refused"
  within systemctl restart alogd || fail "it does not start"
  said 'runs on the last good one' || fail "it does not say so"
  within logger -t cheesed 'out of cheese despite the typo'
  eventually 60 has_rows 'despite the typo' 1 || fail "it does not watch"
  rm "$root/etc/alogd/conf.d/typo.yaml"
  within systemctl reload alogd || fail "the mended one is refused"
  ok

  step "the drop-in lets it read logs of root"
  within sh -c 'umask 077; echo "$(date -Is) host cheesed[9]: out of cheese in secret" >/srv/shop/secret.log'
  sleep 3
  [ "$(rows 'in secret')" = 0 ] || fail "it read what it may not"
  within install -Dm644 /usr/share/alogd/root-only-logs.conf /etc/systemd/system/alogd.service.d/root-only-logs.conf
  within systemctl daemon-reload
  within systemctl restart alogd
  eventually 60 has_rows 'in secret' 1 || fail "it does not read it"
  within systemd-analyze security --no-pager alogd.service >"$out/security" || true
  rm -r "$root/etc/systemd/system/alogd.service.d"
  within systemctl daemon-reload
  within systemctl restart alogd
  ok "$(grep -o 'Overall exposure.*' "$out/security" | tr -s ' ')"
}

journal() {
  step "without syslog's files the journal is read, and no entry twice"
  within systemctl stop -q rsyslog.service syslog.socket
  rm -f "$root/var/log/syslog" "$root/var/log/auth.log"
  within systemctl restart alogd
  eventually 60 in_status '"name":"journal"' || fail "it is no source"
  sleep 2
  within logger -t cheesed -p daemon.err 'out of cheese in the journal'
  eventually 60 has_rows 'in the journal' 1 || fail "no anomaly is stored"
  [ "$(sql "SELECT DISTINCT source FROM anomalies WHERE message LIKE '%in the journal%'")" = journal ] ||
    fail "it came from elsewhere"
  sleep 3
  [ "$(rows 'in the journal')" = 1 ] || fail "alogd read its own words: $(rows 'in the journal') rows"
  within logger -t alogd 'out of cheese as an impostor in the journal'
  eventually 60 has_rows 'impostor in the journal' 1 || fail "a line of another process was taken for ours"
  ok

  step "killed and restarted, it goes on behind the cursor; a vacuumed journal is survived"
  local pid
  pid=$(main_pid)
  send STOP "$pid"
  within logger -t cheesed 'out of cheese while stopped'
  send KILL "$pid"
  eventually 60 other_pid "$pid" || fail "systemd did not start it again"
  eventually 60 has_rows 'while stopped' 1 || fail "an entry is lost"
  within systemctl stop alogd
  within journalctl -q --sync
  within journalctl -q --rotate
  within journalctl -q --vacuum-size=1K >/dev/null 2>&1
  within logger -t cheesed 'out of cheese behind the vacuum'
  within systemctl start alogd
  eventually 60 has_rows 'behind the vacuum' 1 || fail "it does not go on"
  [ "$(sql "SELECT count(*) FROM anomalies WHERE detector = 'rule' AND message LIKE '%while stopped%'")" = 1 ] || fail "an entry came twice"
  ok

  step "alogctl train --journal learns from it"
  within sh -c 'for i in $(seq 1200); do echo "order $i taken"; done | logger -t shopd'
  within journalctl -q --sync
  within runuser -u alogd -- alogctl --quiet train --journal --since -1h --group system --detectors novelty \
    --out /var/lib/alogd/from-journal >"$out/train.log" 2>&1 || { cat "$out/train.log"; fail "train failed"; }
  within rm -r /var/lib/alogd/from-journal
  within runuser -u alogd -- alogctl retrain --now --group system >"$out/retrain.log" 2>&1 || { cat "$out/retrain.log"; fail "retrain failed"; }
  grep -q 'quality' "$out/retrain.log" || { cat "$out/retrain.log"; fail "retrain took nothing from the journal"; }
  ok
}

upgrade() {
  step "an upgrade keeps history, bundle and the edited configuration, and asks nothing"
  local pid before
  rm -rf "$out/repacked"
  dpkg-deb -R "$deb" "$out/repacked"
  sed -i 's/^Version: .*/&+next1/' "$out/repacked/DEBIAN/control"
  dpkg-deb --root-owner-group -b "$out/repacked" "$out/next.deb" >/dev/null
  rm -rf "$out/repacked"
  echo '# by the administrator' >>"$root/etc/alogd/alogd.yaml"
  pid=$(main_pid)
  before=$(sql 'SELECT count(*) FROM anomalies')
  install_deb "$out/next.deb" || { cat "$out/apt.log"; fail "apt-get failed"; }
  eventually 60 other_pid "$pid" || fail "it was not restarted"
  within dpkg-query -W -f '${Version}' alogd | grep -q 'next1$' || fail "the old version is installed"
  grep -q 'by the administrator' "$root/etc/alogd/alogd.yaml" || fail "the configuration was replaced"
  [ "$(sql 'SELECT count(*) FROM anomalies')" -ge "$before" ] || fail "history is lost"
  eventually 60 in_status "\"bundle\":\"$(within readlink /var/lib/alogd/models/shop/current)\"" ||
    fail "the bundle does not run"
  eventually 60 active || fail "it is not active"
  within logger -t cheesed 'out of cheese after the upgrade'
  eventually 60 has_rows 'after the upgrade' 1 || fail "it does not watch"
  ok
}

leave() {
  step "removing keeps state and configuration; purging leaves nothing and asks nothing"
  within apt-get remove -y -q alogd >"$out/apt.log" 2>&1 || { cat "$out/apt.log"; fail "apt-get remove failed"; }
  ! active || fail "it still runs"
  within test -f /var/lib/alogd/alogd.db || fail "the history went"
  within test -f /etc/alogd/alogd.yaml || fail "the configuration went"
  within apt-get purge -y -q alogd >"$out/apt.log" 2>&1 || { cat "$out/apt.log"; fail "apt-get purge failed"; }
  files >"$out/files-after"
  diff "$out/files-before" "$out/files-after" >"$out/left" || { cat "$out/left"; fail "something is left or missing"; }
  [ -z "$(within systemctl --failed -q --no-legend)" ] || fail "$(within systemctl --failed)"
  ok
}

check_package() {
  step "lintian finds no errors and no warnings"
  local found
  found=$(lintian --no-tag-display-limit --allow-root "$deb" 2>&1 | grep '^[EW]:' || true)
  [ -z "$found" ] || { printf 'not ok %2d  %s\n%s\n' "$steps" "$current" "$found"; exit 1; }
  ok

  step "piuparts: install and purge leave nothing behind"
  gzip -1 <"$base" >"$out/base.tar.gz"
  piuparts -d bookworm --basetgz="$out/base.tar.gz" -l "$out/piuparts.log" "$deb" >/dev/null 2>&1 || true
  if ! grep -q 'PASS: All tests' "$out/piuparts.log"; then
    if grep -q "ERROR.*'apt-get', 'update'\|ERROR.*apt-get.*update" "$out/piuparts.log"; then
      ok "left out: no package source can be reached from its root"
      return
    fi
    grep -A8 'ERROR\|FAIL' "$out/piuparts.log"
    printf 'not ok %2d  %s\n' "$steps" "$current"
    exit 1
  fi
  ok
}

deb=${1:-}
if [ -z "$deb" ]; then
  echo "building the package ..."
  scripts/build-package
  deb=$(echo build/package/alogd_*.deb)
fi
deb=$(realpath -m "$deb")
[ -f "$deb" ] || { echo "booted test: no such package: $deb"; exit 1; }

make_root "$deb"
boot
install_it
documentation
configure
alert
bundles
kills
wrong_configuration
journal
upgrade
leave
check_package
within systemctl poweroff >/dev/null 2>&1 || true
echo "booted test: $steps steps passed"
