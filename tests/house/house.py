#!/usr/bin/env python3
"""The rules of the house: who may include whom, one library one room, nothing banned, files of a readable size.

house.py TREE         prints each violation as file:line: what is wrong; exit 1 when there is any
house.py --self-test  plants one violation of each kind in an empty tree and asks that it is found
"""
import os
import re
import sys
import tempfile

# The rooms in the order of the flow: a room includes itself and what stands before it.
ROOMS = ["core", "config", "record", "knowledge", "rules", "dossier", "screen", "review", "credit", "stream"]
# Implementations of one contract do not know each other.
SIBLINGS = {"stream": ["memory", "file", "kafka", "redis"]}
# The check of cached dossiers needs no library; the log in memory, which plays Kafka in tests, is held to it too.
SHARED = {"pipeline/stream/kafka/state.h": ["memory"]}
# What the folders around the pipeline may include, by the first word of the path.
AROUND = {"producers": ["producers"], "consumers": ["consumers"], "cli": ["cli", "producers", "consumers"],
          "bench": ["bench", "cli", "producers", "consumers"],
          "tests": ["tests", "bench", "cli", "producers", "consumers"]}
GENERATED = {"version.h", "commit.h", "commands.inc", "loaded.inc", "verbs_rules.inc", "verbs_verify.inc", "verbs_topics.inc", "verbs_state.inc", "verbs_dlq.inc"}
# One library, one room: header, and the files of the program that may name it.
LIBRARIES = [
    ("librdkafka", r"librdkafka/|rdkafka\.h", r"pipeline/stream/kafka/"),
    ("hiredis", r"hiredis", r"pipeline/stream/redis/"),
    ("libyaml", r"yaml\.h$", r"pipeline/config/yaml\.c$"),
    ("simdjson", r"simdjson", r"pipeline/record/\w+\.cc$"),
    ("libsodium", r"sodium", r"pipeline/core/digest\.c$"),
    ("xxHash", r"xxh", r"pipeline/core/digest\.c$"),
    ("libcsv", r"csv\.h$", r"pipeline/knowledge/table\.c$"),
    ("zlib", r"zlib\.h$", r"pipeline/stream/file/|producers/|cli/generate\.c$"),
]
BANNED = re.compile(r"(?<![\w.>])(strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|atof|gmtime|localtime|rand|gets)\s*\(")
RAW_MEMORY = re.compile(r"(?<![\w.>])(malloc|calloc|realloc|strdup|strndup|asprintf)\s*\(")
RAW_MEMORY_HOME = "pipeline/core/memory.c"
FLOATS = re.compile(r"\b(double|float)\b")
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
LINES_MAX = 600
CODE = (".c", ".h", ".cc", ".inc")
TEXT = CODE + (".py", ".sh", ".cmake", ".yaml", ".md", "CMakeLists.txt")
FOLDERS = ["pipeline", "producers", "consumers", "cli", "bench", "tests", "cmake", "scripts", "rules.d", "docs"]
TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')


def bare(source):
    """The source without comments and literals, with its lines where they were."""
    return TOKEN.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), source)


def files(tree):
    for folder in FOLDERS:
        for path, folders, names in os.walk(os.path.join(tree, folder)):
            folders[:] = sorted(f for f in folders if f not in ("corpus", "corpora", "__pycache__") and not f.startswith("bad_"))
            for name in sorted(names):
                if name.endswith(TEXT):
                    yield os.path.relpath(os.path.join(path, name), tree)


def included_from(tree, path, target):
    """The file that a quoted include means, relative to the tree, or None."""
    for base in ("pipeline", ""):
        if os.path.exists(os.path.join(tree, base, target)):
            return os.path.normpath(os.path.join(base, target))
    return None


def arrow(tree, path, target):
    """What is wrong with this file's quoted include, or None."""
    parts = path.split("/")
    if target in GENERATED and parts[0] == "cli":
        return None
    found = included_from(tree, path, target)
    if found is None:
        if parts[0] in ("tests", "bench") and os.path.exists(os.path.join(tree, os.path.dirname(path), target)):
            return None
        return f"'{target}' is no file below the top or pipeline/"
    to = found.split("/")
    if to[0] != "pipeline":
        if to[0] not in AROUND.get(parts[0], []):
            return f"{parts[0]}/ must not know {to[0]}/"
        return None
    if parts[0] != "pipeline":
        return None
    if to[1] not in ROOMS or parts[1] not in ROOMS:
        return f"'{to[1]}' or '{parts[1]}' is no room of the pipeline"
    if ROOMS.index(to[1]) > ROOMS.index(parts[1]):
        return f"room {parts[1]} must not know {to[1]}, which comes later"
    siblings = SIBLINGS.get(parts[1], [])
    if to[1] == parts[1] and to[2] in siblings and parts[2] != to[2] and parts[2] not in SHARED.get(found, []):
        return f"{parts[1]}/{to[2]} is an implementation; only itself may include it"
    return None


def check_code(tree, path, source):
    program = path.split("/")[0] in ("pipeline", "producers", "consumers", "cli")
    for number, line in enumerate(source.split("\n"), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        quote, target = match.groups()
        if quote == '"':
            wrong = arrow(tree, path, target)
            if wrong:
                yield number, wrong
        elif program:
            for name, header, home in LIBRARIES:
                if re.search(header, target) and not re.match(home, path):
                    yield number, f"{name} is named outside its room"
    for number, line in enumerate(bare(source).split("\n"), 1):
        match = BANNED.search(line)
        if match:
            yield number, f"'{match.group(1)}' is banned"
        match = RAW_MEMORY.search(line)
        if match and program and path != RAW_MEMORY_HOME:
            yield number, f"'{match.group(1)}' outside {RAW_MEMORY_HOME}"
        match = FLOATS.search(line)
        if match and program and not path.startswith("cli/"):
            yield number, f"'{match.group(1)}': no floating point near an amount"
    if path.endswith(".h"):
        lines = [line for line in bare(source).split("\n") if line.strip()]
        if not lines or lines[0].strip() != "#pragma once":
            yield 1, "a header begins with '#pragma once' below its idea"


def check(tree):
    for path in files(tree):
        with open(os.path.join(tree, path), encoding="utf-8") as file:
            try:
                source = file.read()
            except UnicodeDecodeError as error:
                yield path, 1, f"not UTF-8: {error}"
                continue
        if path.endswith(CODE):
            for number, wrong in check_code(tree, path, source):
                yield path, number, wrong
        if path.endswith(CODE + (".py", ".sh")) and source.count("\n") > LINES_MAX:
            yield path, LINES_MAX, f"{source.count(chr(10))} lines; {LINES_MAX} at most"
        for number, line in enumerate(source.split("\n"), 1):
            if UNFINISHED.search(line):
                yield path, number, "unfinished"


CLEAN = {
    "pipeline/core/slice.h": "// An idea.\n#pragma once\n#include <string.h>\n",
    "pipeline/rules/load.h": '#pragma once\n#include "core/slice.h"\n#include "rules/load.h"\n',
    "pipeline/stream/kafka/log.c": '#include <librdkafka/rdkafka.h>\n#include "stream/log.h"\n#include "rules/load.h"\n',
    "pipeline/stream/log.h": "#pragma once\n",
    "consumers/screen.c": '#include "stream/log.h"\n// strcpy( and double are words here\nconst char *a = "atoi(1)";\n',
    "cli/run.c": '#include "version.h"\n#include "rules/load.h"\nint f(void) { return strto_rand(1); }\n',
}
PLANTED = [
    ("pipeline/core/a.c", '#include "rules/load.h"\n', "must not know rules"),
    ("pipeline/rules/a.c", '#include "cli/cli.h"\n', "is no file"),
    ("pipeline/rules/a.c", '#include "consumers/a.h"\n', "pipeline/ must not know consumers/"),
    ("pipeline/stream/log.c", '#include "stream/kafka/a.h"\n', "is an implementation"),
    ("pipeline/stream/file/a.c", '#include "stream/kafka/a.h"\n', "is an implementation"),
    ("pipeline/stream/memory/a.c", '#include "stream/kafka/a.h"\n', "is an implementation"),
    ("producers/a.c", '#include "consumers/a.h"\n', "producers/ must not know consumers/"),
    ("pipeline/stream/redis/a.c", "#include <librdkafka/rdkafka.h>\n", "librdkafka is named outside"),
    ("pipeline/stream/kafka/a.c", "#include <hiredis/hiredis.h>\n", "hiredis is named outside"),
    ("pipeline/config/settings.c", "#include <yaml.h>\n", "libyaml is named outside"),
    ("cli/a.c", "#include <sodium.h>\n", "libsodium is named outside"),
    ("pipeline/core/hash.c", "#include <xxhash.h>\n", "xxHash is named outside"),
    ("pipeline/record/decode.c", "#include <simdjson.h>\n", "simdjson is named outside"),
    ("pipeline/knowledge/codes.c", "#include <csv.h>\n", "libcsv is named outside"),
    ("pipeline/core/a.c", "#include <zlib.h>\n", "zlib is named outside"),
    ("cli/a.c", "void f(char *a) { strcpy(a, a); }\n", "'strcpy' is banned"),
    ("tests/unit/a.c", "int f(void) { return rand(); }\n", "'rand' is banned"),
    ("pipeline/core/a.c", "void *f(void) { return malloc(1); }\n", "'malloc' outside"),
    ("pipeline/record/a.c", "double amount;\n", "'double': no floating point"),
    ("producers/a.c", "/* fine */ float rate;\n", "'float': no floating point"),
    ("pipeline/core/a.h", "// An idea.\nint a;\n", "begins with '#pragma once'"),
    ("pipeline/core/a.c", "int a;\n" * 601, "601 lines"),
    ("pipeline/core/a.c", "// TO" "DO\n", "unfinished"),
    ("docs/a.md", "FIX" "ME\n", "unfinished"),
]


def plant(tree, content):
    for path, source in content.items():
        full = os.path.join(tree, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(source)


def self_test():
    failed = 0
    for path, source, words in [(None, None, None)] + PLANTED:
        with tempfile.TemporaryDirectory() as tree:
            plant(tree, CLEAN)
            plant(tree, {"consumers/a.h": "#pragma once\n", "pipeline/stream/kafka/a.h": "#pragma once\n"})
            if path:
                plant(tree, {path: source})
            found = [f"{where}:{line}: {wrong}" for where, line, wrong in check(tree)]
        if not path and found:
            print("a clean tree is not clean:", *found, sep="\n  ")
            failed += 1
        elif path and (len(found) != 1 or words not in found[0] or not found[0].startswith(path)):
            print(f"planted in {path}: {source[:60]!r}: expected one '{words}', found {found}")
            failed += 1
    print(f"{len(PLANTED)} planted violations, {failed} mistakes")
    return 1 if failed else 0


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    if sys.argv[1] == "--self-test":
        return self_test()
    found = list(check(sys.argv[1]))
    for path, line, wrong in found:
        print(f"{path}:{line}: {wrong}")
    print(f"{len(found)} violations")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
