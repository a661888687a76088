#!/usr/bin/env python3
"""What the generator publishes to a real broker is screened there and meets its answer key.

usage: generate_publish.py SETTLEWATCH RULES
"""
import json
import os
import subprocess
import sys

from cluster import Cluster, Site

CHECKER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden", "check_answer_key.py")


def main():
    program, rules = sys.argv[1], sys.argv[2]
    cluster = Cluster()
    site = None
    try:
        site = Site(program, rules, cluster, "generated")
        refused = subprocess.run([program, "generate", "--settlements", "100", "--config", site.config], capture_output=True, text=True)
        assert refused.returncode == 70 and "topics create" in refused.stderr, (refused.returncode, refused.stderr)
        site.call("topics", "create")
        key = os.path.join(cluster.folder, "key.ndjson")
        told = site.call("generate", "--settlements", "5000", "--violations", "0.04", "--seed", "4", "--key", key)
        print(told.strip())
        site.run_to_the_end()
        deductions = os.path.join(cluster.folder, "credit-deductions.ndjson")
        with open(deductions, "w", encoding="utf-8") as file:
            for message in site.read("credit-deductions"):
                value = message.get("value", message)
                file.write(json.dumps(json.loads(value) if isinstance(value, str) else value, ensure_ascii=False) + "\n")
        sys.exit(subprocess.run([sys.executable, CHECKER, key, deductions]).returncode)
    finally:
        if site is not None:
            site.close()
        cluster.close()


if __name__ == "__main__":
    main()
