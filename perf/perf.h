/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Benchmarks of an IOMMU's user API: the command's entry. What is measured, and how, is in
 * README.md.
 */
#ifndef PERF_H
#define PERF_H

/*
 * The command `iommu-cts perf`: @argv[0] is its name. Writes DIR/perf.json (environment, timer,
 * raw samples, percentiles, fits) and the plot of invalidation cost, prints tables on stdout and
 * progress on stderr. 0; 1: a benchmark failed (what it times has no effect, or a call failed);
 * 2: wrong usage or a machine that lacks something, after one line on stderr.
 */
int perf_main(int argc, char **argv);

#endif
