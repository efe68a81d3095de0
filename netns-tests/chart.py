"""chart.py - the table of netns-tests/handover as a picture, by gnuplot.

A column for each pair of round trips; above what a move loses, below how much longer than the
stop the guest hears nothing, over the stop time. Both with the early switch and without.
"""

import os
import subprocess

import lab

WITH, WITHOUT, TEXT = "#2a6fbb", "#d9822b", "#505050"
TOP, MIDDLE, BOTTOM = (0.84, 0.55), 0.5, (0.44, 0.1)  # of the screen
LEFT, RIGHT, GAP = 0.06, 0.985, 0.03
LEAST = 0.1  # a logarithmic axis has no zero

HEAD = f"""
set encoding utf8
set tics out nomirror scale 0.5 textcolor rgb "{TEXT}"
set border 3 linecolor rgb "{TEXT}"
set grid ytics linecolor rgb "#e0e0e0" linetype 1
set logscale y
set style fill solid 1 noborder
unset key
"""


def _columns(rows):
    """[(pair, stop times, {early: {stop: row}})] in the order of the table."""
    found = {}
    for row in rows:
        stops = found.setdefault(tuple(row["rtt_ms"]), {})
        stops.setdefault(row["early"], {})[row["stop_ms"]] = row
    return [(pair, sorted({s for part in stops.values() for s in part}), stops)
            for pair, stops in found.items()]


def _most(value):
    return max(LEAST, 1e5 if value is None else value)


def _panel(index, count, edges, headline):
    width = (RIGHT - LEFT - GAP * (count - 1)) / count
    left = LEFT + index * (width + GAP)
    return [f"set lmargin at screen {left:.4f}", f"set rmargin at screen {left + width:.4f}",
            f"set tmargin at screen {edges[0]}", f"set bmargin at screen {edges[1]}",
            "unset label", *headline, 'set format y "%g"' if index == 0 else 'set format y ""']


def _plot(stops, parts, value, error):
    """Bars side by side for each stop time; a thin line up to what 95 % stay below."""
    lines, words = [], []
    for n, (early, color) in enumerate(((False, WITHOUT), (True, WITH))):
        lines += [f"$b{n} << end"]
        for x, stop in enumerate(stops):
            row = parts.get(early, {}).get(stop)
            if row:
                lines.append(f"{x - 0.18 + 0.36 * n:.2f} {_most(value(row))} {_most(error(row))}")
        lines.append("end")
        words += [f'$b{n} using 1:2:(0.32) with boxes linecolor rgb "{color}"',
                  f'$b{n} using 1:2:2:3 with yerrorbars linecolor rgb "{TEXT}" pointtype 0']
    tics = ", ".join(f'"{stop:g}" {x}' for x, stop in enumerate(stops))
    return lines + [f"set xrange [-0.6:{len(stops) - 0.4}]", f"set xtics ({tics})",
                    "plot " + ", ".join(words)]


def _text(n, text, x, y, size=11, color=TEXT):
    return (f'set label {n} "{text}" at screen {x}, screen {y} font ",{size}" '
            f'textcolor rgb "{color}"')


def _headline(note):
    return [_text(1, "What moving a guest costs, with and without the early switch", LEFT, 0.965, 17, "black"),
            _text(2, f"1000 packets a second each way; {note}", LEFT, 0.925),
            _text(3, "■ early switch", 0.72, 0.965, 12, WITH),
            _text(4, "■ turned off (RFC 3963 alone)", 0.8, 0.965, 12, WITHOUT),
            _text(5, f"packets to the guest lost by a move: mean, line: most ({LEAST:g} stands for none)",
                  LEFT, 0.89, 12),
            _text(6, "added outage of what comes to the guest, ms: median, line: 95 %", LEFT, MIDDLE - 0.01, 12),
            _text(7, "stop time in ms, for each round trip between hosts and home agent", LEFT, 0.03, 12)]


def draw(out_dir, rows, note):
    columns = _columns(rows)
    script = HEAD.splitlines() + ["set multiplot"]
    for index, (pair, stops, parts) in enumerate(columns):
        name = f"{pair[0]:g} ms" if pair[0] == pair[1] else f"from {pair[0]:g} ms to {pair[1]:g} ms"
        title = [f'set label 20 "{name}" at graph 0.5, graph 1.03 center font ",11"']
        script += _panel(index, len(columns), TOP, title + (_headline(note) if index == 0 else []))
        script += [f"set yrange [{LEAST}:1000]"]
        script += _plot(stops, parts, lambda r: r["inbound"]["lost"] / r["moves"],
                        lambda r: r["inbound"]["lost_most"])
        script += _panel(index, len(columns), BOTTOM, title)
        script += _plot(stops, parts, lambda r: r["inbound"]["added_outage_ms"]["p50"],
                        lambda r: r["inbound"]["added_outage_ms"]["p95"])
    script.append("unset multiplot")
    for terminal, kind in (("png", "pngcairo"), ("svg", "svg")):
        start = [f'set terminal {kind} size 1500,820 enhanced font "DejaVu Sans,10" background "white"',
                 f'set output "{os.path.join(out_dir, "handover." + terminal)}"']
        done = subprocess.run(["gnuplot"], input="\n".join(start + script) + "\n", text=True,
                              capture_output=True)
        if done.returncode != 0:
            raise lab.LabError(f"gnuplot: {done.stderr}")
