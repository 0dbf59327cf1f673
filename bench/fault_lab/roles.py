# SPDX-License-Identifier: MIT
# The table of roles: what a host runs, which logs it writes, and what happens on it on a normal day.
import dataclasses


@dataclasses.dataclass(frozen=True)
class Scene:
    """Something normal. Done `takes` times while recording; the history then has it by its calendar."""
    name: str
    script: str
    takes: int = 3
    every: float = 0  # seconds between two by day, in the mean; three times that at night
    at: tuple = ()  # or these times of the day, in seconds after midnight
    days: int = 1  # each so many days
    settle: float = 0.3  # seconds without a new line after which the scene is over
    keep: str = ""  # pattern of the lines that belong to it; else all but the role's heartbeat


@dataclasses.dataclass(frozen=True)
class Role:
    name: str
    units: str
    logs: tuple  # paths that the history is written to
    groups: str  # groups of alogd's configuration
    scenes: tuple
    heartbeat: str = "(?!)"  # pattern of lines that come by themselves, also in the midst of other scenes
    background: str = ""  # keeps on during the faults


HOUR = 3600
SYSLOG = ("/var/log/syslog", "/var/log/auth.log")
COMMON = (
    Scene("cron", "/root/lab/cron-tick", takes=1, at=tuple(h * HOUR + 17 * 60 for h in range(24)), settle=1,
          keep="CRON"),
    Scene("logrotate", "systemctl start logrotate", at=(0,)),
    Scene("dpkg-backup", "systemctl start dpkg-db-backup", at=(120,)),
    Scene("login", "ssh ada@localhost 'sudo systemctl is-active cron' || true", takes=4, every=3 * HOUR, settle=1),
    Scene("copy", "ssh ben@localhost ls || true", takes=4, every=4 * HOUR, settle=1),
)
WEB = Role(
    "web", "rsyslog ssh cron postgresql nginx orderd",
    SYSLOG + ("/var/log/nginx/access.log", "/var/log/nginx/error.log",
              "/var/log/postgresql/postgresql-15-main.log"),
    """groups:
  - name: system
  - name: nginx
    paths: ['/var/log/nginx/*.log']
  - name: postgresql
    paths: ['/var/log/postgresql/*.log']
""",
    COMMON + (
        Scene("visits", "visit 3", takes=60, every=60),
        Scene("dispatch", "curl -s -X POST -d '' 127.0.0.1:8080/dispatch", takes=30, every=30, settle=0.15,
              keep="orderd.dispatch"),
        Scene("checkpoint", "visit 20; sleep 32", takes=2, every=1800, settle=1, keep="checkpoint"),
        Scene("backup", "systemctl start shop-backup", at=(2 * HOUR,)),
        Scene("app-restart", "systemctl restart orderd; sleep 1", takes=2, at=(5 * HOUR,), days=2, settle=1),
        Scene("db-restart", "systemctl restart postgresql; sleep 2; visit 2", takes=2, at=(5 * HOUR + 600,), days=3,
              settle=1),
        Scene("nginx-reload", "systemctl reload nginx", at=(60,)),
    ),
    "orderd.dispatch", "visit 0 20")
BATCH = Role(
    "batch", "rsyslog ssh cron meterd", SYSLOG, "groups:\n  - name: system\n",
    COMMON + (
        Scene("meter", "sleep 15.5", takes=4, every=15, settle=0.1, keep="INFO meter: reading"),
        Scene("stock", "systemctl start stock-report", takes=5, at=tuple(h * HOUR for h in range(24))),
        Scene("digest", "systemctl start mail-digest", takes=5, at=tuple(h * HOUR + 1800 for h in range(24))),
        Scene("meter-restart", "systemctl restart meterd; sleep 1", takes=2, at=(6 * HOUR,), days=2, settle=1),
    ),
    "INFO meter: reading")
BASTION = Role(
    "bastion", "rsyslog ssh cron", SYSLOG, "groups:\n  - name: system\n",
    tuple(s for s in COMMON if s.name not in ("login", "copy")) + (
        Scene("login", "ssh ada@localhost 'sudo systemctl is-active cron' || true", takes=8, every=600, settle=1),
        Scene("copy", "ssh ben@localhost ls || true", takes=8, every=400, settle=1),
        Scene("ssh-reload", "systemctl reload ssh", takes=2, at=(60,), settle=0.5),
    ))
ROLES = {role.name: role for role in (WEB, BASTION, BATCH)}
