"""Ids through what happens to faces before a camera: crossings, losses, paintings. With networks and real faces."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from models.shared import FaceModel, create_cpu_model
from tests import moving_faces
from tests.crowds import Cutout, Placed, Scene, Seen, cut_out, ids_of, missed, watch

H = 140.0
WIDTH = 0.8 * H
MIDDLE = 640.0


@pytest.fixture(scope="module")
def model() -> Iterator[FaceModel]:
    made = create_cpu_model()
    yield made
    made.close()


@pytest.fixture(scope="module")
def people(testdata: Path) -> list[Cutout]:
    """Five different people, among them scikit-image's astronaut."""
    clips = {path.stem: path for path in testdata.glob("video/*.mp4")}
    chosen = [
        clips[next(stem for stem in clips if stem.startswith(name))] for name in ("glass", "port", "driver", "out")
    ]
    portraits = [moving_faces.faces_of(path.stem, moving_faces.first_frame(path))[0] for path in chosen]
    return [cut_out(portrait) for portrait in [*portraits, moving_faces.astronaut()]]


def stays_itself(seen: list[Seen], name: str) -> bool:
    return len(ids_of(seen, name)) == 1 and missed(seen, name) < 0.1


def test_five_faces_keep_their_ids_through_a_crossing(model: FaceModel, people: list[Cutout]) -> None:
    starts, speeds = (-4.2, -2.6, -1.0, 1.6, 3.4), (1.5, 1.5, 1.5, -1.5, -1.5)
    heights = (330, 360, 345, 375, 350)

    def scene(t_s: float) -> list[Placed]:
        return [
            Placed(who, MIDDLE + (start + speed * t_s) * WIDTH, y, H)
            for who, start, speed, y in zip(people, starts, speeds, heights, strict=True)
        ]

    seen = watch(model, scene, 2.9)
    for who in people:
        assert ids_of(seen, who.name) == ids_of(seen, who.name)[:1], who.name
    assert {track_id for frame in seen for track_id in frame.listed} == {1, 2, 3, 4, 5}


@pytest.mark.parametrize("speed", [0.5, 2.0])
def test_two_faces_keep_their_ids_at_any_speed(model: FaceModel, people: list[Cutout], speed: float) -> None:
    reach = 2.2

    def scene(t_s: float) -> list[Placed]:
        offset = (reach - speed * t_s) * WIDTH
        return [Placed(people[0], MIDDLE - offset, 360, H), Placed(people[1], MIDDLE + offset, 375, H)]

    seen = watch(model, scene, 2 * reach / speed)
    assert all(stays_itself(seen, who.name) for who in people[:2])


@pytest.mark.parametrize(("gone_s", "speed"), [(0.45, 0.0), (0.45, 1.5)])
def test_an_id_survives_half_a_second_of_loss(
    model: FaceModel, people: list[Cutout], gone_s: float, speed: float
) -> None:
    def scene(t_s: float) -> list[Placed]:
        hidden = 1.0 <= t_s < 1.0 + gone_s
        return [] if hidden else [Placed(people[1], 400 + speed * WIDTH * t_s, 360, H)]

    seen = watch(model, scene, 2.0)
    assert ids_of(seen, people[1].name) == [1]
    assert {track_id for frame in seen for track_id in frame.listed} == {1}


def painting_and(wearer: Scene, painting: Cutout) -> Scene:
    return lambda t_s: [Placed(painting, MIDDLE, 310, H), *wearer(t_s)]


def hidden_beside(person: Cutout) -> Scene:
    """Stands beside the painting and is covered for more than a second."""
    return lambda t_s: [] if 1.0 <= t_s < 2.1 else [Placed(person, MIDDLE + 1.2 * WIDTH, 330, H)]


def gone_before(person: Cutout) -> Scene:
    """Steps in front of the painting and is gone from one frame to the next."""
    return lambda t_s: [] if t_s >= 2.3 else [Placed(person, MIDDLE + min(1.2 * t_s - 2.3, 0) * WIDTH, 315, H)]


def ducking_before(person: Cutout) -> Scene:
    """Stands in front of the painting and ducks out of the picture."""
    return lambda t_s: [Placed(person, MIDDLE, 315 + max(t_s - 1.0, 0) * 4 * WIDTH, H)]


def walking_past(person: Cutout) -> Scene:
    """Walks past in front of the painting."""
    return lambda t_s: [Placed(person, MIDDLE + (1.5 * t_s - 2.0) * WIDTH, 325, H)]


@pytest.mark.parametrize("max_faces", [1, 5])
@pytest.mark.parametrize("act", [hidden_beside, gone_before, ducking_before, walking_past])
def test_a_painting_never_takes_the_wearers_track(
    model: FaceModel, people: list[Cutout], act: Callable[[Cutout], Scene], max_faces: int
) -> None:
    wearer, painting = people[1], people[4]
    seen = watch(model, painting_and(act(wearer), painting), 2.8, max_faces)
    (own_id,) = set(ids_of(seen, wearer.name))
    assert own_id not in ids_of(seen, painting.name)
