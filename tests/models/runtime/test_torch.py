"""The torch runtime: the same results as LiteRT's on the same crops and clips, several at once, and plain refusals."""

import contextlib
import importlib.abc
import subprocess
import sys
import threading
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import models.runtime
from app.sources.demo import DemoSource
from models.errors import BackendFailed, ModelUnavailable
from models.geometry import inter_ocular_px
from models.landmarks import CROP_PX, FaceMesh, Region, crop, region_from_mesh
from models.matte_net import PersonNet
from models.networks import network_path
from models.runtime.base import BatchNet
from models.runtime.litert_cpu import LiteRtCpu
from models.runtime.torch_ import TorchRuntime
from models.shared import FaceModel
from models.types import F32, U8, Frame, Perception, Wants
from tests.clips import clip_frames
from tests.need_torch import require_torch

LANDMARK_LIMIT_PX = 0.01
MATTE_LIMIT = 1 / 255
PIPELINE_LIMIT = 0.002
"""95th percentile of the landmarks' distances, in inter-ocular distances."""
CLIP_FRAMES, DEMO_FRAMES = 50, 25


@pytest.fixture(scope="module")
def torch_cpu() -> TorchRuntime:
    require_torch()
    return TorchRuntime("cpu")


@pytest.fixture(scope="module")
def demo_frames() -> list[U8]:
    source = DemoSource((1280, 720), 30.0, paced=False)
    frames = [frame.pixels for frame in islice(iter(lambda: source.read(1.0), None), 0, 200, 40)]
    source.close()
    return frames


@pytest.fixture(scope="module")
def faces(demo_frames: list[U8]) -> list[F32]:
    """Crops as the tracker makes them, and worse ones: turned, shifted, too large, and without a face."""
    model = FaceModel(lambda: LiteRtCpu(1))
    crops = []
    for pixels in demo_frames:
        for face in model.still(pixels, Wants(), reach="near").faces:
            assert face.mesh is not None
            region = region_from_mesh(face.mesh)
            (x, y), side, angle = region.center_xy, region.side_px, region.angle_rad
            around = (
                region,
                Region((x + 0.2 * side, y), side, angle + 0.5),
                Region((x, y - 0.2 * side), 1.6 * side, angle),
            )
            crops += [crop(pixels, each) for each in around]
        crops.append(crop(pixels, Region((200.0, 500.0), 180.0, 0.0)))
    model.close()
    return crops


def test_landmarks(torch_cpu: TorchRuntime, faces: list[F32]) -> None:
    ours, theirs = FaceMesh(torch_cpu), FaceMesh(LiteRtCpu(1))
    assert len(faces) > 15
    for face in faces:
        assert face.shape == (CROP_PX, CROP_PX, 3)
        points, presence, features = ours.in_crop(face)
        wanted_points, wanted_presence, wanted_features = theirs.in_crop(face)
        assert np.abs(points - wanted_points).max() <= LANDMARK_LIMIT_PX
        assert abs(presence - wanted_presence) <= 1e-4
        assert np.abs(features - wanted_features).max() <= 1e-3


@pytest.mark.parametrize("name", ["selfie_landscape", "selfie_square"])
def test_matte(torch_cpu: TorchRuntime, demo_frames: list[U8], name: str) -> None:
    ours, theirs = PersonNet(torch_cpu, name), PersonNet(LiteRtCpu(1), name)
    for pixels in demo_frames:
        for part in (pixels, pixels[100:, 300:900]):
            wanted = theirs(part)
            assert wanted.max() > 0.5
            assert np.abs(ours(part) - wanted).max() <= MATTE_LIMIT


@pytest.mark.parametrize("size_hw", [(160, 256), (96, 64), (384, 640)])
def test_detector(torch_cpu: TorchRuntime, demo_frames: list[U8], size_hw: tuple[int, int]) -> None:
    picture = cv2.resize(demo_frames[0], size_hw[::-1])[None].astype(np.float32)
    for_both: dict[str, Any] = {"outputs": ("level_32", "level_8", "level_16"), "input_shape": picture.shape}
    found, wanted = (runtime.load(network_path("yunet"), **for_both)(picture) for runtime in (torch_cpu, LiteRtCpu(1)))
    assert [level.shape for level in found] == [level.shape for level in wanted]
    for level, wanted_level in zip(found, wanted, strict=True):
        np.testing.assert_allclose(level, wanted_level, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("name", ["face_blendshapes", "palm", "hand"])
def test_the_other_networks(torch_cpu: TorchRuntime, name: str) -> None:
    net, peer = torch_cpu.load(network_path(name)), LiteRtCpu(1).load(network_path(name))
    sample = np.random.default_rng(5).uniform(0, 1, net.input_shapes[0]).astype(np.float32)
    for found, wanted in zip(net(sample), peer(sample), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-3)


def test_several_faces_at_once(torch_cpu: TorchRuntime, faces: list[F32]) -> None:
    net = torch_cpu.load(network_path("face_mesh"))
    assert isinstance(net, BatchNet)
    batch = np.stack(faces[:5])[:, None] / np.float32(255)
    together = net.many(batch)
    for index, sample in enumerate(batch):
        alone = net(sample)
        assert [result[index].shape for result in together] == [result.shape for result in alone]
        assert np.abs(together[0][index] - alone[0]).max() <= LANDMARK_LIMIT_PX
        np.testing.assert_allclose(together[2][index], alone[2], atol=1e-3)


@pytest.mark.parametrize("name", ["yunet", "selfie_landscape", "selfie_square", "face_blendshapes", "palm", "hand"])
def test_every_network_takes_several(torch_cpu: TorchRuntime, name: str) -> None:
    net = torch_cpu.load(network_path(name))
    batch = np.random.default_rng(2).uniform(0, 1, (2, *net.input_shapes[0])).astype(np.float32)
    for together, first, second in zip(net.many(batch), net(batch[0]), net(batch[1]), strict=True):
        np.testing.assert_allclose(together, np.stack([first, second]), rtol=1e-4, atol=1e-3)


def assert_alike(frames: Sequence[Frame]) -> int:
    """Landmarks and matte of both runtimes over the same frames; gives the number of faces compared."""
    apart: list[F32] = []
    ours, theirs = FaceModel(lambda: TorchRuntime("cpu")), FaceModel(lambda: LiteRtCpu(1))
    wants = Wants(matte=True)
    for frame in frames:
        found, wanted = (model.track(frame, wants, max_faces=2) for model in (ours, theirs))
        apart += differences(found, wanted)
    ours.close()
    theirs.close()
    if apart:
        assert np.percentile(np.concatenate(apart), 95) <= PIPELINE_LIMIT
    return len(apart)


def differences(found: Perception, wanted: Perception) -> list[F32]:
    """Of the landmarks of each face, in inter-ocular distances; everything else must be equal."""
    assert found.runtime == "torch-cpu"
    assert [face.track_id for face in found.faces] == [face.track_id for face in wanted.faces]
    assert [face.mesh is None for face in found.faces] == [face.mesh is None for face in wanted.faces]
    assert found.matte is not None
    assert wanted.matte is not None
    assert np.percentile(np.abs(found.matte - wanted.matte), 99) <= MATTE_LIMIT
    pairs = [(ours.mesh, theirs.mesh) for ours, theirs in zip(found.faces, wanted.faces, strict=True)]
    return [
        np.linalg.norm((ours - theirs)[:, :2], axis=1) / inter_ocular_px(theirs)
        for ours, theirs in pairs
        if ours is not None and theirs is not None
    ]


def test_pipeline_on_the_demo(torch_cpu: TorchRuntime) -> None:
    source = DemoSource((1280, 720), 30.0, paced=False)
    frames = list(islice(iter(lambda: source.read(1.0), None), DEMO_FRAMES))
    source.close()
    assert assert_alike([frame for frame in frames if frame is not None]) >= DEMO_FRAMES - 2


def test_pipeline_on_clips(torch_cpu: TorchRuntime, testdata: Path) -> None:
    compared = sum(
        assert_alike(list(clip_frames(clip, CLIP_FRAMES))) for clip in sorted((testdata / "video").glob("*.mp4"))
    )
    assert compared > 3 * CLIP_FRAMES


def test_networks_may_run_in_two_threads(torch_cpu: TorchRuntime, faces: list[F32]) -> None:
    nets = [torch_cpu.load(network_path("face_mesh")) for _ in range(2)]
    samples = [face[None] / np.float32(255) for face in faces[:4]]
    wanted = [nets[0](sample)[0] for sample in samples]
    wrong: list[int] = []

    def run(net: Any) -> None:
        wrong.extend(i for i, sample in enumerate(samples * 3) if not np.array_equal(net(sample)[0], wanted[i % 4]))

    threads = [threading.Thread(target=run, args=(net,)) for net in nets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_results_belong_to_the_caller_and_inputs_may_be_read_only(torch_cpu: TorchRuntime) -> None:
    net = torch_cpu.load(network_path("yunet"))
    picture = np.zeros((1, 160, 256, 3), np.float32)
    picture.flags.writeable = False
    first = net(picture)
    kept = [result.copy() for result in first]
    net(picture + 255)
    assert all(np.array_equal(result, before) for result, before in zip(first, kept, strict=True))
    assert all(result.flags.writeable and result.flags.c_contiguous for result in first)


def test_unknown_result_is_refused(torch_cpu: TorchRuntime) -> None:
    with pytest.raises(ModelUnavailable, match="no result called level_64"):
        torch_cpu.load(network_path("yunet"), outputs=("level_64",))


def test_wrong_shape_is_a_backend_failure(torch_cpu: TorchRuntime) -> None:
    with pytest.raises(BackendFailed, match="network yunet takes inputs of"):
        torch_cpu.load(network_path("yunet"))(np.zeros((1, 8, 8, 3), np.float32))


def test_a_size_that_the_graph_does_not_take_is_a_backend_failure(torch_cpu: TorchRuntime) -> None:
    net = torch_cpu.load(network_path("face_mesh"), input_shape=(1, 64, 64, 3))
    with pytest.raises(BackendFailed, match="network face_mesh failed on cpu: .*Use the CPU"):
        net(np.zeros((1, 64, 64, 3), np.float32))


def test_what_cannot_be_recorded_runs_all_the_same_with_a_remark(torch_cpu: TorchRuntime) -> None:
    from models.runtime.torch_nets import Runner, TorchNet

    remarks: list[str] = []
    asked: list[Any] = []

    def cannot(_run: object, shapes: object, _device: object) -> Runner:
        asked.append(shapes)
        raise RuntimeError("operation not permitted when stream is capturing\nmore")

    plain = torch_cpu.load(network_path("yunet"))
    net = TorchNet("yunet", plain._program, plain.input_shapes, plain._device, remarks.append, cannot)
    picture = np.full((1, 160, 256, 3), 90, np.float32)
    assert all(np.array_equal(a, b) for a, b in zip(net(picture), plain(picture), strict=True))
    assert asked == [[(1, 160, 256, 3)]]
    assert remarks == [
        "CUDA cannot record the network yunet (operation not permitted when stream is capturing); it runs slower."
    ]


def test_shapes_are_recorded_once_each_and_photos_never(torch_cpu: TorchRuntime) -> None:
    from models.runtime.torch_nets import Eager, Runner, TorchNet

    asked: list[Any] = []

    def record(run: Any, shapes: Any, device: Any) -> Runner:
        asked.append(shapes[0])
        return Eager(run, shapes, device)

    plain = torch_cpu.load(network_path("yunet"))

    def make(shape: tuple[int, ...]) -> TorchNet:
        return TorchNet("yunet", plain._program, [shape], plain._device, asked.append, record)

    small = make((1, 64, 64, 3))
    for _ in range(2):
        small(np.zeros((1, 64, 64, 3), np.float32))
        small.many(np.zeros((3, 1, 64, 64, 3), np.float32))
    make((1, 736, 1280, 3))
    assert asked == [(1, 64, 64, 3), (3, 1, 64, 64, 3)]


def test_a_recorded_run_moves_inputs_up_and_results_down(
    torch_cpu: TorchRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With stand-ins for CUDA's parts on the CPU: only the buffers are tested, replaying runs the program again."""
    import torch

    from models.runtime import torch_nets

    done: list[str] = []

    class Stream:
        def wait_stream(self, _other: object) -> None:
            done.append("wait for the weights")

        def synchronize(self) -> None:
            done.append("wait")

    class Graph:
        def replay(self) -> None:
            done.append("replay")
            for result, value in zip(runner._outputs, twice_and_turned(runner._inputs), strict=True):
                result.copy_(value)

    def twice_and_turned(inputs: Sequence[Any]) -> list[Any]:
        return [inputs[0] * 2, inputs[0].permute(1, 0)]

    for name, stand_in in (("Stream", lambda _device: Stream()), ("CUDAGraph", Graph), ("current_stream", id)):
        monkeypatch.setattr(torch.cuda, name, stand_in)
    for name in ("graph", "stream"):
        monkeypatch.setattr(torch.cuda, name, lambda *_args, **_options: contextlib.nullcontext())
    monkeypatch.setattr(torch_nets, "_pinned", torch.zeros)
    runner = torch_nets.CudaGraph(twice_and_turned, [(2, 3)], torch.device("cpu"))
    first_given = np.arange(6, dtype=np.float32).reshape(2, 3)
    first = runner([first_given])
    second = runner([first_given + 1])
    np.testing.assert_array_equal(first[0], first_given * 2)
    np.testing.assert_array_equal(first[1], first_given.T)
    np.testing.assert_array_equal(second[1], first_given.T + 1)
    assert done == ["wait for the weights", "wait", "replay", "wait", "replay", "wait"]


def test_on_cuda_convolutions_are_exact_for_as_long_as_they_run(torch_cpu: TorchRuntime) -> None:
    import torch

    from models.runtime.torch_nets import _exact

    before = torch.backends.cudnn.allow_tf32
    with _exact(torch.device("cuda")):
        assert not torch.backends.cudnn.allow_tf32
        assert torch.backends.cudnn.enabled
    assert torch.backends.cudnn.allow_tf32 == before


@pytest.fixture
def unloaded(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """As if nothing had imported torch yet."""
    for name in ("torch", "models.runtime.torch_nets", "models.runtime.torch_graph"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.delattr(models.runtime, "torch_nets", raising=False)
    monkeypatch.delattr(models.runtime, "torch_graph", raising=False)
    return monkeypatch


class _Broken(importlib.abc.MetaPathFinder):
    """Finds torch, and cannot load it."""

    def find_spec(self, name: str, *_: object) -> None:
        if name == "torch":
            raise OSError("libcudart.so: cannot open shared object file")


def test_without_torch_it_says_how_to_add_it(unloaded: pytest.MonkeyPatch) -> None:
    unloaded.setitem(sys.modules, "torch", None)
    with pytest.raises(
        ModelUnavailable, match=r"needs PyTorch, which is not installed: `pip install 'facet\[torch\]'`"
    ):
        TorchRuntime("cpu")


def test_a_broken_torch_is_refused_with_its_reason(unloaded: pytest.MonkeyPatch) -> None:
    unloaded.setattr(sys, "meta_path", [_Broken(), *sys.meta_path])
    with pytest.raises(ModelUnavailable, match="cannot be loaded: libcudart.so: cannot open.*Install it again"):
        TorchRuntime("cpu")


def test_devices_that_are_not_there_are_refused_with_the_mend(torch_cpu: TorchRuntime) -> None:
    import torch

    if not torch.cuda.is_available():
        with pytest.raises(ModelUnavailable, match=r"Use|use the backend gpu"):
            TorchRuntime("cuda")
    if not torch.backends.mps.is_available():
        with pytest.raises(ModelUnavailable, match="needs a Mac with an Apple GPU"):
            TorchRuntime("mps")


@pytest.mark.parametrize(
    ("is_built", "said", "words"),
    [
        (False, [], "built without CUDA. Install one with it"),
        (True, [], "no NVIDIA GPU that CUDA can use was found. Install"),
        (True, ["The driver is too old.\nmore"], r"was found \(The driver is too old.\). Install or update"),
    ],
)
def test_reasons_for_no_cuda(torch_cpu: TorchRuntime, is_built: bool, said: list[str], words: str) -> None:
    from models.runtime.torch_nets import _no_cuda

    with pytest.raises(AssertionError, match=words):
        raise AssertionError(_no_cuda(is_built, said))


def test_making_the_module_known_imports_no_torch() -> None:
    code = "import sys, models.runtime.torch_, models.runtime.remote; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.fixture(scope="module")
def cuda() -> TorchRuntime:
    require_torch()
    import torch

    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    return TorchRuntime("cuda")


def test_cuda_landmarks(cuda: TorchRuntime, faces: list[F32]) -> None:
    ours, theirs = FaceMesh(cuda), FaceMesh(LiteRtCpu(1))
    for face in faces:
        assert np.abs(ours.in_crop(face)[0] - theirs.in_crop(face)[0]).max() <= LANDMARK_LIMIT_PX
    assert cuda.remarks == []


def test_cuda_several_faces_at_once(cuda: TorchRuntime, faces: list[F32]) -> None:
    net = cuda.load(network_path("face_mesh"))
    batch = np.stack(faces[:5])[:, None] / np.float32(255)
    together = net.many(batch)[0]
    assert all(np.abs(together[i] - net(batch[i])[0]).max() <= LANDMARK_LIMIT_PX for i in range(5))
    assert cuda.remarks == []


@pytest.mark.parametrize("name", ["selfie_landscape", "selfie_square"])
def test_cuda_matte(cuda: TorchRuntime, demo_frames: list[U8], name: str) -> None:
    ours, theirs = PersonNet(cuda, name), PersonNet(LiteRtCpu(1), name)
    assert all(np.abs(ours(pixels) - theirs(pixels)).max() <= MATTE_LIMIT for pixels in demo_frames)
