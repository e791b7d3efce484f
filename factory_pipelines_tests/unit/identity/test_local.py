"""The local comparison: what it tells apart, what it answers without a face, and a model of the user's."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from factory_pipelines.identity.faces import Indexed, MatcherRefusedError, NoFace, Picture
from factory_pipelines.identity.local import LocalMatcher, Template
from factory_pipelines.identity.pictures import PictureLimits, read_picture
from factory_pipelines_tests.drawn_faces import drawn_face, plain_wall

LIMITS = PictureLimits.of(10, 25)
PEOPLE = range(1, 9)


def picture(data: bytes) -> Picture:
    return read_picture(data, LIMITS)


def enrolled(matcher: LocalMatcher, people: range) -> list[Template]:
    found = {number: matcher.index(picture(drawn_face(number)), f"key-{number}") for number in people}
    return [
        (f"key-{number}", one.template_kind or "", one.template or b"")
        for number, one in found.items()
        if isinstance(one, Indexed)
    ]


def test_another_photo_of_a_person_is_most_like_their_own() -> None:
    templates = enrolled(LocalMatcher(list), PEOPLE)
    assert len(templates) >= 6
    matcher = LocalMatcher(lambda: templates)
    right = 0
    for key, _, _ in templates:
        data = drawn_face(int(key.removeprefix("key-")), noise=4, shift_px=6, light=0.9)
        found = matcher.search(picture(data), min_similarity_pct=50)
        right += not isinstance(found, NoFace) and found[0].face_key == key
    assert right >= 0.85 * len(templates)


def test_the_same_photo_is_the_same_and_a_stranger_is_nobody() -> None:
    templates = enrolled(LocalMatcher(list), range(1, 2))
    matcher = LocalMatcher(lambda: templates)
    enough = matcher.default_similarity_pct
    [match] = matcher.search(picture(drawn_face(1)), min_similarity_pct=enough)  # type: ignore[misc]
    assert match.similarity_pct == pytest.approx(100, abs=0.1)
    assert matcher.search(picture(drawn_face(2)), min_similarity_pct=enough) == []


def test_no_face_is_an_answer() -> None:
    matcher = LocalMatcher(list)
    assert isinstance(matcher.search(picture(plain_wall()), min_similarity_pct=50), NoFace)
    assert isinstance(matcher.index(picture(plain_wall()), "key"), NoFace)


def tiny_model(path: Path, channels: int = 3) -> Path:
    """Averages the picture's colours on a grid of 4 × 4: an embedding of 48 numbers."""
    taken = helper.make_tensor_value_info("face", TensorProto.FLOAT, [1, channels, 32, 32])
    given = helper.make_tensor_value_info("vector", TensorProto.FLOAT, [1, channels, 4, 4])
    pool = helper.make_node("AveragePool", ["face"], ["vector"], kernel_shape=[8, 8], strides=[8, 8])
    graph = helper.make_graph([pool], "tiny", [taken], [given])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, str(path))
    return path


def test_a_model_of_the_users_makes_the_embedding(tmp_path: Path) -> None:
    model = tiny_model(tmp_path / "faces.onnx")
    templates = enrolled(LocalMatcher(list, model), range(1, 4))
    assert {kind.partition("-")[0] for _, kind, _ in templates} == {"onnx"}
    assert len(np.frombuffer(templates[0][2], np.float16)) == 48
    found = LocalMatcher(lambda: templates, model).search(picture(drawn_face(2)), min_similarity_pct=50)
    assert not isinstance(found, NoFace)
    assert found[0].face_key == "key-2"
    # Histograms are not compared with the model's vectors.
    assert LocalMatcher(lambda: templates).search(picture(drawn_face(2)), min_similarity_pct=1) == []


def test_a_model_that_is_none_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"not a model")
    for model in (broken, tmp_path / "missing.onnx", tiny_model(tmp_path / "grey.onnx", channels=1)):
        with pytest.raises(MatcherRefusedError, match="FACTORY_IDENTITY__LOCAL_MODEL"):
            LocalMatcher(list, model).index(picture(drawn_face(1)), "key")
