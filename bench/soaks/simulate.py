"""The deterministic simulation: new schedules for as long as you like.

Prints each seed that fails, with what was wrong; `--seed N --schedules 1 --verbose` plays one again step by step. Last line:
`schedules N, per second N, failures N` (per second of CPU time of one core).
"""
import os
import subprocess
import sys

import common


def main():
    parser = common.options("simulate", __doc__)
    parser.add_argument("--seconds", type=int, default=60, help="how long (default 60)")
    parser.add_argument("--schedules", type=int, help="so many schedules instead")
    parser.add_argument("--verbose", action="store_true", help="tell every step, and in the end every message in and out")
    arguments = parser.parse_args()
    program = os.path.join(common.build(arguments, "simulate"), "tests/property/simulate/simulate")
    words = [program, "--seconds", str(arguments.seconds)]
    if arguments.schedules is not None:
        words += ["--schedules", str(arguments.schedules)]
    if arguments.seed is not None:
        words += ["--seed", str(arguments.seed)]
    if arguments.verbose:
        words.append("--verbose")
    return subprocess.run(words, cwd=common.TOP, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
