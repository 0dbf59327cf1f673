# SPDX-License-Identifier: MIT
# Reads and rewrites the time of a log line, in the forms that rsyslog, nginx and PostgreSQL write. All are UTC.
import datetime
import re

UTC = datetime.timezone.utc
# (pattern, format, digits of a second's fraction behind it, what follows)
FORMS = (
    (re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{6})(?=\+00:00 )"), "%Y-%m-%dT%H:%M:%S", 6),
    (re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\.(\d{3})(?= UTC )"), "%Y-%m-%d %H:%M:%S", 3),
    (re.compile(r"^(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d)(?= \[)"), "%Y/%m/%d %H:%M:%S", 0),
    (re.compile(r"(?<=\[)(\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d)(?= \+0000\])"), "%d/%b/%Y:%H:%M:%S", 0),
)


def time_of(line):
    """Seconds since 1970, or None where the line has no time (a further line of the record before)."""
    for pattern, form, digits in FORMS:
        found = pattern.search(line)
        if found:
            whole = datetime.datetime.strptime(found[1], form).replace(tzinfo=UTC).timestamp()
            return whole + (int(found[2]) / 10**digits if digits else 0)
    return None


def with_time(line, seconds):
    """The line with another time; unchanged where it has none."""
    whole, fraction = divmod(seconds, 1)
    for pattern, form, digits in FORMS:
        if pattern.search(line):
            text = datetime.datetime.fromtimestamp(whole, UTC).strftime(form)
            if digits:
                text += ".%0*d" % (digits, int(fraction * 10**digits))
            return pattern.sub(text, line, count=1)
    return line
