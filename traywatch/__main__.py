"""``python -m traywatch``"""

import sys

from traywatch.cli import main

if __name__ == "__main__":
    sys.exit(main())
