// SPDX-License-Identifier: BSD-3-Clause
/* sim: plays replay scenarios (.rpl) against the core library and says which pass.
 *
 *   sim [-v] [--strict] [--seed N] [--list LIST] [FILE …]
 *
 * One line a file on stdout, under a failed one the step and what was expected; at the end the totals. Exit status 0 when all
 * passed, 1 when some did not, 2 for a wrong command line. Each file is played in a process of its own: a crash is
 * one scenario's failure.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "play.h"

struct files {
	char **paths;
	size_t count;
};

static const char usage[] =
	"usage: sim [-v] [--strict] [--seed N] [--list LIST] [FILE ...]\n"
	"  -v         the story of each scenario: queries, replies, the resolver's decisions, in scenario time\n"
	"  --strict   a query that a mock server has no entry for fails the scenario\n"
	"  --seed N   seed of all chance (default 1)\n"
	"  --list L   files named in L, one a line, relative to L's folder; '#' begins a comment\n";

static void add(struct files *files, const char *folder, size_t folder_length, const char *name)
{
	char *path = malloc(folder_length + strlen(name) + 1);

	memcpy(path, folder, folder_length);
	strcpy(path + folder_length, name);
	files->paths = realloc(files->paths, (files->count + 1) * sizeof(*files->paths));
	files->paths[files->count++] = path;
}

static bool add_list(struct files *files, const char *path)
{
	FILE *list = fopen(path, "r");
	char *line = NULL;
	size_t capacity = 0;

	if (!list) {
		fprintf(stderr, "sim: %s: %s\n", path, strerror(errno));
		return false;
	}
	const char *slash = strrchr(path, '/');
	while (getline(&line, &capacity, list) >= 0) {
		line[strcspn(line, "#\r\n")] = '\0';
		char *name = line + strspn(line, " \t");
		for (size_t length = strlen(name); length && (name[length - 1] == ' ' || name[length - 1] == '\t');)
			name[--length] = '\0';
		if (*name)
			add(files, path, *name == '/' || !slash ? 0 : (size_t)(slash - path) + 1, name);
	}
	free(line);
	fclose(list);
	return true;
}

/* The reason's lines below the file's, indented. */
static void print_indented(const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		printf("\t%.*s\n", (int)length, text);
		text += length + (text[length] == '\n');
	}
}

static bool play(const char *path, const struct sim_options *options, bool verbose)
{
	struct sim_result result;
	char *story = NULL;
	size_t size;
	FILE *out = open_memstream(&story, &size);

	sim_play(path, options, out, &result);
	fclose(out);
	printf("%s  %s", result.passed ? "pass" : "FAIL", path);
	if (result.unmatched)
		printf(" (%u unscripted of %u queries)", result.unmatched, result.queries);
	if (result.ignored)
		printf(" (ignored: %s)", result.ignored);
	putchar('\n');
	if (!result.passed)
		print_indented(result.reason);
	if (verbose)
		fputs(story, stdout);
	free(story);
	sim_result_end(&result);
	return result.passed;
}

static bool play_apart(const char *path, const struct sim_options *options, bool verbose)
{
	int status = 0;

	fflush(NULL);
	pid_t child = fork();
	if (child < 0) {
		fprintf(stderr, "sim: fork: %s\n", strerror(errno));
		return false;
	}
	if (child == 0)
		exit(play(path, options, verbose) ? 0 : 1);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		printf("FAIL  %s\n\tkilled by signal %d (%s)\n", path, WTERMSIG(status), strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) > 1)
		printf("FAIL  %s\n\texit status %d\n", path, WEXITSTATUS(status));
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(int argc, char **argv)
{
	struct sim_options options = {.seed = 1};
	struct files files = {0};
	bool verbose = false, only_files = false;
	unsigned passed = 0, failed = 0;

	for (int i = 1; i < argc; i++) {
		const char *argument = argv[i];

		if (only_files || argument[0] != '-') {
			add(&files, "", 0, argument);
		} else if (strcmp(argument, "--") == 0) {
			only_files = true;
		} else if (strcmp(argument, "-v") == 0) {
			verbose = true;
		} else if (strcmp(argument, "--strict") == 0) {
			options.strict = true;
		} else if (strcmp(argument, "--list") == 0 && i + 1 < argc) {
			if (!add_list(&files, argv[++i]))
				return 2;
		} else if (strcmp(argument, "--seed") == 0 && i + 1 < argc) {
			char *end;

			options.seed = strtoull(argv[++i], &end, 10);
			if (*end || end == argv[i]) {
				fprintf(stderr, "sim: --seed: not a number: '%s'\n", argv[i]);
				return 2;
			}
		} else {
			bool help = strcmp(argument, "-h") == 0 || strcmp(argument, "--help") == 0;

			fputs(usage, help ? stdout : stderr);
			return help ? 0 : 2;
		}
	}
	if (!files.count) {
		fputs(usage, stderr);
		return 2;
	}
	for (size_t i = 0; i < files.count; i++) {
		if (play_apart(files.paths[i], &options, verbose))
			passed++;
		else
			failed++;
		free(files.paths[i]);
	}
	free(files.paths);
	printf("%u passed, %u failed\n", passed, failed);
	return failed ? 1 : 0;
}
