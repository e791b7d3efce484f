"""One coordinate of one track: position and speed with their uncertainty, a Kalman filter of constant speed.

Process noise is a random acceleration (white-noise acceleration model, Bar-Shalom, *Estimation with Applications to
Tracking and Navigation*, 6.3). Two coordinates are filtered apart: their noises are independent, and five floats are
a hundred times cheaper than matrices.
"""

from dataclasses import dataclass


@dataclass(slots=True)
class Axis:
    """Position and speed along one coordinate.

    Attributes:
        position: in the unit of the boxes.
        speed: a second.
        position_var: variance of ``position``.
        speed_var: variance of ``speed``.
        covariance: of the two.
    """

    position: float
    speed: float
    position_var: float
    speed_var: float
    covariance: float = 0.0

    def predict(self, elapsed_s: float, acceleration_sd: float) -> None:
        """Moves on by ``elapsed_s``; ``acceleration_sd`` in units a second squared."""
        noise = acceleration_sd**2
        self.position += self.speed * elapsed_s
        self.position_var += elapsed_s * (2 * self.covariance + elapsed_s * self.speed_var) + noise * elapsed_s**4 / 4
        self.covariance += elapsed_s * self.speed_var + noise * elapsed_s**3 / 2
        self.speed_var += noise * elapsed_s**2

    def update(self, measured: float, sd: float) -> None:
        """Takes in a measured position with its standard deviation."""
        total = self.position_var + sd**2
        gain, speed_gain = self.position_var / total, self.covariance / total
        surprise = measured - self.position
        self.position += gain * surprise
        self.speed += speed_gain * surprise
        self.speed_var -= speed_gain * self.covariance
        self.covariance *= 1 - gain
        self.position_var *= 1 - gain
