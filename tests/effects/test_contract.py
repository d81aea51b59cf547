"""What every effect keeps to, whoever wrote it. A new file in effects/library/ is tested here without further work."""

import dataclasses
import pickle
from collections.abc import Sequence
from threading import Event
from typing import Any

import numpy as np
import pytest

from effects.base import EffectSpec, Scene, Stage
from effects.canvas import Canvas, Device
from effects.devices.cpu import CpuDevice
from effects.devices.gpu import GpuDevice
from effects.params import fields_of
from effects.registry import specs
from models.types import F32, U8, Face, Frame
from tests.effects.both_devices import Pictures, soft_frame
from tests.pipeline_fakes import FakeModel, make_face, make_frame, person_matte

SIZE_WH = (640, 360)
FIVE = tuple(make_face(n + 1, (70.0 + 120 * n, 150.0 + 20 * n), 110.0, (8.0 * n - 16, 0.0, 5.0 * n)) for n in range(5))
HALF_OUTSIDE = tuple(
    make_face(n + 1, centre, 160.0) for n, centre in enumerate([(0, 180), (640, 180), (320, 0), (320, 360), (0, 0)])
)
every_effect = pytest.mark.parametrize("spec", specs(), ids=lambda spec: spec.id)


def zero(spec: EffectSpec[Any]) -> Any:
    """The parameters that ask for nothing: every number whose range holds 0 is 0, the rest as it comes."""
    numbers = [item for item in fields_of(spec.params) if item.kind in ("float", "int")]
    zeros = {item.name: type(item.default)(0) for item in numbers if (item.minimum or 0) <= 0 <= (item.maximum or 0)}
    return spec.params(**zeros)


def play(
    spec: EffectSpec[Any],
    frames: Sequence[Frame],
    faces: Sequence[tuple[Face, ...]],
    params: Any = None,
    matte: F32 | None = None,
    on: Device | None = None,
) -> tuple[list[U8], Any, list[Scene]]:
    """Draw one effect over some frames; returns the pictures, the last state and the scenes it gave back."""
    effect, device = spec.make(), on or CpuDevice()
    chosen = spec.params() if params is None else params
    assets = effect.prepare(chosen, FakeModel(), Event())
    state, pictures, scenes = effect.initial(), [], []
    for frame, seen in zip(frames, faces, strict=True):
        canvas = Canvas(device.upload(frame), frame, device)
        scene = Scene(frame.t_s, 1 / 30 if frame.index else 0.0, frame.size_wh, seen, matte)
        scene, state = effect.apply(canvas, scene, chosen, assets, state)
        pictures.append(device.download(canvas.image))
        scenes.append(scene)
    return pictures, state, scenes


def frames_of(count: int = 3, size_wh: tuple[int, int] = SIZE_WH) -> list[Frame]:
    return [make_frame(index, size_wh, seed=index) for index in range(count)]


@every_effect
def test_zero_changes_no_bit(spec: EffectSpec[Any]) -> None:
    frames = frames_of()
    matte = person_matte(SIZE_WH, (0, 0, 640, 360))
    pictures, _state, _scenes = play(spec, frames, [FIVE] * 3, zero(spec), matte)
    for frame, picture in zip(frames, pictures, strict=True):
        assert np.array_equal(picture[..., :3], frame.pixels)
        assert (picture[..., 3] == 255).all()


@every_effect
def test_default_does_something_to_a_face(spec: EffectSpec[Any]) -> None:
    frame = make_frame()
    faces = (make_face(1, (320, 180), 200.0),)
    pictures, _state, _scenes = play(spec, [frame], [faces], matte=person_matte(SIZE_WH, (200, 60, 440, 360)))
    assert not np.array_equal(pictures[0][..., :3], frame.pixels)


@every_effect
@pytest.mark.parametrize("faces", [(), FIVE, HALF_OUTSIDE], ids=["nobody", "five", "half outside"])
def test_any_number_of_faces_anywhere(spec: EffectSpec[Any], faces: tuple[Face, ...]) -> None:
    frames = frames_of()
    pictures, _state, scenes = play(spec, frames, [faces] * 3)
    for picture, scene in zip(pictures, scenes, strict=True):
        assert picture.shape == (360, 640, 4)
        assert picture.dtype == np.uint8
        assert [face.track_id for face in scene.faces] == [face.track_id for face in faces]


@every_effect
def test_nobody_and_no_matte_changes_no_bit(spec: EffectSpec[Any]) -> None:
    if spec.stage in (Stage.BACKGROUND, Stage.COLOUR):
        pytest.skip("works on the whole picture")
    frame = make_frame()
    pictures, _state, _scenes = play(spec, [frame], [()])
    assert np.array_equal(pictures[0][..., :3], frame.pixels)


@every_effect
@pytest.mark.parametrize("size_wh", [(1, 1), (3, 5), (33, 17), (641, 359), (359, 641), (1280, 721)])
def test_odd_sizes(spec: EffectSpec[Any], size_wh: tuple[int, int]) -> None:
    centre = (size_wh[0] * 0.6, size_wh[1] * 0.4)
    faces = (make_face(1, centre, max(4.0, 0.5 * size_wh[1])),)
    pictures, _state, _scenes = play(
        spec, [make_frame(size_wh=size_wh)], [faces], matte=person_matte(size_wh, (0, 0, *size_wh))
    )
    assert pictures[0].shape == (size_wh[1], size_wh[0], 4)


@every_effect
def test_faces_without_mesh_and_coasting_ones(spec: EffectSpec[Any]) -> None:
    faces = (
        make_face(1, (120, 180), 30.0, with_mesh=False),
        make_face(2, (420, 180), 120.0, coasting=True, weight=0.3),
        make_face(3, (560, 180), 40.0, with_mesh=False, coasting=True, weight=0.0),
    )
    pictures, _state, _scenes = play(spec, frames_of(), [faces, (), faces])
    assert len(pictures) == 3


@every_effect
def test_two_runs_are_identical(spec: EffectSpec[Any]) -> None:
    frames = frames_of(4)
    moving = [(make_face(1, (200 + 30 * n, 180), 150.0, (5.0 * n, 0, 0)), FIVE[4]) for n in range(4)]
    first, _state, _scenes = play(spec, frames, moving)
    second, _state, _scenes = play(spec, frames, moving)
    assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))


@every_effect
def test_the_frame_is_never_written(spec: EffectSpec[Any]) -> None:
    frame = make_frame()
    before = frame.pixels.copy()
    play(spec, [frame], [FIVE], matte=person_matte(SIZE_WH, (0, 0, 640, 360)))
    assert np.array_equal(frame.pixels, before)


@every_effect
def test_state_is_free_of_devices(spec: EffectSpec[Any]) -> None:
    """It survives a switch of device: plain values and arrays only."""
    _pictures, state, _scenes = play(spec, frames_of(), [FIVE] * 3)
    assert_plain(state)
    pickle.loads(pickle.dumps(state))


def assert_plain(value: Any) -> None:
    if value is None or isinstance(value, bool | int | float | str | np.ndarray | np.generic):
        return
    if dataclasses.is_dataclass(value):
        value = [getattr(value, item.name) for item in dataclasses.fields(value)]
    elif isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    assert isinstance(value, list | tuple | set | frozenset), f"{type(value)} is no plain state"
    for item in value:
        assert_plain(item)


@every_effect
def test_parameters_are_complete(spec: EffectSpec[Any]) -> None:
    for item in fields_of(spec.params):
        assert item.title, f"{spec.id}.{item.name} has no title"
        assert item.name not in ("on", "id"), f"{spec.id}.{item.name} is a reserved name"
        if item.kind in ("float", "int"):
            assert item.minimum is not None
            assert item.maximum is not None
            assert item.minimum <= item.default <= item.maximum
            assert item.step


@every_effect
def test_what_hides_ignores_the_fade(spec: EffectSpec[Any]) -> None:
    """Everything else fades with the weight of the face and is gone at zero."""
    frame = make_frame()
    faded = (dataclasses.replace(make_face(1, (320, 180), 200.0), weight=0.0),)
    whole = (make_face(1, (320, 180), 200.0),)
    at_zero = play(spec, [frame], [faded])[0][0]
    if spec.hides:
        assert np.array_equal(at_zero, play(spec, [frame], [whole])[0][0])
    elif spec.stage not in (Stage.BACKGROUND, Stage.COLOUR):
        assert np.array_equal(at_zero[..., :3], frame.pixels)


@every_effect
@pytest.mark.parametrize("size_wh", [(33, 17), (641, 359), (359, 641), (1280, 721)])
def test_the_gpu_draws_alike(gpu: GpuDevice, spec: EffectSpec[Any], size_wh: tuple[int, int]) -> None:
    frames = [dataclasses.replace(soft_frame(size_wh), index=index, t_s=index / 30) for index in range(2)]
    large = make_face(1, (size_wh[0] * 0.6, size_wh[1] * 0.4), max(4.0, 0.5 * size_wh[1]), (10.0, 5.0, 15.0))
    matte = person_matte(size_wh, (0, 0, size_wh[0] * 0.4, size_wh[1]))
    on_cpu = play(spec, frames, [(large,)] * 2, matte=matte)
    on_gpu = play(spec, frames, [(large,)] * 2, matte=matte, on=gpu)
    for pictures in zip(on_cpu[0], on_gpu[0], strict=True):
        Pictures(*pictures).assert_alike()
    assert pickle.dumps(on_cpu[1]) == pickle.dumps(on_gpu[1])


@every_effect
def test_zero_changes_no_bit_on_the_gpu(gpu: GpuDevice, spec: EffectSpec[Any]) -> None:
    frame = make_frame()
    matte = person_matte(SIZE_WH, (0, 0, 640, 360))
    pictures, _state, _scenes = play(spec, [frame], [FIVE], zero(spec), matte, on=gpu)
    assert np.array_equal(pictures[0][..., :3], frame.pixels)


@every_effect
@pytest.mark.parametrize("size_wh", [(1, 1), (3, 5)])
def test_tiny_sizes_on_the_gpu(gpu: GpuDevice, spec: EffectSpec[Any], size_wh: tuple[int, int]) -> None:
    faces = (make_face(1, (size_wh[0] * 0.6, size_wh[1] * 0.4), 4.0),)
    matte = person_matte(size_wh, (0, 0, *size_wh))
    pictures, _state, _scenes = play(spec, [make_frame(size_wh=size_wh)], [faces], matte=matte, on=gpu)
    assert pictures[0].shape == (size_wh[1], size_wh[0], 4)
    assert (pictures[0][..., 3] == 255).all()
