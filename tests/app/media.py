"""Makes the pictures and videos that the tests read: four coloured corners tell how a picture is turned."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.container import OutputContainer
from av.video.reformatter import ColorRange, Colorspace

from models.types import U8

RED, GREEN, BLUE, WHITE = (0, 0, 220), (0, 200, 0), (220, 0, 0), (235, 235, 235)
UPRIGHT = (RED, GREEN, BLUE, WHITE)
"""Top left, top right, bottom left, bottom right, in BGR."""


def corners(width: int, height: int, colours: Sequence[tuple[int, int, int]] = UPRIGHT) -> U8:
    """(H, W, 3) BGR: one colour a quarter."""
    picture = np.zeros((height, width, 3), np.uint8)
    halves_y, halves_x = (
        (slice(0, height // 2), slice(height // 2, None)),
        (slice(0, width // 2), slice(width // 2, None)),
    )
    for number, colour in enumerate(colours):
        picture[halves_y[number // 2], halves_x[number % 2]] = colour
    return picture


def quarters(picture: U8) -> tuple[tuple[int, int, int], ...]:
    """Which of the known colours lies in the middle of each quarter."""
    height, width = picture.shape[:2]
    found = []
    for y, x in ((1, 1), (1, 3), (3, 1), (3, 3)):
        pixel = picture[height * y // 4, width * x // 4, :3].astype(int)
        found.append(min(UPRIGHT, key=lambda colour: int(np.abs(pixel - colour).sum())))
    return tuple(found)


def turned(picture: U8, orientation: int) -> U8:
    """How a camera with this EXIF orientation stores an upright `picture` (EXIF 2.3, 4.6.4 A)."""
    stored = {
        1: picture,
        2: picture[:, ::-1],
        3: picture[::-1, ::-1],
        4: picture[::-1],
        5: picture.swapaxes(0, 1),
        6: np.rot90(picture, 1),
        7: np.rot90(picture, 2).swapaxes(0, 1),
        8: np.rot90(picture, -1),
    }[orientation]
    return np.ascontiguousarray(stored)


def exif(orientation: int, order: str = "II") -> bytes:
    """An EXIF block with the one tag."""
    byteorder = "little" if order == "II" else "big"

    def number(value: int, size: int) -> bytes:
        return value.to_bytes(size, byteorder)  # type: ignore[arg-type]

    entry = number(0x0112, 2) + number(3, 2) + number(1, 4) + number(orientation, 2) + bytes(2)
    return order.encode() + number(42, 2) + number(8, 4) + number(1, 2) + entry + number(0, 4)


def write_picture(path: Path, picture: np.ndarray, block: bytes = b"") -> Path:
    """Encode by the ending, with an EXIF block."""
    kinds = [cv2.IMAGE_METADATA_EXIF] if block else []
    blocks = [np.frombuffer(block, np.uint8)] if block else []
    done, data = cv2.imencodeWithMetadata(path.suffix, picture, kinds, blocks)
    assert done
    path.write_bytes(data.tobytes())
    return path


def write_video(
    path: Path,
    pictures: Sequence[U8],
    *,
    times_s: Sequence[float] | None = None,
    fps: int = 30,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    rotation_deg: float | None = None,
    mirrored: bool = False,
    pixel_aspect: Fraction | None = None,
    matrix: int = 2,
    full_range: bool = False,
    audio: str | None = None,
    audio_s: float = 0.0,
    audio_start_s: float = 0.0,
    options: dict[str, str] | None = None,
) -> Path:
    """Encode `pictures`; `rotation_deg` is counter-clockwise, as libav counts."""
    height, width = pictures[0].shape[:2]
    with av.open(str(path), "w", options=options or {}) as container:
        video = container.add_stream(codec, rate=fps)
        encoder = video.codec_context
        encoder.width, encoder.height, encoder.pix_fmt = width, height, pix_fmt
        encoder.time_base = Fraction(1, 90000) if times_s else Fraction(1, fps)
        if pixel_aspect is not None:
            encoder.sample_aspect_ratio = pixel_aspect
        encoder.colorspace = matrix
        if codec == "libx264":
            encoder.options = {"preset": "ultrafast", "crf": "4"}
        if rotation_deg is not None:
            video.set_display_rotation(rotation_deg, mirrored)
        sound = container.add_stream(audio, rate=48000, layout="mono") if audio else None
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(
                format=pix_fmt,
                dst_colorspace=Colorspace.ITU709 if matrix == 1 else Colorspace.ITU601,
                dst_color_range=ColorRange.JPEG if full_range else ColorRange.MPEG,
            )
            frame.pts = round(times_s[number] * 90000) if times_s else number
            frame.time_base = encoder.time_base
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if sound is not None:
            _write_sine(container, sound, audio_s, audio_start_s)
    return path


def _write_sine(container: OutputContainer, track: av.AudioStream, seconds: float, start_s: float) -> None:
    """440 Hz."""
    rate = 48000
    samples = np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate) * 8000
    frame = av.AudioFrame.from_ndarray(samples.astype(np.int16)[None], format="s16", layout="mono")
    frame.sample_rate = rate
    frame.pts = round(start_s * rate)
    frame.time_base = Fraction(1, rate)
    container.mux(track.encode(frame))
    container.mux(track.encode(None))


def sine_strength(path: Path, seconds: tuple[float, float]) -> float:
    """Share 0..1 of the sound's power at 440 Hz between two times on the file's clock; 0 where there is silence."""
    with av.open(str(path)) as container:
        parts, start_s = [], None
        for frame in container.decode(container.streams.audio[0]):
            start_s = frame.time if start_s is None else start_s
            parts.append(
                np.asarray(frame.to_ndarray(), float).reshape(
                    -1 if frame.format.is_planar else 1, frame.samples, order="F"
                )[0]
            )
            rate = frame.sample_rate
    wave = np.concatenate(parts)
    begin, end = (round((when - (start_s or 0.0)) * rate) for when in seconds)
    piece = wave[max(0, begin) : end] * np.hanning(len(wave[max(0, begin) : end]))
    power = np.abs(np.fft.rfft(piece)) ** 2
    if power.sum() < 1e-9:
        return 0.0
    hz = np.fft.rfftfreq(len(piece), 1 / rate)
    return float(power[np.abs(hz - 440) < 30].sum() / power.sum())
