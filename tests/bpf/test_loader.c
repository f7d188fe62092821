// SPDX-License-Identifier: BSD-3-Clause
/* The loader and the hot table's writer on a real interface: one end of a veth pair in a network namespace of its own, with a bpf file system
 * of its own; queries are sent as raw frames from the other end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/if_link.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "answers.h"
#include "frames.h"
#include "hot/pins.h"
#include "wire/message.h"
#include "wire/reply.h"

#define HOST "hf-host"
#define CLIENT "hf-client"
#define BPFFS_ROOT "/tmp/holdfast-test-bpffs"
#define BPFFS BPFFS_ROOT "/holdfast"

static struct hf_address services[2];
static char error[HF_LOADER_ERROR_MAX];
static int wire = -1; /* the client's end */

/* What a test has open, so that one that fails does not take the others with it. */
static struct hf_loader *loader;
static struct hf_hot_table *table;

static void close_loader(void)
{
	hf_loader_close(loader);
	loader = NULL;
}

static void close_table(void)
{
	hf_hot_table_close(table);
	table = NULL;
}

static struct hf_loader_config config(void)
{
	return (struct hf_loader_config){
		.interface = HOST, .bpffs = BPFFS, .attach = HF_ATTACH_AUTO, .entries = 1024, .edns_size = 1232,
		.services = services, .service_count = 2,
	};
}

static void shell(const char *command)
{
	if (system(command) != 0)
		fail_msg("%s", command);
}

/* A program that passes everything, for the client's end: without one, a veth does not deliver what XDP_TX sends. */
static int pass_program(void)
{
	const struct bpf_insn program[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "test_pass", "BSD", program, 2, NULL);

	assert_true(fd >= 0);
	return fd;
}

static void raise_pair(void)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	struct timeval second = {.tv_sec = 1};
	int pass = pass_program();

	if (wire >= 0)
		close(wire);
	shell("ip link add " HOST " address 02:00:00:00:00:53 type veth peer name " CLIENT " address 02:00:00:00:00:99 && "
	      "ip link set " HOST " up && ip link set " CLIENT " up");
	assert_int_equal(bpf_xdp_attach((int)if_nametoindex(CLIENT), pass, XDP_FLAGS_DRV_MODE, NULL), 0);
	close(pass);
	wire = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
	address.sll_ifindex = (int)if_nametoindex(CLIENT);
	assert_true(wire >= 0);
	assert_int_equal(bind(wire, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(setsockopt(wire, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second)), 0);
}

/* Waits for a frame of the service, which must be the reply to `in`. */
static bool receive(const struct frame *in, struct frame *reply)
{
	for (;;) {
		ssize_t length = recv(wire, reply->bytes, sizeof(reply->bytes), 0);
		const char *fault;

		if (length < 0)
			return false;
		reply->length = (size_t)length;
		/* Ours (as sent, seen again) and the kernel's own chatter aside. */
		if (length < 60 || memcmp(reply->bytes, frame_client_mac, 6) || !frame_check(reply, &fault) ||
		    memcmp(reply->bytes + reply->udp, "\0\x35", 2))
			continue;
		if (!frame_is_turned(in, reply))
			fail_msg("the reply does not go back");
		return true;
	}
}

static bool ask(const struct frame_query *query, struct frame *reply)
{
	struct frame in;

	frame_build(&in, query);
	assert_int_equal(send(wire, in.bytes, in.length, 0), in.length);
	return receive(&in, reply);
}

static bool is_answered(const char *name)
{
	struct frame reply;

	return ask(&(struct frame_query){name}, &reply);
}

static void publish(const struct answer *answer)
{
	uint64_t room[ANSWER_SIZE_MAX / 8];
	struct hf_answer_record *record = (struct hf_answer_record *)room;
	struct answers secret_of = {.secret = {1, 2}}; /* not the table's: it hashes anew */

	answers_compose(&secret_of, answer, record);
	assert_true(hf_hot_table_publish(table, record, answers_now()));
}

static const struct answer a_www = {"www.example.", 1, .count = 1, .rdata_length = 4, .ttl = 300};
static const struct answer a_large = {"large.example.", 65400, .count = 2, .rdata_length = 560, .ttl = 300, .age = 3};

static void open_table(void)
{
	char directory[HF_PINS_PATH_MAX], why[256];

	assert_true(hf_pins_directory(BPFFS, HOST, directory));
	table = hf_hot_table_open(directory, NULL, why);
	if (!table)
		fail_msg("%s", why);
}

static void start(const struct hf_loader_config *wanted)
{
	struct hf_loader_config usual = config();

	loader = hf_loader_start(wanted ? wanted : &usual, error);
	if (!loader)
		fail_msg("%s", error);
}

static struct hf_loader_status current(void)
{
	struct hf_loader_status status;

	hf_loader_status(loader, &status);
	return status;
}

static void refuse(const struct hf_loader_config *wanted, const char *because)
{
	assert_null(hf_loader_start(wanted, error));
	if (!strstr(error, because))
		fail_msg("\"%s\" does not say \"%s\"", error, because);
}

static uint32_t link_id(void)
{
	struct bpf_link_info info = {};
	__u32 length = sizeof(info);
	int fd = bpf_obj_get(BPFFS "/" HOST "/link");

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &length))
		return 0;
	close(fd);
	return info.id;
}

static int setup(void **state)
{
	(void)state;
	raise_pair();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close_table();
	close_loader();
	if (!hf_loader_unload(BPFFS, HOST, error))
		fail_msg("%s", error);
	shell("ip link del " HOST " 2>/dev/null || true");
	return 0;
}

/* ---- starting ---- */

static void an_unknown_interface_is_named(void **state)
{
	struct hf_loader_config wanted = config();

	(void)state;
	wanted.interface = "hf-nowhere";
	refuse(&wanted, "hf-nowhere: no such interface");
}

static void a_directory_that_is_no_bpffs_is_named_with_what_mends_it(void **state)
{
	struct hf_loader_config wanted = config();

	(void)state;
	wanted.bpffs = "/tmp/hf-not-a-bpffs/holdfast";
	refuse(&wanted, "mount -t bpf bpf");
	assert_int_not_equal(access("/tmp/hf-not-a-bpffs", F_OK), 0); /* and nothing was made there */
}

static void it_answers_over_the_wire_natively(void **state)
{
	struct hf_fastpath_counters counters;
	struct frame reply;

	(void)state;
	start(NULL);
	open_table();
	assert_true(current().native);
	assert_false(current().kept_answers);
	assert_false(is_answered("www.example."));
	publish(&a_www);
	assert_true(is_answered("www.example."));
	assert_true(ask(&(struct frame_query){"wWw.example.", .v6 = true, .edns = 1232}, &reply));
	assert_true(hf_loader_counters(loader, &counters));
	assert_int_equal(counters.answered, 2);
	assert_int_equal(counters.slow_miss, 1);
	assert_int_equal(counters.to_stack, 1);
}

/* Frames that began as an skb often cannot grow at their tail: then they grow at their head, as far as it goes. */
static void frames_of_local_senders_grow_too(void **state)
{
	struct hf_fastpath_counters counters;
	uint64_t answered = 0, asked = 0;

	(void)state;
	start(NULL);
	open_table();
	for (unsigned size = 8; size <= 1100; size += 13) {
		struct answer answer = {"size.example.", (uint16_t)(60000 + size), .count = 1, .rdata_length = (uint16_t)size,
					.ttl = 300, .age = 1};
		struct hf_reply_options options = {.edns_size = 1232, .udp_ceiling = 1232};
		struct frame_query ask_for = {"sIze.example.", .type = answer.type, .edns = 1232, .v6 = size & 1};
		struct answers secret_of = {0};
		uint64_t room[ANSWER_SIZE_MAX / 8];
		struct hf_answer_record *record = (struct hf_answer_record *)room;
		struct frame reply, in;
		struct hf_query query;
		uint8_t expected[2048];
		size_t length;

		publish(&answer);
		asked++;
		assert_true(hf_loader_counters(loader, &counters));
		answered = counters.answered;
		frame_build(&in, &ask_for);
		assert_int_equal(send(wire, in.bytes, in.length, 0), in.length);
		for (unsigned tries = 0; tries < 100; tries++) {
			assert_true(hf_loader_counters(loader, &counters));
			if (counters.answered + counters.slow_room == asked)
				break;
			usleep(1000);
		}
		assert_int_equal(counters.answered + counters.slow_room, asked);
		if (counters.answered == answered) {
			assert_true(size > 200); /* at least as much as there always is before the frame */
			continue;
		}
		assert_true(receive(&in, &reply));
		assert_int_equal(hf_query_parse(in.bytes + in.dns, in.length - in.dns, &query), HF_QUERY_OK);
		answers_compose(&secret_of, &answer, record);
		length = hf_reply_write(record, &query, NULL, 0, false, &options, answers_now(), expected, sizeof(expected));
		assert_int_equal(reply.length - reply.dns, length);
		assert_memory_equal(reply.bytes + reply.dns, expected, length);
	}
	printf("%llu of %llu answered, %llu without room\n", (unsigned long long)counters.answered, (unsigned long long)asked,
	       (unsigned long long)counters.slow_room);
}

static void it_answers_in_generic_mode(void **state)
{
	struct hf_loader_config wanted = config();
	struct frame reply;

	(void)state;
	wanted.attach = HF_ATTACH_GENERIC;
	start(&wanted);
	assert_false(current().native);
	open_table();
	publish(&a_www);
	publish(&a_large);
	assert_true(is_answered("www.example."));
	assert_true(ask(&(struct frame_query){"www.example.", .v6 = true}, &reply));
}

/* ---- who else is there ---- */

static void a_second_loader_is_refused(void **state)
{
	struct hf_loader_config wanted = config();

	(void)state;
	start(NULL);
	refuse(&wanted, "another holdfastd");
	assert_false(hf_loader_unload(BPFFS, HOST, error));
	assert_non_null(strstr(error, "another holdfastd"));
	close_loader();
	start(NULL);
}

static void a_second_writer_is_refused(void **state)
{
	char why[256];

	(void)state;
	start(NULL);
	open_table();
	assert_null(hf_hot_table_open(BPFFS "/" HOST, NULL, why));
	assert_non_null(strstr(why, "another process"));
	close_table();
	open_table();
}

static void a_writer_without_a_loader_is_told_so(void **state)
{
	char why[256];

	(void)state;
	assert_null(hf_hot_table_open(BPFFS "/hf-never", NULL, why));
	assert_non_null(strstr(why, "not loaded"));
}

static void another_program_on_the_interface_is_named(void **state)
{
	struct hf_loader_config wanted = config();
	int pass = pass_program(), ifindex = (int)if_nametoindex(HOST);

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		uint32_t flags = i ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;

		assert_int_equal(bpf_xdp_attach(ifindex, pass, flags, NULL), 0);
		refuse(&wanted, "another XDP program is attached");
		assert_non_null(strstr(error, "test_pass"));
		assert_int_equal(bpf_xdp_detach(ifindex, flags, NULL), 0);
	}
	close(pass);
	start(NULL);
}

/* ---- what outlives what ---- */

static void the_kernel_answers_on_when_both_processes_are_gone(void **state)
{

	(void)state;
	start(NULL);
	open_table();
	publish(&a_www);
	close_table();
	close_loader();
	assert_true(is_answered("www.example."));
}

static void a_restart_takes_over_link_and_answers(void **state)
{
	uint32_t former, program;

	(void)state;
	start(NULL);
	open_table();
	former = link_id();
	program = current().program_id;
	publish(&a_www);
	close_loader();
	start(NULL);
	assert_true(current().kept_answers);
	assert_int_equal(link_id(), former);
	assert_int_not_equal(current().program_id, program);
	assert_true(is_answered("www.example."));
	assert_true(hf_hot_table_is_current(table));
	close_table();
	open_table();
	assert_true(is_answered("www.example."));
}

static void killed_processes_are_cleaned_up_after(void **state)
{
	int ready[2], status;
	char octet;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		struct hf_loader_config wanted = config();
		char why[256];

		if (hf_loader_start(&wanted, error) && (table = hf_hot_table_open(BPFFS "/" HOST, NULL, why))) {
			publish(&a_www);
			if (write(ready[1], "", 1) != 1)
				_exit(1);
		}
		pause();
		_exit(1);
	}
	assert_true(child > 0);
	assert_int_equal(read(ready[0], &octet, 1), 1);
	close(ready[0]);
	close(ready[1]);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(is_answered("www.example."));
	start(NULL);
	assert_true(current().kept_answers);
	open_table();
	assert_true(is_answered("www.example."));
}

static void half_of_the_pins_is_as_good_as_none(void **state)
{

	(void)state;
	start(NULL);
	open_table();
	publish(&a_www);
	close_table();
	close_loader();
	assert_int_equal(unlink(BPFFS "/" HOST "/buckets"), 0);
	start(NULL);
	assert_false(current().kept_answers);
	open_table();
	assert_false(is_answered("www.example."));
	publish(&a_www);
	assert_true(is_answered("www.example."));
}

static void another_size_makes_new_maps_and_the_writer_notices(void **state)
{
	struct hf_loader_config wanted = config();

	(void)state;
	start(NULL);
	open_table();
	publish(&a_www);
	close_loader();
	wanted.entries = 2048;
	start(&wanted);
	assert_false(current().kept_answers);
	assert_false(hf_hot_table_is_current(table));
	close_table();
	open_table();
	publish(&a_www);
	assert_true(is_answered("www.example."));
}

static void a_writer_without_privileges_keeps_the_table_until_it_is_replaced(void **state)
{
	struct hf_loader_config wanted = config();
	bool current_before, current_after;

	(void)state;
	start(NULL);
	open_table();
	if (seteuid(65534)) {
		print_message("skipped: there is no other user: %s\n", strerror(errno));
		skip();
	}
	current_before = hf_hot_table_is_current(table);
	assert_int_equal(seteuid(0), 0);
	assert_true(current_before);
	publish(&a_www);
	assert_true(is_answered("www.example."));
	close_loader();
	wanted.entries = 2048;
	start(&wanted);
	assert_int_equal(seteuid(65534), 0);
	current_after = hf_hot_table_is_current(table);
	assert_int_equal(seteuid(0), 0);
	assert_false(current_after);
}

static void another_mode_replaces_the_link(void **state)
{
	struct hf_loader_config wanted = config();

	(void)state;
	start(NULL);
	open_table();
	publish(&a_www);
	close_loader();
	wanted.attach = HF_ATTACH_GENERIC;
	start(&wanted);
	assert_false(current().native);
	assert_true(current().kept_answers);
	assert_true(is_answered("www.example."));
	close_loader();
	wanted.attach = HF_ATTACH_NATIVE;
	start(&wanted);
	assert_true(current().native);
	assert_true(is_answered("www.example."));
}

static void an_upgrade_under_load_loses_nothing(void **state)
{
	int status;
	pid_t child;

	(void)state;
	start(NULL);
	open_table();
	publish(&a_www);
	close_loader();
	child = fork();
	if (child == 0) {
		for (unsigned i = 0; i < 8; i++) {
			struct hf_loader_config wanted = config();

			loader = hf_loader_start(&wanted, error);
			if (!loader)
				_exit(1);
			close_loader();
		}
		_exit(0);
	}
	assert_true(child > 0);
	do
		for (unsigned i = 0; i < 50; i++)
			assert_true(is_answered("www.example."));
	while (waitpid(child, &status, WNOHANG) == 0);
	assert_int_equal(status, 0);
}

static void a_new_interface_of_the_same_name_is_no_obstacle(void **state)
{

	(void)state;
	start(NULL);
	open_table();
	publish(&a_www);
	shell("ip link del " HOST);
	assert_false(hf_loader_refresh(loader, error));
	assert_non_null(strstr(error, HOST));
	close_loader();
	raise_pair();
	start(NULL);
	assert_true(current().kept_answers);
	assert_true(is_answered("www.example."));
}

static void a_changed_mac_is_followed(void **state)
{

	(void)state;
	start(NULL);
	open_table();
	publish(&a_www);
	shell("ip link set " HOST " address 02:00:00:00:00:77");
	assert_true(hf_loader_refresh(loader, error));
	assert_false(is_answered("www.example."));
	shell("ip link set " HOST " address 02:00:00:00:00:53");
	assert_true(hf_loader_refresh(loader, error));
	assert_true(is_answered("www.example."));
}

static void a_wildcard_stands_for_the_addresses_of_the_host(void **state)
{
	struct hf_address any;
	struct frame reply;

	(void)state;
	start(NULL);
	open_table();
	publish(&a_www);
	assert_true(hf_address_from_text("0.0.0.0", 53, &any));
	assert_true(hf_loader_set_services(loader, &any, 1, 1232, error));
	assert_false(ask(&(struct frame_query){"www.example.", .destination = "192.0.2.200"}, &reply));
	shell("ip address add 192.0.2.200/24 broadcast 192.0.2.255 dev " HOST);
	assert_true(hf_loader_refresh(loader, error));
	assert_true(ask(&(struct frame_query){"www.example.", .destination = "192.0.2.200"}, &reply));
	assert_false(ask(&(struct frame_query){"www.example.", .destination = "192.0.2.255"}, &reply));
	/* A network's broadcast address is never answered as a source. */
	assert_false(ask(&(struct frame_query){"www.example.", .destination = "192.0.2.200", .source = "192.0.2.255"}, &reply));
}

/* What the kernel sends must fit a path's MTU as the slow path's replies do, whatever OPT announces. */
static void a_large_edns_size_does_not_raise_the_ceiling_of_replies(void **state)
{
	struct hf_fastpath_settings settings;
	uint32_t zero = 0;
	int fd;

	(void)state;
	start(NULL);
	for (uint16_t size = 512; size <= 4096; size *= 2) {
		assert_true(hf_loader_set_services(loader, services, 2, size, error));
		fd = hf_pins_open(BPFFS "/" HOST, HF_PIN_SETTINGS, error);
		assert_true(fd >= 0);
		assert_int_equal(bpf_map_lookup_elem(fd, &zero, &settings), 0);
		close(fd);
		assert_int_equal(settings.edns_size, size);
		assert_int_equal(settings.udp_ceiling, size < 1232 ? size : 1232);
	}
}

/* Rules hold when holdfastd is gone, and from the first frame on when it comes back. */
static void access_rules_outlive_the_process(void **state)
{
	static const struct hf_dns64_table none;
	struct hf_access_rule refused = {.verdict.action = HF_ACCESS_REFUSE};
	struct hf_loader_config wanted = config();
	struct hf_access *rules;

	(void)state;
	assert_null(hf_prefix_from_text(FRAME_CLIENT4 "/32", &refused.clients));
	rules = hf_access_new(&refused, 1, (struct hf_access_verdict){0}, &none);
	start(NULL);
	open_table();
	publish(&a_www);
	assert_true(is_answered("www.example."));
	assert_true(hf_loader_set_access(loader, rules, error));
	assert_false(is_answered("www.example."));
	assert_true(ask(&(struct frame_query){"www.example.", .v6 = true}, &(struct frame){0}));
	close_loader();
	assert_false(is_answered("www.example."));
	wanted.access = rules;
	start(&wanted);
	assert_true(current().kept_answers);
	assert_false(is_answered("www.example."));
	close_loader();
	start(NULL);
	assert_true(is_answered("www.example."));
	hf_access_free(rules);
}

static void unloading_leaves_nothing(void **state)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);

	(void)state;
	start(NULL);
	close_loader();
	assert_true(hf_loader_unload(BPFFS, HOST, error));
	assert_int_equal(bpf_xdp_query((int)if_nametoindex(HOST), 0, &query), 0);
	assert_int_equal(query.prog_id, 0);
	assert_int_not_equal(access(BPFFS "/" HOST, F_OK), 0);
	assert_true(hf_loader_unload(BPFFS, HOST, error)); /* nothing to do is no fault */
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(an_unknown_interface_is_named),
		T(a_directory_that_is_no_bpffs_is_named_with_what_mends_it),
		T(it_answers_over_the_wire_natively),
		T(frames_of_local_senders_grow_too),
		T(it_answers_in_generic_mode),
		T(a_second_loader_is_refused),
		T(a_second_writer_is_refused),
		T(a_writer_without_a_loader_is_told_so),
		T(another_program_on_the_interface_is_named),
		T(the_kernel_answers_on_when_both_processes_are_gone),
		T(a_restart_takes_over_link_and_answers),
		T(killed_processes_are_cleaned_up_after),
		T(half_of_the_pins_is_as_good_as_none),
		T(another_size_makes_new_maps_and_the_writer_notices),
		T(a_writer_without_privileges_keeps_the_table_until_it_is_replaced),
		T(another_mode_replaces_the_link),
		T(an_upgrade_under_load_loses_nothing),
		T(a_new_interface_of_the_same_name_is_no_obstacle),
		T(a_changed_mac_is_followed),
		T(a_wildcard_stands_for_the_addresses_of_the_host),
		T(a_large_edns_size_does_not_raise_the_ceiling_of_replies),
		T(access_rules_outlive_the_process),
		T(unloading_leaves_nothing),
	};

	/* Everything dies with this process: the namespaces hold the interfaces, the mount and so the pins. */
	if (unshare(CLONE_NEWNET | CLONE_NEWNS)) {
		printf("skipped: network and mount namespaces of its own: %s\n", strerror(errno));
		return 77;
	}
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) || (mkdir(BPFFS_ROOT, 0700) && errno != EEXIST) ||
	    mount("bpf", BPFFS_ROOT, "bpf", 0, NULL)) {
		printf("skipped: a bpf file system of its own: %s\n", strerror(errno));
		return 77;
	}
	assert_true(hf_address_from_text(FRAME_SERVICE4, 53, &services[0]));
	assert_true(hf_address_from_text(FRAME_SERVICE6, 53, &services[1]));
	return cmocka_run_group_tests_name("loader", tests, NULL, NULL);
}
