// SPDX-License-Identifier: BSD-3-Clause
/* holdfast-dataplane -c FILE: the slow path. This file is the list of its parts and who is given to whom; then it waits
 * for signals and feeds the watchdog.
 *
 * Order matters: what needs privileges (ports, pins, the control socket) comes before they are dropped, that before any
 * thread runs, and TCP accepts last: whoever can connect finds everything running.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>
#include "io/costs.h"
#include "io/housekeeping.h"
#include "io/parts.h"
#include "io/privileges.h"

enum {
	PROMOTION_RING = 1024, /* offers; a power of two */
	ANSWER_SHARE = 50,     /* percent of the cache for composed answers */
	PROOFS_SHARE = 64,     /* a 64th of the cache's size more, for proofs of denial */
	PROOFS_MIN = 65536,    /* octets, of a very small cache */
	VERDICTS = 65536,      /* results of public-key checks that are remembered, 16 octets each */
	EXCHANGES_MAX = 16384, /* sockets towards servers, of all resolver threads */
	TRACER_EXCHANGES = 256,
	FILES_RESERVED = 128, /* listeners, mailboxes, control connections, libraries */
	TCP_TICKETS_MAX = 8192,
};

/* ---- making the parts ---- */

static unsigned sender_count(const struct hf_config *config)
{
	return config->resolver_threads + (config->io == HF_IO_DPDK ? 2 : 1);
}

/* Rings towards the kernel tier: of the workers first, then of the resolver threads. */
static bool make_promotions(struct hf_parts *parts, char error[HF_IO_ERROR_MAX])
{
	unsigned count = parts->config->fastpath ? sender_count(parts->config) : 0;

	snprintf(error, HF_IO_ERROR_MAX, "out of memory");
	parts->promotions = calloc(count ? count : 1, sizeof(*parts->promotions));
	if (!parts->promotions)
		return false;
	for (; parts->promotion_count < count; parts->promotion_count++) {
		parts->promotions[parts->promotion_count] = hf_promotion_new(PROMOTION_RING);
		if (!parts->promotions[parts->promotion_count])
			return false;
	}
	return true;
}

static struct hf_promotion *promotion(const struct hf_parts *parts, unsigned sender)
{
	return sender < parts->promotion_count ? parts->promotions[sender] : NULL;
}

static bool make_cache(struct hf_parts *parts, char error[HF_IO_ERROR_MAX])
{
	const struct hf_config *config = parts->config;
	struct hf_cache_config cache = {
		.bytes = config->cache_bytes,
		.answer_share = ANSWER_SHARE,
		.min_ttl = config->min_ttl,
		.max_ttl = config->max_ttl,
		.max_negative_ttl = config->max_negative_ttl,
	};
	struct hf_entropy *entropy = hf_entropy_new();
	size_t proofs;
	bool opened = false;

	snprintf(error, HF_IO_ERROR_MAX, "out of memory");
	if (!entropy)
		return false;
	parts->kernel_tier = hf_kernel_tier_new(config, cache.secret, &opened);
	if (!opened) {
		struct hf_random random = hf_entropy_random(entropy);

		random.fill(random.state, cache.secret, sizeof(cache.secret));
	}
	hf_entropy_free(entropy);
	if (!parts->kernel_tier)
		return false;
	/* Proofs for other names come on top of what the cache may hold. */
	proofs = config->cache_bytes / PROOFS_SHARE;
	parts->shared.denials = hf_denials_new(proofs < PROOFS_MIN ? PROOFS_MIN : proofs, cache.secret);
	parts->shared.verdicts = hf_verdicts_new(VERDICTS, cache.secret);
	if (!parts->shared.denials || !parts->shared.verdicts)
		return false;
	if (config->validation)
		hf_costs_measure(&parts->shared.costs);
	else
		parts->shared.costs = hf_costs_default;
	parts->cache = hf_cache_new(&cache);
	if (!parts->cache) {
		snprintf(error, HF_IO_ERROR_MAX, "cache.size: no memory for %llu octets",
			 (unsigned long long)cache.bytes);
		return false;
	}
	memcpy(parts->dispatch.secret, cache.secret, sizeof(cache.secret));
	return true;
}

static bool make_clients(struct hf_parts *parts, char error[HF_CONFIG_ERROR_MAX])
{
	struct hf_entropy *entropy = hf_entropy_new();
	struct hf_clients *clients;
	struct hf_random random;

	snprintf(error, HF_CONFIG_ERROR_MAX, "out of memory");
	if (!entropy)
		return false;
	random = hf_entropy_random(entropy);
	random.fill(random.state, parts->cookie_secret, sizeof(parts->cookie_secret));
	hf_entropy_free(entropy);
	clients = hf_clients_new(parts->config, parts->cookie_secret, error);
	atomic_store_explicit(&parts->serve_settings.clients, clients, memory_order_release);
	return clients != NULL;
}

/* Without it, queries towards servers have a socket each. */
static bool make_steer(struct hf_parts *parts, char error[HF_IO_ERROR_MAX])
{
	const struct hf_config *config = parts->config;
	char reason[HF_STEER_ERROR_MAX];

	if (config->upstream == HF_UPSTREAM_SOCKETS)
		return true;
	parts->steer = hf_steer_new(config->resolver_threads, reason);
	if (!parts->steer && config->upstream == HF_UPSTREAM_STEERED) {
		snprintf(error, HF_IO_ERROR_MAX, "dataplane.upstream: steered: %s", reason);
		return false;
	}
	if (parts->steer && hf_steer_others(parts->steer))
		hf_log(HF_LOG_WARNING, "upstream-shared",
		       "programs=%u text=\"replies are steered by others in this network namespace, too; another resolver with the same "
		       "servers loses some: give it a namespace of its own\"",
		       hf_steer_others(parts->steer));
	if (!parts->steer)
		hf_log(HF_LOG_INFO, "upstream-sockets", "reason=\"%s\" text=\"queries towards servers have a socket each\"", reason);
	return true;
}

static bool make_resolvers(struct hf_parts *parts, unsigned files, char error[HF_IO_ERROR_MAX])
{
	const struct hf_config *config = parts->config;
	unsigned spare = files > FILES_RESERVED + config->tcp_clients + TRACER_EXCHANGES
				 ? files - FILES_RESERVED - config->tcp_clients - TRACER_EXCHANGES
				 : 64;
	unsigned exchanges = spare < EXCHANGES_MAX ? spare : EXCHANGES_MAX;
	unsigned first_ring = sender_count(config) - config->resolver_threads;
	struct hf_settings *settings = hf_settings_new(config, &parts->dns64, &parts->shared, error);
	struct hf_resolver_thread_setup setup = {
		.settings = settings,
		.cache = parts->cache,
		.serve_settings = &parts->serve_settings,
		.exchanges = exchanges / config->resolver_threads,
		.stop = &parts->stop,
	};

	if (!settings)
		return false;
	parts->dns64 = settings->resolver.dns64;
	atomic_store_explicit(&parts->serve_settings.access, settings->access, memory_order_release);
	settings->access = NULL; /* the parts' now */
	atomic_store_explicit(&parts->serve_settings.local, settings->local, memory_order_release);
	settings->local = NULL;
	parts->private_content = hf_private_content(&settings->resolver.private);
	if (exchanges < EXCHANGES_MAX)
		hf_log(HF_LOG_WARNING, "few-descriptors",
		       "open-files=%u upstream-queries=%u text=\"raise LimitNOFILE for more upstream queries at once\"",
		       files, exchanges);
	snprintf(error, HF_IO_ERROR_MAX, "out of memory or file descriptors");
	setup.ports = parts->source_ports = hf_source_ports_new(config);
	parts->resolvers = calloc(config->resolver_threads, sizeof(*parts->resolvers));
	parts->dispatch.mailboxes = calloc(config->resolver_threads, sizeof(*parts->dispatch.mailboxes));
	if (!parts->source_ports || !parts->resolvers || !parts->dispatch.mailboxes) {
		hf_settings_free(settings);
		return false;
	}
	for (unsigned i = 0; i < config->resolver_threads; i++) {
		char name[24];

		snprintf(name, sizeof(name), "resolver-%u", i);
		setup.name = name;
		setup.promotion = promotion(parts, first_ring + i);
		setup.lane = hf_steer_lane(parts->steer, i);
		parts->resolvers[i] = hf_resolver_thread_new(&setup);
		if (!parts->resolvers[i])
			break;
		parts->dispatch.mailboxes[i] = hf_resolver_thread_mailbox(parts->resolvers[i]);
		parts->dispatch.count = ++parts->resolver_count;
	}
	setup.name = "tracer";
	setup.promotion = NULL;
	setup.lane = NULL;
	setup.exchanges = TRACER_EXCHANGES;
	parts->tracer = hf_resolver_thread_new(&setup);
	hf_settings_free(settings);
	return parts->resolver_count == config->resolver_threads && parts->tracer;
}

static void run_worker(void *argument, struct hf_thread *self)
{
	struct hf_worker *worker = argument;

	worker->backend->run(worker->io, self);
}

static bool add_worker(struct hf_parts *parts, const struct hf_io_backend *backend, bool polls,
		       char error[HF_IO_ERROR_MAX])
{
	struct hf_worker *worker = &parts->workers[parts->worker_count];

	snprintf(error, HF_IO_ERROR_MAX, "out of memory or file descriptors");
	worker->backend = backend;
	worker->serve = hf_serve_new(parts->cache, &parts->serve_settings, &parts->dispatch,
				     parts->config->waiting_queries, promotion(parts, parts->worker_count), false);
	if (!worker->serve)
		return false;
	parts->worker_count++;
	snprintf(worker->thread.name, sizeof(worker->thread.name), "%s", backend->name);
	worker->thread.body = run_worker;
	worker->thread.argument = worker;
	worker->thread.stop = &parts->stop;
	worker->thread.mailbox = polls ? NULL : &worker->serve->mailbox;
	worker->io = backend->open(parts->config, worker->serve, error);
	return worker->io != NULL;
}

static bool make_workers(struct hf_parts *parts, char error[HF_IO_ERROR_MAX])
{
	if (parts->config->io == HF_IO_DPDK) {
#ifdef HF_WITH_DPDK
		if (!add_worker(parts, &hf_io_dpdk, true, error))
			return false;
#else
		snprintf(error, HF_IO_ERROR_MAX, "dataplane.io: this build has no DPDK; use 'sockets'");
		return false;
#endif
	}
	return add_worker(parts, &hf_io_sockets, false, error);
}

static bool make_tcp(struct hf_parts *parts, char error[HF_IO_ERROR_MAX])
{
	unsigned tickets = parts->config->tcp_clients * HF_TCP_PIPELINE;

	snprintf(error, HF_IO_ERROR_MAX, "out of memory or file descriptors");
	parts->tcp_serve = hf_serve_new(parts->cache, &parts->serve_settings, &parts->dispatch,
					tickets < TCP_TICKETS_MAX ? tickets : TCP_TICKETS_MAX, NULL, true);
	if (!parts->tcp_serve)
		return false;
	parts->tcp = hf_tcp_new(parts->config, parts->tcp_serve, error);
	if (!parts->tcp)
		return false;
	parts->tcp_thread = (struct hf_thread){
		.name = "tcp",
		.body = hf_tcp_run,
		.argument = parts->tcp,
		.stop = &parts->stop,
		.mailbox = &parts->tcp_serve->mailbox,
	};
	return true;
}

static void free_parts(struct hf_parts *parts)
{
	hf_tcp_free(parts->tcp);
	hf_serve_free(parts->tcp_serve);
	for (unsigned i = 0; i < parts->worker_count; i++) {
		if (parts->workers[i].io)
			parts->workers[i].backend->close(parts->workers[i].io);
		hf_serve_free(parts->workers[i].serve);
	}
	hf_resolver_thread_free(parts->tracer);
	for (unsigned i = 0; i < parts->resolver_count; i++)
		hf_resolver_thread_free(parts->resolvers[i]);
	hf_steer_free(parts->steer);
	free(parts->resolvers);
	free(parts->dispatch.mailboxes);
	free(parts->source_ports);
	hf_cache_free(parts->cache);
	hf_denials_free(parts->shared.denials);
	hf_verdicts_free(parts->shared.verdicts);
	hf_kernel_tier_free(parts->kernel_tier);
	for (unsigned i = 0; i < parts->promotion_count; i++)
		hf_promotion_free(parts->promotions[i]);
	free(parts->promotions);
	hf_access_free((struct hf_access *)hf_serve_access(&parts->serve_settings));
	hf_clients_free((struct hf_clients *)hf_serve_clients(&parts->serve_settings));
	hf_local_drop(atomic_load(&parts->serve_settings.local));
	hf_config_free(parts->config);
}

/* ---- running them ---- */

enum { THREADS_MAX = 4 + HF_WORKERS_MAX + 256 };

struct running {
	unsigned count;
	struct hf_thread *threads[THREADS_MAX];
	uint64_t beats[THREADS_MAX]; /* as last seen */
};

/* In the order in which they are stopped: who asks before who answers. */
static void list_threads(struct hf_parts *parts, struct hf_housekeeping *housekeeping, struct running *running)
{
	running->threads[running->count++] = &parts->tcp_thread;
	for (unsigned i = 0; i < parts->worker_count; i++)
		running->threads[running->count++] = &parts->workers[i].thread;
	running->threads[running->count++] = hf_housekeeping_thread(housekeeping);
	running->threads[running->count++] = hf_resolver_thread_thread(parts->tracer);
	for (unsigned i = 0; i < parts->resolver_count && running->count < THREADS_MAX; i++)
		running->threads[running->count++] = hf_resolver_thread_thread(parts->resolvers[i]);
}

/* A thread that hangs must not be covered by those that do not. */
static bool all_beat(struct running *running)
{
	bool all = true;

	for (unsigned i = 0; i < running->count; i++) {
		uint64_t beats = atomic_load_explicit(&running->threads[i]->beats, memory_order_relaxed);

		if (beats == running->beats[i]) {
			hf_log(HF_LOG_WARNING, "thread-silent", "thread=%s", running->threads[i]->name);
			all = false;
		}
		running->beats[i] = beats;
	}
	return all;
}

/* Returns at SIGTERM or SIGINT. */
static void wait_for_signals(struct hf_parts *parts, struct running *running, const sigset_t *signals)
{
	uint64_t watchdog_us = 0;
	struct timespec turn = {.tv_sec = 5};

	/* Threads beat once a second at least; looking less often than every other second never calls one silent
	 * wrongly. */
	if (sd_watchdog_enabled(0, &watchdog_us) > 0 && watchdog_us / 2 > 2000000)
		turn = (struct timespec){.tv_sec = (time_t)(watchdog_us / 2 / 1000000),
					 .tv_nsec = (long)(watchdog_us / 2 % 1000000) * 1000};
	else if (watchdog_us)
		turn = (struct timespec){.tv_sec = 2};
	for (;;) {
		int signal = sigtimedwait(signals, NULL, &turn);

		switch (signal) {
		case SIGTERM:
		case SIGINT:
			return;
		case SIGHUP:
			atomic_store_explicit(&parts->reload_wanted, true, memory_order_relaxed);
			break;
		default: /* the turn's end, or EINTR */
			if (signal < 0 && errno == EAGAIN && all_beat(running))
				sd_notify(0, "WATCHDOG=1");
		}
	}
}

static int run(struct hf_parts *parts, struct hf_housekeeping *housekeeping, const sigset_t *signals)
{
	struct running running = {0};
	char error[HF_IO_ERROR_MAX];
	size_t listen_count = parts->config->listen_count; /* the configuration is housekeeping's once that runs */
	int status = EXIT_FAILURE;
	bool good = true;

	list_threads(parts, housekeeping, &running);
	/* Who answers before who asks. */
	for (unsigned i = running.count; good && i-- > 0;) {
		good = hf_thread_start(running.threads[i]);
		if (!good)
			snprintf(error, sizeof(error), "thread %s: %s", running.threads[i]->name, strerror(errno));
	}
	if (good && hf_tcp_listen(parts->tcp, error)) {
		atomic_store_explicit(&parts->ready, true, memory_order_relaxed);
		hf_log(HF_LOG_INFO, "ready", "version=%s pid=%d io=%s upstream=%s listen=%zu resolver-threads=%u fastpath=%s",
		       HF_VERSION, (int)getpid(), parts->workers[0].backend->name,
		       parts->steer ? "steered" : "sockets", listen_count, parts->resolver_count,
		       hf_kernel_tier_open(parts->kernel_tier) ? "yes" : "no");
		sd_notify(0, "READY=1");
		wait_for_signals(parts, &running, signals);
		sd_notify(0, "STOPPING=1");
		hf_log(HF_LOG_INFO, "stopping", "pid=%d", (int)getpid());
		status = EXIT_SUCCESS;
	} else {
		hf_log(HF_LOG_ERROR, "start-failed", "text=\"%s\"", error);
	}
	atomic_store_explicit(&parts->ready, false, memory_order_relaxed);
	atomic_store(&parts->stop, true);
	for (unsigned i = 0; i < running.count; i++)
		hf_thread_join(running.threads[i]);
	return status;
}

static int start(const char *path, const sigset_t *signals)
{
	struct hf_parts *parts = calloc(1, sizeof(*parts));
	struct hf_housekeeping *housekeeping = NULL;
	char error[HF_CONFIG_ERROR_MAX > HF_IO_ERROR_MAX ? HF_CONFIG_ERROR_MAX : HF_IO_ERROR_MAX];
	unsigned files = hf_privileges_raise_files();
	int status = EXIT_FAILURE;

	if (!parts)
		return EXIT_FAILURE;
	parts->started = hf_clock_now();
	parts->config = hf_config_load(path, error);
	if (parts->config) {
		hf_log_set_level(parts->config->log_level);
		hf_log_set_queries(parts->config->query_log, parts->config->query_log_sample);
		atomic_init(&parts->serve_settings.edns_size, parts->config->edns_size);
		atomic_init(&parts->serve_settings.prefetch, parts->config->prefetch);
		atomic_init(&parts->serve_settings.wait_limit, parts->config->wait_limit);
		atomic_init(&parts->serve_settings.discard_timeout_ms, parts->config->discard_timeout_ms);
	}
	if (parts->config && make_clients(parts, error) && make_promotions(parts, error) && make_cache(parts, error) &&
	    make_steer(parts, error) && make_resolvers(parts, files, error) && make_workers(parts, error) && make_tcp(parts, error) &&
	    (housekeeping = hf_housekeeping_new(parts, error)) && hf_privileges_drop(parts->config, error))
		status = run(parts, housekeeping, signals);
	else
		hf_log(HF_LOG_ERROR, "start-failed", "text=\"%s\"", error);
	hf_housekeeping_free(housekeeping);
	free_parts(parts);
	free(parts);
	return status;
}

static int usage(FILE *out, int status)
{
	fprintf(out, "usage: holdfast-dataplane -c FILE\n"
		     "  -c, --config FILE  the configuration (docs/configuration.md)\n"
		     "  -V, --version\n"
		     "  -h, --help\n");
	return status;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"config", required_argument, NULL, 'c'},
						{"version", no_argument, NULL, 'V'},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	const char *path = NULL;
	sigset_t signals;
	int option;

	while ((option = getopt_long(argc, argv, "c:Vh", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			path = optarg;
			break;
		case 'V':
			printf("holdfast-dataplane %s\n", HF_VERSION);
			return EXIT_SUCCESS;
		case 'h':
			return usage(stdout, EXIT_SUCCESS);
		default:
			return usage(stderr, 2);
		}
	}
	if (!path || optind != argc)
		return usage(stderr, 2);
	/* Before any thread: all inherit the mask, and only main takes signals. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	umask(0007); /* the control socket is for its group */
	return start(path, &signals);
}
