// SPDX-License-Identifier: BSD-3-Clause
/* Server memory and selection; see servers.h. */
#include "resolver/servers.h"
#include <stdlib.h>
#include <string.h>
#include "wire/name.h"

/* Servers within this much of the fastest share the load. Narrower, and one server gets all queries and with them all
 * of an attacker's attention; wider, and clients pay for it. */
#define PICK_BAND_US 50000
#define PICK_MAX 64

/* Of the quota of open queries, and how it follows the share of timeouts among QUOTA_WINDOW queries, smoothed (the scheme of BIND's
 * fetch-quota-params). */
enum {
	QUOTA_ALL = 1000,
	QUOTA_LEAST = 10,
	QUOTA_WINDOW = 100,
	QUOTA_MIN = 4,
	TIMEOUTS_MANY = 300,
	TIMEOUTS_FEW = 100,
};

struct lame {
	struct hf_index_node node;
	uint64_t until_ns;
	bool used;
	uint8_t silences; /* in a row */
	struct hf_address address;
	uint8_t zone[HF_NAME_MAX];
};

struct hf_servers {
	const uint64_t *secret;
	struct hf_index index;
	struct hf_server *newest, *oldest;
	uint32_t limit;
	struct hf_index lame_index;
	struct lame *lame; /* ring: the oldest mark is overwritten */
	uint32_t lame_limit, lame_next;
};

struct hf_servers *hf_servers_new(uint32_t limit, const uint64_t secret[2])
{
	struct hf_servers *servers = calloc(1, sizeof(*servers));

	if (!servers)
		return NULL;
	servers->secret = secret;
	servers->limit = limit;
	servers->lame_limit = limit < 4096 ? limit : 4096;
	servers->lame = calloc(servers->lame_limit, sizeof(servers->lame[0]));
	if (!servers->lame || !hf_index_init(&servers->index, limit) ||
	    !hf_index_init(&servers->lame_index, servers->lame_limit)) {
		hf_servers_free(servers);
		return NULL;
	}
	return servers;
}

void hf_servers_free(struct hf_servers *servers)
{
	if (!servers)
		return;
	for (struct hf_server *server = servers->newest, *older; server; server = older) {
		older = server->older;
		free(server);
	}
	hf_index_free(&servers->index);
	hf_index_free(&servers->lame_index);
	free(servers->lame);
	free(servers);
}

static void unlink_use(struct hf_servers *servers, struct hf_server *server)
{
	*(server->newer ? &server->newer->older : &servers->newest) = server->older;
	*(server->older ? &server->older->newer : &servers->oldest) = server->newer;
}

static void link_newest(struct hf_servers *servers, struct hf_server *server)
{
	server->newer = NULL;
	server->older = servers->newest;
	*(servers->newest ? &servers->newest->newer : &servers->oldest) = server;
	servers->newest = server;
}

static uint64_t hash_address(const uint64_t secret[2], const struct hf_address *address)
{
	uint8_t bytes[19];

	bytes[0] = address->family;
	bytes[1] = (uint8_t)(address->port >> 8);
	bytes[2] = (uint8_t)address->port;
	memcpy(bytes + 3, address->bytes, 16);
	return hf_index_hash_bytes(secret, bytes, sizeof(bytes));
}

struct hf_server *hf_servers_get(struct hf_servers *servers, const struct hf_address *address, struct hf_now now)
{
	uint64_t hash = hash_address(servers->secret, address);
	struct hf_server *server = NULL;

	for (struct hf_index_node *n = hf_index_first(&servers->index, hash); n; n = hf_index_next(n)) {
		server = hf_index_entry(n, struct hf_server, node);
		if (hf_address_equal(&server->address, address))
			break;
		server = NULL;
	}
	if (server) {
		unlink_use(servers, server);
		if (now.mono_ns - server->learned_ns > HF_SERVERS_MEMORY_NS) {
			server->srtt_us = server->rttvar_us = 0;
			server->timeouts = 0;
		} else if (server->timeouts && now.mono_ns - server->learned_ns > HF_SERVERS_BACKOFF_NS) {
			server->timeouts = 1; /* it may be back: find out before the client's patience ends */
		}
		link_newest(servers, server);
		return server;
	}
	if (servers->index.count >= servers->limit) {
		server = servers->oldest;
		unlink_use(servers, server);
		hf_index_remove(&servers->index, &server->node);
	} else {
		server = malloc(sizeof(*server));
		if (!server)
			return NULL;
	}
	*server = (struct hf_server){.address = *address, .learned_ns = now.mono_ns, .quota = QUOTA_ALL};
	hf_index_add(&servers->index, &server->node, hash);
	link_newest(servers, server);
	return server;
}

uint64_t hf_server_timeout_ns(const struct hf_server *server, const struct hf_servers_bounds *bounds)
{
	uint64_t ms = bounds->timeout_initial_ms;
	uint64_t floor_ms = bounds->timeout_min_ms, ceiling_ms = bounds->timeout_max_ms;

	if (server && server->srtt_us)
		ms = (server->srtt_us + 4 * (uint64_t)server->rttvar_us) / 1000;
	if (ms < floor_ms)
		ms = floor_ms;
	if (server)
		ms <<= server->timeouts < 8 ? server->timeouts : 8;
	return (ms < ceiling_ms ? ms : ceiling_ms) * HF_NS_PER_MS;
}

uint32_t hf_server_quota(const struct hf_server *server, uint32_t configured)
{
	uint64_t quota = (uint64_t)configured * server->quota / QUOTA_ALL;

	return quota > QUOTA_MIN ? (uint32_t)quota : QUOTA_MIN;
}

static void judge(struct hf_server *server, bool timeout)
{
	server->window_timeouts += timeout;
	if (++server->window < QUOTA_WINDOW)
		return;
	server->timeout_share =
		(uint16_t)((3 * server->timeout_share + 7 * (1000 / QUOTA_WINDOW) * server->window_timeouts) / 10);
	if (server->timeout_share > TIMEOUTS_MANY)
		server->quota = server->quota * 3 / 4 > QUOTA_LEAST ? server->quota * 3 / 4 : QUOTA_LEAST;
	else if (server->timeout_share < TIMEOUTS_FEW)
		server->quota = server->quota * 4 / 3 + 1 < QUOTA_ALL ? (uint16_t)(server->quota * 4 / 3 + 1) : QUOTA_ALL;
	server->window = server->window_timeouts = 0;
}

void hf_server_note_rtt(struct hf_server *server, uint64_t rtt_ns, struct hf_now now)
{
	uint32_t rtt_us = rtt_ns > 60 * HF_NS_PER_SECOND ? 60000000 : (uint32_t)(rtt_ns / 1000);

	if (!rtt_us)
		rtt_us = 1; /* 0 stands for "not measured" */
	if (!server->srtt_us) {
		/* RFC 6298 §2.2 */
		server->srtt_us = rtt_us;
		server->rttvar_us = rtt_us / 2;
	} else {
		/* RFC 6298 §2.3 */
		uint32_t off = rtt_us > server->srtt_us ? rtt_us - server->srtt_us : server->srtt_us - rtt_us;

		server->rttvar_us = (uint32_t)((3 * (uint64_t)server->rttvar_us + off) / 4);
		server->srtt_us = (uint32_t)((7 * (uint64_t)server->srtt_us + rtt_us) / 8);
		if (!server->srtt_us)
			server->srtt_us = 1;
	}
	server->timeouts = 0;
	server->learned_ns = server->replied_ns = now.mono_ns;
	judge(server, false);
}

void hf_server_note_timeout(struct hf_server *server, struct hf_now now)
{
	if (server->timeouts < UINT8_MAX)
		server->timeouts++;
	server->learned_ns = now.mono_ns;
	judge(server, true);
}

static struct lame *find_lame(const struct hf_servers *servers, uint64_t hash, const struct hf_address *address,
			      const uint8_t *zone)
{
	for (struct hf_index_node *n = hf_index_first(&servers->lame_index, hash); n; n = hf_index_next(n)) {
		struct lame *lame = hf_index_entry(n, struct lame, node);

		if (hf_address_equal(&lame->address, address) && hf_name_equal(lame->zone, zone))
			return lame;
	}
	return NULL;
}

static struct lame *get_lame(struct hf_servers *servers, const struct hf_address *address, const uint8_t *zone)
{
	uint64_t hash = hf_index_hash_name(servers->secret, zone, hash_address(servers->secret, address));
	struct lame *lame = find_lame(servers, hash, address, zone);

	if (lame)
		return lame;
	lame = &servers->lame[servers->lame_next];
	servers->lame_next = (servers->lame_next + 1) % servers->lame_limit;
	if (lame->used)
		hf_index_remove(&servers->lame_index, &lame->node);
	*lame = (struct lame){.used = true, .address = *address};
	hf_name_lower(zone, lame->zone);
	hf_index_add(&servers->lame_index, &lame->node, hash);
	return lame;
}

void hf_servers_mark_lame(struct hf_servers *servers, const struct hf_address *address, const uint8_t *zone,
			  struct hf_now now)
{
	get_lame(servers, address, zone)->until_ns = now.mono_ns + HF_SERVERS_MEMORY_NS;
}

void hf_servers_note_deaf(struct hf_servers *servers, const struct hf_address *address, const uint8_t *zone,
			  struct hf_now now)
{
	struct lame *lame = get_lame(servers, address, zone);

	if (lame->silences < UINT8_MAX)
		lame->silences++;
	if (lame->silences >= HF_SERVERS_DEAD_TIMEOUTS && lame->until_ns < now.mono_ns + HF_SERVERS_BACKOFF_NS)
		lame->until_ns = now.mono_ns + HF_SERVERS_BACKOFF_NS;
}

void hf_servers_clear_deaf(struct hf_servers *servers, const struct hf_address *address, const uint8_t *zone)
{
	struct lame *lame;

	if (!servers->lame_index.count)
		return;
	lame = find_lame(servers, hf_index_hash_name(servers->secret, zone, hash_address(servers->secret, address)),
			 address, zone);
	if (!lame || !lame->silences)
		return;
	if (lame->silences >= HF_SERVERS_DEAD_TIMEOUTS)
		lame->until_ns = 0;
	lame->silences = 0;
}

bool hf_servers_is_lame(struct hf_servers *servers, const struct hf_address *address, const uint8_t *zone,
			struct hf_now now)
{
	uint64_t hash;
	const struct lame *lame;

	if (!servers->lame_index.count)
		return false;
	hash = hf_index_hash_name(servers->secret, zone, hash_address(servers->secret, address));
	lame = find_lame(servers, hash, address, zone);
	return lame && lame->until_ns > now.mono_ns;
}

unsigned hf_servers_pick(struct hf_servers *servers, const struct hf_address *const *addresses, unsigned count,
			 const struct hf_servers_bounds *bounds, const struct hf_random *random, struct hf_now now)
{
	uint64_t expected[PICK_MAX], best = UINT64_MAX;
	unsigned in_band = 0, chosen;

	if (count > PICK_MAX)
		count = PICK_MAX;
	for (unsigned i = 0; i < count; i++) {
		const struct hf_server *server = hf_servers_get(servers, addresses[i], now);

		if (!server)
			expected[i] = 0;
		else if (bounds->fetches_per_server &&
			 server->open >= hf_server_quota(server, bounds->fetches_per_server))
			expected[i] = UINT64_MAX;
		else if (hf_server_is_dead(server))
			expected[i] = UINT64_MAX - PICK_BAND_US - 1;
		else if (server->timeouts)
			expected[i] = hf_server_timeout_ns(server, bounds) / 1000;
		else
			expected[i] = server->srtt_us;
		if (expected[i] < best)
			best = expected[i];
	}
	if (best == UINT64_MAX)
		return count;
	if (!random) {
		for (unsigned i = 0; i < count; i++)
			if (expected[i] < UINT64_MAX - PICK_BAND_US - 1 || expected[i] == best)
				return i;
	}
	for (unsigned i = 0; i < count; i++)
		in_band += expected[i] <= best + PICK_BAND_US;
	chosen = hf_random_below(random, in_band);
	for (unsigned i = 0; i < count; i++)
		if (expected[i] <= best + PICK_BAND_US && chosen-- == 0)
			return i;
	return 0;
}
