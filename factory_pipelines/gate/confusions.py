"""What OCR makes of each character: how often it errs there, and what it reads instead.

Counted on the even vehicles of ``golden/gate/ocr_reads.csv`` (12,000 characters read by PP-OCR from blurred, noisy,
tilted plates), smoothed where a pair was seen once or twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Misreading:
    """How one character is misread.

    Attributes:
        factor: error rate of this character over the mean of all.
        shares: what is read instead, as shares of its errors; the rest is spread over all others.
    """

    factor: float
    shares: Mapping[str, float]


MISREAD: Mapping[str, Misreading] = {
    "0": Misreading(1.1, {"9": 0.24, "6": 0.18, "8": 0.18, "O": 0.08}),
    "1": Misreading(0.4, {"2": 0.24, "I": 0.16, "3": 0.16}),
    "2": Misreading(0.3, {"Z": 0.26, "7": 0.22, "1": 0.13}),
    "3": Misreading(0.5, {"5": 0.22, "1": 0.19, "2": 0.17}),
    "4": Misreading(0.2, {"A": 0.4}),
    "5": Misreading(0.4, {"S": 0.26, "3": 0.26, "1": 0.11, "9": 0.11}),
    "6": Misreading(0.8, {"5": 0.37, "0": 0.17}),
    "7": Misreading(0.3, {"2": 0.17}),
    "8": Misreading(1.6, {"5": 0.17, "0": 0.17, "6": 0.16, "9": 0.11, "B": 0.06}),
    "9": Misreading(0.6, {"5": 0.35, "0": 0.16}),
    "A": Misreading(0.3, {}),
    "B": Misreading(4.1, {"8": 0.63, "0": 0.07, "5": 0.07}),
    "C": Misreading(0.3, {}),
    "D": Misreading(2.4, {"0": 0.66, "O": 0.1}),
    "E": Misreading(0.7, {}),
    "F": Misreading(1.2, {"P": 0.21}),
    "G": Misreading(1.4, {"6": 0.38, "0": 0.14}),
    "H": Misreading(0.9, {"R": 0.26, "9": 0.13}),
    "I": Misreading(4.0, {"1": 0.7}),  # no plate of the sample has one: as the O, which it shares its fate with
    "J": Misreading(1.0, {"3": 0.25, "2": 0.12}),
    "K": Misreading(0.8, {"6": 0.22}),
    "L": Misreading(0.8, {"1": 0.48}),
    "M": Misreading(1.0, {"R": 0.17, "H": 0.17}),
    "N": Misreading(1.2, {"8": 0.14, "5": 0.14}),
    "O": Misreading(5.6, {"0": 0.7, "Q": 0.07}),
    "P": Misreading(0.4, {}),
    "Q": Misreading(3.5, {"0": 0.72, "O": 0.12}),
    "R": Misreading(0.8, {"8": 0.22}),
    "S": Misreading(6.1, {"5": 0.92}),
    "T": Misreading(1.1, {"7": 0.5, "1": 0.18}),
    "U": Misreading(0.6, {"0": 0.33}),
    "V": Misreading(0.2, {}),
    "W": Misreading(0.8, {}),
    "X": Misreading(1.6, {"K": 0.2}),
    "Y": Misreading(1.2, {"7": 0.28, "V": 0.22}),
    "Z": Misreading(2.7, {"2": 0.74}),
}
