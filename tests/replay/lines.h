// SPDX-License-Identifier: BSD-3-Clause
/* A scenario file, line by line: comments and surrounding space gone, empty lines left out. */
#pragma once
#include <stdbool.h>
#include <stdio.h>

struct sim_lines {
	FILE *file;
	const char *path;
	char *fault; /* SIM_FAULT_MAX octets */
	bool head;   /* in the head '#' begins a comment too */
	int number;  /* of the line in `text` */
	char *text;  /* may be written to */
	char *buffer;
	size_t capacity;
};

bool sim_lines_next(struct sim_lines *lines); /* false at the end of the file */
/* Appends the next line to `text`, for RRs in parentheses. */
bool sim_lines_join(struct sim_lines *lines);
/* Is the first word of `text` this one? Then *rest, when not NULL, is what follows it. */
bool sim_lines_begins(const struct sim_lines *lines, const char *word, char **rest);
/* Cuts the next word off *rest; NULL at the end. */
char *sim_lines_word(char **rest);
/* Writes "FILE:LINE: …" to lines->fault; returns false. */
bool sim_lines_fault(struct sim_lines *lines, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sim_lines_end(struct sim_lines *lines);
