// SPDX-License-Identifier: BSD-3-Clause
/* Plays replay scenarios (.rpl) and says which pass: `sim` against the core library, `network` against the daemon on sockets.
 *
 *   sim|network [-v] [--strict] [--seed N] [--jobs N] [--known LIST] [--list LIST] [FILE …]
 *
 * One line a file on stdout, under a failed one the step and what was expected; at the end the totals. Exit status 0 when all
 * passed, 1 when some did not, 2 for a wrong command line, 77 when nothing can be played here. Each file is played in a process of
 * its own: a crash is one scenario's failure. What --known lists may fail, and is counted as skipped then; when it passes the
 * list is wrong, which is a failure.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lines.h"
#include "play.h"
#include "target.h"

struct files {
	char **paths;
	char **remarks; /* what stands behind the name in a list; "" for nothing */
	size_t count;
};

enum outcome { PASSED, FAILED, KNOWN };

/* A file being played. */
struct run {
	pid_t pid; /* -1: it could not be started */
	FILE *output;
};

struct options {
	struct sim_options play;
	bool verbose;
	unsigned long jobs;
};

static const char usage[] =
	" [-v] [--strict] [--seed N] [--jobs N] [--known LIST] [--list LIST] [FILE ...]\n"
	"  -v         the story of each scenario: queries, replies, the target's decisions, in scenario time\n"
	"  --strict   a query that a mock server has no entry for fails the scenario\n"
	"  --seed N   seed of all chance (default 1)\n"
	"  --jobs N   files played at once (default 1)\n"
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
		fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, path, strerror(errno));
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

static struct run start(const char *path, const struct options *options)
{
	struct run run = {.output = tmpfile()};

	fflush(NULL);
	run.pid = run.output ? fork() : -1;
	if (run.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* nothing plays on when this is killed */
		if (dup2(fileno(run.output), STDOUT_FILENO) < 0)
			_exit(2);
		exit(play(path, &options->play, options->verbose) ? 0 : 1);
	}
	return run;
}

static bool finish(struct run *run, const char *path)
{
	char buffer[4096];
	size_t got;
	int status = 0;

	if (run->pid < 0) {
		printf("FAIL  %s\n\tit cannot be played: %s\n", path, strerror(errno));
		return false;
	}
	while (waitpid(run->pid, &status, 0) < 0 && errno == EINTR)
		;
	rewind(run->output);
	while ((got = fread(buffer, 1, sizeof(buffer), run->output)))
		fwrite(buffer, 1, got, stdout);
	fclose(run->output);
	if (WIFSIGNALED(status))
		printf("FAIL  %s\n\tkilled by signal %d (%s)\n", path, WTERMSIG(status), strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) > 1)
		printf("FAIL  %s\n\texit status %d\n", path, WEXITSTATUS(status));
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static enum outcome outcome_of(const char *path, bool passed, const struct files *known)
{
	const char *remark = find_remark(known, path);

	if (!remark)
		return passed ? PASSED : FAILED;
	if (passed) {
		printf("\tbut it is listed as a known failure (%s): take it off the list\n", remark);
		return FAILED;
	}
	printf("\tknown: %s\n", remark);
	return KNOWN;
}

/* Their outcomes in the files' order, however many are played at once. */
static int play_all(const struct files *files, const struct files *known, const struct options *options)
{
	struct run *runs = calloc(files->count, sizeof(*runs));
	unsigned counts[] = {[PASSED] = 0, [FAILED] = 0, [KNOWN] = 0};
	size_t started = 0;

	for (size_t i = 0; i < files->count; i++) {
		for (; started < files->count && started < i + options->jobs; started++)
			runs[started] = start(files->paths[started], options);
		counts[outcome_of(files->paths[i], finish(&runs[i], files->paths[i]), known)]++;
	}
	free(runs);
	printf("%u passed, %u failed", counts[PASSED], counts[FAILED]);
	if (counts[KNOWN])
		printf(", %u skipped", counts[KNOWN]);
	putchar('\n');
	return counts[FAILED] ? 1 : 0;
}

static bool read_number(const char *name, const char *text, unsigned long long *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 10);
	if (*end || end == text || errno) {
		fprintf(stderr, "%s: %s: not a number: '%s'\n", program_invocation_short_name, name, text);
		return false;
	}
	return true;
}

/* Returns an exit status, or -1 to go on. */
static int read_arguments(int argc, char **argv, struct options *options, struct files *files, struct files *known)
{
	bool only_files = false;
	unsigned long long number;

	for (int i = 1; i < argc; i++) {
		const char *argument = argv[i];

		if (only_files || argument[0] != '-') {
			add(files, "", 0, argument, "");
		} else if (strcmp(argument, "--") == 0) {
			only_files = true;
		} else if (strcmp(argument, "-v") == 0) {
			options->verbose = true;
		} else if (strcmp(argument, "--strict") == 0) {
			options->play.strict = true;
		} else if (strcmp(argument, "--list") == 0 && i + 1 < argc) {
			if (!add_list(files, argv[++i], true))
				return 2;
		} else if (strcmp(argument, "--known") == 0 && i + 1 < argc) {
			if (!add_list(known, argv[++i], false))
				return 2;
		} else if (strcmp(argument, "--seed") == 0 && i + 1 < argc) {
			if (!read_number(argument, argv[++i], &number))
				return 2;
			options->play.seed = number;
		} else if (strcmp(argument, "--jobs") == 0 && i + 1 < argc) {
			if (!read_number(argument, argv[++i], &number))
				return 2;
			options->jobs = number > 0 && number <= 64 ? (unsigned long)number : 1;
		} else {
			bool help = strcmp(argument, "-h") == 0 || strcmp(argument, "--help") == 0;

			fprintf(help ? stdout : stderr, "usage: %s%s", program_invocation_short_name, usage);
			return help ? 0 : 2;
		}
	}
	if (!files->count) {
		fprintf(stderr, "usage: %s%s", program_invocation_short_name, usage);
		return 2;
	}
	return -1;
}

int main(int argc, char **argv)
{
	struct options options = {.play = {.seed = 1}, .jobs = 1};
	struct files files = {0}, known = {0};
	const char *what;
	int status = read_arguments(argc, argv, &options, &files, &known);

	if (status < 0 && !sim_target_can_begin(&what)) {
		printf("skipped: %s: %s\n", what, strerror(errno));
		status = 77;
	}
	if (status < 0)
		status = play_all(&files, &known, &options);
	end_files(&files);
	end_files(&known);
	return status;
}
