// SPDX-License-Identifier: BSD-3-Clause
/* Testbound's sums; see expression.h. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "expression.h"

static bool read_sum(const char **at, const struct sim_scope *scope, double *value);

static void skip_space(const char **at)
{
	*at += strspn(*at, " \t");
}

static bool take(const char **at, const char *word)
{
	size_t length = strlen(word);

	skip_space(at);
	if (strncmp(*at, word, length) != 0 || (isalpha((unsigned char)*word) && isalnum((unsigned char)(*at)[length])))
		return false;
	*at += length;
	return true;
}

static bool read_variable(const char **at, const struct sim_scope *scope, double *value)
{
	size_t length = 0;

	while (isalnum((unsigned char)(*at)[length]) || (*at)[length] == '_')
		length++;
	const char *name = *at;
	*at += length;
	*value = 0;
	if (!scope->variables)
		return length > 0;
	for (size_t i = 0; i < scope->count; i++)
		if (strlen(scope->variables[i].name) == length &&
		    strncmp(scope->variables[i].name, name, length) == 0) {
			*value = scope->variables[i].value;
			return true;
		}
	return false;
}

static bool read_value(const char **at, const struct sim_scope *scope, double *value)
{
	char *end;

	if (take(at, "${"))
		return read_sum(at, scope, value) && take(at, "}");
	if (take(at, "("))
		return read_sum(at, scope, value) && take(at, ")");
	if (take(at, "$"))
		return read_variable(at, scope, value);
	if (take(at, "range")) {
		double low, high;

		return read_value(at, scope, value) && read_value(at, scope, &low) && read_value(at, scope, &high) &&
		       (!scope->variables || (*value >= low && *value <= high));
	}
	if (take(at, "timeout")) {
		*value = scope->timeout;
		return true;
	}
	if (take(at, "time")) {
		*value = scope->time;
		return true;
	}
	*value = strtod(*at, &end);
	if (end == *at)
		return false;
	*at = end;
	return true;
}

static bool read_sum(const char **at, const struct sim_scope *scope, double *value)
{
	if (!read_value(at, scope, value))
		return false;
	for (;;) {
		double other;
		char sign;

		skip_space(at);
		if (!**at || !strchr("+-*/", **at))
			return true;
		sign = *(*at)++;
		if (!read_value(at, scope, &other))
			return false;
		if (sign == '+')
			*value += other;
		else if (sign == '-')
			*value -= other;
		else if (sign == '*')
			*value *= other;
		else
			*value = other != 0 ? *value / other : 0;
	}
}

bool sim_expression_value(const char *text, const struct sim_scope *scope, double *value)
{
	if (!read_sum(&text, scope, value))
		return false;
	skip_space(&text);
	return *text == '\0';
}
