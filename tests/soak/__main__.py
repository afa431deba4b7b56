"""`make soak`: every long test, and every one that tells a figure; figures into out/soak.json.

Whatever follows goes to pytest: `python -m tests.soak -k memory`.
"""

import sys

import pytest

sys.exit(pytest.main(["-p", "tests.soak.figures", "-m", "not network", "-q", *sys.argv[1:]]))
