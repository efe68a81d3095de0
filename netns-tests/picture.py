"""picture.py - the demo as a picture: packets per 20 ms where they pass, over time.

A row for each place. What goes to the guest points up, what comes from it points down; a grey
band is a stop of the guest. The wide column holds all moves, the narrow one a single move.
"""

import os
import subprocess

import lab

TO, FROM, STOP, TEXT = "#2a6fbb", "#d9822b", "#d5d5d5", "#505050"
BEFORE_S, AFTER_S = 0.16, 0.44  # of the close look, around the suspend
SIZE = (1500, 1040)  # pixels
TOP, BOTTOM, GAP = 0.865, 0.06, 0.05  # of the screen: where rows begin, end, and between them
WIDE, NARROW = (0.055, 0.665), (0.72, 0.985)  # left and right edges of the columns

HEAD = f"""
set encoding utf8
set style fill solid 1 noborder
set xzeroaxis linetype 1 linecolor "black" linewidth 0.6
set tics out nomirror scale 0.5
set border 3 linecolor "{TEXT}"
set tics textcolor "{TEXT}"
set grid ytics front linecolor "white" linetype 1 linewidth 0.5
unset key
"""


def _write(path, series, zero_ns):
    """Both corners of each step, so that one polygon is drawn and no seams."""
    with open(path, "w", encoding="utf-8") as out:
        for (ns, to_guest, from_guest), (next_ns, _, _) in zip(series, series[1:]):
            for corner in (ns, next_ns):
                out.write(f"{(corner - zero_ns) / 1e9:.4f} {to_guest} {-from_guest}\n")


def _band(number, begin, end):
    return (f"set object {number} rectangle from {begin:.4f}, graph 0 to {end:.4f}, graph 1 behind "
            f'fillcolor rgb "{STOP}" fillstyle solid 1 noborder')


def _frame(row, rows, edges):
    """Where a panel stands, and tics on the last row's time axis alone."""
    each = (TOP - BOTTOM - GAP * (rows - 1)) / rows
    top = TOP - row * (each + GAP)
    return [f"set lmargin at screen {edges[0]}", f"set rmargin at screen {edges[1]}",
            f"set tmargin at screen {top:.4f}", f"set bmargin at screen {top - each:.4f}",
            "unset object", "unset label",
            'set format x "%g"' if row == rows - 1 else 'set format x ""']


def _plot(path, x):
    return (f'plot "{path}" using ({x}):2 with filledcurves y1=0 linecolor rgb "{TO}", '
            f'"" using ({x}):3 with filledcurves y1=0 linecolor rgb "{FROM}"')


def _wide(row, rows, name, path, stops, zero_ns, seconds, headline):
    lines = _frame(row, rows, WIDE) + headline
    lines += [f'set label 100 "{name}" at graph 0, graph 1.08 font ",12"',
              f"set xrange [0:{seconds}]", "set xtics 2", 'set format y "%.0f"']
    for number, stop in enumerate(stops, 1):
        begin, end = ((ns - zero_ns) / 1e9 for ns in (stop.suspend_ns, stop.resume_ns))
        lines.append(_band(number, begin, end))
        if row == 0:  # nothing goes that far down there: what waits, waits behind it
            lines.append(f'set label {200 + number} "{stop.source} → {stop.target}" at {begin:.3f}, graph '
                         f'0.1 center font ",10" textcolor rgb "{TEXT}"')
    if row == rows - 1:
        lines.append('set label 101 "seconds" at graph 1, graph -0.24 right')
    return lines + [_plot(path, "$1")]


def _narrow(row, rows, path, stop, zero_ns):
    since = (stop.suspend_ns - zero_ns) / 1e9
    lines = _frame(row, rows, NARROW)
    lines += [f"set xrange [{-BEFORE_S * 1e3}:{AFTER_S * 1e3}]", "set xtics 100",
              'set format y ""', _band(1, 0, stop.stop_ms)]
    if row == 0:
        lines.append(f'set label 100 "{stop.source} → {stop.target}, closely" at graph 0, graph 1.08 '
                     'font ",12"')
    if row == rows - 1:
        lines.append('set label 101 "milliseconds since the suspend" at graph 1, graph -0.24 right')
    return lines + [_plot(path, f"($1-{since:.4f})*1e3")]


def _scale(series):
    """Bounds of the vertical axes, the same for all: streams, and the bursts after a stop."""
    up = max((v[1] for _, values in series for v in values), default=20)
    down = max((v[2] for _, values in series for v in values), default=20)
    return -(down // 10 + 1) * 10, (up // 10 + 1) * 10


def _headline(title, note):
    def say(n, text, x, y, size, color="black"):
        return (f'set label {n} "{text}" at screen {x}, screen {y} font ",{size}" '
                f'textcolor rgb "{color}"')
    return [say(1, title, WIDE[0], 0.97, 17), say(2, note, WIDE[0], 0.937, 11, TEXT),
            say(3, "packets per 20 ms:", WIDE[0], 0.91, 11, TEXT),
            say(4, "▲ to the guest", WIDE[0] + 0.105, 0.91, 11, TO),
            say(5, "▼ from the guest", WIDE[0] + 0.19, 0.91, 11, FROM),
            say(6, "▌", WIDE[0] + 0.288, 0.91, 11, "#b0b0b0"),
            say(7, "the guest is stopped", WIDE[0] + 0.3, 0.91, 11, TEXT)]


def draw(out_dir, series, stops, title, note, seconds):
    """series: [(name, [(ns, to guest, from guest), ...]), ...] from top to bottom."""
    zero = stops[0].suspend_ns - int(1e9)
    low, high = _scale(series)
    script = HEAD.splitlines() + [f"set yrange [{low}:{high}]", "set ytics 40",
                                  "set multiplot"]
    for row, (name, values) in enumerate(series):
        path = os.path.join(out_dir, f"series-{row}.dat")
        _write(path, values, zero)
        headline = _headline(title, note) if row == 0 else []
        script += _wide(row, len(series), name, path, stops, zero, seconds, headline)
        script += _narrow(row, len(series), path, stops[len(stops) // 2], zero)
    script.append("unset multiplot")
    for terminal in ("png", "svg"):
        kind = "pngcairo" if terminal == "png" else "svg"
        start = [f"set terminal {kind} size {SIZE[0]},{SIZE[1]} enhanced font \"DejaVu Sans,10\" "
                 'background "white"', f'set output "{os.path.join(out_dir, "demo." + terminal)}"']
        done = subprocess.run(["gnuplot"], input="\n".join(start + script) + "\n", text=True,
                              capture_output=True)
        if done.returncode != 0:
            raise lab.LabError(f"gnuplot: {done.stderr}")
