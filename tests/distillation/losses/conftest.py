"""Test modules of this folder share `drawn_answers`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
