// SPDX-License-Identifier: BSD-3-Clause
/* A scenario file, line by line; see lines.h. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "lines.h"
#include "scenario.h"

/* Cuts the comment and the space at both ends off. In zone-file text a ';' inside a quoted string or behind a backslash
 * is data. */
static char *trim(char *text, bool head)
{
	bool quoted = false;
	char *end = text;

	for (; *end; end++) {
		if (*end == '\\' && end[1]) {
			end++;
		} else if (*end == '"') {
			quoted = !quoted;
		} else if (!quoted && (*end == ';' || *end == '\n' || (head && *end == '#'))) {
			/* "features: a = b; c = d" keeps its semicolons */
			if (*end == ';' && head && strncmp(text + strspn(text, " \t"), "features:", 9) == 0)
				continue;
			break;
		}
	}
	while (end > text && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r' || end[-1] == '\n'))
		end--;
	*end = '\0';
	return text + strspn(text, " \t");
}

bool sim_lines_next(struct sim_lines *lines)
{
	while (getline(&lines->buffer, &lines->capacity, lines->file) >= 0) {
		lines->number++;
		lines->text = trim(lines->buffer, lines->head);
		if (*lines->text)
			return true;
	}
	return false;
}

bool sim_lines_join(struct sim_lines *lines)
{
	char *joined = strdup(lines->text);
	bool more = sim_lines_next(lines);

	if (more) {
		size_t before = strlen(joined), added = strlen(lines->text);

		joined = realloc(joined, before + added + 2);
		joined[before] = ' ';
		memcpy(joined + before + 1, lines->text, added + 1);
		free(lines->buffer);
		lines->buffer = lines->text = joined;
		lines->capacity = before + added + 2;
	} else {
		free(joined);
	}
	return more;
}

bool sim_lines_begins(const struct sim_lines *lines, const char *word, char **rest)
{
	size_t length = strlen(word);

	if (strncmp(lines->text, word, length) != 0 || !strchr(" \t", lines->text[length]))
		return false;
	if (rest)
		*rest = lines->text + length;
	return true;
}

char *sim_lines_word(char **rest)
{
	char *word = *rest + strspn(*rest, " \t");

	if (!*word)
		return NULL;
	char *end = word + strcspn(word, " \t");
	*rest = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

bool sim_lines_fault(struct sim_lines *lines, const char *format, ...)
{
	int used = snprintf(lines->fault, SIM_FAULT_MAX, "%s:%d: ", lines->path, lines->number);
	va_list arguments;

	va_start(arguments, format);
	if (used > 0 && used < SIM_FAULT_MAX)
		vsnprintf(lines->fault + used, (size_t)(SIM_FAULT_MAX - used), format, arguments);
	va_end(arguments);
	return false;
}

void sim_lines_end(struct sim_lines *lines)
{
	free(lines->buffer);
	if (lines->file)
		fclose(lines->file);
}
