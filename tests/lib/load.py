"""load.py URL STOPFILE: asks for predictions over 64 connections at a time until the file appears.
Says "started" when each thread had its first answer; exit status 1 when a request failed."""

import http.client
import json
import os
import sys
import threading
import urllib.parse

THREADS = 64
EACH = 20  # requests of a connection
url = urllib.parse.urlsplit(sys.argv[1])
stop = sys.argv[2]
failures = []
answered = [0] * THREADS
first = threading.Barrier(THREADS, action=lambda: print("started", flush=True))


def ask(connection):
    connection.request("POST", url.path, json.dumps({"instances": [[1, 2]]}))
    reply = connection.getresponse()
    body = reply.read()
    if reply.status != 200:
        raise RuntimeError(f"{reply.status}: {body!r}")
    return json.loads(body)["predictions"][0]


def loop(number):
    waited = False
    while not os.path.exists(stop):
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=30)
        for _ in range(EACH):
            try:
                ask(connection)
                answered[number] += 1
            except Exception as error:
                failures.append(repr(error))
                break
            if not waited:
                first.wait(20)
                waited = True
        connection.close()


threads = [threading.Thread(target=loop, args=(n,)) for n in range(THREADS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(f"{sum(answered)} answered, {len(failures)} failed", *failures[:5], sep="\n")
sys.exit(1 if failures else 0)
