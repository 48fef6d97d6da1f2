"""A real centre in a fresh folder, for proofs with real clients: started, signed in to, given sources, counted."""

import http.cookiejar
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

# People of the demonstration centre; see docs/vi/dung-thu.md.
USER, PASSWORD = "thinh.nd", "trình diễn Khiên 2026"


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Centre:
    """A `khien serve` on the demonstration data, with the settings that a proof adds."""

    def __init__(self, folder, settings=""):
        self.khien = os.environ.get("KHIEN", "target/debug/khien")
        self.data = pathlib.Path(folder) / "data"
        environment = {**os.environ, "KHIEN_CORPUS": "/none", "KHIEN_LOG": "error"}
        self.environment = environment
        subprocess.run([self.khien, "demo", "--data", self.data], check=True, env=environment, stdout=subprocess.DEVNULL)
        (self.data / "khien.toml").write_text(settings, encoding="utf-8")
        self.port = free_port()
        self.server = None
        self.cookies = http.cookiejar.CookieJar()
        self.web = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        self.csrf = ""

    # -- the server

    def certificates(self, server, client, out):
        """The centre's authority, its server's certificate and one of a machine, made as an officer makes them."""
        command = [self.khien, "receive", "certificate", "--data", self.data]
        subprocess.run([*command, "--server", server], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([*command, "--client", client, "--out", out], check=True, stdout=subprocess.DEVNULL)

    def start(self):
        self.server = subprocess.Popen(
            [self.khien, "serve", "--data", self.data, "--listen", f"127.0.0.1:{self.port}"],
            env=self.environment,
            stdout=subprocess.DEVNULL,
        )
        for _ in range(600):
            try:
                with urllib.request.urlopen(self.url("/healthz"), timeout=5):
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                if self.server.poll() is not None:
                    raise SystemExit("khien serve ended early") from None
                time.sleep(0.1)
        raise SystemExit("khien serve did not answer within a minute")

    def kill(self):
        """As a power cut would."""
        self.server.send_signal(signal.SIGKILL)
        self.server.wait()

    def restart(self):
        """Killed, and started again."""
        self.kill()
        self.start()

    def stop(self):
        if self.server and self.server.poll() is None:
            self.server.terminate()
            try:
                self.server.wait(60)
            except subprocess.TimeoutExpired:
                self.kill()

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    # -- as a person

    def sign_in(self):
        self.post("/sign-in", username=USER, password=PASSWORD)
        page = self.web.open(self.url("/sources/new"), timeout=60).read().decode()
        self.csrf = re.search(r'name="_csrf" value="([^"]+)"', page).group(1)
        self.system = re.search(r'<option value="([0-9a-f-]{36})"', page).group(1)

    def post(self, path, **form):
        request = urllib.request.Request(
            self.url(path), data=urllib.parse.urlencode(form).encode(), headers={"x-csrf-token": self.csrf}
        )
        try:
            return self.web.open(request, timeout=60).read()
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{path}: {error.code} {error.read().decode()[:500]}") from None

    def add(self, name, kind="syslog", **more):
        """A source; gives its identity and token."""
        made = self.post("/api/v1/sources", name=name, system=self.system, kind=kind, silent_minutes=60, **more)
        made = json.loads(made)
        return made["row"]["id"], made["new_token"]

    # -- what is stored

    def rows(self, statement):
        done = subprocess.run(
            [self.khien, "search", statement, "--limit", "1000", "--data", self.data],
            check=True, capture_output=True, text=True, env=self.environment,
        )
        return [json.loads(line) for line in done.stdout.splitlines()]

    def count(self, marker):
        """Events whose message begins with a marker, how many different ones, and of how many sources."""
        row = self.rows(
            "SELECT count(*) AS events, count(DISTINCT message) AS different, count(DISTINCT source) AS sources, "
            f"max(source) AS source FROM events WHERE message LIKE '{marker} %'"
        )[0]
        return row["events"], row["different"], row["sources"], str(row["source"])

    def wait(self, marker, wanted, seconds=600):
        """Waits until so many are stored, and a moment longer for what comes twice."""
        end, seen, since = time.monotonic() + seconds, -1, time.monotonic()
        while time.monotonic() < end:
            events = self.count(marker)[0]
            if events >= wanted:
                time.sleep(2)
                return self.count(marker)
            if events != seen:
                seen, since = events, time.monotonic()
            elif time.monotonic() - since > 60:
                break
            time.sleep(0.5)
        return self.count(marker)
