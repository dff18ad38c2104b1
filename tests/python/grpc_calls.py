"""gRPC by its own library, server and client in one process and dproxy between them.

usage: grpc_calls.py BACKEND_PORT PROXY_ADDRESS
The proxy leads `grpc.test` to h2c://127.0.0.1:BACKEND_PORT. Prints a line per check; the first failure ends it.
"""

import sys
import threading
import time
from concurrent import futures

import grpc

CANCELLED = threading.Event()
BIG = 4 * 1024 * 1024 - 1024


def as_is(data):
    return data


def unary(request, context):
    sent = dict(context.invocation_metadata())
    context.send_initial_metadata((("x-head", sent.get("x-word", "")),))
    context.set_trailing_metadata((("x-trail-bin", sent.get("x-word-bin", b"")),))
    return request


def fails(request, context):
    context.set_trailing_metadata((("x-why", "because"),))
    context.abort(grpc.StatusCode.FAILED_PRECONDITION, "not now, später")


def counts(request, context):
    for number in range(int(request)):
        yield str(number).encode()


def joins(requests, context):
    return b",".join(requests)


def echoes(requests, context):
    for request in requests:
        yield request


def hangs(request, context):
    CANCELLED.clear()
    ended = threading.Event()
    context.add_callback(ended.set)
    yield b"begun"
    ended.wait(20)
    CANCELLED.set()


def big(request, context):
    for _ in range(16):
        yield b"x" * BIG


def serve(port):
    kinds = {
        "unary": grpc.unary_unary_rpc_method_handler(unary, as_is, as_is),
        "fails": grpc.unary_unary_rpc_method_handler(fails, as_is, as_is),
        "counts": grpc.unary_stream_rpc_method_handler(counts, as_is, as_is),
        "joins": grpc.stream_unary_rpc_method_handler(joins, as_is, as_is),
        "echoes": grpc.stream_stream_rpc_method_handler(echoes, as_is, as_is),
        "hangs": grpc.unary_stream_rpc_method_handler(hangs, as_is, as_is),
        "big": grpc.unary_stream_rpc_method_handler(big, as_is, as_is),
    }
    server = grpc.server(futures.ThreadPoolExecutor(16))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("t.T", kinds),))
    assert server.add_insecure_port(f"127.0.0.1:{port}") == port
    server.start()
    return server


def check_unary(channel):
    call = channel.unary_unary("/t.T/unary", as_is, as_is)
    for body in (b"", b"hello", bytes(range(256)), b"y" * BIG):
        answer, done = call.with_call(body, metadata=(("x-word", "a b"), ("x-word-bin", b"\x00\xff\x01")), timeout=20)
        assert answer == body, len(answer)
        assert dict(done.initial_metadata())["x-head"] == "a b"
        assert dict(done.trailing_metadata())["x-trail-bin"] == b"\x00\xff\x01"
        assert done.code() == grpc.StatusCode.OK


def check_server_streaming(channel):
    answers = list(channel.unary_stream("/t.T/counts", as_is, as_is)(b"1000", timeout=20))
    assert answers == [str(number).encode() for number in range(1000)]


def check_client_streaming(channel):
    pieces = [str(number).encode() for number in range(1000)]
    assert channel.stream_unary("/t.T/joins", as_is, as_is)(iter(pieces), timeout=20) == b",".join(pieces)


def check_both_ways_in_turn(channel):
    said = threading.Semaphore(0)

    def asks():
        for number in range(100):
            yield str(number).encode()
            # The next one is asked only when this one was answered.
            assert said.acquire(timeout=10)

    seen = 0
    for answer in channel.stream_stream("/t.T/echoes", as_is, as_is)(asks(), timeout=20):
        assert answer == str(seen).encode()
        seen += 1
        said.release()
    assert seen == 100


def check_trailers_only(channel):
    for method, code, details in (
        ("fails", grpc.StatusCode.FAILED_PRECONDITION, "not now, später"),
        ("unknown", grpc.StatusCode.UNIMPLEMENTED, None),
    ):
        try:
            channel.unary_unary(f"/t.T/{method}", as_is, as_is)(b"", timeout=10)
            raise AssertionError("no error")
        except grpc.RpcError as error:
            assert error.code() == code, error
            assert details is None or error.details() == details, error
            assert details is None or dict(error.trailing_metadata())["x-why"] == "because"


def check_deadline_reaches_the_backend(channel):
    try:
        list(channel.unary_stream("/t.T/hangs", as_is, as_is)(b"", timeout=0.3))
        raise AssertionError("no error")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED, error
    assert CANCELLED.wait(5), "the backend was not told"


def check_cancel_reaches_the_backend(channel):
    CANCELLED.clear()
    call = channel.unary_stream("/t.T/hangs", as_is, as_is)(b"")
    assert next(call) == b"begun"
    begun = time.monotonic()
    call.cancel()
    assert CANCELLED.wait(5), "the backend was not told"
    assert time.monotonic() - begun < 1, "the backend was told late"


def check_big_stream_to_a_slow_reader(channel):
    total = 0
    for answer in channel.unary_stream("/t.T/big", as_is, as_is)(b"", timeout=60):
        total += len(answer)
        time.sleep(0.02)
    assert total == 16 * BIG


def check_many_at_a_time(channel):
    call = channel.unary_unary("/t.T/unary", as_is, as_is)
    pending = [call.future(str(number).encode(), timeout=20) for number in range(500)]
    assert [one.result() for one in pending] == [str(number).encode() for number in range(500)]


def main():
    backend_port, proxy = int(sys.argv[1]), sys.argv[2]
    server = serve(backend_port)
    limits = (("grpc.max_receive_message_length", -1), ("grpc.default_authority", "grpc.test"))
    with grpc.insecure_channel(proxy, options=limits) as channel:
        for name, check in list(globals().items()):
            if name.startswith("check_"):
                check(channel)
                print("ok", name.removeprefix("check_").replace("_", " "), flush=True)
    server.stop(None)


main()
