"""What a machine seems to have, for machines of every kind."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.backends.catalogue import NAMES, Machine, look, offer, offers, spoken, title_of, vulkan_drivers
from app.config import BACKENDS

LAVAPIPE, INTEL = Path("/icd/lvp_icd.x86_64.json"), Path("/icd/intel_icd.x86_64.json")
CARD = (Path("/dev/dri/renderD128"),)
LINUX = Machine(
    "linux", False, frozenset({"wgpu", "torch"}), frozenset({"libvulkan.so.1", "libcuda.so.1"}), (LAVAPIPE, INTEL),
    False, CARD,
)  # fmt: skip
MAC = Machine("darwin", True, frozenset({"wgpu"}), frozenset())
WINDOWS = Machine("win32", False, frozenset({"wgpu"}), frozenset({"nvcuda.dll"}))


def test_the_names_are_the_command_lines() -> None:
    assert NAMES == BACKENDS == tuple(each.name for each in offers(LINUX))


@pytest.mark.parametrize(
    ("machine", "there"),
    [
        (LINUX, {"gpu", "cuda", "torch-cpu"}),
        (replace(LINUX, modules=frozenset({"wgpu"})), {"gpu"}),
        (replace(LINUX, cards=()), {"cuda", "torch-cpu"}),
        (replace(LINUX, cards=(), chosen_driver=True), {"gpu", "cuda", "torch-cpu"}),
        (replace(LINUX, vulkan_drivers=()), {"cuda", "torch-cpu"}),
        (replace(LINUX, libraries=frozenset()), {"torch-cpu"}),
        (replace(LINUX, modules=frozenset()), set()),
        (MAC, {"gpu"}),
        (replace(MAC, modules=frozenset({"wgpu", "torch"})), {"gpu", "mps", "torch-cpu"}),
        (replace(MAC, arm=False, modules=frozenset({"wgpu", "torch"})), {"gpu", "torch-cpu"}),
        (WINDOWS, {"gpu"}),
    ],
)
def test_what_is_there(machine: Machine, there: set[str]) -> None:
    assert {each.name for each in offers(machine) if each.there} == there | {"auto", "cpu"}


def test_what_is_not_there_says_why_and_how_to_add_it() -> None:
    for machine in (LINUX, MAC, WINDOWS, replace(LINUX, libraries=frozenset(), modules=frozenset({"wgpu"}))):
        for each in offers(machine):
            assert bool(each.reason) == (not each.there)
            assert not (each.there and each.mend)
    lacks_torch = offer("cuda", replace(LINUX, modules=frozenset({"wgpu"})))
    assert lacks_torch.reason == "PyTorch is not installed."
    assert "pip install 'facet[torch]'" in lacks_torch.mend
    assert "mesa-vulkan-drivers" in offer("gpu", replace(LINUX, vulkan_drivers=())).mend


@pytest.mark.parametrize(
    ("machine", "fast"),
    [
        (LINUX, True),
        (replace(LINUX, vulkan_drivers=(LAVAPIPE,)), False),
        (replace(LINUX, vulkan_drivers=(Path("/x/vk_swiftshader_icd.json"),)), False),
        (replace(LINUX, cards=()), False),
        (MAC, True),
    ],
)
def test_a_graphics_card_that_the_processor_plays_is_not_worth_a_trial(machine: Machine, fast: bool) -> None:
    assert machine.may_be_fast == fast


def test_drivers_named_in_the_environment_count_alone(tmp_path: Path) -> None:
    driver = tmp_path / "one.json"
    driver.write_text("{}")
    assert vulkan_drivers({"VK_DRIVER_FILES": f"{driver}:{tmp_path / 'gone.json'}"}) == [driver]
    assert vulkan_drivers({"VK_ICD_FILENAMES": str(tmp_path / "gone.json")}) == []


def test_titles() -> None:
    assert title_of("mps") == "Apple Metal"
    assert title_of("cpu+gpu") == "CPU + GPU"
    assert (spoken("gpu"), spoken("cuda")) == ("the GPU", "NVIDIA CUDA")


def test_this_machine_can_be_looked_at() -> None:
    assert offers(look())[1].there
