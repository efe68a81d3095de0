"""picture.py - the demo as a picture: packets per 20 ms on both uplinks and at the correspondent.

What goes to the guest points up, what comes from it points down. The upper rows hold the
whole run, with a grey band for each stop; the column on the right looks closely at one move.
"""

import os
import subprocess

import lab

TO, FROM, STOP = "#2a6fbb", "#e08a1e", "#d8d8d8"
BIN_S = 0.02
CLOSE_S = (-0.16, 0.44)  # of the close look, around the suspend

HEAD = """
set encoding utf8
set style fill solid 0.85 noborder
set boxwidth {bin} absolute
set xzeroaxis linetype 1 linecolor "black" linewidth 0.6
set tics out nomirror scale 0.6
set border 3
set grid ytics linecolor "#e8e8e8" linetype 1
set key off
"""


def _data(path, series, zero_ns):
    with open(path, "w", encoding="utf-8") as out:
        for ns, to_guest, from_guest in series:
            out.write(f"{(ns - zero_ns) / 1e9 + BIN_S / 2:.3f} {to_guest} {-from_guest}\n")


def _bands(stops, zero_ns, label_at=None):
    lines = ["unset object", "unset label"]
    for number, stop in enumerate(stops, 1):
        begin, end = ((ns - zero_ns) / 1e9 for ns in (stop.suspend_ns, stop.resume_ns))
        lines.append(f"set object {number} rectangle from {begin:.4f}, graph 0 to {end:.4f}, "
                     f'graph 1 behind fillcolor rgb "{STOP}" fillstyle solid 1 noborder')
        if label_at is not None:
            lines.append(f'set label {number} "{stop.source}→{stop.target}" at {begin:.4f}, graph '
                         f'{label_at} center font ",9" textcolor "#606060"')
    return lines


def _panel(path, title, x_range, height, at, size, last, left):
    lines = [
        f"set origin {at[0]}, {at[1]}", f"set size {size[0]}, {size[1]}",
        f"set xrange [{x_range[0]:.3f}:{x_range[1]:.3f}]", f"set yrange [{-height}:{height}]",
        f'set title "{title}" left offset 0,-0.6 font ",11"' if title else "unset title",
        'set format y "%.0f"' if left else 'set format y ""',
        'set format x "%g"' if last else 'set format x ""',
        f'set xlabel "{"s" if left else "ms since the suspend"}" offset 0,0.6'
        if last else "unset xlabel",
    ]
    scale = "1" if left else "1000"
    if not left:
        lines[2] = f"set xrange [{x_range[0] * 1000:.1f}:{x_range[1] * 1000:.1f}]"
    shift = 0 if left else x_range[2]
    lines.append(
        f'plot "{path}" using (($1-{shift})*{scale}):2:({BIN_S}*{scale}) with boxes '
        f'linecolor "{TO}", "" using (($1-{shift})*{scale}):3:({BIN_S}*{scale}) with boxes '
        f'linecolor "{FROM}"')
    return lines


def _close_bands(stop):
    length = stop.stop_ms
    return ["unset object", "unset label",
            f'set object 1 rectangle from 0, graph 0 to {length:.2f}, graph 1 behind '
            f'fillcolor rgb "{STOP}" fillstyle solid 1 noborder']


def draw(out_dir, series, stops, title, seconds):
    """series: [(title, [(ns, to guest, from guest), ...]), ...] from top to bottom."""
    zero = stops[0].suspend_ns - int(1e9)
    paths = []
    for number, (_, values) in enumerate(series):
        paths.append(os.path.join(out_dir, f"series-{number}.dat"))
        _data(paths[-1], values, zero)
    most = max((max(v[1], v[2]) for _, values in series for v in values), default=20)
    height = max(30, (most // 20 + 1) * 20)
    middle = stops[len(stops) // 2]
    since = (middle.suspend_ns - zero) / 1e9

    script = HEAD.format(bin=BIN_S).splitlines()
    script.append(f'set multiplot title "{title}\\n'
                  f'{{/*0.75 packets per 20 ms:  {{/:Bold to the guest ▲}}   '
                  f'{{/:Bold from the guest ▼}}   grey: the guest is stopped}}" font ",13"')
    rows = len(series)
    each = 0.86 / rows
    for number, (name, _) in enumerate(series):
        at, last = 0.88 - each * (number + 1), number == rows - 1
        script += _bands(stops, zero, 1.04 if number == 0 else None)
        script += _panel(paths[number], name, (0, seconds), height, (0.0, at), (0.70, each), last,
                         True)
        script += _close_bands(middle)
        close = f"{middle.source}→{middle.target}, closely" if number == 0 else ""
        script += _panel(paths[number], close, (*CLOSE_S, since), height, (0.68, at), (0.32, each),
                         last, False)
    script.append("unset multiplot")
    for terminal, name in (("pngcairo size 1500,950", "demo.png"), ("svg size 1500,950", "demo.svg")):
        text = "\n".join([f'set terminal {terminal} enhanced font "DejaVu Sans,11" background "white"'
                          if "png" in terminal else
                          f'set terminal {terminal} enhanced font "DejaVu Sans,11" background "white"',
                          f'set output "{os.path.join(out_dir, name)}"', *script, ""])
        done = subprocess.run(["gnuplot"], input=text, text=True, capture_output=True)
        if done.returncode != 0:
            raise lab.LabError(f"gnuplot: {done.stderr}")
