# Making a project: where there is git, where there is none, again, and inside another.
. "$(dirname "$0")/../lib/tap.sh"

mkdir plain && cd plain
run mlops init
rc_is 1 "no git repository: it fails"
like "$err" "is in no git repository" "the message says so"
like "$err" "^hint: .*mlops init --git" "the hint names --git"
fails "nothing was made" test -e .mlops

run mlops init --git
rc_is 0 "--git makes one"
like "$out" "made the project '.*/plain'" "it says where"
is "$(git status --short | tr '\n' ' ')" "A  .gitattributes A  .mlops/.gitignore A  .mlops/config A  .mlops/format " \
	"what is to be committed is staged, and nothing else shows"
is "$(cat .mlops/format)" 1 "the format is 1"

run mlops init --json
rc_is 0 "again is fine"
schema_ok init.json
json_is 'd["created"]' false "it says that there was one"
git rm -q --cached .mlops/config
mlops init >/dev/null
like "$(git status --short)" "^A  .mlops/config" "again stages what git has lost"

mkdir sub
run mlops init sub
rc_is 1 "a project inside a project is refused"
like "$err" "already belongs to the project" "the message names the outer one"

cd .. && mkdir -p repo/part && git init -q repo && cd repo/part
run mlops init
rc_is 0 "a folder of a repository can be a project"
is "$(git status --short | head -2 | tail -1)" "A  .mlops/.gitignore" "its files are staged"
printf 'x' >data && mlops track data >/dev/null
is "$(git -C .. ls-files part)" "part/.gitattributes
part/.gitignore
part/.mlops/.gitignore
part/.mlops/config
part/.mlops/format
part/data.mlops" "tracking there stages in the right folder"

cd .. && mkdir odd && cd odd && ln -s ../elsewhere .mlops
run mlops init
rc_is 1 "a .mlops that is a symlink is refused"
fails "nothing was written through it" test -e ../elsewhere

cd .. && run mlops init nowhere
rc_is 1 "a folder that is not there"
like "$err" "nowhere" "is named"

new_project
echo 2 >.mlops/format
run mlops status
rc_is 1 "a newer project is refused"
like "$err" "format 2" "the message names its format"

done_testing
