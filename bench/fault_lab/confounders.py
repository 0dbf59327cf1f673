# SPDX-License-Identifier: MIT
# The table of confounders: what happens on a healthy host and must alert nobody at HIGH or worse.
import dataclasses


@dataclasses.dataclass(frozen=True)
class Confounder:
    name: str
    role: str
    do: str  # bash, inside
    wait: float = 8
    injected: bool = False


CONFOUNDERS = (
    Confounder("app-restart", "web", "systemctl restart orderd; sleep 2"),
    Confounder("database-restart", "web", "systemctl stop orderd; systemctl restart postgresql; sleep 2; systemctl start orderd"),
    Confounder("nginx-reload", "web", "systemctl reload nginx"),
    Confounder("one-404", "web", "visit 1 0 /favicon.ico"),
    Confounder("one-slow-request", "web", "runuser -u postgres -- psql -q -d shop -c 'BEGIN; LOCK orders; SELECT pg_sleep(0.4)' >/dev/null & sleep 0.1; curl -s -d '{\"customer\": 7, \"items\": [\"tea\"]}' 127.0.0.1/api/orders; wait"),
    Confounder("ten-times-the-load", "web", "timeout 12 visit 0 1 || true"),
    Confounder("deploy", "web", "sed -i 's/\"2.4.1\"/\"2.5.0\", \"says_at_start\": [\"loaded 14 courier zones\", \"price rounding is half up\", \"feature gift-wrap is on\"]/' /etc/orderd/orderd.json; systemctl restart orderd; sleep 1; visit 5"),
    Confounder("database-backup", "web", "systemctl start shop-backup"),
    Confounder("admin-login", "bastion", "ssh ada@localhost 'sudo systemctl is-active cron' || true"),
    Confounder("one-wrong-password", "bastion", "sshpass -p wrong ssh -o PubkeyAuthentication=no -o NumberOfPasswordPrompts=1 ben@localhost true || true"),
    Confounder("logrotate", "bastion", "logrotate -f /etc/logrotate.conf || true; sleep 1; ssh ben@localhost ls >/dev/null || true", wait=10),
    Confounder("ssh-reload", "bastion", "systemctl reload ssh"),
    Confounder("cron-daily", "bastion", "systemctl start logrotate dpkg-db-backup"),
    Confounder("package-upgrade", "bastion", "for s in 'startup archives unpack' 'upgrade tzdata:all 2024a-0+deb12u1 2024b-0+deb12u1' 'status half-configured tzdata:all 2024a-0+deb12u1' 'status unpacked tzdata:all 2024b-0+deb12u1' 'configure tzdata:all 2024b-0+deb12u1 <none>' 'status installed tzdata:all 2024b-0+deb12u1'; do echo \"$(date '+%F %T') $s\" >> /var/log/dpkg.log; done; systemctl daemon-reload", injected=True),
    Confounder("jobs-run", "batch", "systemctl start stock-report mail-digest"),
    Confounder("meter-restart", "batch", "systemctl restart meterd; sleep 1"),
    Confounder("new-job", "batch", "systemd-run -q --unit=tidy-up echo 'tidied 14 files'; sleep 1"),
    Confounder("time-zone-change", "batch", "timedatectl set-timezone Europe/Berlin || ln -sf /usr/share/zoneinfo/Europe/Berlin /etc/localtime; sleep 1; systemctl start stock-report"),
)
