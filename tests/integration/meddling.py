"""Somebody who changes a cluster behind the program's back: the helper `meddle` as an object."""
import subprocess


class Meddle:
    def __init__(self, program, servers):
        self.process = subprocess.Popen([program, servers], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, *words, must=True):
        self.process.stdin.write("\t".join(str(word) for word in words) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().rstrip("\n")
        assert answer == "ok" or not must, (words, answer)
        return answer == "ok"

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=30)
