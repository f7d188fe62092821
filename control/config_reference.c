// SPDX-License-Identifier: BSD-3-Clause
/* Writes docs/configuration.md, or (--check) sees that it is as it would be written. Run by the build, never installed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "control/config.h"

static int check(const char *path, const char *wanted, size_t length)
{
	FILE *file = fopen(path, "re");
	char *found = calloc(1, length + 2);
	size_t got;
	int same;

	if (!file || !found) {
		perror(path);
		return 1;
	}
	got = fread(found, 1, length + 1, file);
	same = got == length && memcmp(found, wanted, length) == 0;
	fclose(file);
	free(found);
	if (!same)
		fprintf(stderr, "%s is not current: ninja configuration-reference writes it\n", path);
	return same ? 0 : 1;
}

int main(int argc, char **argv)
{
	bool checking = argc == 3 && strcmp(argv[1], "--check") == 0;
	char *text = NULL;
	size_t length;
	FILE *memory = open_memstream(&text, &length), *file;
	int status = 0;

	if (!memory || (argc != 2 && !checking)) {
		fprintf(stderr, "usage: config-reference [--check] FILE\n");
		return 2;
	}
	hf_config_write_reference(memory);
	fclose(memory);
	if (checking) {
		status = check(argv[2], text, length);
	} else {
		file = fopen(argv[1], "we");
		if (!file || fwrite(text, 1, length, file) != length || fclose(file) != 0) {
			perror(argv[1]);
			status = 1;
		}
	}
	free(text);
	return status;
}
