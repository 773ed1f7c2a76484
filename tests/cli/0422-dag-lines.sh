# mlops dag: the lines of a drawing say what needs what.
. "$(dirname "$0")/../lib/tap.sh"

new_project
ok "every edge of 40 random graphs can be followed, and no other" \
	python3 -I -S "$tap_src/tests/lib/dag_trace.py" 40

done_testing
