# Dependencies that are what another git repository has at a revision.
. "$(dirname "$0")/../lib/tap.sh"

new_project
commit() { (cd ../other && git add -A && git -c user.name=a -c user.email=a@b commit -qm x); }
git init -q ../other
mkdir ../other/data
echo 1 >../other/data/x
commit
git -C ../other tag v1
pipeline() { printf 'stages:\n  t: {cmd: "echo >> runs", deps: [%s], outs: [runs: {persist: true, cache: false}]}\n' "$1" >mlops.yaml; }

pipeline '{git: ../other, path: data}'
ok "a folder of another repository" mlops run
like mlops.lock 'file: git:../other@HEAD:data' "is in the lock"
like mlops.lock "$(git -C ../other rev-parse HEAD:data)" "by its git object"
touch ../other/elsewhere
commit
run mlops run
like "$err" "up to date" "another commit with the same folder changes nothing"
echo 2 >../other/data/x
commit
run mlops run
like "$err" "stage 't': runs: .*other@HEAD:data: version changed" "a change of it does"
pipeline '{git: ../other, path: data/x, rev: v1}'
run mlops run
like mlops.lock "$(git -C ../other rev-parse v1:data/x)" "a file at a tag"

refused() {
	pipeline "$1"
	run mlops run
	rc_is 1 "$1"
	like "$err" "$2" "$1 is explained"
}
refused '{git: ../other, path: none}' "mlops.yaml:2:35: git knows no revision 'HEAD:none'"
refused '{git: ../none, path: x}' "mlops.yaml:2:35: cannot open the repository '../none'"
refused '{git: ../other}' "mlops.yaml:2:35: path is missing"
refused '{git: ../other, path: ../x}' "mlops.yaml:2:35: path is missing, or no path in a repository"
refused '{git: "https://h/x", path: x}' "mlops.yaml:2:41: git is the folder of a repository on this machine"
refused '{git: ../other, path: x, ref: v1}' "mlops.yaml:2:.*'ref'"
done_testing
