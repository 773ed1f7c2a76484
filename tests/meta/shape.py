"""The shape of the tree and of the code: sizes, what stands at the top, what must not be in a file."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tap import ROOT, check, commands, done, files, read, skip

MAX_FILE, MAX_FUNCTION, MAX_COLUMNS = 800, 60, 120
TOP = {"Makefile", "cmd", "lib", "include", "man", "tests", "completions", "examples", "README.md", ".ci",
       ".gitignore", ".gitattributes", "LICENSE", ".clang-format", ".clang-tidy", ".github", ".editorconfig"}
NEEDED = {"Makefile", "cmd", "lib", "include", "man", "tests", "completions", "examples", "README.md", ".ci",
          ".gitignore", "LICENSE"}


def long_functions(path):
    faults, start = [], None
    for number, line in enumerate(read(path).splitlines(), 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            if number - start - 1 > MAX_FUNCTION:
                faults.append(f"{path}:{start}: a function of {number - start - 1} lines")
            start = None
    return faults


def machine_paths(path):
    faults = []
    with open(os.path.join(ROOT, path), errors="replace") as f:
        text = f.read()
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(r"(?<![\w.$}*])/(?:work|root|Users)/|/home/[a-z]+/", line):
            faults.append(f"{path}:{number}: {line.strip()[:80]}")
    return faults


def wide_lines(path):
    return [f"{path}:{n}: {len(line.expandtabs(8))} columns" for n, line in enumerate(read(path).splitlines(), 1)
            if len(line.expandtabs(8)) > MAX_COLUMNS and not re.match(r"\s+(OPT|ARG)\(", line)]


code = files(".c", ".h")
top = {p.split("/")[0] for p in files()}
check("only what belongs at the top is there", sorted(top - TOP))
check("what belongs at the top is there", sorted(NEEDED - top))
check(f"no file is longer than {MAX_FILE} lines",
      [f"{p}: {n} lines" for p in code if (n := read(p).count("\n")) > MAX_FILE])
check(f"no function is longer than {MAX_FUNCTION} lines", [f for p in code for f in long_functions(p)])
check(f"no line of code is wider than {MAX_COLUMNS} columns",
      [f for p in code if not p.startswith("tests/") for f in wide_lines(p)])
check("each file of code starts with a comment",
      [p for p in code if not read(p).lstrip().startswith(("/*", "//"))])
check("each header is included once", [p for p in code if p.endswith(".h") and "#pragma once" not in read(p)])
check("no file names a path of some machine",
      [f for p in files() if p != "tests/meta/shape.py" for f in machine_paths(p)])
check("nothing is left to do",
      [f"{p}: {m}" for p in code for m in re.findall(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b.*", read(p))])
if "README.md" in top:
    known = {" ".join(path) for path, _ in commands()}
    used = set(re.findall(r"^\s*\$ (?:.* && )?mlops ([a-z]+)", read("README.md"), re.M))
    used.update(re.findall(r"`mlops ([a-z]+)", read("README.md")))
    check("commands that the README shows exist", sorted(used - known))
else:
    skip("commands that the README shows exist", "no README.md yet")
done()
