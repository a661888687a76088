#!/usr/bin/env python3
"""What operators do beside the screen, on a real broker with access lists: proofs of
receipts, dead letters, topics as they must not be, the close of a month; and partitions that move.

usage: operations.py SETTLEWATCH RULES MEDDLE [CHECK]...

All checks run (or those whose names hold a CHECK), and every failure is told.
"""
import os, sys, time, traceback

import hostile, leaks, letters, members, receipts, review, secured
from cluster import Cluster, Reference, Site
from meddling import Meddle

program, rules, helper = (os.path.abspath(argument) for argument in sys.argv[1:4])
CHECKS = receipts.CHECKS + letters.CHECKS + hostile.CHECKS + secured.CHECKS + leaks.CHECKS + review.CHECKS + members.CHECKS


def main():
    begun, failed = time.monotonic(), 0
    cluster = Cluster(secure=True)
    meddle = Meddle(helper, cluster.servers)
    try:
        reference = Reference(program, rules, cluster.folder, 11, 1500)
        for check in CHECKS:
            if sys.argv[4:] and not any(word in check.__name__ for word in sys.argv[4:]):
                continue
            at, sites = time.monotonic(), []

            def make(name, **settings):
                sites.append(Site(program, rules, cluster, name, **settings))
                return sites[-1]

            try:
                check(make, reference, meddle)
                print(f"ok      {check.__name__} {time.monotonic() - at:.1f} s", flush=True)
            except Exception:    # all are run
                failed += 1
                print(f"FAILED  {check.__name__}\n{traceback.format_exc()}", flush=True)
                for site in sites:
                    site.tell()
            finally:
                for site in sites:
                    site.close()
    finally:
        meddle.close()
        cluster.close()
    print(f"{failed} failed, {time.monotonic() - begun:.0f} s")
    sys.exit(1 if failed else 0)


main()
