// SPDX-License-Identifier: BSD-3-Clause
/* Testbound's sums: numbers, ${…} and (…) joined by + - * / from left to right. Inside ${…}: $NAME a variable, time the wall clock in
 * seconds, timeout the seconds to the next deadline, range VALUE LOW HIGH the value when it lies between, else a fault.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct sim_variable {
	const char *name;
	double value;
};

struct sim_scope {
	struct sim_variable *variables; /* NULL: any name is right and 0, to look at the form alone */
	size_t count;
	double time, timeout;
};

/* False on anything else. */
bool sim_expression_value(const char *text, const struct sim_scope *scope, double *value);
