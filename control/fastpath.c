// SPDX-License-Identifier: BSD-3-Clause
/* One mutex around the loader, which one thread at a time may call; and what to do when the interface goes away. */
#include "control/fastpath.h"
#include <stdio.h>

#ifdef HF_WITH_FASTPATH
#include <bpf/libbpf.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "control/loader.h"
#include "control/log.h"

struct hf_fastpath {
	pthread_mutex_t mutex;	       /* guards all */
	const struct hf_config *first; /* as at start; outlives this */
	uint16_t edns_size;	       /* follow reloads: this, and who is answered */
	struct hf_access *access;
	struct hf_loader *loader;      /* NULL: not attached, for the reason below */
	char reason[HF_LOADER_ERROR_MAX];
};

/* libbpf's own words are lines of our log; what matters of them is in the loader's error texts as well. */
static int log_libbpf(enum libbpf_print_level level, const char *format, va_list arguments)
{
	char text[256];

	vsnprintf(text, sizeof(text), format, arguments);
	text[strcspn(text, "\n")] = '\0';
	if (level != LIBBPF_DEBUG)
		hf_log(HF_LOG_DEBUG, "libbpf", "text=\"%s\"", text);
	return 0;
}

/* The numbers of DNS64 prefixes mean nothing to the kernel, so each configuration has its own. */
static bool make_access(const struct hf_config *config, struct hf_access **access, char error[HF_RPC_ERROR_MAX])
{
	struct hf_dns64_table dns64 = {0};
	char reason[HF_CONFIG_ERROR_MAX];

	if (hf_config_make_access(config, &dns64, access, reason))
		return true;
	snprintf(error, HF_RPC_ERROR_MAX, "%s", reason);
	return false;
}

/* The kernel knows no cookies. While they are required it must answer nobody, and with a size of 0 every answer is too large for it. */
static uint16_t edns_size_of(const struct hf_config *config)
{
	return config->cookies && config->require_cookies ? 0 : config->edns_size;
}

static struct hf_loader *load(const struct hf_config *config, uint16_t edns_size, const struct hf_access *access,
			      char error[HF_LOADER_ERROR_MAX])
{
	const struct hf_loader_config wanted = {
		.interface = config->interface,
		.bpffs = config->bpffs,
		.attach = config->attach,
		.entries = config->hot_entries,
		.edns_size = edns_size,
		.services = config->listen,
		.service_count = config->listen_count,
		.access = access,
	};
	struct hf_loader *loader = hf_loader_start(&wanted, error);
	struct hf_loader_status status;

	if (loader) {
		hf_loader_status(loader, &status);
		hf_log(HF_LOG_INFO, "fastpath-attached", "interface=%s mode=%s program=%u kept_answers=%s note=\"%s\"",
		       config->interface, status.native ? "native" : "generic", status.program_id,
		       status.kept_answers ? "yes" : "no", status.note);
	}
	return loader;
}

struct hf_fastpath *hf_fastpath_start(const struct hf_config *config, char error[HF_RPC_ERROR_MAX])
{
	struct hf_fastpath *fastpath = calloc(1, sizeof(*fastpath));

	if (!fastpath) {
		snprintf(error, HF_RPC_ERROR_MAX, "out of memory");
		return NULL;
	}
	libbpf_set_print(log_libbpf);
	fastpath->first = config;
	fastpath->edns_size = edns_size_of(config);
	if (!make_access(config, &fastpath->access, error)) {
		free(fastpath);
		return NULL;
	}
	fastpath->loader = load(config, fastpath->edns_size, fastpath->access, fastpath->reason);
	if (!fastpath->loader) {
		snprintf(error, HF_RPC_ERROR_MAX, "%s", fastpath->reason);
		hf_access_free(fastpath->access);
		free(fastpath);
		return NULL;
	}
	pthread_mutex_init(&fastpath->mutex, NULL);
	return fastpath;
}

void hf_fastpath_close(struct hf_fastpath *fastpath)
{
	if (!fastpath)
		return;
	hf_loader_close(fastpath->loader);
	hf_access_free(fastpath->access);
	pthread_mutex_destroy(&fastpath->mutex);
	free(fastpath);
}

bool hf_fastpath_unload(const struct hf_config *config, char error[HF_RPC_ERROR_MAX])
{
	char reason[HF_LOADER_ERROR_MAX];

	if (!config->interface[0]) {
		snprintf(error, HF_RPC_ERROR_MAX, "%s: dataplane.interface: is not given", config->path);
		return false;
	}
	if (hf_loader_unload(config->bpffs, config->interface, reason))
		return true;
	snprintf(error, HF_RPC_ERROR_MAX, "%s", reason);
	return false;
}

bool hf_fastpath_configure(struct hf_fastpath *fastpath, const struct hf_config *config, char error[HF_RPC_ERROR_MAX])
{
	struct hf_access *access, *former;
	char reason[HF_LOADER_ERROR_MAX];
	bool done = true;

	if (!fastpath)
		return true;
	if (!make_access(config, &access, error))
		return false;
	pthread_mutex_lock(&fastpath->mutex);
	if (fastpath->loader)
		done = hf_loader_set_access(fastpath->loader, access, reason) &&
		       hf_loader_set_services(fastpath->loader, config->listen, config->listen_count,
					      edns_size_of(config), reason);
	former = done ? fastpath->access : access;
	if (done) {
		fastpath->edns_size = edns_size_of(config);
		fastpath->access = access;
	}
	hf_access_free(former);
	if (!done)
		snprintf(error, HF_RPC_ERROR_MAX, "%s", reason);
	pthread_mutex_unlock(&fastpath->mutex);
	return done;
}

void hf_fastpath_tend(struct hf_fastpath *fastpath)
{
	char reason[HF_LOADER_ERROR_MAX] = "";

	if (!fastpath)
		return;
	pthread_mutex_lock(&fastpath->mutex);
	if (fastpath->loader && !hf_loader_refresh(fastpath->loader, reason)) {
		hf_log(HF_LOG_ERROR, "fastpath-lost", "reason=\"%s\"", reason);
		hf_loader_close(fastpath->loader);
		fastpath->loader = NULL;
		memcpy(fastpath->reason, reason, sizeof(reason));
	}
	if (!fastpath->loader) {
		fastpath->loader = load(fastpath->first, fastpath->edns_size, fastpath->access, reason);
		if (!fastpath->loader && strcmp(reason, fastpath->reason) != 0) {
			hf_log(HF_LOG_WARNING, "fastpath-not-attached", "reason=\"%s\"", reason);
			memcpy(fastpath->reason, reason, sizeof(reason));
		}
	}
	pthread_mutex_unlock(&fastpath->mutex);
}

json_t *hf_fastpath_status(struct hf_fastpath *fastpath)
{
	struct hf_loader_status status;
	json_t *result;

	if (!fastpath)
		return json_null();
	pthread_mutex_lock(&fastpath->mutex);
	if (fastpath->loader) {
		hf_loader_status(fastpath->loader, &status);
		result = json_pack("{s:b, s:s, s:s, s:I, s:b, s:s}", "attached", true, "interface",
				   fastpath->first->interface, "mode", status.native ? "native" : "generic",
				   "program_id", (json_int_t)status.program_id, "kept_answers", status.kept_answers,
				   "pins", status.pin_directory);
		if (status.note[0])
			json_object_set_new(result, "note", json_string(status.note));
	} else {
		result = json_pack("{s:b, s:s, s:s}", "attached", false, "interface", fastpath->first->interface,
				   "error", fastpath->reason);
	}
	pthread_mutex_unlock(&fastpath->mutex);
	return result;
}

/* Counters whose name begins with drop_ are reasons of a drop. */
static void set_counter(json_t *counters, json_t *drops, const char *name, uint64_t value)
{
	bool drop = strncmp(name, "drop_", 5) == 0;

	json_object_set_new(drop ? drops : counters, drop ? name + 5 : name, json_integer((json_int_t)value));
}

json_t *hf_fastpath_stats(struct hf_fastpath *fastpath)
{
	struct hf_fastpath_counters sum;
	json_t *counters, *drops;
	bool read;

	if (!fastpath)
		return json_null();
	pthread_mutex_lock(&fastpath->mutex);
	read = fastpath->loader && hf_loader_counters(fastpath->loader, &sum);
	pthread_mutex_unlock(&fastpath->mutex);
	if (!read)
		return json_null();
	counters = json_object();
	drops = json_object();
#define SET(name, text) set_counter(counters, drops, #name, sum.name);
	HF_FASTPATH_COUNTERS(SET)
#undef SET
	json_object_set_new(counters, "drops", drops);
	return counters;
}

#else /* without the fast path */

struct hf_fastpath *hf_fastpath_start(const struct hf_config *config, char error[HF_RPC_ERROR_MAX])
{
	snprintf(error, HF_RPC_ERROR_MAX, "%s: fastpath.enabled: this build has no fast path", config->path);
	return NULL;
}

void hf_fastpath_close(struct hf_fastpath *fastpath)
{
	(void)fastpath;
}

bool hf_fastpath_unload(const struct hf_config *config, char error[HF_RPC_ERROR_MAX])
{
	return !config->fastpath || hf_fastpath_start(config, error);
}

bool hf_fastpath_configure(struct hf_fastpath *fastpath, const struct hf_config *config, char error[HF_RPC_ERROR_MAX])
{
	(void)fastpath;
	(void)config;
	(void)error;
	return true;
}

void hf_fastpath_tend(struct hf_fastpath *fastpath)
{
	(void)fastpath;
}

json_t *hf_fastpath_status(struct hf_fastpath *fastpath)
{
	(void)fastpath;
	return json_null();
}

json_t *hf_fastpath_stats(struct hf_fastpath *fastpath)
{
	(void)fastpath;
	return json_null();
}
#endif
