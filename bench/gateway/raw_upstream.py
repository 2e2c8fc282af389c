"""A provider that answers at once, in a process of its own: ``python -m bench.gateway.raw_upstream``.

It prints its port. Chat completions, messages of Anthropic and streams of both are the same small reply each time. The
model ``events-10-500`` makes a stream of 10 events, one each 500 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import ssl

try:
    from uvloop import run
except ImportError:
    from asyncio import run

TEXT = "Hello! How can I help you today?"
STREAM = re.compile(rb'"stream": ?true')
EVENTS = re.compile(rb'"events-(\d+)-(\d+)"')
LENGTH = re.compile(rb"\r\ncontent-length: ?(\d+)", re.IGNORECASE)
STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

CHAT: dict[str, object] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1700000000,
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": TEXT}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18},
}
MESSAGE: dict[str, object] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [{"type": "text", "text": TEXT}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 9, "output_tokens": 9},
}


def plain(reply: dict[str, object]) -> bytes:
    """The whole HTTP reply of a call that is no stream."""
    body = json.dumps(reply).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def chunk(data: bytes) -> bytes:
    """One chunk of a reply of unknown length."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def event(text: str | None) -> bytes:
    """An event of a chat stream; without a text the last one, with the end of the stream."""
    choice = {"index": 0, "delta": {"content": text} if text else {}, "finish_reason": None if text else "stop"}
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1700000000, "model": "m"}
    data = f"data: {json.dumps({**head, 'choices': [choice]})}\n\n".encode()
    return chunk(data) if text else chunk(data + b"data: [DONE]\n\n") + b"0\r\n\r\n"


REPLIES = {b"/v1/chat/completions": plain(CHAT), b"/v1/messages": plain(MESSAGE)}
EVENT, LAST = event("Hello! "), event(None)


class Provider(asyncio.Protocol):
    """One connection; requests are answered one after another."""

    def __init__(self) -> None:
        self.buffer = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self.transport = transport  # type: ignore[assignment]

    def connection_lost(self, exc: Exception | None) -> None:
        """End the streams."""
        self.transport = None

    def data_received(self, data: bytes) -> None:
        """Answer each request that is whole."""
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            found = LENGTH.search(self.buffer, 0, end)
            size = end + 4 + (int(found[1]) if found else 0)
            if len(self.buffer) < size:
                return
            request, self.buffer = self.buffer[:size], self.buffer[size:]
            self.answer(request, request[end:])

    def answer(self, request: bytes, body: bytes) -> None:
        """The reply for the path, or a stream of events."""
        if STREAM.search(body):
            found = EVENTS.search(body)
            events, pause = (int(found[1]), int(found[2]) / 1000) if found else (1, 0.0)
            self.write(STREAM_HEAD)
            self.send(events, pause)
        else:
            self.write(REPLIES.get(request.split(b" ", 2)[1], REPLIES[b"/v1/chat/completions"]))

    def send(self, events: int, pause: float) -> None:
        """One event, and the others after it."""
        if not pause:
            self.write(EVENT * events + LAST)
        elif events:
            self.write(EVENT)
            asyncio.get_running_loop().call_later(pause, self.send, events - 1, pause)
        else:
            self.write(LAST)

    def write(self, data: bytes) -> None:
        """Send it, unless the other side has gone."""
        if self.transport:
            self.transport.write(data)


async def serve(context: ssl.SSLContext | None) -> None:
    """Answer until killed."""
    server = await asyncio.get_running_loop().create_server(Provider, "127.0.0.1", 0, ssl=context, backlog=2000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    """Read the options and serve."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tls", help="file with the key and the certificates")
    options = parser.parse_args()
    context = None
    if options.tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(options.tls)
    run(serve(context))


if __name__ == "__main__":
    main()
