"""Ground truth of the demo: who is where and does what in each frame, from the same geometry that draws it."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from app.sources import demo_script as script
from app.sources.demo_actor import FOLDER, Actor, follow, load, warp_grid
from app.sources.demo_face import Mouth, move_lids
from app.sources.demo_stage import F64, hand_placement, place
from models.topology import FACE_OVAL
from models.types import F32


@dataclass(frozen=True, slots=True, eq=False)
class ActorTruth:
    """One actor in one frame; frame pixels as in `models.types`, not clipped to the picture.

    Attributes:
        name: "a" or "b".
        mesh_xy: (478, 2) landmarks.
        polygon_xy: (36, 2) the face's oval.
        box_xyxy: (4,) extent of the mesh, forehead to chin.
        in_picture: share of the face's area that lies inside the picture, 0..1, before anything covers it.
        lids: closure of own right and own left eye, 0 open .. 1 shut.
        mouth, smile, brow: 0..1.
        pose_deg: yaw, pitch, roll as performed.
        outlines_xy: (N, 2) polygons of head (hair included) and body: what hides whoever stands behind.
    """

    name: str
    mesh_xy: F32
    polygon_xy: F32
    box_xyxy: F32
    in_picture: float
    lids: tuple[float, float]
    mouth: float
    smile: float
    brow: float
    pose_deg: tuple[float, float, float]
    outlines_xy: tuple[F32, ...]


@dataclass(frozen=True, slots=True, eq=False)
class FrameTruth:
    """One frame. `actors` holds who is on the stage, back to front; `hand_xy` (N, 2) is in front of everybody."""

    index: int
    t_s: float
    size_wh: tuple[int, int]
    actors: tuple[ActorTruth, ...]
    hand_xy: F32 | None

    def actor(self, name: str) -> ActorTruth | None:
        """The actor of that name, None while off the stage."""
        return next((a for a in self.actors if a.name == name), None)

    def covers(self, name: str) -> tuple[F32, ...]:
        """Polygons of all that is in front of the actor: the hand, and whoever stands nearer."""
        names = [a.name for a in self.actors]
        nearer = self.actors[names.index(name) + 1 :] if name in names else ()
        hand = () if self.hand_xy is None else (self.hand_xy,)
        return tuple(p for a in nearer for p in a.outlines_xy) + hand

    def bare(self, name: str) -> float:
        """Share of the actor's face that is inside the picture and not covered, 0..1."""
        actor = self.actor(name)
        if actor is None:
            return 0.0
        width, height = self.size_wh
        scale = 160 / max(1.0, float(np.ptp(actor.polygon_xy, axis=0).max()))
        origin = actor.polygon_xy.min(0) - 2 / scale
        size = np.ceil(np.ptp(actor.polygon_xy, axis=0) * scale).astype(int) + 4

        def fill(mask: np.ndarray, polygon: F32, value: int) -> None:
            cv2.fillPoly(mask, [np.round((polygon - origin) * scale).astype(np.int32)], value)

        mask = np.zeros((size[1], size[0]), np.uint8)
        fill(mask, actor.polygon_xy, 1)
        whole = int(mask.sum())
        inside = np.zeros_like(mask)
        fill(inside, np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32), 1)
        mask *= inside
        for polygon in self.covers(name):
            fill(mask, polygon, 0)
        return float(mask.sum()) / whole


@dataclass(frozen=True, slots=True, eq=False)
class _Figure:
    actor: Actor
    mouth: Mouth
    head_outline: F32
    body_outline: F32


def truth(frame_index: int, size_wh: tuple[int, int] = (1280, 720), fps: float = 30.0) -> FrameTruth:
    """What frame `frame_index` of a demo of that size and rate shows."""
    t_s = frame_index / fps
    t = t_s % script.DURATION_S
    actors = tuple(_actor_truth(name, t, size_wh) for name in script.on_stage(t))
    hand = None
    if script.hand_on_stage(t):
        hand = _map(hand_placement(t, size_wh), _hand_outline())
    return FrameTruth(frame_index, t_s, size_wh, actors, hand)


def _actor_truth(name: str, t: float, size_wh: tuple[int, int]) -> ActorTruth:
    figure = _figure(name)
    actor = figure.actor
    act = script.performance(script.PARTS[name], t)
    points = actor.mesh.copy()
    move_lids(points, actor.mesh, actor.lids, (act.lid_right, act.lid_left))
    figure.mouth.move(points, act.mouth * actor.drop)
    placement = place(act, size_wh, actor.face_xy)
    matrix, grid = placement.matrix(actor.head_to_photo), warp_grid(actor, act)
    mesh = _map(matrix, follow(actor, grid, points))
    polygon = mesh[list(FACE_OVAL)]
    return ActorTruth(
        name=name,
        mesh_xy=mesh,
        polygon_xy=polygon,
        box_xyxy=np.concatenate([mesh[:468].min(0), mesh[:468].max(0)]),
        in_picture=_share_inside(polygon, size_wh),
        lids=(act.lid_right, act.lid_left),
        mouth=act.mouth,
        smile=act.smile,
        brow=act.brow,
        pose_deg=(act.yaw_deg, act.pitch_deg, act.roll_deg),
        outlines_xy=(
            _map(matrix, follow(actor, grid, figure.head_outline)),
            _map(placement.matrix(actor.body_to_photo), figure.body_outline),
        ),
    )


def _share_inside(polygon: F32, size_wh: tuple[int, int]) -> float:
    hull = cv2.convexHull(polygon)
    width, height = size_wh
    picture = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    area, _ = cv2.intersectConvexConvex(hull, picture)
    return float(area) / cv2.contourArea(hull)


def _map(matrix: F64, points: F32) -> F32:
    return np.asarray(points @ matrix[:, :2].T + matrix[:, 2], np.float32)


@lru_cache(maxsize=2)
def _figure(name: str) -> _Figure:
    actor = load(name, 0.5)
    mouth = Mouth(actor.head, actor.mouth, actor.mesh, actor.drop)
    return _Figure(actor, mouth, _outline(actor.head[..., 3]), _outline(actor.body[..., 3]))


@lru_cache(maxsize=1)
def _hand_outline() -> F32:
    with np.load(FOLDER / "hand.npz") as stored:
        return np.asarray(stored["outline"], np.float32)


def _outline(alpha: np.ndarray) -> F32:
    solid = np.pad((alpha > 127).astype(np.uint8), 1)
    outline = max(cv2.findContours(solid, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0], key=len)
    return np.asarray(cv2.approxPolyDP(outline, 0.8, True)[:, 0] - 0.5, np.float32)
