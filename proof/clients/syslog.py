"""rsyslog, syslog-ng, logger and curl of Debian send to a real centre: each event arrives, once, at its source.

    syslog.py FOLDER [EVENTS]
"""

import os
import pathlib
import socket
import subprocess
import sys
import threading
import time

from kit import Centre, free_port

HERE = pathlib.Path(__file__).parent
FOLDER = pathlib.Path(sys.argv[1])
EVENTS = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
# Datagrams a second: UDP has no way to say that it is too much.
UDP_RATE = 8_000
NG = pathlib.Path(os.environ["SYSLOG_NG"])


def write_lines(path, marker, rate=None):
    """The file that a client reads: numbered lines, all at once or as fast as `rate` allows."""
    def work():
        with open(path, "a", encoding="utf-8") as file:
            began = time.monotonic()
            for number in range(EVENTS):
                file.write(f"{marker} {number:06d} đăng nhập thất bại user=lan src=192.0.2.{number % 250}\n")
                if rate and number % 200 == 199:
                    file.flush()
                    time.sleep(max(0, began + number / rate - time.monotonic()))
    if not rate:
        return work()
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def rsyslog(name, action, more=""):
    folder = FOLDER / name
    folder.mkdir()
    lines = folder / "lines.log"
    lines.touch()
    (folder / "rsyslog.conf").write_text(
        f'global(workDirectory="{folder}" maxMessageSize="64k")\n{more}\n'
        'module(load="imfile")\n'
        f'input(type="imfile" file="{lines}" tag="app:" ruleset="out")\n'
        f'ruleset(name="out") {{ action({action} queue.type="LinkedList" queue.size="200000" '
        'queue.timeoutEnqueue="-1" action.resumeRetryCount="-1") }\n'
    )
    command = ["rsyslogd", "-n", "-f", folder / "rsyslog.conf", "-i", folder / "pid"]
    return lines, subprocess.Popen(command, stdout=subprocess.DEVNULL)


def syslog_ng(name, destination):
    folder = FOLDER / name
    folder.mkdir()
    lines = folder / "lines.log"
    lines.touch()
    (folder / "ng.conf").write_text(
        '@version: 3.38\n'
        f'source s_src {{ file("{lines}" flags(no-parse) program-override("app") follow-freq(1) log-iw-size(10000)); }};\n'
        f'destination d_khien {{ {destination} }};\n'
        'log { source(s_src); destination(d_khien); flags(flow-control); };\n'
    )
    command = [
        NG / "usr/sbin/syslog-ng", "-F", "--no-caps", f"--cfgfile={folder}/ng.conf", f"--persist-file={folder}/persist",
        f"--control={folder}/control", f"--pidfile={folder}/pid", f"--module-path={NG}/usr/lib/syslog-ng/3.38",
    ]
    libraries = {**os.environ, "LD_LIBRARY_PATH": str(NG / "usr/lib/syslog-ng")}
    return lines, subprocess.Popen(command, env=libraries, stdout=subprocess.DEVNULL)


class Proof:
    def __init__(self, centre):
        self.centre = centre
        self.wrong = []

    def check(self, marker, source, began, most_twice=0):
        events, different, sources, of = self.centre.wait(marker, EVENTS)
        took = time.monotonic() - began
        good = different == EVENTS and events - EVENTS <= most_twice and sources == 1 and of == source
        print(f"{'ok ' if good else 'BAD'} {marker:14} {different:7} of {EVENTS} arrived, {events - different} twice, "
              f"{took:6.1f} s", flush=True)
        if not good:
            self.wrong.append(marker)

    def daemon(self, marker, source, lines, daemon, rate=None):
        began = time.monotonic()
        try:
            thread = write_lines(lines, marker, rate)
            if thread:
                thread.join()
            self.check(marker, source, began)
        finally:
            daemon.terminate()
            daemon.wait()


def main():
    udp, tcp, tls, http = free_port(socket.SOCK_DGRAM), free_port(), free_port(), free_port()
    watched = FOLDER / "watched"
    watched.mkdir()
    certificate = FOLDER / "client"
    centre = Centre(
        FOLDER,
        f'syslog_udp = "127.0.0.1:{udp}"\nsyslog_tcp = "127.0.0.1:{tcp}"\n'
        f'[receive]\nsyslog_tls = "127.0.0.1:{tls}"\nhttp = "127.0.0.1:{http}"\n'
        f'[[receive.files]]\npath = "{watched}/*.log"\nsource = "Tệp theo dõi"\n',
    )
    centre.certificates("localhost", "may01.khien.example", certificate)
    centre.start()
    try:
        proof = Proof(centre)
        centre.sign_in()
        run(proof, centre, {"udp": udp, "tcp": tcp, "tls": tls, "http": http}, certificate, watched)
    finally:
        centre.stop()
    if proof.wrong:
        raise SystemExit(f"not as promised: {', '.join(proof.wrong)}")


def run(proof, centre, ports, certificate, watched):
    ca, cert, key = (certificate / name for name in ("ca.pem", "may01.khien.example.pem", "may01.khien.example.key"))

    # rsyslog over TCP, known by the token in its messages.
    source, token = centre.add("rsyslog TCP")
    template = (
        'template(name="khien" type="string" string="<%PRI%>1 %TIMESTAMP:::date-rfc3339% %HOSTNAME% %APP-NAME% '
        f'%PROCID% %MSGID% [khien@32473 token=\\"{token}\\"] %msg%")'
    )
    action = f'type="omfwd" target="127.0.0.1" port="{ports["tcp"]}" protocol="tcp" TCP_Framing="octet-counted" template="khien"'
    proof.daemon("rsyslog-tcp", source, *rsyslog("rsyslog-tcp", action, template))

    # rsyslog over UDP from an address of its own.
    source, _ = centre.add("rsyslog UDP", addresses="127.0.0.3")
    action = (
        f'type="omfwd" target="127.0.0.1" port="{ports["udp"]}" protocol="udp" address="127.0.0.3" '
        'template="RSYSLOG_SyslogProtocol23Format"'
    )
    proof.daemon("rsyslog-udp", source, *rsyslog("rsyslog-udp", action), rate=UDP_RATE)

    # rsyslog and syslog-ng over TLS, known by their certificate.
    source, _ = centre.add("TLS", certificates="may01.khien.example")
    files = (
        f'global(DefaultNetstreamDriverCAFile="{ca}" DefaultNetstreamDriverCertFile="{cert}" '
        f'DefaultNetstreamDriverKeyFile="{key}")'
    )
    action = (
        f'type="omfwd" target="localhost" port="{ports["tls"]}" protocol="tcp" StreamDriver="ossl" StreamDriverMode="1" '
        'StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="localhost" TCP_Framing="octet-counted" '
        'template="RSYSLOG_SyslogProtocol23Format"'
    )
    proof.daemon("rsyslog-tls", source, *rsyslog("rsyslog-tls", action, files))
    destination = (
        f'syslog("localhost" port({ports["tls"]}) transport("tls") tls(ca-file("{ca}") cert-file("{cert}") '
        f'key-file("{key}") peer-verify(required-trusted)));'
    )
    proof.daemon("ng-tls", source, *syslog_ng("ng-tls", destination))

    # syslog-ng over TCP and UDP from an address of its own.
    source, _ = centre.add("syslog-ng", addresses="127.0.0.2")
    destination = f'syslog("127.0.0.1" port({ports["tcp"]}) transport("tcp") localip(127.0.0.2));'
    proof.daemon("ng-tcp", source, *syslog_ng("ng-tcp", destination))
    destination = f'syslog("127.0.0.1" port({ports["udp"]}) transport("udp") localip(127.0.0.2));'
    proof.daemon("ng-udp", source, *syslog_ng("ng-udp", destination), rate=UDP_RATE)

    # rsyslog over HTTP, as it sends to Elasticsearch.
    source, token = centre.add("rsyslog omelasticsearch", kind="ndjson")
    template = (
        'module(load="omelasticsearch")\n'
        'template(name="json" type="list" option.jsonf="on") {\n'
        '  property(outname="@timestamp" name="timereported" dateFormat="rfc3339" format="jsonf")\n'
        '  property(outname="host" name="hostname" format="jsonf")\n'
        '  property(outname="message" name="msg" format="jsonf")\n}'
    )
    action = (
        f'type="omelasticsearch" server="127.0.0.1" serverport="{ports["http"]}" uid="khien" pwd="{token}" '
        'searchIndex="logs" searchType="" bulkmode="on" template="json" queue.dequeueBatchSize="2000"'
    )
    proof.daemon("rsyslog-es", source, *rsyslog("rsyslog-es", action, template))

    logger(proof, centre, ports)
    curl(proof, centre)
    followed(proof, centre, watched)


def logger(proof, centre, ports):
    """logger(1) over TCP, octet-counted, and over UDP."""
    source, _ = centre.add("logger", addresses="127.0.0.1")
    lines = FOLDER / "logger.log"
    write_lines(lines, "logger-tcp")
    began = time.monotonic()
    common = ["logger", "--server", "127.0.0.1", "--rfc5424", "--tag", "app"]
    tcp = [*common, "--tcp", "--octet-count", "--port", str(ports["tcp"]), "--file", str(lines)]
    subprocess.run(tcp, check=True)
    proof.check("logger-tcp", source, began)
    began = time.monotonic()
    udp = subprocess.Popen([*common, "--udp", "--port", str(ports["udp"])], stdin=subprocess.PIPE)
    for number in range(EVENTS):
        udp.stdin.write(f"logger-udp {number:06d} đăng nhập thất bại\n".encode())
        if number % 100 == 99:
            udp.stdin.flush()
            time.sleep(max(0, began + number / UDP_RATE - time.monotonic()))
    udp.stdin.close()
    udp.wait()
    proof.check("logger-udp", source, began)


def curl(proof, centre):
    """curl with JSON lines, ten thousand at a time."""
    source, token = centre.add("curl", kind="ndjson")
    began = time.monotonic()
    for start in range(0, EVENTS, 10_000):
        body = "".join(f'{{"message":"curl {number:06d} đăng nhập thất bại"}}\n' for number in range(start, min(EVENTS, start + 10_000)))
        subprocess.run(
            ["curl", "--silent", "--show-error", "--fail-with-body", "--data-binary", "@-", "--output", "/dev/null",
             "-H", f"Authorization: Bearer {token}", centre.url("/api/ingest/ndjson")],
            input=body.encode(), check=True,
        )
    proof.check("curl", source, began)


def followed(proof, centre, watched):
    """A file that grows and is rotated while the server is killed twice: nothing is lost; what was under way may come
    twice, at most a batch for each kill."""
    source, _ = centre.add("Tệp theo dõi", kind="file")
    began = time.monotonic()
    batch, kills = 5_000, 2
    with_kill = {EVENTS // 3, 2 * EVENTS // 3}
    path = watched / "app.log"
    file = open(path, "a", encoding="utf-8")
    for number in range(EVENTS):
        file.write(f"followed {number:06d} đăng nhập thất bại\n")
        if number % (EVENTS // 5) == EVENTS // 10:
            file.flush()
            path.rename(watched / f"app-{number}.log")
            file.close()
            file = open(path, "a", encoding="utf-8")
        if number in with_kill:
            file.flush()
            time.sleep(3)
            centre.kill()
            centre.start()
    file.close()
    proof.check("followed", source, began, most_twice=batch * kills)


main()
