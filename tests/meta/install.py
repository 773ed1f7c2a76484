"""make install: every file in its place, a program that builds with the library, and make uninstall."""
import glob
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tap import ROOT, TREE, check, done, skip_all

PROGRAM = """#include <mlops/version.h>
#include <stdio.h>
int main(void) { return puts(mlops_version()) < 0; }
"""

if not os.path.samefile(TREE, f"{ROOT}/build"):
    skip_all("only build/ is installed")

# A make of its own: with the variables of the one that runs this test, without its job server.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k not in ("MAKELEVEL", "MFLAGS")}
ENVIRONMENT["MAKEFLAGS"] = " ".join(w for w in os.environ.get("MAKEFLAGS", "").split() if w[0] != "-" and "=" in w)


def sh(script, **env):
    run = subprocess.run(["sh", "-ec", script], cwd=ROOT, env=dict(ENVIRONMENT, **env), stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True)
    return [] if run.returncode == 0 else [script] + run.stdout.splitlines()[-15:]


with tempfile.TemporaryDirectory() as tmp:
    usr = f"{tmp}/dest/usr"
    options = f"DESTDIR={tmp}/dest PREFIX=/usr"
    check("make install", sh(f"make -s install {options}"))
    pages = [os.path.relpath(p, f"{ROOT}/build/man") for p in glob.glob(f"{ROOT}/build/man/man*/*.[157]")]
    wanted = ["bin/mlops", "lib/libmlops.a", "lib/libmlops.so", "lib/libmlops.so.0", "lib/pkgconfig/libmlops.pc",
              "include/mlops/project.h", "include/mlops/error.def", "share/bash-completion/completions/mlops",
              "share/zsh/site-functions/_mlops", "share/fish/vendor_completions.d/mlops.fish",
              "share/mlops/mlops.yaml.json",
              *(f"share/man/{page}" for page in pages)]
    check("each file is in its place", [f"no {w}" for w in wanted if not os.path.exists(f"{usr}/{w}")])
    with open(f"{tmp}/t.c", "w", encoding="utf-8") as f:
        f.write(PROGRAM)
    flags = f"PKG_CONFIG_PATH={usr}/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR={tmp}/dest pkg-config"
    check("a program links with libmlops.so",
          sh(f"cc -o {tmp}/shared {tmp}/t.c -I{usr}/include -L{usr}/lib $({flags} --libs libmlops); {tmp}/shared",
             LD_LIBRARY_PATH=f"{usr}/lib"))
    check("a program links with libmlops.a",
          sh(f"cc -o {tmp}/static {tmp}/t.c -I{usr}/include {usr}/lib/libmlops.a "
             f"$({flags} --libs-only-l --static libmlops | sed 's/-lmlops//'); {tmp}/static"))
    check("the installed program runs", sh(f"{usr}/bin/mlops version"))
    check("make uninstall", sh(f"make -s uninstall {options}"))
    left = [os.path.join(d, f) for d, _, names in os.walk(usr) for f in names]
    check("it leaves nothing", left)
done()
