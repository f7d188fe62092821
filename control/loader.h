// SPDX-License-Identifier: BSD-3-Clause
/* The kernel fast path as holdfastd handles it: load, attach, pin, configure, count, take away.
 *
 * What the kernel holds outlives the process: the program hangs on a bpf_link pinned in BPFFS/INTERFACE, beside its maps.
 * hf_loader_start() therefore adopts what it finds there: maps of the same version and size are kept with all
 * their answers, and the link is switched to the newly loaded program without a packet lost. Killed at any moment, the
 * next start puts right what was left.
 *
 * One thread at a time calls these functions. Texts in `error` are for the operator: what is wrong, and where known, what
 * mends it.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/address.h"
#include "bpf/fastpath_abi.h"
#include "control/config.h"
#include "policy/access.h"

#define HF_LOADER_ERROR_MAX 512

struct hf_loader_config {
	const char *interface;
	const char *bpffs;	/* on a bpf file system, e.g. /sys/fs/bpf/holdfast; made when missing */
	enum hf_attach attach;	/* auto: native, and generic where the driver has none */
	unsigned entries;	/* answers held at most, 1024–262144 */
	uint16_t edns_size;	/* announced in OPT, and the largest reply given from the kernel; 0: it gives none */
	/* The addresses and ports that are answered for. A wildcard (0.0.0.0, ::) stands for all addresses of this host but
	 * loopback; loopback addresses are left out, no frame of an interface is for them. */
	const struct hf_address *services;
	size_t service_count;
	const struct hf_access *access; /* who is answered; NULL: everybody. Not kept */
};

struct hf_loader;

/* Loads the program and attaches it, taking over or replacing what an earlier run left. NULL on a fault: no such
 * interface, no bpf file system, another holdfastd holds it, another XDP program is attached, no permission, the driver refuses. */
struct hf_loader *hf_loader_start(const struct hf_loader_config *config, char error[HF_LOADER_ERROR_MAX]);

/* Lets go of everything in this process. The kernel goes on answering. NULL is fine. */
void hf_loader_close(struct hf_loader *loader);

/* Detaches the program and removes all pins of `interface`. True also when there was nothing. False when a running holdfastd
 * holds it (close its loader first) or on another fault. */
bool hf_loader_unload(const char *bpffs, const char *interface, char error[HF_LOADER_ERROR_MAX]);

/* Replaces the services; effective for the next frame, all at once. On a fault (too many addresses or ports) the former ones stay. */
bool hf_loader_set_services(struct hf_loader *loader, const struct hf_address *services, size_t service_count,
			    uint16_t edns_size, char error[HF_LOADER_ERROR_MAX]);

/* Replaces the rules of who is answered; NULL: everybody is. Effective for the next frame, all at once. False when there are
 * too many; then the former ones stay. */
bool hf_loader_set_access(struct hf_loader *loader, const struct hf_access *access, char error[HF_LOADER_ERROR_MAX]);

/* Follows changes of the interface's MAC address and of this host's addresses (a wildcard's meaning, sources never answered). To be
 * called every few seconds. False, with the text, when the interface is gone or has lost the program. */
bool hf_loader_refresh(struct hf_loader *loader, char error[HF_LOADER_ERROR_MAX]);

/* What the frames for our services became, since the maps were made; summed over all CPUs. */
bool hf_loader_counters(const struct hf_loader *loader, struct hf_fastpath_counters *sum);

struct hf_loader_status {
	int ifindex;
	bool native;	      /* else generic */
	uint32_t program_id;
	bool kept_answers;    /* the maps of an earlier run were taken over */
	char note[128];	      /* why not native, "" when there is nothing to say */
	char pin_directory[256];
};
void hf_loader_status(const struct hf_loader *loader, struct hf_loader_status *status);

/* ---- for tests and benches: the program without an interface ---- */

/* Loads only: nothing is attached, pinned or locked. config->interface is NULL; `mac` plays its address. */
struct hf_loader *hf_loader_load(const struct hf_loader_config *config, const uint8_t mac[6],
				 char error[HF_LOADER_ERROR_MAX]);
int hf_loader_program_fd(const struct hf_loader *loader);
/* The descriptor of the map that is pinned as `pin` (HF_PIN_*), -1 for none; belongs to the loader. */
int hf_loader_map_fd(const struct hf_loader *loader, const char *pin);
