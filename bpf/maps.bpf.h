/* SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only) */
/* Every map of the fast path, side by side. Sizes of 1 are set by the loader before the maps are made; what the maps hold is laid
 * out in fastpath_abi.h. All arrays but the counters are memory-mapped by their writer, so none of them costs a
 * system call to change.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "bpf/fastpath_abi.h"

/* The secret and the size of the bucket array, as in `settings`. Set before loading, so that the verifier makes them constants. */
const volatile __u64 hf_secret;
const volatile __u32 hf_bucket_count = 1;

struct hf_chunk {
	__u8 octets[HF_CHUNK_SIZE];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hf_fastpath_settings);
} settings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2 * HF_SERVICE_SLOTS);
	__type(key, __u32);
	__type(value, struct hf_service);
} services SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2 * HF_CLIENT_RANGES);
	__type(key, __u32);
	__type(value, struct hf_client_range);
} clients SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hf_hot_bucket);
} buckets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hf_chunk);
} chunks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hf_fastpath_counters);
} counters SEC(".maps");

/* One entry an RX queue. libxdp, and so DPDK's stock af_xdp driver, looks for this name in the program it finds attached, and puts its
 * sockets here. */
struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u32);
} xsks_map SEC(".maps");
