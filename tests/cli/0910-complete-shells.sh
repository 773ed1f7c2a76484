# Completion in the three shells gives what the option tables say.
. "$(dirname "$0")/../lib/tap.sh"

files=$tap_src/completions
new_project
mkdir data && : >data/wine.csv

run mlops complete -- versi
is "$(cut -f1 "$out")" version "a command is completed"
run mlops complete -- version --j
is "$(cut -f1 "$out")" --json "an option is completed"
run mlops complete -- -C dat
is "$(cat "$out")" :dir "-C takes a folder"
run mlops complete -- -C data versi
is "$(cut -f1 "$out")" version "a command behind -C is completed"
run mlops complete -- mdoc
is "$(cat "$out")" "" "hidden commands stay hidden"

# What bash would insert for a line: one candidate a line.
in_bash() {
	bash --norc -c '. "$1"; COMP_LINE=$2 COMP_POINT=${#2}; _mlops 2>&1; printf "%s\n" "${COMPREPLY[@]}"' \
		bash "$files/mlops.bash" "$1"
}
if command -v bash >/dev/null; then
	is "$(in_bash 'mlops versi')" version "bash: a command"
	is "$(in_bash 'mlops version --js')" --json "bash: an option"
	is "$(in_bash 'mlops mdoc data/wi')" data/wine.csv "bash: a file"
else
	skip "no bash" "bash"
fi

in_fish() {
	fish --no-config -c 'source $argv[1]; complete -C $argv[2]' "$files/mlops.fish" "$1" | cut -f1
}
if command -v fish >/dev/null; then
	is "$(in_fish 'mlops versi')" version "fish: a command"
	is "$(in_fish 'mlops version --js')" --json "fish: an option"
	is "$(in_fish 'mlops mdoc data/wi')" data/wine.csv "fish: a file"
else
	skip "no fish" "fish"
fi

# zsh completes only at a terminal: it gets one, and a line with a tab in it, which it then runs.
in_zsh() {
	cat >zsh-driver <<-'ZSH'
	zmodload zsh/zpty
	zpty shell "PS1= TERM=dumb zsh -f -i"
	zpty -w shell "fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -D; print rea''dy"
	zpty -r shell line '*ready*'
	zpty -w shell "$2"$'\t'
	zpty -w shell "print do''ne"
	zpty -r shell line '*done*'
	print -r -- $line
	zpty -d shell
	ZSH
	timeout 20 zsh -f zsh-driver "$files" "$1"
}
if command -v zsh >/dev/null; then
	in_zsh 'mlops versi' >zsh.out 2>&1
	like zsh.out '^mlops [0-9.]+' "zsh: a command"
else
	skip "no zsh" "zsh"
fi

# Names that the project knows, by the option tables' kinds.
. "$tap_src/tests/lib/deploy.sh"
names() { mlops complete -- "$@" | cut -f1 | sort | tr '\n' ' '; }
new_project
mlops remote add origin "$scratch/remote" && mlops remote add other "$scratch/other"
printf 'stages:\n  prepare: {cmd: cp in mid, deps: [in], outs: [mid]}\n  train: {cmd: cp mid out, deps: [mid], outs: [out]}\n' >mlops.yaml
echo x >in
mlops run --name first >/dev/null 2>&1
write_model m && add_version sum m
end_later live
mlops deploy sum --name live >/dev/null
is "$(names push --remote=o)" "--remote=origin --remote=other " "remotes, behind an option"
is "$(names push -r or)" "origin " "and as its own word"
is "$(names runs show f)" "first " "runs"
is "$(names runs show l)" "last " "and the newest one"
is "$(names model show '')" "sum " "models"
is "$(names rollback '')" "live " "deployments"
is "$(names run '')" "logs prepare train " "stages, and what run does besides"
is "$(names runs -e D)" "Default " "experiments, each once"
is "$(names config remote.or)" "remote.origin.url " "settings"
is "$(names help vers)" "version " "commands"
mkdir -p elsewhere && cd elsewhere
is "$(names -C .. run t)" "train " "of the project that -C leads to"
cd "$scratch"
is "$(names push --remote=)" "" "outside of a project there are none"
done_testing
