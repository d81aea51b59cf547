"""People cut out of pictures by hand: colours, alpha and face, as truth for the matte.

The truth must not come from the networks under test. So polygons drawn on each picture say what surely is and is not
the person, GrabCut (Rother et al., 2004) finds the edge between them from colour alone, a small guided filter softens
it, and the result was looked at over a plain colour. What it is not: a matte of single hairs (edges are right to about
two pixels), or people in another light than they were taken in. Three of them end at their picture's sides and get
round shoulders there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import skimage
from numpy.typing import NDArray

from models.types import F32, U8

Points = tuple[tuple[int, int], ...]

_SKIMAGE = Path(skimage.__path__[0]) / "data"


@dataclass(frozen=True, slots=True)
class Source:
    """A picture and what was drawn on it, all in its pixels.

    Attributes:
        name: of the picture; in the test data, or in scikit-image's where it has no folder.
        bottom: rows below are left away (a table, a helmet on the lap).
        person, other: polygons of what surely is, and is not, the person.
        face: x0, y0, x1, y1, forehead to chin.
        shoulders: height of the round shoulders put where the picture's sides cut the person; 0 = not cut.
    """

    name: str
    bottom: int
    person: tuple[Points, ...]
    other: tuple[Points, ...]
    face: tuple[int, int, int, int]
    shoulders: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class CutOut:
    """A person: colours (h, w, 3) BGR, alpha (h, w) 0..1 and the face's box (4,) in its pixels."""

    bgr: U8
    alpha: F32
    face_xyxy: F32

    def mirrored(self) -> "CutOut":
        """The same person seen in a mirror."""
        x0, y0, x1, y1 = self.face_xyxy
        width = self.alpha.shape[1]
        face_xyxy = np.array([width - x1, y0, width - x0, y1], np.float32)
        return CutOut(np.ascontiguousarray(self.bgr[:, ::-1]), np.ascontiguousarray(self.alpha[:, ::-1]), face_xyxy)

    def scaled(self, face_height_px: float) -> "CutOut":
        """The same person with a face of that height."""
        scale = face_height_px / float(self.face_xyxy[3] - self.face_xyxy[1])
        size_wh = (round(self.alpha.shape[1] * scale), round(self.alpha.shape[0] * scale))
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        alpha = np.asarray(cv2.resize(self.alpha, size_wh, interpolation=how), np.float32)
        bgr = np.asarray(cv2.resize(self.bgr, size_wh, interpolation=how), np.uint8)
        return CutOut(bgr, alpha, self.face_xyxy * np.float32(scale))


def people(testdata: Path) -> dict[str, CutOut]:
    """Every person, as they are and mirrored ("~name"); raises FileNotFoundError."""
    found = {}
    for name, source in PEOPLE.items():
        found[name] = _cut_out(source, picture_of(testdata, source.name))
        found["~" + name] = found[name].mirrored()
    return found


def picture_of(testdata: Path, name: str) -> U8:
    """A picture of the test data, the first frame of its clip, or one of scikit-image's; raises FileNotFoundError."""
    path = testdata / name if "/" in name else _SKIMAGE / name
    if path.suffix == ".mp4":
        video = cv2.VideoCapture(str(path))
        ok, picture = video.read()
        video.release()
    else:
        still = cv2.imread(str(path))
        ok, picture = still is not None, np.empty(0) if still is None else still
    if not ok:
        raise FileNotFoundError(f"cannot read {path}")
    return np.asarray(picture, np.uint8)


def _cut_out(source: Source, picture: U8) -> CutOut:
    picture = np.ascontiguousarray(picture[: source.bottom])
    marks = np.full(picture.shape[:2], cv2.GC_PR_BGD, np.uint8)
    surely = _filled(source.person, marks.shape)
    marks[cv2.dilate(surely, np.ones((25, 25), np.uint8)) > 0] = cv2.GC_PR_FGD
    marks[_filled(source.other, marks.shape) > 0] = cv2.GC_BGD
    marks[surely > 0] = cv2.GC_FGD
    cv2.setRNGSeed(1)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(picture, marks, (0, 0, 0, 0), models[0], models[1], 6, cv2.GC_INIT_WITH_MASK)
    person = _whole(np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8))
    alpha = _softened(picture, person)
    if source.shoulders:
        alpha *= _round_shoulders(alpha.shape, source.shoulders)
    return CutOut(_own_colours(picture, alpha), alpha, np.array(source.face, np.float32))


def _filled(polygons: Sequence[Points], shape: tuple[int, ...]) -> U8:
    mask = np.zeros(shape, np.uint8)
    for polygon in polygons:
        cv2.fillPoly(mask, [np.array(polygon, np.int32)], (1,))
    return mask


def _whole(person: U8) -> U8:
    """The largest piece, its small holes filled."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(person)
    person = np.asarray(labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])), np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(1 - person)
    for label in range(1, count):
        if stats[label, cv2.CC_STAT_AREA] < 0.002 * person.size:
            person[labels == label] = 1
    return person


def _softened(picture: U8, person: U8) -> F32:
    """Alpha of a mask: a guided filter (He et al., 2013) of radius 3 on the green channel, at the edge only."""
    guide = picture[..., 1].astype(np.float32) / 255
    rough = np.asarray(cv2.GaussianBlur(person.astype(np.float32), (0, 0), 1.0), np.float32)
    mean_guide, mean_rough = _box_mean(guide), _box_mean(rough)
    slope = (_box_mean(guide * rough) - mean_guide * mean_rough) / (_box_mean(guide**2) - mean_guide**2 + 1e-3)
    filtered = _box_mean(slope) * guide + _box_mean(mean_rough - slope * mean_guide)
    alpha = np.clip((filtered - 0.1) / 0.8, 0, 1)
    near = np.ones((9, 9), np.uint8)
    alpha[cv2.erode(person, near) > 0] = 1
    alpha[cv2.dilate(person, near) == 0] = 0
    return np.asarray(alpha, np.float32)


def _box_mean(values: NDArray[np.floating]) -> F32:
    return np.asarray(cv2.blur(values, (7, 7)), np.float32)


def _own_colours(picture: U8, alpha: F32) -> U8:
    """The person's colours carried out over the soft edge, so that the old background does not shine through."""
    inner = np.asarray(alpha > 0.95, np.float32)
    colours = picture.astype(np.float32)
    carried, known = np.zeros_like(colours), np.zeros_like(inner)
    for sigma in (1, 2, 4, 8):
        total = cv2.GaussianBlur(colours * inner[..., None], (0, 0), sigma)
        weight = cv2.GaussianBlur(inner, (0, 0), sigma)
        new = (weight > 0.02) & (known == 0)
        carried[new] = total[new] / weight[new][:, None]
        known[new] = 1
    return np.where(inner[..., None] > 0, picture, carried.astype(np.uint8))


def _round_shoulders(shape: tuple[int, ...], rise_px: int) -> F32:
    """1 inside, falling to 0 outside quarter ellipses in the lower corners."""
    height, width = shape
    y, x = np.mgrid[:height, :width] + 0.5
    reach = width / 4
    outward = np.maximum(0, np.maximum(reach - x, x - (width - reach))) / reach
    distance = np.hypot(outward, np.maximum(0, height - y) / rise_px)
    return np.asarray(np.where(outward > 0, np.clip((1 - distance) * reach / 2 + 0.5, 0, 1), 1), np.float32)


def _points(text: str) -> Points:
    """The corners of a polygon: "x,y x,y ..."."""
    corners = (corner.split(",") for corner in text.split())
    return tuple((int(x), int(y)) for x, y in corners)


PEOPLE: dict[str, Source] = {
    "astronaut": Source(
        name="astronaut.png",
        bottom=340,
        person=(
            _points("175,60 200,30 270,35 285,70 280,110 248,170 200,170 180,120"),
            _points("70,325 120,250 170,290 300,292 345,275 345,339 50,339"),
            _points("140,200 200,175 270,200 285,260 220,270 150,235"),
        ),
        other=(
            _points("0,0 130,0 140,130 100,150 95,200 35,250 8,340 0,340"),
            _points("130,0 512,0 512,340 378,340 375,270 330,235 318,140 318,10 260,8 150,10"),
            _points("264,136 270,140 268,150 260,165 258,158"),
        ),
        face=(176, 62, 246, 168),
    ),
    "hand": Source(
        name="image/hand_on_cheek.jpg",
        bottom=800,
        person=(
            _points(
                "190,160 260,110 340,160 385,280 400,420 480,420 520,600 495,660 495,780 130,780 80,560 100,500 "
                "180,500 200,440 150,330 160,280"
            ),
        ),
        other=(
            _points(
                "0,0 600,0 600,500 575,560 540,440 450,400 420,300 400,180 330,80 220,80 120,180 110,320 90,430 "
                "40,480 30,600 50,800 0,800"
            ),
            _points("503,690 520,735 500,755 498,720"),
        ),
        face=(165, 160, 325, 390),
    ),
    "shout": Source(
        name="image/mouth_open.jpg",
        bottom=720,
        person=(
            _points(
                "190,150 230,60 350,40 480,70 545,160 530,300 520,440 470,600 600,660 690,715 80,715 180,640 "
                "240,600 200,440 190,300"
            ),
        ),
        other=(
            _points(
                "0,0 720,0 720,610 600,580 560,540 590,420 600,150 500,25 350,5 220,20 130,130 140,420 190,520 "
                "130,620 0,690"
            ),
        ),
        face=(185, 190, 535, 690),
        shoulders=135,
    ),
    "glasses": Source(
        name="video/glasses_480.mp4",
        bottom=480,
        person=(
            _points(
                "115,120 150,60 230,25 320,50 380,110 378,280 362,285 345,310 335,345 380,380 440,430 470,478 "
                "20,478 60,425 110,370 150,350 138,310 120,285"
            ),
        ),
        other=(
            _points(
                "0,0 480,0 480,375 400,330 410,250 405,120 370,55 290,5 200,5 120,50 90,110 100,260 105,320 "
                "60,370 0,400"
            ),
            _points("75,375 100,372 92,392 60,400"),
            _points("392,362 440,410 425,415 395,385"),
            _points("352,305 362,305 362,330 348,330"),
            _points("124,300 134,300 140,335 124,338"),
        ),
        face=(125, 105, 370, 440),
        shoulders=140,
    ),
    "driver": Source(
        name="video/driver_head_motion_540x960.mp4",
        bottom=940,
        person=(
            _points(
                "100,210 180,130 280,110 400,160 410,240 395,380 400,500 380,650 520,720 538,938 2,938 15,730 "
                "180,660 165,500 145,430 165,420 170,330 110,280"
            ),
        ),
        other=(
            _points(
                "0,0 540,0 540,640 450,620 440,480 450,300 455,180 400,80 280,55 160,80 60,150 50,280 120,400 "
                "120,560 140,610 0,690"
            ),
            _points("132,300 142,310 146,380 138,410"),
            _points("150,540 158,560 156,640 150,640"),
        ),
        face=(150, 230, 420, 650),
        shoulders=275,
    ),
    "dress": Source(
        name="video/portrait_720p_30fps.mp4",
        bottom=720,
        person=(
            _points(
                "610,120 650,60 720,45 800,70 860,140 880,260 890,400 860,440 960,500 985,600 990,718 445,718 "
                "460,580 520,520 620,470 590,380 600,220"
            ),
        ),
        other=(
            _points(
                "0,0 1280,0 1280,720 1015,720 1000,560 960,480 900,450 930,430 915,330 895,180 855,60 780,18 "
                "690,10 610,40 580,120 570,300 530,440 470,470 480,510 430,580 418,720 0,720"
            ),
            _points("872,425 886,405 893,425 882,440"),
        ),
        face=(650, 110, 850, 400),
    ),
}
