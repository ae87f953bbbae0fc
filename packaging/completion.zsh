#compdef cellsweep
# Completion of cellsweep in zsh. The program says what a word may become (`cellsweep complete WORD...`, orchestrator/complete.h).
local line value part
local -a given lines shown open_values open_shown values
given=("${(@Q)words[1,CURRENT-1]}")
lines=("${(@f)$(${given[1]} complete "${(@)given[2,-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
for line in $lines; do
    case $line in
    :files*)
        [[ $PREFIX == --*=* ]] && compset -P '*='
        part=${line#:files}
        if [[ -n $part ]]; then _files -g "*.(${(j:|:)${=part}})(-.)"; else _files; fi
        ;;
    :folders)
        [[ $PREFIX == --*=* ]] && compset -P '*='
        _files -/
        ;;
    *)
        value=${line%%$'\t'*}
        if [[ $value == *[=.,] ]]; then open_values+=("$value") && open_shown+=("${line/$'\t'/  -- }")
        else values+=("$value") && shown+=("${line/$'\t'/  -- }"); fi
        ;;
    esac
done
(( $#values )) && compadd -l -d shown -a values
(( $#open_values )) && compadd -S '' -l -d open_shown -a open_values
(( $compstate[nmatches] ))
