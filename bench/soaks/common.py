"""What the soaks share: their common options and the build they run."""
import argparse
import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def options(name, idea):
    """An argument parser with what every soak takes."""
    parser = argparse.ArgumentParser(prog=f"bench/soak {name}", description=idea)
    parser.add_argument("--seed", type=int, help="run the same again; default: drawn and printed")
    parser.add_argument("--build", metavar="DIR", help="take the programs of this build as they are; default: build/release, made as needed")
    return parser


def seed_of(arguments):
    """The seed asked for, or a new one; printed either way."""
    seed = arguments.seed if arguments.seed is not None else int.from_bytes(os.urandom(4), "little")
    print(f"seed {seed}", flush=True)
    return seed


def build(arguments, *targets):
    """The build folder with these targets made; ends the soak when that fails."""
    if arguments.build:
        return os.path.abspath(arguments.build)
    folder = os.path.join(TOP, "build", "release")
    steps = [["cmake", "--build", folder, "--target", *targets]]
    if not os.path.exists(os.path.join(folder, "build.ninja")):
        steps.insert(0, ["cmake", "--preset", "release"])
    for step in steps:
        done = subprocess.run(step, cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            print(f"{' '.join(step)} failed:\n{done.stdout[-4000:]}", file=sys.stderr)
            sys.exit(2)
    return folder
