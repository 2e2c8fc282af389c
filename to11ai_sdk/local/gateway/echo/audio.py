"""OpenAI's ``POST /audio/speech`` and ``POST /audio/transcriptions``.

Speech is a tone as long as the text would take to say: a WAV (16 bits, mono, 24 kHz) with that content type, whatever
the ``response_format``; for ``pcm`` it is only the samples. A text takes 60 ms for each of its characters, divided by
``speed``; each voice has its own pitch.

A transcription has the file's name and size: ``recording.mp3`` of 5 bytes becomes ``echo: recording.mp3, 5 bytes``. The
duration of a WAV is that in its header; for any other file it is computed at 128 kbit/s.

Sources: https://platform.openai.com/docs/api-reference/audio/createSpeech and ``createTranscription``.
"""

from __future__ import annotations

import array
import io
import math
import struct
import sys
import wave
import zlib
from typing import TYPE_CHECKING, Any

from .body import parse
from .context import EchoReply, EchoRequest, as_json
from .refusals import EchoError, InvalidError
from .uploads import read_form

if TYPE_CHECKING:
    from .uploads import Upload

RATE = 24_000
SECONDS_PER_CHARACTER = 0.06
_LONGEST_TEXT = 4096
_CHUNK = 16_384


def speech(echo_request: EchoRequest) -> EchoReply:
    """Answer a request for speech, in chunks of 16 KiB."""
    body = parse(echo_request.request.body)
    model, text, voice = (body.need(name).text() for name in ("model", "input", "voice"))
    echo_request.apply_directives(model, text)
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
    """Return samples of 16 bits, little-endian, at ``RATE``."""
    period = 60 + zlib.crc32(voice.encode("utf-8", "replace")) % 120
    wave = array.array("h", (int(3000 * math.sin(2 * math.pi * at / period)) for at in range(period)))
    if sys.byteorder == "big":
        wave.byteswap()
    length = 2 * int(seconds * RATE)
    return (wave.tobytes() * (length // (2 * period) + 1))[:length]


def wav(samples: bytes) -> bytes:
    """Return a RIFF file of the samples."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE, 2 * RATE, 2, 16)
    content = b"WAVE" + form + struct.pack("<4sI", b"data", len(samples)) + samples
    return struct.pack("<4sI", b"RIFF", len(content)) + content


_FORMATS = ("json", "text", "srt", "verbose_json", "vtt")
_BYTES_PER_SECOND = 16_000


def transcriptions(echo_request: EchoRequest) -> EchoReply:
    """Answer a request for a transcription; ``stream`` is ignored, as by ``whisper-1``."""
    form = read_form(echo_request.request)
    echo_request.apply_directives(form.need("model"), form.fields.get("prompt", ""))
    kind = form.fields.get("response_format", "json")
    if kind not in _FORMATS:
        raise InvalidError(("response_format",), "a format", kind, _FORMATS)
    text, seconds = f"echo: {form.file.name}, {len(form.file.content)} bytes", duration(form.file)
    if kind == "json":
        return as_json({"text": text, "usage": _usage(seconds)})
    if kind == "verbose_json":
        return as_json(_verbose(text, seconds, form.fields.get("language", "english")))
    return EchoReply([_plain(kind, text, seconds).encode("utf-8", "replace")], "text/plain; charset=utf-8")


def duration(file: Upload) -> float:
    """Return the duration of a sound in seconds."""
    try:
        with wave.open(io.BytesIO(file.content)) as sound:
            frames, rate = int(sound.getnframes()), int(sound.getframerate())
            return frames / rate
    except (wave.Error, EOFError, ZeroDivisionError):
        return len(file.content) / _BYTES_PER_SECOND


def _usage(seconds: float) -> dict[str, Any]:
    return {"type": "duration", "seconds": math.ceil(seconds)}


def _verbose(text: str, seconds: float, language: str) -> dict[str, Any]:
    segment: dict[str, Any] = {
        "id": 0,
        "seek": 0,
        "start": 0.0,
        "end": seconds,
        "text": text,
        "tokens": [],
        "temperature": 0.0,
        "avg_logprob": 0.0,
        "compression_ratio": 1.0,
        "no_speech_prob": 0.0,
    }
    said = {"task": "transcribe", "language": language, "duration": seconds, "text": text}
    return {**said, "segments": [segment], "usage": _usage(seconds)}


def _plain(kind: str, text: str, seconds: float) -> str:
    if kind == "text":
        return f"{text}\n"
    comma = "," if kind == "srt" else "."
    line = f"00:00:00{comma}000 --> {_clock(seconds, comma)}\n{text}\n\n"
    return f"1\n{line}" if kind == "srt" else f"WEBVTT\n\n{line}"


def _clock(seconds: float, comma: str) -> str:
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{comma}{thousandths:03}"
