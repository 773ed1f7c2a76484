# `on`, `desc` and `meta` at the top of mlops.yaml.
. "$(dirname "$0")/../lib/tap.sh"

new_project
pipeline() {
	cat >mlops.yaml
	printf 'stages:\n  t: {cmd: "true"}\n' >>mlops.yaml
}
pipeline <<'YAML'
desc: all of it
meta: {owner: [me]}
on:
  schedule: ["0 3 * * mon-fri", "@weekly"]
  push: [main, release/*]
  drift: wine
  data: data/**/*.csv
YAML
ok "all of them are accepted" mlops run --dry-run
pipeline <<'YAML'
on: {push: true}
YAML
ok "any push" mlops run --dry-run

# refused TEXT PATTERN WHAT
refused() {
	printf '%s\nstages:\n  t: {cmd: "true"}\n' "$1" >mlops.yaml
	run mlops run --dry-run
	rc_is 1 "$3"
	like "$err" "$2" "$3 is explained"
}
refused 'on: {schedule: "0 25 * * *"}' "mlops.yaml:1:16: '25' is no hour \(0 to 23\)" "a wrong hour"
refused 'on: {schedule: daily}' "mlops.yaml:1:16: 'daily' is no minute" "no schedule"
refused 'on: {schedule: "0 0 30 2 *"}' "mlops.yaml:1:16: '0 0 30 2 \*' is a day that no month has" "a day that never comes"
refused 'on: {scedule: x}' "mlops.yaml:1:6: .*'scedule'" "an unknown key"
refused 'on: {data: ../x}' "mlops.yaml:1:12: path '../x' leaves the project" "data elsewhere"
refused 'on: {drift: [{a: b}]}' 'mlops.yaml:1:14: ' "a map"
refused 'desc: [x]' 'mlops.yaml:1:7' "a desc that is no text"
printf 'on: {push: true}\nstages: {}\n' >other.yaml
refused 'include: [other.yaml]' 'other.yaml:1:1: on is for mlops.yaml, not for files it includes' "in an included file"
done_testing
