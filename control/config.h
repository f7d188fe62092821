// SPDX-License-Identifier: BSD-3-Clause
/* The one configuration file, for both daemons: YAML, read against a table of options (name, type, bounds, default,
 * meaning). Every fault is reported as "FILE:LINE: KEY: what is wrong". The same rows write docs/configuration.md.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/address.h"
#include "base/prefix.h"

#define HF_CONFIG_ERROR_MAX 512
#define HF_CONFIG_PATH "/etc/holdfast/holdfast.yaml" /* where the units and holdfastctl look for it */

enum hf_io { HF_IO_SOCKETS, HF_IO_DPDK };
enum hf_upstream_way { HF_UPSTREAM_AUTO, HF_UPSTREAM_SOCKETS, HF_UPSTREAM_STEERED };
enum hf_attach { HF_ATTACH_AUTO, HF_ATTACH_NATIVE, HF_ATTACH_GENERIC };
enum hf_log_level { HF_LOG_ERROR, HF_LOG_WARNING, HF_LOG_INFO, HF_LOG_DEBUG };

struct hf_config_route {
	char *zone; /* presentation form */
	bool forward;
	bool first; /* when they fail, recursion */
	struct hf_address *servers;
	size_t server_count;
};

struct hf_config_access {
	struct hf_prefix clients;
	uint8_t action;		/* enum hf_access_action */
	struct hf_prefix dns64; /* family 0: none */
};

/* A text of a list, and the line it stands in. */
struct hf_config_text {
	char *text;
	unsigned line;
};

struct hf_config_local_zone {
	char *zone;   /* presentation form */
	uint8_t type; /* enum hf_local_type */
	unsigned line;
};

/* A negative trust anchor (RFC 7646). */
struct hf_config_nta {
	char *name;
	int64_t until; /* seconds since 1970; INT64_MAX: no end */
	char *reason;  /* NULL: none given */
	unsigned line;
};

struct hf_config {
	char *path; /* where it was read from */

	/* listen: list of addresses, each "ADDR", "ADDR:PORT" or "[ADDR]:PORT"; port 53 when not given */
	struct hf_address *listen;
	size_t listen_count;

	/* access-control: list of {clients, action, dns64}; an entry for each prefix. Use hf_config_make_access(). */
	struct hf_config_access *access;
	size_t access_count;

	/* server: */
	char *identity, *version; /* of class CH; empty: REFUSED */

	/* local: */
	bool special_use;	     /* special-use: defaults of RFC 6761, 6303 … */
	char *hosts_file;	     /* hosts-file; empty: none */
	struct hf_config_text *local_data; /* data: records in zone-file form; read by the dataplane */
	size_t local_data_count;
	struct hf_config_local_zone *local_zones; /* zones: list of {zone, type} */
	size_t local_zone_count;
	/* dns64: */
	bool dns64_synthesise_all;   /* synthesise-all */
	uint8_t *dns64_ignore_aaaa;  /* ignore-aaaa: names in wire form, one behind the other */
	size_t dns64_ignore_count;

	/* dataplane: */
	enum hf_io io;		     /* io: sockets | dpdk */
	char *interface;	     /* interface: also where the fast path attaches; needed by dpdk and by fastpath */
	unsigned queues;	     /* queues: RX queues of that interface that DPDK polls */
	char *dpdk_args;	     /* dpdk-args: further EAL arguments, split at spaces */
	enum hf_upstream_way upstream; /* upstream: auto | sockets | steered */
	unsigned resolver_threads;   /* resolver-threads */
	unsigned tcp_clients;	     /* tcp-clients: connections at once */
	unsigned tcp_idle_ms;	     /* tcp-idle-timeout-ms */
	unsigned waiting_queries;    /* waiting-queries: misses under way at once */
	char *user;		     /* user: drop to it after start; empty: stay (a namespace may know uid 0 only) */

	/* clients: */
	bool cookies, require_cookies; /* cookies, require-cookies */
	char *cookie_secret;	     /* cookie-secret: empty, hexadecimal, or the path of a file */
	unsigned tcp_clients_per_source, tcp_queries_per_connection; /* 0: no bound */
	uint32_t discard_timeout_ms; /* discard-timeout-ms: 0: never */
	uint32_t wait_limit;	     /* wait-limit: 0: none */

	/* server: */
	char *nsid;		     /* nsid: empty: none */

	/* fastpath: */
	bool fastpath;		     /* enabled */
	enum hf_attach attach;	     /* attach: auto | native | generic */
	unsigned hot_entries;	     /* entries: 1024–262144 */
	char *bpffs;		     /* bpffs: /sys/fs/bpf/holdfast; pins are below bpffs/INTERFACE/ */

	/* cache: */
	uint64_t cache_bytes;	     /* size: 64M, 1G … */
	uint32_t min_ttl, max_ttl, max_negative_ttl;

	/* resolver: */
	char *root_hints;	     /* root-hints: zone-file form; default /usr/share/dns/root.hints */
	bool prime, prefetch, case_randomization, server_order_randomization, minimal_answers;
	bool negative_ns;
	bool negative_soa_newest;
	bool use_ipv4, use_ipv6, query_loopback, qname_minimisation;
	struct hf_address source_ipv4, source_ipv6; /* family 0: any */
	uint16_t edns_size;	     /* edns-size: towards servers and in replies */
	uint32_t timeout_initial_ms, timeout_min_ms, timeout_max_ms, query_deadline_ms;
	unsigned max_upstream_queries;
	bool server_cookies;	     /* server-cookies */
	uint32_t fetches_per_zone, fetches_per_server, spoof_threshold; /* 0: no limit */
	struct hf_config_route *routes; /* routes: list of {zone, forward|stub: [addresses]} */
	size_t route_count;
	struct hf_prefix *do_not_query; /* do-not-query */
	size_t do_not_query_count;
	struct hf_prefix *private_addresses; /* private-addresses */
	size_t private_address_count;
	struct hf_config_text *private_domains; /* private-domains */
	size_t private_domain_count;

	/* validation: */
	bool validation;	     /* enabled */
	char *trust_anchor_file;     /* trust-anchor-file: zone-file form; default /usr/share/dns/root.ds; empty: none */
	struct hf_config_text *trust_anchors; /* trust-anchors: records in zone-file form */
	size_t trust_anchor_count;
	struct hf_config_nta *ntas;  /* negative-trust-anchors */
	size_t nta_count;
	bool sha1;
	uint16_t rsa_bits_min, nsec3_iterations_max;
	uint32_t skew;		     /* seconds */
	uint32_t validation_cpu_query_us; /* cpu-per-query-us */
	uint16_t validation_cpu_zone, validation_cpu_total; /* percent of a core */
	uint16_t validation_failures; /* failures-per-query */
	bool aggressive_nsec, root_key_sentinel, trust_anchor_signals;

	/* control: */
	char *dataplane_socket;	     /* dataplane-socket: /run/holdfast/dataplane.sock */
	char *control_socket;	     /* control-socket: /run/holdfast/holdfastd.sock */
	struct hf_address http;	     /* http: 127.0.0.1:8053; "off" → family 0 */

	/* log: */
	enum hf_log_level log_level;
	bool query_log;		     /* queries */
	unsigned query_log_sample;   /* query-sample: one in N */
};

/* Reads `path`. NULL on any fault, with the text in `error`. The caller frees with hf_config_free. */
struct hf_config *hf_config_load(const char *path, char error[HF_CONFIG_ERROR_MAX]);
/* The same from memory; `name` stands for the file in messages. */
struct hf_config *hf_config_parse(const char *text, size_t length, const char *name, char error[HF_CONFIG_ERROR_MAX]);
void hf_config_free(struct hf_config *config);

/* What of `next` differs from `running` and needs a restart (listen, io, interface, fastpath size …): the first such key's name, or NULL. */
const char *hf_config_needs_restart(const struct hf_config *running, const struct hf_config *next);

/* Whether both files have the same access rules in the same order. */
bool hf_config_access_equal(const struct hf_config *a, const struct hf_config *b);

/* The table of who may ask; *access is NULL when everybody may, without synthesis. Prefixes that `dns64` does not hold are added to it. False
 * on a fault, with a text in `error`; then `dns64` may have grown all the same. The caller frees with hf_access_free(). */
struct hf_access;
struct hf_dns64_table;
bool hf_config_make_access(const struct hf_config *config, struct hf_dns64_table *dns64, struct hf_access **access,
			   char error[HF_CONFIG_ERROR_MAX]);

/* Writes the reference of all options as Markdown to `out` (a FILE *). */
void hf_config_write_reference(void *out);
