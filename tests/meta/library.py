"""libmlops: its headers are documented and stand alone, and it exports what they declare."""
import glob
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tap import ROOT, TREE, check, done, output, read, skip

headers = sorted(os.path.relpath(p, ROOT) for p in glob.glob(f"{ROOT}/include/mlops/*.h"))
DECLARATION = re.compile(r"^MLOPS_API\b[^;]*?\b(mlops_\w+)\(", re.M | re.S)


def undocumented(header):
    """A declaration is documented by a comment in front of it in its paragraph, or behind it."""
    faults = []
    for paragraph in re.split(r"\n\s*\n", read(header)):
        for match in re.finditer(r"^MLOPS_API\b[^;]*;([^\n]*)", paragraph, re.M | re.S):
            name = re.search(r"\b(mlops_\w+)\(", match[0])
            if name and "/*" not in paragraph[:match.start()] + match[1]:
                faults.append(f"{header}: {name[1]} has no comment")
    return faults


def compile_faults(header, language):
    run = subprocess.run(["cc", "-x", language, "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{ROOT}/include",
                          "-include", header.removeprefix("include/"), "/dev/null"],
                         cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return run.stdout.splitlines()[:10] if run.returncode else []


declared = set()
for header in headers:
    declared.update(DECLARATION.findall(read(header)))
    check(f"{header}: documented", undocumented(header))
    check(f"{header}: stands alone", compile_faults(header, "c"))

libraries = glob.glob(f"{TREE}/libmlops.so.*")
if libraries:
    lines = output("nm", "-D", "--defined-only", libraries[0]).splitlines()
    exported = {line.split()[-1] for line in lines}
    check("all that is declared is exported", [f"{n} is not" for n in sorted(declared - exported)])
    check("nothing else is exported", [f"{n} is" for n in sorted(exported - declared)])
else:
    skip("exports", "no libmlops.so in this tree")
done()
