"""OpenAI's ``POST /audio/speech``: a tone as long as the text would take to say.

The reply is a WAV (16 bits, mono, 24 kHz) whatever ``response_format`` asks for, and says so in its content type; with
``pcm`` it is the samples alone. A text takes 60 ms for each of its characters, divided by ``speed``; each voice has its
own pitch.

Source: https://platform.openai.com/docs/api-reference/audio/createSpeech.
"""

from __future__ import annotations

import array
import math
import struct
import sys
import zlib

from .body import parse
from .context import EchoReply, EchoRequest
from .refusals import EchoError

RATE = 24_000
SECONDS_PER_CHARACTER = 0.06
_LONGEST_TEXT = 4096
_CHUNK = 16_384


def speech(exchange: EchoRequest) -> EchoReply:
    """Answer a request for speech, in chunks of 16 KiB."""
    body = parse(exchange.request.body)
    model, text, voice = (body.need(name).text() for name in ("model", "input", "voice"))
    exchange.heed(model, text)
    if not 0 < len(text) <= _LONGEST_TEXT:
        raise EchoError(400, f"'input' must have 1 to {_LONGEST_TEXT} characters.", param="input")
    if (form := body.get("stream_format")) and form.word("audio", "sse") == "sse":
        raise EchoError(400, "echo streams speech as audio only; leave 'stream_format' out.", param="stream_format")
    chosen = body.get("response_format")
    name = chosen.word("mp3", "opus", "aac", "flac", "wav", "pcm") if chosen else "mp3"
    speed = given.number(0.25, 4.0) if (given := body.get("speed")) else 1.0
    samples = tone(voice, len(text) * SECONDS_PER_CHARACTER / speed)
    sound, media_type = (samples, "audio/pcm") if name == "pcm" else (wav(samples), "audio/wav")
    return EchoReply([sound[start : start + _CHUNK] for start in range(0, len(sound), _CHUNK)], media_type)


def tone(voice: str, seconds: float) -> bytes:
    """Samples of 16 bits, little-endian, at ``RATE``."""
    period = 60 + zlib.crc32(voice.encode("utf-8", "replace")) % 120
    wave = array.array("h", (int(3000 * math.sin(2 * math.pi * at / period)) for at in range(period)))
    if sys.byteorder == "big":
        wave.byteswap()
    length = 2 * int(seconds * RATE)
    return (wave.tobytes() * (length // (2 * period) + 1))[:length]


def wav(samples: bytes) -> bytes:
    """A RIFF file of the samples."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE, 2 * RATE, 2, 16)
    content = b"WAVE" + form + struct.pack("<4sI", b"data", len(samples)) + samples
    return struct.pack("<4sI", b"RIFF", len(content)) + content
