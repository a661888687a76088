#!/usr/bin/env python3
"""The command line's manners: version, help, unknown nouns, the language, and the exit codes that scripts rely on."""
import os
import re
import subprocess
import sys

program = os.path.abspath(sys.argv[1])
mistakes = 0


def run(*arguments):
    run = subprocess.run([program, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         timeout=60, check=False)
    return run.returncode, run.stdout.decode(), run.stderr.decode()


def expect(sentence, true, *evidence):
    global mistakes
    print("ok  " if true else "FAIL", sentence, *(() if true else evidence))
    mistakes += not true


code, out, err = run("--version")
expect("the version names version, commit and libraries",
       code == 0 and re.search(r"^settlewatch \d+\.\d+\.\d+ \(commit [\w-]+\)$", out, re.M)
       and all(re.search(rf"{name} \d", out) for name in ("librdkafka", "hiredis", "libyaml", "zlib", "simdjson", "libsodium")), out)
expect("what is loaded at run time is named, too", re.search(r"^loaded: .*simdjson \d", out, re.M) and re.search(r"^loaded: .*librdkafka \d", out, re.M), out)
code, out, err = run("--help")
nouns = re.findall(r"^  ([a-z]+) {2,}\S", out.split("Nouns:")[-1], re.M)
expect("the help lists the nouns", code == 0 and {"screen", "rules", "generate"} <= set(nouns), out)
code, out, err = run()
expect("no noun is a usage error and shows the help on standard error", code == 2 and out == "" and "Nouns:" in err, code, err)
code, out, err = run("scren")
expect("a misspelt noun is answered with the nearest", code == 2 and "did you mean 'screen'?" in err, code, err)
code, out, err = run("qqqqqqqqqq")
expect("a word like no noun gets no guess", code == 2 and "did you mean" not in err and "unknown noun" in err, code, err)
code, out, err = run("--no-such-option")
expect("an unknown option is a usage error", code == 2 and "no-such-option" in err, code, err)
code, out, err = run("--lang", "fr")
expect("an unknown language is a usage error", code == 2 and "'fr'" in err, code, err)
code, out, err = run("--lang")
expect("a missing language is a usage error", code == 2 and "--lang" in err, code, err)
for noun in nouns:
    code, out, err = run(noun, "--help")
    expect(f"'{noun} --help' answers on standard output and ends well", code == 0 and len(out) > 40 and err == "", code, out, err)
    code, out, err = run(noun, "--no-such-option")
    expect(f"'{noun} --no-such-option' is a usage error", code == 2 and err != "", code, err)
    code, out, err = run(noun, "--help", "--lang=zh")
    expect(f"'{noun}' takes the language after the noun", code == 0, code, err)
sys.exit(1 if mistakes else 0)
