# SPDX-License-Identifier: MIT
# A host of the lab: a role on a booted Debian with its history, watched by an alogd that has learned it.
import json
import shutil
import subprocess
import time

import history
import image
from container import Container

CONFIGURATION = """training: {automatic: false}
sinks:
  - {name: lab, file: /var/lib/alogd/alerts.jsonl, min_level: HIGH}
"""
RULES_OFF = "for f in /etc/alogd/rules.d/*.yaml; do echo 'rules: []' > $f; done"


class Host:
    def __init__(self, role, options, seed):
        self.role = role
        self.options = options
        self.container = Container(image.CACHE / f"run-{role.name}-{seed}", image.root())
        self.seed = seed
        self.alerts_read = 0

    def __enter__(self):
        try:
            self.container.mount()
            self._install()
            self.container.boot()
            self.container.run(f"systemctl start {self.role.units}", timeout=90)
            scenes = image.CACHE / f"scenes-{self.role.name}-{image.digest(repr(self.role))}.json"
            takes = history.load_or_record(scenes, self.container, self.role)
            self._write_history(takes)
            self._learn()
        except BaseException:
            self.container.remove()
            raise
        return self

    def __exit__(self, *_):
        self.container.remove()

    def _install(self):
        if self.options.deb:
            shutil.copy(self.options.deb, self.container.path("/root/alogd.deb"))
        else:
            subprocess.run(["cp", "-a", f"{self.options.install}/.", str(self.container.root)], check=True)
            # A tree configured for /usr/local has its configuration there; alogd.service reads /etc.
            local = self.container.path("/usr/local/etc/alogd")
            if local.exists():
                subprocess.run(["cp", "-a", str(local), str(self.container.path("/etc"))], check=True)
            subprocess.run(["chmod", "-R", "go-w", str(self.container.path("/etc/alogd"))], check=True)

    def _write_history(self, takes):
        texts = history.write(self.role, takes, self.options.days, time.time(), self.seed)
        self.records = sum(text.count("\n") for text in texts.values())
        for path, text in texts.items():
            # In place: the programs that write these files have them open, and append.
            with open(self.container.path(path), "r+b" if self.container.path(path).exists() else "wb") as file:
                file.truncate(0)
                file.write(text.encode())

    def _learn(self):
        """By the service's own path: it reads the days, trains itself, and runs what it trained."""
        run = self.container.run
        configuration = self.role.groups.replace("  - name:", "  - from: beginning\n    name:")
        self.container.path("/etc/alogd/conf.d").mkdir(parents=True, exist_ok=True)
        self.container.path("/etc/alogd/conf.d/lab.yaml").write_text(CONFIGURATION + configuration)
        # The package starts the service, which has to find this configuration, and nothing before it.
        if self.options.deb:
            run("dpkg --force-depends -i /root/alogd.deb && systemctl stop alogd", timeout=120)
        else:
            run("systemd-sysusers && systemctl daemon-reload")
        if self.options.no_rules:
            run(RULES_OFF)
        for path in self.role.logs:
            run(f"touch {path}; chgrp adm {path}; chmod g+r {path}; chmod a+rx $(dirname {path})")
        run("systemctl start alogd", timeout=90)
        self._caught_up()
        begin = time.monotonic()
        run("runuser -u alogd -- alogctl retrain --now > /var/tmp/train.log 2>&1", check=False, timeout=900)
        self.training_seconds = time.monotonic() - begin
        self.trained = self.container.path("/var/tmp/train.log").read_text()
        self._caught_up()
        if self.role.background:
            self.container.start(self.role.background)
        self.history_alerts = self.new_alerts()

    def _caught_up(self, seconds=120):
        """Until all that the logs hold has been read."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            status = self.container.run("alogctl --json status", check=False)
            if status.returncode == 0:
                sources = json.loads(status.stdout)["sources"]
                if any(s["records"] for s in sources) and not any(s["lag_bytes"] for s in sources):
                    return
            time.sleep(0.3)
        raise RuntimeError(f"alogd has not read its logs within {seconds} s: {status.stdout} {status.stderr}")

    def new_alerts(self):
        """Alerts that came since the last call, oldest first: the JSON objects of the sink."""
        file = self.container.path("/var/lib/alogd/alerts.jsonl")
        if not file.exists():
            return []
        lines = file.read_text(errors="replace").split("\n")[:-1]
        new = [json.loads(line) for line in lines[self.alerts_read:]]
        self.alerts_read = len(lines)
        return new
