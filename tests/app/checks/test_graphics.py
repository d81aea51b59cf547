import threading
from pathlib import Path

import pytest

from app.backends.catalogue import Machine, offer
from app.checks import graphics, isolated
from app.checks.finding import Finding, Situation

BARE = Machine("linux", False, frozenset({"wgpu"}), frozenset())
CARD = Machine(
    "linux",
    False,
    frozenset({"wgpu"}),
    frozenset({"libvulkan.so.1"}),
    (Path("/x/intel_icd.json"),),
    cards=(Path("/dev/dri/renderD128"),),
)
SOFTWARE = Machine(
    "linux", False, frozenset({"wgpu"}), frozenset({"libvulkan.so.1"}), (Path("/x/lvp_icd.json"),), chosen_driver=True
)
NVIDIA = Machine("linux", False, frozenset({"wgpu"}), frozenset({"libcuda.so.1"}))


def seen(machine: Machine, cards: tuple[str, ...] = ()) -> list[Finding]:
    return list(graphics.seen(machine, offer("gpu", machine), offer("cuda", machine), cards))


def test_no_graphics_card_is_a_warning_with_a_mend() -> None:
    for machine in (BARE, Machine("linux", False, frozenset(), frozenset())):
        (finding,) = seen(machine)
        assert (finding.state, finding.title) == ("warning", "Graphics card")
        assert finding.detail
        assert finding.mend


def test_a_card_without_its_driver_is_named() -> None:
    (finding,) = seen(BARE, ("NVIDIA (nouveau)",))
    assert "NVIDIA (nouveau)" in finding.detail
    assert "apt install" in finding.mend


def test_a_card_is_good_and_a_driver_that_plays_one_is_not() -> None:
    assert seen(CARD, ("Intel (i915)",)) == [Finding("good", "Graphics card", "Intel (i915)")]
    (finding,) = seen(SOFTWARE)
    assert finding.state == "warning"


def test_cuda_is_offered_where_only_torch_is_missing() -> None:
    finding = seen(NVIDIA)[-1]
    assert (finding.state, finding.title) == ("good", "NVIDIA CUDA")
    assert "facet[torch]" in finding.mend


def test_the_kernel_knows_who_made_a_card(tmp_path: Path) -> None:
    assert graphics.makers(tmp_path / "none") == ()
    for number, vendor in (("card0", "0x8086"), ("card1", "0x10de"), ("card2", "0x8086"), ("card3", "0x4242")):
        device = tmp_path / number / "device"
        device.mkdir(parents=True)
        (device / "vendor").write_text(f"{vendor}\n")
        driver = tmp_path / "drivers" / ("i915" if vendor == "0x8086" else "nvidia")
        driver.mkdir(parents=True, exist_ok=True)
        if vendor != "0x4242":
            (device / "driver").symlink_to(driver)
    (tmp_path / "card0-HDMI-A-1").mkdir()
    assert graphics.makers(tmp_path) == ("Intel (i915)", "NVIDIA (nvidia)", "0x4242 (no kernel driver)")


@pytest.fixture
def broken_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    here = "tests.app.checks.breaking"
    trials = (("gpu", "Picture on the GPU", f"{here}:crash"), ("gpu", "Networks on the GPU", f"{here}:hang"))
    monkeypatch.setattr(graphics, "_TRIALS", trials)
    monkeypatch.setattr(graphics, "LIMIT_S", 2.0)
    monkeypatch.setattr(graphics, "_SOFTWARE_LIMIT_S", 2.0)


@pytest.mark.usefixtures("broken_trials")
def test_drivers_that_crash_and_hang_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphics, "look", lambda: CARD)
    found = {each.title: each for each in graphics.examine(Situation(), threading.Event())}
    assert found["Picture on the GPU"].state == "bad"
    assert "SIGSEGV" in found["Picture on the GPU"].detail
    assert found["Networks on the GPU"].state == "bad"
    assert "2 s" in found["Networks on the GPU"].detail


@pytest.mark.usefixtures("broken_trials")
def test_a_software_driver_that_is_not_ready_in_time_is_slow_not_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphics, "look", lambda: SOFTWARE)
    found = {each.title: each for each in graphics.examine(Situation(), threading.Event())}
    assert found["Networks on the GPU"].state == "warning"
    assert "slow" in found["Networks on the GPU"].detail


def test_what_is_in_use_and_what_failed_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphics, "look", lambda: BARE)
    situation = Situation(running="CPU, Toy", failed=(("GPU", "The device was lost."),))
    now, failed, *_rest = graphics.examine(situation, threading.Event())
    assert now == Finding("good", "In use now", "CPU, Toy")
    assert (failed.state, failed.title) == ("warning", "GPU")
    assert "The device was lost." in failed.detail


def test_without_a_card_no_process_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_arguments: object, **_more: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(graphics, "look", lambda: BARE)
    monkeypatch.setattr(isolated.subprocess, "Popen", never)
    assert [each.title for each in graphics.examine(Situation(), threading.Event())] == ["Graphics card"]
