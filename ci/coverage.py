# SPDX-License-Identifier: GPL-2.0-only
#
# Reads gcovr's JSON for ci/coverage: coverage.py FILE LINES BRANCHES. Prints the figures of each folder of the
# reference, the files below the bar, and the functions with the most lines and branches that nothing ran. Exit status
# 1 when the whole is below the bar.

import json
import re
import sys


def measure(lines):
    """(lines run, lines, branches taken, branches) of gcovr's line records."""
    branches = [b for line in lines for b in line["branches"]]
    return (sum(line["count"] > 0 for line in lines), len(lines),
            sum(b["count"] > 0 for b in branches), len(branches))


def percent(part, whole):
    return 100.0 * part / whole if whole else 100.0


def row(name, m):
    print(f"{name:44} {percent(m[0], m[1]):6.1f} % of {m[1]:5} lines  {percent(m[2], m[3]):6.1f} % of {m[3]:5} branches")


def functions(path, lines):
    """(name, its lines) in the order of the file; gcovr leaves out functions, so by the layout of the source."""
    starts = []
    with open(path, encoding="utf-8") as f:
        for number, text in enumerate(f, 1):
            found = re.match(r"[A-Za-z_][^;=]*?(\w+)\((?!\()[^;]*$", text)
            if found:
                starts.append((number, found.group(1)))
    ends = [start for start, _ in starts[1:]] + [1 << 30]
    for (start, name), end in zip(starts, ends):
        yield name, [line for line in lines if start <= line["line_number"] < end]


def main():
    path, bar_lines, bar_branches = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
    with open(path, encoding="utf-8") as f:
        files = json.load(f)["files"]
    folders, below, worst, everything = {}, [], [], []
    for record in files:
        lines = [line for line in record["lines"] if not line.get("gcovr/noncode")]
        folders.setdefault("/".join(record["file"].split("/")[:2]), []).extend(lines)
        everything.extend(lines)
        m = measure(lines)
        if percent(m[0], m[1]) < bar_lines or percent(m[2], m[3]) < bar_branches:
            below.append((record["file"], m))
        for name, body in functions(record["file"], lines):
            m = measure(body)
            worst.append((m[1] - m[0], m[3] - m[2], record["file"], name))
    if not everything:
        sys.exit("coverage: gcovr found nothing of the reference")

    for name in sorted(folders):
        row(name, measure(folders[name]))
    total = measure(everything)
    row("the reference", total)
    print(f"\nFiles below {bar_lines:g} % of lines or {bar_branches:g} % of branches:")
    for name, m in sorted(below):
        row("  " + name, m)
    print("\nFunctions with the most lines, then branches, that nothing ran:")
    for lines, branches, name, function in sorted(worst, reverse=True)[:40]:
        if lines:
            print(f"  {lines:4} lines {branches:4} branches  {name}: {function}()")
    met = percent(total[0], total[1]) >= bar_lines and percent(total[2], total[3]) >= bar_branches
    print(f"\nThe bar is {bar_lines:g} % of lines and {bar_branches:g} % of branches: {'met' if met else 'not met'}")
    sys.exit(0 if met else 1)


main()
