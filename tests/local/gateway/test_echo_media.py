from __future__ import annotations

import base64
import io
import struct
import wave
import zlib
from typing import Any

import pytest
from echo_harness import NOW, post_form, provider, read, send

from to11ai_sdk.local.gateway.echo.images import colour_of
from to11ai_sdk.local.gateway.provider import UpstreamReply, UpstreamRequest


def decoded(image: bytes) -> tuple[int, int, bytes]:
    """Width, height and the one colour of a PNG, each chunk's checksum verified."""
    assert image[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = {}, 8
    while at < len(image):
        length, kind = struct.unpack(">I4s", image[at : at + 8])
        content = image[at + 8 : at + 8 + length]
        assert struct.unpack(">I", image[at + 8 + length : at + 12 + length]) == (zlib.crc32(kind + content),)
        chunks[kind], at = content, at + 12 + length
    assert list(chunks) == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]
    width, height, *form = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert form == [1, 3, 0, 0, 0]
    pixels = zlib.decompress(chunks[b"IDAT"])
    assert len(pixels) == height * (1 + (width + 7) // 8)
    assert set(pixels) == {0}
    return width, height, chunks[b"PLTE"]


def images(**given: Any) -> Any:
    reply = send(provider(), "/images/generations", {"model": "dall-e-3", "prompt": "a white cat", **given})
    assert reply.status == 200
    return read(reply)


def test_an_image_as_url() -> None:
    body = images(n=1, size="1024x1024")
    [image] = body["data"]
    assert (body["created"], image["revised_prompt"]) == (NOW, "a white cat")
    prefix, content = image["url"].split(",")
    assert prefix == "data:image/png;base64"
    assert decoded(base64.b64decode(content)) == (1024, 1024, b"\xff\xff\xff")


@pytest.mark.parametrize(
    ("size", "shape"), [("256x256", (256, 256)), ("auto", (1024, 1024)), ("13x7", (13, 7)), ("1792x1024", (1792, 1024))]
)
def test_images_in_base64(size: str, shape: tuple[int, int]) -> None:
    data = images(prompt="a thing", n=2, size=size, response_format="b64_json")["data"]
    first, second = (decoded(base64.b64decode(image["b64_json"])) for image in data)
    assert first[:2] == second[:2] == shape
    assert first[2] != second[2]


def test_the_form_that_is_usual_for_a_model() -> None:
    echo = provider(models=["gpt-image-1"])
    body = read(send(echo, "/images/generations", {"model": "gpt-image-1", "prompt": "x"}))
    assert "b64_json" in body["data"][0]


def test_colours() -> None:
    assert colour_of("A Red and green ball") == b"\xff\x00\x00"
    assert colour_of("something") == colour_of("something") != colour_of("another thing")


@pytest.mark.parametrize("size", ["0x5", "5000x5", "x", "1024", "1024x1024x3"])
def test_a_size_that_is_none(size: str) -> None:
    reply = send(provider(), "/images/generations", {"model": "dall-e-3", "prompt": "x", "size": size})
    assert (reply.status, read(reply)["error"]["param"]) == (400, "size")


def test_images_are_not_streamed() -> None:
    reply = send(provider(), "/images/generations", {"model": "dall-e-3", "prompt": "x", "stream": True})
    assert (reply.status, read(reply)["error"]["param"]) == (400, "stream")


def test_the_model_of_images_that_is_not_named() -> None:
    reply = send(provider(models=["dall-e-2"]), "/images/generations", {"prompt": "x"})
    assert reply.status == 200


def speech(**given: Any) -> UpstreamReply:
    return send(provider(), "/audio/speech", {"model": "tts-1", "input": "Hello world", "voice": "alloy", **given})


def samples(sound: bytes) -> tuple[float, bytes]:
    """Seconds and samples of a WAV."""
    with wave.open(io.BytesIO(sound)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 24_000)
        frames = file.readframes(file.getnframes())
        return file.getnframes() / file.getframerate(), frames


@pytest.mark.parametrize("form", [None, "mp3", "opus", "aac", "flac", "wav"])
def test_speech_is_a_wav(form: str | None) -> None:
    reply = speech(response_format=form)
    assert (reply.status, reply.headers["content-type"]) == (200, "audio/wav")
    chunks = list(reply.body)
    seconds, frames = samples(b"".join(chunks))
    assert len(chunks) == 2
    assert seconds == pytest.approx(11 * 0.06, abs=0.001)
    assert len(set(frames)) > 10


def test_speech_as_samples() -> None:
    reply = speech(response_format="pcm")
    assert reply.headers["content-type"] == "audio/pcm"
    assert b"".join(reply.body) == samples(b"".join(speech().body))[1]


def test_voices_differ_and_speed_shortens() -> None:
    alloy, nova, fast = (samples(b"".join(speech(**given).body)) for given in ({}, {"voice": "nova"}, {"speed": 2}))
    assert alloy[1] != nova[1]
    assert fast[0] == pytest.approx(alloy[0] / 2, abs=0.001)


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"input": ""}, "input"),
        ({"input": "x" * 4097}, "input"),
        ({"voice": None}, "voice"),
        ({"speed": 9}, "speed"),
        ({"response_format": "ogg"}, "response_format"),
        ({"stream_format": "sse"}, "stream_format"),
    ],
)
def test_speech_that_is_refused(given: dict[str, Any], param: str) -> None:
    reply = speech(**given)
    assert (reply.status, read(reply)["error"]["param"]) == (400, param)


def heard(content: bytes = b"x" * 8000, **fields: str) -> UpstreamReply:
    form = {"model": "whisper-1", **fields}
    return post_form(provider(), "/audio/transcriptions", form, name="recording.mp3", content=content)


TEXT = "echo: recording.mp3, 8000 bytes"


def test_a_transcription() -> None:
    assert read(heard()) == {"text": TEXT, "usage": {"type": "duration", "seconds": 1}}


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("text", f"{TEXT}\n"),
        ("srt", f"1\n00:00:00,000 --> 00:00:00,500\n{TEXT}\n\n"),
        ("vtt", f"WEBVTT\n\n00:00:00.000 --> 00:00:00.500\n{TEXT}\n\n"),
    ],
)
def test_a_transcription_as_text(form: str, text: str) -> None:
    reply = heard(response_format=form)
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    assert b"".join(reply.body).decode() == text


def test_a_verbose_transcription() -> None:
    body = read(heard(response_format="verbose_json", language="german"))
    assert (body["task"], body["language"], body["duration"], body["text"]) == ("transcribe", "german", 0.5, TEXT)
    [segment] = body["segments"]
    assert (segment["start"], segment["end"], segment["text"]) == (0.0, 0.5, TEXT)


def test_speech_is_heard_for_as_long_as_it_lasts() -> None:
    content = b"".join(speech().body)
    assert read(heard(content, response_format="verbose_json"))["duration"] == pytest.approx(0.66, abs=0.001)


@pytest.mark.parametrize("fields", [{"model": "none"}, {"prompt": "[[echo:status=404]]"}])
def test_a_transcription_that_fails(fields: dict[str, str]) -> None:
    assert heard(**fields).status == 404


def test_an_unknown_format_of_transcriptions() -> None:
    reply = heard(response_format="xml")
    assert (reply.status, read(reply)["error"]["code"]) == (400, "invalid_value")


@pytest.mark.parametrize(
    ("content_type", "body", "message"),
    [
        ("application/json", b"{}", "The request must be multipart/form-data with a boundary."),
        ("multipart/form-data", b"", "The request must be multipart/form-data with a boundary."),
        (None, b"", "The request must be multipart/form-data with a boundary."),
        ("multipart/form-data; boundary=x", b"nonsense", "Could not parse multipart form."),
        ("multipart/form-data; boundary=x", b"--x--\r\n", "Missing required parameter: 'file'."),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n--x--\r\n',
            "Missing required parameter: 'model'.",
        ),
    ],
)
def test_a_form_that_is_none(content_type: str | None, body: bytes, message: str) -> None:
    headers = {"content-type": content_type} if content_type else {}
    reply = provider().send(UpstreamRequest("POST", "/audio/transcriptions", headers, body))
    assert (reply.status, read(reply)["error"]["message"]) == (400, message)
