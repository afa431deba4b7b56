"""`python -m monitor` is `hedgewatch`."""

import sys

from monitor.cli import main

sys.exit(main())
