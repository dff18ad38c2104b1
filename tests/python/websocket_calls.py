"""WebSocket by a real library, server and client in one process and dproxy between them.

usage: websocket_calls.py BACKEND_PORT PROXY_ADDRESS
The proxy leads `ws.test` to http://127.0.0.1:BACKEND_PORT. Prints a line per check; the first failure ends it.
"""

import asyncio
import sys
from http import HTTPStatus

import websockets
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

ENDS = asyncio.Queue()


async def end_of(path):
    """How the backend saw the connection to `path` end."""
    while True:
        ended, code, reason = await asyncio.wait_for(ENDS.get(), 5)
        if ended == path:
            return code, reason


async def handler(socket):
    path = socket.request.path
    try:
        if path == "/closes":
            await socket.close(4001, "enough")
        async for message in socket:
            await socket.send(message)
    except websockets.ConnectionClosedError:
        pass
    finally:
        await ENDS.put((path, socket.close_code, socket.close_reason))


def refuses(connection, request):
    if request.path == "/refused":
        return connection.respond(HTTPStatus.FORBIDDEN, "not you\n")
    return None


async def check_text_and_binary(dial):
    async with dial("/echo") as socket:
        for message in ("", "hello", "grüße", b"", bytes(range(256))):
            await socket.send(message)
            assert await socket.recv() == message


async def check_large_messages(dial):
    async with dial("/echo") as socket:
        for message in ("t" * 5_000_000, b"b" * 20_000_000):
            await socket.send(message)
            assert await socket.recv() == message


async def check_fragments(dial):
    async with dial("/echo") as socket:
        await socket.send(["one ", "two ", "three"])
        assert await socket.recv() == "one two three"


async def check_ping_and_pong(dial):
    async with dial("/echo") as socket:
        for _ in range(20):
            await asyncio.wait_for(await socket.ping(), 5)


async def check_client_closes(dial):
    async with dial("/bye") as socket:
        await socket.close(4002, "done")
    assert await end_of("/bye") == (4002, "done")


async def check_server_closes(dial):
    async with dial("/closes") as socket:
        try:
            await socket.recv()
            raise AssertionError("still open")
        except websockets.ConnectionClosed as closed:
            assert (closed.rcvd.code, closed.rcvd.reason) == (4001, "enough"), closed


async def check_client_that_vanishes(dial):
    async with dial("/gone") as socket:
        socket.transport.abort()
    code, _ = await end_of("/gone")
    assert code == 1006, code


async def check_refusal_passes(dial):
    try:
        async with dial("/refused"):
            raise AssertionError("accepted")
    except websockets.InvalidStatus as refused:
        assert refused.response.status_code == 403, refused
        assert refused.response.body == b"not you\n", refused.response.body


async def check_many_at_a_time(dial):
    async def one(number):
        async with dial(f"/{number}") as socket:
            for turn in range(20):
                await socket.send(f"{number} {turn}")
                assert await socket.recv() == f"{number} {turn}"

    await asyncio.gather(*(one(number) for number in range(100)))


async def main():
    backend_port, proxy = int(sys.argv[1]), sys.argv[2]
    host, port = proxy.rsplit(":", 1)
    limits = {"max_size": None, "open_timeout": 10}

    def dial(path):
        return connect(f"ws://ws.test:{port}{path}", host=host, port=int(port), proxy=None, **limits)

    async with serve(handler, "127.0.0.1", backend_port, process_request=refuses, **limits):
        for name, check in list(globals().items()):
            if name.startswith("check_"):
                await asyncio.wait_for(check(dial), 60)
                print("ok", name.removeprefix("check_").replace("_", " "), flush=True)


asyncio.run(main())
