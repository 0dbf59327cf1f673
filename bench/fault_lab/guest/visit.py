#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Visits the made-up shop through nginx: visit.py COUNT [PAUSE] [PATH]; COUNT 0 goes on until it is ended.
import json
import random
import sys
import time
import urllib.error
import urllib.request

ITEMS = ["tea", "coffee", "cocoa", "sugar", "milk"]
AGENTS = ["Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Firefox/115.0", "curl/7.88.1",
          "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) Safari/604.1"]


def visit(path):
    data = None
    if path is None:
        kind = random.random()
        if kind < 0.4:
            path = "/"
        elif kind < 0.7:
            path = f"/api/customers/{random.randrange(1, 500)}"
        else:
            path = "/api/orders"
            data = json.dumps({"customer": random.randrange(1, 500),
                               "items": random.choices(ITEMS, k=random.randrange(1, 6))}).encode()
    request = urllib.request.Request("http://127.0.0.1" + path, data, {"User-Agent": random.choice(AGENTS)})
    try:
        urllib.request.urlopen(request, timeout=10).read()
    except (urllib.error.URLError, OSError):
        pass  # what the visitor sees is what the logs are to tell


def main():
    count = int(sys.argv[1])
    pause = float(sys.argv[2]) if len(sys.argv) > 2 else 0
    path = sys.argv[3] if len(sys.argv) > 3 else None
    done = 0
    while count == 0 or done < count:
        visit(path)
        done += 1
        if pause:
            time.sleep(random.expovariate(1 / pause))


main()
