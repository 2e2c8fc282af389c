"""Writes completion scripts for bash, zsh and fish from the parser of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...json_types import is_object

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from typing import Any

_POSIX = """_to11ai_words() {
    case "$1" in
CASES    esac
}
_to11ai_wants_file() {
    local begun=$1 word
    shift
    at="" value=""
    for word in "$@"; do
        if [[ -n $value && $word == "=" ]]; then continue
        elif [[ -n $value ]]; then value=""
        elif [[ " VALUED " == *" $word "* ]]; then value=1
        elif [[ $word != -* && " $(_to11ai_words "$at") " == *" $word "* ]]; then at="$at $word"; fi
    done
    [[ -n $value || ( $begun != -* && "|FILES|" == *"|$at|"* ) ]]
}
"""
_CASE = '        "{}") echo "{}";;\n'
_SCRIPTS = {
    "bash": f"""{_POSIX}_to11ai() {{
    local at value IFS=$' \\t\\n'
    COMPREPLY=()
    _to11ai_wants_file "${{COMP_WORDS[COMP_CWORD]}}" "${{COMP_WORDS[@]:1:COMP_CWORD-1}}" && return
    COMPREPLY=($(compgen -W "$(_to11ai_words "$at")" -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
complete -o default -F _to11ai to11ai
""",
    "zsh": f"""#compdef to11ai
{_POSIX}_to11ai() {{
    local at value
    if [[ $words[CURRENT] == --*=* ]]; then compset -P '*='; _files
    elif _to11ai_wants_file "$words[CURRENT]" "${{(@)words[2,CURRENT-1]}}"; then _files
    else compadd -- ${{=$(_to11ai_words "$at")}}; fi
}}
if [[ ${{funcstack[1]}} == _to11ai ]]; then _to11ai; else compdef _to11ai to11ai; fi
""",
    "fish": """function __to11ai_words
    switch "$argv[1]"
CASES    end
end
function __to11ai_wants_file
    set -l at ""
    set -l value no
    for word in (commandline -opc)[2..-1]
        if test $value = yes
            set value no
        else if contains -- $word VALUED
            set value yes
        else if contains -- $word (string match -v -- '-*' (__to11ai_words "$at"))
            set at "$at $word"
        end
    end
    set -l begun (commandline -ct)
    echo "$at"
    test $value = yes; or string match -q -- '--*=*' "$begun"
    or begin; not string match -q -- '-*' "$begun"; and string match -q -- "*|$at|*" '|FILES|'; end
end
complete -c to11ai -f -n 'not __to11ai_wants_file >/dev/null' -a '(__to11ai_words (__to11ai_wants_file))'
complete -c to11ai -F -n '__to11ai_wants_file >/dev/null'
""",
}
_FISH_CASE = "        case '{}'\n            string split -- ' ' '{}'\n"


def script(shell: str, parser: argparse.ArgumentParser) -> str:
    """Return the script for a shell; it knows all commands and options, and runs no Python."""
    valued: set[str] = set()
    files: list[str] = []
    case = _FISH_CASE if shell == "fish" else _CASE
    cases = "".join(case.format(path, " ".join(words)) for path, words in _words(parser, "", valued, files))
    text = _SCRIPTS[shell].replace("CASES", cases)
    return text.replace("VALUED", " ".join(sorted(valued))).replace("FILES", "|".join(files))


def _words(
    parser: argparse.ArgumentParser, path: str, valued: set[str], files: list[str]
) -> Iterator[tuple[str, list[str]]]:
    """Yield each command, as a path, with what may follow it.

    Adds options with a value to ``valued``, and commands that take the name of a file or folder to ``files``.
    """
    words: list[str] = []
    for action in parser._actions:  # pyright: ignore[reportPrivateUsage] - argparse has no public way to list them
        choices: Any = action.choices or ()
        words += [option for option in action.option_strings if option.startswith("--")] or map(str, choices)
        valued.update(action.option_strings if action.nargs != 0 else ())
        files += [path] if not action.option_strings and action.metavar in ("DIR", "FILE") else []
        if is_object(choices):
            for name, command in choices.items():
                yield from _words(command, f"{path} {name}", valued, files)
    yield path, words
