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
_to11ai_find() {
    at="" last=""
    for word in "$@"; do
        last=$word
        if [[ $word != -* && " $(_to11ai_words "$at") " == *" $word "* ]]; then at="$at $word"; fi
    done
    [[ $last == --* && " FLAGS " != *" $last "* ]]
}
"""
_CASE = '        "{}") echo "{}";;\n'
_SCRIPTS = {
    "bash": f"""{_POSIX}_to11ai() {{
    local at word last
    COMPREPLY=()
    _to11ai_find "${{COMP_WORDS[@]:1:COMP_CWORD-1}}" && return
    COMPREPLY=($(compgen -W "$(_to11ai_words "$at")" -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
complete -o default -F _to11ai to11ai
""",
    "zsh": f"""#compdef to11ai
{_POSIX}_to11ai() {{
    local at word last
    if _to11ai_find "${{(@)words[2,CURRENT-1]}}"; then _files; else compadd -- ${{=$(_to11ai_words "$at")}}; fi
}}
if [[ ${{funcstack[1]}} == _to11ai ]]; then _to11ai; else compdef _to11ai to11ai; fi
""",
    "fish": """function __to11ai_words
    switch "$argv[1]"
CASES    end
end
function __to11ai_complete
    set -l at ""
    for word in (commandline -opc)[2..-1]
        if contains -- $word (string match -v -- '-*' (__to11ai_words "$at"))
            set at "$at $word"
        end
    end
    __to11ai_words "$at"
end
function __to11ai_needs_value
    set -l last (commandline -opc)[-1]
    string match -q -- '--*' $last; and not contains -- $last FLAGS
end
complete -c to11ai -f -n 'not __to11ai_needs_value' -a '(__to11ai_complete)'
complete -c to11ai -F -n __to11ai_needs_value
""",
}
_FISH_CASE = "        case '{}'\n            string split -- ' ' '{}'\n"


def script(shell: str, parser: argparse.ArgumentParser) -> str:
    """Return the script for a shell; it knows all commands and options, and runs no Python."""
    flags: set[str] = set()
    case = _FISH_CASE if shell == "fish" else _CASE
    cases = "".join(case.format(path, " ".join(words)) for path, words in _words(parser, "", flags))
    return _SCRIPTS[shell].replace("CASES", cases).replace("FLAGS", " ".join(sorted(flags)))


def _words(parser: argparse.ArgumentParser, path: str, flags: set[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield each command, as a path, with what may follow it; add options without a value to ``flags``."""
    words: list[str] = []
    for action in parser._actions:  # pyright: ignore[reportPrivateUsage] - argparse has no public way to list them
        options = [option for option in action.option_strings if option.startswith("--")]
        choices: Any = action.choices or ()
        words += options or map(str, choices)
        flags.update(options if action.nargs == 0 else ())
        if is_object(choices):
            for name, command in choices.items():
                yield from _words(command, f"{path} {name}", flags)
    yield path, words
