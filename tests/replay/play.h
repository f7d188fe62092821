// SPDX-License-Identifier: BSD-3-Clause
/* Plays one scenario from its first step to its last. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "scenario.h"

struct sim_options {
	bool strict;   /* a query that a server has no entry for fails the scenario */
	uint64_t seed; /* of all chance */
};

struct sim_result {
	bool passed;
	char *reason;  /* why not: the step, what was expected, what came (malloc'ed); NULL when passed */
	char *ignored; /* settings that the product does not have (malloc'ed), NULL for none */
	unsigned unmatched; /* queries that a server had no entry for */
	unsigned queries;   /* sent upstream */
};

/* `story` receives what happened, dated in scenario time. */
void sim_play(const char *path, const struct sim_options *options, FILE *story, struct sim_result *result);
void sim_result_end(struct sim_result *result);
