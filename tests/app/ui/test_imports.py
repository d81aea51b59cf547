"""The window may not pull in pixel libraries or networks: they would delay the first picture."""

import subprocess
import sys

_FORBIDDEN = ("cv2", "numba", "torch", "wgpu", "av", "ai_edge_litert", "scipy", "skimage", "mediapipe", "qtawesome")
_FORBIDDEN_OWN = ("models.runtime", "models.shared", "models.detector", "effects.ops", "effects.library", "app.config")


def test_the_window_imports_nothing_heavy() -> None:
    script = (
        "import sys, pkgutil, importlib, app.ui\n"
        "for module in pkgutil.iter_modules(app.ui.__path__): importlib.import_module(f'app.ui.{module.name}')\n"
        "print('\\n'.join(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    loaded = done.stdout.split()
    assert "app.ui.window" in loaded
    assert "PySide6.QtWidgets" in loaded
    for name in (*_FORBIDDEN, *_FORBIDDEN_OWN):
        assert not [module for module in loaded if module == name or module.startswith(f"{name}.")], name
