"""Makes the demo's two actors, its room and its hand: `python -m assets.demo.source.make_actors` from the project root.

Source: `skimage.data.astronaut()`, NASA's public-domain portrait of Eileen Collins. Needs the dev and reference
dependency groups (scikit-image, scipy, mediapipe); the program itself needs only what is written here.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from skimage.data import astronaut

from assets.demo.source import actor_b, body, cutout, eyes, fields, props
from assets.demo.source.mesh import F32, U8, landmarks
from assets.demo.source.rest_face import close_mouth

FOLDER = Path(__file__).resolve().parents[1]
HEAD_SCALE = 3
HEAD_BOX = (140, 2, 318, 212)
EARS_XY = (
    ((173, 116), (173, 122), (175, 126), (178, 129), (181, 131), (186, 131), (186, 112)),
    ((280, 126), (278, 130), (275, 134), (272, 136), (267, 136), (262, 136), (264, 116)),
)
"""Outlines of the ears, whose colour is too near the studio's to be measured, in portrait pixels."""

ARM_SIDE = np.array(
    [(347, 270), (349, 281), (353, 290), (356, 302), (358, 316), (360, 326), (364, 332), (362, 337), (362, 343)]
    + [(367, 349), (376, 346), (400, 343), (400, 270)],
    np.int32,
)
"""What lies right of the arm, in portrait pixels."""

LOSSLESS = 101
FACE_X, FACE_Y = 226, 124
COLLAR_Y = 189
"""Portrait row from which the neck stays with the body."""


def main() -> None:
    """Write every asset."""
    cv2.setRNGSeed(1)
    rgb = astronaut()  # type: ignore[no-untyped-call]
    portrait = _grade(np.ascontiguousarray(rgb[..., ::-1]))
    figure = _trim(cutout.person_matte(portrait))
    head, alpha = _head(portrait, figure)
    suit = body.make(portrait, figure)
    smiling = landmarks(head)
    rest, mouth = close_mouth(head, smiling)
    rest = _crisp(rest)
    _write("a", Plates(rest, alpha, mouth, suit, HEAD_BOX[0], body.BOX[0], FACE_X), smiling)
    _write_b(portrait.shape[1], Plates(rest, alpha, mouth, suit, 0, 0, 0), head)
    _picture("room", props.room(), 92)
    hand, outline = props.hand()
    _picture("hand", hand, LOSSLESS)
    np.savez_compressed(FOLDER / "hand.npz", outline=outline)


@dataclass(frozen=True)
class Plates:
    """The pictures of one actor and where they lie in its photograph."""

    head: U8
    alpha: F32
    mouth: U8
    body: U8
    head_x: float
    body_x: float
    face_x: float


def _write_b(width: int, a: Plates, smiling_head: U8) -> None:
    """The mirrored and reshaped twin."""
    flip = actor_b.mirror
    size_wh = (a.head.shape[1], a.head.shape[0])
    shape = actor_b.reshape(landmarks(flip(a.head)), size_wh)
    head, mouth, smiling = (actor_b.warp(flip(p), shape) for p in (a.head, a.mouth, smiling_head))
    alpha = actor_b.warp(flip(a.alpha), shape)
    mesh = landmarks(head)
    head = actor_b.recolour(head, mesh, (COLLAR_Y - HEAD_BOX[1]) * HEAD_SCALE)
    mouth = np.clip(mouth * np.array([0.86, 0.84, 0.88], np.float32), 0, 255).astype(np.uint8)
    plates = Plates(
        head, np.clip(alpha, 0, 1), mouth, actor_b.recolour_suit(flip(a.body)),
        width - HEAD_BOX[2], width - body.BOX[2], width - FACE_X,
    )  # fmt: skip
    _write("b", plates, landmarks(smiling))


def _picture(name: str, picture: U8, quality: int) -> None:
    cv2.imwrite(str(FOLDER / f"{name}.webp"), picture, [cv2.IMWRITE_WEBP_QUALITY, quality])


def _write(name: str, plates: Plates, smiling: F32) -> None:
    mesh = landmarks(plates.head)
    moves = fields.make(mesh, smiling, plates.alpha, (COLLAR_Y - HEAD_BOX[1]) * HEAD_SCALE)
    _picture(f"actor_{name}_head", np.dstack([plates.head, np.round(plates.alpha * 255).astype(np.uint8)]), LOSSLESS)
    _picture(f"actor_{name}_body", plates.body, 94)
    _picture(f"actor_{name}_mouth", plates.mouth, 94)
    _picture(f"actor_{name}_shut", eyes.shut_lids(plates.head, mesh), 94)
    np.savez_compressed(
        FOLDER / f"actor_{name}.npz",
        mesh=mesh,
        head_to_photo=np.array([1 / HEAD_SCALE, plates.head_x, HEAD_BOX[1]], np.float32),
        body_to_photo=np.array([1 / body.SCALE, plates.body_x, body.BOX[1]], np.float32),
        face_xy=np.array([plates.face_x, FACE_Y], np.float32),
        step=np.float32(fields.STEP),
        right_lids=eyes.lid_curves(mesh, 0),
        left_lids=eyes.lid_curves(mesh, 1),
        depth=moves.depth,
        turn=moves.turn,
        smile=moves.smile,
        brow=moves.brow,
    )


def _grade(portrait: U8) -> U8:
    """A little warmer and less green, as the room's light is, and without the film's coarse grain."""
    smooth = cv2.bilateralFilter(portrait, 5, 8, 1.4)
    return np.clip(smooth * np.array([1.02, 0.985, 1.025], np.float32), 0, 255).astype(np.uint8)


def _crisp(picture: U8) -> U8:
    """Sharpen what enlarging has softened and add the grain that skin and hair would have."""
    colour = picture.astype(np.float32)
    fine, coarse = colour - cv2.GaussianBlur(colour, (0, 0), 2.0), colour - cv2.GaussianBlur(colour, (0, 0), 5.0)
    boost = np.clip(0.5 * fine, -10, 10) + np.clip(0.22 * coarse, -9, 9)
    rng = np.random.default_rng(2)
    grain = cv2.GaussianBlur(rng.normal(0, 1, picture.shape[:2]).astype(np.float32), (0, 0), 0.9) * 3.0
    return np.clip(colour + boost + grain[..., None], 0, 255).astype(np.uint8)


def _trim(hard: F32) -> F32:
    """Take away what is not hers: a corner of the flag and the edge of the table."""
    out = hard.copy()
    cv2.fillPoly(out, [np.array([(0, 380), (24, 395), (26, 440), (34, 480), (52, 512), (0, 512)], np.int32)], 0.0)
    cv2.fillPoly(out, [ARM_SIDE], 0.0)
    return out


def _enlarge(picture: U8 | F32, box: tuple[int, int, int, int], scale: int) -> U8 | F32:
    x0, y0, x1, y1 = box
    return cv2.resize(picture[y0:y1, x0:x1], None, fx=scale, fy=scale, interpolation=cv2.INTER_LANCZOS4)


def _head(portrait: U8, figure: F32) -> tuple[U8, F32]:
    """Colours and alpha of head and neck; the neck fades out over the collar."""
    picture = _enlarge(portrait, HEAD_BOX, HEAD_SCALE)
    hard = (cv2.GaussianBlur(_enlarge(figure, HEAD_BOX, HEAD_SCALE), (0, 0), 3) > 0.5).astype(np.float32)
    soft = cutout.soften(hard, picture, 8, 1.5)
    outline = (np.array(cutout.NECK_XY, np.float32) - HEAD_BOX[:2] + 0.5) * HEAD_SCALE
    trace = np.zeros(hard.shape, np.float32)
    cv2.fillPoly(trace, [np.round(outline).astype(np.int32)], 1.0)
    for ear in EARS_XY:
        points = (np.array(ear, np.float32) - HEAD_BOX[:2] + 0.5) * HEAD_SCALE
        shape = cv2.fillPoly(np.zeros_like(soft), [np.round(points).astype(np.int32)], 1.0)
        soft = np.maximum(soft, cv2.GaussianBlur(shape, (0, 0), 1.8))
    alpha = soft * cv2.GaussianBlur(trace, (0, 0), 2.2)
    return cutout.decontaminate(picture, soft, 5), alpha.astype(np.float32)


if __name__ == "__main__":
    main()
