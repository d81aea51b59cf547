import sys
import threading
from importlib import metadata

import pytest

from app.checks import computer
from app.checks.finding import Finding, Situation


@pytest.mark.parametrize(("free_mb", "state"), [(8000, "good"), (200, "warning"), (0, "warning")])
def test_memory(free_mb: float, state: str) -> None:
    assert computer.memory(free_mb, 16.0).state == state


def test_what_it_is() -> None:
    findings = {each.title: each for each in computer.examine(Situation(), threading.Event())}
    assert set(findings) == {"Facet", "System", "Processor", "Memory"}
    assert all(each.detail for each in findings.values())


def libraries(missing: str = "") -> dict[str, Finding]:
    def version_of(name: str) -> str:
        if name == missing:
            raise metadata.PackageNotFoundError(name)
        return "1.2"

    return {each.title: each for each in computer.examine_libraries(Situation(), threading.Event(), version_of)}


@pytest.mark.parametrize(
    ("missing", "state"),
    [("", "good"), ("torch", "good"), ("wgpu", "warning"), ("numpy", "bad"), ("ai-edge-litert", "bad")],
)
def test_a_missing_library_comes_with_its_mend(missing: str, state: str) -> None:
    found = libraries(missing)
    assert {"ai-edge-litert", "wgpu", "torch"} <= set(found)
    if missing:
        assert found[missing].state == state
        assert "pip install" in found[missing].mend
    assert {each.state for name, each in found.items() if name != missing} == {"good"}


def test_versions_are_found_without_importing_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    assert list(computer.examine_libraries(Situation(), threading.Event()))
    assert "torch" not in sys.modules
