# bash completion for mlops. Every candidate comes from `mlops complete`; only the names of files
# are bash's.

_mlops() {
	local line=${COMP_LINE:0:COMP_POINT} candidate cur value head
	local -a words

	read -ra words <<<"$line"
	[[ $line == *[[:space:]] ]] && words+=("")
	cur=${words[-1]}
	value=${cur#--*=}
	COMPREPLY=()
	while IFS=$'\t' read -r candidate _; do
		case $candidate in
		:path | :dir)
			compopt -o filenames 2>/dev/null
			[[ $candidate == :dir ]] && candidate=-d || candidate=-f
			while read -r candidate; do
				COMPREPLY+=("${cur%"$value"}$candidate")
			done < <(compgen "$candidate" -- "$value")
			;;
		:*) ;;
		*) COMPREPLY+=("$candidate") ;;
		esac
	done < <("${words[0]}" complete -- "${words[@]:1}" 2>/dev/null)

	# readline replaces only what follows the last '=' or ':' of the word.
	head=${cur%"${cur##*[=:]}"}
	COMPREPLY=("${COMPREPLY[@]#"$head"}")
	[[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
	return 0
}
complete -F _mlops mlops
