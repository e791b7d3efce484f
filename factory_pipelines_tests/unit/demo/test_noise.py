import numpy as np
import pytest

from factory_pipelines.demo.noise import Noise


@pytest.fixture
def noise() -> Noise:
    return Noise(7)


def test_a_number_depends_on_its_coordinates_alone(noise: Noise) -> None:
    together = noise.uniform("skill", np.arange(1000), 12)
    alone = np.array([noise.uniform("skill", key, 12) for key in range(1000)])
    np.testing.assert_array_equal(together, alone)


def test_streams_keys_and_seeds_are_unrelated(noise: Noise) -> None:
    keys = np.arange(4000)
    base = noise.uniform("a", keys, 1)
    for other in (noise.uniform("b", keys, 1), noise.uniform("a", keys, 2), Noise(8).uniform("a", keys, 1)):
        assert abs(np.corrcoef(base, other)[0, 1]) < 0.05
    assert not np.array_equal(noise.uniform("a", 1, 2), noise.uniform("a", 2, 1))


def test_distributions_have_their_moments(noise: Noise) -> None:
    keys = np.arange(20_000)
    uniform = noise.uniform("u", keys)
    normal = noise.normal("n", keys)
    assert uniform.min() >= 0.0
    assert uniform.max() < 1.0
    assert uniform.mean() == pytest.approx(0.5, abs=0.01)
    assert normal.mean() == pytest.approx(0.0, abs=0.03)
    assert normal.std() == pytest.approx(1.0, abs=0.03)
    assert set(noise.integers("i", -3, 3, keys).tolist()) == set(range(-3, 4))
    assert noise.chance("c", 0.2, keys).mean() == pytest.approx(0.2, abs=0.01)


def test_negative_seeds_and_keys_are_welcome() -> None:
    assert 0.0 <= Noise(-1).uniform("a", -5) < 1.0


def test_autoregressive_keeps_its_spread_and_its_memory(noise: Noise) -> None:
    lines = np.arange(200)
    days = np.stack([noise.autoregressive("mood", lines, day, phi=0.7, sd=0.02) for day in range(700_000, 700_060)])
    assert days.std() == pytest.approx(0.02, rel=0.1)
    assert np.corrcoef(days[:-1].ravel(), days[1:].ravel())[0, 1] == pytest.approx(0.7, abs=0.05)
