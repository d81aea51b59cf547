"""Pictures on the graphics device, any vendor's, through wgpu; nothing of wgpu is imported before a device is made.

A frame goes up once, the operations are recorded as compute shaders, and everything runs when the picture is asked
for: one transfer up for all small geometry, one submission, one transfer down. Nothing is read back in between;
statistics come from `Canvas.source` on the CPU.

An operation draws with `GpuDevice.run`, a `Shader` (see `effects.devices.gpu_shaders`) and what it is given:

    device.run(_TINT, (x0, y0, width, height), {"share": 0.5}, picture=canvas.image, alpha=mask_bytes)

Numpy arrays go up with the frame; `GpuImage`s and `Scratch` memory are already there. Calls take effect in their
order. Buffers, pipelines and bindings are kept from frame to frame.

For what a compute shader cannot do, such as triangles with depth, `encoder()` gives the command encoder and `handle`
wgpu's device: a render pass draws into a `target`, whose texture a shader then lays over the picture. A render pass
may read a picture as the storage buffer `GpuImage.buffer`.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from effects.canvas import Image
from effects.devices.gpu_memory import ALIGNMENT, Arena, Pool
from effects.devices.gpu_shaders import MAX_GIVEN, Shader
from models.errors import BackendFailed
from models.types import U8, Frame

KEPT_IMAGES = 64
_MOST_GROUPS = 512

Area = tuple[int, int, int, int]
"""x0, y0, width, height."""

_ROW = 1024
_UNPACK = Shader(
    "unpack",
    """
    fn store(pixel: i32, colour: u32) {
        if (pixel < given.picture_width * given.picture_height) {
            picture[pixel] = colour | 0xff000000u;
        }
    }
    fn each(at: vec2i) {
        let four = at.y * given.width + at.x;
        let a = source[four * 3];
        let b = source[four * 3 + 1];
        let c = source[four * 3 + 2];
        store(four * 4, a);
        store(four * 4 + 1, (a >> 24) | (b << 8));
        store(four * 4 + 2, (b >> 16) | (c << 16));
        store(four * 4 + 3, c >> 8);
    }
    """,
    arrays={"source": "bytes", "picture": "image rw"},
)
"""Four pixels a thread: three words become four."""


class GpuImage:
    """A picture in the device's memory; the memory is used again when nothing refers to it any more.

    Four channels are words of blue, green, red, alpha from the lowest byte up; one channel lies as bytes. Row by row,
    without gaps.
    """

    def __init__(self, device: "GpuDevice", shape: tuple[int, ...], pool: Pool) -> None:
        self.device = device
        self.shape = shape
        self._pool = pool
        self._sized = pool.take(int(np.prod(shape)))

    def __del__(self) -> None:
        if hasattr(self, "_sized"):
            self._pool.give(self._sized)

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.shape[1], self.shape[0]

    @property
    def buffer(self) -> Any:
        """The buffer of wgpu."""
        return self._sized[1]

    @property
    def bytes_held(self) -> int:
        """Size of the buffer, which is a little more than the picture's."""
        return self._sized[0]


@dataclass(frozen=True, slots=True, eq=False)
class Scratch:
    """Memory of the device for results in between: 32-bit words, undefined unless cleared."""

    buffer: Any
    bytes_held: int
    size_wh: tuple[int, int]
    """When it is read as an image."""


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """A texture of the device to draw into and to read: `view` for render passes and shaders."""

    view: Any
    size_wh: tuple[int, int]
    texture_format: str


@dataclass(frozen=True, slots=True, eq=False)
class _Program:
    pipeline: Any
    layout: Any


class GpuDevice:
    """The GPU canvas device. One owner thread, which need not be the one that made it.

    Attributes:
        description: name, interface and driver.
        is_software: whether the CPU only plays a graphics device.
        handle: wgpu's device.

    Raises:
        BackendFailed: there is no usable graphics device, or later that it failed; after that it is good for nothing.
    """

    name = "gpu"

    def __init__(self) -> None:
        try:
            from effects.devices import gpu_adapter
        except (ImportError, OSError) as error:
            raise BackendFailed(f"The library for graphics devices, wgpu, cannot be loaded: {error}.") from error
        self._adapter = gpu_adapter
        self._closed = False
        opened = gpu_adapter.open_device()
        self.handle, self.description, self.is_software = opened.handle, opened.description, opened.is_software
        self._programs: dict[Shader, _Program] = {}
        self._groups: dict[Hashable, Any] = {}
        self._scratch: dict[str, Scratch] = {}
        self._targets: dict[str, Target] = {}
        self._kept: OrderedDict[Hashable, GpuImage] = OrderedDict()
        self._encoder: Any = None
        self._pass: Any = None
        self._arena = Arena(self._maker("STORAGE | UNIFORM | COPY_DST"))
        self._images = Pool(self._maker("STORAGE | COPY_SRC | COPY_DST"), self._groups.clear)
        self._readbacks = Pool(self._maker("MAP_READ | COPY_DST"), lambda: None)

    def upload(self, frame: Frame) -> GpuImage:
        """The frame as a fresh BGRA image, alpha 255: three bytes a pixel go up, the fourth is added there."""
        width, height = frame.size_wh
        image = self._new_image((height, width, 4))
        source = self._new_image((height, width, 3))
        self._write(source, frame.pixels)
        fours = -(-width * height // 4)
        self.run(_UNPACK, (0, 0, min(fours, _ROW), -(-fours // _ROW)), source=source, picture=image)
        return image

    def keep(self, key: Hashable, pixels: U8) -> GpuImage:
        """An image remembered under `key`; the least recently used of more than 64 goes."""
        known = self._kept.get(key)
        if known is not None:
            self._kept.move_to_end(key)
            return known
        image = self._new_image(pixels.shape)
        self._write(image, pixels)
        self._kept[key] = image
        if len(self._kept) > KEPT_IMAGES:
            self._kept.popitem(last=False)
        return image

    def download(self, image: Image) -> U8:
        """Run everything recorded and fetch an image: (H, W, 4) or (H, W, 1), a new array of the caller's."""
        found = self.own(image)
        size = -(-int(np.prod(found.shape)) // 8) * 8
        readback = self._readbacks.take(size)
        with self._adapter.plain_errors("handing a picture back"):
            buffer = readback[1]
            self.encoder().copy_buffer_to_buffer(found.buffer, 0, buffer, 0, size)
            self.submit()
            self._adapter.wait(self.handle, buffer.map_async("READ_NOSYNC", 0, size))
            mapped = np.frombuffer(buffer.read_mapped(0, size, copy=False), np.uint8)
            pixels = mapped[: int(np.prod(found.shape))].reshape(found.shape).copy()
            del mapped
            buffer.unmap()
        self._readbacks.give(readback)
        return pixels

    def run(
        self,
        shader: Shader,
        area: Area,
        numbers: Mapping[str, float] | None = None,
        **arrays: "GpuImage | Scratch | Target | NDArray[np.generic]",
    ) -> None:
        """Record one shader over a rectangle; it runs after those recorded before.

        Args:
            shader: what to run.
            area: x0, y0, width, height of the calls of `each`; nothing happens when it is empty.
            numbers: values for all of `shader.numbers`.
            **arrays: values for all of `shader.arrays`: float32 for floats, uint8 for bytes, (h, w, 4) uint8 for
                images; `GpuImage` or `Scratch` where it is written; `Target` for textures.
        """
        if area[2] <= 0 or area[3] <= 0:
            return
        with self._adapter.plain_errors(f"running '{shader.name}'"):
            program = self._program(shader)
            given = _given(shader, area, numbers or {}, arrays)
            buffers, offsets = self._bound(shader, given, arrays)
            group = self._group(shader, program, buffers)
            if self._pass is None:
                self._pass = self._command_encoder().begin_compute_pass()
            self._pass.set_pipeline(program.pipeline)
            self._pass.set_bind_group(0, group, offsets)
            across, down = shader.group_wh
            self._pass.dispatch_workgroups(-(-area[2] // across), -(-area[3] // down))

    def scratch(self, name: str, size_wh: tuple[int, int], *, clear: bool = False) -> Scratch:
        """Memory for width x height words, the same for equal names; cleared to 0 on demand."""
        size = size_wh[0] * size_wh[1] * 4
        known = self._scratch.get(name)
        if known is None or known.bytes_held < size:
            with self._adapter.plain_errors("making room"):
                self._groups.clear()
                held = -(-size // 65536) * 65536
                known = Scratch(self._maker("STORAGE | COPY_DST")(held), held, size_wh)
        self._scratch[name] = scratch = Scratch(known.buffer, known.bytes_held, size_wh)
        if clear:
            with self._adapter.plain_errors("clearing memory"):
                self.encoder().clear_buffer(scratch.buffer, 0, size)
        return scratch

    def target(self, name: str, size_wh: tuple[int, int], texture_format: str = "rgba8unorm") -> Target:
        """A texture for render passes, the same for equal names and sizes; contents undefined."""
        known = self._targets.get(name)
        if known is not None and (known.size_wh, known.texture_format) == (size_wh, texture_format):
            return known
        with self._adapter.plain_errors("making room"):
            self._groups.clear()
            texture = self.handle.create_texture(
                size=(*size_wh, 1), format=texture_format, usage="RENDER_ATTACHMENT | TEXTURE_BINDING"
            )
            self._targets[name] = made = Target(texture.create_view(), size_wh, texture_format)
        return made

    def build(self, shader: Shader) -> None:
        """Compile a shader ahead of its first use."""
        with self._adapter.plain_errors(f"compiling '{shader.name}'"):
            self._program(shader)

    def encoder(self) -> Any:
        """The encoder of the commands recorded so far, for copies and render passes; ends the compute pass."""
        encoder = self._command_encoder()
        if self._pass is not None:
            self._pass.end()
            self._pass = None
        return encoder

    def submit(self) -> None:
        """Let the device begin with what was recorded; does not wait."""
        if self._encoder is None:
            return
        with self._adapter.plain_errors("drawing"):
            encoder, self._encoder = self.encoder(), None
            data = self._arena.take()
            commands = encoder.finish()
            if data.size:
                self.handle.queue.write_buffer(self._arena.buffer, 0, data)
            self.handle.queue.submit([commands])

    def own(self, image: Image) -> GpuImage:
        """The image, if it is one of this device's; raises BackendFailed otherwise."""
        self._check_open()
        if not isinstance(image, GpuImage) or image.device is not self:
            raise BackendFailed("A picture of another device was handed to the GPU.")
        return image

    def close(self) -> None:
        """Free the device and all pictures on it."""
        if self._closed:
            return
        self._closed = True
        self._encoder = self._pass = None
        self._kept.clear()
        self._scratch.clear()
        self._targets.clear()
        self._groups.clear()
        self._programs.clear()
        self._images.clear()
        self._readbacks.clear()
        with self._adapter.plain_errors("being closed"):
            self.handle.destroy()

    def _check_open(self) -> None:
        if self._closed:
            raise BackendFailed("The graphics device was used after it had been closed.")

    def _maker(self, usage: str) -> Callable[[int], Any]:
        return lambda size: self.handle.create_buffer(size=size, usage=usage)

    def _new_image(self, shape: tuple[int, ...]) -> GpuImage:
        self._check_open()
        with self._adapter.plain_errors("making room for a picture"):
            return GpuImage(self, shape, self._images)

    def _write(self, image: GpuImage, pixels: U8) -> None:
        """Send pixels now. What is recorded may still need what they replace, so it is sent before."""
        self.submit()
        data = np.ascontiguousarray(pixels).reshape(-1)
        if data.size % 4:
            data = np.concatenate([data, np.zeros(-data.size % 4, np.uint8)])
        with self._adapter.plain_errors("receiving a picture"):
            self.handle.queue.write_buffer(image.buffer, 0, data)

    def _command_encoder(self) -> Any:
        self._check_open()
        if self._encoder is None:
            self._encoder = self.handle.create_command_encoder()
        return self._encoder

    def _program(self, shader: Shader) -> _Program:
        self._check_open()
        known = self._programs.get(shader)
        if known is not None:
            return known
        entries = [_layout_entry(0, "uniform")]
        for binding, (name, kind) in enumerate(shader.arrays.items(), start=1):
            access = "texture" if kind == "texture" else "storage" if shader.is_written(name) else "read-only-storage"
            entries.append(_layout_entry(binding, access))
        layout = self.handle.create_bind_group_layout(entries=entries)
        pipeline = self.handle.create_compute_pipeline(
            label=shader.name,
            layout=self.handle.create_pipeline_layout(bind_group_layouts=[layout]),
            compute={"module": self.handle.create_shader_module(code=shader.wgsl()), "entry_point": "main"},
        )
        self._programs[shader] = program = _Program(pipeline, layout)
        return program

    def _bound(
        self, shader: Shader, given: NDArray[np.uint32], arrays: Mapping[str, Any]
    ) -> tuple[list[tuple[Any, int]], list[int]]:
        """Buffers with the sizes they are bound with (textures with 0), and the offsets of those that are only read."""
        fresh = [given, *(array for array in arrays.values() if isinstance(array, np.ndarray))]
        sizes = [array.nbytes for array in fresh]
        if not self._arena.fits(sizes):
            self.submit()
            before = self._arena.buffer
            self._arena.renew(sizes)
            if self._arena.buffer is not before:
                self._groups.clear()
        offset, _size = self._arena.place(given)
        buffers, offsets = [(self._arena.buffer, ALIGNMENT)], [offset]
        for name in shader.arrays:
            array = arrays[name]
            if isinstance(array, np.ndarray):
                offset, size = self._arena.place(array)
                buffers.append((self._arena.buffer, size))
                offsets.append(offset)
                continue
            if isinstance(array, Target):
                buffers.append((array.view, 0))
                continue
            resident = array if isinstance(array, Scratch) else self.own(array)
            buffers.append((resident.buffer, resident.bytes_held))
            if not shader.is_written(name):
                offsets.append(0)
        return buffers, offsets

    def _group(self, shader: Shader, program: _Program, buffers: list[tuple[Any, int]]) -> Any:
        key = (shader, tuple((id(buffer), size) for buffer, size in buffers))
        group = self._groups.get(key)
        if group is None:
            if len(self._groups) >= _MOST_GROUPS:
                self._groups.clear()
            entries = [
                {"binding": binding, "resource": {"buffer": what, "offset": 0, "size": size} if size else what}
                for binding, (what, size) in enumerate(buffers)
            ]
            self._groups[key] = group = self.handle.create_bind_group(layout=program.layout, entries=entries)
        return group


def _layout_entry(binding: int, kind: str) -> dict[str, Any]:
    """What is only read comes with an offset into the arena, so that one group serves every frame."""
    if kind == "texture":
        return {"binding": binding, "visibility": "COMPUTE", "texture": {"sample_type": "unfilterable-float"}}
    buffer = {"type": kind, "has_dynamic_offset": kind != "storage"}
    return {"binding": binding, "visibility": "COMPUTE", "buffer": buffer}


def _given(shader: Shader, area: Area, numbers: Mapping[str, float], arrays: Mapping[str, Any]) -> NDArray[np.uint32]:
    """The values of the shader's `given`, always 256 bytes."""
    values = np.zeros(MAX_GIVEN, np.int32)
    sizes = [_size_wh(arrays[name]) for name in shader.images()]
    head = [*area, *(side for size_wh in sizes for side in size_wh)]
    values[: len(head)] = head
    values[len(head) : len(head) + len(shader.numbers)].view(np.float32)[:] = [numbers[name] for name in shader.numbers]
    return values.view(np.uint32)


def _size_wh(array: Any) -> tuple[int, int]:
    if isinstance(array, np.ndarray):
        return array.shape[1], array.shape[0]
    width, height = array.size_wh
    return width, height
