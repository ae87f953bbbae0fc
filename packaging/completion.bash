# Completion of cellsweep in bash. The program says what a word may become (`cellsweep complete WORD...`, orchestrator/complete.h);
# here is what bash does differently: it breaks words at = and :, and hands them over with their quotes.

# The words up to the cursor, whole and without quotes, in `words`; `quote` is the one that is still open.
_cellsweep_words() {
    local rest=${COMP_LINE:0:COMP_POINT} word glued i
    words=() quote=
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]} glued=$i
        if [[ $rest == [[:space:]]* ]]; then
            glued=0
            rest=${rest#"${rest%%[![:space:]]*}"}
        fi
        [[ $rest == "$word"* ]] || word=$rest
        rest=${rest#"$word"}
        if [[ $glued == 0 ]]; then words+=("$word"); else words[-1]+=$word; fi
    done
    for i in "${!words[@]}"; do
        word=${words[i]}
        case $word in
        [\"\']*)
            quote=${word:0:1} word=${word:1}
            [[ $word == *"$quote" ]] && word=${word%"$quote"} quote=
            [[ $i == $((${#words[@]} - 1)) ]] || quote=
            ;;
        *) word=${word//\\/} ;;
        esac
        [[ $word == "~/"* ]] && word=$HOME/${word:2}
        words[i]=$word
    done
}

# Files that end in one of the words, and folders; without a word all files.
_cellsweep_files() {
    local file ending part=${words[-1]}
    [[ $part == --*=* ]] && part=${part#*=}
    compopt -o filenames
    while IFS= read -r file; do
        [[ $# == 0 || -d $file ]] && COMPREPLY+=("$file")
        for ending; do [[ $file == *".$ending" ]] && COMPREPLY+=("$file"); done
    done < <(compgen -f -- "$part")
}

_cellsweep() {
    local words quote line prefix= special='[][ |&;<>()$`"'\''*?!\\]' i
    _cellsweep_words
    [[ -z $quote && ${words[-1]} == *[=:]* ]] && prefix=${words[-1]%"${words[-1]##*[=:]}"}
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
        :files*) _cellsweep_files ${line#:files} ;;
        :folders)
            compopt -o filenames
            mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -d -- "${words[-1]##--*=}")
            ;;
        *)
            line=${line%%$'\t'*}
            line=${line#"$prefix"}
            if [[ -z $quote && $line == *$special* ]]; then
                for ((i = ${#line} - 1; i >= 0; i--)); do [[ ${line:i:1} == $special ]] && line=${line:0:i}\\${line:i}; done
            fi
            COMPREPLY+=("$line")
            ;;
        esac
    done < <("${words[@]:0:1}" complete "${words[@]:1}" 2>/dev/null)
    if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[=.,] ]]; then compopt -o nospace; fi
}
complete -F _cellsweep cellsweep
