"""What is not imported by the time the first processed frame has been painted: each of these costs a start-up."""

import os
import subprocess
import sys
from pathlib import Path

FORBIDDEN = ("numba", "scipy", "skimage", "torch", "wgpu", "mediapipe", "matplotlib", "onnx", "hatchling")
UNTIL_ASKED_FOR = ("torch", "wgpu")
"""Automatic choice included: that tries them in a process of its own."""

CODE = """
import sys, time
from app.config import load_preset
from app.live import live_session
from app.window_main import WindowRun

settings = load_preset("everything")
run = WindowRun(live_session(settings), "demo", settings)
run.window.start()
until_s = time.monotonic() + 60
while run.session.stats().capture_to_paint is None and time.monotonic() < until_s:
    run.application.processEvents()
    time.sleep(0.005)
stats = run.session.stats()
print("\\n".join(sys.modules))
until_s = time.monotonic() + 1
while time.monotonic() < until_s:
    run.application.processEvents()
    time.sleep(0.005)
print("later\\n" + "\\n".join(sys.modules))
run.window.close()
run.session.stop()
assert stats.capture_to_paint is not None, "no frame was painted"
assert "effect.privacy" in stats.stages, stats.stages.keys()
"""


def test_the_window_shows_its_first_frame_without_the_slow_modules(tmp_path: Path) -> None:
    environment = os.environ | {
        "QT_QPA_PLATFORM": "offscreen",
        "XDG_CONFIG_HOME": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path),
    }
    done = subprocess.run([sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    first, later = ({line.split(".")[0] for line in part.splitlines()} for part in done.stdout.split("later\n"))
    assert "cv2" in first
    assert first.isdisjoint(FORBIDDEN), first.intersection(FORBIDDEN)
    assert later.isdisjoint(UNTIL_ASKED_FOR), later.intersection(UNTIL_ASKED_FOR)
