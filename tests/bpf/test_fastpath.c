// SPDX-License-Identifier: BSD-3-Clause
/* The fast path, run inside the kernel by BPF_PROG_TEST_RUN: a row is a frame in, the verdict, what is counted, and for a reply every octet
 * of the frame out. The DNS message that must come out is what the slow path would send: hf_reply_write() of the same record.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/bpf.h>
#include <bpf/bpf.h>
#include "answers.h"
#include "frames.h"
#include "wire/message.h"
#include "wire/reply.h"

static struct answers answers;

/* ---- the answers in the table ---- */

#define NAME_31 "abcdefgh.ijklmnop.qrstuv.example" /* with its root label 34 octets */
#define NAME_LONGEST                                                       \
	"aaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg."  \
	"hhhhhhhhhiiiiiiiiiijjjjjjjjjjkkkkkkkkkkllllllllllmmmmmmmmmmnnn."  \
	"oooooooooppppppppppqqqqqqqqqqrrrrrrrrrrssssssssssttttttttttuuu."  \
	"vvvvvvvvvwwwwwwwwwwxxxxxxxxxxyyyyyyyyyyzzzzzzzzzz000000000011"

static const struct answer a_www = {"www.example.", 1, .count = 2, .rdata_length = 4, .ttl = 300};
static const struct answer a_even = {"ww.example.", 1, .count = 1, .rdata_length = 4, .ttl = 300, .age = 99};
static const struct answer a_aged = {"aged.example.", 28, .count = 3, .rdata_length = 16, .ttl = 70000, .age = 100};
static const struct answer a_odd_ttls = {"odd.example.", 65400, .count = 5, .rdata_length = 13, .ttl = 600, .age = 77};
static const struct answer a_full = {"full.example.", 1, .count = 16, .rdata_length = 4, .ttl = 3600, .age = 3};
static const struct answer a_nodata = {"nodata.example.", 28, .ttl = 60, .age = 7};
static const struct answer a_nxdomain = {"nx.example.", 1, .rcode = 3, .ttl = 60, .age = 8};
static const struct answer a_bare = {"bare.example.", 1, .ttl = 60, .bare = true};
static const struct answer a_root = {".", 48, .count = 2, .rdata_length = 20, .ttl = 518400, .age = 5};
static const struct answer a_longest = {NAME_LONGEST, 1, .count = 1, .rdata_length = 4, .ttl = 300, .age = 1};
static const struct answer a_secure = {"secure.example.", 65401, HF_REPLY_DO, .count = 2, .rdata_length = 100, .ttl = 300,
				       .age = 2, .authentic = true};
static const struct answer a_secure_plain = {"secure.example.", 65401, .count = 1, .rdata_length = 4, .ttl = 300,
					     .authentic = true};
static const struct answer a_unchecked = {"secure.example.", 65401, HF_REPLY_CD, .count = 1, .rdata_length = 9, .ttl = 300};
static const struct answer a_unchecked_do = {"secure.example.", 65401, HF_REPLY_CD | HF_REPLY_DO, .count = 1,
					     .rdata_length = 11, .ttl = 300};
static const struct answer a_200 = {"b200.example.", 65400, .count = 1, .rdata_length = 200, .ttl = 300, .age = 9};
static const struct answer a_500 = {"b500.example.", 65400, .count = 1, .rdata_length = 460, .ttl = 300, .age = 9};
static const struct answer a_600 = {"b600.example.", 65400, .count = 2, .rdata_length = 290, .ttl = 300, .age = 10};
static const struct answer a_1180 = {"b1180.example.", 65400, .count = 1, .rdata_length = 1160, .ttl = 300, .age = 11};
static const struct answer a_1220 = {"b1220.example.", 65400, .count = 1, .rdata_length = 1208, .ttl = 300};
static const struct answer a_expired = {"expired.example.", 1, .count = 1, .rdata_length = 4, .ttl = 10, .age = 20};

static const struct answer *const all_answers[] = {
	&a_www, &a_even, &a_aged, &a_odd_ttls, &a_full, &a_nodata, &a_nxdomain, &a_bare, &a_root, &a_longest, &a_secure,
	&a_secure_plain, &a_unchecked, &a_unchecked_do, &a_200, &a_500, &a_600, &a_1180, &a_1220, &a_expired,
};

/* ---- rows ---- */

enum layer { NOWHERE, ETHERNET, L3, UDP, DNS, END }; /* END: offsets count backwards from the frame's end */

struct patch {
	enum layer layer;
	unsigned offset, width;
	uint32_t value;
};

struct row {
	const char *name;
	const struct answer *answer; /* what the reply is made of, where one is expected */
	uint32_t verdict;
	size_t counter; /* offset in struct hf_fastpath_counters; NOT_COUNTED */
	struct frame_query query;
	struct patch patches[3];
	unsigned cut; /* octets taken off the end, no length field told */
	unsigned insert_at; /* offset from L3 where `insert` octets of `insert_bytes` come in; lengths are the patches' affair */
	unsigned insert;
	uint8_t insert_bytes[16];
};

#define NOT_COUNTED SIZE_MAX
#define COUNTED(field) .counter = offsetof(struct hf_fastpath_counters, field)
#define ANSWERED(a) .answer = &(a), .verdict = XDP_TX, COUNTED(answered)
#define SLOW(reason) .verdict = XDP_PASS, COUNTED(reason)
#define DROPPED(reason) .verdict = XDP_DROP, COUNTED(reason)
#define NOT_OURS .verdict = XDP_PASS, .counter = NOT_COUNTED

static const struct row rows[] = {
	/* what is answered */
	{"answers_a_plain_query_over_ipv4", ANSWERED(a_www), {"www.example."}},
	{"answers_a_plain_query_over_ipv6", ANSWERED(a_www), {"www.example.", .v6 = true}},
	{"answers_within_a_vlan", ANSWERED(a_www), {"www.example.", .vlans = 1}},
	{"answers_within_a_vlan_over_ipv6", ANSWERED(a_www), {"www.example.", .vlans = 1, .v6 = true}},
	{"answers_within_qinq", ANSWERED(a_www), {"www.example.", .vlans = 2}},
	{"answers_within_qinq_over_ipv6", ANSWERED(a_www), {"www.example.", .vlans = 2, .v6 = true}},
	{"echoes_edns", ANSWERED(a_www), {"www.example.", .edns = 1232}},
	{"echoes_edns_over_ipv6", ANSWERED(a_www), {"www.example.", .edns = 4096, .v6 = true}},
	{"echoes_edns_within_a_vlan", ANSWERED(a_www), {"www.example.", .edns = 1232, .vlans = 1}},
	{"echoes_edns_within_qinq_over_ipv6", ANSWERED(a_www), {"www.example.", .edns = 1232, .vlans = 2, .v6 = true}},
	{"keeps_the_case_of_the_question", ANSWERED(a_www), {"wWw.ExAmPlE."}},
	{"keeps_the_case_with_edns", ANSWERED(a_www), {"WWW.EXAMPLE.", .edns = 512}},
	{"keeps_the_case_over_ipv6_within_a_vlan", ANSWERED(a_even), {"Ww.eXample.", .v6 = true, .vlans = 1}},
	{"answers_a_name_of_even_length", ANSWERED(a_even), {"ww.example."}},
	{"answers_a_name_of_even_length_with_edns", ANSWERED(a_even), {"ww.example.", .edns = 1232}},
	{"answers_the_root", ANSWERED(a_root), {".", .type = 48}},
	{"answers_the_root_with_edns_over_ipv6", ANSWERED(a_root), {".", .type = 48, .edns = 1232, .v6 = true}},
	{"answers_the_longest_name", ANSWERED(a_longest), {NAME_LONGEST}},
	{"answers_the_longest_name_with_edns_within_qinq_over_ipv6", ANSWERED(a_longest),
	 {NAME_LONGEST, .edns = 1232, .v6 = true, .vlans = 2}},
	{"ages_ttls", ANSWERED(a_aged), {"aged.example.", .type = 28}},
	{"ages_ttls_with_edns", ANSWERED(a_aged), {"aged.example.", .type = 28, .edns = 1232}},
	{"ages_ttls_at_odd_offsets", ANSWERED(a_odd_ttls), {"odd.example.", .type = 65400}},
	{"ages_ttls_at_odd_offsets_with_edns", ANSWERED(a_odd_ttls), {"odd.example.", .type = 65400, .edns = 1232, .v6 = true}},
	{"ages_all_ttls_of_a_full_record", ANSWERED(a_full), {"full.example.", .edns = 1232}},
	{"answers_nodata", ANSWERED(a_nodata), {"nodata.example.", .type = 28}},
	{"answers_nodata_with_edns", ANSWERED(a_nodata), {"nodata.example.", .type = 28, .edns = 1232}},
	{"answers_nxdomain", ANSWERED(a_nxdomain), {"nx.example."}},
	{"answers_nxdomain_with_edns", ANSWERED(a_nxdomain), {"nx.example.", .edns = 1232}},
	{"answers_with_an_empty_body", ANSWERED(a_bare), {"bare.example."}},
	{"answers_with_an_empty_body_and_edns", ANSWERED(a_bare), {"bare.example.", .edns = 1232}},
	{"answers_to_another_source_port", ANSWERED(a_www), {"www.example.", .source_port = 65535}},
	{"answers_a_padded_frame", ANSWERED(a_www), {"www.example.", .padding = 6}},
	{"answers_an_empty_body_in_a_frame_that_shrinks", ANSWERED(a_bare), {"bare.example.", .padding = 30}},
	{"answers_the_root_in_a_padded_frame", ANSWERED(a_root), {".", .type = 48, .padding = 1}},
	{"ignores_the_received_udp_checksum", ANSWERED(a_www), {"www.example."}, {{UDP, 6, 2, 0x1111}}},
	{"answers_a_query_without_udp_checksum", ANSWERED(a_www), {"www.example."}, {{UDP, 6, 2, 0}}},
	{"answers_ipv4_without_df", ANSWERED(a_www), {"www.example."}, {{L3, 6, 2, 0}}},
	{"answers_ipv4_with_a_type_of_service", ANSWERED(a_www), {"www.example."}, {{L3, 1, 1, 0xb8}}},

	/* flags */
	{"clears_ad_for_clients_that_do_not_ask", ANSWERED(a_secure_plain), {"secure.example.", .type = 65401, .edns = 1232}},
	{"clears_ad_without_edns", ANSWERED(a_secure_plain), {"secure.example.", .type = 65401}},
	{"sets_ad_for_clients_that_set_it", ANSWERED(a_secure_plain), {"secure.example.", .type = 65401, .flags = 0x0020}},
	{"sets_ad_for_clients_that_set_do", ANSWERED(a_secure), {"secure.example.", .type = 65401, .edns = 1232, .dnssec_ok = true}},
	{"never_sets_ad_on_an_answer_not_authentic", ANSWERED(a_www), {"www.example.", .flags = 0x0020}},
	{"tells_cd_apart_and_echoes_it", ANSWERED(a_unchecked), {"secure.example.", .type = 65401, .flags = 0x0010}},
	{"tells_cd_with_do_apart", ANSWERED(a_unchecked_do),
	 {"secure.example.", .type = 65401, .flags = 0x0010, .edns = 1232, .dnssec_ok = true, .v6 = true}},
	{"answers_do_over_ipv6_within_a_vlan", ANSWERED(a_secure),
	 {"secure.example.", .type = 65401, .edns = 4096, .dnssec_ok = true, .v6 = true, .vlans = 1}},
	{"misses_do_where_only_plain_is_held", SLOW(slow_miss), {"www.example.", .edns = 1232, .dnssec_ok = true}},
	{"misses_cd_where_only_plain_is_held", SLOW(slow_miss), {"www.example.", .flags = 0x0010}},
	{"hands_on_rd_clear", SLOW(slow_rd), {"www.example.", .no_rd = true}},
	{"hands_on_another_opcode", SLOW(slow_header), {"www.example.", .flags = 0x2000}},
	{"hands_on_aa", SLOW(slow_header), {"www.example.", .flags = 0x0400}},
	{"hands_on_tc", SLOW(slow_header), {"www.example.", .flags = 0x0200}},
	{"hands_on_ra", SLOW(slow_header), {"www.example.", .flags = 0x0080}},
	{"hands_on_the_z_bit", SLOW(slow_header), {"www.example.", .flags = 0x0040}},
	{"hands_on_an_rcode", SLOW(slow_header), {"www.example.", .flags = 0x0003}},
	{"drops_a_response", DROPPED(drop_response), {"www.example.", .flags = 0x8000}},
	{"drops_a_response_over_ipv6", DROPPED(drop_response), {"www.example.", .flags = 0x8180, .v6 = true}},

	/* size */
	{"answers_200_octets", ANSWERED(a_200), {"b200.example.", .type = 65400}},
	{"answers_500_octets_without_edns", ANSWERED(a_500), {"b500.example.", .type = 65400}},
	{"hands_on_600_octets_without_edns", SLOW(slow_size), {"b600.example.", .type = 65400}},
	{"answers_600_octets_with_edns", ANSWERED(a_600), {"b600.example.", .type = 65400, .edns = 1232}},
	{"answers_600_octets_over_ipv6_in_a_vlan", ANSWERED(a_600), {"b600.example.", .type = 65400, .edns = 1232, .v6 = true, .vlans = 1}},
	{"hands_on_600_octets_to_a_client_that_takes_600", SLOW(slow_size), {"b600.example.", .type = 65400, .edns = 600}},
	{"takes_a_size_below_512_for_512", ANSWERED(a_200), {"b200.example.", .type = 65400, .edns = 100}},
	{"hands_on_what_exceeds_512_when_less_was_said", SLOW(slow_size), {"b600.example.", .type = 65400, .edns = 100}},
	{"answers_1180_octets", ANSWERED(a_1180), {"b1180.example.", .type = 65400, .edns = 1232}},
	{"hands_on_what_exceeds_our_own_size", SLOW(slow_size), {"b1220.example.", .type = 65400, .edns = 4096}},

	/* what the table does not hold */
	{"misses_an_unknown_name", SLOW(slow_miss), {"nobody.example."}},
	{"misses_an_unknown_name_over_ipv6", SLOW(slow_miss), {"nobody.example.", .v6 = true, .vlans = 2, .edns = 1232}},
	{"misses_another_type", SLOW(slow_miss), {"www.example.", .type = 28}},
	{"misses_a_longer_name", SLOW(slow_miss), {"a.www.example."}},
	{"misses_a_shorter_name", SLOW(slow_miss), {"example."}},
	{"hands_on_an_expired_answer", SLOW(slow_expired), {"expired.example."}},
	{"hands_on_another_class", SLOW(slow_question), {"www.example.", .class = 3}},
	{"hands_on_class_any", SLOW(slow_question), {"www.example.", .class = 255}},

	/* for whom the frame is */
	{"leaves_frames_for_another_mac", NOT_OURS, {"www.example."}, {{ETHERNET, 5, 1, 0x54}}},
	{"leaves_frames_for_another_mac_in_the_first_octet", NOT_OURS, {"www.example."}, {{ETHERNET, 0, 1, 0x06}}},
	{"leaves_broadcast_frames", NOT_OURS, {"www.example."}, {{ETHERNET, 0, 4, 0xffffffff}, {ETHERNET, 4, 2, 0xffff}}},
	{"leaves_another_address", NOT_OURS, {"www.example.", .destination = "192.0.2.54"}},
	{"leaves_another_address_over_ipv6", NOT_OURS, {"www.example.", .v6 = true, .destination = "2001:db8::54"}},
	{"leaves_an_ipv6_address_that_maps_our_ipv4_one", NOT_OURS, {"www.example.", .v6 = true, .destination = "::ffff:192.0.2.53"}},
	{"leaves_an_ipv6_address_that_ends_in_our_ipv4_one", NOT_OURS, {"www.example.", .v6 = true, .destination = "::192.0.2.53"}},
	{"leaves_another_port", NOT_OURS, {"www.example.", .port = 5353}},
	{"leaves_another_port_over_ipv6", NOT_OURS, {"www.example.", .port = 54, .v6 = true}},
	{"leaves_port_0", NOT_OURS, {"www.example."}, {{UDP, 2, 2, 0}}},
	{"leaves_tcp", NOT_OURS, {"www.example."}, {{L3, 9, 1, 6}}},
	{"leaves_tcp_over_ipv6", NOT_OURS, {"www.example.", .v6 = true}, {{L3, 6, 1, 6}}},
	{"leaves_icmpv6", NOT_OURS, {"www.example.", .v6 = true}, {{L3, 6, 1, 58}}},
	{"leaves_arp", NOT_OURS, {"www.example."}, {{ETHERNET, 12, 2, 0x0806}}},
	{"leaves_a_third_vlan_tag", NOT_OURS, {"www.example.", .vlans = 2}, {{ETHERNET, 20, 2, 0x8100}}},
	{"leaves_mpls", NOT_OURS, {"www.example."}, {{ETHERNET, 12, 2, 0x8847}}},
	{"leaves_frames_shorter_than_any_query", NOT_OURS, {"."}, {}, 1},

	/* who asks */
	{"drops_source_port_0", DROPPED(drop_source_port), {"www.example."}, {{UDP, 0, 2, 0}}},
	{"drops_source_port_53", DROPPED(drop_source_port), {"www.example.", .source_port = 53}},
	{"drops_source_port_53_over_ipv6", DROPPED(drop_source_port), {"www.example.", .source_port = 53, .v6 = true}},
	{"drops_a_loopback_source", DROPPED(drop_source_address), {"www.example.", .source = "127.1.2.3"}},
	{"drops_an_unspecified_source", DROPPED(drop_source_address), {"www.example.", .source = "0.0.0.0"}},
	{"drops_a_source_in_network_0", DROPPED(drop_source_address), {"www.example.", .source = "0.1.2.3"}},
	{"drops_a_multicast_source", DROPPED(drop_source_address), {"www.example.", .source = "224.0.0.251"}},
	{"drops_the_broadcast_source", DROPPED(drop_source_address), {"www.example.", .source = "255.255.255.255"}},
	{"drops_a_class_e_source", DROPPED(drop_source_address), {"www.example.", .source = "240.0.0.1"}},
	{"drops_our_own_source", DROPPED(drop_source_address), {"www.example.", .source = FRAME_SERVICE4}},
	{"drops_our_own_source_over_ipv6", DROPPED(drop_source_address), {"www.example.", .v6 = true, .source = FRAME_SERVICE6}},
	{"drops_the_ipv6_loopback", DROPPED(drop_source_address), {"www.example.", .v6 = true, .source = "::1"}},
	{"drops_the_ipv6_unspecified", DROPPED(drop_source_address), {"www.example.", .v6 = true, .source = "::"}},
	{"drops_an_ipv6_multicast_source", DROPPED(drop_source_address), {"www.example.", .v6 = true, .source = "ff02::fb"}},
	{"drops_an_ipv4_mapped_source", DROPPED(drop_source_address), {"www.example.", .v6 = true, .source = "::ffff:192.0.2.1"}},
	{"drops_a_multicast_source_mac", DROPPED(drop_source_address), {"www.example."}, {{ETHERNET, 6, 1, 0x03}}},

	/* IP that is not plain */
	{"leaves_a_first_fragment", .verdict = XDP_PASS, COUNTED(pass_ip), {"www.example."}, {{L3, 6, 2, 0x2000}}},
	{"leaves_a_later_fragment", .verdict = XDP_PASS, COUNTED(pass_ip), {"www.example."}, {{L3, 6, 2, 0x0010}}},
	{"leaves_ipv4_options", .verdict = XDP_PASS, COUNTED(pass_ip), {"www.example."}, {{L3, 0, 1, 0x46}}, .insert_at = 20, .insert = 4,
	 .insert_bytes = {1, 1, 1, 1}},
	{"leaves_an_ihl_below_5", .verdict = XDP_PASS, COUNTED(pass_ip), {"www.example."}, {{L3, 0, 1, 0x44}}},
	{"leaves_hop_by_hop_options", .verdict = XDP_PASS, COUNTED(pass_ip), {"www.example.", .v6 = true}, {{L3, 6, 1, 0}}, .insert_at = 40,
	 .insert = 8, .insert_bytes = {17, 0, 1, 4}},
	{"leaves_ipv6_fragments", .verdict = XDP_PASS, COUNTED(pass_ip), {"www.example.", .v6 = true}, {{L3, 6, 1, 44}}, .insert_at = 40,
	 .insert = 8, .insert_bytes = {17}},
	{"leaves_destination_options", .verdict = XDP_PASS, COUNTED(pass_ip), {"www.example.", .v6 = true}, {{L3, 6, 1, 60}}},
	{"leaves_routing_headers", .verdict = XDP_PASS, COUNTED(pass_ip), {"www.example.", .v6 = true}, {{L3, 6, 1, 43}}},
	{"leaves_fragments_for_others_uncounted", NOT_OURS, {"www.example.", .destination = "192.0.2.54"}, {{L3, 6, 2, 0x2000}}},

	/* lengths that do not agree */
	{"hands_on_an_ip_length_beyond_the_frame", SLOW(slow_length), {"www.example."}, {{L3, 2, 2, 1000}, {UDP, 4, 2, 980}}},
	{"hands_on_a_udp_length_beyond_ip", SLOW(slow_length), {"www.example."}, {{UDP, 4, 2, 100}}},
	{"hands_on_a_udp_length_within_ip", SLOW(slow_length), {"www.example."}, {{UDP, 4, 2, 30}}},
	{"hands_on_a_udp_length_of_0", SLOW(slow_length), {"www.example.", .v6 = true}, {{UDP, 4, 2, 0}}},
	{"hands_on_an_ip_length_of_0", SLOW(slow_length), {"www.example."}, {{L3, 2, 2, 0}}},
	{"hands_on_a_payload_length_of_0", SLOW(slow_length), {"www.example.", .v6 = true}, {{L3, 4, 2, 0}}},
	{"hands_on_a_header_that_is_cut", SLOW(slow_length), {"www.example."}, {{L3, 2, 2, 20 + 8 + 11}, {UDP, 4, 2, 8 + 11}}},
	{"hands_on_a_frame_that_is_cut", SLOW(slow_length), {"www.example."}, {}, 1},
	{"hands_on_a_frame_cut_in_its_opt", SLOW(slow_length), {"www.example.", .edns = 1232, .v6 = true}, {}, 3},
	{"hands_on_a_message_cut_in_its_name", SLOW(slow_question), {"www.example."}, {{L3, 2, 2, 20 + 8 + 25}, {UDP, 4, 2, 8 + 25}}},
	{"hands_on_a_message_without_question_octets", SLOW(slow_question), {"www.example."}, {{L3, 2, 2, 20 + 8 + 16}, {UDP, 4, 2, 8 + 16}}},
	{"hands_on_octets_behind_the_question", SLOW(slow_question), {"www.example.", .padding = 3}, {{L3, 2, 2, 20 + 8 + 32}, {UDP, 4, 2, 8 + 32}}},

	/* counts */
	{"hands_on_qdcount_0", SLOW(slow_header), {"www.example."}, {{DNS, 4, 2, 0}}},
	{"hands_on_qdcount_2", SLOW(slow_header), {"www.example."}, {{DNS, 4, 2, 2}}},
	{"hands_on_qdcount_256", SLOW(slow_header), {"www.example."}, {{DNS, 4, 2, 256}}},
	{"hands_on_ancount_1", SLOW(slow_header), {"www.example."}, {{DNS, 6, 2, 1}}},
	{"hands_on_nscount_1", SLOW(slow_header), {"www.example."}, {{DNS, 8, 2, 1}}},
	{"hands_on_arcount_2", SLOW(slow_header), {"www.example.", .edns = 1232}, {{DNS, 10, 2, 2}}},
	{"hands_on_arcount_256", SLOW(slow_header), {"www.example.", .edns = 1232}, {{DNS, 10, 2, 256}}},
	{"hands_on_an_opt_that_is_not_counted", SLOW(slow_question), {"www.example.", .edns = 1232}, {{DNS, 10, 2, 0}}},
	{"hands_on_a_counted_opt_that_is_not_there", SLOW(slow_question), {"www.example."}, {{DNS, 10, 2, 1}}},

	/* names */
	{"misses_a_compressed_name", SLOW(slow_miss), {"www.example."}, {{DNS, 12, 2, 0xc00c}}},
	{"misses_a_pointer_as_the_whole_name", SLOW(slow_miss), {"x."}, {{DNS, 12, 2, 0xc00c}}},
	{"misses_a_label_of_64_octets", SLOW(slow_miss), {"www.example."}, {{DNS, 12, 1, 0x40}}},
	{"misses_a_label_beyond_the_message", SLOW(slow_miss), {"www.example."}, {{DNS, 16, 1, 63}}},
	{"misses_a_name_that_ends_early", SLOW(slow_miss), {"www.example."}, {{DNS, 16, 1, 0}}},
	{"misses_a_name_that_does_not_end", SLOW(slow_miss), {"www.example."}, {{DNS, 24, 1, 1}}},

	/* EDNS that is not plain */
	{"hands_on_edns_version_1", SLOW(slow_edns), {"www.example.", .edns = 1232}, {{END, 5, 1, 1}}},
	{"hands_on_an_extended_rcode", SLOW(slow_edns), {"www.example.", .edns = 1232}, {{END, 6, 1, 1}}},
	{"hands_on_unknown_edns_flags", SLOW(slow_edns), {"www.example.", .edns = 1232}, {{END, 4, 2, 0x0001}}},
	{"hands_on_unknown_edns_flags_beside_do", SLOW(slow_edns), {"www.example.", .edns = 1232}, {{END, 4, 2, 0xc000}}},
	{"hands_on_a_length_of_options_without_options", SLOW(slow_edns), {"www.example.", .edns = 1232}, {{END, 2, 2, 4}}},
	{"hands_on_an_opt_not_at_the_root", SLOW(slow_edns), {"www.example.", .edns = 1232}, {{END, 11, 1, 1}}},
	{"hands_on_an_additional_record_that_is_no_opt", SLOW(slow_edns), {"www.example.", .edns = 1232}, {{END, 10, 2, 1}}},
	/* An empty option of four octets (NSID) behind OPT: the name is looked for four octets too late. */
	{"hands_on_edns_options", SLOW(slow_question), {"www.example.", .edns = 1232, .padding = 4},
	 {{L3, 2, 2, 20 + 8 + 44}, {UDP, 4, 2, 8 + 44}, {END, 6, 2, 4}}},
};

static uint8_t *place_of(struct frame *frame, const struct patch *patch)
{
	switch (patch->layer) {
	case ETHERNET:
		return frame->bytes + patch->offset;
	case L3:
		return frame->bytes + frame->l3 + patch->offset;
	case UDP:
		return frame->bytes + frame->udp + patch->offset;
	case DNS:
		return frame->bytes + frame->dns + patch->offset;
	default:
		return frame->bytes + frame->length - patch->offset;
	}
}

static void make_frame(const struct row *row, struct frame *frame)
{
	frame_build(frame, &row->query);
	if (row->insert) {
		uint8_t *at = frame->bytes + frame->l3 + row->insert_at;

		memmove(at + row->insert, at, frame->length - (size_t)(at - frame->bytes));
		memcpy(at, row->insert_bytes, row->insert);
		frame->length += row->insert;
	}
	for (unsigned i = 0; i < 3 && row->patches[i].layer; i++) {
		const struct patch *patch = &row->patches[i];
		uint8_t *at = place_of(frame, patch);

		for (unsigned octet = 0; octet < patch->width; octet++)
			at[octet] = (uint8_t)(patch->value >> 8 * (patch->width - 1 - octet));
	}
	frame->length -= row->cut;
}

static uint32_t run(const struct frame *in, struct frame *out)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = in->bytes, .data_size_in = (uint32_t)in->length,
		    .data_out = out->bytes, .data_size_out = sizeof(out->bytes));

	memset(out, 0, sizeof(*out));
	assert_int_equal(bpf_prog_test_run_opts(hf_loader_program_fd(answers.loader), &options), 0);
	out->length = options.data_size_out;
	return options.retval;
}

static void counters(struct hf_fastpath_counters *now)
{
	assert_true(hf_loader_counters(answers.loader, now));
}

/* One more of `counter`, of to_stack when it was handed on, and nothing else. */
static void check_counters(const struct row *row, const struct hf_fastpath_counters *before)
{
	struct hf_fastpath_counters after, expected = *before;

	counters(&after);
	if (row->counter != NOT_COUNTED)
		++*(__u64 *)((uint8_t *)&expected + row->counter);
	if (row->verdict == XDP_PASS && row->counter != NOT_COUNTED &&
	    row->counter != offsetof(struct hf_fastpath_counters, pass_ip))
		expected.to_stack++;
#define EQUAL(field, text)                                                                                    \
	if (after.field != expected.field)                                                                    \
		fail_msg(#field ": %+lld, expected %+lld", (long long)(after.field - before->field),          \
			 (long long)(expected.field - before->field));
	HF_FASTPATH_COUNTERS(EQUAL)
#undef EQUAL
}

static void check_reply(const struct row *row, const struct frame *in, struct frame *out)
{
	struct hf_reply_options options = {.edns_size = 1232, .udp_ceiling = 1232};
	uint64_t room[ANSWER_SIZE_MAX / 8];
	struct hf_answer_record *record = (struct hf_answer_record *)room;
	uint8_t expected[2048];
	struct hf_query query;
	const char *fault;
	size_t length;

	if (!frame_check(out, &fault))
		fail_msg("%s", fault);
	assert_true(frame_is_turned(in, out));
	length = in->length - in->dns - row->query.padding;
	assert_int_equal(hf_query_parse(in->bytes + in->dns, length, &query), HF_QUERY_OK);
	answers_compose(&answers, row->answer, record);
	length = hf_reply_write(record, &query, NULL, 0, false, &options, answers_now(), expected, sizeof(expected));
	assert_int_equal(out->length - out->dns, length);
	assert_memory_equal(out->bytes + out->dns, expected, length);
}

static void check_row(void **state)
{
	const struct row *row = *state;
	struct hf_fastpath_counters before;
	struct frame in, out;
	uint32_t verdict;

	make_frame(row, &in);
	counters(&before);
	verdict = run(&in, &out);
	if (verdict != row->verdict)
		fail_msg("verdict %u, expected %u", verdict, row->verdict);
	check_counters(row, &before);
	if (row->answer) {
		check_reply(row, &in, &out);
	} else if (verdict == XDP_PASS) {
		/* Handed on as it came. */
		assert_int_equal(out.length, in.length);
		assert_memory_equal(out.bytes, in.bytes, in.length);
	}
}

/* ---- what one frame does not show ---- */

/* Fixed octets, so that rows do not only show that two of our own parts agree. */
static void the_reply_is_these_octets(void **state)
{
	static const uint8_t message[] = {
		0x12, 0x34, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 1,
		2, 'w', 'W', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 1, 0, 1,
		0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 201, 0, 4, 3, 10, 17, 24,
		0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0,
	};
	struct frame in, out;
	const char *fault;

	(void)state;
	frame_build(&in, &(struct frame_query){"wW.example.", .edns = 4096});
	assert_int_equal(run(&in, &out), XDP_TX);
	assert_true(frame_check(&out, &fault));
	assert_int_equal(out.length - out.dns, sizeof(message));
	assert_memory_equal(out.bytes + out.dns, message, sizeof(message));
}

static const struct hf_answer_record *find(const char *text)
{
	uint8_t name[HF_NAME_MAX];
	size_t length = hf_name_from_text(text, name);

	for (uint32_t word = 0; word < answers.memory.settings->bucket_count * HF_BUCKET_WAYS; word++) {
		uint64_t value = answers.memory.buckets[word / HF_BUCKET_WAYS].words[word % HF_BUCKET_WAYS];
		const struct hf_answer_record *record =
			(const void *)(answers.memory.chunks + (uint32_t)value * (size_t)HF_CHUNK_UNIT);

		if (value && record->name_length == length && memcmp(record->data, name, length) == 0)
			return record;
	}
	fail_msg("%s is not in the table", text);
	return NULL;
}

static void a_hit_sets_the_mark_and_samples_add_to_it(void **state)
{
	static const struct answer counted = {"counted.example.", 1, .count = 1, .rdata_length = 4, .ttl = 300};
	const struct hf_answer_record *record;
	struct frame in, out;

	(void)state;
	answers_publish(&answers, &counted);
	record = find("counted.example.");
	assert_int_equal(record->mark, 0);
	frame_build(&in, &(struct frame_query){"counted.example.", .id = 0x1201});
	run(&in, &out);
	assert_int_equal(record->mark, 1);
	run(&in, &out);
	assert_int_equal(record->mark, 1); /* written only when clear or sampled */
	for (unsigned id = 0x1000; id < 0x1400; id++) {
		frame_build(&in, &(struct frame_query){"counted.example.", .id = (uint16_t)id});
		run(&in, &out);
	}
	assert_int_equal(record->mark, 1 + 1024);
}

static void a_record_being_written_is_not_used(void **state)
{
	struct hf_fastpath_counters before, after;
	struct hf_answer_record *record;
	struct frame in, out;

	(void)state;
	record = (struct hf_answer_record *)find("www.example.");
	frame_build(&in, &(struct frame_query){"www.example."});
	counters(&before);
	record->sequence++;
	assert_int_equal(run(&in, &out), XDP_PASS);
	record->sequence--;
	counters(&after);
	assert_int_equal(after.slow_miss, before.slow_miss + 1);
	assert_int_equal(run(&in, &out), XDP_TX);
}

static void a_word_that_leads_nowhere_is_a_miss(void **state)
{
	static const uint32_t places[] = {0xffffffff, HF_CHUNK_LAST_UNIT + 1, 0x00ffffff};
	struct hf_answer_record *record = (struct hf_answer_record *)find("www.example.");
	struct hf_hot_bucket *buckets = answers.memory.buckets;
	uint32_t count = answers.memory.settings->bucket_count;
	uint32_t candidates[2] = {hf_hot_first(record->key[0], count), hf_hot_second(record->key[0], count)};
	struct frame in, out;
	__u64 *word = NULL, former;

	(void)state;
	for (unsigned i = 0; i < 2 * HF_BUCKET_WAYS; i++) {
		__u64 *each = &buckets[candidates[i / HF_BUCKET_WAYS]].words[i % HF_BUCKET_WAYS];

		if (*each && *each >> 32 == hf_hot_tag(record->key[0]))
			word = each;
	}
	assert_non_null(word);
	former = *word;
	frame_build(&in, &(struct frame_query){"www.example."});
	for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		*word = (former >> 32) << 32 | places[i];
		assert_int_equal(run(&in, &out), XDP_PASS);
	}
	*word = former;
	assert_int_equal(run(&in, &out), XDP_TX);
}

/* Lengths and offsets in a record that point outside of it are the writer's fault, but must not make a reply. */
static void a_record_that_lies_about_itself_is_never_sent(void **state)
{
	static const struct answer liar = {"liar.example.", 1, .count = 2, .rdata_length = 4, .ttl = 300, .age = 5};
	struct hf_answer_record *record, whole;
	struct frame in, out;

	(void)state;
	answers_publish(&answers, &liar);
	record = (struct hf_answer_record *)find("liar.example.");
	whole = *record;
	frame_build(&in, &(struct frame_query){"liar.example.", .edns = 1232});
	record->body_length = 60000;
	assert_int_not_equal(run(&in, &out), XDP_TX);
	record->body_length = 3;
	assert_int_not_equal(run(&in, &out), XDP_TX);
	record->body_length = whole.body_length;
	record->ttl_offsets[1] = 65535;
	assert_int_equal(run(&in, &out), XDP_DROP);
	record->ttl_offsets[1] = 1000;
	assert_int_equal(run(&in, &out), XDP_DROP);
	record->ttl_offsets[1] = whole.ttl_offsets[1];
	assert_int_equal(run(&in, &out), XDP_TX);
}

static void new_services_count_at_once(void **state)
{
	struct hf_address services[3];
	char error[HF_LOADER_ERROR_MAX];
	struct frame in, other, out;

	(void)state;
	assert_true(hf_address_from_text(FRAME_SERVICE4, 53, &services[0]));
	assert_true(hf_address_from_text("192.0.2.54", 5300, &services[1]));
	assert_true(hf_address_from_text(FRAME_SERVICE6, 53, &services[2]));
	frame_build(&in, &(struct frame_query){"www.example.", .destination = "192.0.2.54", .port = 5300});
	frame_build(&other, &(struct frame_query){"www.example.", .destination = "192.0.2.54"});
	assert_int_equal(run(&in, &out), XDP_PASS);
	assert_true(hf_loader_set_services(answers.loader, services, 3, 1232, error));
	assert_int_equal(run(&in, &out), XDP_TX);
	assert_int_equal(run(&other, &out), XDP_PASS); /* that address, but port 53 */
	services[1] = services[2];
	assert_true(hf_loader_set_services(answers.loader, services, 2, 1232, error));
	assert_int_equal(run(&in, &out), XDP_PASS);
}

static void refused_services_leave_the_former_ones(void **state)
{
	struct hf_address services[HF_SERVICE_PORTS_MAX + 1];
	char error[HF_LOADER_ERROR_MAX];
	struct frame in, out;

	(void)state;
	for (unsigned i = 0; i <= HF_SERVICE_PORTS_MAX; i++)
		assert_true(hf_address_from_text("192.0.2.77", (uint16_t)(1000 + i), &services[i]));
	assert_false(hf_loader_set_services(answers.loader, services, HF_SERVICE_PORTS_MAX + 1, 1232, error));
	assert_non_null(strstr(error, "192.0.2.77"));
	frame_build(&in, &(struct frame_query){"www.example."});
	assert_int_equal(run(&in, &out), XDP_TX);
}

/* ---- access rules ---- */

static struct hf_access *rules_of(const struct hf_access_rule *rules, size_t count, enum hf_access_action otherwise)
{
	struct hf_dns64_table dns64 = {0};
	struct hf_access *access;

	assert_null(hf_prefix_from_text("64:ff9b::/96", &dns64.prefixes[0]));
	dns64.count = 1;
	access = hf_access_new(rules, count, (struct hf_access_verdict){(uint8_t)otherwise, 0}, &dns64);
	assert_non_null(access);
	return access;
}

static struct hf_access_rule rule(const char *clients, uint8_t action, uint8_t dns64)
{
	struct hf_access_rule made = {.verdict = {action, dns64}};

	assert_null(hf_prefix_from_text(clients, &made.clients));
	return made;
}

static void put_in_force(const struct hf_access *access)
{
	char error[HF_LOADER_ERROR_MAX];

	if (!hf_loader_set_access(answers.loader, access, error))
		fail_msg("%s", error);
}

static void each_client_gets_what_its_rule_says(void **state)
{
	const struct hf_access_rule rules[] = {
		rule("192.0.2.0/24", HF_ACCESS_REFUSE, 0),	   rule("192.0.2.96/29", HF_ACCESS_ALLOW, 0),
		rule("192.0.2.100/32", HF_ACCESS_DROP, 0),	   rule("192.0.2.101/32", HF_ACCESS_ALLOW_SNOOP, 0),
		rule("198.51.100.0/24", HF_ACCESS_ALLOW, 1),	   rule("223.255.255.255/32", HF_ACCESS_DROP, 0),
		rule("1.0.0.0/32", HF_ACCESS_DROP, 0),		   rule("2001:db8::/32", HF_ACCESS_DROP, 0),
		rule("2001:db8:0:1::/64", HF_ACCESS_REFUSE, 0),	   rule("2001:db8:0:1::7/128", HF_ACCESS_ALLOW, 0),
		rule("2001:db8:64::/48", HF_ACCESS_ALLOW, 1),	   rule("fd00::/8", HF_ACCESS_REFUSE, 0),
	};
#define REVERSE4 "7.2.0.192.in-addr.arpa."
#define REVERSE6 "1.2.2.0.0.0.0.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.b.9.f.f.4.6.0.0.ip6.arpa."
	static const struct answer a_aaaa = {"www.example.", 28, .count = 1, .rdata_length = 16, .ttl = 300},
				   a_reverse4 = {REVERSE4, 12, .ttl = 60},
				   a_reverse6 = {REVERSE6, 12, .ttl = 60};
	static const struct row clients[] = {
		{"refused", SLOW(slow_access), {"www.example.", .source = "192.0.2.1"}},
		{"refused, the last", SLOW(slow_access), {"www.example.", .source = "192.0.2.255"}},
		{"refused, what would be handed on", SLOW(slow_access), {"nobody.example.", .source = "192.0.2.1"}},
		{"before the refused", ANSWERED(a_www), {"www.example.", .source = "192.0.1.255"}},
		{"behind the refused", ANSWERED(a_www), {"www.example.", .source = "192.0.3.0"}},
		{"allowed among the refused", ANSWERED(a_www), {"www.example."}},
		{"allowed, the first", ANSWERED(a_www), {"www.example.", .source = "192.0.2.96"}},
		{"allowed, the last", ANSWERED(a_www), {"www.example.", .source = "192.0.2.103"}},
		{"behind the allowed", SLOW(slow_access), {"www.example.", .source = "192.0.2.104"}},
		{"dropped among the allowed", DROPPED(drop_access), {"www.example.", .source = "192.0.2.100"}},
		{"dropped, a response", DROPPED(drop_access), {"www.example.", .source = "192.0.2.100", .flags = 0x8000}},
		{"refused, a response", DROPPED(drop_response), {"www.example.", .source = "192.0.2.1", .flags = 0x8000}},
		{"refused, source port 53", DROPPED(drop_source_port), {"www.example.", .source = "192.0.2.1", .source_port = 53}},
		{"snoops with RD", ANSWERED(a_www), {"www.example.", .source = "192.0.2.101"}},
		{"snoops", SLOW(slow_rd), {"www.example.", .source = "192.0.2.101", .no_rd = true}},
		{"the lowest address", DROPPED(drop_access), {"www.example.", .source = "1.0.0.0"}},
		{"next to the lowest", ANSWERED(a_www), {"www.example.", .source = "1.0.0.1"}},
		{"the highest address", DROPPED(drop_access), {"www.example.", .source = "223.255.255.255"}},
		{"DNS64, A", ANSWERED(a_www), {"www.example.", .source = "198.51.100.3"}},
		{"DNS64, AAAA", SLOW(slow_dns64), {"www.example.", .type = 28, .source = "198.51.100.3"}},
		{"DNS64, AAAA with EDNS", SLOW(slow_dns64), {"www.example.", .type = 28, .edns = 1232, .source = "198.51.100.3"}},
		{"DNS64, reverse of IPv6", SLOW(slow_dns64), {REVERSE6, .type = 12, .source = "198.51.100.3"}},
		{"DNS64, reverse of IPv4", ANSWERED(a_reverse4), {REVERSE4, .type = 12, .source = "198.51.100.3"}},
		{"no DNS64, AAAA", ANSWERED(a_aaaa), {"www.example.", .type = 28}},
		{"no DNS64, reverse of IPv6", ANSWERED(a_reverse6), {REVERSE6, .type = 12}},
		{"IPv6, dropped", DROPPED(drop_access), {"www.example.", .v6 = true}},
		{"IPv6, dropped within a VLAN", DROPPED(drop_access), {"www.example.", .v6 = true, .vlans = 2}},
		{"IPv6, before the dropped", ANSWERED(a_www),
		 {"www.example.", .v6 = true, .source = "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff"}},
		{"IPv6, behind the dropped", ANSWERED(a_www), {"www.example.", .v6 = true, .source = "2001:db9::"}},
		{"IPv6, refused", SLOW(slow_access), {"www.example.", .v6 = true, .source = "2001:db8:0:1::8"}},
		{"IPv6, refused, the last", SLOW(slow_access),
		 {"www.example.", .v6 = true, .source = "2001:db8:0:1:ffff:ffff:ffff:ffff"}},
		{"IPv6, one allowed", ANSWERED(a_www), {"www.example.", .v6 = true, .source = "2001:db8:0:1::7"}},
		{"IPv6, next to the one allowed", SLOW(slow_access), {"www.example.", .v6 = true, .source = "2001:db8:0:1::6"}},
		{"IPv6, DNS64, A", ANSWERED(a_www), {"www.example.", .v6 = true, .source = "2001:db8:64::1"}},
		{"IPv6, DNS64, AAAA", SLOW(slow_dns64), {"www.example.", .type = 28, .v6 = true, .source = "2001:db8:64::1"}},
		{"IPv6, private", SLOW(slow_access), {"www.example.", .v6 = true, .source = "fd12::1"}},
	};
	struct hf_access *access = rules_of(rules, sizeof(rules) / sizeof(rules[0]), HF_ACCESS_ALLOW);

	(void)state;
	answers_publish(&answers, &a_aaaa);
	answers_publish(&answers, &a_reverse4);
	answers_publish(&answers, &a_reverse6);
	put_in_force(access);
	hf_access_free(access);
	for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
		void *row = (void *)&clients[i];

		print_message("           %s\n", clients[i].name);
		check_row(&row);
	}
	put_in_force(NULL);
	/* The one row of each kind that had no answer has one now. */
	for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
		if (clients[i].counter == offsetof(struct hf_fastpath_counters, slow_access) &&
		    strcmp(clients[i].query.name, "www.example.") == 0) {
			struct frame in, out;

			frame_build(&in, &clients[i].query);
			assert_int_equal(run(&in, &out), XDP_TX);
		}
	}
}

static void only_who_is_allowed_is_answered(void **state)
{
	const struct hf_access_rule rules[] = {rule("192.0.2.99", HF_ACCESS_ALLOW, 0)};
	struct hf_access *access = rules_of(rules, 1, HF_ACCESS_DROP);
	struct frame in, out;

	(void)state;
	put_in_force(access);
	hf_access_free(access);
	frame_build(&in, &(struct frame_query){"www.example."});
	assert_int_equal(run(&in, &out), XDP_TX);
	frame_build(&in, &(struct frame_query){"www.example.", .source = "192.0.2.98"});
	assert_int_equal(run(&in, &out), XDP_DROP);
	frame_build(&in, &(struct frame_query){"www.example.", .v6 = true});
	assert_int_equal(run(&in, &out), XDP_DROP);
	put_in_force(NULL);
}

/* As many rules as a configuration may have; the table's ends and the middle. */
static void the_largest_table_is_searched_whole(void **state)
{
	static struct hf_access_rule rules[HF_CLIENT_RULES_MAX];
	static const struct hf_dns64_table none;
	struct hf_access *access;
	struct frame in, out;
	char source[32];

	(void)state;
	for (unsigned i = 0; i < HF_CLIENT_RULES_MAX; i++)
		rules[i] = (struct hf_access_rule){
			.clients = {.family = 4, .length = 32, .bytes = {11, (uint8_t)(i >> 7), (uint8_t)(i << 1), 1}},
			.verdict.action = HF_ACCESS_REFUSE};
	access = hf_access_new(rules, HF_CLIENT_RULES_MAX, (struct hf_access_verdict){0}, &none);
	assert_int_equal(access->counts[0], 2 * HF_CLIENT_RULES_MAX + 1);
	put_in_force(access);
	hf_access_free(access);
	for (unsigned i = 0; i < HF_CLIENT_RULES_MAX; i += i % 64 == 63 ? 1 : 7) {
		for (unsigned last = 0; last < 3; last++) {
			snprintf(source, sizeof(source), "11.%u.%u.%u", i >> 7, i << 1 & 255, last);
			frame_build(&in, &(struct frame_query){"www.example.", .source = source});
			if (run(&in, &out) != (last == 1 ? XDP_PASS : XDP_TX))
				fail_msg("%s", source);
		}
	}
	put_in_force(NULL);
}

/* As often as it takes for many frames to meet each change. */
enum { FRAMES_DURING_CHANGES = 12000000 };

/* Frames of one kind, which are handed on, run all the while in a process of their own; how often each counter moved. */
static struct hf_fastpath_counters count_during_changes(const struct frame_query *query, const struct hf_access *tables[2])
{
	struct hf_fastpath_counters before, after;
	struct frame in;
	pid_t child;
	int status = 0;

	frame_build(&in, query);
	put_in_force(tables[0]);
	counters(&before);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = in.bytes, .data_size_in = (uint32_t)in.length,
			    .repeat = FRAMES_DURING_CHANGES);

		_exit(bpf_prog_test_run_opts(hf_loader_program_fd(answers.loader), &options) != 0);
	}
	do {
		put_in_force(tables[1]);
		put_in_force(tables[0]);
	} while (waitpid(child, &status, WNOHANG) == 0);
	assert_int_equal(status, 0);
	counters(&after);
	after.answered -= before.answered;
	after.slow_access -= before.slow_access;
	after.slow_miss -= before.slow_miss;
	return after;
}

/* While tables change, whoever is refused before and after is never answered, and whoever is allowed is never refused. Written in place, each
 * table would let the frames of the other through. */
static void a_change_of_rules_shows_no_gap(void **state)
{
	enum { RULES = HF_CLIENT_RULES_MAX };
	const struct hf_access_rule before[] = {rule("0.0.0.0/0", HF_ACCESS_REFUSE, 0), rule("0.0.0.0/8", HF_ACCESS_DROP, 0),
						rule("192.0.2.99", HF_ACCESS_ALLOW, 0)};
	static struct hf_access_rule after[RULES];
	const struct hf_access *tables[2];
	struct hf_fastpath_counters moved;

	(void)state;
	for (unsigned i = 0; i < RULES - 1; i++)
		after[i] = (struct hf_access_rule){
			.clients = {.family = 4, .length = 32, .bytes = {11, (uint8_t)(i >> 7), (uint8_t)(i << 1), 1}},
			.verdict.action = HF_ACCESS_ALLOW};
	after[RULES - 1] = before[2];
	tables[0] = rules_of(before, 3, HF_ACCESS_ALLOW);
	tables[1] = rules_of(after, RULES, HF_ACCESS_REFUSE);
	moved = count_during_changes(&(struct frame_query){"www.example.", .source = "192.0.2.77"}, tables);
	assert_int_equal(moved.answered, 0);
	assert_int_equal(moved.slow_access, FRAMES_DURING_CHANGES);
	moved = count_during_changes(&(struct frame_query){"nobody.example."}, tables);
	assert_int_equal(moved.slow_access, 0);
	assert_int_equal(moved.slow_miss, FRAMES_DURING_CHANGES);
	hf_access_free((struct hf_access *)tables[0]);
	hf_access_free((struct hf_access *)tables[1]);
	put_in_force(NULL);
}

static void a_flushed_name_is_no_longer_answered(void **state)
{
	static const struct answer gone = {"gone.example.", 1, .count = 1, .rdata_length = 4, .ttl = 300};
	uint8_t name[HF_NAME_MAX];
	struct frame in, out;

	(void)state;
	answers_publish(&answers, &gone);
	frame_build(&in, &(struct frame_query){"gone.example."});
	assert_int_equal(run(&in, &out), XDP_TX);
	assert_true(hf_name_from_text("GONE.example.", name));
	assert_int_equal(hf_hot_table_flush(answers.table, name, false), 1);
	assert_int_equal(run(&in, &out), XDP_PASS);
}

int main(void)
{
	enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(the_reply_is_these_octets),
		cmocka_unit_test(a_hit_sets_the_mark_and_samples_add_to_it),
		cmocka_unit_test(a_record_being_written_is_not_used),
		cmocka_unit_test(a_word_that_leads_nowhere_is_a_miss),
		cmocka_unit_test(a_record_that_lies_about_itself_is_never_sent),
		cmocka_unit_test(new_services_count_at_once),
		cmocka_unit_test(refused_services_leave_the_former_ones),
		cmocka_unit_test(each_client_gets_what_its_rule_says),
		cmocka_unit_test(only_who_is_allowed_is_answered),
		cmocka_unit_test(the_largest_table_is_searched_whole),
		cmocka_unit_test(a_change_of_rules_shows_no_gap),
		cmocka_unit_test(a_flushed_name_is_no_longer_answered),
	};
	static struct CMUnitTest tests[ROWS + sizeof(others) / sizeof(others[0])];
	int failed;

	for (size_t i = 0; i < ROWS; i++)
		tests[i] = (struct CMUnitTest){rows[i].name, check_row, NULL, NULL, (void *)&rows[i]};
	memcpy(tests + ROWS, others, sizeof(others));
	answers_open(&answers, 1024);
	for (size_t i = 0; i < sizeof(all_answers) / sizeof(all_answers[0]); i++)
		answers_publish(&answers, all_answers[i]);
	failed = cmocka_run_group_tests_name("fastpath", tests, NULL, NULL);
	answers_close(&answers);
	return failed;
}
