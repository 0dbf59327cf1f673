#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# A made-up order service for the fault lab: HTTP in front, PostgreSQL behind, one log line an action on standard output.
import http.server
import json
import logging
import os
import pathlib
import queue
import random
import signal
import sys
import threading
import time

import psycopg2
import psycopg2.pool

CONFIG = pathlib.Path("/etc/orderd/orderd.json")
log = logging.getLogger("orderd")
http_log = logging.getLogger("orderd.http")
dispatch_log = logging.getLogger("orderd.dispatch")


class Orders:
    def __init__(self, config):
        self.config = config
        self.pool = psycopg2.pool.ThreadedConnectionPool(1, 8, config["database"], connect_timeout=2)
        self.waiting = queue.Queue()

    def query(self, sql, *values):
        connection = self.pool.getconn()
        broken = True
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(sql, values)
                row = cursor.fetchone()
            broken = False
            return row
        finally:
            self.pool.putconn(connection, close=broken)

    def place(self, order):
        number = random.randrange(100000, 999999)
        customer = int(order["customer"])
        prices = json.loads(pathlib.Path(self.config["prices"]).read_text())
        total = sum(prices[item] for item in order["items"])
        begin = time.monotonic()
        self.query("INSERT INTO orders VALUES (%s, %s, %s) ON CONFLICT (id) DO UPDATE SET total = "
                   "excluded.total RETURNING id", number, customer, total)
        ms = (time.monotonic() - begin) * 1000
        http_log.info("order %d accepted from customer %d: %d items, %.2f EUR", number, customer,
                      len(order["items"]), total)
        http_log.info("order %d stored in %.1f ms", number, ms)
        self.waiting.put(number)
        return {"order": number}

    def read(self, customer):
        count, total = self.query("SELECT count(*), coalesce(sum(total), 0) FROM orders WHERE customer = %s", customer)
        http_log.info("customer %d has %d orders", customer, count)
        return {"orders": count, "total": float(total)}

    def dispatch(self):
        """Hands what waits to the courier: a file an order in its directory."""
        done = 0
        outbox = pathlib.Path(self.config["outbox"])
        if not (outbox / "hold").exists():
            while not self.waiting.empty():
                (outbox / f"{self.waiting.get()}.json").write_text("{}")
                done += 1
            for old in sorted(outbox.glob("*.json"))[:-20]:
                old.unlink()
        dispatch_log.info("%d orders dispatched, %d waiting", done, self.waiting.qsize())


class Handler(http.server.BaseHTTPRequestHandler):
    orders = None

    def log_message(self, *_):
        pass

    def answer(self, code, body):
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def handle_one(self, what, work):
        try:
            self.answer(200, work())
        except psycopg2.Error as error:
            first = str(error).strip().splitlines()[0]
            http_log.error("%s failed: database: %s", what, first)
            self.answer(503, {"error": "database"})
        except Exception:
            http_log.exception("%s failed", what)
            self.answer(500, {"error": "internal"})

    def do_GET(self):
        if self.path.startswith("/customers/"):
            self.handle_one("reading a customer", lambda: self.orders.read(int(self.path.split("/")[2])))
        else:
            self.answer(404, {"error": "no such page"})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/dispatch":
            self.handle_one("dispatching", lambda: self.orders.dispatch() or {})
        else:
            self.handle_one("placing an order", lambda: self.orders.place(json.loads(body)))


def dispatcher(orders, seconds):
    while True:
        time.sleep(seconds)
        try:
            orders.dispatch()
        except OSError as error:
            dispatch_log.error("cannot hand orders to the courier: %s", error)


def main():
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        config = json.loads(CONFIG.read_text())
    except ValueError as error:
        log.critical("configuration %s is not valid: %s", CONFIG, error)
        return 1
    log.info("orderd %s starting on port %d", config["version"], config["port"])
    orders = Handler.orders = Orders(config)
    log.info("connected to the database")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", config["port"]), Handler)
    threading.Thread(target=dispatcher, args=(orders, config["dispatch_seconds"]), daemon=True).start()
    for line in config.get("says_at_start", []):
        log.info("%s", line)

    def end(*_):
        log.info("ending on SIGTERM, %d orders waiting", orders.waiting.qsize())
        sys.stdout.flush()
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    log.info("ready")
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
