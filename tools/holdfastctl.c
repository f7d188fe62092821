// SPDX-License-Identifier: BSD-3-Clause
/* The operator's one command: asks holdfastd, or the dataplane when holdfastd is not there, and prints tables for
 * people or (-j) the answer as it came.
 *
 * Exit: 0 done; 1 the daemon answered with an error, or a check of the doctor failed; 2 usage; 3 nobody could be
 * reached.
 */
#include <ctype.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "control/config.h"
#include "control/doctor.h"
#include "control/rpc_client.h"

enum { EXIT_ERROR = 1, EXIT_USAGE = 2, EXIT_UNREACHABLE = 3 };
enum { ASK_MS = 5000, WALK_MS = 15000, RESOLVE_MS = 130000 }; /* a trace may last as long as query-deadline-ms allows */

enum { ERROR_SIZE = 2 * HF_RPC_ERROR_MAX + 4 }; /* both daemons' reasons */

static const char usage[] =
	"usage: holdfastctl [-j] [-c FILE | -s SOCKET] COMMAND\n"
	"\n"
	"  status                     who runs, since when, on which addresses\n"
	"  stats                      what each layer counted: kernel, workers, resolver, cache; drops by reason\n"
	"  lookup NAME TYPE           what each cache layer holds, with the TTL left\n"
	"  flush NAME [--subtree]     forget a name [and all below it], in the kernel too\n"
	"  hot [N]                    the N (20) most asked names that the kernel answers\n"
	"  limits                     zones and servers that were limited lately, and why\n"
	"  trace NAME TYPE            resolve, and tell each decision\n"
	"  reload                     read the configuration again\n"
	"  log [level=LEVEL] [queries=on|off] [sample=N]\n"
	"                             change what is logged, until the next reload\n"
	"  doctor                     what this machine lacks, and how to mend it; needs no running daemon\n"
	"\n"
	"  -c FILE    take the sockets from this configuration (default " HF_CONFIG_PATH " where it exists)\n"
	"  -s SOCKET  ask this socket and no other\n"
	"  -j         print the answer as JSON\n"
	"  --version, --help\n";

struct options {
	bool json;
	bool subtree;		 /* of flush */
	const char *config_path; /* given, or the default one if it exists; else NULL */
	const char *socket;	 /* -s */
	const char *control_socket, *dataplane_socket;
};

/* ---- printing ---- */

/* What comes from a daemon came from the network before; it does not get to steer the terminal. */
static void put_text(const char *text)
{
	for (; *text; text++)
		putchar((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text);
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static json_int_t number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static void put_field(const char *label, const char *text)
{
	printf("  %-18s ", label);
	put_text(text);
	putchar('\n');
}

static void put_duration(const char *label, json_int_t seconds)
{
	char text[64];

	if (seconds >= 86400)
		snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT "d %02dh", seconds / 86400,
			 (int)(seconds % 86400 / 3600));
	else if (seconds >= 3600)
		snprintf(text, sizeof(text), "%dh %02dm", (int)(seconds / 3600), (int)(seconds % 3600 / 60));
	else if (seconds >= 60)
		snprintf(text, sizeof(text), "%dm %02ds", (int)(seconds / 60), (int)(seconds % 60));
	else
		snprintf(text, sizeof(text), "%ds", (int)seconds);
	put_field(label, text);
}

/* Any member that a printer has no words of its own for. */
static void put_value(const char *label, const json_t *value)
{
	char *text;

	if (json_is_string(value)) {
		put_field(label, json_string_value(value));
	} else if (json_is_boolean(value)) {
		put_field(label, json_is_true(value) ? "yes" : "no");
	} else {
		text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
		put_field(label, text ? text : "");
		free(text);
	}
}

static void put_listen(const json_t *list)
{
	size_t i;
	json_t *address;

	json_array_foreach(list, i, address)
		put_field(i == 0 ? "listen" : "", json_is_string(address) ? json_string_value(address) : "?");
}

static void put_part(const char *title, const json_t *part, const char *absent)
{
	const char *key;
	json_t *value;

	printf("%s\n", title);
	if (!json_is_object(part)) {
		put_field("", absent);
		return;
	}
	json_object_foreach((json_t *)part, key, value)
	{
		if (strcmp(key, "uptime_s") == 0)
			put_duration("up", json_integer_value(value));
		else if (strcmp(key, "listen") == 0)
			put_listen(value);
		else
			put_value(key, value);
	}
}

static int print_status(const json_t *status)
{
	const char *dataplane_error = text_of(status, "dataplane_error");

	put_part("holdfastd", json_object_get(status, "holdfastd"), "not running");
	put_part("fast path", json_object_get(status, "fastpath"),
		 json_object_get(status, "holdfastd") ? "off" : "unknown: holdfastd is not running");
	put_part("dataplane", json_object_get(status, "dataplane"),
		 dataplane_error[0] ? dataplane_error : "not running");
	return EXIT_SUCCESS;
}

static void put_counters(const json_t *counters)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)counters, key, value)
	{
		if (json_is_integer(value))
			printf("  %-28s %15" JSON_INTEGER_FORMAT "\n", key, json_integer_value(value));
		else if (json_is_real(value))
			printf("  %-28s %15.3f\n", key, json_real_value(value));
		else if (!json_is_object(value))
			put_value(key, value);
	}
	json_object_foreach((json_t *)counters, key, value)
	{
		if (json_is_object(value)) {
			printf(" %s\n", key);
			put_counters(value);
		}
	}
}

static int print_stats(const json_t *stats)
{
	static const char *const order[] = {"kernel", "hot", "workers", "tcp", "cache", "resolver"};
	const char *error = text_of(stats, "dataplane_error"), *key;
	json_t *value;

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		const json_t *layer = json_object_get(stats, order[i]);

		if (json_is_object(layer)) {
			printf("%s\n", order[i]);
			put_counters(layer);
		}
	}
	json_object_foreach((json_t *)stats, key, value)
	{
		bool known = false;

		for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
			known |= strcmp(key, order[i]) == 0;
		if (!known && json_is_object(value)) {
			printf("%s\n", key);
			put_counters(value);
		}
	}
	if (error[0]) {
		fputs("dataplane: ", stdout);
		put_text(error);
		putchar('\n');
	}
	return EXIT_SUCCESS;
}

static int print_lookup(const json_t *found)
{
	const json_t *facts = json_object_get(found, "facts"), *answers = json_object_get(found, "answers");
	json_t *item, *rr;
	size_t i, j;

	printf("answers: %zu\n", json_array_size(answers));
	json_array_foreach(answers, i, item)
	{
		bool kernel = json_is_true(json_object_get(item, "kernel"));
		bool workers = json_is_true(json_object_get(item, "workers"));

		printf("  %8" JSON_INTEGER_FORMAT " s  %-15s ", number_of(item, "ttl"),
		       kernel && workers ? "kernel, workers"
		       : kernel		 ? "kernel"
					 : "workers");
		put_text(text_of(item, "class"));
		putchar(' ');
		put_text(text_of(item, "type"));
		putchar(' ');
		put_text(text_of(item, "rcode"));
		fputs(json_is_true(json_object_get(item, "do")) ? " do" : "", stdout);
		fputs(json_is_true(json_object_get(item, "cd")) ? " cd" : "", stdout);
		if (json_string_value(json_object_get(item, "dns64")))
			printf(" dns64 %s", json_string_value(json_object_get(item, "dns64")));
		putchar('\n');
	}
	printf("facts: %zu\n", json_array_size(facts));
	json_array_foreach(facts, i, item)
	{
		printf("  %8" JSON_INTEGER_FORMAT " s  ", number_of(item, "ttl"));
		put_text(text_of(item, "class"));
		putchar(' ');
		if (text_of(item, "type")[0]) { /* NXDOMAIN is of no type */
			put_text(text_of(item, "type"));
			putchar(' ');
		}
		put_text(text_of(item, "fact"));
		fputs(" (", stdout);
		put_text(text_of(item, "rank"));
		fputs(")\n", stdout);
		json_array_foreach(json_object_get(item, "rrs"), j, rr)
		{
			fputs("              ", stdout);
			put_text(json_is_string(rr) ? json_string_value(rr) : "?");
			putchar('\n');
		}
	}
	return EXIT_SUCCESS;
}

static int print_hot(const json_t *found)
{
	json_t *item;
	size_t i;

	printf("%12s %8s  %-8s %s\n", "hits", "ttl", "type", "name");
	json_array_foreach(json_object_get(found, "names"), i, item)
	{
		printf("%12" JSON_INTEGER_FORMAT " %8" JSON_INTEGER_FORMAT "  ", number_of(item, "hits"),
		       number_of(item, "ttl"));
		printf("%-8.16s ", text_of(item, "type"));
		put_text(text_of(item, "name"));
		putchar('\n');
	}
	return EXIT_SUCCESS;
}

static int print_limits(const json_t *found)
{
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(found, "limited"), i, item)
	{
		time_t at = (time_t)number_of(item, "time");
		struct tm tm;
		char text[32] = "";

		if (gmtime_r(&at, &tm))
			strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
		printf("%-20s  %-14.24s ", text, text_of(item, "event"));
		put_text(text_of(item, "what"));
		putchar('\n');
	}
	return EXIT_SUCCESS;
}

static int print_trace(const json_t *found)
{
	json_t *line;
	size_t i;

	json_array_foreach(json_object_get(found, "story"), i, line)
	{
		put_text(json_is_string(line) ? json_string_value(line) : "?");
		putchar('\n');
	}
	fputs("→ ", stdout);
	put_text(text_of(found, "rcode"));
	putchar('\n');
	return EXIT_SUCCESS;
}

static int print_flush(const json_t *found)
{
	printf("removed: %" JSON_INTEGER_FORMAT " facts and answers, %" JSON_INTEGER_FORMAT " answers in the kernel\n",
	       number_of(found, "removed_facts_and_answers"), number_of(found, "removed_hot"));
	return EXIT_SUCCESS;
}

static int print_reload(const json_t *found)
{
	const char *error = text_of(found, "dataplane_error");

	puts("reloaded");
	if (error[0]) {
		fputs("the dataplane was not told: ", stdout);
		put_text(error);
		putchar('\n');
	}
	if (json_is_true(json_object_get(found, "kernel_lags")))
		puts("the kernel obeys the former access rules until holdfastd is reloaded");
	return EXIT_SUCCESS;
}

static int print_done(const json_t *found)
{
	(void)found;
	puts("done");
	return EXIT_SUCCESS;
}

static int print_doctor(const json_t *found)
{
	json_t *check;
	size_t i, failed = 0;

	json_array_foreach(json_object_get(found, "checks"), i, check)
	{
		bool ok = json_is_true(json_object_get(check, "ok"));
		const char *mend = text_of(check, "mend");

		failed += !ok;
		printf("%-5s %-14.32s ", ok ? "ok" : "FAIL", text_of(check, "name"));
		put_text(text_of(check, "text"));
		putchar('\n');
		if (mend[0]) {
			printf("%-5s %-14s → ", "", "");
			put_text(mend);
			putchar('\n');
		}
	}
	if (failed)
		printf("%zu of %zu checks failed\n", failed, json_array_size(json_object_get(found, "checks")));
	return failed ? EXIT_ERROR : EXIT_SUCCESS;
}

/* ---- parameters ---- */

static json_t *no_params(const struct options *options, int argc, char **argv)
{
	(void)options;
	(void)argc;
	(void)argv;
	return json_object();
}

static json_t *question_params(const struct options *options, int argc, char **argv)
{
	(void)options;
	(void)argc;
	return json_pack("{s:s, s:s}", "name", argv[0], "type", argv[1]);
}

static json_t *flush_params(const struct options *options, int argc, char **argv)
{
	(void)argc;
	return json_pack("{s:s, s:b}", "name", argv[0], "subtree", options->subtree);
}

static bool parse_count(const char *text, json_int_t max, json_int_t *out)
{
	char *end;
	long long value = strtoll(text, &end, 10);

	*out = value;
	return isdigit((unsigned char)*text) && !*end && value >= 1 && value <= max;
}

static json_t *hot_params(const struct options *options, int argc, char **argv)
{
	json_int_t count = 20;

	(void)options;
	if (argc == 1 && !parse_count(argv[0], 1000, &count))
		return NULL;
	return json_pack("{s:I}", "count", count);
}

static json_t *log_params(const struct options *options, int argc, char **argv)
{
	json_t *params = json_object();

	(void)options;
	for (int i = 0; params && i < argc; i++) {
		json_int_t sample;

		if (strncmp(argv[i], "level=", 6) == 0) {
			json_object_set_new(params, "level", json_string(argv[i] + 6));
		} else if (strcmp(argv[i], "queries=on") == 0 || strcmp(argv[i], "queries=off") == 0) {
			json_object_set_new(params, "queries", json_boolean(argv[i][9] == 'n'));
		} else if (strncmp(argv[i], "sample=", 7) == 0 && parse_count(argv[i] + 7, 1000000, &sample)) {
			json_object_set_new(params, "sample", json_integer(sample));
		} else {
			json_decref(params);
			return NULL;
		}
	}
	return params;
}

static const struct command {
	const char *name;
	int args_min, args_max;
	int timeout_ms;
	json_t *(*params)(const struct options *options, int argc, char **argv); /* NULL: usage */
	int (*print)(const json_t *result);
} commands[] = {
	{"status", 0, 0, ASK_MS, no_params, print_status},
	{"stats", 0, 0, ASK_MS, no_params, print_stats},
	{"lookup", 2, 2, WALK_MS, question_params, print_lookup},
	{"flush", 1, 1, WALK_MS, flush_params, print_flush},
	{"hot", 0, 1, WALK_MS, hot_params, print_hot},
	{"limits", 0, 0, ASK_MS, no_params, print_limits},
	{"trace", 2, 2, RESOLVE_MS, question_params, print_trace},
	{"reload", 0, 0, WALK_MS, no_params, print_reload},
	{"log", 1, 3, ASK_MS, log_params, print_done},
	{"doctor", 0, 0, WALK_MS, no_params, print_doctor},
};

/* ---- asking ---- */

static enum hf_rpc_outcome ask_dataplane(const struct options *options, const struct command *command, json_t *params,
					 json_t **result, char *error)
{
	enum hf_rpc_outcome outcome;

	if (strcmp(command->name, "reload") == 0 && options->config_path)
		json_object_set_new(params, "path", json_string(options->config_path));
	outcome = hf_rpc_call(options->dataplane_socket, command->name, params, command->timeout_ms, result, error);
	if (outcome == HF_RPC_RESULT && strcmp(command->name, "status") == 0)
		*result = json_pack("{s:o}", "dataplane", *result); /* as holdfastd would say it */
	return outcome;
}

static enum hf_rpc_outcome ask(const struct options *options, const struct command *command, json_t *params,
			       json_t **result, char error[ERROR_SIZE])
{
	char dataplane_error[HF_RPC_ERROR_MAX];
	enum hf_rpc_outcome outcome;

	if (options->socket)
		return hf_rpc_call(options->socket, command->name, params, command->timeout_ms, result, error);
	outcome = hf_rpc_call(options->control_socket, command->name, params, command->timeout_ms, result, error);
	if (outcome != HF_RPC_UNREACHABLE)
		return outcome;
	outcome = ask_dataplane(options, command, params, result, dataplane_error);
	if (outcome == HF_RPC_ERROR)
		memcpy(error, dataplane_error, sizeof(dataplane_error));
	else if (outcome == HF_RPC_UNREACHABLE)
		snprintf(error + strlen(error), ERROR_SIZE - strlen(error), "; %s", dataplane_error);
	return outcome;
}

static enum hf_rpc_outcome run_doctor(const struct options *options, json_t **result)
{
	*result = hf_doctor_run(options->config_path);
	return *result ? HF_RPC_RESULT : HF_RPC_ERROR;
}

static int run(const struct options *options, const struct command *command, json_t *params)
{
	bool doctor = strcmp(command->name, "doctor") == 0;
	char error[ERROR_SIZE] = "";
	enum hf_rpc_outcome outcome;
	json_t *result;
	int status;

	if (doctor && options->config_path && !options->socket)
		outcome = run_doctor(options, &result);
	else
		outcome = ask(options, command, params, &result, error);
	/* Neither a file nor a daemon that knows one: what does not depend on it can still be checked. */
	if (doctor && outcome == HF_RPC_UNREACHABLE && !options->socket)
		outcome = run_doctor(options, &result);
	if (outcome != HF_RPC_RESULT) {
		fprintf(stderr, "holdfastctl: %s\n", error);
		return outcome == HF_RPC_ERROR ? EXIT_ERROR : EXIT_UNREACHABLE;
	}
	if (options->json) {
		bool failed = false;
		json_t *check;
		size_t i;

		json_dumpf(result, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
		putchar('\n');
		json_array_foreach(json_object_get(result, "checks"), i, check) failed |=
			!json_is_true(json_object_get(check, "ok"));
		status = failed ? EXIT_ERROR : EXIT_SUCCESS;
	} else {
		status = command->print(result);
	}
	json_decref(result);
	if (fflush(stdout) != 0 || ferror(stdout))
		return EXIT_ERROR;
	return status;
}

static const struct command *find_command(const char *name, int argc)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return argc >= commands[i].args_min && argc <= commands[i].args_max ? &commands[i] : NULL;
	}
	return NULL;
}

/* The sockets' paths: from the file when there is one, else as they are by default. */
static struct hf_config *load_sockets(struct options *options)
{
	static const char defaults[] = "listen: [127.0.0.1]\n";
	char error[HF_CONFIG_ERROR_MAX];
	struct hf_config *config;

	if (!options->config_path && access(HF_CONFIG_PATH, R_OK) == 0)
		options->config_path = HF_CONFIG_PATH;
	if (options->config_path && !options->socket)
		config = hf_config_load(options->config_path, error);
	else
		config = hf_config_parse(defaults, sizeof(defaults) - 1, "defaults", error);
	if (config) {
		options->control_socket = config->control_socket;
		options->dataplane_socket = config->dataplane_socket;
	} else {
		fprintf(stderr, "holdfastctl: %s\n", error);
	}
	return config;
}

int main(int argc, char **argv)
{
	static const struct option long_options[] = {{"json", no_argument, NULL, 'j'},
						     {"config", required_argument, NULL, 'c'},
						     {"socket", required_argument, NULL, 's'},
						     {"subtree", no_argument, NULL, 'S'},
						     {"version", no_argument, NULL, 'V'},
						     {"help", no_argument, NULL, 'h'},
						     {NULL}};
	struct options options = {0};
	const struct command *command;
	struct hf_config *config;
	json_t *params;
	int option, status;

	while ((option = getopt_long(argc, argv, "jc:s:Vh", long_options, NULL)) != -1) {
		switch (option) {
		case 'j':
			options.json = true;
			break;
		case 'c':
			options.config_path = optarg;
			break;
		case 's':
			options.socket = optarg;
			break;
		case 'S':
			options.subtree = true;
			break;
		case 'V':
			puts("holdfastctl " HF_VERSION);
			return EXIT_SUCCESS;
		case 'h':
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		default:
			fputs(usage, stderr);
			return EXIT_USAGE;
		}
	}
	/* Options may stand anywhere, so getopt has moved the command and its words to the end. */
	argc -= optind + 1;
	argv += optind + 1;
	command = argc >= 0 ? find_command(argv[-1], argc) : NULL;
	if (command && options.subtree && command->params != flush_params)
		command = NULL;
	params = command ? command->params(&options, argc, argv) : NULL;
	if (!params) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	config = load_sockets(&options);
	/* A doctor is asked just when the file is bad: it says so among its checks. */
	if (!config && strcmp(command->name, "doctor") != 0)
		status = EXIT_ERROR;
	else
		status = run(&options, command, params);
	json_decref(params);
	hf_config_free(config);
	return status;
}
