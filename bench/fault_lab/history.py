# SPDX-License-Identifier: MIT
# Some days of normal logs in seconds: records each scene of a role as it really is, and lays the takes out by calendar.
import json
import random
import re
import time

import stamps

DAY = 86400


class Logs:
    """The role's log files of a container, read as they grow."""

    def __init__(self, container, paths):
        self.container = container
        self.offsets = {path: 0 for path in paths}
        self.skip()

    def skip(self):
        for path in self.offsets:
            file = self.container.path(path)
            self.offsets[path] = file.stat().st_size if file.exists() else 0

    def new_lines(self):
        """(path, line) of each whole line since the last call; follows a file that was replaced by a shorter one."""
        lines = []
        for path, offset in self.offsets.items():
            file = self.container.path(path)
            if not file.exists():
                continue
            if file.stat().st_size < offset:
                offset = 0
            with open(file, "rb") as log:
                log.seek(offset)
                data = log.read()
            data = data[:data.rfind(b"\n") + 1]
            self.offsets[path] = offset + len(data)
            lines += [(path, line) for line in data.decode(errors="replace").splitlines()]
        return lines


def record(container, role):
    """{scene: [take]}; a take is rows of [path, seconds after its beginning, line]."""
    logs = Logs(container, role.logs)
    heartbeat = re.compile(role.heartbeat)
    takes = {}
    for scene in role.scenes:
        takes[scene.name] = []
        for _ in range(scene.takes):
            take = record_take(container, logs, scene, heartbeat)
            if take:
                takes[scene.name].append(take)
        if not takes[scene.name]:
            raise RuntimeError(f"{role.name}: scene {scene.name} writes no log line")
    return takes


def record_take(container, logs, scene, heartbeat):
    logs.skip()
    begin = time.time()
    container.run(scene.script, timeout=150)
    lines = []
    quiet_since = time.monotonic()
    while time.monotonic() - quiet_since < scene.settle:
        new = logs.new_lines()
        if new:
            lines += new
            quiet_since = time.monotonic()
        time.sleep(0.03)
    rows = []
    last = {}
    for path, line in lines:
        belongs = re.search(scene.keep, line) if scene.keep else not heartbeat.search(line)
        stamp = stamps.time_of(line)
        if stamp is not None:
            last[path] = max(stamp - begin, 0) if belongs else None
        if belongs and last.get(path) is not None:
            rows.append([path, last[path], line])
    if rows:
        first = min(row[1] for row in rows)
        for row in rows:
            row[1] -= first
    return rows


def calendar(role, begin, end, rng):
    """(time, scene) of all that happens between two times, in seconds since 1970."""
    for scene in role.scenes:
        if scene.every:
            now = begin + rng.random() * scene.every
            while now < end:
                yield now, scene
                # What comes by a timer keeps its beat; what people do comes as it likes, and seldom at night.
                if scene.keep:
                    now += scene.every * rng.uniform(0.99, 1.01)
                else:
                    night = (now % DAY) < 6 * 3600
                    now += rng.expovariate(1 / (scene.every * (3 if night else 1)))
        for second in scene.at:
            day = begin - begin % DAY
            while day < end:
                if begin <= day + second < end and (day // DAY) % scene.days == 0:
                    yield day + second + rng.random(), scene
                day += DAY


def write(role, takes, days, end, seed):
    """{path: text} of `days` days that end at `end`; another seed is another history."""
    rng = random.Random(seed)
    rows = []
    for begin, scene in calendar(role, end - days * DAY, end - 60, rng):
        for number, (path, after, line) in enumerate(rng.choice(takes[scene.name])):
            rows.append((begin + after, number, path, line))
    rows.sort(key=lambda row: row[:2])
    text = {path: [] for path in role.logs}
    for seconds, _, path, line in rows:
        text[path].append(stamps.with_time(line, seconds) + "\n")
    return {path: "".join(lines) for path, lines in text.items()}


def load_or_record(file, container, role):
    if not file.exists():
        file.write_text(json.dumps(record(container, role)))
    return json.loads(file.read_text())
