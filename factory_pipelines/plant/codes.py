"""Codes that people and machines give to things: employees, shifts, doors, areas.

One pattern, said alike to those who read the API's document and to the code that decides.
"""

import re

# Controls, spaces that look like others, marks nobody sees or that turn the direction of writing.
_INVISIBLE = r"\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
TEXT_PATTERN = rf"^[^{_INVISIBLE}]*$"
"""One line without invisible characters; may be empty."""
CODE_PATTERN = rf"^[^{_INVISIBLE}\x20\xa0]([^{_INVISIBLE}]*[^{_INVISIBLE}\x20\xa0])?$"
"""The same, not empty, and without a space at either end."""

# Python's strings can hold half of a surrogate pair, which no database and no JSON reader takes.
_CODE = re.compile(rf"(?:(?![\ud800-\udfff])[^{_INVISIBLE}])+")


def is_code(text: str, longest: int) -> bool:
    """Whether ``text`` has 1 to ``longest`` characters, all of them visible, and no space at either end."""
    return 1 <= len(text) <= longest and text == text.strip() and _CODE.fullmatch(text) is not None
