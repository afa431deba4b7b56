"""`hedgewatch completion SHELL`: what the shell needs so that Tab goes on with a word."""

import argparse
from typing import Final

BASH: Final = """\
# hedgewatch completion for bash: source it, or put it among bash's completions.
_hedgewatch() {
    local found program="${COMP_WORDS[0]}"
    program="${BASH_ALIASES[$program]:-$program}"
    mapfile -t found < <("$program" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    COMPREPLY=()
    if [[ ${found[0]} == :files ]]; then
        compopt -o default
    elif ((${#found[@]})); then
        COMPREPLY=("${found[@]%%$'\\t'*}")
    fi
}
complete -F _hedgewatch hedgewatch
"""

ZSH: Final = """\
#compdef hedgewatch
# hedgewatch completion for zsh: put it into a folder of $fpath as _hedgewatch.
_hedgewatch() {
    local -a found told
    local one
    found=("${(@f)$($words[1] __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ $found[1] == :files ]]; then
        _files
        return
    fi
    for one in $found; do
        told+=("${${one%%$'\\t'*}//:/\\\\:}:${${one#*$'\\t'}/#%${one}/}")
    done
    _describe hedgewatch told
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _hedgewatch "$@"
else
    compdef _hedgewatch hedgewatch
fi
"""

FISH: Final = """\
# hedgewatch completion for fish: put it among fish's completions as hedgewatch.fish.
function __hedgewatch_complete
    set -l typed (commandline -opc)
    set -l current (commandline -ct)
    set -l found ($typed[1] __complete $typed[2..-1] "$current" 2>/dev/null)
    if test "$found[1]" = ":files"
        __fish_complete_path "$current"
    else
        printf '%s\\n' $found
    end
end
complete -c hedgewatch -f -a '(__hedgewatch_complete)'
"""

SHELLS: Final = {"bash": BASH, "zsh": ZSH, "fish": FISH}


def completion(asked: argparse.Namespace) -> int:
    """Print the shell's part."""
    print(SHELLS[asked.shell], end="")
    return 0
