"""MediaPipe's own face mesh on a region that we choose: the truth of the landmark tests."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from models.landmarks import Region
from models.types import F32, U8

_GRAPH = """
input_stream: "image"
input_stream: "roi"
input_side_packet: "with_attention"
output_stream: "landmarks"
node {
  calculator: "FaceLandmarkCpu"
  input_stream: "IMAGE:image"
  input_stream: "ROI:roi"
  input_side_packet: "WITH_ATTENTION:with_attention"
  output_stream: "LANDMARKS:landmarks"
}
"""


def mediapipe_mesh(pixels: U8, region: Region) -> F32:
    """(478, 3) landmarks in frame pixels from MediaPipe's FaceLandmarkCpu; skips where MediaPipe is missing."""
    mediapipe: Any = pytest.importorskip("mediapipe")
    from mediapipe.framework.formats import rect_pb2
    from mediapipe.python import packet_creator, packet_getter
    from mediapipe.python._framework_bindings import calculator_graph, image_frame, resource_util

    resource_util.set_resource_dir(str(Path(mediapipe.__file__).parents[1]))
    height, width = pixels.shape[:2]
    roi = rect_pb2.NormalizedRect(
        x_center=region.center_xy[0] / width,
        y_center=region.center_xy[1] / height,
        width=region.side_px / width,
        height=region.side_px / height,
        rotation=region.angle_rad,
    )
    found: list[Any] = []
    graph = calculator_graph.CalculatorGraph(graph_config=_GRAPH)
    graph.observe_output_stream("landmarks", lambda _, packet: found.append(packet_getter.get_proto(packet)))
    graph.start_run({"with_attention": packet_creator.create_bool(True)})
    image = packet_creator.create_image_frame(
        image_format=image_frame.ImageFormat.SRGB, data=np.ascontiguousarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB))
    )
    graph.add_packet_to_input_stream("image", image.at(0))
    graph.add_packet_to_input_stream("roi", packet_creator.create_proto(roi).at(0))
    graph.wait_until_idle()
    graph.close_all_packet_sources()
    graph.wait_until_done()
    return np.array([[p.x * width, p.y * height, p.z * width] for p in found[0].landmark], np.float32)
