# SPDX-License-Identifier: MIT
# Boots a Debian root in systemd-nspawn, runs commands inside, and takes it down again.
import os
import pathlib
import shutil
import signal
import subprocess
import time


class CannotBoot(Exception):
    """This machine has no containers, or not for this user."""


class Container:
    """A booted root. With `lower`, what is written goes to `work`/upper and the lower root stays as it is."""

    def __init__(self, work, lower):
        self.work = pathlib.Path(work)
        self.lower = pathlib.Path(lower)
        self.root = self.work / "root"
        self.process = None
        self.leader = None

    def mount(self):
        shutil.rmtree(self.work, ignore_errors=True)
        for name in ("root", "upper", "overlay"):
            (self.work / name).mkdir(parents=True)
        options = f"lowerdir={self.lower},upperdir={self.work}/upper,workdir={self.work}/overlay"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, self.root], check=True)

    def boot(self, seconds=60):
        (self.root / "etc/machine-id").write_text("")
        with open(self.work / "console.log", "wb") as console:
            self.process = subprocess.Popen(
                ["systemd-nspawn", "--quiet", "-D", str(self.root), "--boot", "--register=no",
                 "--keep-unit", "--private-network", "--console=pipe"],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console)
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            if self._find_leader():
                state = self.run("systemctl is-system-running", check=False).stdout.strip()
                if state in ("running", "degraded"):
                    return
            time.sleep(0.3)
        raise CannotBoot((self.work / "console.log").read_text(errors="replace")[-500:])

    def _find_leader(self):
        # Asked anew until it has booted: systemd-nspawn starts short-lived children first.
        children = subprocess.run(["ps", "--ppid", str(self.process.pid), "-o", "pid="],
                                  capture_output=True, text=True).stdout.split()
        self.leader = children[0] if children else None
        return self.leader is not None

    def run(self, script, check=True, timeout=60):
        """Runs a bash script inside as root; every wait is bounded by `timeout` seconds."""
        command = ["nsenter", "-t", self.leader, "-m", "-u", "-i", "-n", "-p", "--", "env", "-i",
                   "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8",
                   "bash", "-c", script]
        result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                timeout=timeout, errors="replace", cwd="/")
        if check and result.returncode != 0:
            raise RuntimeError(f"in the container: {script}: exit status {result.returncode}: "
                               f"{(result.stdout + result.stderr)[-2000:]}")
        return result

    def start(self, script):
        """Leaves a script running inside; it ends with the container."""
        self.run(f"systemd-run --quiet --collect --unit=lab-$RANDOM$RANDOM bash -c {quoted(script)}")

    def eventually(self, script, seconds, what):
        end = time.monotonic() + seconds
        while self.run(script, check=False).returncode != 0:
            if time.monotonic() > end:
                raise RuntimeError(f"{what}: not within {seconds} s")
            time.sleep(0.2)

    def path(self, inside):
        return self.root / inside.lstrip("/")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(8)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.leader = None

    def remove(self):
        self.stop()
        if os.path.ismount(self.root):
            subprocess.run(["umount", "-l", self.root], check=False)
        shutil.rmtree(self.work, ignore_errors=True)


def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"
