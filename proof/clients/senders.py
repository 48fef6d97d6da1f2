"""Clients over HTTP as their makers publish them; each sends `events` records whose message is `<marker> <number>`."""

import asyncio
import gzip
import json
import random
import subprocess
import threading
import time
import urllib.error
import urllib.request

import aiohttp
from elasticsearch import ApiError, Elasticsearch, TransportError, helpers
from hass_splunk import hass_splunk
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource

CHANNEL = "fe0ecfad-13d5-401b-847d-77833bd77131"


class To:
    """Where a client sends."""

    def __init__(self, port, token, centre=None):
        self.port, self.token, self.centre = port, token, centre
        self.url = f"http://127.0.0.1:{port}"


def message(marker, number):
    return f"{marker} {number:06d} đăng nhập thất bại"


def post(to, path, body, **headers):
    """A request by hand; told to come again, it comes again, as any client does."""
    request = urllib.request.Request(to.url + path, data=body, headers=headers)
    while True:
        try:
            with urllib.request.urlopen(request, timeout=300) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            if error.code not in (429, 503):
                raise
            time.sleep(int(error.headers["Retry-After"]))


def documents(marker, events):
    for number in range(events):
        yield {
            "_op_type": "create",
            "_index": "logs-proof",
            "_id": f"{marker}-{number}",
            "message": message(marker, number),
            "source": {"ip": f"192.0.2.{number % 250}"},
        }


def elasticsearch_client(to):
    return Elasticsearch(to.url, basic_auth=("khien", to.token), request_timeout=300, http_compress=True)


def elasticsearch(to, marker, events):
    """The bulk helper of the Python client, with the retries that it has itself."""
    with elasticsearch_client(to) as client:
        taken, _ = helpers.bulk(client, documents(marker, events), chunk_size=5000, max_retries=10, initial_backoff=1)
    assert taken == events, taken


def elasticsearch_again(to, marker, events):
    """A client that stops waiting before the answer, and sends the same again until it has one for each."""
    hurried = Elasticsearch(
        to.url, api_key=("id", to.token), request_timeout=0.05, retry_on_timeout=True, max_retries=3
    )
    patient = elasticsearch_client(to)
    hurries = 0
    with hurried, patient:
        for begin in range(0, events, 5000):
            chunk = [one for one in documents(marker, min(begin + 5000, events))][begin:]
            try:
                helpers.bulk(hurried, chunk, chunk_size=5000, raise_on_error=False)
            except Exception as error:  # pylint: disable=broad-except
                assert "timed out" in str(error).lower() or "timeout" in type(error).__name__.lower(), error
                hurries += 1
            left = chunk
            for _ in range(120):
                answers = list(helpers.streaming_bulk(patient, left, chunk_size=5000, raise_on_error=False))
                states = [answer["create"]["status"] for _, answer in answers]
                assert set(states) <= {201, 409, 429}, set(states)
                left = [one for one, state in zip(left, states) if state == 429]
                if not left:
                    break
                time.sleep(0.5)
            assert not left, len(left)
    print(f"      {hurries} of {(events + 4999) // 5000} requests were given up and sent again")


def elasticsearch_killed(to, marker, events):
    """The server is killed while it answers, and started again; the client sends until it has an answer for each item."""
    chance, broken, known = random.Random(7), 0, 0
    with elasticsearch_client(to) as client:
        for number, begin in enumerate(range(0, events, 5000)):
            left = [one for one in documents(marker, min(begin + 5000, events))][begin:]
            killer = threading.Timer(chance.uniform(0, 1.5), to.centre.restart)
            if number % 5 == 0:
                killer.start()
            while left:
                try:
                    answers = list(helpers.streaming_bulk(client, left, chunk_size=5000, raise_on_error=False))
                except (ApiError, TransportError):
                    broken += 1
                    time.sleep(0.3)
                    continue
                states = [answer["create"]["status"] for _, answer in answers]
                assert set(states) <= {201, 409, 429}, set(states)
                known += states.count(409)
                left = [one for one, state in zip(left, states) if state == 429]
            if number % 5 == 0:
                killer.join()
    print(f"      {broken} requests broke off; {known} records of those were stored already, and known again")


def splunk(to, marker, events):
    """A HEC client that sends what it has gathered in bodies of half a megabyte."""

    async def send():
        async with aiohttp.ClientSession() as session:
            hec = hass_splunk(session, to.token, "127.0.0.1", port=to.port, use_ssl=False, max_queue=events + 1)
            for number in range(events):
                await hec.queue({"event": message(marker, number), "time": 1_790_000_000 + number, "host": "gw"}, send=False)
            assert await hec.send()

    asyncio.run(send())


def splunk_acknowledged(to, marker, events):
    """Raw lines under a channel; done only when each acknowledgement came."""
    headers = {"Authorization": f"Splunk {to.token}", "X-Splunk-Request-Channel": CHANNEL}
    given = set()
    for begin in range(0, events, 10_000):
        lines = "\n".join(message(marker, number) for number in range(begin, min(begin + 10_000, events)))
        given.add(post(to, "/services/collector/raw?host=gw", lines.encode(), **headers)["ackId"])
    for _ in range(600):
        acks = post(to, "/services/collector/ack", json.dumps({"acks": sorted(given)}).encode(), **headers)["acks"]
        given -= {int(number) for number, durable in acks.items() if durable}
        if not given:
            return
        time.sleep(0.1)
    raise AssertionError(f"{len(given)} never acknowledged")


def opentelemetry(exporter, marker, events):
    """The SDK's own batches through an exporter; what the exporter could not bring is an error."""
    provider = LoggerProvider(resource=Resource.create({"service.name": "proof", "host.name": "may01"}))
    processor = BatchLogRecordProcessor(exporter, max_queue_size=events + 1, max_export_batch_size=5000)
    provider.add_log_record_processor(processor)
    logger = provider.get_logger("proof")
    for number in range(events):
        logger.emit(
            LogRecord(
                timestamp=time.time_ns(),
                severity_number=SeverityNumber.WARN,
                severity_text="WARN",
                body=message(marker, number),
                attributes={"source.ip": f"192.0.2.{number % 250}", "number": number},
            )
        )
    assert provider.force_flush(300_000)
    provider.shutdown()


def opentelemetry_http(to, marker, events):
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter

    exporter = OTLPLogExporter(
        f"{to.url}/v1/logs", headers={"authorization": f"Bearer {to.token}"}, compression=Compression.Gzip, timeout=300
    )
    opentelemetry(exporter, marker, events)


def opentelemetry_grpc(to, marker, events):
    import grpc
    from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter

    exporter = OTLPLogExporter(
        f"127.0.0.1:{to.port}",
        insecure=True,
        headers=(("authorization", f"Bearer {to.token}"),),
        compression=grpc.Compression.Gzip,
        timeout=300,
    )
    opentelemetry(exporter, marker, events)


def curl(to, marker, events):
    """curl with one large body of lines, as gzip."""
    lines = "\n".join(json.dumps({"message": message(marker, number)}) for number in range(events))
    done = subprocess.run(
        [
            "curl", "--silent", "--show-error", "--fail-with-body", "--retry", "5", "--data-binary", "@-",
            "-H", f"Authorization: Bearer {to.token}", "-H", "Content-Encoding: gzip", f"{to.url}/ndjson",
        ],
        input=gzip.compress(lines.encode()), check=True, capture_output=True,
    )
    answer = json.loads(done.stdout)
    assert (answer["accepted"], answer["failed_total"]) == (events, 0), answer


ALL = {
    "elasticsearch": elasticsearch,
    "elastic-again": elasticsearch_again,
    "elastic-killed": elasticsearch_killed,
    "hec": splunk,
    "hec-ack": splunk_acknowledged,
    "otlp-http": opentelemetry_http,
    "otlp-grpc": opentelemetry_grpc,
    "curl-ndjson": curl,
}
