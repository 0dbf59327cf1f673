# SPDX-License-Identifier: MIT
# The table of faults: what is broken, how, what line tells of it first, and how it is mended.
import dataclasses


@dataclasses.dataclass(frozen=True)
class Fault:
    name: str
    role: str
    break_it: str  # bash, inside; the real cause, unless `injected`
    line: str  # pattern of the guilty lines, those that an operator has to see
    mend: str = "true"
    wait: float = 12  # seconds that the fault lasts
    injected: bool = False  # the log line alone: its cause cannot be had in a container
    held_out: bool = False  # no tuning looks at it
    silent: bool = False  # the guilty line is one that does not come


PSQL = "runuser -u postgres -- psql -q -d shop -c"
RESTART_SHOP = "systemctl reset-failed orderd; systemctl restart orderd; sleep 1"
FAULTS = (
    # --- web, database, application -----------------------------------------------------------------------------
    Fault("unit-crash", "web", "systemctl kill -s SEGV orderd", r"orderd.service: (Main process exited, code=(dumped|killed)|Failed with)"),
    Fault("crash-loop", "web", "cp /etc/orderd/orderd.json /root/good.json; echo '{' > /etc/orderd/orderd.json; systemctl restart orderd",
          r"configuration .* not valid|orderd.service: (Main process exited|Failed with)|repeated too quickly|Failed to start",
          "cp /root/good.json /etc/orderd/orderd.json; " + RESTART_SHOP),
    Fault("database-down", "web", "systemctl stop postgresql; visit 8 0.2 /api/customers/7",
          r"failed: database|connection.*(refused|closed|terminated)",
          "systemctl start postgresql; sleep 2; " + RESTART_SHOP),
    Fault("upstream-refused", "web", "systemctl stop orderd; visit 5 0.2 /api/customers/7",
          r"connect\(\) failed \(111.*upstream|\" 502 ", "systemctl start orderd; sleep 1"),
    Fault("upstream-hangs", "web", "systemctl kill -s STOP orderd; visit 3 0.2 /api/customers/7",
          r"upstream timed out|\" 504 ", "systemctl kill -s CONT orderd"),
    Fault("app-error-trace", "web", "curl -s -d '{\"customer\": 7}' 127.0.0.1/api/orders", r"placing an order failed|KeyError|Traceback"),
    Fault("price-list-gone", "web", "mv /etc/orderd/prices.json /root/; curl -s -d '{\"customer\": 7, \"items\": [\"tea\"]}' 127.0.0.1/api/orders",
          r"placing an order failed|FileNotFoundError|No such file", "mv /root/prices.json /etc/orderd/"),
    Fault("outbox-permission", "web", "chown root: /var/lib/orderd/outbox; chmod 700 /var/lib/orderd/outbox; visit 20; curl -s -X POST -d '' 127.0.0.1:8080/dispatch",
          r"cannot hand orders|dispatching failed|Permission denied", "chown orderd: /var/lib/orderd/outbox; chmod 755 /var/lib/orderd/outbox", held_out=True),
    Fault("port-taken", "web", "systemctl stop orderd; systemd-run -q --collect --unit=squat python3 -m http.server 8080 --bind 127.0.0.1; sleep 1; systemctl start orderd",
          r"Address already in use|orderd.service: (Main process exited|Failed with)", "systemctl stop squat; " + RESTART_SHOP),
    Fault("broken-reload", "web", "echo 'sever {}' > /etc/nginx/conf.d/typo.conf; systemctl reload nginx || true",
          r"unknown directive|Reload failed|nginx.service: Control process exited", "rm /etc/nginx/conf.d/typo.conf; systemctl reload nginx"),
    Fault("connections-exhausted", "web", "for i in $(seq 24); do systemd-run -q --collect --uid=postgres psql -d shop -c 'SELECT pg_sleep(4)'; done; sleep 1; visit 4 0.1 /api/customers/7",
          r"too many clients|remaining connection slots"),
    Fault("lock-wait", "web", f"systemd-run -q --collect --uid=postgres psql -d shop -c 'BEGIN; LOCK orders; SELECT pg_sleep(5)'; sleep 0.5; curl -s -m 4 -d '{{\"customer\": 7, \"items\": [\"tea\"]}}' 127.0.0.1:8080/orders || true",
          r"still waiting for|acquired .*Lock"),
    Fault("slow-query", "web", f"{PSQL} 'SELECT pg_sleep(1.3)' >/dev/null", r"duration: \d+"),
    Fault("database-disk-full", "web", f"mkdir -p /srv/small; mount -t tmpfs -o size=2m tmpfs /srv/small; chown postgres /srv/small; {PSQL} \"CREATE TABLESPACE small LOCATION '/srv/small'\"; {PSQL} 'CREATE TABLE stock TABLESPACE small AS SELECT n, repeat(chr(65), 900) FROM generate_series(1, 9000) n' || true",
          r"could not extend file|No space left", f"{PSQL} 'DROP TABLESPACE small'; umount /srv/small || true"),
    Fault("burst-403", "web", "chmod 000 /var/www/html/docs/prices.html; visit 12 0.1 /docs/prices.html", r"\" 403 |Permission denied", "chmod 644 /var/www/html/docs/prices.html"),
    Fault("burst-404", "web", "visit 30 0.05 /api/vanished", r"\" 404 "),
    Fault("backup-fails", "web", f"{PSQL} \"ALTER ROLE shop NOLOGIN\"; systemctl start shop-backup || true",
          r"pg_dump: error|not permitted to log in|shop-backup.service: (Main|Failed)|Failed to start", f"{PSQL} \"ALTER ROLE shop LOGIN\""),
    Fault("ten-times-slower", "web", f"{PSQL} \"CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.3); RETURN NEW; END'\"; {PSQL} 'CREATE TRIGGER slow BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION slow()'; for i in $(seq 20); do curl -s -d '{{\"customer\": 7, \"items\": [\"tea\"]}}' 127.0.0.1/api/orders >/dev/null; done",
          r"stored in [0-9]{3,}", f"{PSQL} 'DROP TRIGGER slow ON orders'; {PSQL} 'DROP FUNCTION slow'"),
    Fault("queue-grows", "web", "touch /var/lib/orderd/outbox/hold; for i in $(seq 8); do visit 30; curl -s -X POST -d '' 127.0.0.1:8080/dispatch >/dev/null; done",
          r"0 orders dispatched, [0-9]{2,} waiting", "rm /var/lib/orderd/outbox/hold; curl -s -X POST -d '' 127.0.0.1:8080/dispatch"),
    Fault("replication-broken", "web", f"{PSQL} \"CREATE SUBSCRIPTION far CONNECTION 'host=127.0.0.1 port=9 dbname=x' PUBLICATION p WITH (connect = false)\"; {PSQL} 'ALTER SUBSCRIPTION far ENABLE' || true",
          r"could not connect to the publisher|logical replication worker|wal_level", f"{PSQL} 'ALTER SUBSCRIPTION far DISABLE'; {PSQL} 'ALTER SUBSCRIPTION far SET (slot_name = NONE)'; {PSQL} 'DROP SUBSCRIPTION far'", held_out=True),
    Fault("out-of-memory", "web", "logger -t kernel -p kern.err 'Out of memory: Killed process 812 (orderd) total-vm:2210040kB, anon-rss:1893320kB, file-rss:0kB, shmem-rss:0kB, UID:999 pgtables:4012kB oom_score_adj:0'",
          r"Out of memory", injected=True),
    # --- bastion ------------------------------------------------------------------------------------------------
    Fault("ssh-brute-force", "bastion", "for i in $(seq 12); do sshpass -p wrong$i ssh -o PubkeyAuthentication=no -o NumberOfPasswordPrompts=1 ben@localhost true || true; done",
          r"Failed password|authentication failure"),
    Fault("sudo-misuse", "bastion", "runuser -u ben -- sudo -n cat /etc/shadow || true", r"NOT in sudoers|a password is required|not allowed"),
    Fault("uid-0-account", "bastion", "useradd -o -u 0 -g 0 toor", r"new user: name=toor", "sed -i '/^toor:/d' /etc/passwd /etc/shadow"),
    Fault("rights-changed", "bastion", "usermod -aG sudo ben", r"add 'ben' to (shadow )?group 'sudo'", "gpasswd -d ben sudo"),
    Fault("cron-job-fails", "bastion", "echo '* * * * * root /usr/local/bin/no-such-job' > /etc/cron.d/broken", r"No MTA installed|discarding output",
          "rm /etc/cron.d/broken", wait=130),
    Fault("sshd-broken-config", "bastion", "echo 'PermitRootLogni no' > /etc/ssh/sshd_config.d/typo.conf; systemctl reload ssh || true",
          r"Bad configuration option|ssh.service: Control process exited|Reload failed", "rm /etc/ssh/sshd_config.d/typo.conf; systemctl reset-failed ssh; systemctl restart ssh"),
    Fault("clock-jump", "bastion", "logger -t systemd-timesyncd -p daemon.notice 'System clock jumped backwards by 5403.2s, resynchronizing'", r"clock jumped", injected=True, held_out=True),
    Fault("disk-error", "bastion", "logger -t kernel -p kern.err 'blk_update_request: I/O error, dev sda, sector 1953128 op 0x0:(READ) flags 0x80700 phys_seg 1 prio class 0'", r"I/O error", injected=True),
    Fault("log-disk-full", "bastion", "logger -t rsyslogd -p syslog.err \"file '/var/log/mail.log': write error: No space left on device [v8.2302.0 try https://www.rsyslog.com/e/2027 ]\"", r"No space left", injected=True),
    # --- batch --------------------------------------------------------------------------------------------------
    Fault("watchdog", "batch", "systemctl kill -s STOP meterd; sleep 8", r"Watchdog timeout|meterd.service: (Main|Failed|Killing)"),
    Fault("python-job-trace", "batch", "mv /etc/orderd/prices.json /root/; systemctl start stock-report || true", r"Traceback|FileNotFoundError|stock-report.service: (Main|Failed)|Failed to start",
          "mv /root/prices.json /etc/orderd/"),
    Fault("perl-job-dies", "batch", "mv /var/lib/orderd/outbox /root/; systemctl start mail-digest || true", r"cannot read the outbox|mail-digest.service: (Main|Failed)|Failed to start",
          "mv /root/outbox /var/lib/orderd/"),
    Fault("shell-command-gone", "batch", "sed -i 's/pg_dump/pg_dmup/' /usr/local/bin/shop-backup; systemctl start shop-backup || true", r"command not found|shop-backup.service: (Main|Failed)|Failed to start",
          "sed -i 's/pg_dmup/pg_dump/' /usr/local/bin/shop-backup", held_out=True),
    Fault("start-timeout", "batch", "systemd-run -q --unit=never-ready -p Type=notify -p TimeoutStartSec=2 sleep 30 || true", r"timed out|Failed to start|Failed with result 'timeout'", "systemctl reset-failed never-ready"),
    Fault("mount-fails", "batch", "systemd-mount --no-block --type=ext4 /dev/no-such-disk /mnt || true; mount -t tmpfs -o size=banana tmpfs /mnt 2>&1 | logger -t mount-data -p daemon.err", r"bad|invalid|Failed|wrong fs|size", held_out=True),
    Fault("name-lookup-fails", "batch", "python3 -c \"import socket; socket.getaddrinfo('courier.example', 443)\" 2>&1 | logger -t courier-sync -p daemon.err", r"Temporary failure|Name or service|Traceback"),
    Fault("certificate-expired", "batch", "openssl req -x509 -newkey rsa:2048 -nodes -keyout /root/k -out /root/c -days 30 -subj /CN=localhost 2>/dev/null; openssl verify -attime $(date -d +1year +%s) -CAfile /root/c /root/c 2>&1 | logger -t courier-sync -p daemon.err",
          r"certificate has expired|verification failed|error \d+ at"),
    Fault("native-crash", "batch", "systemd-run -q --unit=label-print python3 -c 'import ctypes; ctypes.string_at(0)'; sleep 1", r"label-print.service: (Main|Failed)", "systemctl reset-failed label-print"),
    Fault("meter-silent", "batch", "touch /run/meter-hold", r"reading .* taken", "rm /run/meter-hold", wait=75, silent=True),
)
