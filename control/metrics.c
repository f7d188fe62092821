// SPDX-License-Identifier: BSD-3-Clause
/* The families are rows: of the X lists beside the counters, and of the tables below for what has no list. */
#include "control/metrics.h"
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "bpf/fastpath_abi.h"
#include "io/counters.h"
#include "resolver/resolver.h"

struct row {
	const char *name, *text;
	bool gauge;
};

#define COUNTER_ROW(name, text) {#name, text, false},
static const struct row kernel_rows[] = {HF_FASTPATH_COUNTERS(COUNTER_ROW){NULL}};
static const struct row worker_rows[] = {HF_COUNTERS(COUNTER_ROW){NULL}};
static const struct row worker_drops[] = {HF_DROPS(COUNTER_ROW){NULL}};
static const struct row resolver_rows[] = {
	HF_RESOLVER_COUNTERS(COUNTER_ROW){"clients_waiting", "client questions that wait for their answer", true},
	{"fetches_running", "upstream fetches under way", true},
	{"exchanges_open", "queries towards servers that wait for a reply", true},
	{NULL},
};

static const struct row cache_rows[] = {
	{"bytes_limit", "octets that the cache may take", true},
	{"bytes_used", "octets that the cache takes", true},
	{"bytes_retired", "of these, octets that wait to be freed", true},
	{"facts", "RRsets and negative facts held", true},
	{"answers", "composed answers held", true},
	{"fact_hits", "lookups of a fact that found it", false},
	{"fact_misses", "lookups of a fact that did not", false},
	{"fact_inserts", "facts stored", false},
	{"fact_evictions", "facts evicted to make room", false},
	{"fact_rejections", "facts that were not stored", false},
	{"answer_inserts", "composed answers stored", false},
	{"answer_evictions", "composed answers evicted to make room", false},
	{"answer_rejections", "composed answers that were not stored", false},
	{NULL},
};

static const struct row hot_rows[] = {
	{"entries", "answers in the kernel table", true},
	{"capacity", "answers that the kernel table can hold", true},
	{"published", "answers put into the kernel table", false},
	{"replaced", "of these, in place of an older answer", false},
	{"evicted", "answers taken out of the kernel table to make room", false},
	{"expired", "answers taken out of the kernel table after their TTL", false},
	{"rejected", "answers that the kernel table did not take", false},
	{NULL},
};

/* The TCP listener counts as a worker does, and this. */
static const struct row tcp_rows[] = {
	{"clients", "TCP connections of clients at present", true},
	{NULL},
};

void hf_metrics_write_label(void *out_file, const char *value)
{
	FILE *out = out_file;
	size_t length = strlen(value);

	while (length > 0) {
		unsigned char octet = (unsigned char)*value;
		/* How many octets a sequence that begins like this has (RFC 3629 §4); jansson refuses bad UTF-8, other
		 * sources do not. */
		size_t wanted = octet < 0x80			? 1
				: octet >= 0xc2 && octet < 0xe0 ? 2
				: octet >= 0xe0 && octet < 0xf0 ? 3
				: octet >= 0xf0 && octet < 0xf5 ? 4
								: 0;
		json_t *checked = NULL;

		if (wanted == 0 || wanted > length || (wanted > 1 && !(checked = json_stringn(value, wanted)))) {
			fputc('?', out);
			wanted = 1;
		} else if (octet == '\n') {
			fputs("\\n", out);
		} else if (octet == '\\' || octet == '"') {
			fprintf(out, "\\%c", octet);
		} else if (octet < 0x20 || octet == 0x7f) {
			fputc('?', out);
		} else {
			fwrite(value, 1, wanted, out);
		}
		json_decref(checked);
		value += wanted;
		length -= wanted;
	}
}

static void write_family(FILE *out, const char *group, const char *name, const char *type, const char *help)
{
	fprintf(out, "# TYPE holdfast_%s%s %s\n# HELP holdfast_%s%s ", group, name, type, group, name);
	hf_metrics_write_label(out, help); /* HELP wants the same three escapes */
	fputs(".\n", out);
}

static void write_gauge(FILE *out, const char *name, const char *help, json_int_t value)
{
	write_family(out, "", name, "gauge", help);
	fprintf(out, "holdfast_%s %" JSON_INTEGER_FORMAT "\n", name, value);
}

/* One family for each row that the object has. */
static void write_rows(FILE *out, const char *group, const struct row *row, const json_t *object)
{
	for (; row->name; row++) {
		const json_t *value = json_object_get(object, row->name);

		if (!json_is_integer(value))
			continue;
		write_family(out, group, row->name, row->gauge ? "gauge" : "counter", row->text);
		fprintf(out, "holdfast_%s%s%s %" JSON_INTEGER_FORMAT "\n", group, row->name, row->gauge ? "" : "_total",
			json_integer_value(value));
	}
}

/* One family for all drops of a layer, one sample a reason. `prefix` is what the rows' names begin with. */
static void write_drops(FILE *out, const char *group, const struct row *row, const char *prefix, const json_t *drops)
{
	if (!json_is_object(drops))
		return;
	write_family(out, group, "drops", "counter", "left without an answer, by reason");
	for (; row->name; row++) {
		const char *reason = row->name;
		const json_t *value;

		if (strncmp(reason, prefix, strlen(prefix)) != 0)
			continue;
		reason += strlen(prefix);
		value = json_object_get(drops, reason);
		if (!json_is_integer(value))
			continue;
		fprintf(out, "holdfast_%sdrops_total{reason=\"", group);
		hf_metrics_write_label(out, reason);
		fprintf(out, "\"} %" JSON_INTEGER_FORMAT "\n", json_integer_value(value));
	}
}

static void write_status(FILE *out, const json_t *status)
{
	const json_t *daemon = json_object_get(status, "holdfastd"), *dataplane = json_object_get(status, "dataplane");
	const json_t *fastpath = json_object_get(status, "fastpath");
	const char *version = json_string_value(json_object_get(daemon, "version"));

	write_family(out, "", "build", "info", "version of holdfastd");
	fputs("holdfast_build_info{version=\"", out);
	hf_metrics_write_label(out, version ? version : "");
	fputs("\"} 1\n", out);
	write_gauge(out, "uptime_seconds", "seconds since holdfastd started",
		    json_integer_value(json_object_get(daemon, "uptime_s")));
	write_gauge(out, "fastpath_attached", "1 when the kernel program is attached",
		    json_is_true(json_object_get(fastpath, "attached")));
	write_gauge(out, "dataplane_up", "1 when holdfast-dataplane answers on its socket", json_is_object(dataplane));
	write_gauge(out, "dataplane_ready", "1 when holdfast-dataplane says that it is ready",
		    json_is_true(json_object_get(dataplane, "ready")));
	if (json_is_object(dataplane))
		write_gauge(out, "dataplane_uptime_seconds", "seconds since holdfast-dataplane started",
			    json_integer_value(json_object_get(dataplane, "uptime_s")));
}

char *hf_metrics_text(const json_t *status, const json_t *stats, size_t *length)
{
	const json_t *kernel = json_object_get(stats, "kernel"), *workers = json_object_get(stats, "workers");
	const json_t *tcp = json_object_get(stats, "tcp");
	char *text = NULL;
	FILE *out = open_memstream(&text, length);

	if (!out)
		return NULL;
	write_status(out, status);
	write_rows(out, "kernel_", kernel_rows, kernel);
	write_drops(out, "kernel_", kernel_rows, "drop_", json_object_get(kernel, "drops"));
	write_rows(out, "hot_", hot_rows, json_object_get(stats, "hot"));
	write_rows(out, "worker_", worker_rows, workers);
	write_drops(out, "worker_", worker_drops, "", json_object_get(workers, "drops"));
	write_rows(out, "tcp_", worker_rows, tcp);
	write_rows(out, "tcp_", tcp_rows, tcp);
	write_drops(out, "tcp_", worker_drops, "", json_object_get(tcp, "drops"));
	write_rows(out, "cache_", cache_rows, json_object_get(stats, "cache"));
	write_rows(out, "resolver_", resolver_rows, json_object_get(stats, "resolver"));
	fputs("# EOF\n", out);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
