"""Signals as text: the table that `facet drowsiness` reads, and in which a marked false alarm is kept."""

import csv
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from effects.monitor.regions import Luma
from models.errors import FacetError
from models.types import Signals

NEEDED = ("t", "ear_left", "ear_right", "mar", "yaw", "pitch", "roll", "valid")
OPTIONAL = ("gaze_yaw", "gaze_pitch", "mouth_width", "valid_left", "valid_right", "luma", "change", "speed_kmh")
_HIGHEST_EAR = 2.0
_NAN = math.nan


class BadSignals(FacetError):
    """The table of signals is damaged; the message names the line."""


@dataclass(frozen=True, slots=True)
class SignalRow:
    """One frame's signals; `signals` None = the face is not seen."""

    t_s: float
    signals: Signals | None
    luma: Luma | None
    speed_kmh: float | None


def read_rows(lines: Iterable[str], name: str) -> Iterator[SignalRow]:
    """The rows of a table whose first line is the header, columns in any order; raises BadSignals.

    Empty cells and `nan` mean unreadable.
    """
    try:
        reader = csv.reader(lines)
        header = [cell.strip().lower() for cell in next(reader, [])]
        _check_header(header, name)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                raise BadSignals(
                    f"{name}, line {reader.line_num}: {len(cells)} values, but the header names {len(header)}. "
                    "Mend or remove the line."
                )
            yield _row(dict(zip(header, cells, strict=True)), name, reader.line_num)
    except csv.Error as error:
        raise BadSignals(f"{name} is not a table of comma-separated values: {error}.") from None
    except UnicodeDecodeError:
        raise BadSignals(f"{name} is not text in UTF-8. Save it as a CSV file in UTF-8.") from None


def write_rows(rows: Iterable[SignalRow]) -> Iterator[str]:
    """The lines of a table that `read_rows` reads again; no line ends."""
    yield ",".join((*NEEDED, *OPTIONAL))
    for row in rows:
        signals = row.signals
        if signals is None:
            known: tuple[float, ...] = (_NAN,) * 6
            optional: tuple[float, ...] = (_NAN,) * 3
        else:
            known = (signals.ear_left, signals.ear_right, signals.mar, *signals.pose_deg)
            optional = (*signals.gaze_deg, signals.mouth_width)
        eyes = tuple(float(value == value) for value in known[:2])
        luma = row.luma or (_NAN, _NAN, _NAN)
        speed = _NAN if row.speed_kmh is None else row.speed_kmh
        values = (row.t_s, *known, float(signals is not None), *optional, *eyes, luma[0], luma[2], speed)
        yield ",".join("" if math.isnan(value) else f"{value:.7g}" for value in values)


def _check_header(header: list[str], name: str) -> None:
    if not header:
        raise BadSignals(f"{name} is empty. Its first line must be: {','.join(NEEDED)}")
    missing = [column for column in NEEDED if column not in header]
    if missing and len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        raise BadSignals(f"{name} parts its columns by semicolons or tabs. Save it with commas.")
    if missing:
        raise BadSignals(
            f"{name} has no column {', '.join(missing)}. Its first line must hold: {','.join(NEEDED)}; "
            f"it may hold {','.join(OPTIONAL)}."
        )
    twice = sorted({column for column in header if column and header.count(column) > 1})
    if twice:
        raise BadSignals(f"{name} names the column {twice[0]} twice. Remove one.")


def _row(cells: Mapping[str, str], name: str, line: int) -> SignalRow:
    def number(column: str) -> float:
        text = cells.get(column, "").strip()
        if not text:
            return _NAN
        try:
            value = float(text)
        except ValueError:
            raise BadSignals(f"{name}, line {line}: {column} is '{text[:40]}', which is no number.") from None
        return value if math.isfinite(value) else _NAN

    def flag(column: str, default: bool) -> bool:
        if column not in cells:
            return default
        value = number(column)
        if default and math.isnan(value):
            return default
        if value not in (0.0, 1.0):
            raise BadSignals(f"{name}, line {line}: {column} is '{cells[column].strip()[:40]}', it must be 0 or 1.")
        return value == 1.0

    def eye(column: str, valid: bool) -> float:
        value = number(column)
        return value if valid and 0.0 <= value <= _HIGHEST_EAR else _NAN

    t_s = number("t")
    if math.isnan(t_s):
        raise BadSignals(f"{name}, line {line}: t is '{cells['t'].strip()[:40]}', it must be a time in seconds.")
    signals = None
    left, right = flag("valid_left", True), flag("valid_right", True)
    values = Signals(
        ear_right=eye("ear_right", right),
        ear_left=eye("ear_left", left),
        mar=number("mar"),
        mouth_width=number("mouth_width"),
        brow=_NAN,
        pose_deg=(number("yaw"), number("pitch"), number("roll")),
        gaze_deg=(number("gaze_yaw"), number("gaze_pitch")),
    )
    if flag("valid", False):
        signals = values
    has_luma = "luma" in cells or "change" in cells
    speed = number("speed_kmh")
    return SignalRow(
        t_s=t_s,
        signals=signals,
        luma=(number("luma"), _NAN, number("change")) if has_luma else None,
        speed_kmh=None if math.isnan(speed) else speed,
    )
