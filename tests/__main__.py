"""All tests, in two halves side by side: what starts daemons and brokers, and the rest.

`python -m tests`; what the first half says is shown when the second has ended.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).parent
_FIRST: Final = ("app", "channels", "devnet", "store")


def main() -> int:
    """Run both and return 0 where both passed, else the status of one that did not."""
    first = [str(_HERE / name) for name in _FIRST]
    rest = [str(_HERE), *(f"--ignore={folder}" for folder in first)]
    pytest = [sys.executable, "-m", "pytest"]
    with tempfile.TemporaryFile() as said:
        beside = subprocess.Popen([*pytest, *first], stdout=said, stderr=subprocess.STDOUT)
        status = subprocess.run([*pytest, *rest], check=False).returncode
        other = beside.wait()
        said.seek(0)
        sys.stdout.write(said.read().decode("utf-8", "replace"))
    return status or other


if __name__ == "__main__":
    sys.exit(main())
