# Bad pipelines from the command line: exit status, position, suggestion, and nothing done.
. "$(dirname "$0")/../lib/tap.sh"

new_project
refused() {
	cat >mlops.yaml
	run mlops run
	rc_is 1 "$1"
	like "$err" "$2" "$1: where and why"
	[ -z "${3:-}" ] || like "$err" "^hint: $3" "$1: what to do"
}
refused "YAML that is none" '^mlops: mlops.yaml:3:1: ' <<'YAML'
stages:
  a: {cmd: touch ran, deps: [x
YAML
refused "an unknown key" "mlops.yaml:2:24: unknown key 'outz'" "did you mean 'outs'" <<'YAML'
stages:
  a: {cmd: touch ran,  outz: [x]}
YAML
refused "a circle" 'mlops.yaml:2:3: stages need each other: a -> b -> a' <<'YAML'
stages:
  a: {cmd: touch ran, deps: [b], outs: [a]}
  b: {cmd: touch ran, deps: [a], outs: [b]}
YAML
refused "an output of two stages" "output 'o' is already given by stage 'a' on line 2" <<'YAML'
stages:
  a: {cmd: touch ran, outs: [o]}
  b: {cmd: touch ran, outs: [o]}
YAML
refused "a path outside" "mlops.yaml:2:30: output '../o' leaves the project" <<'YAML'
stages:
  a: {cmd: touch ran, outs: [../o]}
YAML
refused "a parameter that is not there" "params.yaml'" <<'YAML'
stages:
  a: {cmd: touch ran, params: [k]}
YAML
echo 'key: 1' >params.yaml
refused "a key that is not there" "mlops.yaml:2:32: there is no parameter 'kye' in 'params.yaml'" \
	"did you mean 'key'" <<'YAML'
stages:
  a: {cmd: touch ran, params: [kye]}
YAML
echo 'key: [' >params.yaml
refused "a parameter file that is no YAML" "params.yaml:2:1: " <<'YAML'
stages:
  a: {cmd: touch ran, params: [key]}
YAML
mkdir outside && mv outside .. && ln -s ../outside link && echo keep >../outside/o
refused "a symlink that leaves the project" "'.*/link/o' leaves the project through a symlink" <<'YAML'
stages:
  a: {cmd: touch ran, outs: [link/o]}
YAML
is "$(cat ../outside/o)" keep "what lies behind it is untouched"
fails "no command ever ran" test -e ran
fails "there is no lock" test -e mlops.lock

done_testing
