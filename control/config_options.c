// SPDX-License-Identifier: BSD-3-Clause
/* The rows themselves, and the two readers that need nothing else: what a changed file needs a restart for, and
 * the reference in docs/configuration.md.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "control/config_options.h"

#define FIELD(name) offsetof(struct hf_config, name), sizeof(((struct hf_config *)0)->name)
#define RELOAD true
#define RESTART false

static const char *const io_choices[] = {"sockets", "dpdk", NULL};
static const char *const upstream_choices[] = {"auto", "sockets", "steered", NULL};
static const char *const attach_choices[] = {"auto", "native", "generic", NULL};
static const char *const level_choices[] = {"error", "warning", "info", "debug", NULL};

/* struct sockaddr_un holds 108 octets, NUL included. */
#define SOCKET_PATH_MAX 107

const struct hf_option hf_options[] = {
	{"", "listen", HF_OPTION_ADDRESSES, RESTART, FIELD(listen), 0, 53, NULL, NULL,
	 "Addresses that queries are answered on, UDP and TCP: `ADDR`, `ADDR:PORT` or `[ADDR]:PORT`; port 53 when not "
	 "given."},
	{"", "access-control", HF_OPTION_ACCESS, RELOAD, FIELD(access), 0, 0, NULL, NULL,
	 "Who may ask: the most specific prefix that holds the client's address counts; nobody's rule: `allow`. `allow-snoop` also "
	 "answers questions without RD, from the cache; `refuse` answers REFUSED; `drop` says nothing. `dns64`: IPv6 addresses "
	 "in that prefix stand for IPv4 ones (RFC 6147)."},

	{"local", "special-use", HF_OPTION_BOOLEAN, RELOAD, FIELD(special_use), 0, 0, "true", NULL,
	 "Answer special-use names here: localhost, test, invalid, onion, local, home.arpa, reverse zones of private and other "
	 "special addresses … (RFC 6761, 6303, 6762, 7686, 7793, 8375, 8880, 9462, 9665). A route for such a name or one above it, "
	 "the root aside, goes before; `zones` with type `none` takes one away."},
	{"local", "hosts-file", HF_OPTION_TEXT, RELOAD, FIELD(hosts_file), 0, 4095, "", NULL,
	 "A file like /etc/hosts, read at start and at reload: A and AAAA for its names, PTR for its addresses."},
	{"local", "data", HF_OPTION_LOCAL_DATA, RELOAD, FIELD(local_data), 0, 0, NULL, NULL,
	 "Records that are answered from here, in zone-file form; TTL 3600 when not given. A name that has some is answered "
	 "NODATA for its other types, unless its zone says otherwise. A CNAME is followed, \"*\" is a wildcard."},
	{"local", "zones", HF_OPTION_LOCAL_ZONES, RELOAD, FIELD(local_zones), 0, 0, NULL, NULL,
	 "What becomes of the names in a zone that are not among the data: `transparent` looks them up as ever, "
	 "`type-transparent` also the missing types of names with data; `static` answers NXDOMAIN; `redirect` answers with the "
	 "zone's own data; `refuse` and `drop` do so; `nxdomain` and `nodata` answer so whatever the data are; `none`: no zone "
	 "here, also no special-use one."},
	{"dns64", "synthesise-all", HF_OPTION_BOOLEAN, RELOAD, FIELD(dns64_synthesise_all), 0, 0, "false", NULL,
	 "Clients with `dns64` get AAAA made of A also where a name has AAAA of its own, which then count only without A."},
	{"dns64", "ignore-aaaa", HF_OPTION_DNS64_IGNORE, RELOAD, FIELD(dns64_ignore_aaaa), 0, 0, NULL, NULL,
	 "The same for these names and all below them."},

	{"dataplane", "io", HF_OPTION_CHOICE, RESTART, FIELD(io), 0, 0, "sockets", io_choices,
	 "How packets come in: kernel sockets, or DPDK's net_af_xdp beside the kernel driver."},
	{"dataplane", "interface", HF_OPTION_TEXT, RESTART, FIELD(interface), 0, 15, "", NULL,
	 "Interface that the fast path is attached to and that DPDK polls. Needed by `io: dpdk` and by `fastpath`."},
	{"dataplane", "queues", HF_OPTION_INTEGER, RESTART, FIELD(queues), 1, 64, "1", NULL,
	 "Receive queues of the interface that DPDK polls."},
	{"dataplane", "dpdk-args", HF_OPTION_TEXT, RESTART, FIELD(dpdk_args), 0, 1024, "", NULL,
	 "Further arguments for DPDK's EAL, split at spaces."},
	{"dataplane", "resolver-threads", HF_OPTION_INTEGER, RESTART, FIELD(resolver_threads), 1, 64, "1", NULL,
	 "Threads that resolve what the cache does not hold."},
	{"dataplane", "upstream", HF_OPTION_CHOICE, RESTART, FIELD(upstream), 0, 0, "auto", upstream_choices,
	 "How UDP queries leave for servers, each from a port of its own: from a socket each (sockets), or by one raw socket with a "
	 "kernel program that brings the replies (steered: less than half the work; Linux 5.9, CAP_NET_RAW, CAP_NET_ADMIN, CAP_BPF at the "
	 "start); auto: steered if that can be had."},
	{"dataplane", "tcp-clients", HF_OPTION_INTEGER, RESTART, FIELD(tcp_clients), 1, 65536, "256", NULL,
	 "TCP connections of clients at once; the longest idle one makes room for another."},
	{"dataplane", "tcp-idle-timeout-ms", HF_OPTION_INTEGER, RELOAD, FIELD(tcp_idle_ms), 100, 600000, "10000", NULL,
	 "A client's TCP connection is closed after this long without a query (RFC 7766 section 6.2.3)."},
	{"dataplane", "waiting-queries", HF_OPTION_INTEGER, RESTART, FIELD(waiting_queries), 16, 1048576, "16384", NULL,
	 "Queries that may wait for resolution at once."},
	{"dataplane", "user", HF_OPTION_TEXT, RESTART, FIELD(user), 0, 32, "", NULL,
	 "User to become after start; empty: stay."},

	{"clients", "cookies", HF_OPTION_BOOLEAN, RELOAD, FIELD(cookies), 0, 0, "true", NULL,
	 "Give a DNS cookie to who sends one (RFC 7873, RFC 9018)."},
	{"clients", "cookie-secret", HF_OPTION_TEXT, RELOAD, FIELD(cookie_secret), 0, 4095, "", NULL,
	 "What cookies are made with: 32 hexadecimal digits, the same on all servers behind an address; a second such, after a blank, "
	 "is accepted too, for the time of a change. Or the path of a file with one or two, a line each. Empty: drawn at start."},
	{"clients", "require-cookies", HF_OPTION_BOOLEAN, RELOAD, FIELD(require_cookies), 0, 0, "false", NULL,
	 "Under attack with forged senders: over UDP answer only who shows a cookie of ours; others get BADCOOKIE with one, or are sent to "
	 "TCP. The kernel then answers nothing."},
	{"clients", "tcp-clients-per-source", HF_OPTION_INTEGER, RELOAD, FIELD(tcp_clients_per_source), 0, 65536, "64", NULL,
	 "TCP connections of one address (IPv6: /64); its longest idle one makes room for another. 0: no limit."},
	{"clients", "tcp-queries-per-connection", HF_OPTION_INTEGER, RELOAD, FIELD(tcp_queries_per_connection), 0, 1000000000,
	 "0", NULL, "A TCP connection is closed after so many queries have been answered. 0: no limit."},
	{"clients", "discard-timeout-ms", HF_OPTION_INTEGER, RELOAD, FIELD(discard_timeout_ms), 0, 120000, "1900", NULL,
	 "An answer that comes later than this after its question is not sent over UDP (DNSBomb), SERVFAIL excepted; 0: all "
	 "are sent."},
	{"clients", "wait-limit", HF_OPTION_INTEGER, RELOAD, FIELD(wait_limit), 0, 1048576, "1000", NULL,
	 "Questions of one client address (IPv6: /64) that may wait for resolution at once over UDP; more are dropped; "
	 "0: any number."},

	{"server", "identity", HF_OPTION_TEXT, RELOAD, FIELD(identity), 0, 255, "", NULL,
	 "What `id.server` and `hostname.bind` (TXT, class CH) say; empty: REFUSED."},
	{"server", "version", HF_OPTION_TEXT, RELOAD, FIELD(version), 0, 255, "", NULL,
	 "What `version.server` and `version.bind` say; empty: REFUSED."},
	{"server", "nsid", HF_OPTION_TEXT, RELOAD, FIELD(nsid), 0, 128, "", NULL,
	 "Name of this server for who asks which of many answers (RFC 5001); empty: none."},

	{"fastpath", "enabled", HF_OPTION_BOOLEAN, RESTART, FIELD(fastpath), 0, 0, "false", NULL,
	 "Answer hot names in the kernel (XDP)."},
	{"fastpath", "attach", HF_OPTION_CHOICE, RESTART, FIELD(attach), 0, 0, "auto", attach_choices,
	 "Where the kernel program runs: in the driver (native), behind it (generic), or the first if possible "
	 "(auto)."},
	{"fastpath", "entries", HF_OPTION_INTEGER, RESTART, FIELD(hot_entries), 1024, 262144, "65536", NULL,
	 "Answers that the kernel holds."},
	{"fastpath", "bpffs", HF_OPTION_PATH, RESTART, FIELD(bpffs), 1, 200, "/sys/fs/bpf/holdfast", NULL,
	 "Directory in a BPF file system; the pins of an interface are in a directory of its name below."},

	{"cache", "size", HF_OPTION_BYTES, RESTART, FIELD(cache_bytes), UINT64_C(1) << 20, UINT64_C(1) << 40, "256M",
	 NULL, "Memory of the cache; a limit that holds."},
	{"cache", "min-ttl", HF_OPTION_INTEGER, RELOAD, FIELD(min_ttl), 0, 86400, "0", NULL,
	 "Lower TTLs count as this many seconds, those of NS sets excepted: a delegation ends when its parent says."},
	{"cache", "max-ttl", HF_OPTION_INTEGER, RELOAD, FIELD(max_ttl), 1, 2147483647, "86400", NULL,
	 "Higher TTLs count as this many seconds."},
	{"cache", "max-negative-ttl", HF_OPTION_INTEGER, RELOAD, FIELD(max_negative_ttl), 0, 86400, "3600", NULL,
	 "The same for NXDOMAIN and NODATA, in seconds (RFC 2308 section 5)."},

	{"resolver", "root-hints", HF_OPTION_PATH, RELOAD, FIELD(root_hints), 1, 4095, "/usr/share/dns/root.hints",
	 NULL, "Names and addresses of the root servers, as a zone file."},
	{"resolver", "priming", HF_OPTION_BOOLEAN, RELOAD, FIELD(prime), 0, 0, "true", NULL,
	 "Ask a root server for the present root servers before first use (RFC 9609)."},
	{"resolver", "prefetch", HF_OPTION_BOOLEAN, RELOAD, FIELD(prefetch), 0, 0, "true", NULL,
	 "Refetch an entry that is asked for in the last tenth of its TTL."},
	{"resolver", "case-randomization", HF_OPTION_BOOLEAN, RELOAD, FIELD(case_randomization), 0, 0, "true", NULL,
	 "Mix the case of names in queries towards servers (0x20) and demand it back."},
	{"resolver", "server-order-randomization", HF_OPTION_BOOLEAN, RELOAD, FIELD(server_order_randomization), 0, 0,
	 "true", NULL,
	 "Choose by chance among servers of about the same speed; false: in the order learned, for repeatable tests."},
	{"resolver", "minimal-answers", HF_OPTION_BOOLEAN, RELOAD, FIELD(minimal_answers), 0, 0, "true", NULL,
	 "Leave authority and additional data out of answers that do not need it."},
	{"resolver", "negative-ns", HF_OPTION_BOOLEAN, RELOAD, FIELD(negative_ns), 0, 0, "false", NULL,
	 "Hand on the zone's NS set of a negative answer beside its SOA, when the server gave both (RFC 2308, section 2.1)."},
	{"resolver", "negative-soa-newest", HF_OPTION_BOOLEAN, RELOAD, FIELD(negative_soa_newest), 0, 0, "false", NULL,
	 "Show with a cached negative answer the newest SOA held of its zone, with that one's TTL, as Unbound does, instead of the answer's own "
	 "(RFC 2308, section 6). Clients may then keep a negative answer for longer, and each is composed anew: the kernel answers none."},
	{"resolver", "ipv4", HF_OPTION_BOOLEAN, RELOAD, FIELD(use_ipv4), 0, 0, "true", NULL, "Ask servers over IPv4."},
	{"resolver", "ipv6", HF_OPTION_BOOLEAN, RELOAD, FIELD(use_ipv6), 0, 0, "true", NULL, "Ask servers over IPv6."},
	{"resolver", "query-loopback", HF_OPTION_BOOLEAN, RELOAD, FIELD(query_loopback), 0, 0, "false", NULL,
	 "Allow servers on loopback addresses."},
	{"resolver", "qname-minimisation", HF_OPTION_BOOLEAN, RELOAD, FIELD(qname_minimisation), 0, 0, "true", NULL,
	 "Tell each server only as much of the name as it needs (RFC 9156)."},
	{"resolver", "source-ipv4", HF_OPTION_ADDRESS, RELOAD, FIELD(source_ipv4), 4, 0, "0.0.0.0", NULL,
	 "Source address of queries towards servers; 0.0.0.0: the kernel chooses."},
	{"resolver", "source-ipv6", HF_OPTION_ADDRESS, RELOAD, FIELD(source_ipv6), 6, 0, "::", NULL,
	 "The same for IPv6; \"::\": the kernel chooses."},
	{"resolver", "edns-size", HF_OPTION_INTEGER, RELOAD, FIELD(edns_size), 512, 4096, "1232", NULL,
	 "Largest UDP message, announced to servers and to clients (RFC 9715)."},
	{"resolver", "timeout-initial-ms", HF_OPTION_INTEGER, RELOAD, FIELD(timeout_initial_ms), 10, 60000, "400", NULL,
	 "Time a server gets that was not measured yet."},
	{"resolver", "timeout-min-ms", HF_OPTION_INTEGER, RELOAD, FIELD(timeout_min_ms), 1, 60000, "50", NULL,
	 "Least time a measured server gets."},
	{"resolver", "timeout-max-ms", HF_OPTION_INTEGER, RELOAD, FIELD(timeout_max_ms), 10, 60000, "3000", NULL,
	 "Most time any server gets."},
	{"resolver", "query-deadline-ms", HF_OPTION_INTEGER, RELOAD, FIELD(query_deadline_ms), 100, 120000, "6000",
	 NULL, "A client whose question is not resolved by then gets SERVFAIL."},
	{"resolver", "max-upstream-queries", HF_OPTION_INTEGER, RELOAD, FIELD(max_upstream_queries), 8, 65535, "100",
	 NULL, "Queries towards servers for one question of a client, with all that it drags in."},
	{"resolver", "server-cookies", HF_OPTION_BOOLEAN, RELOAD, FIELD(server_cookies), 0, 0, "true", NULL,
	 "DNS cookies towards servers (RFC 7873); a server that gave one and replies without is asked over TCP."},
	{"resolver", "fetches-per-zone", HF_OPTION_INTEGER, RELOAD, FIELD(fetches_per_zone), 0, 1048576, "1000", NULL,
	 "Resolutions that may be at one zone cut at once, in each resolver thread, eight times as many for the root and "
	 "top-level domains, and never more than an eighth (half) of the free places of `waiting-queries`; more get "
	 "SERVFAIL. 0: no limit."},
	{"resolver", "fetches-per-server", HF_OPTION_INTEGER, RELOAD, FIELD(fetches_per_server), 0, 1048576, "2000", NULL,
	 "Queries that may be open towards one server address, in each resolver thread; fewer while many of them time "
	 "out. 0: no limit."},
	{"resolver", "spoof-threshold", HF_OPTION_INTEGER, RELOAD, FIELD(spoof_threshold), 0, 1000000, "100", NULL,
	 "Replies from one server's address within 10 seconds that match no query, before it is asked over TCP for a "
	 "minute; ten times as many from all, and all servers are. 0: never."},
	{"resolver", "routes", HF_OPTION_ROUTES, RELOAD, FIELD(routes), 0, 53, NULL, NULL,
	 "Zones whose questions go to named servers: `forward` names recursive ones, `stub` authoritative ones. "
	 "`first`: when they fail, the question goes down the tree from the root. `forward: []` takes a zone out of a "
	 "route above it."},
	{"resolver", "do-not-query", HF_OPTION_DO_NOT_QUERY, RELOAD, FIELD(do_not_query), 0, 0, NULL, NULL,
	 "Servers that are never asked, whoever names them: delegations, routes, hints."},

	{"resolver", "private-addresses", HF_OPTION_PRIVATE_ADDRESSES, RELOAD, FIELD(private_addresses), 0, 0, NULL, NULL,
	 "Addresses that are taken out of what servers say (DNS rebinding): A and AAAA, IPv4 inside ::ffff:0:0/96, hints in SVCB "
	 "and HTTPS."},
	{"resolver", "private-domains", HF_OPTION_PRIVATE_DOMAINS, RELOAD, FIELD(private_domains), 0, 0, NULL, NULL,
	 "Names at or below which such addresses may stand."},

	{"validation", "enabled", HF_OPTION_BOOLEAN, RELOAD, FIELD(validation), 0, 0, "true", NULL,
	 "Validate answers (DNSSEC, RFC 4035): what is proven gets AD, what is bogus is answered SERVFAIL with a cause (RFC 8914). A reload that "
	 "changes what is validated or believed empties the cache."},
	{"validation", "trust-anchor-file", HF_OPTION_TEXT, RELOAD, FIELD(trust_anchor_file), 0, 4095, "/usr/share/dns/root.ds", NULL,
	 "DS and DNSKEY records in zone-file form, read at start and at reload: Debian's dns-root-data has the root's there. Empty: none."},
	{"validation", "trust-anchors", HF_OPTION_TRUST_ANCHORS, RELOAD, FIELD(trust_anchors), 0, 0, NULL, NULL,
	 "More of them, of the root or of other zones. When they name the root, they count instead of the file's."},
	{"validation", "negative-trust-anchors", HF_OPTION_NTAS, RELOAD, FIELD(ntas), 0, 0, NULL, NULL,
	 "Names at and below which nothing is validated (RFC 7646), answered with EDE 33 and without AD, until the time given. A trust "
	 "anchor further down switches validation on again."},
	{"validation", "sha1", HF_OPTION_BOOLEAN, RELOAD, FIELD(sha1), 0, 0, "true", NULL,
	 "Believe RSASHA1 and RSASHA1-NSEC3-SHA1 (5, 7) and DS digests of SHA-1; false: zones with nothing better are insecure (RFC 9905)."},
	{"validation", "rsa-bits-min", HF_OPTION_INTEGER, RELOAD, FIELD(rsa_bits_min), 512, 4096, "512", NULL,
	 "Shorter RSA keys are not believed; a zone whose trusted keys are all shorter is insecure."},
	{"validation", "nsec3-iterations-max", HF_OPTION_INTEGER, RELOAD, FIELD(nsec3_iterations_max), 0, 2500, "50", NULL,
	 "What NSEC3 records with more iterations prove is insecure, EDE 27 (RFC 9276)."},
	{"validation", "skew", HF_OPTION_INTEGER, RELOAD, FIELD(skew), 0, 86400, "0", NULL,
	 "Seconds by which signatures may be older or newer than they say, where clocks go wrong."},
	{"validation", "cpu-per-query-us", HF_OPTION_INTEGER, RELOAD, FIELD(validation_cpu_query_us), 1000, 10000000, "20000", NULL,
	 "Microseconds of CPU that the validation of one question, with all that it drags in, may cost, by what each operation costs on this machine."},
	{"validation", "cpu-per-zone", HF_OPTION_INTEGER, RELOAD, FIELD(validation_cpu_zone), 1, 100, "5", NULL,
	 "Percent of a core that validation may cost in each resolver thread for one zone together with all zones below its second label; the root and a "
	 "top-level domain each get eight times as much. What is beyond is answered SERVFAIL."},
	{"validation", "cpu-total", HF_OPTION_INTEGER, RELOAD, FIELD(validation_cpu_total), 1, 100, "70", NULL,
	 "The same for all zones together."},
	{"validation", "failures-per-query", HF_OPTION_INTEGER, RELOAD, FIELD(validation_failures), 1, 1000, "5", NULL,
	 "Signatures, keys and digests of one question that may prove wrong before it is given up (KeyTrap)."},
	{"validation", "aggressive-nsec", HF_OPTION_BOOLEAN, RELOAD, FIELD(aggressive_nsec), 0, 0, "true", NULL,
	 "Deny names and types, and make wildcards' answers, from validated NSEC and NSEC3 records at hand (RFC 8198)."},
	{"validation", "root-key-sentinel", HF_OPTION_BOOLEAN, RELOAD, FIELD(root_key_sentinel), 0, 0, "true", NULL,
	 "Let clients find out which root keys are trusted here (RFC 8509)."},
	{"validation", "trust-anchor-signals", HF_OPTION_BOOLEAN, RELOAD, FIELD(trust_anchor_signals), 0, 0, "true", NULL,
	 "Tell a zone's servers which of its keys are trusted here (RFC 8145), each time that they are asked for their keys."},

	{"control", "dataplane-socket", HF_OPTION_PATH, RESTART, FIELD(dataplane_socket), 1, SOCKET_PATH_MAX,
	 "/run/holdfast/dataplane.sock", NULL, "Unix socket of holdfast-dataplane."},
	{"control", "control-socket", HF_OPTION_PATH, RESTART, FIELD(control_socket), 1, SOCKET_PATH_MAX,
	 "/run/holdfast/holdfastd.sock", NULL, "Unix socket of holdfastd."},
	{"control", "http", HF_OPTION_ADDRESS, RESTART, FIELD(http), 0, 8053, "127.0.0.1:8053", NULL,
	 "Loopback address that `/metrics` and `/healthz` are served on by holdfastd; `off`: nowhere."},

	{"log", "level", HF_OPTION_CHOICE, RELOAD, FIELD(log_level), 0, 0, "info", level_choices,
	 "Least severe messages that are written."},
	{"log", "queries", HF_OPTION_BOOLEAN, RELOAD, FIELD(query_log), 0, 0, "false", NULL,
	 "Log queries that reach a worker."},
	{"log", "query-sample", HF_OPTION_INTEGER, RELOAD, FIELD(query_log_sample), 1, 1000000, "100", NULL,
	 "Log one in so many of them."},
};
const size_t hf_option_count = sizeof(hf_options) / sizeof(hf_options[0]);

static void bytes_to_text(uint64_t bytes, char *out, size_t size)
{
	static const char suffixes[] = {'T', 'G', 'M', 'K'};

	for (unsigned i = 0; i < sizeof(suffixes); i++) {
		uint64_t unit = UINT64_C(1) << (40 - 10 * i);

		if (bytes >= unit && bytes % unit == 0) {
			snprintf(out, size, "%" PRIu64 "%c", bytes / unit, suffixes[i]);
			return;
		}
	}
	snprintf(out, size, "%" PRIu64, bytes);
}

const char *hf_option_allowed(const struct hf_option *option, char out[HF_OPTION_ALLOWED_MAX])
{
	char low[32], high[32];
	size_t used = 0;

	out[0] = '\0';
	switch (option->kind) {
	case HF_OPTION_BOOLEAN:
		snprintf(out, HF_OPTION_ALLOWED_MAX, "true, false, yes, no");
		break;
	case HF_OPTION_INTEGER:
		snprintf(out, HF_OPTION_ALLOWED_MAX, "%" PRIu64 " to %" PRIu64, option->min, option->max);
		break;
	case HF_OPTION_BYTES:
		bytes_to_text(option->min, low, sizeof(low));
		bytes_to_text(option->max, high, sizeof(high));
		snprintf(out, HF_OPTION_ALLOWED_MAX, "%s to %s, with K, M, G or T", low, high);
		break;
	case HF_OPTION_CHOICE:
		for (const char *const *choice = option->choices; *choice; choice++)
			used += (size_t)snprintf(out + used, HF_OPTION_ALLOWED_MAX - used, "%s%s", used ? ", " : "",
						 *choice);
		break;
	case HF_OPTION_TEXT:
		snprintf(out, HF_OPTION_ALLOWED_MAX, "text, at most %" PRIu64 " octets", option->max);
		break;
	case HF_OPTION_PATH:
		snprintf(out, HF_OPTION_ALLOWED_MAX, "path, at most %" PRIu64 " octets", option->max);
		break;
	case HF_OPTION_ADDRESS:
		if (option->min)
			snprintf(out, HF_OPTION_ALLOWED_MAX, "IPv%" PRIu64 " address", option->min);
		else
			snprintf(out, HF_OPTION_ALLOWED_MAX, "loopback address with an optional port, or off");
		break;
	case HF_OPTION_ADDRESSES:
		snprintf(out, HF_OPTION_ALLOWED_MAX, "list of addresses with optional ports");
		break;
	case HF_OPTION_ROUTES:
		snprintf(out, HF_OPTION_ALLOWED_MAX,
			 "list of {zone, forward: [address …]} or {zone, stub: [address …]}, each with first: true or not");
		break;
	case HF_OPTION_DNS64_IGNORE:
		snprintf(out, HF_OPTION_ALLOWED_MAX, "list of domain names");
		break;
	case HF_OPTION_TRUST_ANCHORS:
		snprintf(out, HF_OPTION_ALLOWED_MAX, "list of DS and DNSKEY records in zone-file form");
		break;
	case HF_OPTION_NTAS:
		snprintf(out, HF_OPTION_ALLOWED_MAX, "list of domain names or {name, until: YYYY-MM-DDTHH:MM:SSZ, reason}");
		break;
	case HF_OPTION_ACCESS:
		snprintf(out, HF_OPTION_ALLOWED_MAX,
			 "list of {clients: [prefix …], action: allow, allow-snoop, refuse or drop, dns64: prefix}");
		break;
	case HF_OPTION_LOCAL_DATA:
		snprintf(out, HF_OPTION_ALLOWED_MAX, "list of records in zone-file form");
		break;
	case HF_OPTION_LOCAL_ZONES:
		snprintf(out, HF_OPTION_ALLOWED_MAX, "list of {zone: NAME, type: TYPE}");
		break;
	case HF_OPTION_PRIVATE_ADDRESSES:
	case HF_OPTION_DO_NOT_QUERY:
		snprintf(out, HF_OPTION_ALLOWED_MAX, "list of addresses and prefixes");
		break;
	case HF_OPTION_PRIVATE_DOMAINS:
		snprintf(out, HF_OPTION_ALLOWED_MAX, "list of domain names");
		break;
	}
	return out;
}

static bool addresses_equal(const struct hf_address *a, size_t a_count, const struct hf_address *b, size_t b_count)
{
	if (a_count != b_count)
		return false;
	for (size_t i = 0; i < a_count; i++) {
		if (!hf_address_equal(&a[i], &b[i]))
			return false;
	}
	return true;
}

static bool routes_equal(const struct hf_config *a, const struct hf_config *b)
{
	if (a->route_count != b->route_count)
		return false;
	for (size_t i = 0; i < a->route_count; i++) {
		const struct hf_config_route *left = &a->routes[i], *right = &b->routes[i];

		if (strcmp(left->zone, right->zone) != 0 || left->forward != right->forward ||
		    left->first != right->first ||
		    !addresses_equal(left->servers, left->server_count, right->servers, right->server_count))
			return false;
	}
	return true;
}

static bool option_equal(const struct hf_option *option, const struct hf_config *a, const struct hf_config *b)
{
	const void *left = (const char *)a + option->offset, *right = (const char *)b + option->offset;

	switch (option->kind) {
	case HF_OPTION_BOOLEAN:
	case HF_OPTION_INTEGER:
	case HF_OPTION_BYTES:
	case HF_OPTION_CHOICE:
		return memcmp(left, right, option->size) == 0;
	case HF_OPTION_TEXT:
	case HF_OPTION_PATH:
		return strcmp(*(char *const *)left, *(char *const *)right) == 0;
	case HF_OPTION_ADDRESS:
		return hf_address_equal(left, right);
	case HF_OPTION_ADDRESSES:
		return addresses_equal(a->listen, a->listen_count, b->listen, b->listen_count);
	case HF_OPTION_ROUTES:
		return routes_equal(a, b);
	case HF_OPTION_DNS64_IGNORE:
	case HF_OPTION_TRUST_ANCHORS:
	case HF_OPTION_NTAS:
	case HF_OPTION_ACCESS: /* taken over by a reload: nobody asks */
	case HF_OPTION_LOCAL_DATA:
	case HF_OPTION_LOCAL_ZONES:
	case HF_OPTION_PRIVATE_ADDRESSES:
	case HF_OPTION_DO_NOT_QUERY:
	case HF_OPTION_PRIVATE_DOMAINS:
		break;
	}
	return false;
}

const char *hf_config_needs_restart(const struct hf_config *running, const struct hf_config *next)
{
	static _Thread_local char name[64];

	for (size_t i = 0; i < hf_option_count; i++) {
		const struct hf_option *option = &hf_options[i];

		if (option->reload || option_equal(option, running, next))
			continue;
		snprintf(name, sizeof(name), "%s%s%s", option->section, option->section[0] ? "." : "", option->key);
		return name;
	}
	return NULL;
}

void hf_config_write_reference(void *out_file)
{
	FILE *out = out_file;
	const char *section = NULL;

	fputs("<!-- Written by control/config_reference.c from the rows in control/config_options.c; do not edit.\n"
	      "     ninja configuration-reference writes it anew. -->\n"
	      "# Configuration\n\n"
	      "One YAML file for `holdfast-dataplane`, `holdfastd` and `holdfastctl`. Keys are grouped in sections, as "
	      "in\n\n"
	      "```yaml\n"
	      "listen: [192.0.2.53, \"2001:db8::53\"]\n"
	      "cache:\n"
	      "  size: 1G\n"
	      "```\n\n"
	      "An unknown or repeated key, a wrong type and a value out of bounds are refused with file, line and "
	      "key.\n"
	      "*Reload* says whether a changed value takes effect on reload (`holdfastctl reload`, SIGHUP) or needs a "
	      "restart;\n"
	      "a reload of a file that changes a key of the second kind is refused as a whole.\n",
	      out);
	for (size_t i = 0; i < hf_option_count; i++) {
		const struct hf_option *option = &hf_options[i];
		char allowed[HF_OPTION_ALLOWED_MAX];

		if (!section || strcmp(section, option->section) != 0) {
			section = option->section;
			if (section[0])
				fprintf(out, "\n## %s\n", section);
			else
				fprintf(out, "\n## Top level\n");
			fputs("\n| key | default | allowed | reload | meaning |\n| --- | --- | --- | --- | --- |\n",
			      out);
		}
		fprintf(out, "| `%s` | ", option->key);
		if (option->kind == HF_OPTION_ADDRESSES)
			fputs("required", out);
		else if (!option->fallback)
			fputs("none", out);
		else if (!option->fallback[0])
			fputs("empty", out);
		else
			fprintf(out, "`%s`", option->fallback);
		fprintf(out, " | %s | %s | %s |\n", hf_option_allowed(option, allowed),
			option->reload ? "yes" : "restart", option->meaning);
	}
	fputs("\n## An example of access control\n\n"
	      "```yaml\n"
	      "access-control:\n"
	      "  - clients: [0.0.0.0/0, \"::/0\"]\n"
	      "    action: refuse\n"
	      "  - clients: [192.0.2.0/24, 127.0.0.0/8, \"::1\"]\n"
	      "    action: allow\n"
	      "  - clients: \"2001:db8:64::/48\"\n"
	      "    action: allow\n"
	      "    dns64: 64:ff9b::/96\n"
	      "```\n\n"
	      "The kernel's fast path obeys the same rules. `/healthz` asks from an address of this host, which must be allowed.\n",
	      out);
	fputs("\n## An example of routes\n\n"
	      "```yaml\n"
	      "resolver:\n"
	      "  routes:\n"
	      "    - zone: corp.example.\n"
	      "      forward: [192.0.2.1, \"[2001:db8::1]:5353\"]\n"
	      "    - zone: lab.example.\n"
	      "      stub: [192.0.2.2]\n"
	      "      first: true\n"
	      "```\n\n"
	      "## An example of local names\n\n"
	      "```yaml\n"
	      "local:\n"
	      "  hosts-file: /etc/hosts\n"
	      "  data:\n"
	      "    - printer.corp.example. A 192.0.2.7\n"
	      "    - www.corp.example. 300 CNAME web.hosting.example.\n"
	      "    - 'corp.example. TXT \"of the house\"'\n"
	      "  zones:\n"
	      "    - {zone: corp.example., type: static}\n"
	      "    - {zone: ads.example., type: nxdomain}\n"
	      "    - {zone: 10.in-addr.arpa., type: none}\n"
	      "```\n\n"
	      "## An example of negative trust anchors\n\n"
	      "```yaml\n"
	      "validation:\n"
	      "  negative-trust-anchors:\n"
	      "    - corp.example.\n"
	      "    - {name: de., until: 2026-05-06T06:00:00Z, reason: broken signatures}\n"
	      "```\n",
	      out);
}
