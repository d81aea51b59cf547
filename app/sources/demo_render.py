"""Draws one frame of the demo: room, actors, hand. Only numpy and OpenCV, float maps only around the heads."""

from dataclasses import dataclass

import cv2
import numpy as np
from cv2.typing import MatLike

from app.sources import demo_script as script
from app.sources.demo_actor import Actor, load, read_picture, warp_grid
from app.sources.demo_face import Lid, Mouth
from app.sources.demo_stage import F64, hand_placement, place, unit_px
from models.types import F32, U8

CELL_PX = 12
"""Frame pixels between the nodes at which a head's warp is inverted."""


@dataclass(slots=True, eq=False)
class Player:
    """An actor and the plate with the face of the moment."""

    actor: Actor
    lids: tuple[Lid, Lid]
    mouth: Mouth
    plate: U8
    closures: tuple[float, float] = (0.0, 0.0)
    drop: float = 0.0


class Renderer:
    """Pictures of one size; the same time always gives the same picture."""

    def __init__(self, size_wh: tuple[int, int]) -> None:
        self.size_wh = size_wh
        detail = min(1.0, 0.8 * unit_px(size_wh))
        self._players = {name: _player(load(name, detail)) for name in ("a", "b")}
        self._room = _room(size_wh)
        self._hand = read_picture("hand.webp", detail)
        self._hand_detail = detail
        self._kept: tuple[tuple[str, bytes], U8] | None = None

    def draw(self, t_s: float) -> U8:
        """(H, W, 3) BGR, a new array."""
        t = t_s % script.DURATION_S
        hindmost, *others = script.on_stage(t)
        frame = self._room_with(hindmost, t)
        self._draw_head(frame, hindmost, t)
        for name in others:
            _lay_plate(frame, self._players[name].actor.body, self._body_matrix(name, t))
            self._draw_head(frame, name, t)
        if script.hand_on_stage(t):
            matrix = hand_placement(t, self.size_wh)
            matrix[:, :2] /= self._hand_detail
            _lay_plate(frame, self._hand, matrix)
        return frame

    def _room_with(self, name: str, t: float) -> U8:
        """The room with the hindmost figure's body, kept while that stands still: most of a frame's cost."""
        matrix = self._body_matrix(name, t)
        key = (name, matrix.tobytes())
        if self._kept is None or self._kept[0] != key:
            picture = self._room.copy()
            _lay_plate(picture, self._players[name].actor.body, matrix)
            self._kept = (key, picture)
        return self._kept[1].copy()

    def _body_matrix(self, name: str, t: float) -> F64:
        actor = self._players[name].actor
        act = script.performance(script.PARTS[name], t)
        return place(act, self.size_wh, actor.face_xy).matrix(actor.body_to_photo)

    def _draw_head(self, frame: U8, name: str, t: float) -> None:
        player = self._players[name]
        act = script.performance(script.PARTS[name], t)
        _make_face(player, act)
        matrix = place(act, self.size_wh, player.actor.face_xy).matrix(player.actor.head_to_photo)
        _lay_head(frame, player.plate, warp_grid(player.actor, act), player.actor.step, matrix)


def _player(actor: Actor) -> Player:
    right, left = (Lid(actor.head, actor.shut, curves) for curves in actor.lids)
    mouth = Mouth(actor.head, actor.mouth, actor.mesh, actor.drop)
    return Player(actor, (right, left), mouth, actor.head.copy())


def _room(size_wh: tuple[int, int]) -> U8:
    """The room, covering the whole picture, its floor on the lower edge."""
    picture = read_picture("room.webp")
    width, height = size_wh
    scale = max(width / picture.shape[1], height / picture.shape[0])
    size = (max(width, round(picture.shape[1] * scale)), max(height, round(picture.shape[0] * scale)))
    large = cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC)
    left, top = (size[0] - width) // 2, size[1] - height
    return np.array(large[top : top + height, left : left + width], np.uint8)


def _make_face(player: Player, act: script.Performance) -> None:
    """Bring the plate's lids and mouth up to date; what has not changed stays as it is."""
    closures = (act.lid_right, act.lid_left)
    for lid, before, now in zip(player.lids, player.closures, closures, strict=True):
        if before != now:
            lid.draw(player.plate, now)
    drop = act.mouth * player.actor.drop
    if drop != player.drop:
        player.mouth.draw(player.plate, drop)
    player.closures, player.drop = closures, drop


def _lay_head(frame: U8, plate: U8, grid: F32, step: float, matrix: F64) -> None:
    """Warp the plate by the inverse of `grid` (nodes `step` apart) and lay it over the frame."""
    rows, columns = grid.shape[:2]
    nodes = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), -1) * step + grid
    corners = nodes.reshape(-1, 2) @ matrix[:, :2].T + matrix[:, 2]
    x0, y0 = np.maximum(np.floor(corners.min(0)).astype(int), 0)
    x1, y1 = np.minimum(np.ceil(corners.max(0)).astype(int), (frame.shape[1], frame.shape[0]))
    if x1 - x0 < 2 or y1 - y0 < 2:
        return
    back = cv2.invertAffineTransform(matrix)
    cells_x, cells_y = -(-(x1 - x0) // CELL_PX), -(-(y1 - y0) // CELL_PX)
    at = np.stack(np.meshgrid(np.arange(cells_x), np.arange(cells_y)), -1).astype(np.float32)
    target = ((at + 0.5) * CELL_PX + (x0, y0)) @ back[:, :2].T + back[:, 2]
    target = target.astype(np.float32)
    source = target.copy()
    for _ in range(6):
        index = source / step
        source = target - cv2.remap(
            grid, index[..., 0], index[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
    size = (cells_x * CELL_PX, cells_y * CELL_PX)
    full = cv2.resize(source - 0.5, size, interpolation=cv2.INTER_LINEAR)[: y1 - y0, : x1 - x0]
    map_x, map_y = np.ascontiguousarray(full[..., 0]), np.ascontiguousarray(full[..., 1])
    _over(frame[y0:y1, x0:x1], cv2.remap(plate, map_x, map_y, cv2.INTER_LINEAR))


def _lay_plate(frame: U8, plate: U8, matrix: F64) -> None:
    """Lay an unbent plate over the frame; `matrix` (2, 3) maps plate points to frame points."""
    height, width = plate.shape[:2]
    corners = np.array([(0, 0), (width, 0), (0, height), (width, height)]) @ matrix[:, :2].T + matrix[:, 2]
    x0, y0 = np.maximum(np.floor(corners.min(0)).astype(int), 0)
    x1, y1 = np.minimum(np.ceil(corners.max(0)).astype(int), (frame.shape[1], frame.shape[0]))
    if x1 <= x0 or y1 <= y0:
        return
    centred = matrix.copy()
    centred[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5 - (x0, y0)
    warped = cv2.warpAffine(plate, centred, (int(x1 - x0), int(y1 - y0)), flags=cv2.INTER_LINEAR)
    _over(frame[y0:y1, x0:x1], warped)


def _over(frame: U8, layer: MatLike) -> None:
    """Composite a pre-multiplied BGRA layer onto the frame in place (Porter and Duff 1984)."""
    clear = cv2.cvtColor(cv2.bitwise_not(cv2.extractChannel(layer, 3)), cv2.COLOR_GRAY2BGR)
    cv2.multiply(frame, clear, dst=frame, scale=1 / 255)
    cv2.add(frame, cv2.cvtColor(layer, cv2.COLOR_BGRA2BGR), dst=frame)
