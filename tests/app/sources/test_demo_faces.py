"""The demo through the real face model: what its ground truth says must be what the networks see."""

from collections.abc import Iterator

import numpy as np
import pytest

from app.sources import demo_script as script
from app.sources.demo_render import Renderer
from app.sources.demo_truth import ActorTruth, truth
from models.shared import create_cpu_model
from models.types import F32, SharedModel, Wants

SIZE = (1280, 720)
RIGHT_EYE = (33, 160, 158, 133, 153, 144)
LEFT_EYE = (362, 385, 387, 263, 373, 380)


def eye_aspect_ratio(mesh: F32, ids: tuple[int, ...]) -> float:
    p = mesh[list(ids), :2]
    return float((np.linalg.norm(p[1] - p[5]) + np.linalg.norm(p[2] - p[4])) / (2 * np.linalg.norm(p[0] - p[3])))


def ratio(mesh: F32, over: tuple[int, int], under: tuple[int, int]) -> float:
    top = np.linalg.norm(mesh[over[0], :2] - mesh[over[1], :2])
    return float(top / np.linalg.norm(mesh[under[0], :2] - mesh[under[1], :2]))


@pytest.fixture(scope="module")
def model() -> Iterator[SharedModel]:
    model = create_cpu_model()
    yield model
    model.close()


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(SIZE)


def seen(model: SharedModel, renderer: Renderer, index: int) -> list[tuple[ActorTruth, F32 | None]]:
    """Each actor of the frame with the mesh that the model finds nearest to it."""
    frame = truth(index, SIZE)
    faces = model.still(renderer.draw(frame.t_s), Wants(), reach="near").faces
    pairs: list[tuple[ActorTruth, F32 | None]] = []
    for actor in frame.actors:
        meshes = [face.mesh for face in faces if face.mesh is not None]
        distances = [np.abs(mesh[:468, :2] - actor.mesh_xy[:468]).mean() for mesh in meshes]
        near = bool(distances) and min(distances) < 25
        pairs.append((actor, meshes[int(np.argmin(distances))] if near else None))
    return pairs


@pytest.fixture(scope="module")
def a_at(model: SharedModel, renderer: Renderer) -> dict[float, F32]:
    found: dict[float, F32] = {}
    for t_s in (0.5, 3.0, 5.1, 6.5, 7.5, 21.0, 27.0):
        (_, mesh) = next(pair for pair in seen(model, renderer, round(t_s * 30)) if pair[0].name == "a")
        assert mesh is not None, f"no face at {t_s} s"
        found[t_s] = mesh
    return found


def test_every_bare_face_is_found_where_the_truth_has_it(model: SharedModel, renderer: Renderer) -> None:
    for index in range(0, round(script.DURATION_S * 30), 25):
        frame = truth(index, SIZE)
        for actor, mesh in seen(model, renderer, index):
            if frame.bare(actor.name) < 0.95:
                continue
            assert mesh is not None, f"{actor.name} not found at {frame.t_s:.2f} s"
            error = np.linalg.norm(mesh[:468, :2] - actor.mesh_xy[:468], axis=1).mean()
            between_eyes = np.linalg.norm(actor.mesh_xy[33] - actor.mesh_xy[263])
            assert error < 0.04 * between_eyes, f"{actor.name} is off at {frame.t_s:.2f} s"


@pytest.mark.parametrize("t_s", [21.0, 27.0])
def test_closed_eyes_are_closed_for_the_network(a_at: dict[float, F32], t_s: float) -> None:
    for ids in (RIGHT_EYE, LEFT_EYE):
        assert eye_aspect_ratio(a_at[t_s], ids) < 0.09
        assert 0.26 < eye_aspect_ratio(a_at[0.5], ids) < 0.34


def test_a_wink_closes_one_eye(a_at: dict[float, F32]) -> None:
    assert eye_aspect_ratio(a_at[7.5], LEFT_EYE) < 0.09
    assert eye_aspect_ratio(a_at[7.5], RIGHT_EYE) > 0.26


def test_expressions_show_in_the_mesh(a_at: dict[float, F32]) -> None:
    eyes, lips, corners = (33, 263), (13, 14), (78, 308)
    assert ratio(a_at[0.5], lips, corners) < 0.05
    assert ratio(a_at[5.1], lips, corners) > 0.6
    assert ratio(a_at[3.0], corners, eyes) > 1.1 * ratio(a_at[0.5], corners, eyes)
    for brow in ((105, 159), (334, 386)):
        assert ratio(a_at[6.5], brow, eyes) > 1.15 * ratio(a_at[0.5], brow, eyes)


def test_actor_b_carries_a_mark_between_and_above_the_brows(renderer: Renderer) -> None:
    frame = truth(round(31.2 * 30), SIZE)
    picture = renderer.draw(frame.t_s).astype(np.float32)

    def redness(name: str) -> float:
        actor = frame.actor(name)
        assert actor is not None
        x, y = 0.55 * actor.mesh_xy[9] + 0.45 * actor.mesh_xy[151]
        patch = picture[int(y) - 1 : int(y) + 2, int(x) - 1 : int(x) + 2].mean((0, 1))
        return float(patch[2] / max(1.0, patch[1]))

    assert redness("b") > 2.5
    assert redness("a") < 1.6
