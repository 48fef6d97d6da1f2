"""Clients over HTTP send to a real centre: each record arrives, once, at its source.

    shippers.py FOLDER [EVENTS] [CLIENT …]
"""

import pathlib
import sys
import time

from kit import Centre, free_port
from senders import ALL, To

FOLDER = pathlib.Path(sys.argv[1])
EVENTS = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
CLIENTS = sys.argv[3:] or list(ALL)


def main():
    port = free_port()
    centre = Centre(FOLDER, f'[receive]\nhttp = "127.0.0.1:{port}"\n')
    wrong = []
    centre.start()
    try:
        centre.sign_in()
        for name in CLIENTS:
            source, token = centre.add(f"Nguồn {name}", kind="ndjson")
            began = time.monotonic()
            ALL[name](To(port, token, centre), name, EVENTS)
            sent = time.monotonic() - began
            events, different, sources, of = centre.wait(name, EVENTS)
            good = (events, different, sources, of) == (EVENTS, EVENTS, 1, source)
            print(f"{'ok ' if good else 'BAD'} {name:14} {different:7} of {EVENTS} arrived, {events - different} twice, "
                  f"{sent:6.1f} s until acknowledged", flush=True)
            if not good:
                wrong.append(name)
    finally:
        centre.stop()
    if wrong:
        raise SystemExit(f"not all arrived once: {', '.join(wrong)}")


main()
