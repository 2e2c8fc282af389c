"""The parts of ``python -m bench.gateway`` that need no other program: its flame graph and its rows."""

from __future__ import annotations

from bench.gateway import compare, flame

RAW = """\
run (threading.py:9);handle (/usr/lib/python3.13/http/server.py:4);answer (to11ai_sdk/local/gateway/gateway.py:7) 60
run (threading.py:9);handle (/usr/lib/python3.13/http/server.py:4);answer (to11ai_sdk/local/gateway/gateway.py:7);\
request (to11ai_sdk/local/gateway/upstream/outgoing.py:3);dumps (/x/python3.13/json/encoder.py:5) 30
run (threading.py:9);handle (/usr/lib/python3.13/http/server.py:4);<module> (to11ai_sdk/local/gateway/app.py:1) 10
"""


def test_the_time_of_a_library_counts_for_the_folder_that_calls_it() -> None:
    assert flame.shares(flame.read(RAW)) == [("gateway", 0.7), ("gateway/upstream", 0.3)]


def test_the_flame_graph_has_each_function_in_proportion_and_no_path_of_the_machine() -> None:
    picture = flame.svg(flame.read(RAW), "Calls & co")
    assert picture == flame.svg(flame.read(RAW), "Calls & co")
    assert "<title>request, to11ai_sdk/local/gateway/upstream/outgoing.py: 30.0%</title>" in picture
    assert "&lt;module&gt;" in picture
    assert "Calls &amp; co" in picture
    assert "/usr/" not in picture
    assert "/x/" not in picture


def test_a_row_has_the_median_of_the_ratios_of_each_round() -> None:
    row = compare.row("CPU", [1, 2, 30], [4, 4, 60], "ms", most=0.5, than="the other build")
    assert (row.ratio, row.met, row.goal) == (0.5, True, "<= 0.5 x the other build")
    assert compare.row("rate", [1, 2, 30], [4, 4, 60], "/s", least=0.6, than="a peer").met is False
