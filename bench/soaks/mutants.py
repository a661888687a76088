"""Whether the simulation notices deliberate mistakes.

Runs it once for each mutant, until a check fails or its time is over. A line per mutant: who caught it, after how many schedules. Last
line: `mutants N, caught N`. Without a mutant the same seeds must be clean, which is looked at first.
"""
import os
import subprocess
import sys

import common


def main():
    parser = common.options("mutants", __doc__)
    parser.add_argument("--seconds", type=int, default=60, help="at most so long for each (default 60)")
    arguments = parser.parse_args()
    program = os.path.join(common.build(arguments, "simulate"), "tests/property/simulate/simulate")
    seed = str(common.seed_of(arguments))

    def simulate(*words):
        done = subprocess.run([program, *words], cwd=common.TOP, stdout=subprocess.PIPE, text=True, check=False)
        return done.returncode, done.stdout.strip().split("\n")

    listed = subprocess.run([program, "--list"], stdout=subprocess.PIPE, text=True, check=True).stdout
    names = [line.split("\t")[0] for line in listed.splitlines()]
    status, lines = simulate("--seed", seed, "--schedules", "1000")
    print(f"without a mutant: {lines[-1]}", flush=True)
    clean = status == 0
    caught = 0
    for name in names:
        status, lines = simulate("--seed", seed, "--seconds", str(arguments.seconds), "--mutant", name)
        caught += status == 0
        print(lines[-1], flush=True)
    print(f"mutants {len(names)}, caught {caught}")
    return 0 if clean and caught == len(names) else 1


if __name__ == "__main__":
    sys.exit(main())
