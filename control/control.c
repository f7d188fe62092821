// SPDX-License-Identifier: BSD-3-Clause
/* holdfastd's methods: its own, and the dataplane's handed on. The dataplane may be absent, slow or hung at any moment:
 * every call to it has a deadline, and what is known without it is said without it.
 */
#include "control/control.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "control/clock.h"
#include "control/doctor.h"
#include "control/fastpath.h"
#include "control/health.h"
#include "control/log.h"
#include "control/rpc_text.h"

enum {
	ASK_TIMEOUT_MS = 2000, /* what the dataplane answers from memory */
	HEALTH_TIMEOUT_MS = 1500,
	WALK_TIMEOUT_MS = 10000,  /* flush and lookup of a large cache, reload of hints */
	RESOLVE_MARGIN_MS = 3000, /* trace resolves: the query's deadline and this */
};

/* Methods of the dataplane that are handed on as they are. */
static const struct {
	const char *method;
	bool resolves;
} handed_on[] = {{"lookup", false}, {"flush", false}, {"hot", false}, {"limits", false}, {"trace", true}, {"log", false}};

struct hf_control {
	struct hf_now started;
	pthread_mutex_t reload_mutex;		/* one reload at a time; guards `config` against the swap */
	struct hf_config *config;		/* the running one; `first` until a reload */
	struct hf_config *first;		/* the one at start: addresses and paths, which no reload changes */
	_Atomic(struct hf_fastpath *) fastpath; /* NULL: off, or not started yet */

	pthread_mutex_t health_mutex; /* guards what follows */
	uint64_t health_asked_ns;
	bool healthy;
	char health_reason[HF_CONTROL_REASON_MAX];

	int dataplane_seen; /* tend() alone: -1 not asked yet, 0 absent, 1 present */
};

static enum hf_rpc_outcome ask_dataplane(const struct hf_control *control, const char *method, const json_t *params,
					 int timeout_ms, json_t **result, char error[HF_RPC_ERROR_MAX])
{
	return hf_rpc_call(control->first->dataplane_socket, method, params, timeout_ms, result, error);
}

/* ---- status and stats ---- */

json_t *hf_control_status(struct hf_control *control)
{
	struct hf_now now = hf_clock_now();
	char error[HF_RPC_ERROR_MAX];
	json_t *dataplane, *status;

	ask_dataplane(control, "status", NULL, ASK_TIMEOUT_MS, &dataplane, error);
	status = json_pack(
		"{s:{s:s, s:i, s:I, s:s}, s:o, s:o?}", "holdfastd", "version", HF_VERSION, "pid", (int)getpid(),
		"uptime_s", (json_int_t)((now.mono_ns - control->started.mono_ns) / HF_NS_PER_SECOND), "config",
		control->first->path, "fastpath", hf_fastpath_status(control->fastpath), "dataplane", dataplane);
	if (status && !dataplane)
		json_object_set_new(status, "dataplane_error", hf_rpc_text(error));
	return status;
}

json_t *hf_control_stats(struct hf_control *control)
{
	char error[HF_RPC_ERROR_MAX];
	json_t *stats;

	ask_dataplane(control, "stats", NULL, ASK_TIMEOUT_MS, &stats, error);
	if (!json_is_object(stats)) {
		json_decref(stats);
		stats = json_pack("{s:o}", "dataplane_error", hf_rpc_text(error));
	}
	if (stats)
		json_object_set_new(stats, "kernel", hf_fastpath_stats(control->fastpath));
	return stats;
}

/* ---- health ---- */

static bool ask_health(struct hf_control *control, char *reason)
{
	char error[HF_RPC_ERROR_MAX];
	json_t *status;
	bool ready;

	if (ask_dataplane(control, "status", NULL, HEALTH_TIMEOUT_MS, &status, error) != HF_RPC_RESULT) {
		snprintf(reason, HF_CONTROL_REASON_MAX, "dataplane: %.480s", error);
		return false;
	}
	ready = json_is_true(json_object_get(status, "ready"));
	json_decref(status);
	if (!ready) {
		snprintf(reason, HF_CONTROL_REASON_MAX, "dataplane: not ready yet");
		return false;
	}
	/* Over loopback a datagram reaches the worker with either packet back end: the sockets one runs beside DPDK. */
	return hf_health_ask(&control->first->listen[0], false, HEALTH_TIMEOUT_MS, reason, HF_CONTROL_REASON_MAX);
}

bool hf_control_healthy(struct hf_control *control, char reason[HF_CONTROL_REASON_MAX])
{
	bool healthy;

	/* Held while asking: who comes meanwhile waits for the same answer instead of asking once more. */
	pthread_mutex_lock(&control->health_mutex);
	if (control->health_asked_ns == 0 || hf_clock_now().mono_ns - control->health_asked_ns > HF_NS_PER_SECOND) {
		control->healthy = ask_health(control, control->health_reason);
		control->health_asked_ns = hf_clock_now().mono_ns;
	}
	healthy = control->healthy;
	snprintf(reason, HF_CONTROL_REASON_MAX, "%s", healthy ? "" : control->health_reason);
	pthread_mutex_unlock(&control->health_mutex);
	return healthy;
}

/* ---- reload ---- */

/* The dataplane goes first: it can still refuse (hints it cannot read), and then nothing has changed here. What
 * is left to do here afterwards cannot fail. */
static json_t *reload(struct hf_control *control, char error[HF_RPC_ERROR_MAX])
{
	struct hf_config *next = hf_config_load(control->first->path, error);
	char reason[HF_RPC_ERROR_MAX];
	json_t *params, *answer;
	enum hf_rpc_outcome outcome;
	const char *key;

	if (!next)
		return NULL;
	key = hf_config_needs_restart(control->config, next);
	if (key) {
		snprintf(error, HF_RPC_ERROR_MAX, "%s: %s: a change needs a restart; nothing was changed", next->path,
			 key);
		hf_config_free(next);
		return NULL;
	}
	params = json_pack("{s:s,s:b}", "path", next->path, "kernel", 1);
	outcome = ask_dataplane(control, "reload", params, WALK_TIMEOUT_MS, &answer, error);
	json_decref(params);
	json_decref(answer);
	if (outcome == HF_RPC_ERROR) {
		hf_config_free(next);
		return NULL;
	}
	/* The services stay the same, so they fit as before; the dataplane could lay out the access rules. */
	if (!hf_fastpath_configure(control->fastpath, next, reason))
		hf_log(HF_LOG_ERROR, "reload-incomplete", "text=\"the kernel keeps the former rules: %.300s\"", reason);
	hf_log_set_level(next->log_level);
	if (control->config != control->first)
		hf_config_free(control->config);
	control->config = next;
	if (outcome == HF_RPC_UNREACHABLE)
		return json_pack("{s:s, s:o}", "holdfastd", "reloaded", "dataplane_error", hf_rpc_text(error));
	return json_pack("{s:s, s:s}", "holdfastd", "reloaded", "dataplane", "reloaded");
}

json_t *hf_control_reload(struct hf_control *control, char error[HF_RPC_ERROR_MAX])
{
	json_t *result;

	pthread_mutex_lock(&control->reload_mutex);
	result = reload(control, error);
	pthread_mutex_unlock(&control->reload_mutex);
	if (result)
		hf_log(HF_LOG_INFO, "reloaded", "path=\"%s\" dataplane=\"%s\"", control->first->path,
		       json_object_get(result, "dataplane") ? "reloaded" : error);
	else
		hf_log(HF_LOG_ERROR, "reload-refused", "reason=\"%s\"", error);
	return result;
}

/* ---- the socket's methods ---- */

/* Handed on to the dataplane; `log` is holdfastd's as well. */
static json_t *hand_on(struct hf_control *control, const char *method, bool resolves, const json_t *params, char *error)
{
	char reason[HF_RPC_ERROR_MAX];
	int timeout_ms = WALK_TIMEOUT_MS;
	enum hf_rpc_outcome outcome;
	json_t *result;

	if (resolves) {
		pthread_mutex_lock(&control->reload_mutex);
		timeout_ms = (int)control->config->query_deadline_ms + RESOLVE_MARGIN_MS;
		pthread_mutex_unlock(&control->reload_mutex);
	}
	outcome = ask_dataplane(control, method, params, timeout_ms, &result, reason);
	if (outcome != HF_RPC_RESULT)
		snprintf(error, HF_RPC_ERROR_MAX, "%s%.480s",
			 outcome == HF_RPC_UNREACHABLE ? "the dataplane does not answer: " : "", reason);
	if (outcome == HF_RPC_RESULT && strcmp(method, "log") == 0) {
		const char *level_text = json_string_value(json_object_get(params, "level"));
		enum hf_log_level level;

		if (level_text && hf_log_level_from_text(level_text, &level))
			hf_log_set_level(level);
	}
	return result;
}

json_t *hf_control_handle(void *state, const char *method, const json_t *params, char error[HF_RPC_ERROR_MAX])
{
	struct hf_control *control = state;

	if (strcmp(method, "status") == 0)
		return hf_control_status(control);
	if (strcmp(method, "stats") == 0)
		return hf_control_stats(control);
	if (strcmp(method, "reload") == 0)
		return hf_control_reload(control, error);
	if (strcmp(method, "doctor") == 0)
		return hf_doctor_run(control->first->path);
	for (size_t i = 0; i < sizeof(handed_on) / sizeof(handed_on[0]); i++) {
		if (strcmp(method, handed_on[i].method) == 0)
			return hand_on(control, method, handed_on[i].resolves, params, error);
	}
	snprintf(error, HF_RPC_ERROR_MAX, "there is no method '%.64s'", method);
	return NULL;
}

/* ---- upkeep ---- */

static void watch_dataplane(struct hf_control *control)
{
	char error[HF_RPC_ERROR_MAX];
	json_t *status;
	int seen = ask_dataplane(control, "status", NULL, ASK_TIMEOUT_MS, &status, error) == HF_RPC_RESULT;

	json_decref(status);
	if (seen == control->dataplane_seen)
		return;
	control->dataplane_seen = seen;
	if (seen)
		hf_log(HF_LOG_INFO, "dataplane-up", "socket=\"%s\"", control->first->dataplane_socket);
	else
		hf_log(HF_LOG_WARNING, "dataplane-down", "reason=\"%s\"", error);
}

void hf_control_tend(struct hf_control *control)
{
	watch_dataplane(control);
	hf_fastpath_tend(control->fastpath);
}

/* ---- life ---- */

bool hf_control_attach(struct hf_control *control, char error[HF_RPC_ERROR_MAX])
{
	if (control->first->fastpath) {
		control->fastpath = hf_fastpath_start(control->first, error);
		return control->fastpath != NULL;
	}
	/* It was switched off: what an earlier run left would go on answering, out of reach of any flush. */
	if (control->first->interface[0] && !hf_fastpath_unload(control->first, error))
		hf_log(HF_LOG_WARNING, "fastpath-left", "reason=\"%s\"", error);
	return true;
}

struct hf_control *hf_control_new(struct hf_config *config)
{
	struct hf_control *control = calloc(1, sizeof(*control));

	if (!control)
		return NULL;
	control->first = control->config = config;
	control->started = hf_clock_now();
	control->dataplane_seen = -1;
	pthread_mutex_init(&control->reload_mutex, NULL);
	pthread_mutex_init(&control->health_mutex, NULL);
	return control;
}

void hf_control_free(struct hf_control *control)
{
	if (!control)
		return;
	hf_fastpath_close(control->fastpath);
	if (control->config != control->first)
		hf_config_free(control->config);
	hf_config_free(control->first);
	pthread_mutex_destroy(&control->reload_mutex);
	pthread_mutex_destroy(&control->health_mutex);
	free(control);
}
