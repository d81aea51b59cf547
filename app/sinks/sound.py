"""The sound of the source, carried into the recording: copied as it is where MP4 takes it, else made AAC."""

import logging
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet

_COPIED = ("aac", "mp3", "ac3", "eac3", "alac", "opus")
"""What MP4 may hold and players play."""
_AAC_RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_FALLBACK_RATE_HZ = 48000
_BITS_A_SECOND = 160_000
_log = logging.getLogger(__name__)


def open_sound(path: Path, zero_s: float, output: OutputContainer) -> "Sound | None":
    """The main sound track of `path`, added to `output` (whose header is not written yet); None where there is none.

    `zero_s` is the time on the file's own clock that becomes 0. Sound that cannot be decoded is left out with a
    warning in the log: the picture is worth more.
    """
    try:
        container = av.open(f"file:{path}", options={"protocol_whitelist": "file"}, metadata_errors="replace")
    except (av.FFmpegError, OSError, ValueError) as error:
        _log.warning("The sound of %s cannot be read: %s", path, error)
        return None
    track = container.streams.best("audio")
    if not isinstance(track, AudioStream) or track.codec_context is None:
        container.close()
        return None
    try:
        return Sound(container, track, zero_s, output)
    except (av.FFmpegError, OSError, ValueError) as error:
        container.close()
        _log.warning("The sound of %s cannot be used: %s", path, error)
        return None


class Sound:
    """Packets for the output, in step with its pictures. Not thread-safe."""

    def __init__(self, container: InputContainer, track: AudioStream, zero_s: float, output: OutputContainer) -> None:
        self._container = container
        self._track = track
        self._zero_s = zero_s
        self._output = output
        self._broken = False
        self._pending: Packet[AudioStream] | None = None
        self._copies = track.codec_context.codec.canonical_name in _COPIED
        if self._copies:
            self._out = output.add_stream_from_template(track)
        else:
            rate_hz = track.rate if track.rate in _AAC_RATES_HZ else _FALLBACK_RATE_HZ
            layout = "mono" if track.channels == 1 else "stereo"
            self._out = output.add_stream("aac", rate=rate_hz, layout=layout, bit_rate=_BITS_A_SECOND)
            self._resampler = AudioResampler(format="fltp", layout=layout, rate=rate_hz)
        self._packets = self._readable_packets()

    def write_until(self, t_s: float) -> None:
        """Write what begins before `t_s` (seconds from the first picture)."""
        while True:
            packet = self._pending or next(self._packets, None)
            self._pending = None
            if packet is None:
                return
            if packet.pts is not None and float(packet.pts * packet.time_base) - self._zero_s >= t_s:
                self._pending = packet
                return
            self._write(packet)

    def finish(self, end_s: float) -> None:
        """Write up to the end of the pictures."""
        self.write_until(end_s)
        if not self._copies:
            for frame in self._resampler.resample(None):
                self._output.mux(self._out.encode(frame))
            self._output.mux(self._out.encode(None))

    def close(self) -> None:
        """Let go of the source."""
        self._container.close()

    def _readable_packets(self) -> "Iterator[Packet[AudioStream]]":
        """Until the end or the first damage that the container does not get over."""
        try:
            for packet in self._container.demux(self._track):
                if packet.pts is not None:
                    yield packet
        except av.FFmpegError as error:
            _log.warning("The sound breaks off: %s", error)

    def _write(self, packet: "Packet[AudioStream]") -> None:
        if self._copies:
            shift = round(self._zero_s / packet.time_base)
            packet.pts = None if packet.pts is None else packet.pts - shift
            packet.dts = None if packet.dts is None else packet.dts - shift
            packet.stream = self._out
            self._output.mux(packet)
            return
        try:
            frames = packet.decode()
        except av.FFmpegError:
            return
        for decoded in frames:
            if decoded.time is None:
                continue
            decoded.pts = round((decoded.time - self._zero_s) * decoded.sample_rate)
            decoded.time_base = Fraction(1, decoded.sample_rate)
            for frame in self._resampler.resample(decoded):
                self._output.mux(self._out.encode(frame))
