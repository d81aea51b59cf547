import cv2
import numpy as np
import pytest

from app.sources import cv_camera, v4l2
from app.sources.base import BadInput
from app.sources.capture import Over, Shot
from app.sources.cv_camera import CvCamera
from app.sources.tuning import Tuning
from models.types import U8

_MJPG = float(cv2.VideoWriter.fourcc(*"MJPG"))
_YUYV = float(cv2.VideoWriter.fourcc(*"YUYV"))


class FakeVideoCapture:
    """cv2.VideoCapture with a table of properties; a property that is not in it cannot be set."""

    def __init__(self, opened: bool = True, picture: U8 | None = None, **properties: float) -> None:
        self.opened = opened
        self.picture = np.full((720, 1280, 3), 7, np.uint8) if picture is None else picture
        self.grabs = True
        self.retrieves = True
        self.released = False
        self.asked: list[tuple[int, float]] = []
        self.values = {
            cv2.CAP_PROP_FOURCC: _MJPG,
            cv2.CAP_PROP_FPS: 30.0,
            cv2.CAP_PROP_FRAME_WIDTH: 0.0,
            cv2.CAP_PROP_FRAME_HEIGHT: 0.0,
            cv2.CAP_PROP_BUFFERSIZE: 4.0,
        } | {getattr(cv2, name): value for name, value in properties.items()}
        self.fixed = {cv2.CAP_PROP_FOURCC, cv2.CAP_PROP_FPS}

    def isOpened(self) -> bool:  # noqa: N802
        return self.opened

    def get(self, prop: int, /) -> float:
        return self.values.get(prop, -1.0)

    def set(self, prop: int, value: float, /) -> bool:
        self.asked.append((prop, value))
        if prop in self.values and prop not in self.fixed:
            self.values[prop] = value
        return prop in self.values

    def grab(self) -> bool:
        return self.grabs

    def retrieve(self) -> tuple[bool, U8 | None]:
        return self.retrieves, self.picture if self.retrieves else None

    def release(self) -> None:
        self.released = True


def _open(fake: FakeVideoCapture, platform: str = "linux") -> CvCamera:
    return CvCamera(0, (1280, 720), 30.0, lambda _index, _backend: fake, platform)


@pytest.fixture(autouse=True)
def no_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv_camera, "list_cameras", lambda: ())


@pytest.mark.parametrize(
    ("platform", "backend"),
    [
        ("linux", cv2.CAP_V4L2),
        ("win32", cv2.CAP_DSHOW),
        ("darwin", cv2.CAP_AVFOUNDATION),
        ("freebsd", cv2.CAP_ANY),
    ],
)
def test_uses_the_systems_own_backend(platform: str, backend: int) -> None:
    made: list[tuple[int, int]] = []

    def make(index: int, number: int) -> FakeVideoCapture:
        made.append((index, number))
        return FakeVideoCapture()

    CvCamera(3, (640, 480), 25.0, make, platform)
    assert made == [(3, backend)]


def test_asks_for_the_pixel_format_first_and_one_buffer() -> None:
    fake = FakeVideoCapture()
    opened = _open(fake).opened
    assert fake.asked[:5] == [
        (cv2.CAP_PROP_FOURCC, _MJPG),
        (cv2.CAP_PROP_FRAME_WIDTH, 1280.0),
        (cv2.CAP_PROP_FRAME_HEIGHT, 720.0),
        (cv2.CAP_PROP_FPS, 30.0),
        (cv2.CAP_PROP_BUFFERSIZE, 1.0),
    ]
    assert (opened.size_wh, opened.fps, opened.pixel_format, opened.hints) == ((1280, 720), 30.0, "MJPG", ())


def test_tells_what_was_agreed_on_instead() -> None:
    fake = FakeVideoCapture(picture=np.zeros((480, 640, 3), np.uint8), CAP_PROP_FOURCC=_YUYV, CAP_PROP_FPS=10.0)
    opened = _open(fake).opened
    assert (opened.size_wh, opened.fps, opened.pixel_format) == ((640, 480), 10.0, "YUYV")
    assert any("640x480 instead of 1280x720" in hint for hint in opened.hints)
    assert any("YUYV instead of MJPG" in hint for hint in opened.hints)


@pytest.mark.parametrize(("fourcc", "fps"), [(0.0, 0.0), (-1.0, -1.0), (4e10, 1e6), (float(0xFFFFFFFF), 0.0)])
def test_lives_with_nonsense_from_the_driver(fourcc: float, fps: float) -> None:
    opened = _open(FakeVideoCapture(CAP_PROP_FOURCC=fourcc, CAP_PROP_FPS=fps)).opened
    assert (opened.pixel_format, opened.fps) == ("", 30.0)


def test_writes_frames_with_the_stamp_of_the_grab() -> None:
    fake = FakeVideoCapture()
    camera = _open(fake)
    out = np.zeros((720, 1280, 3), np.uint8)
    shot = camera.take(out)
    assert isinstance(shot, Shot)
    assert shot.grabbed_ns > 0
    assert shot.decode_ms >= 0
    assert shot.t_s is None
    assert out.min() == out.max() == 7


@pytest.mark.parametrize("shape", [(720, 1280), (720, 1280, 1), (360, 640, 3)])
def test_grey_or_resized_frames_are_made_to_fit(shape: tuple[int, ...]) -> None:
    fake = FakeVideoCapture()
    camera = _open(fake)
    fake.picture = np.full(shape, 9, np.uint8)
    out = np.zeros((720, 1280, 3), np.uint8)
    assert isinstance(camera.take(out), Shot)
    assert out.min() == out.max() == 9


@pytest.mark.parametrize("what", ["grabs", "retrieves"])
def test_a_failed_frame_means_lost(what: str) -> None:
    fake = FakeVideoCapture()
    camera = _open(fake)
    setattr(fake, what, False)
    assert camera.take(np.zeros((720, 1280, 3), np.uint8)) == Over(lost=True)
    camera.close()
    assert fake.released


def test_a_camera_that_does_not_open_is_bad_input() -> None:
    with pytest.raises(BadInput):
        _open(FakeVideoCapture(opened=False))


@pytest.mark.parametrize("what", ["grabs", "retrieves"])
def test_a_camera_that_opens_but_gives_nothing_is_bad_input_and_let_go(what: str) -> None:
    fake = FakeVideoCapture()
    setattr(fake, what, False)
    with pytest.raises(BadInput):
        _open(fake)
    assert fake.released


def test_offers_only_what_the_camera_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _open(FakeVideoCapture()).opened.offers == frozenset()
    monkeypatch.setattr(v4l2, "offers_mains", lambda _index: True)
    fake = FakeVideoCapture(CAP_PROP_AUTO_EXPOSURE=3.0, CAP_PROP_AUTO_WB=1.0)
    assert _open(fake).opened.offers == {"exposure", "white_balance", "mains"}


def test_locks_at_the_present_value_and_gives_back(monkeypatch: pytest.MonkeyPatch) -> None:
    mains: list[tuple[int, int]] = []
    monkeypatch.setattr(v4l2, "offers_mains", lambda _index: True)
    monkeypatch.setattr(v4l2, "set_mains", lambda index, hz: mains.append((index, hz)))
    fake = FakeVideoCapture(
        CAP_PROP_AUTO_EXPOSURE=3.0, CAP_PROP_EXPOSURE=156.0, CAP_PROP_AUTO_WB=1.0, CAP_PROP_WB_TEMPERATURE=4600.0
    )
    camera = _open(fake)
    fake.asked.clear()
    camera.tune(Tuning(lock_exposure=True, lock_white_balance=True, mains_hz=50))
    assert fake.asked == [
        (cv2.CAP_PROP_AUTO_EXPOSURE, 1.0),
        (cv2.CAP_PROP_EXPOSURE, 156.0),
        (cv2.CAP_PROP_AUTO_WB, 0.0),
        (cv2.CAP_PROP_WB_TEMPERATURE, 4600.0),
    ]
    fake.asked.clear()
    camera.tune(Tuning())
    assert fake.asked == [(cv2.CAP_PROP_AUTO_EXPOSURE, 3.0), (cv2.CAP_PROP_AUTO_WB, 1.0)]
    assert mains == [(0, 50), (0, 0)]


def test_tuning_passes_over_what_is_not_offered() -> None:
    fake = FakeVideoCapture()
    camera = _open(fake)
    fake.asked.clear()
    camera.tune(Tuning(lock_exposure=True, lock_white_balance=True, mains_hz=60))
    assert fake.asked == []
