// SPDX-License-Identifier: BSD-3-Clause
/* What benchmark programs share: seeded chance, Zipf draws, the clock, and results as the JSON that bench/run reads:
 *
 *   {"bench": NAME, "rows": [{"name": …, "unit": …, "runs": [one figure a run, …]}, …],
 *    "checks": [{"name": …, "value": …, "sign": "<=" | ">=", "target": …}, …]}
 *
 * Runs of rows that are compared are interleaved by the program (A B C, A B C, …), and a check's value is the
 * median over the rounds of the ratio within one round, so that a machine that slows down half-way slows both sides.
 */
#pragma once
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MEASURE_RUNS_MAX 64

/* ---- chance ---- */

static inline uint64_t measure_chance(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state * 0x9e3779b97f4a7c15;
}

/* Ranks 0 … n-1 with probability proportional to 1 / (rank + 1)^exponent. */
struct measure_zipf {
	uint32_t n;
	double *cumulative;
};

static inline bool measure_zipf_init(struct measure_zipf *zipf, uint32_t n, double exponent)
{
	double sum = 0;

	zipf->n = n;
	zipf->cumulative = malloc(n * sizeof(double));
	if (!zipf->cumulative)
		return false;
	for (uint32_t i = 0; i < n; i++)
		zipf->cumulative[i] = sum += 1 / pow(i + 1, exponent);
	return true;
}

static inline uint32_t measure_zipf_draw(const struct measure_zipf *zipf, uint64_t *state)
{
	double at = (double)(measure_chance(state) >> 11) * 0x1p-53 * zipf->cumulative[zipf->n - 1];
	uint32_t low = 0, high = zipf->n - 1;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (zipf->cumulative[middle] < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* ---- time ---- */

/* CPU time of the calling thread: what others do on a shared machine disturbs it through caches only. */
static inline double measure_cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* ---- results ---- */

struct measure_row {
	char name[96];
	const char *unit;
	unsigned count;
	double runs[MEASURE_RUNS_MAX];
};

static inline void measure_add(struct measure_row *row, double value)
{
	if (row->count < MEASURE_RUNS_MAX)
		row->runs[row->count++] = value;
}

static inline int measure_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static inline double measure_median(const double *values, unsigned count)
{
	double sorted[MEASURE_RUNS_MAX];

	for (unsigned i = 0; i < count; i++)
		sorted[i] = values[i];
	qsort(sorted, count, sizeof(double), measure_compare);
	return count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

/* Median over the rounds of a / b. */
static inline double measure_ratio(const struct measure_row *a, const struct measure_row *b)
{
	double ratios[MEASURE_RUNS_MAX];
	unsigned count = a->count < b->count ? a->count : b->count;

	for (unsigned i = 0; i < count; i++)
		ratios[i] = a->runs[i] / b->runs[i];
	return measure_median(ratios, count);
}

/* Call in this order: begin, rows, checks_begin, checks, end. `first`: no comma before it. */
static inline void measure_print_begin(const char *bench)
{
	printf("{\"bench\": \"%s\", \"rows\": [", bench);
}

static inline void measure_print_row(const struct measure_row *row, bool first)
{
	printf("%s\n {\"name\": \"%s\", \"unit\": \"%s\", \"runs\": [", first ? "" : ",", row->name, row->unit);
	for (unsigned i = 0; i < row->count; i++)
		printf("%s%.6g", i ? ", " : "", row->runs[i]);
	printf("]}");
}

static inline void measure_print_checks_begin(void)
{
	printf("],\n\"checks\": [");
}

static inline void measure_print_check(const char *name, double value, const char *sign, double target, bool first)
{
	printf("%s\n {\"name\": \"%s\", \"value\": %.4g, \"sign\": \"%s\", \"target\": %.4g}", first ? "" : ",", name, value,
	       sign, target);
}

static inline void measure_print_end(void)
{
	printf("]}\n");
}
