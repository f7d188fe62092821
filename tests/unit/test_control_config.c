// SPDX-License-Identifier: BSD-3-Clause
/* The configuration file: what is taken, and that every fault names file, line and key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "control/config.h"
#include "policy/access.h"

static struct hf_config *parse(const char *text, char error[HF_CONFIG_ERROR_MAX])
{
	return hf_config_parse(text, strlen(text), "t.yaml", error);
}

static struct hf_config *parse_good(const char *text)
{
	char error[HF_CONFIG_ERROR_MAX];
	struct hf_config *config = parse(text, error);

	if (!config)
		fail_msg("refused: %s", error);
	return config;
}

static void a_list_of_addresses_is_all_that_is_needed(void **state)
{
	struct hf_config *config = parse_good("listen: [192.0.2.53, \"2001:db8::53\", \"127.0.0.1:5353\"]\n");
	char text[HF_ADDRESS_TEXT_MAX];

	(void)state;
	assert_int_equal(config->listen_count, 3);
	assert_string_equal(hf_address_to_text(&config->listen[0], text), "192.0.2.53:53");
	assert_string_equal(hf_address_to_text(&config->listen[1], text), "[2001:db8::53]:53");
	assert_string_equal(hf_address_to_text(&config->listen[2], text), "127.0.0.1:5353");
	assert_string_equal(config->path, "t.yaml");
	assert_int_equal(config->io, HF_IO_SOCKETS);
	assert_string_equal(config->interface, "");
	assert_int_equal(config->queues, 1);
	assert_int_equal(config->tcp_clients, 256);
	assert_int_equal(config->waiting_queries, 16384);
	assert_false(config->fastpath);
	assert_int_equal(config->attach, HF_ATTACH_AUTO);
	assert_int_equal(config->hot_entries, 65536);
	assert_string_equal(config->bpffs, "/sys/fs/bpf/holdfast");
	assert_int_equal(config->cache_bytes, 256 << 20);
	assert_int_equal(config->max_ttl, 86400);
	assert_string_equal(config->root_hints, "/usr/share/dns/root.hints");
	assert_true(config->prime && config->prefetch && config->use_ipv4 && config->use_ipv6);
	assert_false(config->query_loopback);
	assert_int_equal(config->source_ipv4.family, 0);
	assert_int_equal(config->source_ipv6.family, 0);
	assert_int_equal(config->edns_size, 1232);
	assert_int_equal(config->route_count, 0);
	assert_string_equal(hf_address_to_text(&config->http, text), "127.0.0.1:8053");
	assert_int_equal(config->log_level, HF_LOG_INFO);
	assert_int_equal(config->query_log_sample, 100);
	hf_config_free(config);
}

static const char everything[] = "listen:\n"
				 "  - 192.0.2.53\n"
				 "access-control:\n"
				 "  - {clients: [0.0.0.0/0, \"::/0\"], action: refuse}\n"
				 "  - clients: 192.0.2.7\n"
				 "    action: allow-snoop\n"
				 "  - action: allow\n"
				 "    dns64: 64:ff9b::/96\n"
				 "    clients: [\"2001:db8::/32\"]\n"
				 "dataplane:\n"
				 "  io: dpdk\n"
				 "  interface: eth0\n"
				 "  queues: 4\n"
				 "  dpdk-args: \"--no-huge -m 512\"\n"
				 "  resolver-threads: 3\n"
				 "  tcp-clients: 9\n"
				 "  tcp-idle-timeout-ms: 2500\n"
				 "  waiting-queries: 99\n"
				 "  user: nobody\n"
				 "fastpath:\n"
				 "  enabled: yes\n"
				 "  attach: generic\n"
				 "  entries: 1024\n"
				 "  bpffs: /sys/fs/bpf/other\n"
				 "cache: {size: 1G, min-ttl: 5, max-ttl: 600, max-negative-ttl: 60}\n"
				 "resolver:\n"
				 "  root-hints: hints\n"
				 "  priming: no\n"
				 "  prefetch: false\n"
				 "  case-randomization: false\n"
				 "  server-order-randomization: false\n"
				 "  minimal-answers: false\n"
				 "  ipv4: true\n"
				 "  ipv6: false\n"
				 "  query-loopback: true\n"
				 "  do-not-query: [192.0.2.0/24, \"2001:db8::53\"]\n"
				 "  qname-minimisation: false\n"
				 "  source-ipv4: 192.0.2.7\n"
				 "  source-ipv6: \"2001:db8::7\"\n"
				 "  edns-size: 1400\n"
				 "  timeout-initial-ms: 300\n"
				 "  timeout-min-ms: 20\n"
				 "  timeout-max-ms: 2000\n"
				 "  query-deadline-ms: 5000\n"
				 "  max-upstream-queries: 64\n"
				 "  routes:\n"
				 "    - zone: corp.example.\n"
				 "      forward: [192.0.2.1, \"[2001:db8::1]:5353\"]\n"
				 "      first: true\n"
				 "    - stub: [192.0.2.2]\n"
				 "      zone: .\n"
				 "clients: {cookies: false, cookie-secret: /tmp/secret, require-cookies: true, tcp-clients-per-source: 7,\n"
				 "  tcp-queries-per-connection: 8}\n"
				 "server: {nsid: ns-1}\n"
				 "control:\n"
				 "  dataplane-socket: /tmp/d.sock\n"
				 "  control-socket: /tmp/h.sock\n"
				 "  http: off\n"
				 "log:\n"
				 "  level: debug\n"
				 "  queries: true\n"
				 "  query-sample: 1\n";

static void every_option_is_read(void **state)
{
	struct hf_config *config = parse_good(everything);
	char text[HF_ADDRESS_TEXT_MAX];

	(void)state;
	assert_int_equal(config->access_count, 4);
	assert_string_equal(hf_prefix_to_text(&config->access[0].clients, text), "0.0.0.0/0");
	assert_int_equal(config->access[0].action, HF_ACCESS_REFUSE);
	assert_string_equal(hf_prefix_to_text(&config->access[1].clients, text), "::/0");
	assert_int_equal(config->access[1].action, HF_ACCESS_REFUSE);
	assert_string_equal(hf_prefix_to_text(&config->access[2].clients, text), "192.0.2.7/32");
	assert_int_equal(config->access[2].action, HF_ACCESS_ALLOW_SNOOP);
	assert_int_equal(config->access[2].dns64.family, 0);
	assert_string_equal(hf_prefix_to_text(&config->access[3].clients, text), "2001:db8::/32");
	assert_int_equal(config->access[3].action, HF_ACCESS_ALLOW);
	assert_string_equal(hf_prefix_to_text(&config->access[3].dns64, text), "64:ff9b::/96");
	assert_int_equal(config->io, HF_IO_DPDK);
	assert_string_equal(config->interface, "eth0");
	assert_int_equal(config->queues, 4);
	assert_string_equal(config->dpdk_args, "--no-huge -m 512");
	assert_int_equal(config->resolver_threads, 3);
	assert_int_equal(config->tcp_clients, 9);
	assert_int_equal(config->tcp_idle_ms, 2500);
	assert_int_equal(config->waiting_queries, 99);
	assert_string_equal(config->user, "nobody");
	assert_true(!config->cookies && config->require_cookies);
	assert_string_equal(config->cookie_secret, "/tmp/secret");
	assert_int_equal(config->tcp_clients_per_source, 7);
	assert_int_equal(config->tcp_queries_per_connection, 8);
	assert_string_equal(config->nsid, "ns-1");
	assert_true(config->fastpath);
	assert_int_equal(config->attach, HF_ATTACH_GENERIC);
	assert_int_equal(config->hot_entries, 1024);
	assert_string_equal(config->bpffs, "/sys/fs/bpf/other");
	assert_int_equal(config->cache_bytes, 1 << 30);
	assert_int_equal(config->min_ttl, 5);
	assert_int_equal(config->max_ttl, 600);
	assert_int_equal(config->max_negative_ttl, 60);
	assert_string_equal(config->root_hints, "hints");
	assert_false(config->prime || config->prefetch || config->case_randomization);
	assert_false(config->server_order_randomization || config->minimal_answers || config->use_ipv6);
	assert_true(config->use_ipv4 && config->query_loopback);
	assert_int_equal(config->do_not_query_count, 2);
	assert_int_equal(config->do_not_query[0].length, 24);
	assert_int_equal(config->do_not_query[1].family, 6);
	assert_false(config->qname_minimisation);
	assert_string_equal(hf_address_to_text(&config->source_ipv4, text), "192.0.2.7:0");
	assert_string_equal(hf_address_to_text(&config->source_ipv6, text), "[2001:db8::7]:0");
	assert_int_equal(config->edns_size, 1400);
	assert_int_equal(config->timeout_initial_ms, 300);
	assert_int_equal(config->timeout_min_ms, 20);
	assert_int_equal(config->timeout_max_ms, 2000);
	assert_int_equal(config->query_deadline_ms, 5000);
	assert_int_equal(config->max_upstream_queries, 64);
	assert_int_equal(config->route_count, 2);
	assert_string_equal(config->routes[0].zone, "corp.example.");
	assert_true(config->routes[0].forward);
	assert_true(config->routes[0].first);
	assert_int_equal(config->routes[0].server_count, 2);
	assert_string_equal(hf_address_to_text(&config->routes[0].servers[1], text), "[2001:db8::1]:5353");
	assert_string_equal(config->routes[1].zone, ".");
	assert_false(config->routes[1].forward);
	assert_false(config->routes[1].first);
	assert_string_equal(config->dataplane_socket, "/tmp/d.sock");
	assert_string_equal(config->control_socket, "/tmp/h.sock");
	assert_int_equal(config->http.family, 0);
	assert_int_equal(config->log_level, HF_LOG_DEBUG);
	assert_true(config->query_log);
	assert_int_equal(config->query_log_sample, 1);
	hf_config_free(config);
}

#define L "listen: [192.0.2.1]\n"

/* File text, and how the message begins. */
static const struct {
	const char *text, *error;
} faults[] = {
	{"", "t.yaml:1: listen: is missing"},
	{"# nothing\n", "t.yaml:1: listen: is missing"},
	{"cache:\n  size: 64M\n", "t.yaml:1: listen: is missing"},
	{"just text\n", "t.yaml:1: is not a section"},
	{"- a\n- b\n", "t.yaml:1: is not a section"},
	{"listen: [192.0.2.1\n", "t.yaml:2: not YAML: "},
	{L "cache:\n\tsize: 1G\n", "t.yaml:3: not YAML: "},
	{L "cache:\n  size: \xff\n", "t.yaml:3: not YAML: "},
	{L "---\nlisten: [192.0.2.2]\n", "t.yaml:3: a second YAML document"},
	{"listen: 192.0.2.1\n", "t.yaml:1: listen: is not a list"},
	{"listen: []\n", "t.yaml:1: listen: has 0 addresses"},
	{"listen:\n  - 192.0.2.1\n  - 192.0.2.256\n", "t.yaml:3: listen: '192.0.2.256' is not an address"},
	{"listen: [example.com]\n", "t.yaml:1: listen: 'example.com' is not an address"},
	{"listen: [\"192.0.2.1:0\"]\n", "t.yaml:1: listen: '192.0.2.1:0' is not an address"},
	{"listen: [\"192.0.2.1:65536\"]\n", "t.yaml:1: listen: '192.0.2.1:65536' is not an address"},
	{"listen: [192.0.2.1, \"192.0.2.1:53\"]\n", "t.yaml:1: listen: '192.0.2.1:53' is named twice"},
	{"listen: [[192.0.2.1]]\n", "t.yaml:1: listen: a list stands where one value"},
	{"listen: [~]\n", "t.yaml:1: listen: no value is given"},
	{L "listen: [192.0.2.2]\n", "t.yaml:2: listen: is given twice, first in line 1"},
	{L "access-control: {clients: 192.0.2.1, action: drop}\n", "t.yaml:2: access-control: is not a list (allowed: list of {clients"},
	{L "dns64:\n  ignore-aaaa: example.\n", "t.yaml:3: dns64.ignore-aaaa: is not a list (allowed: list of domain names)"},
	{L "dns64:\n  ignore-aaaa: [example., a..b]\n", "t.yaml:3: dns64.ignore-aaaa: 'a..b' is not a domain name"},
	{L "access-control: [192.0.2.1]\n", "t.yaml:2: access-control: is not a rule (allowed: {clients"},
	{L "access-control:\n  - action: drop\n", "t.yaml:3: access-control.clients: is missing"},
	{L "access-control:\n  - clients: 192.0.2.1\n", "t.yaml:3: access-control.action: is missing"},
	{L "access-control:\n  - clients: []\n    action: drop\n", "t.yaml:3: access-control.clients: is an empty list"},
	{L "access-control:\n  - clients: 192.0.2.1\n    action: deny\n",
	 "t.yaml:4: access-control.action: 'deny' is not allowed here (allowed: allow, allow-snoop, refuse, drop)"},
	{L "access-control:\n  - clients: 192.0.2.1\n    action: allow\n    view: 1\n", "t.yaml:5: access-control: unknown key 'view'"},
	{L "access-control:\n  - clients: [192.0.2.1, 192.0.2.1/24]\n    action: drop\n",
	 "t.yaml:3: access-control.clients: '192.0.2.1/24' has bits set behind its length (allowed: ADDR or ADDR/LENGTH)"},
	{L "access-control:\n  - clients: 192.0.2.0/33\n    action: drop\n",
	 "t.yaml:3: access-control.clients: '192.0.2.0/33' has no length from 0 to 32 behind the slash"},
	{L "access-control:\n  - clients: example.\n    action: drop\n", "t.yaml:3: access-control.clients: 'example.' is not an address"},
	{L "access-control:\n  - {clients: 192.0.2.1, action: drop}\n  - {clients: 192.0.2.1/32, action: allow}\n",
	 "t.yaml:4: access-control.clients: '192.0.2.1/32' has a rule already"},
	{L "access-control:\n  - {clients: 192.0.2.1, clients: 192.0.2.2, action: drop}\n", "t.yaml:3: access-control.clients: is given twice"},
	{L "access-control:\n  - {clients: 192.0.2.1, action: allow, dns64: \"64:ff9b::/95\"}\n",
	 "t.yaml:3: access-control.dns64: '64:ff9b::/95' has a length other than 32, 40, 48, 56, 64 and 96"},
	{L "access-control:\n  - {clients: 192.0.2.1, action: allow, dns64: \"2001:db8:0:0:100::/96\"}\n",
	 "t.yaml:3: access-control.dns64: '2001:db8:0:0:100::/96' has bits set from 64 to 71"},
	{L "access-control:\n  - {clients: 192.0.2.1, action: refuse, dns64: \"64:ff9b::/96\"}\n",
	 "t.yaml:3: access-control.dns64: is for clients that are answered"},
	{L "dataplan:\n  io: sockets\n", "t.yaml:2: unknown key 'dataplan' (allowed: listen, access-control, local, dns64, dataplane, clients, server, fastpath, cache"},
	{L "cache:\n  sise: 1G\n", "t.yaml:3: cache: unknown key 'sise' (allowed: size, min-ttl"},
	{L "cache:\n  size: 1G\n  size: 2G\n", "t.yaml:4: cache.size: is given twice, first in line 3"},
	{L "cache: {size: 1G}\ncache: {min-ttl: 1}\n", "t.yaml:3: cache: is given twice"},
	{L "? [a]\n: b\n", "t.yaml:2: a list stands where one value"},
	{L "cache: 5\n", "t.yaml:2: cache: is not a section"},
	{L "cache:\n  size: big\n", "t.yaml:3: cache.size: 'big' is not a size (allowed: 1M to 1T"},
	{L "cache:\n  size: 1K\n", "t.yaml:3: cache.size: 1K is out of bounds (allowed: 1M to 1T"},
	{L "cache:\n  size: 1GB\n", "t.yaml:3: cache.size: '1GB' is not a size"},
	{L "cache:\n  size: 99999999T\n", "t.yaml:3: cache.size: '99999999T' is not a size"},
	{L "cache:\n  size: 99999999999999999999\n", "t.yaml:3: cache.size: '99999999999999999999' is not a size"},
	{L "cache:\n  size:\n", "t.yaml:3: cache.size: no value is given"},
	{L "cache:\n  min-ttl: 100\n  max-ttl: 10\n", "t.yaml:3: cache.min-ttl: is above cache.max-ttl"},
	{L "dataplane:\n  queues: -1\n", "t.yaml:3: dataplane.queues: '-1' is not an integer (allowed: 1 to 64)"},
	{L "dataplane:\n  queues: 0\n", "t.yaml:3: dataplane.queues: 0 is out of bounds (allowed: 1 to 64)"},
	{L "dataplane:\n  queues: 65\n", "t.yaml:3: dataplane.queues: 65 is out of bounds"},
	{L "dataplane:\n  queues: 4294967297\n", "t.yaml:3: dataplane.queues: 4294967297 is out of bounds"},
	{L "dataplane:\n  queues: 1M\n", "t.yaml:3: dataplane.queues: '1M' is not an integer"},
	{L "dataplane:\n  queues: [1]\n", "t.yaml:3: dataplane.queues: a list stands where one value"},
	{L "dataplane:\n  queues: {a: 1}\n", "t.yaml:3: dataplane.queues: a section stands where one value"},
	{L "dataplane:\n  io: netmap\n", "t.yaml:3: dataplane.io: 'netmap' is not allowed here (allowed: sockets, dpdk)"},
	{L "dataplane:\n  io: dpdk\n", "t.yaml:3: dataplane.io: dpdk needs dataplane.interface"},
	{L "dataplane:\n  interface: a-name-much-too-long\n", "t.yaml:3: dataplane.interface: 'a-name-much-too-long' is not"},
	{L "dataplane:\n  interface: ../x\n", "t.yaml:3: dataplane.interface: is not the name of an interface"},
	{L "dataplane:\n  user: \"a\\0b\"\n", "t.yaml:3: dataplane.user: holds a NUL"},
	{L "dataplane:\n  user: \"a\\eb\"\n", "t.yaml:3: dataplane.user: holds a control character"},
	{L "fastpath:\n\n  enabled: true\n", "t.yaml:4: fastpath.enabled: the fast path needs dataplane.interface"},
	{L "fastpath:\n  enabled: 1\n", "t.yaml:3: fastpath.enabled: '1' is not allowed here (allowed: true, false, yes, no)"},
	{L "fastpath:\n  entries: 1000\n", "t.yaml:3: fastpath.entries: 1000 is out of bounds (allowed: 1024 to 262144)"},
	{"listen: [0.0.0.0]\ndataplane: {interface: e, io: dpdk}\n", "t.yaml:1: listen: io: dpdk needs each address by name"},
	{L "resolver:\n  source-ipv4: \"::1\"\n", "t.yaml:3: resolver.source-ipv4: '::1' is not allowed here (allowed: IPv4 address)"},
	{L "resolver:\n  source-ipv4: 192.0.2.1:53\n", "t.yaml:3: resolver.source-ipv4: '192.0.2.1:53' is not allowed"},
	{L "resolver:\n  edns-size: 70000\n", "t.yaml:3: resolver.edns-size: 70000 is out of bounds (allowed: 512 to 4096)"},
	{L "resolver:\n  ipv4: no\n  ipv6: no\n", "t.yaml:4: resolver.ipv6: resolver.ipv4 and resolver.ipv6 are both off"},
	{L "resolver:\n  timeout-min-ms: 500\n  timeout-max-ms: 400\n", "t.yaml:3: resolver.timeout-min-ms: is above"},
	{L "resolver:\n  timeout-max-ms: 100\n", "t.yaml:1: resolver.timeout-initial-ms: is above"},
	{L "resolver:\n  root-hints: \"\"\n", "t.yaml:3: resolver.root-hints: '' is not allowed here"},
	{L "resolver:\n  routes: x\n", "t.yaml:3: resolver.routes: is not a list"},
	{L "resolver:\n  routes: [x]\n", "t.yaml:3: resolver.routes: is not a route"},
	{L "resolver:\n  routes:\n    - zone: a.\n", "t.yaml:4: resolver.routes: the route of a. has neither"},
	{L "resolver:\n  routes:\n    - stub: [192.0.2.1]\n", "t.yaml:4: resolver.routes.zone: is missing"},
	{L "resolver:\n  routes:\n    - zone: a..b\n", "t.yaml:4: resolver.routes.zone: 'a..b' is not a domain name"},
	{L "resolver:\n  routes:\n    - zone: a.\n      zone: b.\n", "t.yaml:5: resolver.routes.zone: is given twice"},
	{L "resolver:\n  routes:\n    - zone: a.\n      stub: [192.0.2.1]\n      forward: [192.0.2.1]\n",
	 "t.yaml:6: resolver.routes.forward: a route has one of"},
	{L "resolver:\n  routes:\n    - {zone: a., stub: [192.0.2.1]}\n    - {zone: A, stub: [192.0.2.1]}\n",
	 "t.yaml:5: resolver.routes.zone: 'A' has a route already"},
	{L "resolver:\n  routes:\n    - {zone: a., slave: [192.0.2.1]}\n", "t.yaml:4: resolver.routes.slave: unknown key"},
	{L "resolver:\n  routes:\n    - {zone: a., stub: [192.0.2.1], first: 2}\n", "t.yaml:4: resolver.routes.first: '2' is not"},
	{L "resolver:\n  routes:\n    - {zone: a., stub: []}\n", "t.yaml:4: resolver.routes.stub: has 0 addresses"},
	{L "control:\n  http: 192.0.2.1:80\n", "t.yaml:3: control.http: '192.0.2.1:80' is not allowed here (allowed: loopback"},
	{L "control:\n  control-socket: /run/holdfast/dataplane.sock\n", "t.yaml:3: control.control-socket: is the same as"},
	{L "log:\n  level: verbose\n", "t.yaml:3: log.level: 'verbose' is not allowed here (allowed: error, warning, info, debug)"},
	{L "log:\n  query-sample: 0\n", "t.yaml:3: log.query-sample: 0 is out of bounds"},
};

static void every_fault_names_file_line_and_key(void **state)
{
	char error[HF_CONFIG_ERROR_MAX];
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct hf_config *config = parse(faults[i].text, error);

		if (config || strncmp(error, faults[i].error, strlen(faults[i].error)) != 0) {
			print_error("row %zu\n  wanted: %s\n  got:    %s\n", i, faults[i].error, config ? "taken" : error);
			wrong++;
		}
		hf_config_free(config);
	}
	assert_int_equal(wrong, 0);
}

static void a_section_without_lines_is_taken(void **state)
{
	(void)state;
	hf_config_free(parse_good(L "cache:\n#  size: 64M\nlog:\n"));
}

static void a_message_never_carries_control_characters(void **state)
{
	char error[HF_CONFIG_ERROR_MAX];

	(void)state;
	assert_null(parse(L "\"a\\e[31m\\nb\": 1\n", error));
	assert_non_null(strstr(error, "unknown key 'a?[31m?b'"));
}

static void an_endless_alias_is_refused(void **state)
{
	char error[HF_CONFIG_ERROR_MAX];

	(void)state;
	hf_config_free(parse("listen: &a [*a]\n", error));
	assert_non_null(strstr(error, "listen: a list stands where one value"));
}

/* Any prefix of a file and any single changed octet gives a configuration or a message, never a crash. */
/* Each of these took libyaml minutes or hours. */
static void a_file_that_would_take_long_is_refused(void **state)
{
	enum { LENGTH = 1 << 20 };
	static const char *const parts[] = {"[", "{a: ", "&a [", "- "};
	char *text = malloc(LENGTH), error[HF_CONFIG_ERROR_MAX];
	size_t length = (size_t)sprintf(text, "listen: [");

	(void)state;
	for (unsigned i = 0; length + 32 < LENGTH; i++)
		length += (size_t)sprintf(text + length, "&a%u x, ", i);
	length += (size_t)sprintf(text + length, "x]");
	assert_null(hf_config_parse(text, length, "t.yaml", error));
	assert_string_equal(error, "t.yaml:1: more than 256 anchors");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		for (length = 0; length + 4 < LENGTH; length += strlen(parts[i]))
			memcpy(text + length, parts[i], strlen(parts[i]));
		assert_null(hf_config_parse(text, length, "t.yaml", error));
		assert_string_equal(error, "t.yaml:1: more than 16 levels of nesting");
	}
	free(text);
}

static void damaged_files_are_taken_or_refused_with_a_message(void **state)
{
	char error[HF_CONFIG_ERROR_MAX], copy[sizeof(everything)];
	size_t length = sizeof(everything) - 1;

	(void)state;
	for (size_t i = 0; i < length; i++) {
		struct hf_config *config = hf_config_parse(everything, i, "t.yaml", error);

		assert_true(config || strncmp(error, "t.yaml:", 7) == 0);
		hf_config_free(config);
		memcpy(copy, everything, sizeof(copy));
		copy[i] = (char)(copy[i] ^ (1 << (i % 8)));
		config = hf_config_parse(copy, length, "t.yaml", error);
		assert_true(config || strncmp(error, "t.yaml:", 7) == 0);
		hf_config_free(config);
	}
}

static void a_missing_file_and_a_directory_are_refused(void **state)
{
	char error[HF_CONFIG_ERROR_MAX];

	(void)state;
	assert_null(hf_config_load("/nonexistent/holdfast.yaml", error));
	assert_non_null(strstr(error, "/nonexistent/holdfast.yaml: cannot be opened: "));
	assert_null(hf_config_load("/", error));
	assert_non_null(strstr(error, "/: cannot be read: "));
}

static void a_file_is_read_from_disk(void **state)
{
	char path[] = "/tmp/holdfast-config-XXXXXX", error[HF_CONFIG_ERROR_MAX];
	int fd = mkstemp(path);
	struct hf_config *config;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, everything, sizeof(everything) - 1), sizeof(everything) - 1);
	close(fd);
	config = hf_config_load(path, error);
	unlink(path);
	assert_non_null(config);
	assert_string_equal(config->path, path);
	hf_config_free(config);
}

/* A second file, and the first key that cannot be changed without a restart. */
static const struct {
	const char *text, *key;
} changes[] = {
	{L, NULL},
	{"listen: [\"192.0.2.1:53\"]\n", NULL},
	{"listen: [192.0.2.2]\n", "listen"},
	{L "cache: {size: 64M}\n", "cache.size"},
	{L "cache: {max-ttl: 60}\n", NULL},
	{L "dataplane: {interface: eth0}\n", "dataplane.interface"},
	{L "dataplane: {interface: eth0}\nfastpath: {enabled: true}\n", "dataplane.interface"},
	{L "resolver: {edns-size: 1400, routes: [{zone: a., stub: [192.0.2.1]}]}\nlog: {level: debug}\n", NULL},
	{L "resolver: {routes: [{zone: ., forward: [192.0.2.1], first: true}, {zone: a., forward: []}]}\n", NULL},
	{L "control: {http: off}\n", "control.http"},
};

static void a_change_that_needs_a_restart_is_named(void **state)
{
	struct hf_config *running = parse_good(L);

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct hf_config *next = parse_good(changes[i].text);
		const char *key = hf_config_needs_restart(running, next);

		if (changes[i].key)
			assert_string_equal(key, changes[i].key);
		else
			assert_null(key);
		hf_config_free(next);
	}
	hf_config_free(running);
}

static void the_reference_names_each_section(void **state)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	(void)state;
	hf_config_write_reference(out);
	fclose(out);
	assert_non_null(strstr(text, "| `size` | `256M` | 1M to 1T, with K, M, G or T | restart |"));
	assert_non_null(strstr(text, "## resolver\n"));
	assert_non_null(strstr(text, "| `listen` | required |"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_of_addresses_is_all_that_is_needed),
		cmocka_unit_test(every_option_is_read),
		cmocka_unit_test(every_fault_names_file_line_and_key),
		cmocka_unit_test(a_section_without_lines_is_taken),
		cmocka_unit_test(a_message_never_carries_control_characters),
		cmocka_unit_test(an_endless_alias_is_refused),
		cmocka_unit_test(a_file_that_would_take_long_is_refused),
		cmocka_unit_test(damaged_files_are_taken_or_refused_with_a_message),
		cmocka_unit_test(a_missing_file_and_a_directory_are_refused),
		cmocka_unit_test(a_file_is_read_from_disk),
		cmocka_unit_test(a_change_that_needs_a_restart_is_named),
		cmocka_unit_test(the_reference_names_each_section),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
