"""The GPU runtime: the CPU's answers, all of the graph or nothing, plain refusals, no noise, nothing left behind.

Runs on a software GPU as well, which takes 0.1 s for a mesh: the stretches are short.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from models.errors import BackendFailed, ModelUnavailable
from models.networks import network_path
from models.runtime.litert_cpu import LiteRtCpu
from models.runtime.litert_gpu import LiteRtGpu
from models.runtime.remote import Remote
from models.types import F32
from tests import parity
from tests.clips import clip_frames
from tests.losing_driver import losing_driver

needs_gpu = pytest.mark.usefixtures("gpu_networks")

CLIPS = ("portrait", "glasses", "head_eyes")
MOST_LANDMARKS_PX = 0.01
MOST_MATTE = 1 / 255
MOST_BLENDSHAPES = 1e-4
MOST_BOX = 1e-3
"""Of the detector's raw answers: cells, logs of sizes, scores before the sigmoid."""
MOST_PIPELINE_SHARE = 0.002

LEVELS = ("level_8", "level_16", "level_32")
MESH_RESULTS = ("points", "conv_faceflag", "p_re_lu_3")
NETWORKS = {
    "face_mesh": ((1, 192, 192, 3), 1.0, MOST_LANDMARKS_PX),
    "selfie_landscape": ((1, 144, 256, 3), 1.0, MOST_MATTE),
    "selfie_square": ((1, 256, 256, 3), 1.0, MOST_MATTE),
    "face_blendshapes": ((1, 146, 2), 400.0, MOST_BLENDSHAPES),
    "palm": ((1, 192, 192, 3), 1.0, MOST_LANDMARKS_PX),
    "hand": ((1, 224, 224, 3), 1.0, MOST_LANDMARKS_PX),
}
DETECTOR_SIZES_HW = [(32, 32), (160, 256), (256, 160), (192, 256), (384, 640)]


@pytest.fixture(scope="module")
def gpu(gpu_networks: None) -> Iterator[LiteRtGpu]:
    runtime = LiteRtGpu()
    yield runtime
    runtime.close()


def noise(shape: tuple[int, ...], most: float) -> F32:
    return np.random.default_rng(1).uniform(0, most, shape).astype(np.float32)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_answers_as_on_the_cpu(gpu: LiteRtGpu, name: str) -> None:
    shape, most, allowed = NETWORKS[name]
    batch = noise(shape, most)
    for mine, theirs in zip(
        gpu.load(network_path(name))(batch), LiteRtCpu(1).load(network_path(name))(batch), strict=True
    ):
        assert mine.shape == theirs.shape
        assert np.abs(mine - theirs).max() <= allowed


@pytest.mark.parametrize("size_hw", DETECTOR_SIZES_HW)
def test_the_detector_answers_as_on_the_cpu_at_any_size(gpu: LiteRtGpu, size_hw: tuple[int, int]) -> None:
    shape = (1, *size_hw, 3)
    batch = noise(shape, 255.0)
    nets = [runtime.load(network_path("yunet"), outputs=LEVELS, input_shape=shape) for runtime in (gpu, LiteRtCpu(1))]
    for mine, theirs in zip(*(net(batch) for net in nets), strict=True):
        assert mine.shape == theirs.shape
        assert np.abs(mine - theirs).max() <= MOST_BOX


class Kept:
    """A runtime for models that come and go: what it compiled once is not compiled again."""

    name = "gpu"

    def __init__(self, runtime: LiteRtGpu) -> None:
        self.load = runtime.load

    def close(self) -> None:
        """It lives on."""


@pytest.mark.parametrize("clip", CLIPS)
def test_on_real_faces_every_network_agrees_on_the_same_crop(gpu: LiteRtGpu, testdata: Path, clip: str) -> None:
    made: list[parity.Twin] = []

    def make() -> parity.Twin:
        made.append(parity.Twin(LiteRtCpu(1), Kept(gpu)))
        return made[-1]

    frames = list(clip_frames(next(testdata.glob(f"video/{clip}*.mp4")), 4, step=7))
    parity.perceive(make, frames)
    largest, runs = made[0].largest, made[0].runs
    assert set(runs) == {"face_mesh", "yunet", "face_blendshapes", "selfie_landscape"}
    assert runs["face_mesh"] >= len(frames)
    assert largest["face_mesh", 0] <= MOST_LANDMARKS_PX
    assert largest["selfie_landscape", 0] <= MOST_MATTE
    assert largest["face_blendshapes", 0] <= MOST_BLENDSHAPES
    assert max(largest["yunet", level] for level in range(3)) <= MOST_BOX


@pytest.mark.parametrize("clip", [*CLIPS, "outdoor", "driver_head_turn", "driver_head_motion", "expressions"])
def test_the_whole_pipeline_follows_the_same_faces(gpu: LiteRtGpu, testdata: Path, clip: str) -> None:
    frames = list(clip_frames(next(testdata.glob(f"video/{clip}*.mp4")), 6))
    apart = parity.distance(parity.perceive(lambda: LiteRtCpu(1), frames), parity.perceive(lambda: Kept(gpu), frames))
    assert apart.faces >= len(frames)
    assert apart.landmarks_p95 <= MOST_PIPELINE_SHARE
    assert apart.boxes <= MOST_PIPELINE_SHARE
    assert apart.matte <= MOST_MATTE
    assert apart.blendshapes <= 0.01


def test_results_come_in_the_order_asked_for_and_belong_to_the_caller(gpu: LiteRtGpu) -> None:
    net = gpu.load(network_path("yunet"), outputs=("level_32", "level_8", "level_16"))
    first = net(noise((1, 160, 256, 3), 255.0))
    before = [result.copy() for result in first]
    net(np.zeros((1, 160, 256, 3), np.float32))
    assert [result.shape for result in first] == [(1, 5, 8, 16), (1, 20, 32, 16), (1, 10, 16, 16)]
    assert all(np.array_equal(result, kept) for result, kept in zip(first, before, strict=True))


def test_the_gpu_has_a_name(gpu: LiteRtGpu) -> None:
    gpu.load(network_path("yunet"), input_shape=(1, 32, 32, 3))
    assert gpu.name == "gpu"
    assert gpu.device_name


@pytest.mark.parametrize("content", [b"", b"not a network", b"\x1c\x00\x00\x00TFL3" + bytes(64)])
@pytest.mark.parametrize("input_shape", [None, (1, 32, 32, 3)])
def test_damaged_file_is_refused(tmp_path: Path, content: bytes, input_shape: tuple[int, ...] | None) -> None:
    graph = tmp_path / "bad.tflite"
    graph.write_bytes(content)
    with pytest.raises(ModelUnavailable, match="bad.tflite cannot be loaded: it is damaged"):
        LiteRtGpu().load(graph, input_shape=input_shape)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="none.tflite cannot be loaded: No such file"):
        LiteRtGpu().load(tmp_path / "none.tflite")


def test_unknown_result_is_refused(gpu: LiteRtGpu) -> None:
    with pytest.raises(ModelUnavailable, match="no result called level_64"):
        gpu.load(network_path("yunet"), outputs=("level_64",))


def test_a_graph_that_would_run_partly_on_the_cpu_is_refused_with_the_operator(gpu: LiteRtGpu, tmp_path: Path) -> None:
    graph = tmp_path / "table.tflite"
    graph.write_bytes(graph_with_a_table_of_indices())
    assert LiteRtCpu(1).load(graph)(np.arange(8, dtype=np.float32).reshape(8, 1))[0].shape == (2, 2, 1)
    with pytest.raises(
        ModelUnavailable, match=r"cannot run the network .*GATHER: Only support 1D indices\. Use the CPU"
    ):
        gpu.load(graph)


def test_wrong_input_is_a_backend_failure(gpu: LiteRtGpu) -> None:
    net = gpu.load(network_path("yunet"), input_shape=(1, 32, 32, 3))
    with pytest.raises(BackendFailed, match="not what it was given"):
        net(np.zeros((1, 8, 8, 3), np.float32))


@needs_gpu
def test_a_closed_runtime_frees_its_networks_and_can_load_again() -> None:
    runtime = LiteRtGpu()
    net = runtime.load(network_path("yunet"), input_shape=(1, 32, 32, 3))
    runtime.close()
    runtime.close()
    with pytest.raises(BackendFailed, match="closed already"):
        net(np.zeros((1, 32, 32, 3), np.float32))
    assert len(runtime.load(network_path("yunet"))(np.zeros((1, 160, 256, 3), np.float32))) == 3
    runtime.close()


@needs_gpu
def test_loading_in_the_background_disturbs_no_answer_of_the_cpu() -> None:
    batch = noise((1, 192, 192, 3), 1.0)
    cpu = LiteRtCpu(1).load(network_path("face_mesh"), outputs=MESH_RESULTS)
    wanted = cpu(batch)[0]
    runtime = LiteRtGpu()
    loaded: list[F32] = []
    thread = threading.Thread(
        target=lambda: loaded.append(runtime.load(network_path("face_mesh"), outputs=MESH_RESULTS)(batch)[0])
    )
    thread.start()
    while thread.is_alive():
        assert np.array_equal(cpu(batch)[0], wanted)
    runtime.close()
    assert np.abs(loaded[0] - wanted).max() <= MOST_LANDMARKS_PX


def test_two_threads_may_use_a_network_each(gpu: LiteRtGpu) -> None:
    batches = [noise((1, 32, 32, 3), most) for most in (100.0, 255.0)]
    nets = [gpu.load(network_path("yunet"), input_shape=(1, 32, 32, 3)) for _ in batches]
    wanted = [net(batch)[0] for net, batch in zip(nets, batches, strict=True)]
    wrong: list[int] = []

    def work(which: int) -> None:
        for _ in range(50):
            if not np.array_equal(nets[which](batches[which])[0], wanted[which]):
                wrong.append(which)

    threads = [threading.Thread(target=work, args=(which,)) for which in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@needs_gpu
def test_hosted_in_a_child_process_it_answers_and_refuses_alike(tmp_path: Path) -> None:
    hosted = Remote("models.runtime.litert_gpu:LiteRtGpu", name="gpu")
    batch = noise((1, 146, 2), 400.0)
    found = hosted.load(network_path("face_blendshapes"))(batch)[0]
    assert np.abs(found - LiteRtCpu(1).load(network_path("face_blendshapes"))(batch)[0]).max() <= MOST_BLENDSHAPES
    assert hosted.device_name
    with pytest.raises(ModelUnavailable, match="none.tflite cannot be loaded: No such file"):
        hosted.load(tmp_path / "none.tflite")
    hosted.close()


def in_a_process(code: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=False, env=os.environ | environment, timeout=120
    )


@needs_gpu
def test_nothing_is_printed_and_nothing_lost() -> None:
    done = in_a_process(
        "import os; from models.runtime.litert_gpu import LiteRtGpu; from models.networks import network_path;"
        "g = LiteRtGpu(); g.load(network_path('yunet')); g.load(network_path('palm')); os.write(2, b'mine'); g.close();"
        "h = LiteRtGpu(); h.load(network_path('yunet'))"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"mine")


@pytest.mark.skipif(sys.platform != "linux", reason="only Vulkan's loader lets a test take the drivers away")
def test_without_a_driver_the_refusal_is_plain_and_names_the_mend() -> None:
    done = in_a_process(
        "from models.errors import ModelUnavailable; from models.runtime.litert_gpu import LiteRtGpu;"
        "from models.networks import network_path\n"
        "try: LiteRtGpu().load(network_path('yunet'))\n"
        "except ModelUnavailable as error: print(error)",
        VK_DRIVER_FILES="/nonexistent",
        VK_ICD_FILENAMES="/nonexistent",
    )
    assert done.stderr == b""
    assert done.stdout.decode().startswith("no GPU that can run the networks was found. Install or update the graphics")


@needs_gpu
def test_a_lost_gpu_is_a_backend_failure_and_can_come_back(tmp_path: Path) -> None:
    driver = losing_driver(tmp_path)
    code = (
        "import pathlib, numpy as np; from models.errors import BackendFailed\n"
        "from models.networks import network_path; from models.runtime.litert_gpu import LiteRtGpu\n"
        "graph, batch = network_path('face_blendshapes'), np.ones((1, 146, 2), np.float32)\n"
        f"lost, gpu = pathlib.Path({str(driver.lost)!r}), LiteRtGpu()\n"
        "net = gpu.load(graph); before = net(batch)[0]; lost.touch()\n"
        "for attempt in (lambda: net(batch), lambda: net(batch), lambda: gpu.load(network_path('palm'))):\n"
        "    try: attempt()\n"
        "    except BackendFailed as error: print(error)\n"
        "gpu.close(); lost.unlink()\n"
        "print('back', np.array_equal(LiteRtGpu().load(graph)(batch)[0], before))"
    )
    *failures, last = in_a_process(code, **driver.environment).stdout.decode().splitlines()
    assert len(failures) == 3
    assert all(each.startswith("the GPU stopped answering while it ran the network ") for each in failures)
    assert all(
        each.endswith("Choose the GPU again; if it fails often, update the graphics driver.") for each in failures
    )
    assert last == "back True"


@needs_gpu
def test_loading_and_closing_again_and_again_leaves_nothing_behind() -> None:
    process = psutil.Process()

    def once() -> None:
        runtime = LiteRtGpu()
        runtime.load(network_path("yunet"), input_shape=(1, 32, 32, 3))
        runtime.close()

    for _ in range(3):
        once()
    threads, files, memory = process.num_threads(), open_files(), process.memory_info().rss
    for _ in range(8):
        once()
    assert process.num_threads() <= threads
    assert open_files() <= files
    assert process.memory_info().rss - memory <= 8 * 2**20


def open_files() -> int:
    process = psutil.Process()
    return int(process.num_handles() if sys.platform == "win32" else process.num_fds())


def graph_with_a_table_of_indices() -> bytes:
    """GATHER with (2, 2) indices: the CPU takes it, WebGPU does not."""
    from ai_edge_litert import schema_py_generated as schema

    from models.networks import flatgraph

    model = schema.ModelT()
    model.version, model.operatorCodes, model.buffers = 3, [], [schema.BufferT()]
    graph = schema.SubGraphT()
    graph.tensors, graph.operators = [], []
    model.subgraphs = [graph]
    writer = flatgraph.GraphWriter(schema, model)
    table = writer.tensor("table", (8, 1))
    indices = writer.constant(np.array([[0, 1], [2, 3]], np.int32))
    found = writer.operator("GATHER", [table, indices], (2, 2, 1), schema.GatherOptionsT())
    return flatgraph.trimmed(model, [table], [found])
