"""The foreign peer's modules are found by the scenarios beside it."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
