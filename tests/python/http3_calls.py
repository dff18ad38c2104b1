"""HTTP/3 by a real library.

usage: http3_calls.py PORT
The proxy serves `a.test` at that port of 127.0.0.1, by a backend that answers with the fields that it got.
Prints a line per check; the first failure ends it.
"""

import asyncio
import ssl
import sys

from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ConnectionTerminated, StreamReset


class Client(QuicConnectionProtocol):
    """One connection; answers are awaited by the stream of their request."""

    def __init__(self, *words, **more):
        super().__init__(*words, **more)
        self.http = H3Connection(self._quic)
        self.waiting = {}
        self.answers = {}

    def quic_event_received(self, event):
        if isinstance(event, StreamReset) and event.stream_id in self.waiting:
            self.waiting.pop(event.stream_id).set_exception(ConnectionResetError(hex(event.error_code)))
        if isinstance(event, ConnectionTerminated):
            for waiting in self.waiting.values():
                waiting.set_exception(ConnectionAbortedError(event.reason_phrase))
            self.waiting = {}
        for heard in self.http.handle_event(event):
            if isinstance(heard, (HeadersReceived, DataReceived)):
                fields, body = self.answers.setdefault(heard.stream_id, ({}, bytearray()))
                if isinstance(heard, HeadersReceived):
                    fields.update(heard.headers)
                else:
                    body += heard.data
                if heard.stream_ended and heard.stream_id in self.waiting:
                    self.waiting.pop(heard.stream_id).set_result((fields, bytes(body)))

    async def ask(self, method, path, fields=(), body=b""):
        stream = self._quic.get_next_available_stream_id()
        head = [(b":method", method), (b":scheme", b"https"), (b":authority", b"a.test"), (b":path", path), *fields]
        self.http.send_headers(stream, head, end_stream=not body)
        if body:
            self.http.send_data(stream, body, end_stream=True)
        self.waiting[stream] = asyncio.get_running_loop().create_future()
        self.transmit()
        return await asyncio.wait_for(self.waiting[stream], 10)


async def main(port):
    configuration = QuicConfiguration(is_client=True, alpn_protocols=H3_ALPN, server_name="a.test", verify_mode=ssl.CERT_NONE)
    async with connect("127.0.0.1", port, configuration=configuration, create_protocol=Client) as client:
        fields, body = await client.ask(b"GET", b"/")
        assert fields[b":status"] == b"200" and b"via: 3" in body.lower(), (fields, body)
        print("a request")

        answers = await asyncio.gather(*(client.ask(b"GET", b"/%d" % size) for size in range(0, 50_000, 1000)))
        assert all(len(body) > size for size, (_, body) in zip(range(0, 50_000, 1000), answers)), [len(body) for _, body in answers]
        print("fifty at a time")

        fields, body = await client.ask(b"POST", b"/", body=b"x" * 1_000_000)
        assert fields[b":status"] == b"200", fields
        print("a megabyte")

        fields, _ = await client.ask(b"GET", b"/", [(b"x-large", b"y" * 2000)] * 60)
        assert fields[b":status"] == b"431", fields
        print("a head that is too large")

        fields, _ = await client.ask(b"GET", b"/", [(b"host", b"b.test")])
        assert fields[b":status"] == b"400", fields
        print("two hosts")

        try:
            await client.ask(b"GET", b"/", [(b"transfer-encoding", b"chunked")])
            raise AssertionError("a field of HTTP/1's connections was taken")
        except ConnectionResetError as reset:
            assert str(reset) == "0x10e", reset
        print("a field that may not be there")

        fields, _ = await client.ask(b"GET", b"/")
        assert fields[b":status"] == b"200", fields
        print("and the connection goes on")

        client._quic.change_connection_id()
        fields, _ = await client.ask(b"GET", b"/")
        assert fields[b":status"] == b"200", fields
        print("with another id")


asyncio.run(main(int(sys.argv[1])))
