// SPDX-License-Identifier: BSD-3-Clause
/* Packet back end over DPDK: the net_af_xdp port beside the kernel driver, one virtual device per RX queue.
 *
 * What comes here is what the XDP program redirected: frames for a service address that it did not answer. Everything else, TCP
 * and ARP included, stays with the kernel, so this back end speaks nothing but UDP queries and drops (counted)
 * whatever else it meets. Replies to hits are written into the received frame; a miss keeps the frame's headers in
 * its ticket and gives the frame back at once.
 */
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#include <urcu-qsbr.h>

#include "hot/pins.h"
#include "io/frame.h"
#include "io/io.h"

enum {
	BURST = 32,
	RING_SIZE = 2048,
	MBUFS_PER_QUEUE = 4 * RING_SIZE, /* RX, fill, TX and completion rings, and what a burst holds */
	MBUF_CACHE = 256,
	HEAP_MB = 256,
	EAL_ARGUMENTS_MAX = 64,
	/* An idle poll loop would take a whole core from those who have work. After this many empty rounds the worker sleeps, a little
	 * longer each time: a miss that comes first after a pause waits at most the longest sleep, small beside any recursion. */
	EMPTY_ROUNDS_BEFORE_SLEEP = 64,
	SLEEP_SHORTEST_NS = 20000,
	SLEEP_LONGEST_NS = 200000,
};

struct dpdk_queue {
	uint16_t port;
	struct rte_mempool *pool;
	struct rte_mbuf *outgoing[2 * BURST]; /* replies to be sent with the next rte_eth_tx_burst */
	unsigned outgoing_count;
};

struct eal_arguments {
	char *values[EAL_ARGUMENTS_MAX];
	int count;
};

struct hf_dpdk {
	struct hf_serve *serve;
	unsigned queue_count;
	struct dpdk_queue *queues;
	struct eal_arguments arguments; /* EAL keeps pointers to them until its end */
};

/* How a ticket finds its way back: lies in ticket->arrival. */
struct dpdk_arrival {
	uint16_t queue; /* index into queues[] */
	struct hf_frame_layout layout;
	uint8_t headers[HF_FRAME_HEADERS_MAX];
};
_Static_assert(sizeof(struct dpdk_arrival) <= HF_TICKET_ARRIVAL_MAX, "a ticket holds a frame's headers");

/* ---- start ---- */

static bool argument_add(struct eal_arguments *arguments, char *value)
{
	if (value == NULL || arguments->count == EAL_ARGUMENTS_MAX - 1) {
		free(value);
		return false;
	}
	arguments->values[arguments->count++] = value;
	return true;
}

static char *format(const char *pattern, ...) __attribute__((format(printf, 1, 2)));
static char *format(const char *pattern, ...)
{
	va_list list;
	char *text;

	va_start(list, pattern);
	if (vasprintf(&text, pattern, list) < 0)
		text = NULL;
	va_end(list);
	return text;
}

/* One lcore that floats over all processors this process may use: DPDK must not pin the main thread, whose mask all
 * other threads inherit. */
static char *lcores_argument(void)
{
	cpu_set_t allowed;
	char list[512] = "";
	size_t used = 0;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
		return NULL;
	for (int cpu = 0; cpu < CPU_SETSIZE && used + 8 < sizeof(list); cpu++)
		if (CPU_ISSET(cpu, &allowed))
			used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%d", used != 0 ? "," : "", cpu);
	return format("--lcores=0@(%s)", list);
}

static bool arguments_make(const struct hf_config *config, struct eal_arguments *arguments)
{
	bool ok = argument_add(arguments, strdup("holdfast-dataplane")) && argument_add(arguments, lcores_argument()) &&
		  argument_add(arguments, strdup("--no-pci")) && argument_add(arguments, strdup("--no-telemetry")) &&
		  argument_add(arguments, strdup("--log-level=*:warning"));

	/* Nothing is left on disk in either case: no files of shared memory, and no second process that could want them. The
	 * operator's own arguments decide about memory; without them no huge pages are asked for. */
	if (config->dpdk_args != NULL && strstr(config->dpdk_args, "huge") != NULL)
		ok = ok && argument_add(arguments, strdup("--in-memory"));
	else
		ok = ok && argument_add(arguments, strdup("--no-huge")) && argument_add(arguments, strdup("--no-shconf")) &&
		     argument_add(arguments, strdup("-m")) &&
		     argument_add(arguments, format("%u", HEAP_MB * config->queues));
	for (unsigned queue = 0; ok && queue < config->queues; queue++)
		ok = argument_add(arguments, format("--vdev=net_af_xdp%u,iface=%s,start_queue=%u,queue_count=1", queue,
						    config->interface, queue));
	if (ok && config->dpdk_args != NULL) {
		char *copy = strdup(config->dpdk_args), *rest = copy, *word;

		while (ok && copy != NULL && (word = strsep(&rest, " ")) != NULL)
			if (*word != '\0')
				ok = argument_add(arguments, strdup(word));
		free(copy);
	}
	return ok;
}

static void arguments_free(struct eal_arguments *arguments)
{
	for (int i = 0; i < arguments->count; i++)
		free(arguments->values[i]);
}

static bool queue_open(struct dpdk_queue *queue, unsigned index, char error[HF_IO_ERROR_MAX])
{
	struct rte_eth_conf port_config = {0};
	char name[32];
	int fault;

	snprintf(name, sizeof(name), "net_af_xdp%u", index);
	if (rte_eth_dev_get_port_by_name(name, &queue->port) != 0) {
		snprintf(error, HF_IO_ERROR_MAX, "DPDK made no port %s", name);
		return false;
	}
	snprintf(name, sizeof(name), "holdfast%u", index);
	queue->pool = rte_pktmbuf_pool_create(name, MBUFS_PER_QUEUE, MBUF_CACHE, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
					      SOCKET_ID_ANY);
	if (queue->pool == NULL) {
		snprintf(error, HF_IO_ERROR_MAX, "no memory for packet buffers of queue %u: %s", index,
			 rte_strerror(rte_errno));
		return false;
	}
	if ((fault = rte_eth_dev_configure(queue->port, 1, 1, &port_config)) != 0 ||
	    (fault = rte_eth_rx_queue_setup(queue->port, 0, RING_SIZE, SOCKET_ID_ANY, NULL, queue->pool)) != 0 ||
	    (fault = rte_eth_tx_queue_setup(queue->port, 0, RING_SIZE, SOCKET_ID_ANY, NULL)) != 0 ||
	    (fault = rte_eth_dev_start(queue->port)) != 0) {
		snprintf(error, HF_IO_ERROR_MAX, "AF_XDP socket on queue %u: %s", index, rte_strerror(-fault));
		return false;
	}
	return true;
}

static void dpdk_close(void *io)
{
	struct hf_dpdk *dpdk = io;

	for (unsigned i = 0; i < dpdk->queue_count; i++) {
		rte_eth_dev_stop(dpdk->queues[i].port);
		rte_eth_dev_close(dpdk->queues[i].port);
	}
	rte_eal_cleanup();
	arguments_free(&dpdk->arguments);
	free(dpdk->queues);
	free(dpdk);
}

/* Without the fast path's program the PMD would load its own, which takes every frame from the kernel, ARP and TCP too. */
static bool program_is_attached(const struct hf_config *config, char error[HF_IO_ERROR_MAX])
{
	char pins[HF_PINS_PATH_MAX], path[HF_PINS_PATH_MAX + sizeof(HF_PIN_XSKS) + 1];

	if (!hf_pins_directory(config->bpffs, config->interface, pins)) {
		snprintf(error, HF_IO_ERROR_MAX, "fastpath.bpffs: the path is too long");
		return false;
	}
	snprintf(path, sizeof(path), "%s/%s", pins, HF_PIN_XSKS);
	if (access(path, F_OK) == 0)
		return true;
	snprintf(error, HF_IO_ERROR_MAX,
		 "dataplane.io is dpdk but the fast path is not loaded on %s (%s: %s): start "
		 "holdfastd first, or set dataplane.io to sockets",
		 config->interface, path, strerror(errno));
	return false;
}

static void *dpdk_open(const struct hf_config *config, struct hf_serve *serve, char error[HF_IO_ERROR_MAX])
{
	char *words[EAL_ARGUMENTS_MAX];
	struct hf_dpdk *dpdk;
	cpu_set_t affinity;
	int fault;

	if (!program_is_attached(config, error))
		return NULL;
	dpdk = calloc(1, sizeof(*dpdk));
	if (dpdk == NULL || (dpdk->queues = calloc(config->queues, sizeof(*dpdk->queues))) == NULL ||
	    !arguments_make(config, &dpdk->arguments)) {
		snprintf(error, HF_IO_ERROR_MAX, "out of memory, or too many words in dataplane.dpdk-args");
		goto failed_before_eal;
	}
	dpdk->serve = serve;
	sched_getaffinity(0, sizeof(affinity), &affinity);
	memcpy(words, dpdk->arguments.values, sizeof(words)); /* EAL changes their order */
	fault = rte_eal_init(dpdk->arguments.count, words);
	sched_setaffinity(0, sizeof(affinity), &affinity);
	if (fault < 0) {
		snprintf(error, HF_IO_ERROR_MAX, "DPDK does not start: %s (its own messages are above)",
			 rte_strerror(rte_errno));
		goto failed_before_eal;
	}
	for (unsigned i = 0; i < config->queues; i++) {
		if (!queue_open(&dpdk->queues[i], i, error)) {
			dpdk_close(dpdk);
			return NULL;
		}
		dpdk->queue_count++;
	}
	return dpdk;

failed_before_eal:
	if (dpdk != NULL) {
		arguments_free(&dpdk->arguments);
		free(dpdk->queues);
	}
	free(dpdk);
	return NULL;
}

/* ---- the worker ---- */

static void outgoing_flush(struct hf_dpdk *dpdk, struct dpdk_queue *queue)
{
	uint16_t sent;

	if (queue->outgoing_count == 0)
		return;
	sent = rte_eth_tx_burst(queue->port, 0, queue->outgoing, (uint16_t)queue->outgoing_count);
	for (unsigned i = sent; i < queue->outgoing_count; i++) {
		hf_counters_drop(&dpdk->serve->counters, HF_DROP_send_failed);
		rte_pktmbuf_free(queue->outgoing[i]);
	}
	queue->outgoing_count = 0;
}

static void outgoing_add(struct hf_dpdk *dpdk, struct dpdk_queue *queue, struct rte_mbuf *mbuf, size_t length)
{
	mbuf->data_len = (uint16_t)length;
	mbuf->pkt_len = (uint32_t)length;
	queue->outgoing[queue->outgoing_count++] = mbuf;
	if (queue->outgoing_count == RTE_DIM(queue->outgoing))
		outgoing_flush(dpdk, queue);
}

static void miss_submit(struct hf_dpdk *dpdk, unsigned queue, const struct hf_request *request, const uint8_t *bytes,
			const struct hf_frame_layout *layout, struct hf_now now)
{
	struct hf_ticket *ticket = hf_serve_take_ticket(dpdk->serve, request, now);
	struct dpdk_arrival *arrival;

	if (ticket == NULL)
		return;
	arrival = (struct dpdk_arrival *)ticket->arrival;
	arrival->queue = (uint16_t)queue;
	arrival->layout = *layout;
	memcpy(arrival->headers, bytes, layout->payload_offset);
	hf_serve_submit(dpdk->serve, ticket);
}

/* Receives one burst of one queue and serves it. Returns how many frames came. */
static unsigned queue_serve(struct hf_dpdk *dpdk, unsigned index)
{
	struct dpdk_queue *queue = &dpdk->queues[index];
	struct rte_mbuf *received[BURST], *queries[BURST];
	struct hf_frame frames[BURST];
	struct hf_request requests[BURST];
	unsigned count = rte_eth_rx_burst(queue->port, 0, received, BURST), query_count = 0;
	struct hf_now now;

	if (count == 0)
		return 0;
	now = hf_clock_now();
	for (unsigned i = 0; i < count; i++)
		rte_prefetch0(rte_pktmbuf_mtod(received[i], void *));
	for (unsigned i = 0; i < count; i++) {
		struct rte_mbuf *mbuf = received[i];
		uint8_t *bytes = rte_pktmbuf_mtod(mbuf, uint8_t *);
		struct hf_frame *frame = &frames[query_count];
		enum hf_frame_verdict verdict =
			mbuf->nb_segs == 1 ? hf_frame_parse(bytes, mbuf->data_len, frame) : HF_FRAME_UNSUPPORTED;

		if (verdict != HF_FRAME_OK) {
			hf_counters_drop(&dpdk->serve->counters, verdict == HF_FRAME_DESTINATION ?
									 HF_DROP_destination :
									 HF_DROP_frame_unsupported);
			rte_pktmbuf_free(mbuf);
			continue;
		}
		requests[query_count] = (struct hf_request){
			.packet = bytes + frame->layout.payload_offset,
			.length = frame->payload_length,
			.reply = bytes + frame->layout.payload_offset,
			.capacity = mbuf->data_len + rte_pktmbuf_tailroom(mbuf) - frame->layout.payload_offset,
			.client = frame->client,
		};
		queries[query_count++] = mbuf;
	}
	hf_serve_burst(dpdk->serve, requests, query_count, now);
	for (unsigned i = 0; i < query_count; i++) {
		uint8_t *bytes = rte_pktmbuf_mtod(queries[i], uint8_t *);

		if (requests[i].outcome == HF_OUTCOME_REPLY) {
			size_t length = hf_frame_reply(bytes, &frames[i].layout, requests[i].reply_length);

			outgoing_add(dpdk, queue, queries[i], length);
			continue;
		}
		if (requests[i].outcome == HF_OUTCOME_MISS)
			miss_submit(dpdk, index, &requests[i], bytes, &frames[i].layout, now);
		rte_pktmbuf_free(queries[i]);
	}
	return count;
}

static void answer_send(struct hf_dpdk *dpdk, const struct hf_ticket *ticket)
{
	const struct dpdk_arrival *arrival = (const struct dpdk_arrival *)ticket->arrival;
	struct dpdk_queue *queue = &dpdk->queues[arrival->queue];
	size_t payload_offset = arrival->layout.payload_offset;
	struct rte_mbuf *mbuf;
	uint8_t *bytes;

	if (ticket->reply_length == 0) {
		hf_serve_answered(dpdk->serve, ticket); /* counts that there is none */
		return;
	}
	mbuf = rte_pktmbuf_alloc(queue->pool);
	if (mbuf == NULL || payload_offset + ticket->reply_length > rte_pktmbuf_tailroom(mbuf)) {
		rte_pktmbuf_free(mbuf);
		hf_counters_drop(&dpdk->serve->counters, HF_DROP_send_failed);
		return;
	}
	bytes = rte_pktmbuf_mtod(mbuf, uint8_t *);
	memcpy(bytes, arrival->headers, payload_offset);
	memcpy(bytes + payload_offset, ticket->reply, ticket->reply_length);
	outgoing_add(dpdk, queue, mbuf, hf_frame_reply(bytes, &arrival->layout, ticket->reply_length));
	hf_serve_answered(dpdk->serve, ticket);
}

/* Sends what resolver threads have answered. Returns how many. */
static unsigned answers_send(struct hf_dpdk *dpdk)
{
	struct hf_ticket *ticket;
	unsigned count = 0;

	while (count < 2 * BURST && (ticket = hf_serve_next_answer(dpdk->serve)) != NULL) {
		answer_send(dpdk, ticket);
		hf_serve_release(dpdk->serve, ticket);
		count++;
	}
	return count;
}

/* Sleeps a little longer at each empty round; QSBR offline meanwhile, so that no grace period waits for an idle worker. */
static void idle(unsigned *rounds)
{
	struct timespec pause = {.tv_nsec = SLEEP_SHORTEST_NS};

	if (++*rounds < EMPTY_ROUNDS_BEFORE_SLEEP)
		return;
	pause.tv_nsec = (long)SLEEP_SHORTEST_NS * (*rounds - EMPTY_ROUNDS_BEFORE_SLEEP + 1);
	if (pause.tv_nsec > SLEEP_LONGEST_NS) {
		pause.tv_nsec = SLEEP_LONGEST_NS;
		--*rounds;
	}
	rcu_thread_offline();
	nanosleep(&pause, NULL);
	rcu_thread_online();
}

static void dpdk_run(void *io, struct hf_thread *self)
{
	struct hf_dpdk *dpdk = io;
	unsigned empty_rounds = 0;

	/* Gives this thread a cache of packet buffers; without one the pool works too, only slower. */
	rte_thread_register();
	while (!hf_thread_stopping(self)) {
		unsigned handled = 0;

		for (unsigned i = 0; i < dpdk->queue_count; i++)
			handled += queue_serve(dpdk, i);
		hf_serve_wake(dpdk->serve);
		handled += answers_send(dpdk);
		for (unsigned i = 0; i < dpdk->queue_count; i++)
			outgoing_flush(dpdk, &dpdk->queues[i]);
		rcu_quiescent_state();
		hf_thread_beat(self);
		if (handled != 0)
			empty_rounds = 0;
		else
			idle(&empty_rounds);
	}
	rte_thread_unregister();
}

const struct hf_io_backend hf_io_dpdk = {
	.name = "dpdk",
	.open = dpdk_open,
	.run = dpdk_run,
	.close = dpdk_close,
};
