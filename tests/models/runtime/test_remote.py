"""A runtime in a child process: the same results, and no harm to this process whatever happens in the other."""

import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing import Pipe
from pathlib import Path

import numpy as np
import psutil
import pytest

from models.errors import BackendFailed, FacetError, ModelUnavailable
from models.networks import network_path
from models.runtime.base import BatchNet
from models.runtime.litert_cpu import LiteRtCpu
from models.runtime.remote import Remote, torch_remote
from models.runtime.remote_child import serve
from models.runtime.remote_talk import Block, Done, Failed, Run
from models.types import F32
from tests.models.runtime.fake_runtimes import MODULE
from tests.need_torch import require_torch

FACTORY = f"{MODULE}:Fake"
NET, BATCH_NET, WANTED = Path("net"), Path("batch"), Path("wanted")
LONG_S, SHORT_S = 60.0, 0.3
CLOSE_S = 2.0

Make = Callable[..., Remote]


def shared_memory_files() -> set[str]:
    folder = Path("/dev/shm")
    return {path.name for path in folder.iterdir() if path.name.startswith("psm_")} if folder.is_dir() else set()


@pytest.fixture
def make() -> Iterator[Make]:
    """Makes a Remote of a fake runtime; afterwards no process and no shared memory may be left."""
    before = shared_memory_files()
    remotes: list[Remote] = []

    def one(what: str = "", at: str = "run", *, limit_s: float = LONG_S) -> Remote:
        remotes.append(Remote(FACTORY, (what, at), name="fake", start_limit_s=limit_s, call_limit_s=limit_s))
        return remotes[-1]

    yield one
    for remote in remotes:
        began_s = time.monotonic()
        remote.close()
        assert time.monotonic() - began_s < CLOSE_S
    assert children() == []
    assert shared_memory_files() <= before


def children() -> list[str]:
    """Command lines of the children that host runtimes."""
    return [
        line for line in (" ".join(each.cmdline()) for each in psutil.Process().children()) if "remote_child" in line
    ]


def sample(*shape: int) -> F32:
    return np.random.default_rng(len(shape)).uniform(0, 1, shape).astype(np.float32)


def test_results_are_those_of_the_hosted_runtime_and_the_callers_own(make: Make) -> None:
    net = make().load(NET)
    given = sample(1, 4, 5, 3)
    first = net(given)
    np.testing.assert_array_equal(first[0], given + 1)
    second = net(given * 2)
    np.testing.assert_array_equal(first[0], given + 1)
    np.testing.assert_array_equal(second[0], given * 2 + 1)
    np.testing.assert_array_equal(second[1], [2, 1])


def test_inputs_may_change_their_shape_and_need_not_be_contiguous(make: Make) -> None:
    net = make().load(NET)
    for given in (sample(2, 3), sample(4), sample(2, 3), sample(6, 4).T[::2], sample(0, 3)):
        np.testing.assert_array_equal(net(given)[0], given + 1)


def test_several_samples_at_once(make: Make) -> None:
    remote = make()
    net = remote.load(BATCH_NET)
    assert isinstance(net, BatchNet)
    np.testing.assert_array_equal(net.many(sample(3, 1, 2))[0], sample(3, 1, 2) + 2)
    np.testing.assert_array_equal(net(sample(1, 2))[0], sample(1, 2) + 1)
    assert not isinstance(remote.load(NET), BatchNet)


def test_what_is_asked_for_reaches_the_runtime(make: Make) -> None:
    with pytest.raises(BackendFailed, match=r"asked for \['b', 'a'\] \(1, 2\)"):
        make().load(WANTED, outputs=("b", "a"), input_shape=[1, 2])


def test_it_tells_what_the_runtime_says_about_itself(make: Make) -> None:
    remote = make()
    assert (remote.name, remote.device_name, remote.remarks) == ("fake", "", ())
    assert children() == []
    remote.start()
    assert (remote.device_name, remote.remarks) == ("a fake device", ("it is slow",))


def test_a_network_that_nobody_holds_is_let_go(make: Make) -> None:
    remote = make()
    kept, gone = remote.load(NET), remote.load(NET)
    gone(sample(2))
    np.testing.assert_array_equal(kept(sample(2))[1], [1, 2])
    del gone
    gc.collect()
    np.testing.assert_array_equal(kept(sample(2))[1], [2, 1])


def test_different_networks_may_be_called_from_different_threads(make: Make) -> None:
    remote = make()
    wrong: list[str] = []

    def run(offset: float) -> None:
        net = remote.load(NET)
        for number in range(150):
            given = np.full((number % 3 + 1, 50), offset + number, np.float32)
            found, counts = net(given)
            if not np.array_equal(found, given + 1) or counts[0] != number + 1:
                wrong.append(f"{offset} {number}")

    threads = [threading.Thread(target=run, args=(offset,)) for offset in (0.0, 1000.0, 5000.0)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def go_through(remote: Remote) -> None:
    net = remote.load(NET)
    for _ in range(3):
        net(sample(2))


@pytest.mark.parametrize("at", ["start", "load", "run"])
@pytest.mark.parametrize(
    ("what", "kind", "words"),
    [
        ("refuse", ModelUnavailable, "no such device: buy one"),
        ("fail", BackendFailed, "the device fell off the bus"),
        ("raise", BackendFailed, "the backend failed: ZeroDivisionError: by nothing"),
        ("exit", BackendFailed, r"the networks on fake broke down \(exit code 3\). Use the CPU"),
        ("crash", BackendFailed, r"the networks on fake broke down \(SIGKILL\). Use the CPU"),
    ],
)
def test_failures_keep_their_reason(make: Make, what: str, at: str, kind: type[FacetError], words: str) -> None:
    with pytest.raises(kind, match=words):
        go_through(make(what, at))


@pytest.mark.parametrize("at", ["start", "load", "run"])
def test_a_hanging_child_is_given_up_and_ended(make: Make, at: str) -> None:
    remote = make("hang", at)
    remote._start_limit_s = SHORT_S if at == "start" else LONG_S
    net = None if at == "start" else remote
    if net is not None:
        remote.start()
        remote._start_limit_s = SHORT_S if at == "load" else LONG_S
        remote._call_limit_s = SHORT_S
    with pytest.raises(BackendFailed, match=r"did not answer within 0.3 s. Use the CPU"):
        go_through(remote)
    assert children() == []


def test_after_a_breakdown_everything_fails_at_once_with_the_same_reason(make: Make) -> None:
    remote = make("exit")
    net = remote.load(NET)
    for _ in range(2):
        net(sample(2))
    for again in (lambda: net(sample(2)), lambda: net(sample(5)), lambda: remote.load(NET), remote.start):
        with pytest.raises(BackendFailed, match="exit code 3"):
            again()


def test_after_a_plain_failure_it_goes_on(make: Make) -> None:
    net = make("fail").load(NET)
    for _ in range(2):
        net(sample(2))
    with pytest.raises(BackendFailed, match="fell off the bus"):
        net(sample(2))
    np.testing.assert_array_equal(net(sample(2))[1], [4, 1])


def test_a_failure_on_inputs_of_a_new_shape_leaves_nothing_behind(make: Make) -> None:
    net = make("fail").load(NET)
    for size in (1, 2):
        net(sample(size))
    with pytest.raises(BackendFailed, match="fell off the bus"):
        net(sample(3))
    np.testing.assert_array_equal(net(sample(3))[0], sample(3) + 1)


def test_a_factory_that_does_not_exist_is_a_backend_failure(make: Make) -> None:
    remote = Remote("models.runtime.nothing:Here", name="fake")
    with pytest.raises(BackendFailed, match="No module named"):
        remote.start()
    remote.close()


def test_what_the_child_writes_reaches_nobody(make: Make, capfd: pytest.CaptureFixture[str]) -> None:
    go_through(make("chatter"))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("at", ["start", "run", "close"])
def test_close_ends_a_hanging_child_and_frees_who_waits_for_it(make: Make, at: str) -> None:
    remote = make("hang", at)
    errors: list[FacetError] = []

    def use() -> None:
        try:
            go_through(remote)
        except FacetError as error:
            errors.append(error)

    waiting = threading.Thread(target=use)
    waiting.start()
    while not children() or (at == "close" and waiting.is_alive()):
        time.sleep(0.01)
    time.sleep(0.5 if at == "run" else 0.0)
    began_s = time.monotonic()
    remote.close()
    assert time.monotonic() - began_s < CLOSE_S
    waiting.join(CLOSE_S)
    assert not waiting.is_alive()
    assert children() == []
    assert [type(error) for error in errors] == ([] if at == "close" else [BackendFailed])


def test_close_may_come_at_any_time_and_twice(make: Make) -> None:
    remote = make()
    remote.close()
    remote.close()
    with pytest.raises(BackendFailed, match="was closed"):
        remote.load(NET)
    used = make()
    net = used.load(NET)
    net(sample(2))
    used.close()
    used.close()
    with pytest.raises(BackendFailed, match="was closed"):
        net(sample(2))


def test_an_interrupted_call_is_not_mixed_up_with_the_next(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    remote = make()
    net = remote.load(NET)
    net(sample(2))

    def interrupt(_limit_s: float) -> bool:
        raise KeyboardInterrupt

    assert remote._child is not None
    monkeypatch.setattr(remote._child._pipe, "poll", interrupt, raising=False)
    with pytest.raises(KeyboardInterrupt):
        net(sample(2))
    with pytest.raises(BackendFailed, match="was interrupted"):
        net(sample(2))


def test_one_that_is_forgotten_ends_its_child(make: Make) -> None:
    remote = Remote(FACTORY, name="fake")
    remote.start()
    assert len(children()) == 1
    del remote
    gc.collect()
    assert children() == []


USER = """
import os, sys, threading, time
from pathlib import Path
import numpy as np
from models.runtime.remote import Remote

print("begins", flush=True)
remote = Remote("{factory}", ("{what}", "run"), name="fake")
net = remote.load(Path("net"))
net(np.zeros(3, np.float32))
net(np.zeros(3, np.float32))
print(remote._child._process.pid, flush=True)
{then}
"""


def run_user(tmp_path: Path, what: str, then: str) -> "subprocess.Popen[str]":
    """A program without a guard around its main part, as a file: what multiprocessing would import again."""
    script = tmp_path / "user.py"
    script.write_text(USER.format(factory=FACTORY, what=what, then=textwrap.dedent(then)))
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[3])}
    command = [sys.executable, "-W", "error", str(script)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=environment, text=True, stdout=pipe, stderr=pipe)


@pytest.mark.parametrize("then", ["remote.close()", "", "os._exit(0)", "raise SystemExit(0)"])
def test_a_program_that_ends_leaves_nothing_and_main_runs_once(tmp_path: Path, then: str) -> None:
    before = shared_memory_files()
    with run_user(tmp_path, "", then) as user:
        output, errors = user.communicate(timeout=LONG_S)
    begins, pid = output.split()
    assert (user.returncode, begins, errors) == (0, "begins", "")
    assert_gone(int(pid))
    assert shared_memory_files() <= before


@pytest.mark.parametrize("what", ["", "hang"])
def test_a_child_ends_with_a_parent_that_is_killed(tmp_path: Path, what: str) -> None:
    before = shared_memory_files()
    call = "net(np.zeros(3, np.float32)); time.sleep(60)"
    with run_user(tmp_path, what, call) as user:
        assert user.stdout is not None
        lines = [user.stdout.readline() for _ in range(2)]
        time.sleep(0.3)
        user.kill()
        _, errors = user.communicate(timeout=LONG_S)
    assert errors == ""
    assert_gone(int(lines[1]))
    assert shared_memory_files() <= before


def assert_gone(pid: int) -> None:
    until_s = time.monotonic() + 5
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < until_s, "the child outlived its parent"
        time.sleep(0.02)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
def test_the_child_ignores_the_interrupt_that_its_parent_gets(make: Make) -> None:
    remote = make()
    net = remote.load(NET)
    assert remote._child is not None
    os.kill(remote._child._process.pid, signal.SIGINT)
    time.sleep(0.1)
    np.testing.assert_array_equal(net(sample(2))[0], sample(2) + 1)


def test_the_childs_loop_answers_in_order_and_tells_what_is_wrong() -> None:
    """In this process, with a pipe whose far end is already filled and closed."""
    ours, theirs = Pipe()
    ours.send(Run(7))
    ours.send("nonsense")
    answers: list[object] = []
    listener = threading.Thread(target=lambda: answers.extend(ours.recv() for _ in range(2)))
    listener.start()
    server = threading.Thread(target=serve, args=(theirs,))
    server.start()
    listener.join()
    ours.close()
    server.join()
    theirs.close()
    assert answers == [
        Failed("the backend failed: KeyError: 7", is_unavailable=False),
        Failed("the backend failed: TypeError: not a request: 'nonsense'", is_unavailable=False),
    ]
    assert Done() not in answers


def test_blocks_are_shared() -> None:
    block = Block([(2, 3), (), (5,)])
    other = Block(block.place.shapes, block.place.name)
    block.forget_name()
    for array in block.arrays:
        array[...] = 7
    assert [array.shape for array in other.arrays] == [(2, 3), (), (5,)]
    assert all(np.all(array == 7) for array in other.arrays)
    other.close()
    block.close()


def test_torch_in_a_process_of_its_own_is_never_imported_here() -> None:
    require_torch()
    code = """
import sys
import numpy as np
from models.networks import network_path
from models.runtime.remote import torch_remote
remote = torch_remote("cpu")
net = remote.load(network_path("yunet"), outputs=("level_8",))
print(net(np.zeros((1, 160, 256, 3), np.float32))[0].shape, remote.device_name)
remote.close()
assert "torch" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("(1, 20, 32, 16) CPU\n", "")


def test_torch_gives_the_same_from_its_process() -> None:
    require_torch()
    picture = np.random.default_rng(3).uniform(0, 255, (1, 160, 256, 3)).astype(np.float32)
    wanted = LiteRtCpu(1).load(network_path("yunet"))(picture)
    remote = torch_remote("cpu")
    try:
        net = remote.load(network_path("yunet"))
        for found, level in zip(net(picture), wanted, strict=True):
            np.testing.assert_allclose(found, level, rtol=1e-4, atol=1e-3)
        with pytest.raises(ModelUnavailable, match="no result called nothing"):
            remote.load(network_path("yunet"), outputs=("nothing",))
    finally:
        remote.close()
