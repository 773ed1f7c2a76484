# Parameters and vars in TOML, .env and Python files.
. "$(dirname "$0")/../lib/tap.sh"

new_project
cat >conf.toml <<'TOML'
[train]
lr = 0.05 # step
"weird.key" = [1, 2]
TOML
printf '# c\nexport SEED=7\nNAME="a b"\n' >.env
cat >settings.py <<'PY'
import os
DEPTH: int = 3  # levels
HOME = os.environ.get("HOME")
class Opt:
    betas = (0.9, 0.99)
    fast = True
PY
mkdir before && cp conf.toml .env settings.py before
cat >mlops.yaml <<'YAML'
vars: [conf.toml, .env, settings.py]
stages:
  t:
    cmd: cat conf.toml .env settings.py > out; echo ${train.lr} ${SEED} ${DEPTH} ${Opt.betas[1]} >> out
    params:
      - conf.toml: [train]
      - .env: [SEED, NAME]
      - settings.py:
    outs: [out]
YAML
ok "a run" mlops run
like out '^0.05 7 3 0.99$' "values are filled in from all of them"
run mlops runs show last --json
json_is '[d["params"][k] for k in ("conf.toml:train.lr", ".env:NAME", "settings.py:Opt.betas", "settings.py:Opt.fast")]' \
	'["0.05","a b","[0.9,0.99]","true"]' "the run has the parameters"
run mlops run
unlike "$err" 'changed' "nothing is to be done"
sed -i 's/fast = True/fast = False/' settings.py
run mlops run
like "$err" 'Opt.fast changed true -> false' "a constant that changed is the reason"
cp before/settings.py settings.py

run mlops run -P conf.toml:train.lr=0.1 -P .env:SEED=8 -P settings.py:DEPTH=4 -P settings.py:Opt.fast=False
rc_is 0 "a run with other values"
like out '^lr = 0.1 # step$' "TOML: the comment stays"
like out '^export SEED=8$' ".env"
like out '^DEPTH: int = 4  # levels$' "Python"
like out '^    fast = False$' "in a class"
for file in conf.toml .env settings.py; do
	ok "$file is as it was" cmp "$file" "before/$file"
done

fails_with() {
	pattern=$1
	shift
	run mlops run "$@"
	rc_is 1 "$*"
	like "$err" "$pattern" "$* is explained"
}
fails_with "no parameter 'HOME' in 'settings.py'" -P settings.py:HOME=x
fails_with "'Opt.betas' of 'settings.py' is a list and not one value" -P settings.py:Opt.betas=1
echo 'x = ' >>conf.toml
fails_with 'conf.toml:4:5: a value should be here'
cp before/conf.toml conf.toml
echo 'oops' >>.env
fails_with '.env:4:1: a line is NAME=value'
cp before/.env .env
echo 'x = "' >>settings.py
fails_with 'settings.py:7:5: a string does not end'
done_testing
