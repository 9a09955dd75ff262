"""Hides secrets in everything that people are shown: `••••••`, always as wide as that.

By place: a value that is judged to be a secret is hidden over its whole source. By value: wherever it stands
in any other text, in every way that files and tools write it down. By form: what looks certain by itself, and
what stands under a name, an option or a header that likely holds a secret.
"""

from fixbot.masking.secret_masker import SecretMasker
from fixbot.text.characters import MASK

__all__ = ["MASK", "SecretMasker"]
