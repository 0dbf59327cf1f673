#!/bin/bash
# SPDX-License-Identifier: MIT
# Makes the booted Debian the host that the fault lab breaks: users, the shop behind nginx, its database, and jobs.
# Run once inside the container; the image is kept. The clock's own timers are off: the history has their records.
set -euo pipefail

systemctl disable -q --now apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
  fstrim.timer logrotate.timer man-db.timer 2>/dev/null || true
ip link set lo up
cat >/etc/systemd/system/loopback.service <<'END'
[Unit]
DefaultDependencies=no
[Service]
Type=oneshot
ExecStart=/usr/sbin/ip link set lo up
[Install]
WantedBy=sysinit.target
END
systemctl enable -q loopback.service
echo '127.0.0.1 localhost shop1' >/etc/hosts
echo shop1 >/etc/hostname

# --- people ---------------------------------------------------------------------------------------------------
for user in ada ben; do
  useradd -m -s /bin/bash "$user"
  echo "$user:correct-$user" | chpasswd
  install -d -m 700 -o "$user" -g "$user" "/home/$user/.ssh"
done
usermod -aG sudo ada
echo 'ada ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/ada
ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519
for user in ada ben; do
  install -m 600 -o "$user" -g "$user" /root/.ssh/id_ed25519.pub "/home/$user/.ssh/authorized_keys"
done
printf 'Host *\n  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  LogLevel ERROR\n' >/root/.ssh/config

# --- database -------------------------------------------------------------------------------------------------
cat >/etc/postgresql/15/main/conf.d/lab.conf <<'END'
max_connections = 20
log_lock_waits = on
deadlock_timeout = 1s
log_min_duration_statement = 500
checkpoint_timeout = 30s
fsync = off
END

systemctl restart postgresql
for _ in $(seq 100); do runuser -u postgres -- psql -qc 'SELECT 1' >/dev/null 2>&1 && break; sleep 0.2; done
runuser -u postgres -- psql -q <<'END'
CREATE ROLE shop LOGIN PASSWORD 'shop';
CREATE DATABASE shop OWNER shop;
\c shop
CREATE TABLE orders (id int PRIMARY KEY, customer int, total numeric);
CREATE INDEX ON orders (customer);
ALTER TABLE orders OWNER TO shop;
END

# --- application ----------------------------------------------------------------------------------------------
useradd --system --home-dir /var/lib/orderd --create-home orderd
install -d -o orderd -g orderd /var/lib/orderd/outbox /etc/orderd
install -m 755 /root/lab/orderd.py /usr/local/bin/orderd
install -m 755 /root/lab/visit.py /usr/local/bin/visit
cat >/etc/orderd/orderd.json <<'END'
{"version": "2.4.1", "port": 8080, "dispatch_seconds": 30, "outbox": "/var/lib/orderd/outbox",
 "prices": "/etc/orderd/prices.json", "database": "host=127.0.0.1 dbname=shop user=shop password=shop"}
END
echo '{"tea": 4.5, "coffee": 7.9, "cocoa": 3.2, "sugar": 1.1, "milk": 0.99}' >/etc/orderd/prices.json
cat >/etc/systemd/system/orderd.service <<'END'
[Unit]
Description=Order service
After=network.target postgresql.service
StartLimitIntervalSec=30
StartLimitBurst=4
[Service]
ExecStart=/usr/local/bin/orderd
User=orderd
Restart=on-failure
RestartSec=1
TimeoutStopSec=5
[Install]
WantedBy=multi-user.target
END

# --- web ------------------------------------------------------------------------------------------------------
cat >/etc/nginx/sites-available/default <<'END'
server {
  listen 80 default_server;
  root /var/www/html;
  location / { try_files $uri $uri/ =404; }
  location /api/ {
    proxy_pass http://127.0.0.1:8080/;
    proxy_connect_timeout 2s;
    proxy_read_timeout 2s;
  }
}
END
install -d /var/www/html/docs
echo shop >/var/www/html/index.html
echo prices >/var/www/html/docs/prices.html

# --- jobs, each in a language of its own ----------------------------------------------------------------------
cat >/usr/local/bin/shop-backup <<'END'
#!/bin/bash
set -euo pipefail
pg_dump -d "host=127.0.0.1 dbname=shop user=shop password=shop" -f /var/tmp/shop.sql
echo "backup of shop written to /var/tmp/shop.sql: $(stat -c %s /var/tmp/shop.sql) bytes"
END
cat >/usr/local/bin/stock-report <<'END'
#!/usr/bin/python3
import json
prices = json.load(open("/etc/orderd/prices.json"))
print("stock report: %d items, cheapest %.2f" % (len(prices), min(prices.values())), flush=True)
END
cat >/usr/local/bin/mail-digest <<'END'
#!/usr/bin/perl
use strict; use warnings;
opendir(my $dir, "/var/lib/orderd/outbox") or die "cannot read the outbox: $!";
my @orders = grep { /json$/ } readdir $dir;
print "digest: ", scalar @orders, " orders in the outbox\n";
END
cat >/usr/local/bin/meterd <<'END'
#!/usr/bin/python3
import os, socket, sys, time
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.connect(os.environ["NOTIFY_SOCKET"].replace("@", "\0", 1))
notify.send(b"READY=1")
print("INFO meter: ready", flush=True)
reading = 1000
while True:
    for _ in range(15):
        notify.send(b"WATCHDOG=1")
        time.sleep(1)
    if os.path.exists("/run/meter-hold"):
        continue
    reading += 3
    print("INFO meter: reading %d taken from 4 meters" % reading, flush=True)
END
chmod 755 /usr/local/bin/*
for job in shop-backup stock-report mail-digest; do
  printf '[Unit]\nDescription=%s\n[Service]\nType=oneshot\nExecStart=/usr/local/bin/%s\n' "${job^}" "$job" \
    >"/etc/systemd/system/$job.service"
done
cat >/etc/systemd/system/meterd.service <<'END'
[Unit]
Description=Meter reader
[Service]
Type=notify
ExecStart=/usr/local/bin/meterd
WatchdogSec=4
Restart=on-failure
RestartSec=1
TimeoutAbortSec=2
[Install]
WantedBy=multi-user.target
END
echo '17 * * * * root test -x /usr/sbin/logrotate && ls /var/spool >/dev/null' >/etc/cron.d/spool
systemctl daemon-reload
systemctl disable -q nginx ssh cron orderd meterd postgresql 2>/dev/null || true
