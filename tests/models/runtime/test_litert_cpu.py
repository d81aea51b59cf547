"""The default runtime: loads, orders, resizes, refuses plainly and keeps quiet."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from models.errors import BackendFailed, ModelUnavailable
from models.networks import network_path
from models.runtime import hush, litert_cpu
from models.runtime.litert_cpu import LiteRtCpu

BLANK = np.zeros((1, 160, 256, 3), np.float32)


def test_outputs_come_in_the_order_asked_for() -> None:
    names = ("level_32", "level_8", "level_16")
    results = LiteRtCpu(1).load(network_path("yunet"), outputs=names)(BLANK)
    assert [result.shape[1:3] for result in results] == [(5, 8), (20, 32), (10, 16)]


def test_results_belong_to_the_caller() -> None:
    net = LiteRtCpu(1).load(network_path("yunet"))
    first = net(BLANK)
    before = [result.copy() for result in first]
    net(BLANK + 255)
    assert all(np.array_equal(result, kept) for result, kept in zip(first, before, strict=True))


def test_a_graph_without_a_size_takes_any() -> None:
    net = LiteRtCpu(1).load(network_path("yunet"), outputs=("level_8",), input_shape=(1, 96, 64, 3))
    assert net(np.zeros((1, 96, 64, 3), np.float32))[0].shape == (1, 12, 8, 16)


def test_one_and_two_threads_agree() -> None:
    picture = np.random.default_rng(1).uniform(0, 255, BLANK.shape).astype(np.float32)
    one, two = (LiteRtCpu(threads).load(network_path("yunet"))(picture) for threads in (1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


def test_unknown_result_is_refused() -> None:
    with pytest.raises(ModelUnavailable, match="no result called level_64"):
        LiteRtCpu(1).load(network_path("yunet"), outputs=("level_64",))


@pytest.mark.parametrize("content", [b"", b"not a network", b"\x1c\x00\x00\x00TFL3" + bytes(64)])
def test_damaged_file_is_refused(tmp_path: Path, content: bytes) -> None:
    graph = tmp_path / "bad.tflite"
    graph.write_bytes(content)
    with pytest.raises(ModelUnavailable, match="cannot be loaded"):
        LiteRtCpu(1).load(graph)


def test_wrong_shape_is_a_backend_failure() -> None:
    with pytest.raises(BackendFailed, match="failed on the CPU"):
        LiteRtCpu(1).load(network_path("yunet"))(np.zeros((1, 8, 8, 3), np.float32))


def test_nothing_is_printed_and_nothing_lost() -> None:
    """In a process of its own: LiteRT greets once a process, on the file descriptor."""
    code = (
        "import os; from models.runtime.litert_cpu import LiteRtCpu; from models.networks import network_path;"
        "LiteRtCpu().load(network_path('yunet')); LiteRtCpu().load(network_path('palm')); os.write(2, b'mine')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"mine")


def test_a_machine_without_room_for_temporary_files_loads_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise OSError(30, "read-only")

    monkeypatch.setattr(litert_cpu, "_loaded_before", False)
    monkeypatch.setattr(hush.tempfile, "TemporaryFile", refuse)
    runtime = litert_cpu.LiteRtCpu()
    assert runtime.load(network_path("yunet")) is not None
    runtime.close()
