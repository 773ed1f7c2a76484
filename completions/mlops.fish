# fish completion for mlops. Every candidate comes from `mlops complete`; only the names of files
# are fish's.

function __mlops_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l typed (string replace -r -- '^--[^=]*=' '' $words[-1])
    set -l head (string match -r -- '^--[^=]*=' $words[-1])
    for line in (command $words[1] complete -- $words[2..-1] 2>/dev/null)
        switch $line
            case :path
                __fish_complete_path $typed | string replace -r -- '^' "$head"
            case :dir
                __fish_complete_directories $typed | string replace -r -- '^' "$head"
            case ':*'
            case '*'
                echo $line
        end
    end
end
complete -c mlops -f -a '(__mlops_complete)'
