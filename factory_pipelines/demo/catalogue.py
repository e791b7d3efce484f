"""What the simulated factory can sew: two garment families, their parts, and the operations with their base SAM."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Operation:
    """One step of work.

    Attributes:
        name: as an engineer writes it.
        sam_min: standard allowed minutes for one piece, before the style's own factor.
    """

    name: str
    sam_min: float


@dataclass(frozen=True)
class Part:
    """A section of the garment; its last operation completes it.

    Attributes:
        name: RTMS' PartName.
        operations: in sewing order.
        optional: whether a style may do without it.
    """

    name: str
    operations: tuple[Operation, ...]
    optional: bool = False


def _part(name: str, *operations: tuple[str, float], optional: bool = False) -> Part:
    return Part(name, tuple(Operation(*operation) for operation in operations), optional)


_FINISHING = _part(
    "Finishing",
    ("Trim Loose Threads", 0.55),
    ("Measurement Checking", 0.41),
    ("Inside Checking - Seams And Labels", 0.36),
    ("Iron And Fold", 0.80),
    ("Final Inspection", 0.45),
)

TOPS = (
    _part(
        "Collar Preparation",
        ("Collar Run Stitch", 0.43),
        ("Trim And Turn Collar", 0.32),
        ("Top Stitch Collar", 0.38),
        ("Hem Neck Band", 0.30),
        ("Attach Neck Band To Collar", 0.46),
    ),
    _part("Cuff Preparation", ("Hem Cuff", 0.28), ("Cuff Run Stitch", 0.40), ("Turn And Press Cuff", 0.35)),
    _part(
        "Sleeve Preparation",
        ("Attach Lower Sleeve Placket", 0.36),
        ("Tack Down Sleeve Placket", 0.33),
        ("Attach Upper Sleeve Placket - Auto mc", 0.52),
    ),
    _part(
        "Pocket Preparation",
        ("Hem Pocket Mouth", 0.25),
        ("Crease Pocket", 0.30),
        ("Attach Pocket To Front", 0.58),
        optional=True,
    ),
    _part(
        "Front Preparation Tops",
        ("Attach Front Placket", 0.44),
        ("Top Stitch Placket", 0.39),
        ("Make Button Holes", 0.42),
        ("Attach Buttons - Auto mc", 0.40),
        ("Front Pairing", 0.24),
    ),
    _part(
        "Back Preparation Tops",
        ("Attach Main Label To Yoke", 0.28),
        ("Make Back Pleat", 0.31),
        ("Attach Yoke To Back", 0.47),
    ),
    _part(
        "Assembly Tops",
        ("Join Shoulder", 0.48),
        ("Top Stitch Shoulder", 0.40),
        ("Attach Sleeve", 0.78),
        ("Top Stitch Sleeve", 0.62),
        ("Close Side Seam", 0.82),
        ("Attach Collar To Body", 0.70),
        ("Close Collar To Body", 0.66),
        ("Attach Cuff", 0.75),
        ("Hem Bottom", 0.60),
    ),
    _FINISHING,
)

BOTTOMS = (
    _part(
        "Pocket Preparation",
        ("Attach Pocket Facing", 0.34),
        ("Bag Out Pocket", 0.48),
        ("Top Stitch Pocket Mouth", 0.37),
    ),
    _part(
        "Flap Preparation",
        ("Flap Run Stitch", 0.29),
        ("Turn And Press Flap", 0.26),
        ("Top Stitch Flap", 0.31),
        optional=True,
    ),
    _part(
        "Fly Preparation",
        ("Overlock Fly", 0.22),
        ("Attach Zip To Fly", 0.46),
        ("Fly J Stitch", 0.39),
    ),
    _part(
        "Front Preparation Bottoms",
        ("Attach Front Pocket", 0.62),
        ("Join Front Rise", 0.44),
        ("Front Pairing", 0.24),
    ),
    _part(
        "Back Preparation Bottoms",
        ("Sew Back Dart", 0.35),
        ("Make Welt Pocket - Auto mc", 0.58),
        ("Join Back Rise", 0.45),
    ),
    _part(
        "Waistband Preparation",
        ("Fuse Waistband", 0.30),
        ("Waistband Run Stitch", 0.42),
        ("Make Belt Loops", 0.33),
    ),
    _part(
        "Assembly Bottoms",
        ("Close Side Seam", 0.84),
        ("Close Inseam", 0.72),
        ("Attach Waistband", 0.88),
        ("Close Waistband Ends", 0.56),
        ("Attach Belt Loops", 0.64),
        ("Attach Waist Button", 0.32),
        ("Hem Bottom", 0.58),
    ),
    _FINISHING,
)

BUYERS = ("NRTHM", "ALDRW", "KESTL", "MARBT", "OAKMT", "TARNW")
SEASONS = ("SP", "SU", "FA", "HO")

GIVEN_NAMES = (
    "Aarti", "Balan", "Chitra", "Deepa", "Eshan", "Farida", "Geetha", "Hari", "Indu", "Jaya", "Kavi", "Latha",
    "Mani", "Nila", "Omana", "Prema", "Qadir", "Ravi", "Selvi", "Tara", "Uma", "Vani", "Wasim", "Yamuna",
)  # fmt: skip
FAMILY_NAMES = (
    "Anand", "Bhat", "Chandran", "Das", "Ekka", "Fernandes", "Ganesan", "Hegde", "Iyer", "Joshi", "Kumar", "Lal",
    "Menon", "Nair", "Oraon", "Pillai", "Rao", "Sundar", "Thomas", "Varma",
)  # fmt: skip
