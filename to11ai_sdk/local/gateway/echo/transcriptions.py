"""OpenAI's ``POST /audio/transcriptions``: a text made of the file's name and size.

``recording.mp3`` of 5 bytes is heard as ``echo: recording.mp3, 5 bytes``. A WAV lasts as long as it says; any other
file as long as its bytes do at 128 kbit/s.

Source: https://platform.openai.com/docs/api-reference/audio/createTranscription.
"""

from __future__ import annotations

import io
import math
import wave
from typing import TYPE_CHECKING, Any

from .context import EchoReply, EchoRequest, as_json
from .refusals import InvalidError
from .uploads import read_form

if TYPE_CHECKING:
    from .uploads import Upload

_FORMATS = ("json", "text", "srt", "verbose_json", "vtt")
_BYTES_PER_SECOND = 16_000


def transcriptions(exchange: EchoRequest) -> EchoReply:
    """Answer a request for a transcription; ``stream`` is passed over, as ``whisper-1`` does."""
    form = read_form(exchange.request)
    exchange.heed(form.need("model"), form.fields.get("prompt", ""))
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
    """How long a sound is, in seconds."""
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
