"""Tiny models, built by hand: their boxes are known, and their scores rise with how red the picture is."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIDE = 96
"""Height and width of every model's input."""
_STRIDES = (8, 16, 32)
_UNSURE = 0.01


@dataclass(frozen=True)
class Planted:
    """A box (left, top, right, bottom, pixels of the model's input), its class's number and its score on pure red."""

    box: tuple[float, float, float, float]
    number: int
    score: float

    @property
    def centred(self) -> tuple[float, float, float, float]:
        x1, y1, x2, y2 = self.box
        return (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1


def ultralytics(planted: list[Planted], classes: int) -> tuple[np.ndarray, np.ndarray]:
    """YOLOv8 and YOLO11: pictures × (4 + classes) × candidates; what stands in any picture, and what red multiplies."""
    fixed, red = np.zeros((1, 4 + classes, 20), np.float32), np.zeros((1, 4 + classes, 20), np.float32)
    for place, one in enumerate(planted):
        fixed[0, :4, place] = one.centred
        red[0, 4 + one.number, place] = one.score
    return fixed, red


def rtdetr(planted: list[Planted], classes: int) -> tuple[np.ndarray, np.ndarray]:
    """RT-DETR as Ultralytics exports it: pictures × candidates × (4 + classes), shares of the input."""
    fixed, red = ultralytics(planted, classes)
    fixed, red = fixed.transpose(0, 2, 1).copy(), red.transpose(0, 2, 1).copy()
    fixed[..., :4] /= SIDE
    return fixed, red


def yolox(planted: list[Planted], classes: int) -> tuple[np.ndarray, np.ndarray]:
    """YOLOX without decoding: each box in one cell of the grid whose stride suits its size."""
    counts = [(SIDE // stride) ** 2 for stride in _STRIDES]
    fixed = np.zeros((1, sum(counts), 5 + classes), np.float32)
    red = np.zeros_like(fixed)
    fixed[..., 4] = _UNSURE
    for one in planted:
        x, y, width, height = one.centred
        for level in range(0 if width < 16 else 1, 3):  # one cell holds one box
            stride, first = _STRIDES[level], sum(counts[:level])
            column, row = int(x // stride), int(y // stride)
            cell = first + row * (SIDE // stride) + column
            if fixed[0, cell, 4] < 0.5:
                break
        offset = x / stride - column, y / stride - row
        fixed[0, cell, :5] = *offset, math.log(width / stride), math.log(height / stride), 0.9
        red[0, cell, 5 + one.number] = one.score / 0.9
    return fixed, red


def save(
    path: Path, fixed: np.ndarray, red: np.ndarray, *, batch: int | None = None, red_channel: int = 0, full: float = 1.0
) -> Path:
    """A model that gives ``fixed + red × (mean of the red channel / full)`` for each picture."""
    nodes = [
        helper.make_node("Gather", ["images", "channel"], ["plane"], axis=1),
        helper.make_node("ReduceMean", ["plane", "axes"], ["mean"], keepdims=1),
        helper.make_node("Div", ["mean", "full"], ["redness"]),
        helper.make_node("Mul", ["redness", "red"], ["scores"]),
        helper.make_node("Add", ["scores", "fixed"], ["output0"]),
    ]
    constants = {
        "channel": np.array(red_channel, np.int64),
        "axes": np.array([1, 2], np.int64),
        "full": np.array(full, np.float32),
        "red": red,
        "fixed": fixed,
    }
    outputs = [helper.make_tensor_value_info("output0", TensorProto.FLOAT, [None, None, None])]
    return _save(path, nodes, constants, outputs, batch)


def save_authors_rtdetr(path: Path, planted: list[Planted]) -> Path:
    """RT-DETR as its authors export it: boxes in pixels of ``orig_target_sizes``; labels, boxes, scores."""
    boxes = np.array([[np.array(one.box) / SIDE for one in planted]], np.float32)
    nodes = [
        helper.make_node("Cast", ["orig_target_sizes"], ["sizes"], to=TensorProto.FLOAT),
        helper.make_node("Concat", ["sizes", "sizes"], ["four"], axis=1),
        helper.make_node("Unsqueeze", ["four", "one"], ["scale"]),
        helper.make_node("Mul", ["scale", "shares"], ["boxes"]),
        helper.make_node("ReduceMean", ["images", "all"], ["grey"], keepdims=0),
        helper.make_node("Unsqueeze", ["grey", "one"], ["nothing"]),
        helper.make_node("Mul", ["nothing", "zero"], ["zeros"]),
        helper.make_node("Add", ["zeros", "certain"], ["scores"]),
        helper.make_node("Cast", ["zeros"], ["none"], to=TensorProto.INT64),
        helper.make_node("Add", ["none", "numbers"], ["labels"]),
    ]
    constants = {
        "one": np.array([1], np.int64),
        "all": np.array([1, 2, 3], np.int64),
        "zero": np.array(0, np.float32),
        "shares": boxes,
        "certain": np.array([[one.score for one in planted]], np.float32),
        "numbers": np.array([[one.number for one in planted]], np.int64),
    }
    outputs = [
        helper.make_tensor_value_info("labels", TensorProto.INT64, [None, None]),
        helper.make_tensor_value_info("boxes", TensorProto.FLOAT, [None, None, 4]),
        helper.make_tensor_value_info("scores", TensorProto.FLOAT, [None, None]),
    ]
    sizes = helper.make_tensor_value_info("orig_target_sizes", TensorProto.INT64, [None, 2])
    return _save(path, nodes, constants, outputs, None, [sizes])


def _save(path, nodes, constants, outputs, batch, more_inputs=()) -> Path:  # type: ignore[no-untyped-def]
    images = helper.make_tensor_value_info("images", TensorProto.FLOAT, [batch, 3, SIDE, SIDE])
    held = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "tiny", [images, *more_inputs], outputs, held)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path
