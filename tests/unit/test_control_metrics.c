// SPDX-License-Identifier: BSD-3-Clause
/* The text on /metrics, read back by a checker that takes nothing but OpenMetrics 1.0 as its ABNF and its prose say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "bpf/fastpath_abi.h"
#include "control/metrics.h"
#include "io/counters.h"
#include "resolver/resolver.h"

/* ---- the checker ---- */

enum { FAMILIES_MAX = 512, LABEL_SETS_MAX = 256 };

struct exposition {
	char family[128], type[16]; /* of the lines being read */
	bool has_help;
	char families[FAMILIES_MAX][128];
	unsigned family_count;
	char label_sets[LABEL_SETS_MAX][128]; /* of the family being read */
	unsigned label_set_count;
};

static bool is_name(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		char c = text[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' || (i && c >= '0' && c <= '9')))
			return false;
	}
	return length > 0;
}

/* Behind the opening quote; returns what stands behind the closing one, NULL for a raw newline or a wrong escape. */
static const char *skip_quoted(const char *at)
{
	for (; *at && *at != '"'; at++) {
		if (*at == '\n')
			return NULL;
		if (*at == '\\' && *++at != 'n' && *at != '\\' && *at != '"')
			return NULL;
	}
	return *at == '"' ? at + 1 : NULL;
}

static const char *check_labels(const char *at)
{
	while (*at != '}') {
		size_t name = strcspn(at, "=");

		if (!is_name(at, name) || at[name + 1] != '"')
			return NULL;
		at = skip_quoted(at + name + 2);
		if (!at || (*at != ',' && *at != '}'))
			return NULL;
		if (*at == ',')
			at++;
	}
	return at + 1;
}

/* A new family may begin only once, and its lines may not be interleaved with another's. */
static const char *begin_family(struct exposition *e, const char *name)
{
	for (unsigned i = 0; i < e->family_count; i++) {
		if (strcmp(e->families[i], name) == 0)
			return "a family appears twice";
	}
	if (e->family_count == FAMILIES_MAX)
		return "too many families";
	snprintf(e->families[e->family_count++], sizeof(e->families[0]), "%s", name);
	snprintf(e->family, sizeof(e->family), "%s", name);
	e->has_help = false;
	e->label_set_count = 0;
	return NULL;
}

static const char *check_metadata(struct exposition *e, const char *line)
{
	char name[128], type[16];

	if (sscanf(line, "# TYPE %127s %15s", name, type) == 2) {
		if (!is_name(name, strlen(name)))
			return "not a metric name";
		if (strcmp(type, "counter") != 0 && strcmp(type, "gauge") != 0 && strcmp(type, "info") != 0)
			return "unknown type";
		if (strcmp(type, "counter") == 0 && strlen(name) > 6 && strcmp(name + strlen(name) - 6, "_total") == 0)
			return "_total belongs to the sample, not to the family";
		strcpy(e->type, type);
		return begin_family(e, name);
	}
	if (sscanf(line, "# HELP %127s ", name) == 1) {
		if (strcmp(name, e->family) != 0 || e->has_help)
			return "HELP without its TYPE before, or twice";
		e->has_help = true;
		for (const char *at = line; *at; at++) {
			if (*at == '\\' && *++at != 'n' && *at != '\\' && *at != '"')
				return "wrong escape in HELP";
		}
		return NULL;
	}
	return "neither TYPE nor HELP";
}

static const char *check_sample(struct exposition *e, const char *line)
{
	const char *suffix = strcmp(e->type, "counter") == 0 ? "_total" : strcmp(e->type, "info") == 0 ? "_info" : "";
	size_t name = strcspn(line, "{ "), family = strlen(e->family);
	const char *at = line + name;
	char *end;

	if (!is_name(line, name) || name != family + strlen(suffix) || memcmp(line, e->family, family) != 0 ||
	    memcmp(line + family, suffix, strlen(suffix)) != 0)
		return "the sample is not of the family above it";
	if (*at == '{' && !(at = check_labels(at + 1)))
		return "malformed labels";
	for (unsigned i = 0; i < e->label_set_count; i++) {
		if (strncmp(e->label_sets[i], line, (size_t)(at - line)) == 0 && !e->label_sets[i][at - line])
			return "the same labels twice";
	}
	if (e->label_set_count == LABEL_SETS_MAX)
		return "too many label sets";
	snprintf(e->label_sets[e->label_set_count++], sizeof(e->label_sets[0]), "%.*s", (int)(at - line), line);
	if (*at++ != ' ' || *at < '0' || *at > '9')
		return "no value behind one space";
	strtod(at, &end);
	return *end ? "something behind the value" : NULL;
}

/* NULL when `text` is well-formed; else what is wrong, with the line printed. */
static const char *check_exposition(const char *text, size_t length)
{
	struct exposition *e = calloc(1, sizeof(*e));
	const char *fault = NULL;
	bool ended = false;

	assert_non_null(e);
	if (strlen(text) != length || length == 0 || text[length - 1] != '\n')
		fault = "holds NUL or does not end with a newline";
	while (!fault && *text) {
		char line[1024];
		size_t size = strcspn(text, "\n");

		snprintf(line, sizeof(line), "%.*s", (int)size, text);
		text += size + 1;
		if (ended)
			fault = "something behind EOF";
		else if (size >= sizeof(line) || size == 0 || line[size - 1] == '\r')
			fault = "an empty, overlong or CRLF line";
		else if (strcmp(line, "# EOF") == 0)
			ended = true;
		else
			fault = line[0] == '#' ? check_metadata(e, line) : check_sample(e, line);
		if (fault)
			print_error("line: %s\n", line);
	}
	free(e);
	return fault ? fault : ended ? NULL : "no EOF line";
}

/* ---- what the daemons would say ---- */

static json_t *full_status(void)
{
	return json_pack("{s:{s:s, s:i}, s:{s:b}, s:{s:b, s:i, s:s}}", "holdfastd", "version", "1\n\"\\2", "uptime_s", 7,
			 "fastpath", "attached", 1, "dataplane", "ready", 1, "uptime_s", 9, "evil\nname", "x");
}

/* Every counter of every list, each with its own value. */
static json_t *full_stats(void)
{
	json_t *stats = json_pack("{s:{s:{}}, s:{s:{}}, s:{}, s:{s:i, s:i}, s:{s:i, s:I}, s:{s:i, s:i, s:{s:i}}}", "kernel", "drops", "workers",
				  "drops", "resolver", "cache", "bytes_used", 1000, "fact_hits", 77, "hot", "entries", 5,
				  "published", (json_int_t)1 << 62, "tcp", "clients", 3, "queries", 4, "drops", "malformed", 2);
	json_t *kernel = json_object_get(stats, "kernel"), *workers = json_object_get(stats, "workers");
	int value = 1;

	assert_non_null(stats);
#define KERNEL(name, text)                                                                                 \
	if (strncmp(#name, "drop_", 5) == 0)                                                               \
		json_object_set_new(json_object_get(kernel, "drops"), &#name[5], json_integer(value++));    \
	else                                                                                               \
		json_object_set_new(kernel, #name, json_integer(value++));
#define WORKER(name, text) json_object_set_new(workers, #name, json_integer(value++));
#define DROP(name, text) json_object_set_new(json_object_get(workers, "drops"), #name, json_integer(value++));
#define RESOLVER(name, text) json_object_set_new(json_object_get(stats, "resolver"), #name, json_integer(value++));
	HF_FASTPATH_COUNTERS(KERNEL)
	HF_COUNTERS(WORKER)
	HF_DROPS(DROP)
	HF_RESOLVER_COUNTERS(RESOLVER)
	return stats;
}

static char *text_of(json_t *status, json_t *stats, size_t *length)
{
	char *text = hf_metrics_text(status, stats, length);

	json_decref(status);
	json_decref(stats);
	assert_non_null(text);
	return text;
}

static void every_counter_appears_in_well_formed_text(void **state)
{
	size_t length;
	char *text = text_of(full_status(), full_stats(), &length);
	const char *fault = check_exposition(text, length);

	(void)state;
	if (fault)
		fail_msg("%s", fault);
#define KERNEL_SEEN(name, text_)                                                                           \
	assert_non_null(strstr(text, strncmp(#name, "drop_", 5) == 0 ? "\nholdfast_kernel_drops_total{reason=\"" \
								     : "\nholdfast_kernel_" #name "_total "));
#define WORKER_SEEN(name, text_) assert_non_null(strstr(text, "\nholdfast_worker_" #name "_total "));
#define DROP_SEEN(name, text_) assert_non_null(strstr(text, "\nholdfast_worker_drops_total{reason=\"" #name "\"} "));
#define RESOLVER_SEEN(name, text_) assert_non_null(strstr(text, "\nholdfast_resolver_" #name "_total "));
	HF_FASTPATH_COUNTERS(KERNEL_SEEN)
	HF_COUNTERS(WORKER_SEEN)
	HF_DROPS(DROP_SEEN)
	HF_RESOLVER_COUNTERS(RESOLVER_SEEN)
	assert_non_null(strstr(text, "\nholdfast_kernel_drops_total{reason=\"response\"} "));
	assert_non_null(strstr(text, "\nholdfast_cache_bytes_used 1000\n"));
	assert_non_null(strstr(text, "\nholdfast_cache_fact_hits_total 77\n"));
	assert_non_null(strstr(text, "\nholdfast_hot_entries 5\n"));
	assert_non_null(strstr(text, "\nholdfast_hot_published_total 4611686018427387904\n"));
	assert_non_null(strstr(text, "\nholdfast_tcp_clients 3\n"));
	assert_non_null(strstr(text, "\nholdfast_tcp_queries_total 4\n"));
	assert_non_null(strstr(text, "\nholdfast_tcp_drops_total{reason=\"malformed\"} 2\n"));
	assert_non_null(strstr(text, "holdfast_build_info{version=\"1\\n\\\"\\\\2\"} 1\n"));
	assert_non_null(strstr(text, "\nholdfast_dataplane_up 1\n"));
	assert_null(strstr(text, "evil"));
	free(text);
}

static void without_a_dataplane_the_text_says_so(void **state)
{
	size_t length;
	char *text = text_of(json_pack("{s:{s:s, s:i}, s:n, s:n}", "holdfastd", "version", "1", "uptime_s", 7, "fastpath",
				       "dataplane"),
			     json_pack("{s:s, s:n}", "dataplane_error", "gone", "kernel"), &length);

	(void)state;
	assert_null(check_exposition(text, length));
	assert_non_null(strstr(text, "\nholdfast_dataplane_up 0\n"));
	assert_null(strstr(text, "holdfast_worker_"));
	free(text);
}

static void what_a_daemon_invents_does_not_become_a_series(void **state)
{
	json_t *stats = full_stats();
	size_t length;
	char *text;

	(void)state;
	json_object_set_new(json_object_get(stats, "workers"), "made\nup", json_integer(1));
	json_object_set_new(json_object_get(json_object_get(stats, "workers"), "drops"), "client-192.0.2.1", json_integer(1));
	json_object_set_new(json_object_get(stats, "resolver"), "questions", json_string("1\n# EOF"));
	json_object_set_new(stats, "other", json_pack("{s:i}", "a", 1));
	text = text_of(full_status(), stats, &length);
	assert_null(check_exposition(text, length));
	assert_null(strstr(text, "made"));
	assert_null(strstr(text, "192.0.2.1"));
	assert_null(strstr(text, "resolver_questions"));
	free(text);
	text = text_of(json_integer(1), json_array(), &length); /* not even objects */
	assert_null(check_exposition(text, length));
	free(text);
}

static const struct {
	const char *value, *label;
} labels[] = {
	{"plain", "plain"},
	{"a\"b", "a\\\"b"},
	{"a\\b", "a\\\\b"},
	{"a\nb", "a\\nb"},
	{"a\tb\x7f", "a?b?"},
	{"caf\xc3\xa9", "caf\xc3\xa9"},
	{"\xe2\x82\xac \xf0\x9f\x8c\x8d", "\xe2\x82\xac \xf0\x9f\x8c\x8d"},
	{"a\xff\xc3", "a??"},
	{"\xc0\xaf", "??"},		/* overlong */
	{"\xed\xa0\x80", "???"},	/* a surrogate */
	{"\xc3\"", "?\\\""},		/* a cut sequence must not swallow the quote */
};

static void label_values_are_escaped(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		char *text = NULL;
		size_t length;
		FILE *out = open_memstream(&text, &length);

		hf_metrics_write_label(out, labels[i].value);
		fclose(out);
		assert_string_equal(text, labels[i].label);
		free(text);
	}
}

/* The checker itself has to be able to say no. */
static void the_checker_refuses_what_is_not_openmetrics(void **state)
{
	static const char *const wrong[] = {
		"",
		"# TYPE a gauge\na 1\n",			      /* no EOF */
		"# TYPE a gauge\na 1\n# EOF",			      /* no newline at the end */
		"# TYPE a gauge\na 1\n# EOF\nb 1\n",
		"# TYPE a counter\na 1\n# EOF\n",		      /* a counter's sample ends with _total */
		"# TYPE a_total counter\na_total 1\n# EOF\n",
		"# TYPE a gauge\n\na 1\n# EOF\n",
		"# TYPE a gauge\na 1 \n# EOF\n",
		"# TYPE a gauge\na{b=\"\\t\"} 1\n# EOF\n",
		"# TYPE a gauge\na{b=\"1\"} 1\na{b=\"1\"} 2\n# EOF\n",
		"# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\n# TYPE a gauge\na 1\n# EOF\n",
		"# TYPE a gauge\nb 1\n# EOF\n",
		"# comment\n# EOF\n",
	};

	(void)state;
	assert_null(check_exposition("# TYPE a gauge\n# HELP a Text.\na{b=\"1\",c=\"\\\"\"} 1\n# EOF\n",
				     strlen("# TYPE a gauge\n# HELP a Text.\na{b=\"1\",c=\"\\\"\"} 1\n# EOF\n")));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_non_null(check_exposition(wrong[i], strlen(wrong[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_counter_appears_in_well_formed_text),
		cmocka_unit_test(without_a_dataplane_the_text_says_so),
		cmocka_unit_test(what_a_daemon_invents_does_not_become_a_series),
		cmocka_unit_test(label_values_are_escaped),
		cmocka_unit_test(the_checker_refuses_what_is_not_openmetrics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
