"""That the picture is the same on the CPU and on the GPU with everything on, and that faces are hidden there too."""

from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import data

from app.config import load_preset
from app.pipeline.engine import Engine
from app.settings import Settings
from app.sources import demo_script as script
from app.sources.demo_render import Renderer
from app.sources.demo_truth import truth
from effects.devices.cpu import CpuDevice
from effects.devices.gpu import GpuDevice
from effects.library.privacy import Privacy
from effects.registry import specs
from models.shared import create_cpu_model
from models.types import U8, Frame, SharedModel
from tests.app.test_leak import filled
from tests.effects.both_devices import Pictures

SIZE_WH = (1280, 720)
FPS = 30
GREEN = (0, 255, 0)


@pytest.fixture(scope="module")
def model() -> Iterator[SharedModel]:
    made = create_cpu_model()
    yield made
    made.close()


def demo_frames(first_s: float, count: int) -> Iterator[Frame]:
    renderer = Renderer(SIZE_WH)
    for index in range(round(first_s * FPS), round(first_s * FPS) + count):
        pixels = renderer.draw(index / FPS)
        pixels.flags.writeable = False
        yield Frame(index, index / FPS, 0, pixels)


def styled(style: str) -> Settings:
    """The preset, with another style of hiding."""
    everything = load_preset("everything")
    named = dict(everything.effects)
    assert {"privacy", "mesh"} <= set(named)
    effects = tuple((name, Privacy(style=style) if name == "privacy" else named[name]) for name in named)
    return Settings(effects=effects)


def outputs(model: SharedModel, gpu: GpuDevice, settings: Settings, frames: Iterator[Frame]) -> Iterator[Pictures]:
    """The same perception drawn by two engines."""
    on_cpu, on_gpu = Engine(model, CpuDevice(), specs()), Engine(model, gpu, specs())
    on_cpu.restart()
    for frame in frames:
        seen = on_cpu.perceive(frame, settings)
        assert seen.faces
        drawn = [engine.compose(frame, seen, settings) for engine in (on_cpu, on_gpu)]
        assert all(output.faults == () for output in drawn)
        assert all(output.bgra.flags.writeable for output in drawn)
        yield Pictures(drawn[0].bgra, drawn[1].bgra)


@pytest.mark.parametrize("style", ["blur", "pixelate", "block"])
def test_everything_looks_alike_on_the_demo(model: SharedModel, gpu: GpuDevice, style: str) -> None:
    frames = list(demo_frames(script.B_ON_STAGE_S[0] + 2.0, 4))
    for frame, pictures in zip(frames, outputs(model, gpu, styled(style), iter(frames)), strict=True):
        pictures.assert_alike(mean=0.5, p99=2.0)
        assert np.abs(pictures.gpu[..., :3].astype(int) - frame.pixels).max() > 50


def test_everything_looks_alike_on_a_still(model: SharedModel, gpu: GpuDevice) -> None:
    pixels: U8 = np.ascontiguousarray(data.astronaut()[..., ::-1])
    frame = Frame(0, 0.0, 0, cv2.resize(pixels, (901, 901), interpolation=cv2.INTER_CUBIC).astype(np.uint8))
    drawn = [Engine(model, device, specs()).still(frame, styled("blur")).bgra for device in (CpuDevice(), gpu)]
    Pictures(drawn[0], drawn[1]).assert_alike(mean=0.5, p99=2.0)


def test_no_pixel_of_a_hidden_face_is_bare_on_the_gpu(model: SharedModel, gpu: GpuDevice) -> None:
    """Against the demo's own truth, with a block of one colour: a pixel has it or it leaks."""
    settings = Settings(effects=(("privacy", Privacy(style="block", colour="#00FF00")),))
    engine = Engine(model, gpu, specs())
    engine.restart()
    for frame in demo_frames(script.HAND_ON_STAGE_S[0], 25):
        bgra = engine.step(frame, settings).bgra
        bare = (bgra[..., :3] != GREEN).any(axis=2)
        seen = truth(frame.index, SIZE_WH, FPS)
        for actor in seen.actors:
            assert not (filled(SIZE_WH, actor.polygon_xy, seen.covers(actor.name)) & bare).any()
        assert bare.mean() > 0.5


def test_blurs_on_the_gpu_keep_no_detail(model: SharedModel, gpu: GpuDevice) -> None:
    settings = Settings(effects=(("privacy", Privacy(style="blur")),))
    engine = Engine(model, gpu, specs())
    engine.restart()
    for frame in demo_frames(script.HAND_ON_STAGE_S[0], 6):
        bgra = engine.step(frame, settings).bgra
        seen = truth(frame.index, SIZE_WH, FPS)
        faces = [filled(SIZE_WH, actor.polygon_xy, seen.covers(actor.name)) for actor in seen.actors]
        assert any(face.any() for face in faces)
        for face in faces:
            if face.any():
                assert detail(bgra, face) < 0.15 * detail(frame.pixels, face)


def detail(picture: U8, area: NDArray[np.bool_]) -> float:
    """How much neighbouring pixels differ."""
    return float(cv2.Laplacian(picture[..., 1].astype(np.float32), cv2.CV_32F, ksize=3)[area].std())
