#!/usr/bin/env python3
"""Logs into a running centre: received, parsed, matched with the public Sigma rules, stored durably, then answered.

    KHIEN=target/release/khien benches/intake/run.py [EVENTS] [CORPUS]

A centre on demonstration data is started with all public rules. Two loads are sent over loopback, one after the other:
JSON lines of Windows events to the collector (an answer means stored), and syslog lines over TCP (looked for in the
store afterwards). Each line differs from the others; one in 200 is a recorded attack. The sender is a process of its
own, on the same machine; what it costs is not in the processor time of the centre, but it takes the processor too.

Other products' figures are those that they or their users publish, not measured here: Wazuh 4, 10,000 events/s on eight
cores; Graylog, 5,000 events/s sustained on twelve cores.
"""

import http.client
import json
import os
import pathlib
import random
import socket
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "proof" / "clients"))
import kit  # noqa: E402

PUBLISHED = {"Wazuh 4": 10_000 / 8, "Graylog": 5_000 / 12}
BATCH = 5_000
SENDERS = 2
# Different lines that are made; they are sent again and again.
DIFFERENT = 100_000

PROGRAMS = ["svchost.exe", "msedge.exe", "WINWORD.EXE", "EXCEL.EXE", "taskhostw.exe", "UniKeyNT.exe", "SearchHost.exe"]
PEOPLE = ["an.nv", "binh.tt", "chi.lt", "dung.pv", "giang.ht", "hoa.nt", "khanh.dq"]


def windows(n, chance):
    """A Windows event as shippers flatten it, about 900 bytes."""
    host, user, program = f"may{n % 400:03}.tinh.gov.vn", chance.choice(PEOPLE), chance.choice(PROGRAMS)
    common = {
        "TimeCreated": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + f".{n % 1_000_000:06}Z",
        "EventRecordID": 1_000_000 + n,
        "Computer": host,
        "Version": 0,
        "Level": 4,
        "Keywords": "0x8020000000000000",
        "ProviderGuid": "{54849625-5478-4994-A5BA-3E3B0328C30D}",
        "Execution_ProcessID": 4,
        "ThreadID": chance.randrange(10_000),
    }
    kind = n % 5
    if kind == 0:
        own = {
            "Channel": "Security", "Provider_Name": "Microsoft-Windows-Security-Auditing", "EventID": 4624,
            "SubjectUserSid": "S-1-5-18", "SubjectUserName": host.split(".")[0].upper() + "$",
            "SubjectDomainName": "TINH", "SubjectLogonId": "0x3e7", "TargetUserName": user, "TargetDomainName": "TINH",
            "TargetUserSid": f"S-1-5-21-1004336348-1177238915-682003330-{1000 + n % 700}", "TargetLogonId": hex(n),
            "LogonType": chance.choice([2, 3, 5, 7]), "LogonProcessName": "User32", "AuthenticationPackageName": "Negotiate",
            "WorkstationName": host.split(".")[0].upper(), "IpAddress": f"10.{n % 40}.{n % 250}.{n % 200 + 1}",
            "IpPort": chance.randrange(49152, 65535), "ProcessName": "C:\\Windows\\System32\\svchost.exe",
            "KeyLength": 0, "ElevatedToken": "%%1843", "ImpersonationLevel": "%%1833",
        }
    elif kind == 1:
        own = {
            "Channel": "Microsoft-Windows-Sysmon/Operational", "Provider_Name": "Microsoft-Windows-Sysmon", "EventID": 1,
            "UtcTime": "2026-11-22 08:00:00.123", "ProcessGuid": "{8bcf3217-%04x-%04x-0000-0010a1b2c3d4}" % (n % 65536, n >> 16),
            "ProcessId": chance.randrange(30_000), "Image": f"C:\\Windows\\System32\\{program}", "FileVersion": "10.0.22621.1",
            "Description": "Host Process", "Product": "Microsoft Windows Operating System", "Company": "Microsoft Corporation",
            "OriginalFileName": program, "CommandLine": f"C:\\Windows\\System32\\{program} -k netsvcs -p -s {n:x}",
            "CurrentDirectory": "C:\\Windows\\system32\\", "User": f"TINH\\{user}", "LogonId": hex(n), "IntegrityLevel": "Medium",
            "Hashes": "SHA256=%064x" % chance.getrandbits(256), "ParentImage": "C:\\Windows\\System32\\services.exe",
            "ParentCommandLine": "C:\\Windows\\system32\\services.exe", "ParentUser": "NT AUTHORITY\\SYSTEM",
        }
    elif kind == 2:
        own = {
            "Channel": "Microsoft-Windows-Sysmon/Operational", "Provider_Name": "Microsoft-Windows-Sysmon", "EventID": 3,
            "ProcessId": chance.randrange(30_000), "Image": f"C:\\Program Files\\App\\{program}", "User": f"TINH\\{user}",
            "Protocol": "tcp", "Initiated": "true", "SourceIp": f"10.{n % 40}.{n % 250}.{n % 200 + 1}", "SourceHostname": host,
            "SourcePort": chance.randrange(49152, 65535), "DestinationIp": f"203.0.113.{n % 250}", "DestinationPort": 443,
            "DestinationHostname": f"www{n % 900}.example.vn", "DestinationPortName": "https",
        }
    elif kind == 3:
        own = {
            "Channel": "Microsoft-Windows-Sysmon/Operational", "Provider_Name": "Microsoft-Windows-Sysmon", "EventID": 11,
            "ProcessId": chance.randrange(30_000), "Image": f"C:\\Program Files\\App\\{program}", "User": f"TINH\\{user}",
            "TargetFilename": f"C:\\Users\\{user}\\Documents\\Bao cao thang {n}.docx", "CreationUtcTime": "2026-11-22 08:00:00.123",
        }
    else:
        own = {
            "Channel": "Security", "Provider_Name": "Microsoft-Windows-Security-Auditing", "EventID": 4634,
            "TargetUserSid": f"S-1-5-21-1004336348-1177238915-682003330-{1000 + n % 700}", "TargetUserName": user,
            "TargetDomainName": "TINH", "TargetLogonId": hex(n), "LogonType": 3,
        }
    return json.dumps({**common, **own}, ensure_ascii=False)


def text(n, chance):
    """A line of what agencies have: OpenSSH, a web server, a FortiGate, a firewall in CEF."""
    at, host, ip = time.strftime("%Y-%m-%dT%H:%M:%S+07:00"), f"gw{n % 50:02}", f"198.51.{n % 100}.{n % 250}"
    port = chance.randrange(1024, 65535)
    lines = [
        f"<86>1 {at} {host} sshd {n} - - Accepted publickey for {chance.choice(PEOPLE)} from {ip} port {port} ssh2: RSA SHA256:{n:x}",
        f'<190>1 {at} {host} nginx - - - {ip} - - [22/Nov/2026:15:00:00 +0700] "GET /van-ban/{n} HTTP/1.1" 200 {port} "-" "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"',
        f'<189>date=2026-11-22 time=15:00:00 devname="{host}" devid="FG1" logid="0000000013" type="traffic" subtype="forward" level="notice" vd="root" srcip=10.0.0.{n % 250} srcport={port} srcintf="lan" dstip={ip} dstport=443 dstintf="wan1" policyid={n % 90} proto=6 action="accept" service="HTTPS" sentbyte={n}',
        f"<134>{time.strftime('%b %d %H:%M:%S')} {host} CEF:0|Example|Firewall|1.0|100|Connection allowed|3|src=10.0.0.{n % 250} spt={port} dst={ip} dpt=443 proto=TCP act=allow cnt={n}",
    ]
    return lines[n % 4]


def attacks(corpus):
    """Recorded events of the public regression cases; a file holds one after the other."""
    found, reader = [], json.JSONDecoder()
    for path in sorted((corpus / "sigma" / "regression_data").rglob("*.json")):
        rest = path.read_text(encoding="utf-8").strip()
        while rest:
            one, end = reader.raw_decode(rest)
            found.append(json.dumps(one, ensure_ascii=False))
            rest = rest[end:].strip()
    return [line for line in found if len(line) < 4_000]


class Used:
    """Processor seconds and memory of a process, from /proc."""

    def __init__(self, pid):
        self.pid = pid

    def seconds(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def most_mib(self):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) // 1024


def told(what, events, size, wall, used, server):
    rate, core = events / wall, events / used
    print(f"{what}: {events:,} events of {size // events} bytes in {wall:.1f} s: {rate:,.0f} events/s, "
          f"{used / events * 1e6:.1f} processor seconds a million, {core:,.0f} events/s of one core; "
          f"at most {server.most_mib()} MiB")
    for name, published in PUBLISHED.items():
        print(f"    {core / published:6.1f} × the events/s of a core that are published of {name}")


def json_lines(port, token, bodies):
    """Sends bodies over a few connections; who is told to come again comes again."""
    rest, lock = list(bodies), threading.Lock()

    def send():
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
        while True:
            with lock:
                if not rest:
                    return
                body = rest.pop()
            while True:
                line.request("POST", "/ndjson", body, {"Authorization": f"Bearer {token}"})
                answer = line.getresponse()
                said = answer.read()
                if answer.status not in (429, 503):
                    break
                time.sleep(float(answer.headers.get("Retry-After", "1")))
            assert answer.status == 200, (answer.status, said[:300])

    threads = [threading.Thread(target=send) for _ in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main():
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    corpus = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else HERE.parent.parent.parent / "shared" / "data").resolve()
    chance = random.Random(20261122)
    recorded = attacks(corpus)
    lines = [
        chance.choice(recorded) if n % 200 == 199 else windows(n, chance) for n in range(min(events, DIFFERENT))
    ]
    bodies = ["\n".join(lines[at : at + BATCH]).encode() for at in range(0, len(lines), BATCH)]
    texts = [text(n, chance) for n in range(min(events, DIFFERENT))]
    stream = "".join(f"{line}\n" for line in texts).encode()
    rounds = max(1, events // len(lines))

    syslog, collector = kit.free_port(), kit.free_port()
    folders = [str(corpus / "sigma" / name) for name in ("rules", "rules-emerging-threats", "rules-threat-hunting")]
    settings = f'rules = {json.dumps(folders)}\nsyslog_tcp = "127.0.0.1:{syslog}"\n[receive]\nhttp = "127.0.0.1:{collector}"\n'
    with tempfile.TemporaryDirectory() as folder:
        centre = kit.Centre(folder, settings)
        centre.start()
        try:
            centre.sign_in()
            _, token = centre.add("bench json", kind="ndjson")
            centre.add("bench syslog", addresses="127.0.0.1")
            server = Used(centre.server.pid)
            count = lambda: centre.rows("SELECT count(*) AS n FROM events")[0]["n"]  # noqa: E731

            json_lines(collector, token, bodies[:1])
            used, start = server.seconds(), time.monotonic()
            json_lines(collector, token, bodies * rounds)
            size = rounds * sum(map(len, bodies))
            told("JSON lines", rounds * len(lines), size, time.monotonic() - start, server.seconds() - used, server)

            before = count()
            used, start = server.seconds(), time.monotonic()
            with socket.create_connection(("127.0.0.1", syslog)) as line:
                for _ in range(rounds):
                    line.sendall(stream)
            wanted = before + rounds * len(texts)
            while count() < wanted:
                assert time.monotonic() - start < 900, f"{wanted - count()} events never came"
                time.sleep(0.2)
            took = time.monotonic() - start
            told("syslog over TCP", rounds * len(texts), rounds * len(stream), took, server.seconds() - used, server)
            assert count() == wanted, "more events than were sent"
        finally:
            centre.stop()


if __name__ == "__main__":
    main()
