# SPDX-License-Identifier: MIT
# Does what a table says to a host, and measures what alogd, grep on error words and "new template" say to it.
import dataclasses
import re
import time

import history
import stamps

LOUD = ("HIGH", "CRITICAL")
ERROR_WORDS = re.compile(r"error|fail|fatal|critical|panic|denied|refused|timed? ?out|exception|segv", re.IGNORECASE)


@dataclasses.dataclass
class Outcome:
    name: str
    role: str
    fault: bool
    marks: str = ""  # injected, held out
    lines: int = 0  # guilty lines that the logs got
    alerts: list = dataclasses.field(default_factory=list)  # at HIGH or worse, about what was done
    stray: int = 0  # alerts that came meanwhile, about something earlier
    delay: float | None = None  # seconds from the first guilty line to the first loud alert
    guilty_first: bool = False  # the first alert's first line is a guilty one
    grep: bool = False  # an error word in the new lines
    new_template: bool = False  # a template that the host never had
    silent: bool = False  # no guilty line is to come
    labelled: list = dataclasses.field(default_factory=list)  # (path, line, 0 or 1), for --capture

    @property
    def found(self):
        return bool(self.alerts)


def loud(alerts):
    return [alert for alert in alerts if alert.get("level") in LOUD]


def said_first(alert):
    """What an operator reads first: the message of the anomaly, or the first line of a list."""
    return alert.get("message") or alert.get("title", "")


def live_templates(host):
    script = ("sqlite3 -cmd '.timeout 10000' /var/lib/alogd/alogd.db "
              "\"SELECT count(*) FROM templates WHERE origin = 'live' AND alias_of IS NULL\"")
    return int(host.container.run(script).stdout)


class Watch:
    """Follows logs and alerts of a host while something is done to it."""

    def __init__(self, host):
        self.host = host
        self.logs = history.Logs(host.container, host.role.logs)
        self.alerts = []
        self.lines = []
        self.first_seen = {}
        host.new_alerts()
        self.templates = live_templates(host)

    def follow(self, seconds, enough=lambda: False):
        end = time.monotonic() + seconds
        while time.monotonic() < end and not enough():
            self.look()
            time.sleep(0.1)

    def look(self):
        now = time.time()
        for path, line in self.logs.new_lines():
            # An access log says whole seconds, so the time at which a line was seen is the better one.
            stamp = stamps.time_of(line)
            self.lines.append((path, line, now if stamp is None or stamp == int(stamp) else stamp))
        self.alerts += loud(self.host.new_alerts())


def own(line):
    return " alogd[" in line


def about(alert, watch, guilty):
    """Whether an alert tells of what was done: a guilty line, or any line that came since. A list that is due late tells
    of earlier things, and finds nothing."""
    told = alert.get("message")
    if told is None:  # a list: it quotes beginnings of messages
        told = str(alert.get("title", "")) + str(alert.get("details", ""))
        quotes = any(quoted_as(line) in told for _, line, _ in watch.lines)
    else:
        quotes = any(told in line for _, line, _ in watch.lines)
    return quotes or bool(guilty and guilty.search(told))


def quoted_as(line):
    """The beginning of a syslog line's message, as a list has it; of another line, its end."""
    return (line.split("]: ", 1)[1] if "]: " in line else line)[:40]


def sort_out(watch, guilty):
    """(alerts about what was done, number of others)."""
    mine = [alert for alert in watch.alerts if about(alert, watch, guilty)]
    return mine, len(watch.alerts) - len(mine)


def try_fault(host, fault):
    watch = Watch(host)
    begin = time.time()
    host.container.run(fault.break_it, check=False, timeout=90)
    guilty = re.compile(fault.line)
    # A long wait ends with what it waits for. A check asks only for the first alert.
    patient = fault.wait <= 20 and not host.options.check
    watch.follow(fault.wait, lambda: not patient and sort_out(watch, guilty)[0])
    watch.follow(2)
    times = [seconds for _, line, seconds in watch.lines if guilty.search(line) and not own(line)]
    marks = ["injected"] * fault.injected + ["held out"] * fault.held_out
    mine, stray = sort_out(watch, guilty)
    result = Outcome(fault.name, fault.role, True, ", ".join(marks), len(times), mine, stray,
                     silent=fault.silent)
    if mine:
        first = mine[0]
        since = begin if fault.silent or not times else min(times)
        result.delay = max(first["created_us"] / 1e6 - since, 0)
        result.guilty_first = bool(guilty.search(said_first(first)))
    finish(result, watch, guilty if not fault.silent else None)
    host.container.run(fault.mend, check=False, timeout=60)
    return result


def try_confounder(host, confounder):
    watch = Watch(host)
    host.container.run(confounder.do, check=False, timeout=90)
    watch.follow(confounder.wait)
    mine, stray = sort_out(watch, None)
    result = Outcome(confounder.name, confounder.role, False, "injected" if confounder.injected else "",
                     len(watch.lines), mine, stray)
    finish(result, watch, None)
    return result


def finish(result, watch, guilty):
    lines = [(path, line) for path, line, _ in watch.lines if not own(line)]
    result.grep = any(ERROR_WORDS.search(line) for _, line in lines)
    result.new_template = live_templates(watch.host) > watch.templates
    result.labelled = [(path, line, int(bool(guilty and guilty.search(line)))) for path, line in lines]


def problem(outcome, seconds):
    """What is wrong with an outcome, in words; empty where a fault was found within `seconds`, or a confounder quiet."""
    if not outcome.fault:
        return f"alerts: {said_first(outcome.alerts[0])}" if outcome.found else ""
    if not outcome.lines and not outcome.silent:
        return "it logged no guilty line"
    if not outcome.found:
        return f"no alert at HIGH or worse for {outcome.lines} guilty lines"
    return f"its first alert came after {outcome.delay:.1f} s" if outcome.delay > seconds else ""


def quiet(host, seconds):
    """Loud alerts of a time in which nothing is done."""
    watch = Watch(host)
    watch.follow(seconds)
    return watch.alerts
