// SPDX-License-Identifier: BSD-3-Clause
/* sim: plays replay scenarios (.rpl) against the core library and says which pass.
 *
 *   sim [-v] [--strict] [--seed N] [--known LIST] [--list LIST] [FILE …]
 *
 * One line a file on stdout, under a failed one the step and what was expected; at the end the totals. Exit status 0 when all
 * passed, 1 when some did not, 2 for a wrong command line. Each file is played in a process of its own: a crash is
 * one scenario's failure. What --known lists may fail, and is counted as skipped then; when it passes the list is wrong, which
 * is a failure.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lines.h"
#include "play.h"

struct files {
	char **paths;
	char **remarks; /* what stands behind the name in a list; "" for nothing */
	size_t count;
};

enum outcome { PASSED, FAILED, KNOWN };

static const char usage[] =
	"usage: sim [-v] [--strict] [--seed N] [--known LIST] [--list LIST] [FILE ...]\n"
	"  -v         the story of each scenario: queries, replies, the resolver's decisions, in scenario time\n"
	"  --strict   a query that a mock server has no entry for fails the scenario\n"
	"  --seed N   seed of all chance (default 1)\n"
	"  --known L  files that may fail, one a line, the reason behind the name\n"
	"  --list L   files named in L, one a line, relative to L's folder; '#' begins a comment\n";

static void add(struct files *files, const char *folder, size_t folder_length, const char *name, const char *remark)
{
	char *path = malloc(folder_length + strlen(name) + 1);

	memcpy(path, folder, folder_length);
	strcpy(path + folder_length, name);
	files->paths = realloc(files->paths, (files->count + 1) * sizeof(*files->paths));
	files->remarks = realloc(files->remarks, (files->count + 1) * sizeof(*files->remarks));
	files->paths[files->count] = path;
	files->remarks[files->count++] = strdup(remark);
}

/* `relative`: names are relative to the list's folder. */
static bool add_list(struct files *files, const char *path, bool relative)
{
	FILE *list = fopen(path, "r");
	char *line = NULL;
	size_t capacity = 0;

	if (!list) {
		fprintf(stderr, "sim: %s: %s\n", path, strerror(errno));
		return false;
	}
	const char *slash = relative ? strrchr(path, '/') : NULL;
	while (getline(&line, &capacity, list) >= 0) {
		char *rest = line, *name;

		line[strcspn(line, "#\r\n")] = '\0';
		if ((name = sim_lines_word(&rest)))
			add(files, path, *name == '/' || !slash ? 0 : (size_t)(slash - path) + 1, name,
			    rest + strspn(rest, " \t"));
	}
	free(line);
	fclose(list);
	return true;
}

static void end_files(struct files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		free(files->paths[i]);
		free(files->remarks[i]);
	}
	free(files->paths);
	free(files->remarks);
}

/* The remark of the listed name that `path` ends in, NULL for none. */
static const char *find_remark(const struct files *known, const char *path)
{
	for (size_t i = 0; i < known->count; i++) {
		size_t length = strlen(known->paths[i]), whole = strlen(path);

		if (whole >= length && strcmp(path + whole - length, known->paths[i]) == 0 &&
		    (whole == length || path[whole - length - 1] == '/'))
			return known->remarks[i];
	}
	return NULL;
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

static enum outcome play_listed(const char *path, const struct files *known, const struct sim_options *options,
				bool verbose)
{
	const char *remark = find_remark(known, path);
	bool passed = play_apart(path, options, verbose);

	if (!remark)
		return passed ? PASSED : FAILED;
	if (passed) {
		printf("\tbut it is listed as a known failure (%s): take it off the list\n", remark);
		return FAILED;
	}
	printf("\tknown: %s\n", remark);
	return KNOWN;
}

/* Returns an exit status, or -1 to go on. */
static int read_arguments(int argc, char **argv, struct sim_options *options, struct files *files, struct files *known,
			  bool *verbose)
{
	bool only_files = false;

	for (int i = 1; i < argc; i++) {
		const char *argument = argv[i];

		if (only_files || argument[0] != '-') {
			add(files, "", 0, argument, "");
		} else if (strcmp(argument, "--") == 0) {
			only_files = true;
		} else if (strcmp(argument, "-v") == 0) {
			*verbose = true;
		} else if (strcmp(argument, "--strict") == 0) {
			options->strict = true;
		} else if (strcmp(argument, "--list") == 0 && i + 1 < argc) {
			if (!add_list(files, argv[++i], true))
				return 2;
		} else if (strcmp(argument, "--known") == 0 && i + 1 < argc) {
			if (!add_list(known, argv[++i], false))
				return 2;
		} else if (strcmp(argument, "--seed") == 0 && i + 1 < argc) {
			char *end;

			options->seed = strtoull(argv[++i], &end, 10);
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
	if (!files->count) {
		fputs(usage, stderr);
		return 2;
	}
	return -1;
}

int main(int argc, char **argv)
{
	struct sim_options options = {.seed = 1};
	struct files files = {0}, known = {0};
	unsigned counts[] = {[PASSED] = 0, [FAILED] = 0, [KNOWN] = 0};
	bool verbose = false;
	int status = read_arguments(argc, argv, &options, &files, &known, &verbose);

	if (status < 0) {
		for (size_t i = 0; i < files.count; i++)
			counts[play_listed(files.paths[i], &known, &options, verbose)]++;
		printf("%u passed, %u failed", counts[PASSED], counts[FAILED]);
		if (counts[KNOWN])
			printf(", %u skipped", counts[KNOWN]);
		putchar('\n');
		status = counts[FAILED] ? 1 : 0;
	}
	end_files(&files);
	end_files(&known);
	return status;
}
