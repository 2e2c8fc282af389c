"""A server that does as little as possible, in a process of its own: ``python -m bench.server``.

It prints its port, then answers every request with the same prompt.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import ssl


def reply(messages: int) -> bytes:
    """A whole HTTP reply: a resolved prompt of some messages."""
    body = json.dumps(
        {"success": True, "code": 200, "data": prompt(messages), "error": None, "pagination": None}
    ).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def prompt(messages: int) -> dict[str, object]:
    """The wire form of a resolved prompt."""
    return {
        "promptId": "prompt_1",
        "versionId": "version_1",
        "releaseId": "release_1",
        "version": 3,
        "labels": ["production"],
        "contentHash": "sha256:" + "0" * 64,
        "rendered": {
            "format": "chat",
            "messages": [
                {"role": "user", "content": f"message {number} " + "text " * 20} for number in range(messages)
            ],
        },
        "blockRenderRecord": {"greeting": "rendered"},
        "subjectHash": None,
        "variantName": None,
    }


async def serve(context: ssl.SSLContext | None, delay: float, messages: int, idle: float | None) -> None:
    """Answer until killed."""
    answer = reply(messages)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                coming = reader.readuntil(b"\r\n\r\n")
                head = await (asyncio.wait_for(coming, idle) if idle else coming)
                lines = head.lower().split(b"\r\n")
                length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)
                await reader.readexactly(length)
                if delay:
                    await asyncio.sleep(delay)
                writer.write(answer)
        except (asyncio.IncompleteReadError, asyncio.TimeoutError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    """Read the options and serve."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tls")
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--messages", type=int, default=10)
    parser.add_argument("--idle", type=float, help="seconds after which a connection without a request is closed")
    options = parser.parse_args()
    context = None
    if options.tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(f"{options.tls}/server.pem")
    asyncio.run(serve(context, options.delay, options.messages, options.idle))


if __name__ == "__main__":
    main()
