"""Pictures on a graphics device; a software one will do."""

import gc
import logging
import os
import subprocess
import sys
import textwrap
from typing import Any

import numpy as np
import pytest

from effects.devices.cpu import CpuDevice
from effects.devices.gpu import KEPT_IMAGES, GpuDevice
from effects.devices.gpu_memory import Arena, Pool, bound_size
from effects.devices.gpu_shaders import Shader
from effects.ops.building import built_device, shaders
from models.errors import BackendFailed
from models.types import Frame
from tests.pipeline_fakes import make_frame

ADD = Shader(
    "add",
    "fn each(at: vec2i) { put_picture(at, picture_at(at) + given.more * amount_byte(at.x)); }",
    arrays={"picture": "image rw", "amount": "bytes"},
    numbers=("more",),
)
SAMPLE = Shader(
    "sample",
    "fn each(at: vec2i) { put_picture(at, look_sample(vec2f(given.x, given.y))); }",
    arrays={"picture": "image rw", "look": "image"},
    numbers=("x", "y"),
)
SUM = Shader(
    "sum",
    """fn each(at: vec2i) {
        var total = 0.0;
        for (var place = 0; place < i32(given.count); place++) { total += values[place]; }
        result[at.x] = u32(total);
    }""",
    arrays={"values": "floats", "result": "words rw"},
    numbers=("count",),
    group_wh=(64, 1),
)
COUNT = Shader(
    "count",
    "fn each(at: vec2i) { atomicAdd(&bins[at.x & 1], 1u); }",
    arrays={"bins": "counters"},
)
SHOW = Shader(
    "show",
    "fn each(at: vec2i) { picture[at.x] = words[at.x]; }",
    arrays={"picture": "words rw", "words": "words rw"},
)
LAY = Shader(
    "lay",
    "fn each(at: vec2i) { put_picture(at, textureLoad(drawn, at, 0)); }",
    arrays={"picture": "image rw", "drawn": "texture"},
)
TRIANGLES = """
struct Corner { @builtin(position) place: vec4f, @location(0) is_red: f32 }
@vertex fn corner(@location(0) place: vec3f, @location(1) is_red: f32) -> Corner {
    return Corner(vec4f(place, 1.0), is_red);
}
@fragment fn pixel(corner: Corner) -> @location(0) vec4f {
    return vec4f(1.0 - corner.is_red, 0.0, corner.is_red, 1.0);
}
"""
"""As on the canvas, the first channel is blue."""
BLUE_CORNERS = np.array([[-1, -3, 0.8, 0], [-1, 1, 0.8, 0], [3, 1, 0.8, 0]], np.float32)
"""Over everything, far away."""
RED_CORNERS = np.array([[0, 9, 0.2, 1], [0, -9, 0.2, 1], [-30, 0, 0.2, 1]], np.float32)
"""Over the left half, in front."""
BROKEN = Shader("broken", "fn each(at: vec2i) { nonsense(); }", arrays={"picture": "image rw"})


def black(size_wh: tuple[int, int] = (8, 4)) -> Frame:
    return Frame(0, 0.0, 0, np.zeros((size_wh[1], size_wh[0], 3), np.uint8))


@pytest.mark.parametrize("size_wh", [(1, 1), (2, 1), (7, 5), (641, 359), (1280, 720), (4100, 3)])
def test_up_and_down_changes_nothing(gpu: GpuDevice, size_wh: tuple[int, int]) -> None:
    frame = make_frame(size_wh=size_wh)
    image = gpu.upload(frame)
    assert image.size_wh == size_wh
    bgra = gpu.download(image)
    assert np.array_equal(bgra[..., :3], frame.pixels)
    assert (bgra[..., 3] == 255).all()
    assert bgra.flags.writeable
    assert not np.shares_memory(bgra, gpu.download(image))


def test_pictures_do_not_disturb_one_another(gpu: GpuDevice) -> None:
    frames = [make_frame(seed=seed) for seed in range(3)]
    images = [gpu.upload(frame) for frame in frames]
    gpu.run(ADD, (0, 0, 640, 360), {"more": 1.0}, picture=images[1], amount=np.full(640, 255, np.uint8))
    assert np.array_equal(gpu.download(images[2])[..., :3], frames[2].pixels)
    assert np.array_equal(gpu.download(images[0])[..., :3], frames[0].pixels)
    assert (gpu.download(images[1]) == 255).all()


@pytest.mark.parametrize("channels", [1, 4])
def test_kept_images_are_uploaded_once(gpu: GpuDevice, channels: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, channels)).astype(np.uint8)
    before = pixels.copy()
    image = gpu.keep(("once", channels), pixels)
    pixels[:] = 9
    assert gpu.keep(("once", channels), pixels) is image
    assert np.array_equal(gpu.download(image), before)


def test_the_least_recently_used_goes(gpu: GpuDevice) -> None:
    pixels = np.zeros((1, 1, 4), np.uint8)
    first, second = gpu.keep("first", pixels), gpu.keep("second", pixels)
    for number in range(KEPT_IMAGES - 1):
        gpu.keep("first", pixels)
        gpu.keep(number, pixels)
    assert gpu.keep("first", pixels) is first
    assert gpu.keep("second", pixels) is not second


def test_a_shader_draws_in_its_rectangle_only(gpu: GpuDevice) -> None:
    image = gpu.upload(black())
    amount = np.array([0, 0, 255, 128, 0, 0, 0, 0], np.uint8)
    gpu.run(ADD, (1, 1, 3, 2), {"more": 0.5}, picture=image, amount=amount)
    gpu.run(ADD, (3, 3, 0, 1), {"more": 1.0}, picture=image, amount=amount)
    expected = np.zeros((4, 8), np.uint8)
    expected[1:3, 2], expected[1:3, 3] = 128, 64
    assert np.array_equal(gpu.download(image)[..., 0], expected)


def test_many_arrays_of_all_sizes_in_one_frame(gpu: GpuDevice) -> None:
    """More than the arena holds at first, so that it is sent in between and grows."""
    image = gpu.upload(black((256, 1)))
    for size in (1, 300, 70_000, 900_000, 3_000_000, 5):
        amount = np.zeros(max(size, 256), np.uint8)
        amount[:4] = 10
        gpu.run(ADD, (0, 0, 4, 1), {"more": 1.0}, picture=image, amount=amount)
    picture = gpu.download(image)
    assert (picture[0, :4, 0] == 60).all()
    assert (picture[0, 4:, 0] == 0).all()


@pytest.mark.parametrize(
    ("x", "y", "expected"), [(0.5, 0.5, 0), (1.0, 0.5, 50), (1.5, 1.0, 150), (-9.0, 9.0, 200), (9.0, 9.0, 200)]
)
def test_sampling_is_bilinear_and_repeats_the_edge(gpu: GpuDevice, x: float, y: float, expected: int) -> None:
    look = np.repeat(np.array([[0, 100], [200, 200]], np.uint8)[..., None], 4, axis=2)
    for given in (look, gpu.keep("look", look)):
        image = gpu.upload(black())
        gpu.run(SAMPLE, (0, 0, 1, 1), {"x": x, "y": y}, picture=image, look=given)
        assert gpu.download(image)[0, 0, 0] == expected


def test_scratch_memory_carries_results_on(gpu: GpuDevice) -> None:
    image, words = gpu.upload(black((64, 1))), gpu.scratch("test", (64, 1))
    values = np.arange(1000, dtype=np.float32)
    gpu.run(SUM, (0, 0, 64, 1), {"count": 1000.0}, values=values, result=words)
    gpu.run(SHOW, (0, 0, 64, 1), picture=image, words=words)
    assert (gpu.download(image).view(np.uint32) == 499_500).all()


def test_scratch_memory_is_cleared_and_counted_in(gpu: GpuDevice) -> None:
    image = gpu.upload(black((2, 1)))
    for size_wh in ((2, 1), (300, 300), (2, 1)):
        bins = gpu.scratch("bins", size_wh, clear=True)
        gpu.run(COUNT, (0, 0, 31, 10), bins=bins)
    gpu.run(SHOW, (0, 0, 2, 1), picture=image, words=bins)
    assert gpu.download(image).view(np.uint32).ravel().tolist() == [160, 150]


def test_triangles_with_depth_are_laid_over_the_picture(gpu: GpuDevice) -> None:
    """What an operation that rasterises does: a near red and a far blue triangle, drawn in either order."""
    for corners in ((RED_CORNERS, BLUE_CORNERS), (BLUE_CORNERS, RED_CORNERS)):
        image = gpu.upload(black())
        colour = gpu.target("colour", image.size_wh)
        depth = gpu.target("depth", image.size_wh, "depth32float")
        assert gpu.target("colour", image.size_wh) is colour
        vertices = gpu.handle.create_buffer_with_data(data=np.concatenate(corners), usage="VERTEX")
        drawing = gpu.encoder().begin_render_pass(
            color_attachments=[
                {"view": colour.view, "load_op": "clear", "store_op": "store", "clear_value": (0, 0, 0, 0)}
            ],
            depth_stencil_attachment={
                "view": depth.view, "depth_load_op": "clear", "depth_store_op": "store", "depth_clear_value": 1.0
            },
        )  # fmt: skip
        drawing.set_pipeline(triangle_pipeline(gpu))
        drawing.set_vertex_buffer(0, vertices)
        drawing.draw(6)
        drawing.end()
        gpu.run(LAY, (0, 0, *image.size_wh), picture=image, drawn=colour)
        picture = gpu.download(image)[..., :3]
        assert (picture[:, :4] == (0, 0, 255)).all()
        assert (picture[:, 5:] == (255, 0, 0)).all()


def triangle_pipeline(gpu: GpuDevice) -> Any:
    module = gpu.handle.create_shader_module(code=TRIANGLES)
    attributes = [
        {"format": "float32x3", "offset": 0, "shader_location": 0},
        {"format": "float32", "offset": 12, "shader_location": 1},
    ]
    return gpu.handle.create_render_pipeline(
        layout="auto",
        vertex={"module": module, "entry_point": "corner", "buffers": [{"array_stride": 16, "attributes": attributes}]},
        fragment={"module": module, "entry_point": "pixel", "targets": [{"format": "rgba8unorm"}]},
        depth_stencil={"format": "depth32float", "depth_write_enabled": True, "depth_compare": "less"},
    )


def test_memory_is_used_again(gpu: GpuDevice) -> None:
    frame = make_frame()
    gpu.download(gpu.upload(frame))
    gc.collect()
    first = gpu.upload(frame)
    buffer = first.buffer
    del first
    buffers = set()
    for _ in range(20):
        image = gpu.upload(frame)
        buffers.add(id(image.buffer))
        del image
    assert id(buffer) in buffers
    assert len(buffers) <= 4


def test_pictures_in_rings_of_garbage_give_their_memory_back_whole(gpu: GpuDevice) -> None:
    """As when an error's traceback holds them."""
    frame = make_frame()
    for _ in range(3):
        ring: list[Any] = [gpu.upload(frame)]
        ring.append(ring)
        del ring
        gc.collect()
        assert np.array_equal(gpu.download(gpu.upload(frame))[..., :3], frame.pixels)


def test_it_says_what_it_is(gpu: GpuDevice) -> None:
    assert gpu.name == "gpu"
    assert any(interface in gpu.description for interface in ("Vulkan", "Metal", "Direct3D 12"))
    assert ("(software)" in gpu.description) == gpu.is_software


def test_every_shader_of_the_operations_is_built_ahead(gpu_canvas: None) -> None:
    assert {"blend colour", "thin line ink", "mosaic laying of squares"} <= {shader.name for shader in shaders()}
    built_device().close()


def test_a_shader_that_is_wrong_is_named(gpu: GpuDevice, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(BackendFailed, match="'broken'.*nonsense"):
        gpu.run(BROKEN, (0, 0, 1, 1), picture=gpu.upload(black()))
    assert not caplog.records
    frame = make_frame()
    assert np.array_equal(gpu.download(gpu.upload(frame))[..., :3], frame.pixels)


def test_a_frame_that_failed_does_not_spoil_the_next(gpu: GpuDevice) -> None:
    image, other, frame = gpu.upload(black()), gpu.upload(black()), make_frame()
    gpu.encoder().copy_buffer_to_buffer(image.buffer, 0, other.buffer, 0, 1 << 30)
    with pytest.raises(BackendFailed, match="failed while"):
        gpu.download(image)
    assert np.array_equal(gpu.download(gpu.upload(frame))[..., :3], frame.pixels)


def test_too_large_a_picture_is_an_error_and_no_end(gpu: GpuDevice) -> None:
    class Huge:
        size_wh = (1 << 20, 1 << 20)
        pixels = np.zeros((1, 1, 3), np.uint8)

    with pytest.raises(BackendFailed, match="CPU backend"):
        gpu.upload(Huge())  # type: ignore[arg-type]
    frame = make_frame()
    assert np.array_equal(gpu.download(gpu.upload(frame))[..., :3], frame.pixels)


def test_another_devices_picture_is_refused(gpu: GpuDevice) -> None:
    with pytest.raises(BackendFailed, match="another device"):
        gpu.download(CpuDevice().upload(black()))
    with pytest.raises(BackendFailed, match="another device"):
        CpuDevice().download(gpu.upload(black()))


def test_after_close_it_refuses(gpu_canvas: None, capfd: pytest.CaptureFixture[str]) -> None:
    device = GpuDevice()
    image, frame = device.upload(black()), black()
    device.close()
    device.close()
    pixels = np.zeros((1, 1, 4), np.uint8)
    for use in (lambda: device.download(image), lambda: device.upload(frame), lambda: device.keep("key", pixels)):
        with pytest.raises(BackendFailed, match="closed"):
            use()
    assert "LOST" not in capfd.readouterr().err


@pytest.mark.parametrize("when", ["before the frame", "amid the frame", "before the download"])
def test_a_lost_device_is_a_plain_error(gpu_canvas: None, when: str, capfd: pytest.CaptureFixture[str]) -> None:
    device = GpuDevice()
    frame = black()

    def draw() -> None:
        if when == "before the frame":
            device.handle.destroy()
        image = device.upload(frame)
        if when == "amid the frame":
            device.handle.destroy()
        device.run(ADD, (0, 0, 8, 4), {"more": 1.0}, picture=image, amount=np.zeros(8, np.uint8))
        if when == "before the download":
            device.handle.destroy()
        device.download(image)

    device.download(device.upload(frame))
    for _ in range(2):
        with pytest.raises(BackendFailed, match="lost"):
            draw()
    device.close()
    assert "LOST" not in capfd.readouterr().err


def run_python(code: str, **environment: str) -> str:
    """Another process, because drivers are found once per process."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="the variable is read by Vulkan's loader on Linux")
def test_no_driver_is_a_plain_error() -> None:
    told = run_python(
        """
        from effects.devices.gpu import GpuDevice
        from models.errors import BackendFailed
        try:
            GpuDevice()
        except BackendFailed as error:
            print(error)
        """,
        VK_DRIVER_FILES="/nowhere.json",
    )
    assert "No graphics device was found" in told
    assert "Install or update the graphics driver" in told


def test_a_missing_library_is_a_plain_error() -> None:
    told = run_python(
        """
        import sys
        sys.modules["wgpu"] = None
        from effects.devices.gpu import GpuDevice
        from models.errors import BackendFailed
        try:
            GpuDevice()
        except BackendFailed as error:
            print(error)
        """
    )
    assert "wgpu, cannot be loaded" in told


def test_wgpu_is_imported_with_the_first_device_only() -> None:
    told = run_python(
        """
        import sys
        import effects.ops.building, effects.ops.mosaic, effects.ops.lines, effects.devices.gpu
        print("wgpu" in sys.modules)
        """
    )
    assert told == "False\n"


def test_the_arena_places_pieces_apart() -> None:
    made: list[int] = []

    def make(size: int) -> int:
        made.append(size)
        return size

    arena = Arena(make)
    sizes = [3, 256, 1000]
    assert not arena.fits(sizes)
    arena.renew(sizes)
    assert arena.fits(sizes)
    placed = [arena.place(np.full(size, size % 251, np.uint8)) for size in sizes]
    assert placed == [(0, 256), (256, 256), (512, 1024)]
    data = arena.take()
    assert data.size == 512 + 1024
    for size, (offset, _bound) in zip(sizes, placed, strict=True):
        assert (data[offset : offset + size] == size % 251).all()
    assert arena.take().size == 0
    arena.renew([made[0]])
    assert made[1] >= 2 * made[0]


@pytest.mark.parametrize(("size", "bound"), [(1, 256), (256, 256), (257, 512), (100_000, 131_072)])
def test_pieces_are_bound_in_powers_of_two(size: int, bound: int) -> None:
    assert bound_size(size) == bound


def test_the_pool_keeps_a_few_buffers() -> None:
    made: list[int] = []
    forgotten: list[None] = []

    def make(size: int) -> int:
        made.append(size)
        return len(made)

    pool = Pool(make, lambda: forgotten.append(None))
    leases = [pool.take(100_000) for _ in range(5)]
    assert made == [131_072] * 5
    for lease in leases:
        pool.give(lease)
    assert len(forgotten) == 1
    assert pool.take(120_000) == leases[1]
    assert pool.take(140_000)[1] == 6
    pool.clear()
    pool.give(leases[1])
    assert pool.take(120_000)[1] == 7
